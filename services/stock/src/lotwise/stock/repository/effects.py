"""The only home of which causes took their effect: the lock against a second one, whatever delivered it."""

from collections.abc import Collection, Iterable
from uuid import UUID

from lotwise.kit.database import Tx

_CLAIM = """
insert into effect (cause_id, line) select cause_id, line from unnest($1::uuid[], $2::int[]) as e(cause_id, line)
order by cause_id, line on conflict do nothing returning cause_id, line
"""

_CLAIM_CHARGES = """
with fresh as (
    insert into effect (cause_id, line) select id, 0 from unnest($1::uuid[]) as c(id) order by id
    on conflict do nothing returning cause_id)
select cause_id as charge_id, exists (select from hold h where h.id = f.cause_id and h.state = 'granted') as is_held
from fresh f
"""


async def claim_charges(tx: Tx, charges: Collection[UUID]) -> dict[UUID, bool]:
    """Claim the effect of these charges; those that nobody claimed before, each with whether a hold of it is open."""
    return {row[0]: row[1] for row in await tx.fetch(_CLAIM_CHARGES, list(charges))}


async def claim(tx: Tx, effects: Iterable[tuple[UUID, int]]) -> set[tuple[UUID, int]]:
    """Claim these (cause, line) effects; returns those that nobody claimed before. Line 0 is the cause as a whole."""
    wanted = list(effects)
    if not wanted:
        return set()
    rows = await tx.fetch(_CLAIM, [one[0] for one in wanted], [one[1] for one in wanted])
    return {(row[0], row[1]) for row in rows}


async def taken(tx: Tx, causes: Collection[UUID]) -> set[UUID]:
    """Which of these causes took their effect already."""
    return {
        row[0] for row in await tx.fetch("select cause_id from effect where cause_id = any($1::uuid[])", list(causes))
    }


async def voided(tx: Tx, charges: Collection[UUID]) -> set[UUID]:
    """Which of these charges were taken back whole already; read it with their cells locked."""
    if not charges:
        return set()
    rows = await tx.fetch("select cause_id from effect where cause_id = any($1::uuid[]) and line = -1", list(charges))
    return {row[0] for row in rows}
