"""What stock hears from sales: goods leave, come back, and whole charges are taken back."""

from collections.abc import Sequence
from functools import partial

from lotwise.contracts.sales import SaleRecorded, SaleReturned, SaleVoided, TreatmentCompleted
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, Subscription
from lotwise.stock.operations.returns import return_sales, void_sales
from lotwise.stock.operations.sales import record_sales
from lotwise.stock.operations.traces import remember_named
from lotwise.stock.operations.treatments import complete_treatments


async def on_recorded(tx: Tx, messages: Sequence[Message[SaleRecorded]], exponent: int) -> None:
    """Goods leave, and which lots the lines named is remembered: a recall tells confirmed from assumed."""
    await record_sales(tx, messages, exponent)
    await remember_named(tx, messages)


def sales(exponent: int) -> Subscription:
    """Charges; `exponent` is the currency's decimals."""
    return Subscription(
        speaker="sales",
        handlers={
            SaleRecorded: partial(on_recorded, exponent=exponent),
            SaleReturned: partial(return_sales, exponent=exponent),
            SaleVoided: partial(void_sales, exponent=exponent),
            TreatmentCompleted: partial(complete_treatments, exponent=exponent),
        },
    )
