"""SQL of alerts as people see and handle them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from lotwise.kit.database import Tx

_SELECT = """
select a.*, p.code as product_code, p.name as product_name, p.unit as product_unit, s.name as site_name,
       o.order_id, o.number as order_number, o.state as order_state,
       case when a.cleared_at is not null then 'cleared'
            when a.snoozed_until > now() then 'snoozed'
            when a.acknowledged_at is not null then 'acknowledged'
            else 'open' end as state
  from alert a left join product p on p.id = a.product_id left join site s on s.slug = a.site
  left join answer o on o.shortage_id = (a.facts ->> 'shortage_id')::uuid
"""
_LIST = f"""
select * from ({_SELECT}) a
 where ($1::text[] is null or a.site = any($1)) and ($2::text is null or a.kind = $2)
   and (case $3::text when 'all' then true when 'active' then a.state in ('open', 'acknowledged') else a.state = $3 end)
   and ($4::timestamptz is null or (a.raised_at, a.id) < ($4, $5::uuid))
   and a.summary_id is not distinct from $7::uuid and ($8::text is null or a.severity = $8)
 order by a.raised_at desc, a.id desc limit $6
"""
_COUNT = """
select severity, count(*) as alerts from alert
 where cleared_at is null and summary_id is null and (snoozed_until is null or snoozed_until <= now())
   and ($1::text[] is null or site = any($1))
 group by severity
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of alerts is narrowed to; `sites` None means every site, `within` what stands under one alert."""

    sites: Sequence[str] | None
    kind: str | None = None
    state: str = "active"
    within: UUID | None = None
    severity: str | None = None


async def page(tx: Tx, wanted: Filter, after: tuple[datetime, UUID] | None, limit: int) -> list[dict[str, Any]]:
    """A page of alerts, the newest first."""
    at, key = after or (None, None)
    sites = None if wanted.sites is None else list(wanted.sites)
    asked = (sites, wanted.kind, wanted.state, at, key, limit, wanted.within, wanted.severity)
    return [dict(row) for row in await tx.fetch(_LIST, *asked)]


async def find(tx: Tx, alert_id: UUID) -> dict[str, Any] | None:
    """The alert, or None."""
    row = await tx.fetchrow(f"select * from ({_SELECT}) a where a.id = $1", alert_id)
    return None if row is None else dict(row)


async def lock(tx: Tx, alert_id: UUID) -> None:
    """Hold the alert's row until the transaction ends."""
    await tx.execute("select 1 from alert where id = $1 for update", alert_id)


async def count(tx: Tx, sites: Sequence[str] | None) -> dict[str, int]:
    """How many alerts stand, by severity; snoozed ones do not count."""
    rows = await tx.fetch(_COUNT, None if sites is None else list(sites))
    return {row["severity"]: row["alerts"] for row in rows}


async def acknowledge(tx: Tx, alert_id: UUID, who: str) -> None:
    """Note who has seen it; the first one stays."""
    await tx.execute(
        "update alert set acknowledged_at = coalesce(acknowledged_at, now()),"
        " acknowledged_by = coalesce(acknowledged_by, $2), revision = revision + 1 where id = $1",
        alert_id,
        who,
    )


async def snooze(tx: Tx, alert_id: UUID, until: datetime | None) -> None:
    """Keep it out of sight until an instant; None wakes it."""
    await tx.execute("update alert set snoozed_until = $2, revision = revision + 1 where id = $1", alert_id, until)


async def assign(tx: Tx, alert_id: UUID, person: str | None) -> None:
    """Give it to a person, or to nobody."""
    await tx.execute("update alert set assigned_to = $2, revision = revision + 1 where id = $1", alert_id, person)


async def close(tx: Tx, alert_id: UUID, who: str) -> None:
    """End it by hand, and all that stands under it."""
    await tx.execute(
        "update alert set cleared_at = now(), closed_by = $2, revision = revision + 1"
        " where (id = $1 or summary_id = $1) and cleared_at is null",
        alert_id,
        who,
    )
