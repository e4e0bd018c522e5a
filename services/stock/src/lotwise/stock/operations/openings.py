"""The only home of opening a container: which lot, which size, until when, and what forbids it."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.stock.domain import places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Balance, Books, Cell
from lotwise.stock.domain.containers import Container, Visitor, label_of, open_one, use_by_of
from lotwise.stock.domain.draws import next_closed
from lotwise.stock.domain.expiry import expired_at
from lotwise.stock.domain.movements import Entry
from lotwise.stock.domain.places import Product, Site
from lotwise.stock.domain.refusals import (
    BadLabel,
    BadUseBy,
    LotIsApart,
    LotIsExpired,
    LotIsRecalled,
    LotNotConfirmed,
    NotDrawn,
    NothingToOpen,
    NotKept,
    UnknownLot,
    UnknownProduct,
    UnknownSite,
    UseByNeedsApproval,
)
from lotwise.stock.operations.consumption import close_consumption, open_consumption
from lotwise.stock.operations.containers import books_of
from lotwise.stock.operations.receipts import positive
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.effects import claim
from lotwise.stock.repository.lots import lots_of
from lotwise.values import format_quantity


class Opening(NamedTuple):
    """A container as somebody opens it; without a lot FEFO proposes one, without a label the size that fits is meant.

    A `use_by` of the opener's own needs an approver when it lies beyond the label's.
    """

    container_id: UUID
    site: str
    product_id: UUID
    lot_id: UUID | None
    label: str | None
    use_by: datetime | None
    approved_by: str
    diluent: str
    note: str
    visitor: Visitor
    happened_at: datetime
    actor: str
    trace_id: str = ""


async def open_container(tx: Tx, one: Opening, exponent: int) -> bool:
    """Take a container off the shelf and open it; False when it was opened under this id before.

    Raises UnknownSite, UnknownProduct, UnknownLot, NotKept, NotDrawn, NothingToOpen, LotIsExpired, LotIsRecalled,
    LotIsApart, LotNotConfirmed, BadLabel, BadUseBy or UseByNeedsApproval.
    """
    site, product = await _place(tx, one)
    lots = await lots_of(tx, [one.lot_id] if one.lot_id else [])
    if one.lot_id and (one.lot_id not in lots or lots[one.lot_id].product_id != product.id):
        raise UnknownLot("No lot of this product has this id", field="lot_id", lot_id=str(one.lot_id))
    if not await claim(tx, {(one.container_id, 0)}):
        return False
    books = await books_of(tx, [(site.slug, product.id)], exponent)
    cell = books.cells[site.slug, product.id]
    done = await open_consumption(tx, books, {}, {})
    proposed = next_closed(books, cell, one.happened_at)
    balance = _closed(books, cell, one, proposed)
    lot = balance.lot
    if lot is None:
        raise LookupError("what lies on a shelf has a lot")
    is_shared = product.container_rule == places.MULTI_PATIENT
    container = Container(
        one.container_id, lot, site.place(places.IN_USE, places.SHARED if is_shared else places.BOUND),
        _label(product, balance, one), one.happened_at, one.actor, _use_by(product, site, balance, one, is_shared),
        diluent=one.diluent, note=one.note, approved_by=one.approved_by, is_confirmed=one.lot_id is not None,
        proposed_lot_id=proposed.lot_key if proposed and proposed.lot_key != lot.id else None,
    )  # fmt: skip
    container.bind(one.visitor)
    entry = Entry(one.happened_at, one.actor, "", one.container_id, 0, one.trace_id)
    open_one(books, done.opened, cell, balance, container, entry)
    await close_consumption(tx, done)
    return True


async def _place(tx: Tx, one: Opening) -> tuple[Site, Product]:
    site = (await sites_of(tx, [one.site])).get(one.site)
    product = (await products_of(tx, [one.product_id])).get(one.product_id)
    if site is None:
        raise UnknownSite("No site has this name", field="site", site=one.site)
    if product is None:
        raise UnknownProduct("No product has this id", field="product_id", product_id=str(one.product_id))
    if not product.is_kept:
        raise NotKept(f"{product.name} has no stock to open", field="product_id")
    if not product.is_drawn:
        raise NotDrawn(
            f"{product.name} has no container rule: it is used whole",
            field="product_id",
            ways_out=("set a container rule for the product", "charge or adjust whole units"),
        )
    return site, product


def _closed(books: Books, cell: Cell, one: Opening, proposed: Balance | None) -> Balance:
    """The shelf balance that is opened: of the named lot, else what FEFO proposes."""
    if one.lot_id is None:
        if proposed is None:
            raise _nothing(cell)
        if cell.product.confirm_lot and proposed.lot:
            raise LotNotConfirmed(
                f"Scan the container: the first to go is lot {proposed.lot.number or 'without a number'}",
                field="lot_id",
                proposed_lot_id=str(proposed.lot.id),
                proposed_lot=proposed.lot.number,
                expires_on=str(proposed.lot.expires_on or ""),
                on_hand=format_quantity(proposed.on_hand, cell.product.decimals),
                ways_out=("scan the container", "choose the proposed lot"),
            )
        return proposed
    here = [lot for lot in (balance.lot for balance in cell.balances.values()) if lot and lot.id == one.lot_id]
    lot = here[0] if here else None
    if lot is not None and lot.is_recalled:
        raise LotIsRecalled(f"Lot {lot.number} is recalled", field="lot_id", lot_id=str(lot.id), lot_number=lot.number)
    if lot is not None and not is_usable(lot.expires_on, books.day(one.happened_at, cell.site)):
        raise LotIsExpired(
            f"Lot {lot.number} expired on {lot.expires_on}",
            field="lot_id",
            expires_on=str(lot.expires_on),
            ways_out=("open another lot", "write it off"),
        )
    closed = [balance for balance in cell.of_lot(one.lot_id, places.SHELF) if balance.on_hand > 0]
    if not closed:
        apart = sum(balance.on_hand for balance in cell.of_lot(one.lot_id, places.QUARANTINE))
        if apart:
            raise LotIsApart(
                "All that is here of this lot is set apart",
                field="lot_id",
                quarantined=format_quantity(apart, cell.product.decimals),
                ways_out=("release the lot", "open another lot"),
            )
        raise _nothing(cell)
    return max(closed, key=lambda balance: balance.on_hand)


def _nothing(cell: Cell) -> NothingToOpen:
    decimals = cell.product.decimals
    return NothingToOpen(
        f"No closed container of {cell.product.name} lies at {cell.site.slug}",
        on_hand=format_quantity(cell.level.on_hand, decimals),
        opened=format_quantity(cell.opened(), decimals),
        ways_out=("draw from what is open", "receive stock first"),
    )


def _label(product: Product, balance: Balance, one: Opening) -> int:
    if one.label is None:
        return label_of(product, balance.on_hand)
    label = positive(one.label, product)
    if label not in product.container_sizes:
        raise BadLabel(
            f"{product.name} comes in other sizes",
            field="label",
            wanted=one.label,
            sizes=[format_quantity(size, product.decimals) for size in product.container_sizes],
        )
    if label > balance.on_hand:
        raise BadLabel(
            "The lot holds less than that here",
            field="label",
            wanted=one.label,
            on_hand=format_quantity(balance.on_hand, product.decimals),
        )
    return label


def _use_by(product: Product, site: Site, balance: Balance, one: Opening, is_shared: bool) -> datetime | None:
    """The label's use-by, or the opener's own: earlier as they like, later with an approver, never past the lot."""
    lot = balance.lot
    if lot is None:
        return None
    by_label = use_by_of(product, site, lot, one.happened_at, is_shared=is_shared)
    if one.use_by is None:
        return by_label
    numbers: dict[str, Any] = {
        "use_by": one.use_by.isoformat(),
        "label_use_by": by_label.isoformat() if by_label else "",
    }
    if one.use_by <= one.happened_at:
        raise BadUseBy("It would be over before it is opened", field="use_by", **numbers)
    if lot.expires_on is not None and one.use_by > expired_at(lot.expires_on, site.zone):
        raise BadUseBy(f"The lot is over after {lot.expires_on}", field="use_by", **numbers)
    if by_label is not None and one.use_by > by_label and one.approved_by.strip() in {"", one.actor}:
        raise UseByNeedsApproval(
            "Name who approves the later use-by, another person than you",
            field="approved_by",
            ways_out=("name an approver", "keep the label's use-by"),
            **numbers,
        )
    return one.use_by
