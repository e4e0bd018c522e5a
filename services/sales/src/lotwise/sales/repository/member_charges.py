"""The only home of SQL between members and their charges."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_MEMBERS = """
select c.charge_id, c.site, c.number, c.happened_at, c.member_id, m.name, m.phone, m.email,
       m.erased_at is not null as is_erased
from charge c left join member m on m.member_id = c.member_id
where c.charge_id = any($1::uuid[]) order by c.happened_at, c.charge_id
"""
_CHARGES = """
select c.charge_id, c.site, c.number, c.state, c.happened_at from charge c
where (c.member_id = $1 or c.member_id in (select member_id from member where merged_into = $1))
  and ($2::timestamptz is null or c.happened_at >= $2) and c.state <> 'abandoned'
  and (c.happened_at, c.charge_id) < ($3::timestamptz, $4::uuid)
order by c.happened_at desc, c.charge_id desc limit $5
"""


async def members_of(tx: Tx, charges: Collection[UUID]) -> Sequence[asyncpg.Record]:
    """The members of these charges; a charge without one comes without a name."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_MEMBERS, list(charges))
    return rows


async def charges_of(
    tx: Tx, member_id: UUID, since: datetime | None, before: datetime, before_id: UUID, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of a member's charges before an instant, the newest first."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_CHARGES, member_id, since, before, before_id, limit)
    return rows
