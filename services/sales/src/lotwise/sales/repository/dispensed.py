"""The only home of SQL on what charged lines confirmed of their lots and prescriptions."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.sales.domain.dispensing import Dispensed

_COLUMNS = ", ".join(Dispensed._fields)


async def add(tx: Tx, rows: Sequence[tuple[UUID, Dispensed]]) -> None:
    """Keep what the lines of charges confirmed."""
    await tx.execute(
        f"insert into dispensed (charge_id, {_COLUMNS}) select * from unnest($1::uuid[], $2::smallint[], $3::uuid[],"
        " $4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[])",
        *zip(*[(charge_id, *one) for charge_id, one in rows], strict=True),
    )


async def of_charge(tx: Tx, charge_id: UUID) -> dict[int, dict[str, Any]]:
    """What the lines of a charge confirmed, by line."""
    rows = await tx.fetch(f"select {_COLUMNS} from dispensed where charge_id = $1", charge_id)
    return {row["line"]: dict(row) for row in rows}


class Asked(NamedTuple):
    """Which choices are listed: of these sites (None: all), on these days of the site, how the lot was chosen."""

    sites: Sequence[str] | None
    first: date
    last: date
    lot_choice: str


_CHOICES = """
select d.charge_id, d.line, c.number, c.state, c.site, c.happened_at, d.actor, d.product_id, p.code, p.name, p.unit,
       p.unit_decimals, l.quantity, d.lot_choice, d.lot_id, d.fefo_lot_id
  from dispensed d
  join charge c on c.charge_id = d.charge_id
  join site s on s.slug = c.site
  join product p on p.product_id = d.product_id
  join charge_line l on l.charge_id = d.charge_id and l.line = d.line and l.recorded_at = c.recorded_at
 where d.lot_choice = $4 and c.number is not null and ($1::text[] is null or c.site = any($1))
   and c.happened_at >= ($2::date - 1)::timestamp at time zone 'UTC'
   and c.happened_at < ($3::date + 2)::timestamp at time zone 'UTC'
   and (c.happened_at at time zone s.time_zone)::date between $2::date and $3::date
   and (c.happened_at, d.charge_id, d.line) < ($5::timestamptz, $6::uuid, $7::smallint)
 order by c.happened_at desc, d.charge_id desc, d.line desc limit $8
"""


async def chosen(tx: Tx, asked: Asked, before: tuple[datetime, UUID, int], limit: int) -> Sequence[asyncpg.Record]:
    """A page of the lines whose lots were chosen so, the newest first, before a line of a charge at an instant."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_CHOICES, *asked, *before, limit)
    return rows
