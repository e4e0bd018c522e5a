"""The knobs that every service shares."""

import pytest
from pydantic import ValidationError

from lotwise.kit.settings import ServiceSettings


@pytest.mark.parametrize("currency", ["XYZ", "usd", "DOLLAR", ""])
def test_an_unknown_currency_is_refused_at_the_start(currency: str) -> None:
    """Bad input: a service does not start with a currency that does not exist; the setting is named."""
    with pytest.raises(ValidationError) as refused:
        ServiceSettings(currency=currency)

    assert refused.value.errors()[0]["loc"] == ("currency",)


def test_a_known_currency_is_taken() -> None:
    """A chain may keep its money in any currency of ISO 4217."""
    assert ServiceSettings(currency="JPY").currency == "JPY"
