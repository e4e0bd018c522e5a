"""The only home of damaged and defective goods: not sellable, then repaired, scrapped or sent back (STK-24, STK-25)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import LotQuarantined, LotReleased, StockAdjusted
from lotwise.kit.database import Tx
from lotwise.kit.principal import Principal
from lotwise.stock.domain import places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Books, Cell, Taken
from lotwise.stock.domain.consignments import SENT_BACK
from lotwise.stock.domain.movements import Entry
from lotwise.stock.domain.reasons import SCRAP
from lotwise.stock.domain.refusals import (
    LotIsExpired,
    NotEnoughInLot,
    NotKept,
    UnknownDamage,
    UnknownProduct,
    UnknownSite,
)
from lotwise.stock.operations.adjustments import Adjusted, Adjustment, adjust, sources, take_in_order, too_little
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.receipts import positive
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.damages import add_damages, lock_damage, use_damage
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.effects import claim
from lotwise.values import Refusal, format_quantity

DAMAGED = "damaged"
DEFECTIVE = "defective"
REPAIRED = "repaired"


class Damage(NamedTuple):
    """Goods that broke or never worked, as entered; without a lot the shelf gives by FEFO."""

    damage_id: UUID
    site: str
    product_id: UUID
    lot_id: UUID | None
    quantity: str
    is_defective: bool
    note: str
    happened_at: datetime
    actor: str
    trace_id: str = ""


class Way(NamedTuple):
    """What becomes of a damage, or a quantity of it (all that is open when None); `lot_id` names one of its lots."""

    damage_id: UUID
    quantity: str | None
    lot_id: UUID | None
    note: str
    happened_at: datetime
    trace_id: str = ""


async def damage(tx: Tx, one: Damage, exponent: int) -> list[Taken]:
    """Set goods apart as damaged: they are not usable. Empty when this id was used before.

    Raises UnknownProduct, UnknownSite, NotKept, NotEnoughInLot or BadQuantity.
    """
    products, sites = await products_of(tx, [one.product_id]), await sites_of(tx, [one.site])
    product = products.get(one.product_id)
    if product is None:
        raise UnknownProduct("No product has this id", field="product_id", product_id=str(one.product_id))
    if one.site not in sites:
        raise UnknownSite("No site has this name", field="site", site=one.site)
    if not product.is_kept:
        raise NotKept(f"{product.name} has no stock to set apart", field="product_id")
    quantity = positive(one.quantity, product)
    if not await claim(tx, [(one.damage_id, 0)]):
        return []
    books = await open_books(tx, [(one.site, product.id)], sites, products, datetime.now(UTC), exponent)
    cell = books.cells[one.site, product.id]
    word = DEFECTIVE if one.is_defective else DAMAGED
    entry = Entry(one.happened_at, one.actor, word, one.damage_id, 0, one.trace_id)
    shelves = cell.of_lot(one.lot_id, *places.SHELVES) if one.lot_id else sources(cell, None, 0, None, places.SHELVES)
    there = sum(part.on_hand for part in shelves)
    if there < quantity:
        raise too_little(cell, there, quantity)
    taken = take_in_order(books, cell, shelves, quantity, cell.site.place(places.QUARANTINE, places.DAMAGED), entry)
    rows = [
        (
            one.damage_id, one.site, product.id, lot_id, whole, one.note, one.is_defective, one.happened_at, one.actor,
        )
        for lot_id, whole in _by_lot(taken).items()
    ]  # fmt: skip
    await add_damages(tx, rows)
    await close_books(tx, books, [_event(LotQuarantined, cell, part, entry) for part in taken], broken_by="damage")
    return taken


def _by_lot(taken: Sequence[Taken]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for part in taken:
        if part.lot:
            found[part.lot.id] = found.get(part.lot.id, 0) + part.quantity
    return found


def _event(kind: type[LotQuarantined | LotReleased], cell: Cell, part: Taken, entry: Entry) -> Event:
    if part.lot is None:
        raise LookupError("only lots are set apart")
    return kind(
        site=cell.site.slug, lot_id=part.lot.id, product_id=cell.product.id, lot_number=part.lot.number,
        expires_on=part.lot.expires_on, quantity=format_quantity(part.quantity, cell.product.decimals),
        cost_minor=part.cost, happened_at=entry.happened_at, reason=entry.reason,
    )  # fmt: skip


async def _open(
    tx: Tx, way: Way, who: Principal, permission: str, exponent: int
) -> tuple[Books, Cell, dict[UUID, int]]:
    """The damage under its lock, its cell, and what of each lot is meant.

    Raises UnknownDamage, Forbidden, NotEnoughInLot or BadQuantity.
    """
    rows = await lock_damage(tx, way.damage_id)
    if not rows:
        raise UnknownDamage("No damage has this id", damage_id=str(way.damage_id))
    site, product_id = rows[0]["site"], rows[0]["product_id"]
    who.at(permission, site)
    products = await products_of(tx, [product_id])
    left = {row["lot_id"]: _left(row) for row in rows if way.lot_id in {None, row["lot_id"]} and _left(row)}
    there = sum(left.values())
    wanted = there if way.quantity is None else positive(way.quantity, products[product_id])
    if wanted > there or not wanted:
        text = format_quantity(there, products[product_id].decimals)
        raise NotEnoughInLot(
            f"{text} {products[product_id].unit} of this damage are open", field="quantity", on_hand=text
        )
    parts: dict[UUID, int] = {}
    for lot_id, quantity in left.items():
        parts[lot_id] = min(quantity, wanted)
        wanted -= parts[lot_id]
    books = await open_books(
        tx, [(site, product_id)], await sites_of(tx, [site]), products, datetime.now(UTC), exponent
    )
    return books, books.cells[site, product_id], {lot_id: part for lot_id, part in parts.items() if part}


def _left(row: Any) -> int:
    return int(row["quantity"] - row["repaired"] - row["scrapped"] - row["returned"])


async def repair(tx: Tx, way: Way, who: Principal, exponent: int) -> tuple[str, list[Taken]]:
    """Put repaired goods back on the shelf. Raises LotIsExpired, and what `_open` raises."""
    books, cell, parts = await _open(tx, way, who, "stock.quarantine", exponent)
    entry = Entry(way.happened_at, who.actor, REPAIRED, uuid7(), 0, way.trace_id)
    taken = _take(books, cell, parts, cell.site.place(places.SHELF), entry)
    for part in taken:
        if part.lot and not is_usable(part.lot.expires_on, books.day(books.now, cell.site)):
            raise LotIsExpired(
                f"The lot expired on {part.lot.expires_on}",
                expires_on=str(part.lot.expires_on),
                ways_out=("scrap it", "send it back"),
            )
    await use_damage(tx, "repaired", {(way.damage_id, lot_id): quantity for lot_id, quantity in parts.items()})
    await close_books(tx, books, [_event(LotReleased, cell, part, entry) for part in taken])
    return cell.site.slug, taken


async def send_back(tx: Tx, way: Way, who: Principal, exponent: int) -> tuple[str, list[Taken]]:
    """Send damaged goods back to their supplier, at the cost they came with. Raises what `_open` raises."""
    books, cell, parts = await _open(tx, way, who, "stock.quarantine", exponent)
    entry = Entry(way.happened_at, who.actor, SENT_BACK, uuid7(), 0, way.trace_id)
    taken = _take(books, cell, parts, cell.site.place(places.SUPPLIER), entry)
    await use_damage(tx, "returned", {(way.damage_id, lot_id): quantity for lot_id, quantity in parts.items()})
    events = [
        StockAdjusted(
            site=cell.site.slug, adjustment_id=entry.cause_id, product_id=cell.product.id,
            lot_id=part.lot.id if part.lot else None,
            quantity=f"-{format_quantity(part.quantity, cell.product.decimals)}",
            cost_minor=0 if part.lot and part.lot.owner else -part.cost, reason=SENT_BACK, note=way.note,
            happened_at=way.happened_at, actor=who.actor,
        )
        for part in taken
    ]  # fmt: skip
    await close_books(tx, books, events)
    return cell.site.slug, taken


def _take(books: Books, cell: Cell, parts: dict[UUID, int], target: places.Place, entry: Entry) -> list[Taken]:
    taken: list[Taken] = []
    for lot_id, quantity in parts.items():
        balances = sources(cell, lot_id, quantity, places.DAMAGED)
        taken += take_in_order(books, cell, balances, quantity, target, entry)
    return taken


async def scrap(tx: Tx, way: Way, who: Principal, exponent: int) -> tuple[str, list[Adjusted]]:
    """Destroy damaged goods: waste with its cost and how it was done, witnessed where a witness is needed (STK-25).

    Raises NoteMissing, and what `_open` raises.
    """
    _, cell, parts = await _open(tx, way, who, "stock.adjust", exponent)
    wanted = [
        Adjustment(
            uuid7(), cell.site.slug, cell.product.id, f"-{format_quantity(quantity, cell.product.decimals)}", SCRAP,
            way.note, lot_id, places.DAMAGED, way.happened_at, who.actor, way.trace_id, damage_id=way.damage_id,
        )
        for lot_id, quantity in parts.items()
    ]  # fmt: skip
    done: list[Adjusted] = []
    for outcome in await adjust(tx, wanted, exponent):
        if isinstance(outcome, Refusal):
            raise outcome
        done.append(outcome)
    return cell.site.slug, done
