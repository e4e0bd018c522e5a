"""The only home of setting the two levels of a product at a site (STK-04, DESIGN 3.11)."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.stock import MinimumChanged
from lotwise.kit.database import Tx
from lotwise.stock.domain.cells import Books, Cell
from lotwise.stock.domain.places import Product
from lotwise.stock.domain.refusals import LevelsCrossed, NotKept, UnknownProduct, UnknownSite
from lotwise.stock.operations.closing import close_books
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.values import Refusal, format_quantity, parse_quantity


class Minimum(NamedTuple):
    """The two levels as entered; None takes a level away (the product's default reorder point counts again)."""

    site: str
    product_id: UUID
    minimum: str | None
    reorder_at: str | None
    expected: Callable[[int], None] | None = None


Outcome = int | Refusal
"""The new revision of the two levels, or why not."""


async def set_minimums(tx: Tx, wanted: Sequence[Minimum], exponent: int) -> list[Outcome]:
    """Set levels, each outcome in its place; a crossing that the change makes is told at once.

    `expected` is called with the revision of the locked levels and may raise: an edit names what it edits.
    """
    products = await products_of(tx, {one.product_id for one in wanted})
    sites = await sites_of(tx, {one.site for one in wanted})
    outcomes: dict[int, Outcome] = {}
    good: dict[int, tuple[int | None, int | None]] = {}
    for index, one in enumerate(wanted):
        try:
            if one.site not in sites:
                raise UnknownSite("No site has this name", field="site", site=one.site)
            good[index] = levels_of(one, products.get(one.product_id))
        except Refusal as refusal:
            outcomes[index] = refusal
    keys = {(wanted[index].site, wanted[index].product_id) for index in good}
    books = await open_books(tx, keys, sites, products, datetime.now(UTC), exponent)
    events: list[Event] = []
    for index, levels in good.items():
        outcomes[index] = _set(books, wanted[index], levels, events)
    await close_books(tx, books, events)
    return [outcomes[index] for index in range(len(wanted))]


def levels_of(one: Minimum, product: Product | None) -> tuple[int | None, int | None]:
    """The two levels in smallest units. Raises UnknownProduct, NotKept or LevelsCrossed."""
    if product is None:
        raise UnknownProduct("No product has this id", field="product_id", product_id=str(one.product_id))
    if not product.is_kept:
        raise NotKept(f"{product.name} has no stock to watch", field="product_id")
    return _level(one.minimum, product, "minimum"), _level(one.reorder_at, product, "reorder_at")


def _level(text: str | None, product: Product, field: str) -> int | None:
    if text is None:
        return None
    try:
        quantity = parse_quantity(text, product.decimals)
    except ValueError as error:
        raise LevelsCrossed(str(error), field=field) from error
    if quantity < 0:
        raise LevelsCrossed("A level is not below zero", field=field)
    return quantity


def _set(books: Books, one: Minimum, levels: tuple[int | None, int | None], events: list[Event]) -> Outcome:
    cell = books.cells[one.site, one.product_id]
    level = cell.level
    if one.expected is not None:
        one.expected(level.setting_revision)
    if (level.minimum, level.own_reorder_at) != levels:
        events.append(set_levels(cell, levels))
    return level.setting_revision


def set_levels(cell: Cell, levels: tuple[int | None, int | None]) -> MinimumChanged:
    """Give a cell its two levels (smallest units); returns what is told of it. The books' closing tells crossings."""
    level = cell.level
    level.minimum, level.own_reorder_at = levels
    level.reorder_at = levels[1] if levels[1] is not None else cell.product.reorder_at
    level.setting_revision += 1
    cell.is_touched = True
    decimals = cell.product.decimals
    return MinimumChanged(
        site=cell.site.slug,
        product_id=cell.product.id,
        minimum=None if level.minimum is None else format_quantity(level.minimum, decimals),
        reorder_at=None if level.reorder_at is None else format_quantity(level.reorder_at, decimals),
        revision=level.revision + 1,
    )
