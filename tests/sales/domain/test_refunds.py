"""How money goes back."""

import pytest

from lotwise.sales.domain import refunds
from lotwise.sales.domain.money_refusals import RefundElsewhere, RefundTooLarge
from lotwise.sales.domain.tenders import Tender


@pytest.mark.parametrize(
    ("amount", "paid", "back"),
    [
        (300, {"card": 1000}, [Tender("card", -300)]),
        (1000, {"card": 700, "cash": 300}, [Tender("cash", -300), Tender("card", -700)]),
        (500, {"card": 200}, [Tender("card", -200)]),
        (492, {"cash": 490, "rounding": 2}, [Tender("cash", -490)]),
        (1344, {"cash": 1345, "rounding": -1}, [Tender("cash", -1345)]),
        (0, {"card": 200}, []),
    ],
)
def test_money_goes_back_the_way_it_came(amount: int, paid: dict[str, int], back: list[Tender]) -> None:
    """SAL-22: the last tender is refunded first, none for more than it brought."""
    assert refunds.originals(amount, paid, 5) == back


def test_another_way_needs_a_manager() -> None:
    """SAL-22: what was paid by card is not paid out as cash, unless a manager does it."""
    out = [Tender("cash", -300)]
    with pytest.raises(RefundElsewhere) as refused:
        refunds.check_kinds(-300, out, {"card": 1000}, may_override=False)
    assert refused.value.numbers == {"kind": "cash", "left_minor": 0, "wanted_minor": 300}
    refunds.check_kinds(-300, out, {"card": 1000}, may_override=True)
    refunds.check_kinds(-300, out, {}, may_override=False)


def test_a_refund_has_a_limit_by_role() -> None:
    """SAL-22: up to the limit goes back; beyond it a manager must do it; None is no limit."""
    out = [Tender("card", -501)]
    refunds.check_limit([Tender("card", -500)], 500, may_override=False)
    with pytest.raises(RefundTooLarge) as refused:
        refunds.check_limit(out, 500, may_override=False)
    assert refused.value.numbers == {"limit_minor": 500, "refund_minor": 501}
    refunds.check_limit(out, 500, may_override=True)
    refunds.check_limit(out, None, may_override=False)


def test_what_was_never_paid_is_set_off_first() -> None:
    """SAL-22: of 400 coming back with 300 due, only 100 can be paid out."""
    assert [refunds.set_off(400, due) for due in (300, 0, 500, -5)] == [300, 0, 400, 0]
