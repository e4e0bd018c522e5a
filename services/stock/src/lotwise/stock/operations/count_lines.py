"""The only home of counting: each line is stamped with the ledger's position while its level is locked (N-15)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.stock.domain import counts, places
from lotwise.stock.domain.counts import Count, Line, Stamp
from lotwise.stock.domain.lots import FOUND, RETURNED, Lot
from lotwise.stock.domain.places import Product
from lotwise.stock.domain.refusals import (
    BadDate,
    BadQuantity,
    CountUnexplained,
    LineCountedMeanwhile,
    LotAmbiguous,
    LotMismatch,
    NotKept,
    UnknownArea,
    UnknownCount,
    UnknownLot,
    UnknownProduct,
)
from lotwise.stock.operations.counted_units import must_fit
from lotwise.stock.operations.counts import open_one
from lotwise.stock.operations.recalls import screen
from lotwise.stock.repository.count_lines import (
    Pass,
    add_line,
    add_passes,
    confirm_line,
    explain_line,
    find_line,
    lines_of,
    pass_figures,
    set_passes,
    stamp,
)
from lotwise.stock.repository.counted_units import name_pass
from lotwise.stock.repository.counts import touch_count
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.locking import lock_levels, share_recalls
from lotwise.stock.repository.lots import LotDraft, ensure_lots, look_alikes, lots_of
from lotwise.stock.repository.scans import lots_of_number
from lotwise.values import format_quantity, parse_quantity

TYPED_HOURS_MAX = 12
COUNTED_MAX = 10**15
"""In smallest units: no figure that is made of a count leaves the database's range."""
UNNUMBERED = frozenset({"", FOUND, RETURNED})
PENDING = "count"
"""The origin of a lot that a count found and nobody had received."""


class Entry(NamedTuple):
    """What somebody counted: `counted_at` None is now; `seen` the passes they knew of, None when they do not care.

    `serials` are the units that lie there, each of them, None when they are not named.
    """

    line: int
    quantity: str
    note: str = ""
    seen: int | None = None
    counted_at: datetime | None = None
    serials: tuple[str, ...] | None = None


class Finding(NamedTuple):
    """Goods that are not on the sheet, as a person or a scanner names them."""

    product_id: UUID
    lot_id: UUID | None
    lot_number: str
    expires_on: date | None
    area: str
    kind: str = places.SHELF


class Added(NamedTuple):
    """The line that stands for a finding, and numbers a tired eye would take for its lot's."""

    line: int
    is_new: bool
    look_alikes: tuple[str, ...]


async def count_lines(tx: Tx, count_id: UUID, entries: Sequence[Entry], actor: str) -> None:
    """Write a pass over each line; all or none. The instant of counting and the ledger's position go with it.

    Raises UnknownCount, CountClosed, BadQuantity, BadDate, LineCountedMeanwhile, SerialsDiffer or SerialExists.
    """
    count = await open_one(tx, count_id)
    lines = {one.line: one for one in await lines_of(tx, count_id, {entry.line for entry in entries})}
    products = await products_of(tx, {one.product_id for one in lines.values()})
    counted = [_counted(one, lines, products) for one in entries]
    for entry, quantity in zip(entries, counted, strict=True):
        if entry.serials is not None:
            must_fit(products[lines[entry.line].product_id], quantity, entry.serials, entry.line)
    await lock_levels(tx, {(count.site, one.product_id) for one in lines.values()})
    now = datetime.now(UTC)
    passes: list[Pass] = []
    for entry, quantity in zip(entries, counted, strict=True):
        at = _instant(entry, count, now)
        found: Stamp = await stamp(tx, count.site, lines[entry.line], at)
        number = lines[entry.line].passes + 1
        lines[entry.line] = lines[entry.line]._replace(passes=number)
        passes.append(Pass(entry.line, number, quantity, found, at, now, actor, entry.note))
    await add_passes(tx, count_id, passes)
    for entry, one in zip(entries, passes, strict=True):
        if entry.serials is not None:
            await name_pass(tx, count_id, one.line, one.number, entry.serials)
    await _judge(tx, count, list(lines.values()), products)
    await touch_count(tx, count_id)


def _counted(entry: Entry, lines: dict[int, Line], products: dict[UUID, Product]) -> int:
    line = lines.get(entry.line)
    if line is None:
        raise UnknownCount("The count has no such line", field="line", line=entry.line)
    product = products[line.product_id]
    try:
        quantity = parse_quantity(entry.quantity, product.decimals)
    except ValueError as error:
        raise BadQuantity(str(error), field="quantity", line=entry.line, unit_decimals=product.decimals) from error
    if not 0 <= quantity <= COUNTED_MAX:
        what = "A count is not below zero" if quantity < 0 else "That is more than any shelf holds"
        raise BadQuantity(what, field="quantity", line=entry.line)
    if entry.seen is not None and entry.seen != line.passes:
        raise LineCountedMeanwhile(
            f"{line.counted_by or 'Somebody'} counted it meanwhile",
            ways_out=("look at their count", "count again together"),
            line=entry.line,
            seen=entry.seen,
            passes=line.passes,
            counted_by=line.counted_by,
            counted_at=line.counted_at.isoformat() if line.counted_at else "",
        )
    return quantity


def _instant(entry: Entry, count: Count, now: datetime) -> datetime:
    """When it was counted: now, or as it was typed while the line was down, within the count and half a day."""
    if entry.counted_at is None or entry.counted_at >= now:
        return now
    earliest = max(count.opened_at, now - timedelta(hours=TYPED_HOURS_MAX))
    if entry.counted_at < earliest:
        raise BadDate(
            "That is before the count was opened, or too long ago",
            field="counted_at",
            given=entry.counted_at.isoformat(),
            earliest=earliest.isoformat(),
        )
    return entry.counted_at


async def _judge(tx: Tx, count: Count, lines: Sequence[Line], products: dict[UUID, Product]) -> None:
    figures = await pass_figures(tx, count.id, [one.line for one in lines])
    rows = [
        (
            one.line,
            one.passes,
            counts.needs_recount(count.rules, products[one.product_id].decimals, figures[one.line]),
        )
        for one in lines
    ]
    await set_passes(tx, count.id, rows)


async def find_or_add(tx: Tx, count_id: UUID, found: Finding) -> Added:
    """The line for goods that somebody holds in their hand; one that the sheet does not have is added to it.

    A lot nobody had heard of becomes a pending one (STK-45): what is found of it stays in quarantine until a person
    vouches for it. Raises UnknownCount, CountClosed, UnknownProduct, NotKept, UnknownArea, UnknownLot, LotMismatch
    or LotAmbiguous.
    """
    count = await open_one(tx, count_id)
    product = (await products_of(tx, [found.product_id])).get(found.product_id)
    if product is None:
        raise UnknownProduct("No product has this id", field="product_id", product_id=str(found.product_id))
    if not product.is_kept:
        raise NotKept(f"{product.name} has no stock to count", field="product_id")
    site = (await sites_of(tx, [count.site]))[count.site]
    area = found.area if count.area is None else count.area
    if (found.kind, area) not in site.places:
        raise UnknownArea(f"{count.site} has no storage area {area!r}", field="area")
    place = site.places[found.kind, area]
    lot, is_pending = await _lot(tx, count, product, found)
    if lot is not None and lot.number not in UNNUMBERED:
        key: tuple[UUID, int, UUID | None, date | None] = (product.id, place.id, lot.id, None)
    else:
        key = (product.id, place.id, None, lot.expires_on if lot else found.expires_on)
    alike = (await look_alikes(tx, [(product.id, lot.number)])).get((product.id, lot.number), []) if lot else []
    known = await find_line(tx, count_id, *key)
    if known is not None:
        return Added(known, is_new=False, look_alikes=tuple(alike))
    listed = await stamp(tx, count.site, _bare(key), datetime.now(UTC))
    line = await add_line(tx, count_id, uuid7(), key, listed.recorded, is_pending)
    if line is None:
        raise LookupError("the count is locked: nobody else adds its lines")
    await touch_count(tx, count_id)
    return Added(line, is_new=True, look_alikes=tuple(alike))


def _bare(key: tuple[UUID, int, UUID | None, date | None]) -> Line:
    return Line(0, key[0], *key, 0, False, False, 0, False, None, "")


async def _lot(tx: Tx, count: Count, product: Product, found: Finding) -> tuple[Lot | None, bool]:
    """The lot that is meant and whether it is pending; None for goods without a number."""
    if found.lot_id is not None:
        lot = (await lots_of(tx, [found.lot_id])).get(found.lot_id)
        if lot is None or lot.product_id != product.id:
            raise UnknownLot("No lot of this product has this id", field="lot_id", lot_id=str(found.lot_id))
        return lot, False
    if not found.lot_number:
        return None, False
    await share_recalls(tx)
    rows = await lots_of_number(tx, [product.id], found.lot_number, count.site)
    here = [row for row in rows if row["on_hand"]] or list(rows)
    if len(here) > 1:
        raise LotAmbiguous(
            f"{len(here)} lots of {product.name} carry the number {found.lot_number}",
            field="lot_number",
            ways_out=("name the lot by its id",),
            lot_ids=[str(row["id"]) for row in here],
        )
    if here:
        return await _known(tx, here[0]["id"], found)
    now = datetime.now(UTC)
    draft = LotDraft(
        product.id, product.manufacturer, found.lot_number, found.expires_on, "", None, "", now, 0, PENDING
    )
    lots, _ = await screen(tx, await ensure_lots(tx, [draft]))
    return lots[0], True


async def _known(tx: Tx, lot_id: UUID, found: Finding) -> tuple[Lot, bool]:
    lot = (await lots_of(tx, [lot_id]))[lot_id]
    if found.expires_on is not None and found.expires_on != lot.expires_on:
        raise LotMismatch(
            f"Lot {lot.number} is known with the expiry {lot.expires_on or 'none'}",
            field="expires_on",
            ways_out=("look at the pack again", "correct the lot's expiry", "count it as the lot that is known"),
            known=str(lot.expires_on or ""),
            given=str(found.expires_on),
        )
    return lot, False


async def explain(tx: Tx, count_id: UUID, number: int, cause: str | None, note: str, actor: str) -> None:
    """Say why a line differs (STK-07), or take it back. Raises UnknownCount, CountClosed or CountUnexplained."""
    await open_one(tx, count_id)
    line = await one_line(tx, count_id, number)
    difference = line.counted - line.recorded
    if cause is not None and line.passes and difference and not counts.explains(cause, difference):
        products = await products_of(tx, [line.product_id])
        raise CountUnexplained(
            f"{cause} does not explain {'more' if difference > 0 else 'less'} than was recorded",
            field="cause",
            difference=format_quantity(difference, products[line.product_id].decimals),
            cause=cause,
        )
    await explain_line(tx, count_id, number, cause, note, actor)
    await touch_count(tx, count_id)


async def confirm_lot(tx: Tx, count_id: UUID, number: int) -> None:
    """Vouch for the unknown lot of a line: posted, its goods lie on the shelf. Raises UnknownCount or CountClosed."""
    await open_one(tx, count_id)
    await one_line(tx, count_id, number)
    await confirm_line(tx, count_id, number)
    await touch_count(tx, count_id)


async def one_line(tx: Tx, count_id: UUID, number: int) -> Line:
    """One line of a count. Raises UnknownCount."""
    lines = await lines_of(tx, count_id, [number])
    if not lines:
        raise UnknownCount("The count has no such line", field="line", line=number)
    return lines[0]
