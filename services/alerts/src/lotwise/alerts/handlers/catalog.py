"""What alerts hear from the catalog: names to show."""

from collections.abc import Sequence
from uuid import UUID

from lotwise.alerts.repository import definitions
from lotwise.contracts.catalog import ProductDefined, SiteDefined
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message


async def on_sites(tx: Tx, messages: Sequence[Message[SiteDefined]]) -> None:
    """Keep the newest definition of each site."""
    newest: dict[str, SiteDefined] = {}
    for event in (message.event for message in messages):
        if event.slug not in newest or newest[event.slug].revision < event.revision:
            newest[event.slug] = event
    await definitions.store_sites(tx, [newest[slug] for slug in sorted(newest)])


async def on_products(tx: Tx, messages: Sequence[Message[ProductDefined]]) -> None:
    """Keep the newest definition of each product."""
    newest: dict[UUID, ProductDefined] = {}
    for event in (message.event for message in messages):
        if event.product_id not in newest or newest[event.product_id].revision < event.revision:
            newest[event.product_id] = event
    await definitions.store_products(tx, [newest[key] for key in sorted(newest)])
