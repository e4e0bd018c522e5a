"""The only home of what sales hears from stock: figures to show at the desk."""

from collections.abc import Sequence

from lotwise.contracts.stock import StockLevelChanged
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, Subscription
from lotwise.sales.operations import definitions


async def on_levels(tx: Tx, messages: Sequence[Message[StockLevelChanged]]) -> None:
    """Levels changed; older figures than those known are ignored."""
    await definitions.take_levels(tx, [message.event for message in messages])


stock = Subscription("stock", {StockLevelChanged: on_levels}, pause_seconds=0.1)
