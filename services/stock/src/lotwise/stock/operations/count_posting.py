"""The only home of posting a count: its differences become movements, dated at the instant each line was counted.

The ledger then says what was counted plus what moved since. Goods that sales took without a lot before the count are
settled first: a shortage that they explain is no loss, and the rest of them had never been on record (DESIGN 3.7).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import CountedDifference, CountPosted, LotQuarantined, StockAdjusted
from lotwise.kit.database import Tx
from lotwise.stock.domain import costs, counts, places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Balance, Books, Cell, landing
from lotwise.stock.domain.counts import CAUSES, Count, Difference, Line
from lotwise.stock.domain.lots import FOUND, RETURNED, Lot
from lotwise.stock.domain.movements import Entry
from lotwise.stock.domain.places import Site
from lotwise.stock.domain.refusals import BadQuantity, CountOvertaken
from lotwise.stock.domain.witness import rule_of
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.count_checks import Posting, Sum, Watch, cause_of, explained, ready, witnessed
from lotwise.stock.operations.counted_units import follow, units_found
from lotwise.stock.operations.counts import open_one
from lotwise.stock.operations.sales import Known, own_lots
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.count_lines import PostedLine, late_of, lines_of, post_lines, superseded
from lotwise.stock.repository.count_plans import plan_posted
from lotwise.stock.repository.counts import close_count
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.lots import lots_of
from lotwise.stock.repository.reasons import all_reasons, rules_of
from lotwise.values import format_quantity, site_day

DIFFERENCES_MAX = 2000
"""As many differences as one event carries; each is a StockAdjusted of its own besides."""


@dataclass(slots=True)
class Desk:
    """What posting works on: the count under its lock, the books of its cells, and what it has made so far."""

    count: Count
    site: Site
    books: Books
    lots: dict[UUID, Lot]
    own: dict[UUID, Lot]
    posting: Posting
    watch: Watch
    areas: dict[int, places.Place]
    lines: list[PostedLine] = field(default_factory=list)
    adjusted: list[StockAdjusted] = field(default_factory=list)
    differences: list[CountedDifference] = field(default_factory=list)
    apart: list[Event] = field(default_factory=list)
    cost: int = 0
    classes: set[str] = field(default_factory=set)
    reasons: set[str] = field(default_factory=set)


async def post_count(tx: Tx, posting: Posting, exponent: int) -> None:
    """Post a count: movements, StockAdjusted for each difference, CountPosted, the next due date of its plan.

    Raises UnknownCount, CountClosed, NothingToCount, CountIncomplete, RecountNeeded, CountUnexplained, CountOvertaken,
    WitnessNeeded or BadQuantity; then nothing has changed.
    """
    count = await open_one(tx, posting.count_id)
    lines = await lines_of(tx, count.id)
    counted = ready(count, lines, posting)
    units = await units_found(tx, count.id, count.site, counted)
    desk = await _desk(tx, count, counted, posting, exponent)
    differences = await _differences(tx, count, counted)
    explained(differences, posting)
    by_product: dict[UUID, list[Difference]] = defaultdict(list)
    for one in differences:
        by_product[one.line.product_id].append(one)
    open_products = {line.product_id for line in lines if not line.passes}
    for product_id, found in by_product.items():
        is_whole = count.area is None and product_id not in open_products
        _post_product(desk, desk.books.cells[count.site, product_id], found, is_whole=is_whole)
    witnessed(count, posting, desk.watch, Sum(desk.cost, desk.classes, desk.reasons))
    now = desk.books.now
    await post_lines(tx, count.id, desk.lines)
    await close_count(tx, count.id, counts.POSTED, now, posting.actor)
    if count.plan_id is not None:
        await plan_posted(tx, count.plan_id, now, site_day(now, desk.site.zone))
    events: list[Event] = [*desk.adjusted, *desk.apart, _posted(desk, len(counted))]
    events += await follow(tx, count.id, count.site, units, posting.actor)
    await close_books(tx, desk.books, events, broken_by="count")


async def _desk(tx: Tx, count: Count, counted: Sequence[Line], posting: Posting, exponent: int) -> Desk:
    """Lots first, then the levels of all counted products: the one lock order."""
    sites = await sites_of(tx, [count.site])
    products = await products_of(tx, {line.product_id for line in counted})
    lots = await lots_of(tx, {line.lot_id for line in counted if line.lot_id})
    bare = {(line.product_id, FOUND) for line in counted if line.lot_id is None and line.counted}
    owing = {(line.product_id, FOUND) for line in counted if line.unattributed}
    own = await own_lots(tx, bare | owing, Known(sites, products), datetime.now(UTC))
    books = await open_books(tx, {(count.site, key) for key in products}, sites, products, datetime.now(UTC), exponent)
    areas = {place.id: place for place in sites[count.site].places.values()}
    found = {product_id: lot for (product_id, _), lot in own.items()}
    rule = rule_of(await rules_of(tx, [count.site]), count.site)
    watched = frozenset(reason.code for reason in (await all_reasons(tx)).values() if reason.needs_witness)
    return Desk(count, sites[count.site], books, lots, found, posting, Watch(rule, watched), areas)


async def _differences(tx: Tx, count: Count, counted: Sequence[Line]) -> list[Difference]:
    """What differs, with the cells locked: nothing more comes to light after this."""
    first = min(line.counted_at for line in counted if line.counted_at)
    late = await late_of(tx, count.id, count.site, first)
    beaten = await superseded(tx, count.id)
    return [Difference(line, late.get(line.line, 0), line.line in beaten) for line in counted]


def _post_product(desk: Desk, cell: Cell, found: Sequence[Difference], *, is_whole: bool) -> None:
    """Shortages first (they may settle what sales owe), then what was found, then what was never on record."""
    owed = counts.debt_before(found, -cell.level.unattributed) if is_whole else 0
    for one in sorted(found, key=lambda each: each.quantity):
        settled = 0
        if one.quantity < 0:
            settled, cost = _short(desk, cell, one, owed)
            owed -= settled
        elif one.quantity > 0:
            cost = _more(desk, cell, one, owed)
        else:
            cost = 0
        _keep(desk, cell, one, cost, settled)
    if owed:
        _unrecorded(desk, cell, found[0].line, owed)


def _keep(desk: Desk, cell: Cell, one: Difference, cost: int, settled: int) -> None:
    """Note what became of a line; what a sale explains is no adjustment."""
    line, decimals = one.line, cell.product.decimals
    cause = cause_of(one, desk.posting)
    left = one.quantity + settled
    desk.lines.append(
        PostedLine(
            line.line, one.expected, one.quantity, cost, cause if left else cause and counts.SETTLED, one.is_superseded
        )
    )
    if not one.quantity:
        return
    desk.classes.add(cell.product.drug_class)
    desk.cost += abs(cost)
    if len(desk.differences) < DIFFERENCES_MAX:
        desk.differences.append(
            CountedDifference(
                product_id=line.product_id,
                lot_id=line.lot_id,
                recorded=format_quantity(one.expected, decimals),
                counted=format_quantity(line.counted, decimals),
                difference=format_quantity(one.quantity, decimals),
                cost_minor=cost,
                cause=(cause or counts.ERROR) if left else counts.SETTLED,
            )
        )
    if left:
        desk.reasons.add(CAUSES[cause or counts.ERROR].reason)
        _tell(desk, cell, line, left, cost, cause or counts.ERROR, line.id)


def _tell(desk: Desk, cell: Cell, line: Line, quantity: int, cost: int, cause: str, adjustment_id: UUID) -> None:
    desk.adjusted.append(
        StockAdjusted(
            site=cell.site.slug,
            adjustment_id=adjustment_id,
            product_id=cell.product.id,
            lot_id=line.lot_id,
            quantity=format_quantity(quantity, cell.product.decimals),
            cost_minor=cost,
            reason=CAUSES[cause].reason,
            note=f"{desk.count.name}{': ' if line.cause_note else ''}{line.cause_note}",
            happened_at=line.counted_at or desk.books.now,
            actor=desk.posting.actor,
        )
    )


def _entry(desk: Desk, line: Line, reason: str) -> Entry:
    at = line.counted_at or desk.books.now
    return Entry(at, desk.posting.actor, reason, desk.count.id, line.line, desk.posting.trace_id)


def _short(desk: Desk, cell: Cell, one: Difference, owed: int) -> tuple[int, int]:
    """Take what is missing from the line's own goods; returns how much a sale explains and the signed cost of the rest.

    Raises CountOvertaken when less lies there now than is to leave.
    """
    line, missing = one.line, -one.quantity
    balances = _balances(cell, line)
    there = sum(each.on_hand for each in balances)
    if there < missing:
        decimals = cell.product.decimals
        raise CountOvertaken(
            f"{cell.product.name}: {format_quantity(there, decimals)} are recorded now, "
            f"{format_quantity(missing, decimals)} would leave",
            ways_out=("count this line again",),
            line=line.line,
            recorded=format_quantity(there, decimals),
            counted=format_quantity(line.counted, decimals),
            difference=format_quantity(one.quantity, decimals),
        )
    cause = CAUSES[cause_of(one, desk.posting) or counts.ERROR]
    entry, settled, cost = _entry(desk, line, cause.reason), 0, 0
    for balance in balances:
        lot = balance.lot
        if lot is None:
            continue
        part = min(owed - settled, missing, balance.on_hand)
        if part > 0:
            desk.books.settle(cell, lot, balance.place, entry, most=part)
            settled, missing = settled + part, missing - part
        part = min(missing, balance.on_hand)
        if part > 0:
            value = costs.share(balance.cost, part, balance.on_hand)
            desk.books.move(cell, balance.place, cell.site.place(cause.account), lot, part, value, entry)
            missing, cost = missing - part, cost - value
    return settled, cost


def _balances(cell: Cell, line: Line) -> list[Balance]:
    """The goods of a line that are recorded now, in the order they came."""
    here = [one for one in cell.balances.values() if one.place.id == line.location_id and one.lot and one.on_hand > 0]
    if line.lot_id is not None:
        return [one for one in here if one.lot_key == line.lot_id]
    mine = [one for one in here if one.lot and _is_bare(one.lot) and one.lot.expires_on == line.expires_on]
    return sorted(mine, key=lambda one: (one.received_at, one.lot_key))


def _is_bare(lot: Lot) -> bool:
    return lot.number in {"", FOUND, RETURNED}


def _more(desk: Desk, cell: Cell, one: Difference, owed: int) -> int:
    """Bring what was found onto the ledger, at the lot's cost; returns it. Sales since the count are settled first."""
    line = one.line
    lot = _lot_of(desk, cell, line)
    cost = _value(desk, cell, lot.unit_cost or cell.last_cost(), one.quantity, line.line)
    entry = _entry(desk, line, CAUSES[cause_of(one, desk.posting) or counts.ERROR].reason)
    target = _target(desk, cell, line, lot)
    desk.books.move(cell, cell.site.place(places.LOST_AND_FOUND), target, lot, one.quantity, cost, entry)
    since = -cell.level.unattributed - owed
    if target.kind == places.QUARANTINE:
        desk.apart.append(_set_apart(desk, cell, lot, one, cost))
    elif since > 0:
        desk.books.settle(cell, lot, target, entry, most=min(since, one.quantity))
    return cost


def _value(desk: Desk, cell: Cell, unit_cost: int, quantity: int, line: int) -> int:
    """What a quantity costs in minor units. Raises BadQuantity for more than can be kept."""
    try:
        return costs.value_of(unit_cost, quantity, cell.product.decimals, desk.books.exponent)
    except ValueError as error:
        raise BadQuantity(str(error), field="quantity", line=line) from error


def _lot_of(desk: Desk, cell: Cell, line: Line) -> Lot:
    """The lot that found goods belong to: the line's, else the last that came without a number, else our own."""
    if line.lot_id is not None:
        return desk.lots[line.lot_id]
    mine = [one.lot for one in _balances(cell, line) if one.lot]
    if line.expires_on is not None and mine:
        return mine[-1]
    return desk.own[line.product_id]


def _target(desk: Desk, cell: Cell, line: Line, lot: Lot) -> places.Place:
    """Where found goods go: their place, unless they are expired, set apart, recalled, or of an unknown lot."""
    if not is_usable(lot.expires_on, desk.books.day(desk.books.now, cell.site)):
        return cell.site.place(places.QUARANTINE, places.EXPIRED)
    quarantine = cell.site.place(places.QUARANTINE)
    is_apart = any(one.on_hand and one.place == quarantine for one in cell.of_lot(lot.id, places.QUARANTINE))
    if is_apart or (line.is_pending and not line.is_confirmed):
        return quarantine
    return landing(cell, desk.areas[line.location_id], lot)


def _set_apart(desk: Desk, cell: Cell, lot: Lot, one: Difference, cost: int) -> LotQuarantined:
    return LotQuarantined(
        site=cell.site.slug,
        lot_id=lot.id,
        product_id=cell.product.id,
        lot_number=lot.number,
        expires_on=lot.expires_on,
        quantity=format_quantity(one.quantity, cell.product.decimals),
        cost_minor=cost,
        happened_at=one.line.counted_at or desk.books.now,
        reason=f"found by {desk.count.name}",
    )


def _unrecorded(desk: Desk, cell: Cell, line: Line, owed: int) -> None:
    """What sales took before the count and no counted lot misses had never been on record: found, and sold."""
    lot = desk.own[cell.product.id]
    shelf = cell.site.place(places.SHELF)
    entry = _entry(desk, line, CAUSES[counts.FOUND].reason)
    cost = _value(desk, cell, cell.last_cost(), owed, line.line)
    desk.books.move(cell, cell.site.place(places.LOST_AND_FOUND), shelf, lot, owed, cost, entry)
    desk.books.settle(cell, lot, shelf, entry, most=owed)
    _tell(desk, cell, line._replace(lot_id=lot.id), owed, cost, counts.FOUND, uuid7())


def _posted(desk: Desk, counted: int) -> CountPosted:
    return CountPosted(
        site=desk.count.site,
        count_id=desk.count.id,
        number=desk.count.name,
        plan_id=desk.count.plan_id,
        differences=tuple(desk.differences),
        counted_lines=counted,
        posted_by=desk.posting.actor,
        happened_at=desk.books.now,
    )
