"""The only home of a lot's identity: corrected by an audited event, merged with another, split in two (N-20).

Goods change their lot by two movements over lost-and-found, of one quantity and one cost: the ledger keeps both ends.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import LotCorrected, LotReleased
from lotwise.kit.database import Tx
from lotwise.stock.domain import costs, places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Balance, Books, Cell
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import MERGE, RECALL, RELEASE, SPLIT, Entry
from lotwise.stock.domain.recalls import best
from lotwise.stock.domain.refusals import (
    LotExists,
    LotsDiffer,
    NotEnoughInLot,
    NothingToMove,
    UnknownLot,
    UnknownSite,
)
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.recalls import block, refuse_recalled
from lotwise.stock.operations.receipts import positive
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.day_openings import forget_openings
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.lineage import Step, add_step, lock_lots, rename, sites_holding, twin_of
from lotwise.stock.repository.locking import share_recalls
from lotwise.stock.repository.lots import LotDraft, ensure_lots, lots_of
from lotwise.stock.repository.recalls import active_scopes, cells_of, identities
from lotwise.values import format_quantity

CHAIN = "chain"
APART = (places.SHELF, places.QUARANTINE)


class Corrected(NamedTuple):
    """What a lot was called and is called now."""

    was_number: str
    number: str
    was_expires_on: date | None
    expires_on: date | None


async def correct(
    tx: Tx, lot_id: UUID, number: str | None, expires_on: date | None, *, keeps_expiry: bool, reason: str,
    entry: Entry, exponent: int,
) -> Corrected:  # fmt: skip
    """Give a lot the number and expiry that stand on its label; `None` and `keeps_expiry` leave them as they are.

    What the sweep set apart and is usable after all goes back to the shelf; a number that a recall names is blocked.
    Raises UnknownLot or LotExists.
    """
    await share_recalls(tx)
    row = (await lock_lots(tx, [lot_id])).get(lot_id)
    if row is None:
        raise UnknownLot("No lot has this id", lot_id=str(lot_id))
    now = Corrected(
        row["number"],
        row["number"] if number is None else number,
        row["expires_on"],
        row["expires_on"] if keeps_expiry else expires_on,
    )
    twin = await twin_of(tx, lot_id, now.number)
    if twin is not None:
        raise LotExists(
            f"Lot {now.number} of this product exists: merge the two",
            field="lot_number",
            lot_id=str(twin),
            ways_out=("merge this lot into it", "check the number on the label"),
        )
    if now.expires_on != now.was_expires_on:
        await forget_openings(tx, row["product_id"], lot_id)
    await rename(tx, lot_id, now.number, now.expires_on)
    await _bring_back(tx, lot_id, _corrected(lot_id, row["product_id"], now, reason, entry), entry, exponent)
    await _meet_recalls(tx, lot_id, entry, exponent)
    return now


def _corrected(lot_id: UUID, product_id: UUID, now: Corrected, reason: str, entry: Entry) -> LotCorrected:
    return LotCorrected(
        site=CHAIN, lot_id=lot_id, product_id=product_id, was_number=now.was_number, lot_number=now.number,
        was_expires_on=now.was_expires_on, expires_on=now.expires_on, reason=reason, actor=entry.actor,
        happened_at=entry.happened_at,
    )  # fmt: skip


async def _bring_back(tx: Tx, lot_id: UUID, event: LotCorrected, entry: Entry, exponent: int) -> None:
    """Goods that the sweep set apart for a wrong date lie on the shelf again."""
    books, lots = await _books_of(tx, [lot_id], exponent)
    lot, events = lots[lot_id], list[Event]([event])
    for cell in books.cells.values():
        apart = [one for one in cell.of_lot(lot_id, places.QUARANTINE) if one.place.area == places.EXPIRED]
        if lot.is_recalled or not is_usable(lot.expires_on, books.day(books.now, cell.site)):
            continue
        for balance in [one for one in apart if one.on_hand]:
            quantity, cost = balance.on_hand, balance.cost
            shelf = cell.site.place(places.SHELF)
            books.move(cell, balance.place, shelf, lot, quantity, cost, entry._replace(reason=RELEASE))
            events.append(_released(cell, lot, quantity, cost, entry))
    await close_books(tx, books, events)


def _released(cell: Cell, lot: Lot, quantity: int, cost: int, entry: Entry) -> LotReleased:
    return LotReleased(
        site=cell.site.slug, lot_id=lot.id, product_id=cell.product.id, lot_number=lot.number,
        expires_on=lot.expires_on, quantity=format_quantity(quantity, cell.product.decimals), cost_minor=cost,
        happened_at=entry.happened_at, reason="its expiry was corrected",
    )  # fmt: skip


async def _meet_recalls(tx: Tx, lot_id: UUID, entry: Entry, exponent: int) -> None:
    (one,) = await identities(tx, [lot_id])
    if one.is_recalled:
        return
    about = one.identity
    scopes = await active_scopes(tx, [about.product_id], about.gtins, [about.manufacturer])
    for recall_id, lines in sorted(scopes.items()):
        sure = best(lines, about)
        if sure:
            await block(
                tx, recall_id, {lot_id: sure}, "corrected to a recalled number",
                entry._replace(cause_id=recall_id, reason=RECALL), exponent,
            )  # fmt: skip


async def _books_of(tx: Tx, lots: Sequence[UUID], exponent: int) -> tuple[Books, dict[UUID, Lot]]:
    known = await lots_of(tx, lots)
    keys = await cells_of(tx, lots)
    sites = await sites_of(tx, {site for site, _ in keys})
    products = await products_of(tx, {lot.product_id for lot in known.values()})
    return await open_books(tx, keys, sites, products, datetime.now(UTC), exponent), known


async def merge(
    tx: Tx, lot_id: UUID, into_id: UUID, reason: str, entry: Entry, exponent: int
) -> list[tuple[str, int, int]]:
    """Make one lot of two that are one: all of the first, at every site, becomes the second; cost goes along.

    Returns (site, quantity, cost) of what moved. Raises UnknownLot, LotsDiffer (another product or owner, or goods on
    their way or in opened containers) or LotIsRecalled.
    """
    await share_recalls(tx)
    rows = await lock_lots(tx, {lot_id, into_id})
    _must_be_one(rows, lot_id, into_id)
    await refuse_recalled(tx, rows)
    books, lots = await _books_of(tx, [lot_id, into_id], exponent)
    for site in set(await sites_holding(tx, [lot_id])) - {site for site, _ in books.cells}:
        raise _on_its_way(site)
    moved: list[tuple[str, int, int]] = []
    for cell in books.cells.values():
        _must_lie_still(cell, lot_id)
        here = [one for one in cell.of_lot(lot_id, *APART) if one.on_hand]
        quantity, cost = sum(one.on_hand for one in here), sum(one.cost for one in here)
        for balance in here:
            _turn(books, cell, balance, balance.on_hand, balance.cost, lots[into_id], entry._replace(reason=MERGE))
        if quantity:
            moved.append((cell.site.slug, quantity, cost))
            step = Step(
                uuid7(), MERGE, lot_id, into_id, cell.site.slug, quantity, cost, entry.happened_at, entry.actor, reason
            )
            await add_step(tx, step)
    was, now = rows[lot_id], rows[into_id]
    figures = Corrected(was["number"], now["number"], was["expires_on"], now["expires_on"])
    await close_books(tx, books, [_corrected(lot_id, was["product_id"], figures, reason, entry)])
    return moved


def _must_be_one(rows: dict[UUID, Any], lot_id: UUID, into_id: UUID) -> None:
    missing = {lot_id, into_id} - rows.keys()
    if missing:
        raise UnknownLot("No lot has this id", lot_id=str(min(missing)))
    one, two = rows[lot_id], rows[into_id]
    if lot_id == into_id or (one["product_id"], one["owner"]) != (two["product_id"], two["owner"]):
        raise LotsDiffer("Only two lots of one product and one owner can be one", field="into")


def _must_lie_still(cell: Cell, lot_id: UUID) -> None:
    if any(one.on_hand for one in cell.of_lot(lot_id, places.TRANSIT, places.IN_USE)):
        raise _on_its_way(cell.site.slug)


def _on_its_way(site: str) -> LotsDiffer:
    return LotsDiffer(
        f"Some of it is on its way to, or opened at, {site}",
        site=site,
        ways_out=("receive the transfer first", "use up or discard the opened container first"),
    )


def _turn(books: Books, cell: Cell, balance: Balance, quantity: int, cost: int, lot: Lot, entry: Entry) -> None:
    """Goods at a place become another lot at the same place."""
    between = cell.site.place(places.LOST_AND_FOUND)
    place = balance.place
    books.move(cell, place, between, balance.lot, quantity, cost, entry)
    books.move(cell, between, place, lot, quantity, cost, entry)


class Part(NamedTuple):
    """What is split off a lot: how much at which site, and what its label says."""

    site: str
    quantity: str
    number: str
    expires_on: date | None


async def split(tx: Tx, lot_id: UUID, part: Part, reason: str, entry: Entry, exponent: int) -> Lot:
    """Make a lot of its own of a quantity that bears another label; it keeps cost, supplier and order of the first.

    Shelves are taken before quarantine. Raises UnknownLot, UnknownSite, LotExists, LotIsRecalled, NothingToMove,
    NotEnoughInLot or BadQuantity.
    """
    await share_recalls(tx)
    row = (await lock_lots(tx, [lot_id])).get(lot_id)
    if row is None:
        raise UnknownLot("No lot has this id", lot_id=str(lot_id))
    await refuse_recalled(tx, [lot_id])
    sites = await sites_of(tx, [part.site])
    if part.site not in sites:
        raise UnknownSite("No site has this name", field="site", site=part.site)
    if part.number == row["number"] or await twin_of(tx, lot_id, part.number):
        raise LotExists(f"Lot {part.number} of this product exists", field="lot_number")
    products = await products_of(tx, [row["product_id"]])
    wanted = positive(part.quantity, products[row["product_id"]])
    draft = LotDraft(
        row["product_id"], row["manufacturer"], part.number, part.expires_on, row["owner"], row["supplier_id"],
        row["purchase_order"], row["received_at"], row["unit_cost"], SPLIT,
    )  # fmt: skip
    (child,) = await ensure_lots(tx, [draft])
    books = await open_books(tx, [(part.site, row["product_id"])], sites, products, datetime.now(UTC), exponent)
    cell = books.cells[part.site, row["product_id"]]
    cost = _split_off(books, cell, lot_id, child, wanted, entry._replace(reason=SPLIT))
    await add_step(
        tx,
        Step(uuid7(), SPLIT, lot_id, child.id, part.site, wanted, cost, entry.happened_at, entry.actor, reason),
    )
    await close_books(tx, books)
    await _meet_recalls(tx, child.id, entry, exponent)
    return child


def _split_off(books: Books, cell: Cell, lot_id: UUID, child: Lot, wanted: int, entry: Entry) -> int:
    """Turn a quantity into the new lot; returns its cost."""
    here = sorted(cell.of_lot(lot_id, *APART), key=lambda one: (one.place.kind != places.SHELF, one.place.id))
    there = sum(one.on_hand for one in here)
    if not there:
        raise NothingToMove("Nothing of this lot lies here", site=cell.site.slug)
    if wanted > there:
        text = format_quantity(there, cell.product.decimals)
        raise NotEnoughInLot(f"Only {text} {cell.product.unit} lie here", field="quantity", on_hand=text)
    total = 0
    for balance in here:
        part = min(balance.on_hand, wanted)
        if part > 0:
            cost = costs.share(balance.cost, part, balance.on_hand)
            _turn(books, cell, balance, part, cost, child, entry)
            total += cost
            wanted -= part
    return total
