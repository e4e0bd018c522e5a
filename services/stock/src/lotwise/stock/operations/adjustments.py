"""The only home of corrections by a person: written off or found, with a reason; set apart and released."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.stock import LotEvent, LotQuarantined, LotReleased, StockAdjusted
from lotwise.kit.database import Tx
from lotwise.stock.domain import costs, places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Balance, Books, Cell, Taken
from lotwise.stock.domain.lots import FOUND, Lot
from lotwise.stock.domain.movements import QUARANTINE, RELEASE, WASTE_REASONS, Entry
from lotwise.stock.domain.places import Product, Site
from lotwise.stock.domain.refusals import (
    BadQuantity,
    LotIsExpired,
    NotEnoughInLot,
    NothingToMove,
    NotKept,
    UnknownArea,
    UnknownLot,
    UnknownProduct,
    UnknownSite,
)
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.sales import Known, own_lots
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.effects import claim
from lotwise.stock.repository.effects import taken as taken_before
from lotwise.stock.repository.lots import lots_of
from lotwise.values import Refusal, format_quantity, parse_quantity


class Adjustment(NamedTuple):
    """A correction as it was entered: `quantity` is signed; without a lot FEFO decides what is written off."""

    adjustment_id: UUID
    site: str
    product_id: UUID
    quantity: str
    reason: str
    note: str
    lot_id: UUID | None
    area: str
    happened_at: datetime
    actor: str
    trace_id: str = ""


class Adjusted(NamedTuple):
    """What an adjustment did: signed quantity and cost, and the lots; `is_repeat` when it was done before."""

    adjustment: Adjustment
    quantity: str
    cost_minor: int
    taken: tuple[Taken, ...]
    quantities: tuple[str, ...] = ()
    is_repeat: bool = False


Outcome = Adjusted | Refusal


def _understand(one: Adjustment, products: dict[UUID, Product], sites: dict[str, Site], lots: dict[UUID, Lot]) -> int:
    """The signed quantity. Raises UnknownProduct, UnknownSite, UnknownLot, UnknownArea, NotKept or BadQuantity."""
    product, site = products.get(one.product_id), sites.get(one.site)
    if product is None:
        raise UnknownProduct("No product has this id", field="product_id", product_id=str(one.product_id))
    if site is None:
        raise UnknownSite("No site has this name", field="site", site=one.site)
    if not product.is_kept:
        raise NotKept(f"{product.name} has no stock to adjust", field="product_id")
    if one.lot_id is not None and (one.lot_id not in lots or lots[one.lot_id].product_id != product.id):
        raise UnknownLot("No lot of this product has this id", field="lot_id", lot_id=str(one.lot_id))
    if (places.SHELF, one.area) not in site.places:
        raise UnknownArea(f"{one.site} has no storage area {one.area!r}", field="area")
    try:
        quantity = parse_quantity(one.quantity, product.decimals)
    except ValueError as error:
        raise BadQuantity(str(error), field="quantity", unit_decimals=product.decimals) from error
    if not quantity:
        raise BadQuantity("An adjustment of zero changes nothing", field="quantity")
    return quantity


async def adjust(tx: Tx, adjustments: Sequence[Adjustment], exponent: int) -> list[Outcome]:
    """Make corrections; each outcome stands in its place. Nothing goes below zero: a lot that holds less refuses."""
    products = await products_of(tx, {one.product_id for one in adjustments})
    sites = await sites_of(tx, {one.site for one in adjustments})
    lots = await lots_of(tx, {one.lot_id for one in adjustments if one.lot_id})
    outcomes: dict[int, Outcome] = {}
    good: dict[int, int] = {}
    for index, one in enumerate(adjustments):
        try:
            good[index] = _understand(one, products, sites, lots)
        except Refusal as refusal:
            outcomes[index] = refusal
    if good:
        now = datetime.now(UTC)
        found = {(adjustments[i].product_id, FOUND) for i, q in good.items() if q > 0 and not adjustments[i].lot_id}
        own = await own_lots(tx, found, Known(sites, products), now)
        keys = {(adjustments[index].site, adjustments[index].product_id) for index in good}
        books = await open_books(tx, keys, sites, products, now, exponent)
        outcomes |= await _apply(tx, adjustments, good, books, lots | {lot.id: lot for lot in own.values()})
    return [outcomes[index] for index in range(len(adjustments))]


async def _apply(
    tx: Tx, adjustments: Sequence[Adjustment], good: dict[int, int], books: Books, lots: dict[UUID, Lot]
) -> dict[int, Outcome]:
    done = await taken_before(tx, {adjustments[index].adjustment_id for index in good})
    outcomes: dict[int, Outcome] = {}
    events: list[StockAdjusted] = []
    for index, quantity in good.items():
        one = adjustments[index]
        if one.adjustment_id in done:
            outcomes[index] = Adjusted(one, one.quantity, 0, (), is_repeat=True)
            continue
        try:
            outcomes[index] = result = _adjust(books, one, quantity, lots)
        except Refusal as refusal:
            outcomes[index] = refusal
        else:
            done.add(one.adjustment_id)
            events.append(_adjusted(result))
    await claim(tx, {(event.adjustment_id, 0) for event in events})
    await close_books(tx, books, events, broken_by="adjustment")
    return outcomes


def _adjust(books: Books, one: Adjustment, quantity: int, lots: dict[UUID, Lot]) -> Adjusted:
    cell = books.cells[one.site, one.product_id]
    entry = Entry(one.happened_at, one.actor, one.reason, one.adjustment_id, 0, one.trace_id)
    account = cell.site.place(places.WASTE if one.reason in WASTE_REASONS else places.LOST_AND_FOUND)
    if quantity > 0:
        lot = lots[one.lot_id] if one.lot_id else next(lot for lot in lots.values() if _is_found(lot, cell))
        taken = _find(books, cell, lot, quantity, account, entry, one.area)
        sign = 1
    else:
        taken = _write_off(books, cell, -quantity, account, entry, one.lot_id)
        sign = -1
    text = format_quantity(quantity, cell.product.decimals)
    texts = tuple(format_quantity(part.quantity, cell.product.decimals) for part in taken)
    return Adjusted(one, text, sign * sum(part.cost for part in taken), tuple(taken), texts)


def _is_found(lot: Lot, cell: Cell) -> bool:
    return lot.product_id == cell.product.id and lot.number == FOUND


def _find(
    books: Books, cell: Cell, lot: Lot, quantity: int, source: places.Place, entry: Entry, area: str
) -> list[Taken]:
    """Found stock enters at the lot's last unit cost."""
    unit_cost = lot.unit_cost or cell.last_cost()
    cost = costs.value_of(unit_cost, quantity, cell.product.decimals, books.exponent)
    expired = not is_usable(lot.expires_on, books.day(books.now, cell.site))
    target = cell.site.place(places.QUARANTINE, places.EXPIRED) if expired else cell.site.place(places.SHELF, area)
    return [Taken(lot, quantity, cost, books.receive(cell, lot, quantity, cost, entry, source=source, target=target))]


def _write_off(
    books: Books, cell: Cell, quantity: int, target: places.Place, entry: Entry, lot_id: UUID | None
) -> list[Taken]:
    """From the named lot, shelf before quarantine, else by FEFO. Raises NotEnoughInLot with what there is."""
    if lot_id is None:
        there = sum(one.on_hand for one in cell.balances.values() if one.place.kind == places.SHELF)
        if there >= quantity:
            taken, missing = books.take(cell, quantity, target, entry, usable_on=date.min)
            if not missing:
                return taken
        raise _too_little(cell, there, quantity)
    balances = cell.of_lot(lot_id, places.SHELF, places.QUARANTINE, places.IN_USE)
    there = sum(one.on_hand for one in balances)
    if there < quantity:
        raise _too_little(cell, there, quantity)
    return take_of(books, cell, balances, quantity, target, entry)


def _too_little(cell: Cell, there: int, wanted: int) -> NotEnoughInLot:
    text = format_quantity(there, cell.product.decimals)
    return NotEnoughInLot(
        f"Only {text} {cell.product.unit} are here",
        field="quantity",
        on_hand=text,
        wanted=format_quantity(wanted, cell.product.decimals),
        ways_out=("write off what is here", "name the lot"),
    )


def take_of(
    books: Books, cell: Cell, balances: Sequence[Balance], quantity: int, target: places.Place, entry: Entry
) -> list[Taken]:
    """Move a quantity of one lot out of its balances, in the order of shelves then the rest."""
    taken: list[Taken] = []
    for balance in sorted(balances, key=lambda one: (one.place.kind != places.SHELF, one.place.id)):
        part = min(balance.on_hand, quantity)
        if part > 0:
            cost = costs.share(balance.cost, part, balance.on_hand)
            movement_id = books.move(cell, balance.place, target, balance.lot, part, cost, entry)
            taken.append(Taken(balance.lot, part, cost, movement_id))
            quantity -= part
    return taken


def _adjusted(result: Adjusted) -> StockAdjusted:
    one = result.adjustment
    lots = {part.lot.id for part in result.taken if part.lot}
    return StockAdjusted(
        site=one.site,
        adjustment_id=one.adjustment_id,
        product_id=one.product_id,
        lot_id=lots.pop() if len(lots) == 1 else None,
        quantity=result.quantity,
        cost_minor=result.cost_minor,
        reason=one.reason,
        note=one.note,
        happened_at=one.happened_at,
        actor=one.actor,
    )


class Apart(NamedTuple):
    """A lot set apart or released at a site."""

    lot: Lot
    product: Product
    site: str
    quantity: str
    cost_minor: int


async def set_apart(
    tx: Tx, lot_id: UUID, site: str, quantity: str | None, reason: str, entry: Entry, exponent: int
) -> Apart:
    """Move a lot, or a quantity of it, from a site's shelves to its quarantine (STK-16).

    Raises UnknownLot, UnknownSite, NothingToMove, NotEnoughInLot or BadQuantity.
    """
    books, cell, lot = await _cell_of_lot(tx, lot_id, site, exponent)
    balances = cell.of_lot(lot_id, places.SHELF)
    target = cell.site.place(places.QUARANTINE)
    moved = _move_of(books, cell, balances, quantity, target, entry._replace(reason=QUARANTINE))
    apart, event = _apart(cell, lot, moved, entry, reason, LotQuarantined)
    await close_books(tx, books, [event], broken_by="quarantine")
    return apart


async def release_lot(
    tx: Tx, lot_id: UUID, site: str, quantity: str | None, reason: str, entry: Entry, exponent: int
) -> Apart:
    """Move a lot back from quarantine to the site's shelf. Raises LotIsExpired, and what `set_apart` raises."""
    books, cell, lot = await _cell_of_lot(tx, lot_id, site, exponent)
    if not is_usable(lot.expires_on, books.day(books.now, cell.site)):
        raise LotIsExpired(
            f"The lot expired on {lot.expires_on}",
            expires_on=str(lot.expires_on),
            ways_out=("write it off", "send it back"),
        )
    balances = cell.of_lot(lot_id, places.QUARANTINE)
    moved = _move_of(books, cell, balances, quantity, cell.site.place(places.SHELF), entry._replace(reason=RELEASE))
    apart, event = _apart(cell, lot, moved, entry, reason, LotReleased)
    await close_books(tx, books, [event])
    return apart


async def _cell_of_lot(tx: Tx, lot_id: UUID, site: str, exponent: int) -> tuple[Books, Cell, Lot]:
    lot = (await lots_of(tx, [lot_id])).get(lot_id)
    if lot is None:
        raise UnknownLot("No lot has this id", lot_id=str(lot_id))
    sites = await sites_of(tx, [site])
    if site not in sites:
        raise UnknownSite("No site has this name", field="site", site=site)
    products = await products_of(tx, [lot.product_id])
    books = await open_books(tx, [(site, lot.product_id)], sites, products, datetime.now(UTC), exponent)
    return books, books.cells[site, lot.product_id], lot


def _move_of(
    books: Books, cell: Cell, balances: Sequence[Balance], quantity: str | None, target: places.Place, entry: Entry
) -> list[Taken]:
    there = sum(one.on_hand for one in balances)
    if not there:
        raise NothingToMove("There is nothing of this lot at that place", site=cell.site.slug)
    wanted = there
    if quantity is not None:
        try:
            wanted = parse_quantity(quantity, cell.product.decimals)
        except ValueError as error:
            raise BadQuantity(str(error), field="quantity") from error
        if wanted <= 0:
            raise BadQuantity("The quantity must be above zero", field="quantity")
        if wanted > there:
            raise _too_little(cell, there, wanted)
    return take_of(books, cell, balances, wanted, target, entry)


def _apart(
    cell: Cell, lot: Lot, moved: Sequence[Taken], entry: Entry, reason: str, kind: type[LotEvent]
) -> tuple[Apart, LotEvent]:
    quantity = format_quantity(sum(one.quantity for one in moved), cell.product.decimals)
    cost = sum(one.cost for one in moved)
    event = kind(
        site=cell.site.slug,
        lot_id=lot.id,
        product_id=cell.product.id,
        lot_number=lot.number,
        expires_on=lot.expires_on,
        quantity=quantity,
        cost_minor=cost,
        happened_at=entry.happened_at,
        reason=reason,
    )
    return Apart(lot, cell.product, cell.site.slug, quantity, cost), event


async def set_area_apart(tx: Tx, site: str, area: str, reason: str, entry: Entry, exponent: int) -> list[Apart]:
    """Set apart all lots of one storage area in one action: the fridge was warm (STK-42). Raises UnknownArea."""
    sites = await sites_of(tx, [site])
    if site not in sites:
        raise UnknownSite("No site has this name", field="site", site=site)
    if (places.SHELF, area) not in sites[site].places:
        raise UnknownArea(f"{site} has no storage area {area!r}", field="area")
    place = sites[site].place(places.SHELF, area)
    rows = await tx.fetch("select distinct product_id from balance where location_id = $1 and on_hand <> 0", place.id)
    products = await products_of(tx, [row[0] for row in rows])
    books = await open_books(tx, {(site, key) for key in products}, sites, products, datetime.now(UTC), exponent)
    result: list[Apart] = []
    events: list[Event] = []
    for cell in books.cells.values():
        for balance in [one for one in cell.balances.values() if one.place == place and one.on_hand and one.lot]:
            lot = balance.lot
            if lot is None:
                continue
            target = cell.site.place(places.QUARANTINE)
            moved = take_of(books, cell, [balance], balance.on_hand, target, entry._replace(reason=QUARANTINE))
            apart, event = _apart(cell, lot, moved, entry, reason, LotQuarantined)
            result.append(apart)
            events.append(event)
    await close_books(tx, books, events, broken_by="quarantine")
    return result
