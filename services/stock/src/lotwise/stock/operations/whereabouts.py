"""The only home of where units go: used, repaired, written off, found, sent to other sites, given back (STK-21)."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.stock import SerialMoved, StockAdjusted
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.kit.principal import Principal
from lotwise.stock.domain import costs, places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Balance, Books, Cell
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import MOVE, SUPPLIER_RETURN, Entry
from lotwise.stock.domain.places import Site
from lotwise.stock.domain.reasons import FOUND, LOSS, WASTE, Reason
from lotwise.stock.domain.refusals import (
    LotIsExpired,
    LotIsRecalled,
    NotEnoughInLot,
    NotEnoughStock,
    SerialMove,
    SerialsDiffer,
    UnknownReason,
    UnknownSerial,
    UnknownSite,
    WitnessNeeded,
)
from lotwise.stock.domain.serials import (
    HERE,
    IN_REPAIR,
    IN_STOCK,
    IN_USE,
    LOST,
    PLACES,
    RETURNED,
    SCRAPPED,
    SOLD,
    TARGETS,
)
from lotwise.stock.domain.witness import rule_of
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.serials import elsewhere, refuse_recalled_unit
from lotwise.stock.repository import serials as rows
from lotwise.stock.repository.adjustments import lock_adjustment
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.lots import lots_of
from lotwise.stock.repository.reasons import all_reasons, rules_of
from lotwise.stock.repository.serials import Step
from lotwise.stock.repository.traces import lots_of_charges
from lotwise.values import format_quantity

ACCOUNTS = {SCRAPPED: WASTE, LOST: LOSS}
DEFAULTS = {SCRAPPED: "scrap", LOST: "loss", RETURNED: SUPPLIER_RETURN}


class Deed(NamedTuple):
    """What is done to one unit: the state it shall be in, where, why, by whom. `id` does it once."""

    id: UUID
    serial_id: UUID
    state: str
    site: str | None
    room: str
    reason: str
    note: str
    happened_at: datetime
    trace_id: str = ""
    adjustment_id: UUID | None = None
    """The posted adjustment that wrote the unit off in the books already."""


class _Unit(NamedTuple):
    """A unit under its lock with its books, when it is in them."""

    row: Any
    cell: Cell | None
    books: Books | None
    lot: Lot | None


async def locked(tx: Tx, serial_id: UUID, who: Principal, permission: str) -> Any:
    """One unit, locked. Raises UnknownSerial or Forbidden."""
    row = await rows.lock_serial(tx, serial_id)
    if row is None:
        raise UnknownSerial("No serial has this id", serial_id=str(serial_id))
    who.at(permission, row["site"])
    return row


async def _unit(tx: Tx, row: Any, exponent: int, also: Collection[str] = ()) -> _Unit:
    if row["lot_id"] is None:
        return _Unit(row, None, None, None)
    sites = await sites_of(tx, {row["site"], *also})
    products = await products_of(tx, [row["product_id"]])
    lot = (await lots_of(tx, [row["lot_id"]]))[row["lot_id"]]
    keys = [(site, row["product_id"]) for site in sites]
    books = await open_books(tx, keys, sites, products, datetime.now(UTC), exponent)
    return _Unit(row, books.cells[row["site"], row["product_id"]], books, lot)


async def move(tx: Tx, deed: Deed, who: Principal, exponent: int) -> None:
    """Put a unit to stock, to use in a room, or into repair, at its site; one outside of the books to any site.

    The books follow: the shelf, the back bar, quarantine. Raises UnknownSerial, UnknownSite, SerialMove, LotIsExpired,
    LotIsRecalled, NotEnoughInLot, or NotEnoughStock when the unit on the shelf is held for a charge.
    """
    row = await locked(tx, deed.serial_id, who, "stock.asset")
    site = deed.site or row["site"]
    if row["state"] not in HERE:
        raise elsewhere(row, "only a unit that is here can be moved")
    if deed.state == IN_USE:
        await refuse_recalled_unit(tx, [row], ())
    if site != row["site"]:
        who.at("stock.asset", site)
        if row["lot_id"] is not None:
            raise SerialMove("Between sites it goes by a transfer", field="site", ways_out=("ship it with a transfer",))
        if site not in await sites_of(tx, [site]):
            raise UnknownSite("No site has this name", field="site", site=site)
    unit = await _unit(tx, row, exponent)
    entry = Entry(deed.happened_at, who.actor, MOVE, deed.id, 0, deed.trace_id)
    if unit.cell is not None and unit.books is not None and row["state"] != deed.state:
        source = _lying(unit)
        target = _target(unit.cell.site, row, deed.state)
        if deed.state == IN_USE:
            _must_be_usable(unit, source)
        if source.place != target:
            _carry(unit, source, target, entry)
    kind = {IN_STOCK: "stored", IN_USE: "put to use", IN_REPAIR: "sent to repair"}[deed.state]
    told = await place(tx, [_step(deed, row, kind, site, deed.state, who.actor)], {row["id"]: row})
    if unit.books is not None and unit.books.movements:
        await close_books(tx, unit.books, told, broken_by="move")
    else:
        await tell(tx, *told)


def _target(site: Site, row: Any, state: str) -> places.Place:
    """The account of a unit in a state; a recalled one reaches no shelf."""
    if row["is_recalled"] and state == IN_STOCK:
        return site.place(places.QUARANTINE, places.RECALLED)
    return site.place(*TARGETS[state])


def _step(deed: Deed, row: Any, kind: str, site: str, state: str, actor: str) -> Step:
    return Step(row["id"], kind, state, site, deed.room, deed.id, deed.note, actor, deed.happened_at)


def _lying(unit: _Unit) -> Balance:
    """Where the books have the unit: the likeliest of the places for its state. Raises NotEnoughInLot."""
    cell, lot, row = unit.cell, unit.lot, unit.row
    if cell is None or lot is None:
        raise LookupError("only a unit of the books lies in them")
    one = 10**cell.product.decimals
    first = [(places.QUARANTINE, places.RECALLED)] if row["is_recalled"] else []
    likely = [
        *first,
        *PLACES[row["state"]],
        *[place for state in HERE if state != row["state"] for place in PLACES[state]],
    ]
    for kind, area in likely:
        for balance in sorted(cell.of_lot(lot.id, kind), key=lambda b: (b.place.area != row["room"], b.place.id)):
            if balance.on_hand >= one and area in {None, balance.place.area}:
                return balance
    raise NotEnoughInLot(
        f"The books have no unit of its lot at {row['site']}",
        field="serial_id",
        on_hand="0",
        ways_out=("count the lot", "add what is here as found"),
    )


def _must_be_usable(unit: _Unit, source: Balance) -> None:
    cell, lot, books = unit.cell, unit.lot, unit.books
    if cell is None or lot is None or books is None:
        return
    if lot.is_recalled:
        raise LotIsRecalled("Its lot is recalled", field="state", lot_id=str(lot.id), ways_out=("use another unit",))
    if not is_usable(lot.expires_on, books.day(books.now, cell.site)):
        raise LotIsExpired(f"Its lot expired on {lot.expires_on}", field="state", expires_on=str(lot.expires_on))
    one = 10**cell.product.decimals
    if source.place.kind == places.SHELF and cell.level.available < one:
        raise NotEnoughStock(
            "What lies on the shelf is held for charges",
            field="state",
            available=format_quantity(max(0, cell.level.available), cell.product.decimals),
            held=format_quantity(cell.level.held, cell.product.decimals),
            ways_out=("void a hold", "use another unit"),
        )


def _carry(unit: _Unit, source: Balance, target: places.Place, entry: Entry) -> int:
    """Move one unit in the books; returns its cost."""
    cell, books = unit.cell, unit.books
    if cell is None or books is None:
        return 0
    one = 10**cell.product.decimals
    cost = costs.share(source.cost, one, source.on_hand)
    books.move(cell, source.place, target, unit.lot, one, cost, entry)
    return cost


async def place(tx: Tx, steps: Sequence[Step], were: dict[UUID, Any]) -> list[Event]:
    """Write steps; returns what is told of the units that moved, at the site they left and at the one they are at."""
    fresh = await rows.place(tx, steps, datetime.now(UTC))
    return [
        SerialMoved(
            site=site, serial_id=one.serial_id, product_id=were[one.serial_id]["product_id"],
            serial=were[one.serial_id]["number"], state=one.state, at_site=one.site, room=one.room, actor=one.actor,
            happened_at=one.happened_at,
        )
        for one in steps
        if one.serial_id in fresh
        for site in dict.fromkeys((were[one.serial_id]["site"], one.site))
    ]  # fmt: skip


async def retire(tx: Tx, deed: Deed, who: Principal, exponent: int) -> int:
    """Write a unit off: scrapped, lost, or returned to its supplier, with a managed reason; returns its cost.

    Raises UnknownSerial, SerialMove, UnknownReason, NoteMissing, WitnessNeeded, NotEnoughInLot.
    """
    row = await locked(tx, deed.serial_id, who, "stock.asset")
    if row["state"] not in HERE:
        raise elsewhere(row, "only a unit that is here can be written off")
    if deed.adjustment_id is not None:
        await _by_adjustment(tx, deed, row, who)
        return 0
    reason = await _reason(tx, deed)
    unit = await _unit(tx, row, exponent)
    word = deed.reason or DEFAULTS[deed.state]
    kind = {SCRAPPED: "scrapped", LOST: "lost", RETURNED: "returned to the supplier"}[deed.state]
    step = _step(deed, row, kind, row["site"], deed.state, who.actor)
    if unit.cell is None or unit.books is None:
        await tell(tx, *await place(tx, [step], {row["id"]: row}))
        return 0
    source = _lying(unit)
    one = 10**unit.cell.product.decimals
    if reason is not None:
        await _witnessed(tx, unit, reason, costs.share(source.cost, one, source.on_hand))
    entry = Entry(deed.happened_at, who.actor, word, deed.id, 0, deed.trace_id)
    cost = _carry(unit, source, unit.cell.site.place(*TARGETS[deed.state]), entry)
    told = await place(tx, [step], {row["id"]: row})
    await close_books(tx, unit.books, [_adjusted(unit, -1, cost, entry, deed.note), *told], broken_by="adjustment")
    return cost


async def _by_adjustment(tx: Tx, deed: Deed, row: Any, who: Principal) -> None:
    """Name the unit that a posted adjustment wrote off; the books have moved. Raises SerialsDiffer."""
    one = await lock_adjustment(tx, deed.adjustment_id) if deed.adjustment_id else None
    product = (await products_of(tx, [row["product_id"]]))[row["product_id"]]
    named = await rows.named_by(tx, one["id"]) if one else 0
    fits = one is not None and (one["state"], one["site"], one["product_id"]) == ("posted", row["site"], product.id)
    written_off = -one["quantity"] // 10**product.decimals if one is not None and fits else 0
    if one is None or named >= written_off:
        raise SerialsDiffer(
            "No posted adjustment of this product and site has a unit left to name",
            field="adjustment_id",
            wanted=str(max(0, written_off)),
            named=named,
            ways_out=("let a witness confirm it first", "choose the adjustment of this unit"),
        )
    step = _step(deed, row, "adjusted", row["site"], deed.state, who.actor)._replace(cause_id=one["id"])
    await tell(tx, *await place(tx, [step], {row["id"]: row}))


async def _reason(tx: Tx, deed: Deed) -> Reason | None:
    """The managed reason of a write-off; a return to the supplier has none. Raises UnknownReason or NoteMissing."""
    account = ACCOUNTS.get(deed.state)
    if account is None:
        return None
    found = (await all_reasons(tx)).get(deed.reason or DEFAULTS[deed.state])
    if found is None or found.account != account:
        raise UnknownReason("No such reason has this code", field="reason", reason=deed.reason)
    found.check(-1, deed.note)
    return found


async def _witnessed(tx: Tx, unit: _Unit, reason: Reason, cost: int) -> None:
    """Pass when one person is enough (N-22). Raises WitnessNeeded."""
    if unit.cell is None:
        return
    site = unit.cell.site.slug
    needed = rule_of(await rules_of(tx, [site]), site).why(reason, unit.cell.product.drug_class, cost)
    if needed:
        raise WitnessNeeded(
            "A second person must confirm this write-off",
            field="reason",
            needed=needed,
            cost_minor=cost,
            ways_out=("enter an adjustment of 1, which a witness confirms", "then write the unit off by that one"),
        )


def _adjusted(unit: _Unit, sign: int, cost: int, entry: Entry, note: str) -> StockAdjusted:
    if unit.cell is None or unit.lot is None:
        raise LookupError("only a unit of the books is adjusted")
    return StockAdjusted(
        site=unit.cell.site.slug, adjustment_id=entry.cause_id, product_id=unit.cell.product.id, lot_id=unit.lot.id,
        quantity="1" if sign > 0 else "-1", cost_minor=sign * cost, reason=entry.reason, note=note,
        happened_at=entry.happened_at, actor=entry.actor,
    )  # fmt: skip


async def find(tx: Tx, deed: Deed, who: Principal, exponent: int) -> None:
    """A lost unit turned up, or a sold one came back with goods that a return brought: it is in stock again.

    Raises UnknownSerial, or SerialMove: for a sold one unless its charge brought back more than units are named for.
    """
    row = await locked(tx, deed.serial_id, who, "stock.asset")
    step = _step(deed, row, "found", row["site"], IN_STOCK, who.actor)
    if row["state"] == SOLD:
        await _must_be_back(tx, row)
        await tell(tx, *await place(tx, [step._replace(kind="brought back")], {row["id"]: row}))
        return
    if row["state"] != LOST:
        raise elsewhere(row, "only a lost or sold unit can be found")
    unit = await _unit(tx, row, exponent)
    told: list[Event] = await place(tx, [step], {row["id"]: row})
    if unit.cell is None or unit.books is None or unit.lot is None:
        await tell(tx, *told)
        return
    entry = Entry(deed.happened_at, who.actor, FOUND, deed.id, 0, deed.trace_id)
    cell, lot, one = unit.cell, unit.lot, 10**unit.cell.product.decimals
    target = _shelf(unit.books, cell.site, lot)
    if row["is_recalled"]:
        target = cell.site.place(places.QUARANTINE, places.RECALLED)
    cost = row["cost_minor"]
    unit.books.receive(cell, lot, one, cost, entry, source=cell.site.place(places.LOST_AND_FOUND), target=target)
    await close_books(tx, unit.books, [_adjusted(unit, 1, cost, entry, deed.note), *told])


def _shelf(books: Books, site: Site, lot: Lot) -> places.Place:
    if is_usable(lot.expires_on, books.day(books.now, site)):
        return site.place(places.SHELF)
    return site.place(places.QUARANTINE, places.EXPIRED)


async def _must_be_back(tx: Tx, row: Any) -> None:
    taken = await lots_of_charges(tx, [row["charge_id"]])
    product = (await products_of(tx, [row["product_id"]]))[row["product_id"]]
    kept = sum(one["quantity"] for one in taken if one["product_id"] == product.id) // 10**product.decimals
    named = [
        one for one in await rows.lock_where(tx, "charge_id", [row["charge_id"]]) if one["product_id"] == product.id
    ]
    if len(named) <= kept:
        raise elsewhere(row, "no return or void brought it back")
