"""The only home of telling a journey: any charge, order, lot, product or shortage as its causal chain with times."""

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import orjson

from lotwise.reporting.domain.journeys import ENTRIES_MAX, ROUNDS_MAX, Search, depths
from lotwise.reporting.repository.journeys import Sought, find

if TYPE_CHECKING:
    import asyncpg

    from lotwise.kit.database import Tx


class Step(NamedTuple):
    """One event of a journey, with how many known causes lie before it."""

    row: "asyncpg.Record"
    depth: int
    body: dict[str, Any]


class Journey(NamedTuple):
    """The steps in the order they were said (that of their ids); `is_whole` is false when the limit cut it."""

    steps: list[Step]
    is_whole: bool


async def follow(tx: "Tx", start: UUID) -> Journey:
    """Follow ids, causes and effects from an id, up to 500 entries."""
    search = Search({str(start)}, wanted={start})
    rows: dict[UUID, asyncpg.Record] = {}
    for _ in range(ROUNDS_MAX):
        sought = Sought(search.next_names(), search.next_entries(), search.next_causes())
        fresh = [row for row in await find(tx, sought, ENTRIES_MAX) if row["id"] not in rows]
        for row in fresh:
            rows[row["id"]] = row
            search.found(row["id"], row["subject"].split(".")[3], row["cause_id"], orjson.loads(row["body"]))
        if not fresh or len(rows) >= ENTRIES_MAX:
            break
    return _told(rows)


def _told(rows: "dict[UUID, asyncpg.Record]") -> Journey:
    ordered = [rows[event_id] for event_id in sorted(rows)]
    deep = depths({row["id"]: row["cause_id"] for row in ordered}, (row["id"] for row in ordered))
    steps = [Step(row, deep[row["id"]], orjson.loads(row["body"])) for row in ordered[:ENTRIES_MAX]]
    return Journey(steps, len(rows) < ENTRIES_MAX)
