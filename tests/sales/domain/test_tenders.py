"""How a charge is paid."""

import pytest

from lotwise.sales.domain.refusals import BadTender
from lotwise.sales.domain.tenders import Tender, settle


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
