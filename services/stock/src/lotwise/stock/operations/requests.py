"""The only home of what other sites ask of a site: its need is its usable stock less what they ask for (STK-39)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.stock.domain.cells import Cell
from lotwise.stock.operations.closing import close_books
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.requests import asked_cells, requested, store_requested


async def count_requests(tx: Tx, transfer_ids: Iterable[UUID], exponent: int) -> None:
    """Count anew what is asked of the cells that these transfers ask; a crossing that this makes is told at once."""
    keys = await asked_cells(tx, list(transfer_ids))
    sites = await sites_of(tx, {key[0] for key in keys})
    products = await products_of(tx, {key[1] for key in keys})
    books = await open_books(tx, keys, sites, products, datetime.now(UTC), exponent)
    await recount(tx, books.cells.values())
    await close_books(tx, books)


async def recount(tx: Tx, cells: Iterable[Cell]) -> None:
    """Count what is asked of locked cells and store it; the books that hold them must be closed afterwards."""
    by_key = {(cell.site.slug, cell.product.id): cell for cell in cells}
    found = await requested(tx, by_key)
    changed = []
    for key, cell in by_key.items():
        quantity = found.get(key, 0)
        if cell.level.requested != quantity:
            cell.level.requested = quantity
            cell.is_touched = True
            changed.append((*key, quantity))
    await store_requested(tx, changed)
