"""The only home of the clock among opened containers: at their use-by the rest is waste, or waits for a witness."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from lotwise.contracts.ids import uuid7
from lotwise.kit import audit
from lotwise.kit.database import Tx
from lotwise.stock.domain.cells import Cell, CellKey
from lotwise.stock.domain.containers import OPEN, USE_BY, Container, discard, set_apart
from lotwise.stock.domain.movements import Entry
from lotwise.stock.operations.consumption import close_consumption, open_consumption
from lotwise.stock.operations.containers import books_of
from lotwise.stock.operations.waiting import CLOCK, Judge, Waiting, judge_of, wait_for_witness
from lotwise.stock.repository.adjustments import expire_of_closed, expire_of_containers, pending_rests
from lotwise.stock.repository.containers import due_cells


class Over(NamedTuple):
    """A container whose use-by has come, and why its waste needs a witness; "" when it needs none."""

    cell: Cell
    container: Container
    needed: str

    @property
    def entry(self) -> Entry:
        """What the clock says of it, dated at its use-by."""
        at = max(self.container.use_by or self.container.opened_at, self.container.opened_at)
        return Entry(at, CLOCK, USE_BY, uuid7())


async def sweep_containers(tx: Tx, now: datetime, rows_max: int, exponent: int) -> int:
    """End the containers whose use-by has come, dated then; returns how many changed.

    What is left is thrown away. Where that needs a witness (N-22, STK-40: controlled drugs) it is set apart instead,
    available to nobody, and its waste stands in the list of what waits until somebody signs it. What waits of a
    container that late facts used up meanwhile is taken off that list.
    """
    await _tell_expired(tx, await expire_of_closed(tx, rows_max), "nothing of it is left")
    keys = await due_cells(tx, now, rows_max)
    if not keys:
        return 0
    books = await books_of(tx, keys, exponent)
    done = await open_consumption(tx, books, {}, {})
    judge = await judge_of(tx, {key[0] for key in keys})
    over = [
        Over(books.cells[key], one, _needed(judge, books.cells[key], one))
        for key, containers in done.opened.containers.items()
        for one in containers
        if one.state == OPEN and one.is_over(now)
    ]
    waiting = await _wait(tx, over, judge, books.now)
    for one in over:
        if one.needed:
            set_apart(books, one.cell, one.container, one.entry)
        else:
            discard(books, done.opened, one.cell, one.container, one.entry)
    await close_consumption(tx, done)
    return waiting + sum(not one.needed or one.container.is_touched for one in over)


def _needed(judge: Judge, cell: Cell, container: Container) -> str:
    if not container.left:
        return ""
    return judge.why(cell.site.slug, USE_BY, cell.product.drug_class, container.cost)


async def _wait(tx: Tx, over: Sequence[Over], judge: Judge, now: datetime) -> int:
    """Let the rests wait that do not yet; a deed about another quantity than is left by now is replaced."""
    known = await pending_rests(tx, [one.container.id for one in over])
    asked = {one.container.id: one.container.left if one.needed else 0 for one in over}
    stale = [key for key, quantity in known.items() if asked[key] != quantity]
    closed = await expire_of_containers(tx, stale) if stale else []
    await _tell_expired(tx, closed, "it is no longer what is left")
    free = {row["container_id"] for row in closed} | asked.keys() - known.keys()
    deeds = [_deed(one) for one in over if one.needed and one.container.id in free]
    await wait_for_witness(tx, deeds, judge, now)
    return len(deeds)


async def _tell_expired(tx: Tx, closed: Sequence[Any], why: str) -> None:
    """Leave a row in the audit trail for each deed that nobody needs to witness any more."""
    entries = [
        audit.Entry(
            "service:stock", "stock.witness", "expire adjustment", row["site"], str(row["id"]),
            {"entered_by": row["actor"], "reason": row["reason"]}, why,
        )
        for row in closed
    ]  # fmt: skip
    if entries:
        await audit.record(tx, *entries)


def _deed(one: Over) -> Waiting:
    key: CellKey = (one.cell.site.slug, one.cell.product.id)
    container = one.container
    return Waiting(
        *key, container.lot.id, "", container.left, container.cost, USE_BY, "its use-by has come", one.needed,
        one.entry.happened_at, CLOCK, container_id=container.id,
    )  # fmt: skip
