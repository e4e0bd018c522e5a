"""A message as it came from the bus: which site it speaks of."""

from typing import Any

import orjson
import pytest
from tests.kit.conftest import sale

from lotwise.contracts.ids import uuid7
from lotwise.kit.message import Message

BODY = orjson.loads(sale(site="harley").model_dump_json())


def heard(body: dict[str, Any], site: str = "harley") -> Message[Any]:
    """A sale as it came, said of a site."""
    subject = f"lotwise.{site}.sales.sale-recorded.v1"
    return Message(id=uuid7(), subject=subject, body=orjson.dumps(body), headers={})


def test_the_subject_says_of_which_site_an_event_is() -> None:
    """DESIGN 4: a body that leaves its site out, as an outside till may, is of the site of its subject."""
    without = {name: value for name, value in BODY.items() if name != "site"}
    assert heard(without).event == heard(BODY).event
    assert heard(without, "soho").event.site == "soho"


@pytest.mark.parametrize("site", ["soho", "chain"])
def test_a_body_cannot_speak_for_another_site(site: str) -> None:
    """DESIGN 4: who may speak for a site is said of subjects; a body that names another cannot be read."""
    with pytest.raises(ValueError, match=f"the subject is of site harley, the body of {site}"):
        _ = heard(BODY | {"site": site}).event
