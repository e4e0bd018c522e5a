"""The only home of promised units in SQL: which serials a charge that is not recorded yet will hand out."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_PLEDGE = """
insert into serial_pledge as s (product_id, number, charge_id, site, actor, pledged_at, expires_at)
select product_id, number, $3, $4, $5, $6, $7 from unnest($1::uuid[], $2::text[]) as n(product_id, number)
order by product_id, number
on conflict (product_id, number) do update set charge_id = excluded.charge_id, site = excluded.site,
    actor = excluded.actor, pledged_at = excluded.pledged_at, expires_at = excluded.expires_at
where s.charge_id = excluded.charge_id or s.expires_at <= excluded.pledged_at
returning product_id, number
"""
_OF_CHARGES = """
select g.charge_id, g.product_id, g.number, g.actor, s.id, s.lot_id, s.site, s.state
from serial_pledge g left join serial s using (product_id, number)
where g.charge_id = any($1::uuid[]) order by g.product_id, g.number
"""
_FREE = """
select s.id, s.product_id, s.number, s.room, l.number as lot_number, l.id as lot_id, l.expires_on
from serial s join lot l on l.id = s.lot_id
left join serial_pledge g on g.product_id = s.product_id and g.number = s.number and g.expires_at > $4
where s.site = $1 and s.product_id = any($2::uuid[]) and s.state = 'in_stock' and not s.is_recalled
  and not l.is_recalled and (l.expires_on is null or l.expires_on >= $3::date)
  and (g.charge_id is null or g.charge_id = $5)
  and exists (select from balance b where b.lot_id = l.id and b.site = s.site and b.kind = 'shelf' and b.on_hand > 0)
order by s.product_id, l.expires_on nulls last, l.id, s.number limit $6
"""


class Pledge(NamedTuple):
    """A unit promised to a charge: its number, who promised it, and the unit itself once it has a name here."""

    charge_id: UUID
    product_id: UUID
    number: str
    actor: str
    serial_id: UUID | None
    lot_id: UUID | None
    site: str | None
    state: str | None


class Promise(NamedTuple):
    """Which charge is promised units, where, by whom, from when until when others must leave them."""

    charge_id: UUID
    site: str
    actor: str
    at: datetime
    expires_at: datetime


async def add_pledges(tx: Tx, promise: Promise, wanted: Collection[tuple[UUID, str]]) -> set[tuple[UUID, str]]:
    """Promise units by (product, number) instead of those the charge was promised before; returns those it has now.

    What another charge is promised, and whose time is not over, stays that one's.
    """
    await tx.execute(
        "delete from serial_pledge where charge_id = $1 or expires_at < $2::timestamptz - interval '90 days'",
        promise.charge_id, promise.at,
    )  # fmt: skip
    pairs = sorted(wanted)
    rows = await tx.fetch(_PLEDGE, [one[0] for one in pairs], [one[1] for one in pairs], *promise)
    return {(row["product_id"], row["number"]) for row in rows}


async def pledges_of(tx: Tx, charges: Collection[UUID]) -> list[Pledge]:
    """What these charges are promised, in the order in which units are locked."""
    return [Pledge(*row) for row in await tx.fetch(_OF_CHARGES, list(charges))]


async def end_pledges(tx: Tx, charges: Collection[UUID]) -> None:
    """The promises to these charges are kept, or nothing came of them."""
    await tx.execute("delete from serial_pledge where charge_id = any($1::uuid[])", list(charges))


async def free_units(
    tx: Tx, site: str, products: Collection[UUID], today: object, at: datetime, charge_id: UUID, rows_max: int
) -> Sequence[asyncpg.Record]:
    """Units that a charge at this site may hand out: in stock, of a usable lot, promised to nobody else."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_FREE, site, list(products), today, at, charge_id, rows_max)
    return rows
