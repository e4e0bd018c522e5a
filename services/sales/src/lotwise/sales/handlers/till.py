"""The only home of what outside tills tell: each report becomes a charge under the id that the till gave."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

from lotwise.contracts.till import SaleReported
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, Subscription, park
from lotwise.sales.operations import reports
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


till = Subscription("till", {SaleReported: on_reports})
