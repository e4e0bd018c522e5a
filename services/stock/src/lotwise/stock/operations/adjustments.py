"""The only home of corrections by a person: written off, used or found, with a reason, alone or witnessed."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.stock import StockAdjusted
from lotwise.kit.database import Tx
from lotwise.stock.domain import costs, places
from lotwise.stock.domain.allocations import allocate, fefo, is_usable
from lotwise.stock.domain.cells import Balance, Books, Cell, Taken
from lotwise.stock.domain.lots import FOUND, Lot
from lotwise.stock.domain.movements import Entry
from lotwise.stock.domain.places import Product, Site
from lotwise.stock.domain.reasons import PLACES, USAGE, Reason
from lotwise.stock.domain.refusals import (
    BadQuantity,
    NotEnoughInLot,
    NotKept,
    QuantityMoved,
    UnknownArea,
    UnknownLot,
    UnknownProduct,
    UnknownReason,
    UnknownSite,
)
from lotwise.stock.domain.witness import Rule, rule_of
from lotwise.stock.operations.adjusted_units import Correction, follow, lock_named, lot_of_units
from lotwise.stock.operations.adjusted_units import Known as Units
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.sales import Known, own_lots
from lotwise.stock.repository.adjustments import add_adjustments, name_units, states_of
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.damages import use_damage
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.effects import claim
from lotwise.stock.repository.effects import taken as taken_before
from lotwise.stock.repository.lots import lots_of
from lotwise.stock.repository.reasons import all_reasons, rules_of
from lotwise.values import Refusal, format_quantity, parse_quantity

POSTED = "posted"
PENDING = "pending"


class Adjustment(NamedTuple):
    """A correction as it was entered: `quantity` is signed; without a lot FEFO decides what is written off.

    `witness` is who confirmed one that had to wait; such a one stands in the list already. `account` is the only one
    whose reasons this door takes, "" for any. `damage_id` is the damage of which this scraps a part, `expected` what on
    hand must be (smallest units), `serials` the units that it is about: they decide the lot.
    """

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
    witness: str = ""
    account: str = ""
    damage_id: UUID | None = None
    expected: int | None = None
    serials: tuple[str, ...] = ()


class Adjusted(NamedTuple):
    """What an adjustment did: signed quantity and cost, and the lots; `is_repeat` when it was done before.

    A `pending` one moved nothing: it waits for a witness until `expires_at`; `needed` says why (reason, class, value).
    """

    adjustment: Adjustment
    quantity: str
    cost_minor: int
    taken: tuple[Taken, ...]
    quantities: tuple[str, ...] = ()
    is_repeat: bool = False
    state: str = POSTED
    needed: str = ""
    expires_at: datetime | None = None


Outcome = Adjusted | Refusal


class Ground(NamedTuple):
    """What adjustments are judged by: the definitions, the managed reasons, the witness rules."""

    products: dict[UUID, Product]
    sites: dict[str, Site]
    lots: dict[UUID, Lot]
    reasons: dict[str, Reason]
    rules: dict[str, Rule]
    units: Units


def _understand(one: Adjustment, ground: Ground) -> int:
    """The signed quantity.

    Raises UnknownProduct, UnknownSite, UnknownLot, UnknownArea, UnknownReason, NoteMissing, NotKept or BadQuantity.
    """
    product, site, lots = ground.products.get(one.product_id), ground.sites.get(one.site), ground.lots
    if product is None:
        raise UnknownProduct("No product has this id", field="product_id", product_id=str(one.product_id))
    if site is None:
        raise UnknownSite("No site has this name", field="site", site=one.site)
    if not product.is_kept:
        raise NotKept(f"{product.name} has no stock to adjust", field="product_id")
    if one.lot_id is not None and (one.lot_id not in lots or lots[one.lot_id].product_id != product.id):
        raise UnknownLot("No lot of this product has this id", field="lot_id", lot_id=str(one.lot_id))
    if (places.SHELF, one.area) not in site.places and one.damage_id is None:
        raise UnknownArea(f"{one.site} has no storage area {one.area!r}", field="area")
    try:
        quantity = parse_quantity(one.quantity, product.decimals)
    except ValueError as error:
        raise BadQuantity(str(error), field="quantity", unit_decimals=product.decimals) from error
    if not quantity:
        raise BadQuantity("An adjustment of zero changes nothing", field="quantity")
    reason = ground.reasons.get(one.reason)
    if reason is None or one.account not in {"", reason.account}:
        raise UnknownReason("No such reason has this code", field="reason", reason=one.reason)
    if not one.witness:
        reason.check(quantity, one.note)
    return quantity


async def adjust(tx: Tx, adjustments: Sequence[Adjustment], exponent: int) -> list[Outcome]:
    """Make corrections; each outcome stands in its place. Nothing goes below zero: a lot that holds less refuses.

    What needs a second person (N-22) is only written down and moves nothing until a witness confirms it.
    """
    sites = {one.site for one in adjustments}
    units = await lock_named(tx, {(one.product_id, number) for one in adjustments for number in one.serials})
    ground = Ground(
        await products_of(tx, {one.product_id for one in adjustments}),
        await sites_of(tx, sites),
        await lots_of(tx, {one.lot_id for one in adjustments if one.lot_id}),
        await all_reasons(tx),
        await rules_of(tx, sites),
        units,
    )
    outcomes: dict[int, Outcome] = {}
    good: dict[int, int] = {}
    adjustments = list(adjustments)
    for index, one in enumerate(adjustments):
        try:
            good[index] = _understand(one, ground)
            adjustments[index] = await _with_units(tx, one, good[index], ground)
        except Refusal as refusal:
            good.pop(index, None)
            outcomes[index] = refusal
    if good:
        now = datetime.now(UTC)
        found = {(adjustments[i].product_id, FOUND) for i, q in good.items() if q > 0 and not adjustments[i].lot_id}
        own = await own_lots(tx, found, Known(ground.sites, ground.products), now)
        ground.lots.update({lot.id: lot for lot in own.values()})
        keys = {(adjustments[index].site, adjustments[index].product_id) for index in good}
        books = await open_books(tx, keys, ground.sites, ground.products, now, exponent)
        outcomes |= await _apply(tx, adjustments, good, books, ground)
    return [outcomes[index] for index in range(len(adjustments))]


async def _with_units(tx: Tx, one: Adjustment, quantity: int, ground: Ground) -> Adjustment:
    """The correction with the lot of its named units. Raises what `lot_of_units` raises."""
    if not one.serials:
        return one
    lot_id = lot_of_units(_correction(one, quantity, ground), ground.units)
    if lot_id is not None and lot_id not in ground.lots:
        ground.lots.update(await lots_of(tx, [lot_id]))
    return one._replace(lot_id=lot_id)


def _correction(one: Adjustment, quantity: int, ground: Ground) -> Correction:
    return Correction(
        one.adjustment_id, one.site, ground.products[one.product_id], quantity, ground.reasons[one.reason].account,
        one.reason, one.serials, one.lot_id, one.happened_at, one.actor,
    )  # fmt: skip


async def _apply(
    tx: Tx, adjustments: Sequence[Adjustment], good: dict[int, int], books: Books, ground: Ground
) -> dict[int, Outcome]:
    ids = {adjustments[index].adjustment_id for index in good}
    done = await taken_before(tx, ids)
    entered = await states_of(tx, ids)
    outcomes: dict[int, Outcome] = {}
    fresh: list[tuple[Adjusted, int]] = []
    for index, quantity in good.items():
        one = adjustments[index]
        if one.adjustment_id in done or (one.adjustment_id in entered and not one.witness):
            outcomes[index] = _repeated(one, entered.get(one.adjustment_id))
            continue
        try:
            _check_unmoved(books, one)
            outcomes[index] = result = _wait(books, one, quantity, ground) or _adjust(books, one, quantity, ground)
        except Refusal as refusal:
            outcomes[index] = refusal
        else:
            done.add(one.adjustment_id)
            fresh.append((result, quantity))
    events: list[Event] = [_adjusted(result) for result, _ in fresh if result.state == POSTED]
    posted = {result.adjustment.adjustment_id for result, _ in fresh if result.state == POSTED}
    await add_adjustments(
        tx, [_row(result, quantity, books, ground) for result, quantity in fresh if not result.adjustment.witness]
    )
    for result, quantity in fresh:
        one = result.adjustment
        if one.serials and result.state == POSTED:
            lot_id = next((part.lot.id for part in result.taken if part.lot), one.lot_id)
            cost = abs(result.cost_minor) // len(one.serials)
            events += await follow(tx, _correction(one, quantity, ground), ground.units, lot_id, cost)
        elif one.serials and not one.witness:
            await name_units(tx, one.adjustment_id, one.serials)
    await claim(tx, {(key, 0) for key in posted})
    await _scrapped(tx, [(result.adjustment, quantity) for result, quantity in fresh if result.state == POSTED])
    await close_books(tx, books, events, broken_by="adjustment")
    return outcomes


async def _scrapped(tx: Tx, posted: Sequence[tuple[Adjustment, int]]) -> None:
    """Count what was scrapped of damages. Raises NotEnoughInLot when a damage was repaired or sent back meanwhile."""
    parts = {(one.damage_id, one.lot_id): -quantity for one, quantity in posted if one.damage_id and one.lot_id}
    if parts and not await use_damage(tx, "scrapped", parts):
        raise NotEnoughInLot("Less of this damage is open than is to be scrapped", field="quantity")


def _area(one: Adjustment) -> str | None:
    """The area of quarantine that a write-off takes from; None for the shelf and whatever else holds the lot."""
    return one.area if one.damage_id else None


def _check_unmoved(books: Books, one: Adjustment) -> None:
    """Pass when on hand is what the form was made from. Raises QuantityMoved."""
    cell = books.cells[one.site, one.product_id]
    if one.expected is None or one.expected == cell.level.on_hand:
        return
    was, now = (format_quantity(figure, cell.product.decimals) for figure in (one.expected, cell.level.on_hand))
    raise QuantityMoved(
        f"{cell.product.name}: {was} when the form was made, {now} now",
        field="rows",
        ways_out=("apply again",),
        product_id=str(one.product_id),
        expected=was,
        on_hand=now,
    )


def _repeated(one: Adjustment, row: Any) -> Adjusted:
    """What became of an adjustment that was entered before."""
    if row is None:
        return Adjusted(one, one.quantity, 0, (), is_repeat=True)
    state, needed, expires_at = row["state"], row["needed"], row["expires_at"]
    return Adjusted(one, one.quantity, row["cost_minor"], (), (), True, state, needed, expires_at)


def _wait(books: Books, one: Adjustment, quantity: int, ground: Ground) -> Adjusted | None:
    """The adjustment as it waits for a witness, or None when one person is enough. Raises NotEnoughInLot."""
    cell, rule = books.cells[one.site, one.product_id], rule_of(ground.rules, one.site)
    if one.witness:
        return None
    cost = _cost_of(books, cell, one, quantity, ground)
    needed = rule.why(ground.reasons[one.reason], cell.product.drug_class, cost)
    if not needed:
        return None
    text = format_quantity(quantity, cell.product.decimals)
    until = books.now + timedelta(hours=rule.hours)
    return Adjusted(one, text, cost, (), (), False, PENDING, needed, until)


def _cost_of(books: Books, cell: Cell, one: Adjustment, quantity: int, ground: Ground) -> int:
    """The signed cost that an adjustment would move, with nothing moved. Raises NotEnoughInLot."""
    if quantity > 0:
        lot = _lot_of(cell, one, ground)
        return costs.value_of(lot.unit_cost or cell.last_cost(), quantity, cell.product.decimals, books.exponent)
    balances, wanted, cost = _from(cell, one, -quantity, ground), -quantity, 0
    for pick in allocate(balances, wanted, date.min, one.happened_at).picks:
        cost -= costs.share(balances[pick.position].cost, pick.quantity, balances[pick.position].on_hand)
    return cost


def _row(result: Adjusted, quantity: int, books: Books, ground: Ground) -> tuple[Any, ...]:
    one = result.adjustment
    return (
        one.adjustment_id, one.site, one.product_id, one.lot_id, one.area, quantity, result.cost_minor, one.reason,
        ground.reasons[one.reason].account, one.note, result.state, result.needed, one.happened_at, books.now,
        one.actor, one.trace_id, result.expires_at, one.damage_id, None, None,
    )  # fmt: skip


def _adjust(books: Books, one: Adjustment, quantity: int, ground: Ground) -> Adjusted:
    cell = books.cells[one.site, one.product_id]
    entry = Entry(one.happened_at, one.actor, one.reason, one.adjustment_id, 0, one.trace_id)
    account = cell.site.place(PLACES[ground.reasons[one.reason].account])
    if quantity > 0:
        lot = _lot_of(cell, one, ground)
        taken = _find(books, cell, lot, quantity, account, entry, one.area)
        sign = 1
    else:
        taken = take_in_order(books, cell, _from(cell, one, -quantity, ground), -quantity, account, entry)
        sign = -1
    text = format_quantity(quantity, cell.product.decimals)
    texts = tuple(format_quantity(part.quantity, cell.product.decimals) for part in taken)
    return Adjusted(one, text, sign * sum(part.cost for part in taken), tuple(taken), texts)


def _lot_of(cell: Cell, one: Adjustment, ground: Ground) -> Lot:
    """The lot that what was found belongs to: the named one, else the product's own lot for that."""
    if one.lot_id:
        return ground.lots[one.lot_id]
    return next(lot for lot in ground.lots.values() if lot.product_id == cell.product.id and lot.number == FOUND)


def _from(cell: Cell, one: Adjustment, quantity: int, ground: Ground) -> list[Balance]:
    """What an adjustment takes from: what is used at work comes from the back bar first. Raises NotEnoughInLot."""
    is_used = ground.reasons[one.reason].account == USAGE
    kinds = (places.BACK_BAR, places.SHELF) if is_used else (places.SHELF,)
    return sources(cell, one.lot_id, quantity, _area(one), kinds)


def take_in_order(
    books: Books, cell: Cell, balances: Sequence[Balance], quantity: int, target: places.Place, entry: Entry
) -> list[Taken]:
    """Move a quantity out of balances in their order, expired goods too; those that came after the deed go last."""
    taken: list[Taken] = []
    for pick in allocate(balances, quantity, date.min, entry.happened_at).picks:
        one = balances[pick.position]
        cost = costs.share(one.cost, pick.quantity, one.on_hand)
        movement_id = books.move(cell, one.place, target, one.lot, pick.quantity, cost, entry)
        taken.append(Taken(one.lot, pick.quantity, cost, movement_id))
    return taken


def sources(
    cell: Cell, lot_id: UUID | None, quantity: int, area: str | None = None, kinds: Sequence[str] = (places.SHELF,)
) -> list[Balance]:
    """Where a write-off takes from: the named lot, shelf first, else these kinds of places, each by FEFO.

    With an `area` only that part of quarantine is looked at. Raises NotEnoughInLot.
    """
    if lot_id is None:
        here = [one for one in cell.balances.values() if one.lot and not one.lot.is_recalled]
        balances = [one for kind in kinds for one in fefo([part for part in here if part.place.kind == kind])]
    elif area is not None:
        balances = [one for one in cell.of_lot(lot_id, places.QUARANTINE) if one.place.area == area]
    else:
        balances = sorted(
            cell.of_lot(lot_id, *places.SHELVES, places.QUARANTINE),
            key=lambda one: (one.place.kind != places.SHELF, one.place.id),
        )
    there = sum(one.on_hand for one in balances)
    if there < quantity:
        raise too_little(cell, there, quantity)
    return balances


def _find(
    books: Books, cell: Cell, lot: Lot, quantity: int, source: places.Place, entry: Entry, area: str
) -> list[Taken]:
    """Found stock enters at the lot's last unit cost."""
    unit_cost = lot.unit_cost or cell.last_cost()
    cost = costs.value_of(unit_cost, quantity, cell.product.decimals, books.exponent)
    expired = not is_usable(lot.expires_on, books.day(books.now, cell.site))
    target = cell.site.place(places.QUARANTINE, places.EXPIRED) if expired else cell.site.place(places.SHELF, area)
    return [Taken(lot, quantity, cost, books.receive(cell, lot, quantity, cost, entry, source=source, target=target))]


def too_little(cell: Cell, there: int, wanted: int) -> NotEnoughInLot:
    """The refusal of more than what lies here, with both figures."""
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
