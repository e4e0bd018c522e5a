"""The only home of what tills and appointment books outside tell: charges and appointments under their own ids."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

from lotwise.contracts.till import AppointmentReported, SaleReported
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, Subscription, park
from lotwise.sales.operations import reports, visit_reports
from lotwise.sales.settings import SalesSettings


@cache
def chain_currency() -> str:
    """The chain's currency, read from the environment once."""
    return SalesSettings().currency


async def on_reports(tx: Tx, messages: Sequence[Message[SaleReported]]) -> None:
    """Sales were reported; those of a site or code not yet heard of wait for it."""
    early = await reports.take_reports(tx, messages, datetime.now(UTC), chain_currency())
    for message, kind, key in early:
        await park(tx, message, kind, key)


async def on_appointments(tx: Tx, messages: Sequence[Message[AppointmentReported]]) -> None:
    """Appointments were reported; those of a site, service or product not yet heard of wait for it."""
    early = await visit_reports.take_reports(tx, messages, datetime.now(UTC))
    for message, kind, key in early:
        await park(tx, message, kind, key)


till = Subscription("till", {SaleReported: on_reports, AppointmentReported: on_appointments})
