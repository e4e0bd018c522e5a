"""The only home of finding, in SQL, what happened before a posted count and was written into the ledger after it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.stock.domain.movements import EXPIRY
from lotwise.stock.repository.count_lines import first_id_of
from lotwise.stock.repository.counts import UNNUMBERED

OVERLAP = timedelta(minutes=10)
"""How much of what was looked at before is looked at again: transactions may end later than they began."""

_LATER_COUNT = """exists (
    select from count_line o join stock_count s on s.id = o.count_id and s.state = 'posted' and s.id <> c.id
    join count_pass q on q.count_id = o.count_id and q.line = o.line and q.number = o.passes
    where o.product_id = l.product_id and o.location_id = l.location_id and o.lot_id is not distinct from l.lot_id
      and o.expires_on is not distinct from l.expires_on and q.counted_at >= p.counted_at)"""
_UNSEEN = """not pg_visible_in_snapshot(
    greatest(m.xid - coalesce(l.seen_base, c.posted_base), 3)::text::xid8,
    coalesce(l.seen_snapshot, c.posted_snapshot)::pg_snapshot)"""
_COUNTED = "join count_pass p on p.count_id = l.count_id and p.line = l.line and p.number = l.passes"
_TOUCHED = f"""
select distinct c.id from movement m
join count_line l on l.product_id = m.product_id and l.passes > 0 and not l.is_superseded
join stock_count c on c.id = l.count_id and c.state = 'posted' and c.site = m.site and c.closed_at >= $1
{_COUNTED}
join location f on f.id = m.from_location
where m.id >= $2 and m.recorded_at >= $3 and m.happened_at <= p.counted_at and m.cause_id <> c.id
  and (l.location_id in (m.from_location, m.to_location) or f.kind = 'unattributed') and m.reason <> '{EXPIRY}'
  and {_UNSEEN}
order by c.id limit 100
"""
_LATE = f"""
select l.line, l.product_id, l.location_id, m.lot_id, p.counted_at,
       sum(case when m.to_location = l.location_id then m.quantity else -m.quantity end)::bigint
from count_line l join stock_count c on c.id = l.count_id
{_COUNTED}
join movement m on m.site = c.site and m.product_id = l.product_id and m.id >= $2 and m.recorded_at >= $3
     and m.happened_at <= p.counted_at and m.cause_id <> c.id and l.location_id in (m.from_location, m.to_location)
     and m.reason <> '{EXPIRY}'
join lot o on o.id = m.lot_id
where c.id = $1 and not l.is_superseded and not {_LATER_COUNT}
  and (o.id = l.lot_id or (l.lot_id is null and {UNNUMBERED.replace("l.", "o.")}
       and o.expires_on is not distinct from l.expires_on))
  and {_UNSEEN}
group by l.line, l.product_id, l.location_id, m.lot_id, p.counted_at order by l.line, m.lot_id
"""
_DEBTS = f"""
select distinct on (m.id) l.line, l.product_id, p.counted_at, m.quantity
from count_line l join stock_count c on c.id = l.count_id
{_COUNTED}
join movement m on m.site = c.site and m.product_id = l.product_id and m.id >= $2 and m.recorded_at >= $3
     and m.happened_at <= p.counted_at and m.cause_id <> c.id
join location f on f.id = m.from_location and f.kind = 'unattributed'
where c.id = $1 and c.area is null and m.quantity > 0 and not l.is_superseded and not {_LATER_COUNT} and {_UNSEEN}
order by m.id, l.line
"""


class LateGoods(NamedTuple):
    """What a line's goods gained or lost before it was counted, of one lot, that was told after the posting."""

    line: int
    product_id: UUID
    location_id: int
    lot_id: UUID
    counted_at: datetime
    quantity: int


class LateDebt(NamedTuple):
    """What was sold without a lot before a line was counted, and told after the posting."""

    line: int
    product_id: UUID
    counted_at: datetime
    quantity: int


async def touched_counts(tx: Tx, since: datetime) -> list[UUID]:
    """The counts posted since then whose past has changed after they were looked at."""
    last = await tx.fetchval(
        "select min(watched_at) from stock_count where state = 'posted' and closed_at >= $1", since
    )
    if last is None:
        return []
    looked = last - OVERLAP
    rows = await tx.fetch(_TOUCHED, since, first_id_of(looked), looked)
    return [row[0] for row in rows]


async def late_goods(tx: Tx, count_id: UUID, closed_at: datetime) -> list[LateGoods]:
    """What a posted count did not know yet, by line and lot; read it with the cells locked."""
    rows = await tx.fetch(_LATE, count_id, first_id_of(closed_at), closed_at - OVERLAP)
    return [LateGoods(*row) for row in rows]


async def late_debts(tx: Tx, count_id: UUID, closed_at: datetime) -> list[LateDebt]:
    """What sales took without a lot before a posted count of the whole site, and told after it."""
    rows = await tx.fetch(_DEBTS, count_id, first_id_of(closed_at), closed_at - OVERLAP)
    return [LateDebt(*row) for row in rows]


async def note_late(tx: Tx, count_id: UUID, products: Collection[UUID], rows: Sequence[tuple[int, int]]) -> None:
    """Note by (line, quantity) what came to light, and for the lines of these locked products how far was looked."""
    await tx.execute(
        "update count_line set seen_snapshot = pg_current_snapshot()::text,"
        " seen_base = coalesce((select base from ledger_era), 0)"
        " where count_id = $1 and passes > 0 and product_id = any($2::uuid[])",
        count_id, list(products),
    )  # fmt: skip
    if rows:
        await tx.execute(
            "update count_line l set came_late = l.came_late + n.quantity"
            " from unnest($2::int[], $3::bigint[]) as n(line, quantity) where l.count_id = $1 and l.line = n.line",
            count_id, *zip(*rows, strict=True),
        )  # fmt: skip


async def watched(tx: Tx, since: datetime, touched: Collection[UUID]) -> None:
    """Note that the counts posted since then were looked at; with a full page of them the next run looks again."""
    if len(touched) < 100:
        await tx.execute(
            "update stock_count set watched_at = clock_timestamp() where state = 'posted' and closed_at >= $1", since
        )
