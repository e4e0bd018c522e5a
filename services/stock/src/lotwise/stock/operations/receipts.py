"""The only home of receiving: goods become lots with their cost and expiry, and first settle what is owed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.stock import LotExpired, StockReceived
from lotwise.kit.database import Tx
from lotwise.kit.outbox import Told
from lotwise.stock.domain import costs, places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Books, CellKey, landing
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import RECEIPT, Entry
from lotwise.stock.domain.places import Place, Product, Site
from lotwise.stock.domain.refusals import (
    BadQuantity,
    LotIsExpired,
    LotMismatch,
    NotKept,
    UnknownArea,
    UnknownProduct,
    UnknownSite,
)
from lotwise.stock.operations import serials
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.recalled_units import screen_units
from lotwise.stock.operations.recalls import Arrived, recalled, screen
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.effects import claim
from lotwise.stock.repository.locking import lock_levels, share_recalls
from lotwise.stock.repository.lots import LotDraft, ensure_lots, known_lots, look_alikes
from lotwise.stock.repository.recalls import tell_sites
from lotwise.stock.repository.serials import unname
from lotwise.values import Refusal, format_quantity, parse_price, parse_quantity, price_text, site_day


class Delivery(NamedTuple):
    """One line of goods that arrived, as it was entered; `unit_cost` "" takes the last known cost."""

    receipt_id: UUID
    line: int
    site: str
    product_id: UUID
    quantity: str
    unit_cost: str
    lot_number: str
    expires_on: date | None
    manufacturer: str
    supplier_id: UUID | None
    purchase_order: str
    happened_at: datetime
    area: str
    accept_expired: bool
    actor: str
    trace_id: str = ""
    cost_minor: int | None = None
    """What it cost in all, where that is known better than by the unit: a share of a purchase."""
    serials: tuple[str, ...] = ()
    must_name: bool = False
    """Whether every unit of a serialised product must be named by its serial now (STK-19)."""


class Received(NamedTuple):
    """What became of a delivery: the lot and its cost, or nothing new (`is_repeat`)."""

    delivery: Delivery
    lot: Lot | None
    quantity: str
    unit_cost: str
    cost_minor: int
    is_quarantined: bool
    look_alikes: tuple[str, ...]
    is_repeat: bool = False
    recall: Arrived | None = None
    alike_serials: tuple[str, ...] = ()


class Checked(NamedTuple):
    """A delivery whose words were understood."""

    delivery: Delivery
    product: Product
    site: Site
    quantity: int
    unit_cost: int | None
    draft: LotDraft
    is_expired: bool


Outcome = Received | Refusal


def check(one: Delivery, products: dict[UUID, Product], sites: dict[str, Site]) -> Checked:
    """Understand a delivery. Raises UnknownProduct, UnknownSite, NotKept, UnknownArea, BadQuantity or LotIsExpired."""
    product, site = products.get(one.product_id), sites.get(one.site)
    if product is None:
        raise UnknownProduct("No product has this id", field="product_id", product_id=str(one.product_id))
    if site is None:
        raise UnknownSite("No site has this name", field="site", site=one.site)
    if not product.is_kept:
        raise NotKept(f"{product.name} is a {product.kind}; only physical products are received", field="product_id")
    if (places.SHELF, one.area) not in site.places:
        raise UnknownArea(f"{one.site} has no storage area {one.area!r}", field="area")
    quantity = positive(one.quantity, product)
    unit_cost = price(one.unit_cost) if one.unit_cost else None
    is_expired = not is_usable(one.expires_on, site_day(one.happened_at, site.zone))
    if is_expired and not one.accept_expired:
        raise LotIsExpired(
            f"The lot expired on {one.expires_on}",
            field="expires_on",
            expires_on=str(one.expires_on),
            ways_out=(
                "check the date on the pack",
                "send the delivery back",
                "receive it into quarantine (accept_expired)",
            ),
        )
    return Checked(one, product, site, quantity, unit_cost, _draft(one, product, unit_cost), is_expired)


def _affordable(one: Checked, exponent: int) -> Checked:
    """The same delivery. Raises BadQuantity when its cost cannot be kept."""
    try:
        costs.value_of(one.unit_cost or 0, one.quantity, one.product.decimals, exponent)
    except ValueError as error:
        raise BadQuantity(str(error), field="unit_cost") from error
    return one


def positive(text: str, product: Product, field: str = "quantity") -> int:
    """A quantity above zero in the product's unit. Raises BadQuantity."""
    try:
        quantity = parse_quantity(text, product.decimals)
    except ValueError as error:
        raise BadQuantity(str(error), field=field, unit=product.unit, unit_decimals=product.decimals) from error
    if quantity <= 0:
        raise BadQuantity("The quantity must be above zero", field=field, quantity=text)
    return quantity


def price(text: str) -> int:
    """A cost per unit in micros, not below zero. Raises BadQuantity."""
    try:
        micros = parse_price(text)
    except ValueError as error:
        raise BadQuantity(str(error), field="unit_cost") from error
    if micros < 0:
        raise BadQuantity("A cost is not below zero", field="unit_cost", unit_cost=text)
    return micros


def _draft(one: Delivery, product: Product, unit_cost: int | None) -> LotDraft:
    supplier_id = one.supplier_id or product.supplier_id
    owner = str(supplier_id or "supplier") if product.purpose == "consigned" else ""
    return LotDraft(
        product.id, one.manufacturer or product.manufacturer, one.lot_number, one.expires_on, owner, one.supplier_id,
        one.purchase_order, one.happened_at, unit_cost or 0,
    )  # fmt: skip


async def receive(
    tx: Tx, deliveries: Sequence[Delivery], exponent: int, *, also: Collection[CellKey] = ()
) -> list[Outcome]:
    """Receive what can be received; each delivery's outcome stands in its place: received, or refused by name.

    A receipt id that was used before is not received again (`is_repeat`). `also` are cells that the transaction will
    move goods to afterwards: they are locked here, in the one order with those of the deliveries.
    """
    products = await products_of(tx, {one.product_id for one in deliveries})
    sites = await sites_of(tx, {one.site for one in deliveries})
    outcomes: dict[int, Outcome] = {}
    checked: dict[int, Checked] = {}
    for index, one in enumerate(deliveries):
        try:
            checked[index] = _affordable(check(one, products, sites), exponent)
        except Refusal as refusal:
            outcomes[index] = refusal
    outcomes |= await _mismatches(tx, checked)
    good = {index: one for index, one in checked.items() if index not in outcomes}
    units = await serials.reserve(tx, {i: _arriving(one) for i, one in good.items()}, datetime.now(UTC))
    outcomes |= units.refused
    good = {index: one for index, one in good.items() if index not in outcomes}
    outcomes |= await _claimed(tx, good)
    await unname(tx, [key for index in good.keys() & outcomes.keys() for key in units.named.pop(index, ())])
    good = {index: one for index, one in good.items() if index not in outcomes}
    if good:
        received = await _apply(tx, list(good.values()), sites, products, exponent, also)
        outcomes |= await _name(tx, good, dict(zip(good, received, strict=True)), units, exponent)
    return [outcomes[index] for index in range(len(deliveries))]


def _arriving(one: Checked) -> serials.Arriving:
    given = one.delivery
    return serials.Arriving(
        given.receipt_id, given.line, one.product, one.site, given.area, one.quantity, given.serials, given.must_name,
        given.supplier_id or one.product.supplier_id, given.happened_at, given.actor,
    )  # fmt: skip


async def _name(
    tx: Tx, good: dict[int, Checked], received: dict[int, Received], units: serials.Reserved, exponent: int
) -> dict[int, Outcome]:
    """Give the named units of deliveries their lot and cost; each receipt also says which numbers look like theirs."""
    settled = [
        (_arriving(good[index]), named, lot, received[index].cost_minor)
        for index, named in units.named.items()
        if (lot := received[index].lot) is not None
    ]
    if settled:
        now = datetime.now(UTC)
        await serials.settle(tx, settled, now)
        named = [key for _, many, _, _ in settled for key in many]
        await screen_units(tx, named, exponent, Entry(now, settled[0][0].actor, RECEIPT, settled[0][0].receipt_id))
    return {index: one._replace(alike_serials=units.alike.get(index, ())) for index, one in received.items()}


async def _claimed(tx: Tx, good: dict[int, Checked]) -> dict[int, Outcome]:
    """The repeats: their receipt took its effect before, or stands twice in one request."""
    claimed = await claim(tx, {(one.delivery.receipt_id, one.delivery.line) for one in good.values()})
    repeats: dict[int, Outcome] = {}
    for index, one in good.items():
        key = (one.delivery.receipt_id, one.delivery.line)
        if key in claimed:
            claimed.discard(key)
        else:
            repeats[index] = Received(one.delivery, None, one.delivery.quantity, "", 0, False, (), is_repeat=True)
    return repeats


async def _mismatches(tx: Tx, checked: dict[int, Checked]) -> dict[int, Outcome]:
    """Refusals for numbers that are known with another expiry, in the books or in the same request."""
    known = {
        identity: lot.expires_on
        for identity, lot in (await known_lots(tx, {one.draft.identity for one in checked.values()})).items()
    }
    refused: dict[int, Outcome] = {}
    for index, one in checked.items():
        if not one.draft.number:
            continue
        expected = known.setdefault(one.draft.identity, one.draft.expires_on)
        if expected != one.draft.expires_on:
            refused[index] = LotMismatch(
                f"Lot {one.draft.number} is known to expire on {expected or 'no date'}",
                field="expires_on",
                lot_number=one.draft.number,
                known=str(expected) if expected else None,
                given=str(one.draft.expires_on) if one.draft.expires_on else None,
                ways_out=("check the date on the pack", "correct the lot's expiry first"),
            )
    return refused


async def _apply(
    tx: Tx,
    checked: list[Checked],
    sites: dict[str, Site],
    products: dict[UUID, Product],
    exponent: int,
    also: Collection[CellKey],
) -> list[Received]:
    await share_recalls(tx)
    lots, recalls = await screen(tx, await ensure_lots(tx, [one.draft for one in checked]))
    alike = await look_alikes(tx, {(one.product.id, one.draft.number) for one in checked})
    keys = {(one.site.slug, one.product.id) for one in checked}
    if also:
        await lock_levels(tx, keys | set(also))
    books = await open_books(tx, keys, sites, products, datetime.now(UTC), exponent)
    results, events = [], list[Event]()
    for one, lot in zip(checked, lots, strict=True):
        target = landing(books.cells[one.site.slug, one.product.id], shelf_for(one), lot)
        result = take_in(books, one, lot, target, events)
        others = tuple(alike.get((one.product.id, one.draft.number), ()))
        results.append(result._replace(look_alikes=others, recall=recalls.get(lot.id)))
    events += await tell_recalled(tx, [(one, lot) for one, lot in zip(checked, lots, strict=True)], recalls, results)
    await close_books(tx, books, events)
    return results


async def tell_recalled(
    tx: Tx,
    deliveries: Sequence[tuple[Checked, Lot]],
    recalls: Mapping[UUID, Arrived],
    results: Sequence[Received],
) -> list[Event]:
    """What a site hears of recalled goods that arrive: they went into quarantine (STK-41)."""
    events: list[Event] = []
    for (one, lot), result in zip(deliveries, results, strict=True):
        found = recalls.get(lot.id)
        if found is None:
            continue
        entry = Entry(one.delivery.happened_at, one.delivery.actor, RECEIPT, found.recall_id)
        row = (lot.id, one.site.slug, one.quantity)
        await tell_sites(tx, found.recall_id, [row], datetime.now(UTC))
        events.append(
            recalled(found.recall_id, lot, one.product, row[1], row[2], result.cost_minor, entry, found.title)
        )
    return events


def shelf_for(one: Checked) -> Place:
    """Where a delivery lands: the shelf of its area, or the sweep's quarantine when it is expired."""
    if one.is_expired:
        return one.site.place(places.QUARANTINE, places.EXPIRED)
    return one.site.place(places.SHELF, one.delivery.area)


def take_in(books: Books, one: Checked, lot: Lot, target: Place, events: list[Event] | list[Event | Told]) -> Received:
    """Bring one delivery into the books; `events` gets what is told of it. Raises BadQuantity."""
    delivery, product = one.delivery, one.product
    cell = books.cells[one.site.slug, product.id]
    unit_cost = one.unit_cost if one.unit_cost is not None else cell.last_cost()
    try:
        cost = costs.value_of(unit_cost, one.quantity, product.decimals, books.exponent)
    except ValueError as error:
        raise BadQuantity(str(error), field="unit_cost") from error
    if delivery.cost_minor is not None:
        cost = delivery.cost_minor
    entry = Entry(delivery.happened_at, delivery.actor, RECEIPT, delivery.receipt_id, delivery.line, delivery.trace_id)
    books.receive(cell, lot, one.quantity, cost, entry, source=one.site.place(places.SUPPLIER), target=target)
    cell.level.last_cost = unit_cost
    events.append(_received(one, lot, unit_cost, cost))
    if one.is_expired:
        events.append(_expired(one, lot, cost))
    quarantined = target.kind == places.QUARANTINE
    text = format_quantity(one.quantity, product.decimals)
    return Received(delivery, lot, text, price_text(unit_cost), cost, quarantined, ())


def _received(one: Checked, lot: Lot, unit_cost: int, cost: int) -> StockReceived:
    return StockReceived(
        site=one.site.slug,
        receipt_id=one.delivery.receipt_id,
        product_id=one.product.id,
        lot_id=lot.id,
        lot_number=lot.number,
        expires_on=lot.expires_on,
        quantity=format_quantity(one.quantity, one.product.decimals),
        unit_cost=price_text(unit_cost),
        cost_minor=cost,
        supplier_id=one.delivery.supplier_id,
        purchase_order=one.delivery.purchase_order,
        happened_at=one.delivery.happened_at,
    )


def _expired(one: Checked, lot: Lot, cost: int) -> LotExpired:
    return LotExpired(
        site=one.site.slug,
        lot_id=lot.id,
        product_id=one.product.id,
        lot_number=lot.number,
        expires_on=lot.expires_on,
        quantity=format_quantity(one.quantity, one.product.decimals),
        cost_minor=cost,
        happened_at=one.delivery.happened_at,
        reason="received expired",
    )
