"""The only home of the rebuild: all figures anew from the journal, compared to the bit, then swapped in.

Load-bearing: the last portion is folded while nobody else folds, so both sides of the comparison saw the same events;
one rebuild runs at a time, so every generation but the live one may be swept at its end.
"""

from typing import TYPE_CHECKING, NamedTuple

from lotwise.reporting.domain.folding import fold
from lotwise.reporting.domain.refusals import RebuildDisturbed, RebuildRunning
from lotwise.reporting.repository import journal, projections, tallies

if TYPE_CHECKING:
    from lotwise.kit.database import Database, Tx

PORTION_ROWS = 5_000


class Rebuilt(NamedTuple):
    """What a rebuild found: events folded, the read models that differ from the live ones, and both sides' hashes."""

    events: int
    differing: list[str]
    was: dict[str, str]
    now: dict[str, str]
    is_swapped: bool


class _Start(NamedTuple):
    generation: int
    until: int
    zones: dict[str, str]


async def rebuild(db: "Database", *, is_swapped: bool, portion_rows: int = PORTION_ROWS) -> Rebuilt:
    """Fold the whole journal into a new generation, compare it with the live one, and swap it in if asked to.

    Raises RebuildRunning, or RebuildDisturbed when a site's zone changed meanwhile; then the live figures stay.
    """
    async with projections.only_rebuild(db) as is_only:
        if not is_only:
            raise RebuildRunning("Another rebuild has not ended yet.", ways_out=("Wait until it has ended.",))
        try:
            start = await _begin(db)
            events = await _fill(db, start, portion_rows)
            async with db.transaction() as tx:
                await projections.alone(tx)
                return await _finish(tx, start, events, is_swapped=is_swapped)
        finally:
            async with db.transaction() as tx:
                await projections.sweep(tx)


async def rebuild_if_due(db: "Database") -> Rebuilt | None:
    """Rebuild and swap when an upgrade asked for it; None when nothing is due, or another rebuild is at it.

    The swap itself notes that it was done: a process that dies before leaves the rebuild due for the next one.
    """
    async with db.reading() as tx:
        if (await projections.standing(tx)).due_since is None:
            return None
    try:
        return await rebuild(db, is_swapped=True)
    except (RebuildRunning, RebuildDisturbed):
        return None


async def _begin(db: "Database") -> _Start:
    async with db.transaction() as tx:
        await projections.alone(tx)
        generation = await projections.next_generation(tx)
        return _Start(generation, await journal.last_position(tx), await journal.zones(tx))


async def _fill(db: "Database", start: _Start, portion_rows: int) -> int:
    position, events = 0, 0
    while position < start.until:
        async with db.transaction() as tx:
            facts, position = await journal.read(tx, position, start.until, portion_rows)
            await tallies.store(tx, start.generation, fold(facts, start.zones))
            events += len(facts)
    return events


async def _finish(tx: "Tx", start: _Start, events: int, *, is_swapped: bool) -> Rebuilt:
    if await journal.zones(tx) != start.zones:
        raise RebuildDisturbed("A site's time zone changed meanwhile.", ways_out=("Rebuild again.",))
    last = await journal.last_position(tx)
    late, _ = await journal.read(tx, start.until, last, last - start.until + 1)
    await tallies.store(tx, start.generation, fold(late, start.zones))
    old = await projections.live(tx)
    was, now = await projections.hashes(tx, old.generation), await projections.hashes(tx, start.generation)
    if is_swapped:
        await projections.swap(tx, start.generation)
    return Rebuilt(events + len(late), [name for name in was if was[name] != now[name]], was, now, is_swapped)
