"""What purchasing hears from stock: shortages, and their end."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from lotwise.contracts.stock import (
    Crossing,
    ReorderPointReached,
    ResupplyChanged,
    StockBelowMin,
    StockOut,
    StockRestored,
)
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, Subscription, park
from lotwise.purchasing.domain.products import Product
from lotwise.purchasing.domain.shortages import NOT_ORDERED, NOTED
from lotwise.purchasing.operations import shortages
from lotwise.purchasing.repository import definitions
from lotwise.purchasing.repository.resupply import store_rules
from lotwise.purchasing.repository.shortages import Shortage
from lotwise.values import parse_quantity


async def on_crossings(tx: Tx, messages: Sequence[Message[Any]], exponent: int) -> None:
    """Answer shortages: below the minimum, at the reorder point or at zero, one draft line a shortage at most."""
    heard = await _ready(tx, messages)
    if heard:
        causes = {shortage.id: message for shortage, message in heard}
        await shortages.answer(tx, [shortage for shortage, _ in heard], exponent, causes)


async def on_restored(tx: Tx, messages: Sequence[Message[Any]], exponent: int) -> None:
    """Note that shortages are over, also of those not heard of yet."""
    heard = await _ready(tx, messages)
    if heard:
        causes = {shortage.id: message for shortage, message in heard}
        ended = [replace(shortage, restored_at=shortage.happened_at) for shortage, _ in heard]
        await shortages.restore(tx, ended, exponent, causes)


async def on_resupplies(tx: Tx, messages: Sequence[Message[ResupplyChanged]]) -> None:
    """Keep who resupplies whom: a clinic's own order of such goods is refused (STK-32)."""
    newest: dict[tuple[str, UUID], ResupplyChanged] = {}
    products = await definitions.products(tx, list({message.event.product_id for message in messages}))
    sites = await definitions.known_sites(tx, list({message.event.site for message in messages}))
    for message in messages:
        event = message.event
        key = event.site, event.product_id
        if event.product_id not in products:
            await park(tx, message, "product", str(event.product_id))
        elif event.site not in sites:
            await park(tx, message, "site", event.site)
        elif key not in newest or newest[key].revision < event.revision:
            newest[key] = event
    rules = [(site, product, one.resupplied_from, one.revision) for (site, product), one in newest.items()]
    if rules:
        await store_rules(tx, rules)


async def _ready(tx: Tx, messages: Sequence[Message[Any]]) -> list[tuple[Shortage, Message[Any]]]:
    """The shortages of known products and sites, oldest first; the others wait."""
    products = await definitions.products(tx, list({message.event.product_id for message in messages}))
    sites = await definitions.known_sites(tx, list({message.event.site for message in messages}))
    ready: list[tuple[Shortage, Message[Any]]] = []
    for message in messages:
        event = message.event
        if event.product_id not in products:
            await park(tx, message, "product", str(event.product_id))
        elif event.site not in sites:
            await park(tx, message, "site", event.site)
        else:
            ready.append((_shortage(event, products[event.product_id]), message))
    return sorted(ready, key=lambda row: row[0].happened_at)


def _shortage(event: Crossing, product: Product) -> Shortage:
    """What a crossing says: usable is net of what other sites ask for; a resupplied one is decided already."""
    asked = _quantity(event.requested, product) or 0
    return Shortage(
        id=event.shortage_id,
        site=event.site,
        product_id=event.product_id,
        usable=parse_quantity(event.on_hand, product.unit_decimals) - asked,
        minimum=_quantity(event.minimum, product),
        reorder_at=_quantity(event.reorder_at, product),
        normal=_quantity(event.normal_order_quantity, product),
        happened_at=event.happened_at,
        decision=NOT_ORDERED if event.resupplied_from else NOTED,
    )


def _quantity(text: str | None, product: Product) -> int | None:
    return None if text is None else parse_quantity(text, product.unit_decimals)


def stock(exponent: int) -> Subscription:
    """Shortages and their end; `exponent` is the currency's decimals."""
    crossings = partial(on_crossings, exponent=exponent)
    return Subscription(
        speaker="stock",
        handlers={
            StockBelowMin: crossings,
            ReorderPointReached: crossings,
            StockOut: crossings,
            StockRestored: partial(on_restored, exponent=exponent),
            ResupplyChanged: on_resupplies,
        },
    )
