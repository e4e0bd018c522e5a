"""The only home of a recall's life: begun (one action blocks its lots everywhere), met by a receipt, released."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.stock import LotRecalled, LotReleased
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.stock.domain import costs, places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Balance, Books, Cell
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import RECALL, RECALL_END, Entry
from lotwise.stock.domain.places import Place, Product
from lotwise.stock.domain.recalls import LINEAGE, NAMED, Identity, Scope, best, names_nothing
from lotwise.stock.domain.refusals import (
    LotIsRecalled,
    RecallClosed,
    RecallNamesNothing,
    UnknownLot,
    UnknownProduct,
    UnknownRecall,
    UnknownSerial,
)
from lotwise.stock.domain.serials import HERE
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.recalled_units import Meant, flag, put_back, release_units, take_apart, units_meant
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.locking import own_recalls
from lotwise.stock.repository.lots import lots_of
from lotwise.stock.repository.recalls import (
    RecallDraft,
    active_scopes,
    add_recall,
    block_lots,
    blocking,
    cells_of,
    close_recall,
    close_sites,
    family,
    free_lots,
    gtins_of,
    held_by_site,
    identities,
    lock_recall,
    lots_of_subjects,
    release_lots,
    source_areas,
    tell_sites,
)
from lotwise.stock.repository.traces import add_notices
from lotwise.values import format_quantity

SINCE_EVER = UUID(int=0)


class Begun(NamedTuple):
    """What beginning a recall did: which lots it blocks now; `is_repeat` when it was begun before."""

    lots: frozenset[UUID]
    is_repeat: bool = False


async def begin(
    tx: Tx, draft: RecallDraft, scopes: Sequence[Scope], lots: Collection[UUID], exponent: int, trace_id: str = ""
) -> Begun:
    """Block what the lines mean and the named lots, at every site at once, and every later receipt of it (STK-12).

    Shelves are emptied into quarantine, holds that relied on them break, goods in transit arrive in quarantine, each
    site that ever held a lot is told, and the list of members to tell is written. Raises RecallNamesNothing,
    UnknownProduct or UnknownLot.
    """
    await _check(tx, scopes, lots)
    await own_recalls(tx)
    now = datetime.now(UTC)
    if not await add_recall(tx, draft, scopes, now):
        return Begun(frozenset(), is_repeat=True)
    units = await units_meant(tx, scopes)
    found = await meant(tx, scopes, lots)
    entry = Entry(now, draft.actor, RECALL, draft.recall_id, 0, trace_id)
    await block(tx, draft.recall_id, found, draft.title, entry, exponent, units)
    await add_notices(tx, draft.recall_id, SINCE_EVER)
    return Begun(frozenset(found))


async def _check(tx: Tx, scopes: Sequence[Scope], lots: Collection[UUID]) -> None:
    if not scopes and not lots:
        raise RecallNamesNothing("Name a product with its lots, or choose lots", field="lines")
    for number, scope in enumerate(scopes):
        field = names_nothing(scope)
        if field:
            raise RecallNamesNothing(f"Line {number + 1} blocks nothing: look at its {field}", field=field)
    wanted = {scope.product_id for scope in scopes if scope.product_id}
    unknown = wanted - (await products_of(tx, wanted)).keys()
    if unknown:
        raise UnknownProduct("No product has this id", field="product_id", product_id=str(min(unknown)))
    strange = set(lots) - (await lots_of(tx, lots)).keys()
    if strange:
        raise UnknownLot("No lot has this id", field="lots", lot_id=str(min(strange)))


async def meant(tx: Tx, scopes: Sequence[Scope], lots: Collection[UUID] = ()) -> dict[UUID, str]:
    """The lots of ours that the lines mean, with how sure that is; merged and split relatives come with them."""
    subjects = (
        {scope.product_id for scope in scopes if scope.product_id},
        {scope.gtin for scope in scopes if scope.gtin},
        {scope.manufacturer for scope in scopes if scope.manufacturer},
    )
    found: dict[UUID, str] = {}
    for one in await lots_of_subjects(tx, *subjects) if any(subjects) else ():
        sure = best(scopes, one.identity)
        if sure:
            found[one.id] = sure
    found |= dict.fromkeys(set(lots) - found.keys(), NAMED)
    relatives = await family(tx, found) - found.keys()
    return found | dict.fromkeys(relatives, LINEAGE)


async def block(
    tx: Tx,
    recall_id: UUID,
    found: Mapping[UUID, str],
    title: str,
    entry: Entry,
    exponent: int,
    units: Sequence[Meant] = (),
) -> set[UUID]:
    """Give lots the recalled state and empty the shelves of them everywhere; returns those newly blocked.

    Of a lot of which only `units` are meant, these are set apart and the rest stays free.
    """
    changed, moved = await flag(tx, recall_id, units, title, entry) if units else ([], [])
    fresh = await block_lots(tx, recall_id, found, entry.happened_at) if found else set()
    mine = {row["lot_id"] for row in changed if row["lot_id"]}
    if not fresh and not mine:
        await tell(tx, *moved)
        return set()
    books, lots = await _books_of(tx, fresh | mine, exponent)
    for cell in books.cells.values():
        for balance in [one for one in cell.balances.values() if one.lot and one.lot.id in fresh]:
            if balance.place.kind in places.SHELVES:
                _carry(books, cell, balance, cell.site.place(places.QUARANTINE, places.RECALLED), entry)
    events: list[Event] = [*moved, *_unit_events(books, recall_id, changed, lots, title, entry)]
    told = []
    for row in await held_by_site(tx, fresh):
        lot = lots[row["lot_id"]]
        product = _product(books, lot)
        told.append((lot.id, row["site"], row["on_hand"]))
        events.append(recalled(recall_id, lot, product, row["site"], row["on_hand"], row["cost"], entry, title))
    await tell_sites(tx, recall_id, told, entry.happened_at)
    await close_books(tx, books, events, broken_by="recall")
    return fresh


def _unit_events(
    books: Books, recall_id: UUID, units: Sequence[Any], lots: Mapping[UUID, Lot], title: str, entry: Entry
) -> list[Event]:
    """Set these units apart; what each site hears of those of a lot."""
    here: dict[tuple[UUID, str], list[str]] = defaultdict(list)
    cost_of: Counter[tuple[UUID, str]] = Counter()
    for row in units:
        lot = lots.get(row["lot_id"])
        if lot is None or lot.is_recalled or row["state"] not in HERE:
            continue
        cost_of[lot.id, row["site"]] += take_apart(books, row, lot, entry)
        here[lot.id, row["site"]].append(row["number"])
    events: list[Event] = []
    for (lot_id, site), numbers in sorted(here.items()):
        lot = lots[lot_id]
        product = _product(books, lot)
        quantity = len(numbers) * 10**product.decimals
        event = recalled(recall_id, lot, product, site, quantity, cost_of[lot_id, site], entry, title)
        events.append(event.model_copy(update={"serials": tuple(numbers)}))
    return events


async def _books_of(tx: Tx, lots: Collection[UUID], exponent: int) -> tuple[Books, dict[UUID, Lot]]:
    """The books of every cell of these lots' products, and the lots as they now are."""
    known = await lots_of(tx, lots)
    keys = await cells_of(tx, lots)
    sites = await sites_of(tx, {site for site, _ in keys})
    products = await products_of(tx, {lot.product_id for lot in known.values()})
    return await open_books(tx, keys, sites, products, datetime.now(UTC), exponent), known


def _product(books: Books, lot: Lot) -> Product:
    return next(cell.product for cell in books.cells.values() if cell.product.id == lot.product_id)


def _carry(books: Books, cell: Cell, balance: Balance, target: Place, entry: Entry) -> tuple[int, int]:
    """Move all of a balance; returns its quantity and cost."""
    quantity, cost = balance.on_hand, costs.share(balance.cost, balance.on_hand, balance.on_hand)
    if quantity <= 0:
        return 0, 0
    books.move(cell, balance.place, target, balance.lot, quantity, cost, entry)
    return quantity, cost


def recalled(
    recall_id: UUID, lot: Lot, product: Product, site: str, quantity: int, cost: int, entry: Entry, title: str
) -> LotRecalled:
    """What a site hears of a recalled lot."""
    return LotRecalled(
        site=site,
        recall_id=recall_id,
        lot_id=lot.id,
        product_id=product.id,
        lot_number=lot.number,
        expires_on=lot.expires_on,
        quantity=format_quantity(quantity, product.decimals),
        cost_minor=cost,
        happened_at=entry.happened_at,
        reason=title,
    )


class Arrived(NamedTuple):
    """A lot that arrives and is recalled, by which recall and with which words."""

    recall_id: UUID
    title: str


async def screen(tx: Tx, lots: Sequence[Lot]) -> tuple[list[Lot], dict[UUID, Arrived]]:
    """Hold what arrives against the recalls that stand: the lots as they now are, and by which recall (STK-41).

    Call it under `share_recalls`, before the cells are locked. A lot that a person released from a recall stays free;
    units with serials are screened once they are named.
    """
    if not lots:
        return [], {}
    candidates = [one for one in await identities(tx, {lot.id for lot in lots}) if not one.is_recalled]
    products = {one.identity.product_id for one in candidates}
    gtins = {code for one in candidates for code in one.identity.gtins}
    scopes = await active_scopes(tx, products, gtins, {one.identity.manufacturer for one in candidates})
    for recall_id, lines in sorted(scopes.items()):
        sure = {one.id: best(lines, one.identity) for one in candidates}
        found = {lot_id: match for lot_id, match in sure.items() if match}
        if found:
            await block_lots(tx, recall_id, found, datetime.now(UTC))
    rows = await blocking(tx, {lot.id for lot in lots})
    arrived = {lot_id: Arrived(row["recall_id"], row["title"]) for lot_id, row in rows.items()}
    return [lot._replace(is_recalled=lot.id in arrived) for lot in lots], arrived


async def refuse_recalled(tx: Tx, lots: Collection[UUID]) -> None:
    """Raise LotIsRecalled when a recall blocks one of these lots."""
    found = await blocking(tx, lots)
    if found:
        lot_id, row = min(found.items())
        raise is_recalled(lot_id, row["title"], row["recall_id"])


def is_recalled(lot_id: UUID, title: str = "", recall_id: UUID | None = None) -> LotIsRecalled:
    """The no of a recalled lot, with the ways that stay open."""
    return LotIsRecalled(
        f"The lot is recalled: {title}" if title else "The lot is recalled",
        field="lot_id",
        lot_id=str(lot_id),
        recall_id=str(recall_id) if recall_id else None,
        ways_out=("take another lot", "return it to the supplier", "destroy it", "release it from the recall"),
    )


class Freed(NamedTuple):
    """What a release freed: the lots, and the units, that no recall blocks any more."""

    released: tuple[UUID, ...]
    freed: frozenset[UUID]
    units: frozenset[UUID] = frozenset()


async def release(
    tx: Tx,
    recall_id: UUID,
    lots: Collection[UUID] | None,
    actor: str,
    reason: str,
    exponent: int,
    serials: Collection[UUID] = (),
) -> Freed:
    """End a recall, or its block of some lots or units: what lies in its quarantine goes back to where it came from.

    A lot that another recall blocks stays blocked; an expired one goes to the sweep's quarantine. Raises
    UnknownRecall, RecallClosed, UnknownLot or UnknownSerial.
    """
    await own_recalls(tx)
    row = await lock_recall(tx, recall_id)
    if row is None:
        raise UnknownRecall("No recall has this id", recall_id=str(recall_id))
    if row["state"] != "active":
        raise RecallClosed("It was released before", released_at=str(row["released_at"]))
    now = datetime.now(UTC)
    some = list(serials) if lots is not None or serials else None
    units = await release_units(tx, recall_id, some, actor, reason, now)
    if some is not None and units.ids != set(some):
        raise UnknownSerial("This recall does not block that unit", field="serials")
    named = lots if lots is not None else [] if serials else None
    released = await release_lots(tx, recall_id, named, now, actor, reason)
    if named is not None and set(released) != set(named):
        raise UnknownLot("This recall does not block that lot", field="lots")
    if named is None:
        await close_recall(tx, recall_id, now, actor, reason)
    freed = await free_lots(tx, released)
    entry = Entry(now, actor, RECALL_END, recall_id)
    told = {(one["lot_id"], one["site"]) for one in await close_sites(tx, recall_id, released, now)}
    if freed or units.freed:
        await _give_back(tx, freed, {one for one in told if one[0] in freed}, entry, reason, exponent, units.freed)
    return Freed(tuple(released), frozenset(freed), frozenset(row["id"] for row in units.freed))


async def _give_back(
    tx: Tx,
    freed: Collection[UUID],
    told: set[tuple[UUID, str]],
    entry: Entry,
    reason: str,
    exponent: int,
    units: Sequence[Any] = (),
) -> None:
    areas = await source_areas(tx, freed)
    books, lots = await _books_of(tx, {*freed, *(row["lot_id"] for row in units if row["lot_id"])}, exponent)
    moved = dict.fromkeys(told, (0, 0))
    moved |= put_back(books, [row for row in units if row["lot_id"] not in freed], entry)
    for cell in books.cells.values():
        for balance in [one for one in cell.balances.values() if one.lot and one.lot.id in freed]:
            lot = balance.lot
            if lot is None or (balance.place.kind, balance.place.area) != (places.QUARANTINE, places.RECALLED):
                continue
            target = _home(books, cell, lot, areas.get((lot.id, cell.site.slug), set()))
            moved[lot.id, cell.site.slug] = _carry(books, cell, balance, target, entry)
    events = [
        _released(lots[lot_id], _product(books, lots[lot_id]), site, *figures, entry, reason)
        for (lot_id, site), figures in sorted(moved.items())
    ]
    await close_books(tx, books, events)


def _home(books: Books, cell: Cell, lot: Lot, areas: Collection[str]) -> Place:
    if not is_usable(lot.expires_on, books.day(books.now, cell.site)):
        return cell.site.place(places.QUARANTINE, places.EXPIRED)
    area = next(iter(areas)) if len(areas) == 1 else ""
    return cell.site.place(places.SHELF, area)


def _released(
    lot: Lot, product: Product, site: str, quantity: int, cost: int, entry: Entry, reason: str
) -> LotReleased:
    return LotReleased(
        site=site,
        lot_id=lot.id,
        product_id=product.id,
        lot_number=lot.number,
        expires_on=lot.expires_on,
        quantity=format_quantity(quantity, product.decimals),
        cost_minor=cost,
        happened_at=entry.happened_at,
        reason=reason,
    )


async def lines_about(
    tx: Tx, product_id: UUID, number: str, manufacturer: str, expires_on: date | None = None
) -> list[UUID]:
    """The active recalls that mean a lot of this number, whether or not we hold it."""
    codes = await gtins_of(tx, [product_id])
    identity = Identity(product_id, frozenset(codes), manufacturer, number, expires_on)
    scopes = await active_scopes(tx, [product_id], codes, [manufacturer])
    return sorted(recall_id for recall_id, lines in scopes.items() if best(lines, identity))
