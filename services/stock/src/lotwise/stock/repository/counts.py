"""The only home of counts in SQL: their rows, what they cover, their state, the pages of them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.domain.counts import Count, Rules

UNNUMBERED = "(l.number = '' or l.number = l.origin)"
"""A lot that nobody can tell apart on a shelf: without a number, or our own for what was found or came back."""

_COUNT = """
select id, number, site, kind, state, area, plan_id, is_blind, tolerance_bp, tolerance_micros, witness_above_minor,
       opened_at, opened_by, closed_at, closed_by, witness, witnessed_revision, revision
from stock_count where id = $1
"""
_ADD = """
insert into stock_count (id, site, kind, state, area, category_id, abc_class, plan_id, is_blind, tolerance_bp,
    tolerance_micros, witness_above_minor, note, opened_at, opened_by, revision)
values ($1, $2, $3, 'open', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1)
on conflict (id) do nothing returning true
"""
_CLASSES = """
with used as (
    select d.product_id, -sum(d.cost_minor) as value
    from daily_total d join location p on p.id = d.location_id
    where p.site = $1 and p.kind in ('shelf', 'back_bar') and d.happened_on > $2::date - 365 and d.quantity < 0
    group by d.product_id having sum(d.cost_minor) < 0),
ranked as (
    select product_id, sum(value) over (order by value desc, product_id) - value as before, sum(value) over () as whole
    from used)
select p.id, case when r.whole is null or r.before >= 0.95 * r.whole then 'C'
                  when r.before >= 0.80 * r.whole then 'B' else 'A' end as class
from product p left join ranked r on r.product_id = p.id where p.kind = 'physical'
"""
_SHEET = f"""
with lying as (
    select b.product_id, b.location_id, case when {UNNUMBERED} then null else l.id end as lot_id,
           case when {UNNUMBERED} then l.expires_on end as group_expiry, min(l.expires_on) as expires_on,
           min(l.number) as number, sum(b.on_hand)::bigint as listed
    from balance b join location c on c.id = b.location_id join lot l on l.id = b.lot_id
    where b.site = $1 and b.on_hand <> 0 and c.kind in ('shelf', 'back_bar')
      and ($2::text is null or (c.kind = 'shelf' and c.area = $2)) and ($3::uuid[] is null or b.product_id = any($3))
    group by 1, 2, 3, 4),
bare as (
    select p.id, (select id from location where site = $1 and kind = 'shelf' and area = coalesce($2, ''))
    from product p left join level v on v.product_id = p.id and v.site = $1
    where p.kind = 'physical' and (p.id = any($4::uuid[])
          or (v.unattributed < 0 and ($3::uuid[] is null or p.id = any($3))))
      and not exists (select from lying y where y.product_id = p.id))
select s.product_id, s.location_id, s.lot_id, s.group_expiry, s.listed
from (select * from lying union all select bare.*, null, null, null, null, 0 from bare) s
join product p on p.id = s.product_id join location c on c.id = s.location_id
order by c.kind desc, c.area, lower(p.name) collate "C", p.id, s.expires_on nulls last, s.number limit $5
"""
_ADD_LINES = """
insert into count_line (count_id, line, id, product_id, location_id, lot_id, expires_on, listed, is_extra, is_pending,
    is_confirmed, passes, needs_recount, cause_note, is_superseded)
select $1, s.line, s.id, s.product_id, s.location_id, s.lot_id, s.expires_on, s.listed, false, false, false, 0, false,
       '', false
from unnest($2::int[], $3::uuid[], $4::uuid[], $5::int[], $6::uuid[], $7::date[], $8::bigint[])
     as s(line, id, product_id, location_id, lot_id, expires_on, listed)
"""
_ROWS = """
select c.*, n.name as plan_name, g.name as category_name,
       s.lines, s.counted, s.recounts, s.counted_from, s.counted_until, s.counters, s.gain_minor, s.loss_minor,
       s.differences
from stock_count c left join count_plan n on n.id = c.plan_id left join category g on g.id = c.category_id
left join lateral (
    select count(*) as lines, count(*) filter (where l.passes > 0) as counted,
           count(*) filter (where l.needs_recount) as recounts, min(p.counted_at) as counted_from,
           max(p.counted_at) as counted_until,
           coalesce(array_agg(distinct p.counted_by) filter (where p.counted_by is not null), '{}') as counters,
           coalesce(sum(l.cost_minor) filter (where l.cost_minor > 0), 0)::bigint as gain_minor,
           coalesce(-sum(l.cost_minor) filter (where l.cost_minor < 0), 0)::bigint as loss_minor,
           count(*) filter (where l.difference <> 0) as differences
    from count_line l left join count_pass p on p.count_id = l.count_id and p.line = l.line and p.number = l.passes
    where l.count_id = c.id) s on true
"""


class CountDraft(NamedTuple):
    """A count as it is opened, in the order of its row."""

    id: UUID
    site: str
    kind: str
    area: str | None
    category_id: UUID | None
    abc_class: str | None
    plan_id: UUID | None
    rules: Rules
    note: str
    opened_at: datetime
    opened_by: str


class SheetLine(NamedTuple):
    """What one line of a sheet names, and what the ledger said when it was written."""

    product_id: UUID
    location_id: int
    lot_id: UUID | None
    expires_on: Any
    listed: int


async def add_count(tx: Tx, draft: CountDraft) -> bool:
    """Write a count; False when one of this id exists."""
    added = await tx.fetchval(_ADD, *draft[:7], *draft.rules, *draft[8:])
    return bool(added)


async def sheet_of(
    tx: Tx, site: str, area: str | None, products: Collection[UUID] | None, named: Collection[UUID], lines_max: int
) -> list[SheetLine]:
    """What lies in a part of a site, in the order of a walk; `named` products have a line although nothing lies there.

    At most one line more than `lines_max`, so that a sheet that is too long shows.
    """
    wanted = None if products is None else list(products)
    rows = await tx.fetch(_SHEET, site, area, wanted, list(named), lines_max + 1)
    return [SheetLine(*row) for row in rows]


async def add_lines(tx: Tx, count_id: UUID, rows: Sequence[tuple[int, UUID, SheetLine]]) -> None:
    """Write the lines of a new count: (line, id, what it names)."""
    await tx.execute(_ADD_LINES, count_id, *zip(*[(row[0], row[1], *row[2]) for row in rows], strict=True))


async def classes_of(tx: Tx, site: str, today: Any) -> dict[UUID, str]:
    """The class of every physical product at a site, by the cost of what left its shelves within a year.

    A: the first 80 % of that cost, B: up to 95 %, C: the rest and what never moved.
    """
    return {row[0]: row[1] for row in await tx.fetch(_CLASSES, site, today)}


async def products_of_category(tx: Tx, category_id: UUID) -> set[UUID]:
    """The products of a category."""
    rows = await tx.fetch("select id from product where category_id = $1 and kind = 'physical'", category_id)
    return {row[0] for row in rows}


async def is_category(tx: Tx, category_id: UUID) -> bool:
    """Whether the category has been heard of."""
    return bool(await tx.fetchval("select exists (select from category where id = $1)", category_id))


async def lock_count(tx: Tx, count_id: UUID) -> Count | None:
    """One count, locked before any lot or level; counters of one count take turns here for some milliseconds."""
    row = await tx.fetchrow(_COUNT + " for no key update", count_id)
    return None if row is None else _count(row)


async def find_count(tx: Tx, count_id: UUID) -> Count | None:
    """One count, as it stands."""
    row = await tx.fetchrow(_COUNT, count_id)
    return None if row is None else _count(row)


def _count(row: asyncpg.Record) -> Count:
    return Count._make([*row[:7], Rules(*row[7:11]), *row[11:]])


async def touch_count(tx: Tx, count_id: UUID) -> None:
    """Raise the revision: what a witness saw before is not what stands now."""
    await tx.execute("update stock_count set revision = revision + 1 where id = $1", count_id)


async def close_count(tx: Tx, count_id: UUID, state: str, now: datetime, actor: str) -> None:
    """Post it or call it off, for good; the ledger's position goes with it, so call it with the cells locked.

    Only a witness who saw these figures, and is another than who closes it, stays.
    """
    await tx.execute(
        "update stock_count set state = $2, closed_at = $3, closed_by = $4, revision = revision + 1, watched_at = $3,"
        " posted_snapshot = pg_current_snapshot()::text,"
        " posted_base = coalesce((select base from ledger_era), 0),"
        " witness = case when witness <> $4 and witnessed_revision = revision then witness end,"
        " witnessed_at = case when witness <> $4 and witnessed_revision = revision then witnessed_at end where id = $1",
        count_id, state, now, actor,
    )  # fmt: skip


async def witness_count(tx: Tx, count_id: UUID, witness: str, now: datetime, revision: int) -> None:
    """Note who confirmed which revision of the figures."""
    await tx.execute(
        "update stock_count set witness = $2, witnessed_at = $3, witnessed_revision = $4 where id = $1",
        count_id, witness, now, revision,
    )  # fmt: skip


async def count_row(tx: Tx, count_id: UUID) -> asyncpg.Record | None:
    """One count with how far it is."""
    row: asyncpg.Record | None = await tx.fetchrow(_ROWS + " where c.id = $1", count_id)
    return row


async def counts_page(
    tx: Tx, sites: Collection[str] | None, state: str | None, plan: UUID | None, before: UUID, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of counts, newest first."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        _ROWS + " where ($1::text[] is null or c.site = any($1)) and ($2::text is null or c.state = $2)"
        " and ($3::uuid is null or c.plan_id = $3) and c.id < $4 order by c.id desc limit $5",
        None if sites is None else list(sites), state, plan, before, limit,
    )  # fmt: skip
    return rows
