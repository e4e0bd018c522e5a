"""SQL of what stands and what is over, loaded and stored for a whole batch; one batch at a time."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from lotwise.alerts.domain.signals import Known, Open, Signal, Thing, Verdict, severity
from lotwise.kit.database import Tx

_LOCK = "select pg_advisory_xact_lock(7301)"
_THINGS = "unnest($1::text[], $2::text[], $3::uuid[]) as t(kind, site, subject_id)"
_STANDING = f"""
select a.kind, a.site, a.subject_id, a.id, a.product_id, a.facts, a.event_id, a.happened_at, a.times,
       a.summary_id is not null as is_history
  from alert a join {_THINGS} using (kind, site, subject_id) where a.cleared_at is null
"""
_OVER = f"select o.* from over o join {_THINGS} using (kind, site, subject_id)"
_KEEP_OVER = """
insert into over (kind, site, subject_id, event_id)
select * from unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[])
on conflict (kind, site, subject_id) do update set event_id = greatest(over.event_id, excluded.event_id)
"""
_CLEAR = """
update alert set cleared_at = now(), revision = revision + 1 where id = any($1::uuid[]) and cleared_at is null
"""
_TELL_AGAIN = """
update alert a
   set facts = n.facts, severity = n.severity, event_id = n.event_id, happened_at = n.happened_at, times = n.times,
       snoozed_until = case when n.severity <> a.severity then null else a.snoozed_until end,
       acknowledged_at = case when n.severity <> a.severity then null else a.acknowledged_at end,
       acknowledged_by = case when n.severity <> a.severity then null else a.acknowledged_by end,
       revision = a.revision + 1
  from unnest($1::uuid[], $2::jsonb[], $3::text[], $4::uuid[], $5::timestamptz[], $6::int[])
       as n(id, facts, severity, event_id, happened_at, times)
 where a.id = n.id
"""
_RAISE = """
insert into alert (id, kind, site, subject_id, product_id, severity, facts, event_id, times, happened_at,
                   summary_id, raised_at, revision)
select *, now(), 1 from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::jsonb[],
                               $8::uuid[], $9::int[], $10::timestamptz[], $11::uuid[])
"""
_PAST = """
select s.site, a.id, (select count(*) from alert m where m.summary_id = a.id and m.cleared_at is null) as products,
       coalesce((a.facts ->> 'products')::int, 0) as told
  from unnest($1::text[]) as s(site) join alert a on a.site = s.site and a.kind = $2 and a.cleared_at is null
"""
_RECOUNT = """
update alert set facts = jsonb_build_object('products', $2::int), revision = revision + 1 where id = $1
"""


async def alone(tx: Tx) -> None:
    """Hold the lock of alerts until the transaction ends: what stands is changed by one at a time."""
    await tx.execute(_LOCK)


async def known(tx: Tx, things: Sequence[Thing]) -> dict[Thing, Known]:
    """What stands and what is over of these things; holds the lock of alerts until the transaction ends."""
    await alone(tx)
    columns = [[thing[part] for thing in things] for part in range(3)]
    over = {Thing(*row[:3]): row["event_id"] for row in await tx.fetch(_OVER, *columns)}
    standing = {}
    for row in await tx.fetch(_STANDING, *columns):
        thing = Thing(row["kind"], row["site"], row["subject_id"])
        signal = Signal(
            thing,
            row["event_id"],
            row["happened_at"],
            product_id=row["product_id"],
            facts=row["facts"],
            is_history=row["is_history"],
        )
        standing[thing] = Open(row["id"], signal, row["times"])
    return {thing: Known(standing.get(thing), over.get(thing)) for thing in things}


class Past(NamedTuple):
    """The alert of all that ran out in the past at a site: how many it stands for, and how many it last said."""

    site: str
    alert_id: UUID
    products: int
    said: int


async def pasts(tx: Tx, sites: Collection[str], kind: str) -> dict[str, Past]:
    """The standing alerts of the past at these sites, counted now."""
    return {row["site"]: Past._make(row.values()) for row in await tx.fetch(_PAST, sorted(sites), kind)}


async def recount(tx: Tx, past: Past) -> None:
    """Say how many products it stands for now; at none it is over."""
    await tx.execute(_RECOUNT, past.alert_id, past.products)
    if not past.products:
        await tx.execute(_CLEAR, [past.alert_id])


async def raise_one(tx: Tx, alert: Open, alert_id: UUID) -> None:
    """Keep one alert that was raised beside the verdicts."""
    await tx.execute(_RAISE, *([value] for value in (*_new(alert, alert_id), None)))


async def store(tx: Tx, verdicts: Sequence[Verdict], ids: Sequence[UUID], summaries: Mapping[str, UUID]) -> None:
    """Keep what a batch changed; `ids` are the ids of the raised alerts, in order.

    History stands under the alert of its site in `summaries`.
    """
    over = [(*verdict.thing, verdict.over) for verdict in verdicts if verdict.over]
    if over:
        await tx.execute(_KEEP_OVER, *zip(*over, strict=True))
    cleared = [verdict.cleared[0].alert_id for verdict in verdicts if verdict.cleared]
    if cleared:
        await tx.execute(_CLEAR, cleared)
    again = [verdict.told_again for verdict in verdicts if verdict.told_again]
    if again:
        await tx.execute(_TELL_AGAIN, *zip(*(_again(one) for one in again), strict=True))
    raised = [verdict.raised for verdict in verdicts if verdict.raised]
    if raised:
        rows = [
            (*_new(one, key), summaries[one.signal.thing.site] if one.signal.is_history else None)
            for one, key in zip(raised, ids, strict=True)
        ]
        await tx.execute(_RAISE, *zip(*rows, strict=True))


def _again(alert: Open) -> tuple[object, ...]:
    signal = alert.signal
    level = severity(signal.thing.kind, signal.facts)
    return (alert.alert_id, signal.facts, level, signal.event_id, signal.happened_at, alert.times)


def _new(alert: Open, alert_id: UUID) -> tuple[object, ...]:
    signal = alert.signal
    level = severity(signal.thing.kind, signal.facts)
    return (
        alert_id, *signal.thing, signal.product_id, level, signal.facts, signal.event_id, alert.times,
        signal.happened_at,
    )  # fmt: skip
