"""The only home of a transfer under its lock: what it carries, with the books of both its sites (N-25).

The transfer is locked first, then its cells at both sites in the one order of the books.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from lotwise.contracts.stock import LotTaken
from lotwise.kit.database import Tx
from lotwise.stock.domain import places, transfers
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Books, Cell, Taken
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import Entry
from lotwise.stock.domain.places import Place, Product, Site
from lotwise.stock.domain.refusals import TransferMove, UnknownTransfer
from lotwise.stock.domain.transfers import Part, Shipped
from lotwise.stock.operations.sales import lot_taken
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.lots import lots_of
from lotwise.stock.repository.transfers import lock_transfer, transfer_lines, transfer_lots
from lotwise.values import format_quantity


class Trip(NamedTuple):
    """A transfer under its lock, with the books of both its sites."""

    row: asyncpg.Record
    after: str
    from_site: Site
    to_site: Site
    lines: Sequence[asyncpg.Record]
    carried: Sequence[asyncpg.Record]
    books: Books
    products: dict[UUID, Product]
    lots: dict[UUID, Lot]

    @property
    def id(self) -> UUID:
        """The transfer's id."""
        return UUID(str(self.row["id"]))

    @property
    def state(self) -> str:
        """The state it is in."""
        return str(self.row["state"])

    def here(self, product_id: UUID) -> Cell:
        """The product's cell at the site it leaves."""
        return self.books.cells[self.from_site.slug, product_id]

    def there(self, product_id: UUID) -> Cell:
        """The product's cell at the site it goes to."""
        return self.books.cells[self.to_site.slug, product_id]

    def on_its_way(self) -> list[Shipped]:
        """What of its lots is in transit now."""
        return [
            Shipped(
                row["line"], row["product_id"], row["lot_id"],
                row["shipped"] - row["received"] - row["lost"] - row["returned"], row["left_minor"],
            )
            for row in self.carried
        ]  # fmt: skip


async def locked(tx: Tx, transfer_id: UUID, move: str) -> tuple[asyncpg.Record, str]:
    """The transfer, locked, and its state after the move. Raises UnknownTransfer or TransferMove."""
    row = await lock_transfer(tx, transfer_id)
    if row is None:
        raise UnknownTransfer("No transfer has this id", transfer_id=str(transfer_id))
    after = transfers.next_state(row["state"], move)
    if after is None:
        raise TransferMove(f"It is {row['state']}", state=row["state"], move=move)
    return row, after


async def begin(tx: Tx, transfer_id: UUID, move: str, exponent: int, lot_ids: Iterable[UUID] = ()) -> Trip:
    """Lock the transfer, then its cells at both sites; `lot_ids` are loaded too.

    Raises UnknownTransfer or TransferMove.
    """
    row, after = await locked(tx, transfer_id, move)
    lines = await transfer_lines(tx, transfer_id)
    carried = await transfer_lots(tx, transfer_id)
    sites = await sites_of(tx, {row["from_site"], row["to_site"]})
    products = await products_of(tx, {line["product_id"] for line in lines})
    named = {one["lot_id"] for one in lines if one["lot_id"]}
    lots = await lots_of(tx, {one["lot_id"] for one in carried} | named | set(lot_ids))
    keys = {(site, product) for site in sites for product in products}
    books = await open_books(tx, keys, sites, products, datetime.now(UTC), exponent)
    return Trip(row, after, sites[row["from_site"]], sites[row["to_site"]], lines, carried, books, products, lots)


def landing_place(trip: Trip, cell: Cell, lot: Lot) -> Place:
    """Where goods of a lot land at a site: its shelf, or its quarantine once the lot's last day there is over."""
    if is_usable(lot.expires_on, trip.books.day(trip.books.now, cell.site)):
        return cell.site.place(places.SHELF)
    return cell.site.place(places.QUARANTINE, places.EXPIRED)


def out_of_transit(trip: Trip, part: Part, target: Place, entry: Entry, *, into: Cell | None = None) -> LotTaken:
    """Move a part of what is on its way to a place, at this transfer's own cost; `into` is the target's cell."""
    cell, lot = trip.there(part.lot.product_id), trip.lots[part.lot.lot_id]
    transit = cell.site.place(places.TRANSIT)
    moved = trip.books.move(cell, transit, target, lot, part.quantity, part.cost, entry, into=into)
    return lot_taken(cell.product, part.lot.line, Taken(lot, part.quantity, part.cost, moved))


def step_lines(taken: Iterable[LotTaken]) -> list[dict[str, Any]]:
    """The lots of a step as they are kept."""
    return [
        {
            "line": one.line,
            "product_id": str(one.product_id),
            "lot_id": str(one.lot_id) if one.lot_id else None,
            "lot_number": one.lot_number,
            "quantity": one.quantity,
            "cost_minor": one.cost_minor,
        }
        for one in taken
    ]


def asked_lines(trip_lines: Iterable[Any], products: dict[UUID, Product]) -> list[dict[str, Any]]:
    """The lines of a step that moves nothing: what was asked or approved."""
    return [
        {
            "line": line["line"],
            "product_id": str(line["product_id"]),
            "lot_id": str(line["lot_id"]) if line["lot_id"] else None,
            "lot_number": "",
            "quantity": format_quantity(line["quantity"], products[line["product_id"]].decimals),
            "cost_minor": 0,
        }
        for line in trip_lines
    ]
