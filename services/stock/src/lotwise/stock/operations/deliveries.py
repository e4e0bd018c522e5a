"""The only home of receiving what purchasing confirmed: each delivery becomes lots once; a fact is never refused."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.purchasing import PurchaseOrderReceived
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, park
from lotwise.kit.outbox import Told
from lotwise.stock.domain import places
from lotwise.stock.domain.cells import landing
from lotwise.stock.domain.places import Product, Site
from lotwise.stock.operations.closing import Causes, close_books
from lotwise.stock.operations.recalls import screen
from lotwise.stock.operations.receipts import Checked, Delivery, check, shelf_for, take_in, tell_recalled
from lotwise.stock.operations.sales import trace_id
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.effects import claim
from lotwise.stock.repository.locking import share_recalls
from lotwise.stock.repository.lots import ensure_lots


async def receive_orders(tx: Tx, messages: Sequence[Message[PurchaseOrderReceived]], exponent: int) -> None:
    """Turn confirmed deliveries into lots at the confirmed cost, each receipt once; a fact is never refused.

    What cannot be told apart (a known lot with another expiry) and what is expired goes to quarantine.
    """
    products = await products_of(tx, {line.product_id for one in messages for line in one.event.lines})
    sites = await sites_of(tx, {one.event.site for one in messages})
    ready = [one for one in messages if not await _parked(tx, one, products, sites)]
    claimed = await claim(tx, {(one.event.receipt_id, line.line) for one in ready for line in one.event.lines})
    checked: list[Checked] = []
    causes: dict[tuple[str, UUID], Message[Any]] = {}
    owners: list[Message[PurchaseOrderReceived]] = []
    for message in ready:
        for line in message.event.lines:
            if (message.event.receipt_id, line.line) in claimed and products[line.product_id].is_kept:
                claimed.discard((message.event.receipt_id, line.line))
                delivery = _delivery(message, line, sites[message.event.site])
                checked.append(check(delivery, products, sites))
                causes[message.event.site, line.product_id] = message
                owners.append(message)
    if checked:
        await _apply_orders(tx, checked, owners, sites, products, exponent, causes)


async def _apply_orders(
    tx: Tx,
    checked: list[Checked],
    owners: list[Message[PurchaseOrderReceived]],
    sites: dict[str, Site],
    products: dict[UUID, Product],
    exponent: int,
    causes: Causes,
) -> None:
    await share_recalls(tx)
    lots, recalls = await screen(tx, await ensure_lots(tx, [one.draft for one in checked]))
    keys = {(one.site.slug, one.product.id) for one in checked}
    books = await open_books(tx, keys, sites, products, datetime.now(UTC), exponent)
    events: list[Event | Told] = []
    for one, lot, message in zip(checked, lots, owners, strict=True):
        doubtful = lot.expires_on != one.draft.expires_on
        target = one.site.place(places.QUARANTINE) if doubtful and not one.is_expired else shelf_for(one)
        made: list[Event] = []
        target = landing(books.cells[one.site.slug, one.product.id], target, lot)
        result = take_in(books, one, lot, target, made)
        made += await tell_recalled(tx, [(one, lot)], recalls, [result])
        events += [Told(event, message) for event in made]
    await close_books(tx, books, events, causes)


async def _parked(
    tx: Tx, message: Message[PurchaseOrderReceived], products: dict[UUID, Product], sites: dict[str, Site]
) -> bool:
    if message.event.site not in sites:
        await park(tx, message, "site", message.event.site)
        return True
    for line in message.event.lines:
        if line.product_id not in products:
            await park(tx, message, "product", str(line.product_id))
            return True
    return False


def _delivery(message: Message[PurchaseOrderReceived], line: Any, site: Site) -> Delivery:
    """A delivered line; in an area that the site does not have it lies on the main shelf: it is a fact."""
    event = message.event
    area = line.area if (places.SHELF, line.area) in site.places else ""
    return Delivery(
        event.receipt_id, line.line, event.site, line.product_id, line.quantity, line.unit_cost, line.lot_number,
        line.expires_on, "", event.supplier_id, event.number, event.happened_at, area, True,
        event.actor or message.actor or "purchasing", trace_id(message),
    )  # fmt: skip
