"""What purchasing hears from the catalog: sites and products, kept as small copies."""

from collections.abc import Sequence
from uuid import UUID

from lotwise.contracts.catalog import ProductDefined, SiteDefined
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, redrive
from lotwise.purchasing.domain.products import Product
from lotwise.purchasing.repository import definitions
from lotwise.values import parse_price, parse_quantity


async def on_sites(tx: Tx, messages: Sequence[Message[SiteDefined]]) -> None:
    """Keep sites; the newest revision wins, and what waited for them goes on."""
    newest: dict[str, SiteDefined] = {}
    for message in messages:
        if message.event.slug not in newest or newest[message.event.slug].revision < message.event.revision:
            newest[message.event.slug] = message.event
    await definitions.store_sites(tx, [(row.slug, row.name, row.revision) for row in newest.values()])
    await redrive(tx, "site", *newest)


async def on_products(tx: Tx, messages: Sequence[Message[ProductDefined]]) -> None:
    """Keep products; the newest revision wins, and what waited for them goes on."""
    newest: dict[UUID, ProductDefined] = {}
    for message in messages:
        event = message.event
        if event.product_id not in newest or newest[event.product_id].revision < event.revision:
            newest[event.product_id] = event
    await definitions.store_products(tx, [_product(event) for event in newest.values()])
    await redrive(tx, "product", *map(str, newest))


def _product(event: ProductDefined) -> Product:
    normal = event.normal_order_quantity
    return Product(
        id=event.product_id,
        code=event.code,
        name=event.name,
        kind=event.kind,
        unit=event.unit,
        unit_decimals=event.unit_decimals,
        cost=None if event.cost is None else parse_price(event.cost),
        normal_order_quantity=None if normal is None else parse_quantity(normal, event.unit_decimals),
        supplier_id=event.supplier_id,
        supplier_code=event.supplier_code,
        is_archived=event.is_archived,
        revision=event.revision,
    )
