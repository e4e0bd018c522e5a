"""The only home of where a fact's units come from: what is open first, then what is opened next, then the shelf.

Facts are never refused: what no container and no shelf covers comes from the unattributed account.
"""

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from lotwise.stock.domain import places
from lotwise.stock.domain.allocations import allocate
from lotwise.stock.domain.cells import Balance, Books, Cell
from lotwise.stock.domain.containers import (
    OPEN,
    Container,
    Opened,
    Source,
    Visitor,
    draw,
    in_order,
    label_of,
    open_one,
    use_by_of,
)
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import Entry


class Case(NamedTuple):
    """What a settlement works on: the books with their containers, and what makes ids and own lots."""

    books: Books
    opened: Opened
    new_id: Callable[[], UUID]
    own_lot: Lot | None = None


def consume(
    case: Case, cell: Cell, wanted: int, entry: Entry, visitor: Visitor, lot_id: UUID | None = None
) -> tuple[list[Source], int]:
    """Take for a fact, never refused: from what is open, then from what is opened next, then from shelves as ever.

    Returns all that was taken, and how much of it no lot covers.
    """
    sources: list[Source] = []
    if cell.product.is_drawn:
        while wanted and (container := _next(case, cell, entry, visitor, lot_id)) is not None:
            part = min(wanted, container.left)
            taken = draw(case.books, case.opened, cell, container, part, entry, visitor)
            sources.append(Source(taken, container.id))
            wanted -= part
    missing = 0
    if wanted:
        more, missing = case.books.issue(cell, wanted, cell.site.place(places.PATIENT), entry, lot_id=lot_id)
        sources += [Source(one) for one in more]
    return sources, missing


def _next(case: Case, cell: Cell, entry: Entry, visitor: Visitor, lot_id: UUID | None) -> Container | None:
    """What is drawn next: a named lot open or closed, then what is open, then what is closed by FEFO; None at the end.

    A named lot is taken even when it is recalled: the fact says so.
    """
    at = entry.happened_at
    if lot_id is not None:
        named = [one for one in case.opened.of(cell) if one.lot.id == lot_id and one.left > 0 and one.state == OPEN]
        for one in in_order(named):
            if one.serves(visitor) and not one.is_over(at):
                return one
        for closed in cell.of_lot(lot_id, places.SHELF):
            if closed.on_hand > 0:
                return _open(case, cell, closed, entry, visitor, lot_id)
    open_now = case.opened.usable(cell, at, visitor)
    if open_now:
        return open_now[0]
    balance = next_closed(case.books, cell, entry)
    return None if balance is None else _open(case, cell, balance, entry, visitor, lot_id)


def _open(
    case: Case, cell: Cell, balance: Balance, entry: Entry, visitor: Visitor, lot_id: UUID | None
) -> Container | None:
    """Open a container of a shelf balance for a fact."""
    if balance.lot is None:
        return None
    is_shared = cell.product.container_rule == places.MULTI_PATIENT
    place = cell.site.place(places.IN_USE, places.SHARED if is_shared else places.BOUND)
    container = Container(
        case.new_id(), balance.lot, place, label_of(cell.product, balance.on_hand), entry.happened_at, entry.actor,
        use_by_of(cell.product, cell.site, balance.lot, entry.happened_at, is_shared=is_shared),
        is_automatic=True, is_confirmed=balance.lot.id == lot_id,
    )  # fmt: skip
    container.bind(visitor)
    return open_one(case.books, case.opened, cell, balance, container, entry)


def next_closed(books: Books, cell: Cell, entry: Entry) -> Balance | None:
    """The shelf balance that the next container comes from: FEFO as of the site's day."""
    order = [one for one in cell.in_order() if one.place.kind == places.SHELF]
    picks = allocate(order, 1, books.day(entry.happened_at, cell.site), entry.happened_at).picks
    return order[picks[0].position] if picks else None
