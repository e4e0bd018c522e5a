"""The only home of units that a recall names by their serial: these are set apart, their lot stays free (STK-41).

A recalled unit that is in stock lies in the quarantine of recalls, however it came there: when the recall begins, when
it arrives, is named, comes back or is found. Units are locked before effects, lots and levels.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.stock.domain import costs, places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Books, Cell
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import RECALL, Entry
from lotwise.stock.domain.recalls import SERIAL, Scope, matching_unit
from lotwise.stock.domain.serials import HERE, IN_REPAIR, IN_STOCK, IN_USE
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.whereabouts import place
from lotwise.stock.repository import recalled_units as rows
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.recalls import active_scopes
from lotwise.stock.repository.serials import Step

SYSTEM = "stock"


class Meant(NamedTuple):
    """A unit that a recall means, under its lock, and how sure that is."""

    row: Any
    match: str


async def units_meant(tx: Tx, scopes: Sequence[Scope]) -> list[Meant]:
    """The units of ours that the lines name by serial, locked in the order of product and number."""
    lines = [scope for scope in scopes if scope.kind == SERIAL]
    if not lines:
        return []
    found = await rows.units_of_subjects(
        tx,
        {scope.product_id for scope in lines if scope.product_id},
        {scope.gtin for scope in lines if scope.gtin},
        {scope.manufacturer for scope in lines if scope.manufacturer},
    )
    sure = {one.id: match for one in found if (match := matching_unit(lines, one.identity))}
    return [Meant(row, sure[row["id"]]) for row in await rows.lock_units(tx, sure)]


async def flag(
    tx: Tx, recall_id: UUID, units: Sequence[Meant], title: str, entry: Entry
) -> tuple[list[Any], list[Event]]:
    """Give units the recalled state on behalf of a recall; returns those it did not block yet, and what is told."""
    fresh = await rows.block_units(tx, recall_id, {one.row["id"]: one.match for one in units}, entry.happened_at)
    changed = [one.row for one in units if one.row["id"] in fresh]
    steps = [
        Step(
            row["id"], "recalled", IN_STOCK if row["state"] == IN_USE else row["state"], row["site"], row["room"],
            recall_id, title, entry.actor, entry.happened_at, row["charge_id"], row["transfer_id"],
        )
        for row in changed
    ]  # fmt: skip
    return changed, await place(tx, steps, {row["id"]: row for row in changed})


def take_apart(books: Books, row: Any, lot: Lot, entry: Entry) -> int:
    """Move one unit from where its state has it, shelf or back bar, into the quarantine of recalls; returns its cost.

    `row` is the unit as it was before. Nothing moves for a unit that is elsewhere: in repair it lies apart already,
    and so it does when another recall named it first.
    """
    cell = books.cells.get((row["site"], row["product_id"]))
    if cell is None or row["state"] not in HERE or row["state"] == IN_REPAIR or lot.is_recalled:
        return 0
    if row["is_recalled"]:
        return _cost_apart(cell, lot)
    kind = places.BACK_BAR if row["state"] == IN_USE else places.SHELF
    return _carry(books, cell, lot, kind, entry)


def _cost_apart(cell: Cell, lot: Lot) -> int:
    one = 10**cell.product.decimals
    apart = [there for there in cell.of_lot(lot.id, places.QUARANTINE) if there.place.area == places.RECALLED]
    return next((costs.share(there.cost, one, there.on_hand) for there in apart if there.on_hand >= one), 0)


def _carry(books: Books, cell: Cell, lot: Lot, kind: str, entry: Entry) -> int:
    one = 10**cell.product.decimals
    source = next((there for there in cell.of_lot(lot.id, kind) if there.on_hand >= one), None)
    if source is None:
        return 0
    cost = costs.share(source.cost, one, source.on_hand)
    target = cell.site.place(places.QUARANTINE, places.RECALLED)
    books.move(cell, source.place, target, source.lot, one, cost, entry)
    return cost


async def screen_units(tx: Tx, serials: Collection[UUID], exponent: int, entry: Entry) -> None:
    """Hold units that were named just now against the recalls that stand, and set apart those that are meant.

    Call it under `share_recalls` when nothing else of these cells is to be done.
    """
    units = await rows.units_of_ids(tx, serials) if serials else []
    if not units:
        return
    products = {one.identity.product_id for one in units}
    gtins = {code for one in units for code in one.identity.gtins}
    scopes = await active_scopes(tx, products, gtins, {one.identity.manufacturer for one in units})
    locked = {row["id"]: row for row in await rows.lock_units(tx, {one.id for one in units})} if scopes else {}
    events: list[Event] = []
    for recall_id, lines in sorted(scopes.items()):
        sure = {one.id: match for one in units if (match := matching_unit(lines, one.identity))}
        meant = [Meant(locked[key], match) for key, match in sorted(sure.items()) if key in locked]
        if meant:
            events += (await flag(tx, recall_id, meant, "named by a recall that stands", entry))[1]
    await gather_units(tx, serials, exponent, events)


async def gather_units(tx: Tx, serials: Collection[UUID] | None, exponent: int, told: Iterable[Event] = ()) -> int:
    """Set apart recalled units in stock that lie elsewhere, of these serials or of all; returns how many moved."""
    lacking = await rows.lacking_apart(tx, serials)
    events = list(told)
    if not lacking and not events:
        return 0
    keys = {(row["site"], row["product_id"]) for row in lacking}
    sites, products = await sites_of(tx, {site for site, _ in keys}), await products_of(tx, {key for _, key in keys})
    books = await open_books(tx, keys, sites, products, datetime.now(UTC), exponent)
    entry = Entry(books.now, SYSTEM, RECALL, uuid7())
    moved = 0
    for row in lacking:
        cell = books.cells[row["site"], row["product_id"]]
        lot = next((one.lot for one in cell.of_lot(row["lot_id"], places.SHELF) if one.lot), None)
        for _ in range(row["lacking"] if lot else 0):
            if lot is not None and not lot.is_recalled:
                before = len(books.movements)
                _carry(books, cell, lot, places.SHELF, entry)
                moved += len(books.movements) - before
    await close_books(tx, books, events, broken_by="recall")
    return moved


class Released(NamedTuple):
    """Units that a recall blocks no more, and which of them no other recall blocks."""

    ids: frozenset[UUID]
    freed: Sequence[Any]


async def release_units(
    tx: Tx, recall_id: UUID, serials: Collection[UUID] | None, actor: str, reason: str, now: datetime
) -> Released:
    """End the block of a recall on these units (all when None); nothing moves yet."""
    ended = await rows.end_units(tx, recall_id, serials, now, actor, reason)
    free = await rows.free_units(tx, ended) if ended else []
    return Released(frozenset(ended), free)


def put_back(books: Books, freed: Sequence[Any], entry: Entry) -> Mapping[tuple[UUID, str], tuple[int, int]]:
    """Move freed units in stock out of the quarantine of recalls: (quantity, cost) by lot and site."""
    moved: Counter[tuple[UUID, str]] = Counter()
    cost_of: Counter[tuple[UUID, str]] = Counter()
    for row in freed:
        cell = books.cells.get((row["site"], row["product_id"]))
        if cell is None or row["state"] != IN_STOCK or row["lot_id"] is None:
            continue
        one = 10**cell.product.decimals
        apart = [
            there
            for there in cell.of_lot(row["lot_id"], places.QUARANTINE)
            if there.place.area == places.RECALLED and there.on_hand >= one
        ]
        if not apart or apart[0].lot is None or apart[0].lot.is_recalled:
            continue
        lot = apart[0].lot
        usable = is_usable(lot.expires_on, books.day(books.now, cell.site))
        target = cell.site.place(places.SHELF) if usable else cell.site.place(places.QUARANTINE, places.EXPIRED)
        cost = costs.share(apart[0].cost, one, apart[0].on_hand)
        books.move(cell, apart[0].place, target, lot, one, cost, entry)
        moved[lot.id, cell.site.slug] += one
        cost_of[lot.id, cell.site.slug] += cost
    return {key: (moved[key], cost_of[key]) for key in moved}
