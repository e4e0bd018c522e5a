"""How a charge is paid."""

import pytest

from lotwise.sales.domain.refusals import BadTender
from lotwise.sales.domain.tenders import Tender, by_kind, round_cash, settle


@pytest.mark.parametrize(
    ("total", "tenders", "settled"),
    [
        (1000, [], (0, 0, 1000)),
        (1000, [Tender("card", 400)], (400, 0, 600)),
        (1000, [Tender("card", 400), Tender("cash", 1000)], (1400, 400, 0)),
        (-500, [Tender("cash", -500)], (-500, 0, 0)),
        (0, [], (0, 0, 0)),
    ],
)
def test_what_is_paid_given_back_and_due(total: int, tenders: list[Tender], settled: tuple[int, int, int]) -> None:
    """SAL-22: part payment leaves a rest, cash over the total gives change, a refund is paid out."""
    assert settle(total, tenders) == settled


@pytest.mark.parametrize(
    ("total", "tenders"),
    [
        (1000, [Tender("card", 1001)]),
        (1000, [Tender("cash", 0)]),
        (1000, [Tender("cash", -5)]),
        (-500, [Tender("cash", 500)]),
        (1000, [Tender("card", 1500), Tender("cash", 100)]),
        (0, [Tender("card", 1)]),
    ],
)
def test_payments_that_do_not_fit_are_refused(total: int, tenders: list[Tender]) -> None:
    """SAL-22: a card never pays more than is asked, no payment is zero or goes the wrong way."""
    with pytest.raises(BadTender):
        settle(total, tenders)


@pytest.mark.parametrize(
    ("total", "tenders", "step", "rounding", "settled"),
    [
        (492, [Tender("cash", 490)], 5, 2, (490, 0, 0)),
        (493, [Tender("cash", 495)], 5, -2, (495, 0, 0)),
        (492, [Tender("cash", 500)], 5, 2, (500, 10, 0)),
        (495, [Tender("cash", 495)], 10, 0, (495, 0, 0)),
        (495, [Tender("cash", 500)], 10, -5, (500, 0, 0)),
        (492, [Tender("card", 200), Tender("cash", 290)], 5, 2, (490, 0, 0)),
        (492, [Tender("card", 492)], 5, 0, (492, 0, 0)),
        (492, [Tender("cash", 492)], 5, 0, (492, 0, 0)),
        (492, [Tender("cash", 300)], 5, 0, (300, 0, 192)),
        (492, [Tender("cash", 490)], 1, 0, (490, 0, 2)),
        (2, [Tender("cash", 0)], 5, 2, (0, 0, 0)),
        (-493, [Tender("cash", -495)], 5, 2, (-495, 0, 0)),
    ],
)
def test_cash_is_paid_in_steps(
    total: int, tenders: list[Tender], step: int, rounding: int, settled: tuple[int, int, int]
) -> None:
    """SAL-22 ORACLES: 4.92 is settled by 4.90 and 4.93 by 4.95; what that gives or takes is a row; a card is exact."""
    rounded = round_cash(total, tenders, step)
    assert sum(one.amount_minor for one in rounded if one.kind == "rounding") == rounding
    assert settle(total, rounded) == settled
    assert sum(by_kind(total, rounded).values()) == total - settled[2]
