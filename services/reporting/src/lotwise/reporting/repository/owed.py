"""The only home of what is owed to members as rows: written set-wise, read as sums by kind and site."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING, Any

from lotwise.reporting.domain.fees import Step, runs_of
from lotwise.reporting.domain.tally import Tally
from lotwise.reporting.repository.fees import EARNED, LIVE
from lotwise.reporting.repository.pages import Sheet, Sorted, page

if TYPE_CHECKING:
    import asyncpg

    from lotwise.kit.database import Tx
    from lotwise.reporting.repository.sales import Window

_OWED = """
insert into owed_day as t (generation, kind, owner_id, day, site, sold_minor, used_minor, refunded_minor, expired_minor)
select $1, u.* from unnest($2::text[], $3::uuid[], $4::date[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::bigint[]) as u
on conflict (generation, kind, owner_id, day, site) do update set
  sold_minor = t.sold_minor + excluded.sold_minor, used_minor = t.used_minor + excluded.used_minor,
  refunded_minor = t.refunded_minor + excluded.refunded_minor,
  expired_minor = t.expired_minor + excluded.expired_minor"""
_HOMES = """
insert into owed_home as t (generation, kind, owner_id, at, site)
select $1, u.* from unnest($2::text[], $3::uuid[], $4::timestamptz[], $5::text[]) as u
on conflict (generation, kind, owner_id) do update set at = excluded.at, site = excluded.site
where (excluded.at, excluded.site) < (t.at, t.site)"""
_STEPS = """
insert into membership_step (generation, membership_id, revision, step, site, product_id, from_day, to_day, minor)
select $1, u.* from unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::uuid[], $7::date[], $8::date[],
  $9::bigint[]) as u on conflict do nothing"""
_RUNS = """
insert into fee_run (generation, membership_id, first_day, site, product_id, last_day, passed, days, fee_minor)
select $1, u.* from unnest($2::uuid[], $3::date[], $4::text[], $5::uuid[], $6::date[], $7::int[], $8::int[],
  $9::bigint[]) as u"""
_FREE = """
insert into free_line (generation, document_id, line, site, day, product_id, reason, actor, units)
select $1, document, line, site, day, product, reason, actor, (units || 'e-6')::numeric
from unnest($2::uuid[], $3::int[], $4::text[], $5::date[], $6::uuid[], $7::text[], $8::text[], $9::text[])
     as u (document, line, site, day, product, reason, actor, units) on conflict do nothing"""


async def store(tx: "Tx", generation: int, tally: Tally) -> None:
    """Add what a tally has of balances, memberships and free lines to a generation."""
    await _put(tx, generation, _OWED, [(*key, *cell) for key, cell in tally.owed.items()])
    await _put(tx, generation, _HOMES, [(*key, *home) for key, home in tally.homes.items()])
    await _put(tx, generation, _FREE, [(*key, *one[:-1], str(one[-1])) for key, one in tally.free.items()])
    if tally.steps:
        await _step(tx, generation, tally)


async def _put(tx: "Tx", generation: int, statement: str, rows: "list[tuple[Any, ...]]") -> None:
    if rows:
        rows.sort(key=lambda row: tuple(map(str, row)))
        await tx.execute(statement, generation, *zip(*rows, strict=True))


async def _step(tx: "Tx", generation: int, tally: Tally) -> None:
    """Keep steps, and make the runs of their memberships anew; who else touches one of these waits meanwhile."""
    touched = sorted({membership_id for membership_id, _, _ in tally.steps})
    await tx.execute(
        "select pg_advisory_xact_lock(19781, hashtext(id)) from (select unnest($1::text[]) id order by 1) ids", touched
    )
    rows = [
        (*key, site, product, date.fromisoformat(first), last and date.fromisoformat(last), minor)
        for key, (site, product, first, last, minor) in tally.steps.items()
    ]
    await _put(tx, generation, _STEPS, rows)
    await _make_runs(tx, generation, touched)


async def _make_runs(tx: "Tx", generation: int, touched: Collection[str]) -> None:
    found = await tx.fetch(
        """select membership_id, revision, step, site, product_id, from_day, to_day, minor from membership_step
           where generation = $1 and membership_id = any($2::uuid[])""",
        generation,
        touched,
    )
    by: dict[Any, list[Step]] = defaultdict(list)
    for membership_id, *step in found:
        by[membership_id].append(Step(*step))
    await tx.execute(
        "delete from fee_run where generation = $1 and membership_id = any($2::uuid[])", generation, touched
    )
    await _put(tx, generation, _RUNS, [(key, *run) for key, steps in by.items() for run in runs_of(steps)])


_FLOWS = f"""select o.kind, coalesce(h.site, o.site) site, o.day, o.sold_minor sold, o.used_minor used,
    o.refunded_minor refunded, o.expired_minor expired
  from owed_day o left join owed_home h on h.generation = o.generation and h.kind = o.kind and h.owner_id = o.owner_id
  where o.generation = {LIVE} and o.day <= coalesce($2::date, 'infinity')
    and ($3::text[] is null or coalesce(h.site, o.site) = any($3::text[]))"""
_EVER = EARNED.replace("$1::date", "null::date")
_REPORT = f"""select f.kind || '/' || f.site as key, f.kind, f.site, t.name, f.kind sort_kind,
    coalesce(t.name, f.site) sort_site, f.sold, f.used, f.refunded, f.expired, f.outstanding
  from (
    select kind, site, sum(sold) sold, sum(used) used, sum(refunded) refunded, sum(expired) expired,
      sum(outstanding) outstanding
    from (
      select kind, site, sold * asked sold, used * asked used, refunded * asked refunded,
        expired * asked expired, sold - used - refunded - expired outstanding
      from ({_FLOWS}) o
        cross join lateral (select (o.day >= coalesce($1::date, '-infinity'))::int asked) w
      union all
      select 'membership', site, 0, minor, 0, 0, 0 from ({EARNED}) e
      union all
      select 'membership', site, 0, 0, 0, 0, -minor from ({_EVER}) e
    ) parts group by kind, site
  ) f left join site t on t.generation = {LIVE} and t.slug = f.site
  where $4::uuid is null and ($5::text is null or f.kind = $5::text)"""


async def report(tx: "Tx", window: "Window", kind: str | None, order: Sorted, sheet: Sheet) -> "list[asyncpg.Record]":
    """A page of what was sold, used (of fees: earned), given back and run out within the days, by kind and site, and
    what was still owed at the end of them.
    """
    return await page(tx, _REPORT, (*window, kind), order, sheet)
