"""What stock hears from sales: goods leave, come back, and whole charges are taken back."""

from collections.abc import Sequence
from functools import partial

from lotwise.contracts.sales import SaleRecorded, SaleReturned, SaleVoided, TreatmentCompleted
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, Subscription
from lotwise.stock.operations.journeys import give_back, take_back
from lotwise.stock.operations.recalled_units import gather_units
from lotwise.stock.operations.returns import return_sales, void_sales
from lotwise.stock.operations.sales import record_sales
from lotwise.stock.operations.traces import remember_named, remember_treated
from lotwise.stock.operations.treatments import complete_treatments


async def on_returned(tx: Tx, messages: Sequence[Message[SaleReturned]], exponent: int) -> None:
    """Units come back with their goods; they are locked before the books."""
    units = await take_back(tx, messages)
    await return_sales(tx, messages, exponent)
    await gather_units(tx, units, exponent)


async def on_voided(tx: Tx, messages: Sequence[Message[SaleVoided]], exponent: int) -> None:
    """A charge's units come back with it; they are locked before the books."""
    units = await give_back(tx, messages)
    await void_sales(tx, messages, exponent)
    await gather_units(tx, units, exponent)


async def on_recorded(tx: Tx, messages: Sequence[Message[SaleRecorded]], exponent: int) -> None:
    """Goods leave, and which lots the lines named is remembered: a recall tells confirmed from assumed."""
    await record_sales(tx, messages, exponent)
    await remember_named(tx, messages)


async def on_treated(tx: Tx, messages: Sequence[Message[TreatmentCompleted]], exponent: int) -> None:
    """A treatment took what it took, and which lots its lines named is remembered."""
    await complete_treatments(tx, messages, exponent)
    await remember_treated(tx, messages)


def sales(exponent: int) -> Subscription:
    """Charges; `exponent` is the currency's decimals."""
    return Subscription(
        speaker="sales",
        handlers={
            SaleRecorded: partial(on_recorded, exponent=exponent),
            SaleReturned: partial(on_returned, exponent=exponent),
            SaleVoided: partial(on_voided, exponent=exponent),
            TreatmentCompleted: partial(on_treated, exponent=exponent),
        },
    )
