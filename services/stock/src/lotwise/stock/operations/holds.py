"""The only home of promising stock: holds granted together, posted by their charge, voided, or swept (DESIGN 4)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.stock.domain import holds
from lotwise.stock.domain.cells import Books, CellKey
from lotwise.stock.domain.holds import Figures
from lotwise.stock.domain.places import Product, Site
from lotwise.stock.domain.refusals import HoldClosed, NotEnoughStock, NotKept, UnknownHold, UnknownProduct, UnknownSite
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.recalls import is_recalled
from lotwise.stock.operations.receipts import positive
from lotwise.stock.operations.sales import release
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.holds import add_holds, close_holds, lock_holds, seen_before
from lotwise.stock.repository.levels import in_transit, on_order
from lotwise.stock.repository.recalls import blocking
from lotwise.values import Refusal, format_quantity


class Wanted(NamedTuple):
    """A hold as it is asked for; its id is the charge's."""

    hold_id: UUID
    site: str
    lines: Sequence[tuple[UUID, str]]
    seconds: int
    actor: str
    lots: tuple[UUID, ...] = ()


class Granted(NamedTuple):
    """A hold that stands, or stood before (`is_repeat`)."""

    hold_id: UUID
    expires_at: datetime
    is_repeat: bool = False


Outcome = Granted | Refusal
Lines = dict[UUID, int]


async def hold(tx: Tx, wanted: Sequence[Wanted], exponent: int) -> list[Outcome]:
    """Grant holds in the order asked, each all lines or none, within what is available; outcomes in the same order.

    Asked again, a hold that stands is answered as it was; a charge that was recorded already needs none.
    """
    now = datetime.now(UTC)
    products = await products_of(tx, {product for one in wanted for product, _ in one.lines})
    sites = await sites_of(tx, {one.site for one in wanted})
    recalled = await blocking(tx, {lot_id for one in wanted for lot_id in one.lots})
    outcomes: dict[int, Outcome] = {}
    lines: dict[int, Lines] = {}
    for index, one in enumerate(wanted):
        try:
            _refuse_recalled(one, recalled)
            lines[index] = _lines(one, sites, products)
        except Refusal as refusal:
            outcomes[index] = refusal
    keys = {(wanted[index].site, product) for index, sums in lines.items() for product in sums}
    books = await open_books(tx, keys, sites, products, now, exponent)
    answered = await _answered_before(tx, wanted, now)
    outcomes |= answered
    outcomes |= await _decide(tx, wanted, {index: lines[index] for index in lines.keys() - answered.keys()}, books)
    await close_books(tx, books)
    return [outcomes[index] for index in range(len(wanted))]


def _refuse_recalled(one: Wanted, recalled: Mapping[UUID, Any]) -> None:
    """Raise LotIsRecalled when the hold names a lot that a recall blocks."""
    for lot_id in one.lots:
        row = recalled.get(lot_id)
        if row is not None:
            raise is_recalled(lot_id, row["title"], row["recall_id"])


async def _answered_before(tx: Tx, wanted: Sequence[Wanted], now: datetime) -> dict[int, Outcome]:
    seen = await seen_before(tx, {one.hold_id for one in wanted})
    outcomes: dict[int, Outcome] = {}
    first: set[UUID] = set()
    for index, one in enumerate(wanted):
        state, expires_at = seen.get(one.hold_id, ("new", None))
        if state == "granted" and expires_at is not None:
            outcomes[index] = Granted(one.hold_id, expires_at, is_repeat=True)
        elif state in {None, "posted"}:
            outcomes[index] = Granted(one.hold_id, now + timedelta(seconds=one.seconds), is_repeat=True)
        elif state == "void" or one.hold_id in first:
            outcomes[index] = HoldClosed("A hold of this id was closed or asked for before", hold_id=str(one.hold_id))
        first.add(one.hold_id)
    return outcomes


def _lines(one: Wanted, sites: dict[str, Site], products: dict[UUID, Product]) -> Lines:
    """The hold's lines summed by product. Raises UnknownSite, UnknownProduct, NotKept or BadQuantity."""
    if one.site not in sites:
        raise UnknownSite("No site has this name", field="site", site=one.site)
    quantities: list[tuple[UUID, int]] = []
    for product_id, text in one.lines:
        product = products.get(product_id)
        if product is None:
            raise UnknownProduct("No product has this id", field="product_id", product_id=str(product_id))
        if not product.is_kept:
            raise NotKept(f"{product.name} has no stock to hold", field="product_id")
        quantities.append((product_id, positive(text, product)))
    return holds.summed(quantities)


async def _decide(tx: Tx, wanted: Sequence[Wanted], lines: dict[int, Lines], books: Books) -> dict[int, Outcome]:
    outcomes: dict[int, Outcome] = {}
    rows, line_rows = [], []
    for index, sums in sorted(lines.items()):
        one = wanted[index]
        figures = _figures(books, one.site, sums)
        site = books.cells[one.site, next(iter(sums))].site
        lacking = holds.lacking(sums, figures, site.policy)
        if lacking:
            outcomes[index] = await _refusal(tx, books, (one.site, lacking[0]), figures[lacking[0]], sums[lacking[0]])
            continue
        expires_at = books.now + timedelta(seconds=one.seconds)
        outcomes[index] = Granted(one.hold_id, expires_at)
        rows.append((one.hold_id, one.site, "granted", books.now, expires_at, one.actor))
        for product_id, quantity in sums.items():
            cell = books.cells[one.site, product_id]
            cell.level.held += quantity
            cell.is_touched = cell.is_silent = True
            line_rows.append((one.hold_id, product_id, quantity))
    await add_holds(tx, rows, line_rows)
    return outcomes


def _figures(books: Books, site: str, sums: Lines) -> dict[UUID, Figures]:
    """What is usable today: a lot that the sweep has not set apart yet counts no more."""
    found = {}
    for product_id in sums:
        cell = books.cells[site, product_id]
        usable = cell.usable(books.day(books.now, cell.site)) + cell.opened()
        found[product_id] = Figures(usable, cell.level.held, cell.level.minimum)
    return found


async def _refusal(tx: Tx, books: Books, key: CellKey, figures: Figures, wanted: int) -> NotEnoughStock:
    """The no with its numbers and only the ways out that help (SAL-12)."""
    cell = books.cells[key]
    coming = (await in_transit(tx, key[0], [key[1]])).get(key[1], 0)
    ordered = (await on_order(tx, key[0], [key[1]])).get(key[1], 0)
    return not_enough(cell.product, cell.site, figures, wanted, coming, ordered)


def not_enough(
    product: Product, site: Site, figures: Figures, wanted: int, coming: int, ordered: int
) -> NotEnoughStock:
    """The refusal of a quantity that is not available, in words and numbers."""

    def text(quantity: int) -> str:
        return format_quantity(quantity, product.decimals)

    available = figures.on_hand - figures.held
    return NotEnoughStock(
        f"{product.name}: {text(wanted)} {product.unit} wanted, {text(max(0, available))} available at {site.slug}",
        ways_out=holds.ways_out(figures, wanted, coming, ordered, site.policy),
        product_id=str(product.id),
        code=product.code,
        name=product.name,
        site=site.slug,
        unit=product.unit,
        wanted=text(wanted),
        on_hand=text(figures.on_hand),
        held=text(figures.held),
        available=text(available),
        minimum=None if figures.minimum is None else text(figures.minimum),
        in_transit=text(coming),
        on_order=text(ordered),
        policy=site.policy,
    )


async def void_hold(tx: Tx, hold_id: UUID, site: str | None, exponent: int) -> bool:
    """Release a hold; True if it was open. Raises UnknownHold, or HoldClosed when its charge was recorded."""
    rows = await lock_holds(tx, [hold_id])
    if not rows or (site is not None and rows[0][1] != site):
        raise UnknownHold("No hold has this id here", hold_id=str(hold_id))
    if rows[0][2] == "posted":
        raise HoldClosed("The charge of this hold was recorded", hold_id=str(hold_id))
    return bool(await release_holds(tx, [hold_id], exponent))


async def release_holds(tx: Tx, ids: Sequence[UUID], exponent: int) -> list[tuple[UUID, str, UUID, int]]:
    """Void open holds and give back what they held; returns (hold, site, product, quantity)."""
    now = datetime.now(UTC)
    lines = await close_holds(tx, ids, "void", now)
    if lines:
        sites = await sites_of(tx, {line[1] for line in lines})
        products = await products_of(tx, {line[2] for line in lines})
        books = await open_books(tx, {(line[1], line[2]) for line in lines}, sites, products, now, exponent)
        await release(tx, books, lines)
        await close_books(tx, books)
    return lines
