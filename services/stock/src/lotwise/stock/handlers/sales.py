"""What stock hears from sales: goods leave, come back, and whole charges are taken back."""

from functools import partial

from lotwise.contracts.sales import SaleRecorded, SaleReturned, SaleVoided
from lotwise.kit.inbox import Subscription
from lotwise.stock.operations.returns import return_sales, void_sales
from lotwise.stock.operations.sales import record_sales


def sales(exponent: int) -> Subscription:
    """Charges; `exponent` is the currency's decimals."""
    return Subscription(
        speaker="sales",
        handlers={
            SaleRecorded: partial(record_sales, exponent=exponent),
            SaleReturned: partial(return_sales, exponent=exponent),
            SaleVoided: partial(void_sales, exponent=exponent),
        },
    )
