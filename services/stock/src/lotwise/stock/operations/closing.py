"""The only home of how every change of stock ends: crossings decided, holds broken, books stored, events told."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import (
    CostCorrected,
    Crossing,
    HoldBroken,
    LevelNow,
    ReorderPointReached,
    StockBelowMin,
    StockLevelChanged,
    StockOut,
    StockRestored,
)
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message
from lotwise.kit.outbox import Told, tell
from lotwise.stock.domain.cells import Books, Cell, CellKey, Correction
from lotwise.stock.domain.crossings import BELOW_MIN, OUT, REORDER, RESTORED, crossings, flags
from lotwise.stock.domain.holds import WARN, to_break
from lotwise.stock.operations.liabilities import owe
from lotwise.stock.repository.books import store_books
from lotwise.stock.repository.holds import break_lines, held_lines
from lotwise.stock.repository.resupply import sources_of
from lotwise.values import format_quantity

SAID: dict[str, type[Crossing]] = {
    BELOW_MIN: StockBelowMin,
    REORDER: ReorderPointReached,
    OUT: StockOut,
    RESTORED: StockRestored,
}
Causes = Mapping[CellKey, Message[Any]]
LEVELS_MAX = 1000
"""An event has at most 900,000 bytes; a level takes up to 300."""


async def close_books(
    tx: Tx, books: Books, events: Sequence[Event | Told] = (), causes: Causes | None = None, *, broken_by: str = "sale"
) -> None:
    """Store the books and tell `events`, the broken holds, the crossings and, a site at a time, the touched levels.

    `causes` names the message that touched a cell, so that its crossings carry on that trace. A cell of which
    only more is held is stored in silence: the charge or the release that follows tells its level.
    """
    told: list[Event | Told] = list(events)
    causes = causes or {}
    touched = [cell for cell in books.cells.values() if cell.is_touched]
    for cell in touched:
        if cell.level.held > cell.level.on_hand and cell.site.policy != WARN and cell.lacks_for_holds() > 0:
            told += await _break_holds(tx, books, cell, broken_by)
    told += [Told(_corrected(books, one), causes.get(one.key)) for one in books.corrections]
    said: dict[CellKey, list[Event]] = {
        (cell.site.slug, cell.product.id): _crossings(books, cell) for cell in touched if not cell.is_silent
    }
    await _name_sources(tx, said)
    changed: dict[str, list[Cell]] = defaultdict(list)
    for key, crossed in said.items():
        told += [Told(event, causes.get(key)) for event in crossed]
        changed[key[0]].append(books.cells[key])
    for site, cells in changed.items():
        cause = causes.get((site, cells[0].product.id))
        told += [Told(event, cause) for event in levels_changed(site, cells)]
    await store_books(tx, books)
    if books.owed:
        told += await owe(tx, books)
    await tell(tx, *told)


def _crossings(books: Books, cell: Cell) -> list[Event]:
    level = cell.level
    now = flags(level.on_hand + cell.opened(), level.minimum, level.reorder_at, level.requested)
    said = crossings(level.flags, now, has_shortage=level.shortage_id is not None)
    level.flags, level.revision = now, level.revision + 1
    if said and level.shortage_id is None:
        level.shortage_id = uuid7()
    events: list[Event] = [_crossing(SAID[name], books, cell, level.shortage_id) for name in said if level.shortage_id]
    if RESTORED in said:
        level.shortage_id = None
    return events


async def _name_sources(tx: Tx, said: dict[CellKey, list[Event]]) -> None:
    """Give the crossings of centrally supplied products the site that covers them; asks only when there are any."""
    crossed = [key for key, events in said.items() if any(isinstance(event, Crossing) for event in events)]
    sources = await sources_of(tx, crossed) if crossed else {}
    for key, source in sources.items():
        said[key] = [
            event.model_copy(update={"resupplied_from": source}) if isinstance(event, Crossing) else event
            for event in said[key]
        ]


def _corrected(books: Books, one: Correction) -> CostCorrected:
    return CostCorrected(
        site=one.key[0],
        product_id=one.key[1],
        quantity=format_quantity(one.quantity, books.cells[one.key].product.decimals),
        cost_minor=one.cost,
        cause_id=one.entry.cause_id,
        happened_at=one.entry.happened_at,
    )


def _crossing(kind: type[Crossing], books: Books, cell: Cell, shortage_id: UUID) -> Crossing:
    level, decimals = cell.level, cell.product.decimals
    return kind(
        site=cell.site.slug,
        shortage_id=shortage_id,
        product_id=cell.product.id,
        on_hand=format_quantity(level.on_hand + cell.opened(), decimals),
        minimum=_text(level.minimum, decimals),
        reorder_at=_text(level.reorder_at, decimals),
        normal_order_quantity=_text(level.normal_order_quantity, decimals),
        requested=format_quantity(level.requested, decimals) if level.requested else None,
        happened_at=cell.last_at or books.now,
    )


def levels_changed(site: str, cells: Sequence[Cell]) -> list[StockLevelChanged]:
    """What the cells of a site stand at now, as the others hear it: one event for up to LEVELS_MAX of them."""
    return [
        StockLevelChanged(site=site, levels=tuple(_now(cell) for cell in cells[first : first + LEVELS_MAX]))
        for first in range(0, len(cells), LEVELS_MAX)
    ]


def _now(cell: Cell) -> LevelNow:
    level, decimals = cell.level, cell.product.decimals
    return LevelNow(
        product_id=cell.product.id,
        on_hand=format_quantity(level.on_hand, decimals),
        held=format_quantity(level.held, decimals),
        opened=format_quantity(cell.opened(), decimals),
        available=format_quantity(level.available + cell.opened(), decimals),
        minimum=_text(level.minimum, decimals),
        reorder_at=_text(level.reorder_at, decimals),
        value_minor=level.value_minor,
        revision=level.revision,
    )


def _text(quantity: int | None, decimals: int) -> str | None:
    return None if quantity is None else format_quantity(quantity, decimals)


async def _break_holds(tx: Tx, books: Books, cell: Cell, reason: str) -> list[Event]:
    """Break the newest holds until what is held is there: a promise that cannot be kept is told at once."""
    lines = await held_lines(tx, cell.site.slug, cell.product.id)
    broken = set(to_break(lines, cell.lacks_for_holds()))
    await break_lines(tx, broken, cell.product.id, books.now)
    events: list[Event] = []
    for hold_id, quantity in lines:
        if hold_id in broken:
            cell.level.held -= quantity
            events.append(
                HoldBroken(
                    site=cell.site.slug,
                    hold_id=hold_id,
                    product_id=cell.product.id,
                    quantity=format_quantity(quantity, cell.product.decimals),
                    reason=reason,
                )
            )
    return events
