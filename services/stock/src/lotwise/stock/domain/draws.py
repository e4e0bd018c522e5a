"""The only home of where a fact's units come from: what is open first, then what is opened next, then the shelf.

Facts are never refused: what no container and no shelf covers comes from the unattributed account.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.stock.domain import costs, places
from lotwise.stock.domain.allocations import allocate, fefo
from lotwise.stock.domain.cells import Balance, Books, Cell, Taken
from lotwise.stock.domain.containers import (
    OPEN,
    Container,
    Opened,
    Source,
    Visitor,
    draw,
    draw_waste,
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


class Asked(NamedTuple):
    """How a fact takes: when and why, for whom, of which lot if it named one, and from which kinds of shelves.

    A treatment takes from the back bar before the shelf; a sale never looks there.
    """

    entry: Entry
    visitor: Visitor
    lot_id: UUID | None = None
    kinds: tuple[str, ...] = (places.SHELF,)


def consume(case: Case, cell: Cell, wanted: int, asked: Asked) -> tuple[list[Source], int]:
    """Take for a fact, never refused: from what is open, then from what is opened next, then from shelves as ever.

    A fact that comes late draws first from what was open at its time, though its rest was swept since.

    Returns all that was taken, and how much of it no lot covers.
    """
    entry = asked.entry
    sources: list[Source] = []
    if cell.product.is_drawn:
        for swept in case.opened.swept(cell, entry.happened_at, asked.visitor):
            part = min(wanted, swept.wasted)
            if part:
                taken = draw_waste(case.books, case.opened, cell, swept, part, entry, asked.visitor)
                sources.append(Source(taken, swept.id, swept.place.id))
                wanted -= part
        while wanted and (container := _next(case, cell, asked)) is not None:
            part = min(wanted, container.left)
            taken = draw(case.books, case.opened, cell, container, part, entry, asked.visitor)
            sources.append(Source(taken, container.id, container.place.id))
            wanted -= part
    elif places.BACK_BAR in asked.kinds:
        sources = _from_back_bar(case, cell, wanted, asked)
        wanted -= sum(one.taken.quantity for one in sources)
    missing = 0
    if wanted:
        target, known = cell.site.place(places.PATIENT), len(case.books.movements)
        more, missing = case.books.issue(cell, wanted, target, entry, lot_id=asked.lot_id)
        moved = {one.id: one.from_location for one in case.books.movements[known:]}
        sources += [Source(one, None, moved[one.movement_id]) for one in more]
    return sources, missing


def _from_back_bar(case: Case, cell: Cell, wanted: int, asked: Asked) -> list[Source]:
    """What the back bar has of it, by FEFO; of a named lot alone when the fact names one."""
    entry = asked.entry
    order = [one for one in _closed(cell, places.BACK_BAR) if asked.lot_id is None or one.lot_key == asked.lot_id]
    sources = []
    for pick in allocate(order, wanted, case.books.day(entry.happened_at, cell.site), entry.happened_at).picks:
        one = order[pick.position]
        cost = costs.share(one.cost, pick.quantity, one.on_hand)
        target = cell.site.place(places.PATIENT)
        movement_id = case.books.move(cell, one.place, target, one.lot, pick.quantity, cost, entry)
        sources.append(Source(Taken(one.lot, pick.quantity, cost, movement_id), None, one.place.id))
    return sources


def _closed(cell: Cell, kind: str) -> list[Balance]:
    """What lies closed in places of a kind, in FEFO order; never a recalled lot."""
    there = [one for one in cell.balances.values() if one.place.kind == kind and one.lot]
    return fefo([one for one in there if one.lot and not one.lot.is_recalled])


def _next(case: Case, cell: Cell, asked: Asked) -> Container | None:
    """What is drawn next: a named lot open or closed, then what is open, then what is closed by FEFO; None at the end.

    A named lot is taken even when it is recalled: the fact says so.
    """
    at, visitor, lot_id = asked.entry.happened_at, asked.visitor, asked.lot_id
    if lot_id is not None:
        named = [one for one in case.opened.of(cell) if one.lot.id == lot_id and one.left > 0 and one.state == OPEN]
        for one in in_order(named):
            if one.serves(visitor) and not one.is_over(at):
                return one
        for closed in cell.of_lot(lot_id, *asked.kinds):
            if closed.on_hand > 0:
                return _open(case, cell, closed, asked)
    open_now = case.opened.usable(cell, at, visitor)
    if open_now:
        return open_now[0]
    balance = next_closed(case.books, cell, at, asked.kinds)
    return None if balance is None else _open(case, cell, balance, asked)


def _open(case: Case, cell: Cell, balance: Balance, asked: Asked) -> Container | None:
    """Open a container of a shelf balance for a fact."""
    entry = asked.entry
    if balance.lot is None:
        return None
    is_shared = cell.product.container_rule == places.MULTI_PATIENT
    place = cell.site.place(places.IN_USE, places.SHARED if is_shared else places.BOUND)
    container = Container(
        case.new_id(), balance.lot, place, label_of(cell.product, balance.on_hand), entry.happened_at, entry.actor,
        use_by_of(cell.product, cell.site, balance.lot, entry.happened_at, is_shared=is_shared),
        is_automatic=True, is_confirmed=balance.lot.id == asked.lot_id,
        proposed_lot_id=_passed_over(case, cell, balance.lot, asked),
    )  # fmt: skip
    container.bind(asked.visitor)
    return open_one(case.books, case.opened, cell, balance, container, entry)


def _passed_over(case: Case, cell: Cell, lot: Lot, asked: Asked) -> UUID | None:
    """The lot that FEFO would have opened when a fact named another one (STK-36)."""
    if asked.lot_id is None:
        return None
    first = next_closed(case.books, cell, asked.entry.happened_at, asked.kinds)
    return first.lot_key if first is not None and first.lot_key != lot.id else None


def next_closed(books: Books, cell: Cell, at: datetime, kinds: Sequence[str] = (places.SHELF,)) -> Balance | None:
    """The balance that the next container comes from: of the first kind that has one, FEFO as of the site's day."""
    for kind in kinds:
        order = _closed(cell, kind)
        picks = allocate(order, 1, books.day(at, cell.site), at).picks
        if picks:
            return order[picks[0].position]
    return None
