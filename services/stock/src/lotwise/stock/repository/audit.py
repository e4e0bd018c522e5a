"""The only home of proving the books in SQL: each check names the rows that do not agree, at most so many of them."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.domain import places
from lotwise.stock.domain.moments import ID_SLACK, Span
from lotwise.stock.repository.books import HASHED

FINDINGS_MAX = 100
SECONDS_MAX = 600
HOLDING = f"({', '.join(repr(kind) for kind in sorted(places.HOLDING))})"

_PIECES = """
piece as (select site, zone, since, lead(since, 1, 'infinity') over (partition by site order by since) as until
          from site_zone),
place as (select p.id, p.kind, g.zone, g.since, g.until from location p join piece g on g.site = p.site)
"""

CONTENT = f"""
select 'movement ' || m.id as row,
       case when m.content_hash <> {HASHED} then 'its content does not match its hash'
            else 'its id was not made when it was recorded' end as detail,
       case when m.content_hash <> {HASHED} then encode(m.content_hash, 'hex') else m.recorded_at::text end as expected,
       case when m.content_hash <> {HASHED} then encode({HASHED}, 'hex')
            else coalesce(uuid_extract_timestamp(m.id)::text, 'no instant') end as found
from movement m
where m.id > $2 and m.id <= $3
  and (m.content_hash <> {HASHED}
       or coalesce(uuid_extract_timestamp(m.id) not between m.recorded_at - $4::interval and m.recorded_at + $4, true))
order by m.id limit $1
"""
"""A page of the ledger: each row against its own hash, and its id against when it was recorded (looking back needs it).
"""

DAILY_TOTALS = f"""
with {_PIECES},
ledger as (
    select p.id as location_id, m.product_id, case when p.kind = 'unattributed' then null else m.lot_id end as lot_id,
           (m.happened_at at time zone p.zone)::date as happened_on,
           (m.recorded_at at time zone p.zone)::date as recorded_on,
           sum(g.sign * m.quantity)::bigint as quantity, sum(g.sign * m.cost_minor)::bigint as cost_minor
    from movement m
    cross join lateral (values (m.to_location, 1), (m.from_location, -1)) as g(location_id, sign)
    join place p on p.id = g.location_id and m.recorded_at >= p.since and m.recorded_at < p.until
    where m.id >= $4 and m.id < $5 and m.recorded_at >= $6 and m.recorded_at < $7
    group by 1, 2, 3, 4, 5)
select 'daily totals of location ' || coalesce(l.location_id, d.location_id) || ', product '
       || coalesce(l.product_id, d.product_id) || ', lot ' || coalesce(coalesce(l.lot_id, d.lot_id)::text, 'none')
       || ', happened on ' || coalesce(l.happened_on, d.happened_on) || ', recorded on '
       || coalesce(l.recorded_on, d.recorded_on) as row,
       'the ledger sums to another figure than the day' as detail,
       coalesce(l.quantity, 0) || ' / ' || coalesce(l.cost_minor, 0) as expected,
       coalesce(d.quantity, 0) || ' / ' || coalesce(d.cost_minor, 0) as found
from (select * from ledger where recorded_on >= $2 and recorded_on < $3) l
full join (select * from daily_total where recorded_on >= $2 and recorded_on < $3) d
     on d.location_id = l.location_id and d.product_id = l.product_id and d.happened_on = l.happened_on
     and d.recorded_on = l.recorded_on
     and coalesce(d.lot_id, '00000000-0000-0000-0000-000000000000')
       = coalesce(l.lot_id, '00000000-0000-0000-0000-000000000000')
where coalesce(l.quantity, 0) <> coalesce(d.quantity, 0) or coalesce(l.cost_minor, 0) <> coalesce(d.cost_minor, 0)
order by 1 limit $1
"""
"""A stretch of days of recording: every daily total against the movements of its day, in its site's zone."""

_PAGE_END = "select id, recorded_at from movement where id > $1 order by id offset $2 limit 1"
_PAGE_ROWS = "select count(*) from movement where id > $1 and id <= $2"

CHECKS: Mapping[str, str] = {
    "balances": f"""
        with days as (
            select d.location_id, d.product_id, d.lot_id, sum(d.quantity)::bigint as quantity,
                   sum(d.cost_minor)::bigint as cost_minor
            from daily_total d join location p on p.id = d.location_id and p.kind in {HOLDING}
            group by d.location_id, d.product_id, d.lot_id),
        wrong as (
            select coalesce(l.location_id, b.location_id) as location_id,
                   coalesce(l.product_id, b.product_id) as product_id, coalesce(l.lot_id, b.lot_id) as lot_id,
                   coalesce(l.quantity, 0) as quantity,
                   coalesce(l.cost_minor, 0) as cost_minor, coalesce(b.on_hand, 0) as on_hand,
                   coalesce(b.cost_minor, 0) as kept_minor
            from days l full join balance b on b.location_id = l.location_id and b.product_id = l.product_id
                 and coalesce(b.lot_id, '00000000-0000-0000-0000-000000000000')
                   = coalesce(l.lot_id, '00000000-0000-0000-0000-000000000000')
            where coalesce(l.quantity, 0) <> coalesce(b.on_hand, 0)
               or coalesce(l.cost_minor, 0) <> coalesce(b.cost_minor, 0))
        select 'balance of ' || p.kind || coalesce(nullif(' ' || p.area, ' '), '') || ' at ' || p.site || ', product '
               || w.product_id || ', lot ' || coalesce(w.lot_id::text, 'none') as row,
               'the days of the ledger sum to another figure than the balance' as detail,
               w.quantity || ' / ' || w.cost_minor as expected, w.on_hand || ' / ' || w.kept_minor as found
        from wrong w join location p on p.id = w.location_id order by 1 limit $1""",
    "containers": """
        with opened as (
            select c.site, c.product_id, c.lot_id, sum(c.label + c.overfill - c.drawn - c.wasted)::bigint as quantity,
                   sum(c.cost_minor)::bigint as cost_minor
            from container c where c.state = 'open' group by c.site, c.product_id, c.lot_id),
        lying as (select site, product_id, lot_id, sum(on_hand)::bigint as quantity,
                         sum(cost_minor)::bigint as cost_minor
                  from balance where kind = 'in_use' and on_hand <> 0 group by site, product_id, lot_id)
        select 'opened containers at ' || coalesce(o.site, b.site) || ', product '
               || coalesce(o.product_id, b.product_id) || ', lot ' || coalesce(o.lot_id, b.lot_id) as row,
               'the open containers hold another figure than lies in use' as detail,
               coalesce(b.quantity, 0) || ' / ' || coalesce(b.cost_minor, 0) as expected,
               coalesce(o.quantity, 0) || ' / ' || coalesce(o.cost_minor, 0) as found
        from opened o full join lying b using (site, product_id, lot_id)
        where coalesce(o.quantity, 0) <> coalesce(b.quantity, 0)
           or coalesce(o.cost_minor, 0) <> coalesce(b.cost_minor, 0)
        order by 1 limit $1""",
    "levels": """
        with shelves as (
            select b.site, b.product_id,
                   coalesce(sum(b.on_hand) filter (where b.kind = 'shelf'), 0)::bigint as on_hand,
                   coalesce(sum(b.cost_minor) filter (where b.kind = 'shelf' and l.owner = ''),
                       0)::bigint as value_minor,
                   coalesce(sum(b.on_hand) filter (where b.kind = 'unattributed'), 0)::bigint as unattributed
            from balance b left join lot l on l.id = b.lot_id group by b.site, b.product_id)
        select 'level of product ' || coalesce(v.product_id, s.product_id) || ' at ' || coalesce(v.site, s.site) as row,
               'the balances sum to another figure than the level' as detail,
               coalesce(s.on_hand, 0) || ' / ' || coalesce(s.value_minor, 0) || ' / ' || coalesce(s.unattributed, 0)
                   as expected,
               coalesce(v.on_hand, 0) || ' / ' || coalesce(v.value_minor, 0) || ' / ' || coalesce(v.unattributed, 0)
                   as found
        from level v full join shelves s on s.site = v.site and s.product_id = v.product_id
        where coalesce(s.on_hand, 0) <> coalesce(v.on_hand, 0) or coalesce(s.value_minor, 0)
            <> coalesce(v.value_minor, 0)
           or coalesce(s.unattributed, 0) <> coalesce(v.unattributed, 0)
        order by 1 limit $1""",
    "holds": """
        with open as (
            select h.site, l.product_id, sum(l.quantity)::bigint as held from hold h
                join hold_line l on l.hold_id = h.id
            where h.state = 'granted' and l.broken_at is null group by h.site, l.product_id)
        select 'level of product ' || coalesce(v.product_id, o.product_id) || ' at ' || coalesce(v.site, o.site) as row,
               'the open holds sum to another figure than what is held' as detail,
               coalesce(o.held, 0)::text as expected, coalesce(v.held, 0)::text as found
        from level v full join open o on o.site = v.site and o.product_id = v.product_id
        where coalesce(o.held, 0) <> coalesce(v.held, 0) order by 1 limit $1""",
    "legs": """
        select 'product ' || product_id as row,
            'goods or cost appeared or vanished: all accounts do not sum to zero' as detail,
               '0 / 0' as expected, sum(quantity) || ' / ' || sum(cost_minor) as found
        from daily_total group by product_id having sum(quantity) <> 0 or sum(cost_minor) <> 0 order by 1 limit $1""",
    "liabilities": """
        with gone as (
            select d.lot_id, -sum(d.quantity)::bigint as quantity, -sum(d.cost_minor)::bigint as minor
            from lot l join daily_total d on d.lot_id = l.id and d.product_id = l.product_id
            join location p on p.id = d.location_id
                 and p.kind in ('shelf', 'back_bar', 'quarantine', 'in_use', 'transit', 'supplier')
            where l.owner <> '' group by d.lot_id),
        owed as (
            select lot_id, sum(quantity)::bigint as quantity, sum(liability_minor)::bigint as minor
            from liability where reason not in ('bought_out', 'contract_end') group by lot_id)
        select 'liability for lot ' || coalesce(g.lot_id, o.lot_id) as row,
               'what left our keeping is another figure than what is owed' as detail,
               coalesce(g.quantity, 0) || ' / ' || coalesce(g.minor, 0) as expected,
               coalesce(o.quantity, 0) || ' / ' || coalesce(o.minor, 0) as found
        from gone g full join owed o on o.lot_id = g.lot_id
        where coalesce(g.quantity, 0) <> coalesce(o.quantity, 0) or coalesce(g.minor, 0) <> coalesce(o.minor, 0)
        order by 1 limit $1""",
    "transit": """
        with trips as (
            select t.to_site as site, l.product_id,
                   sum(l.shipped - l.received - l.lost - l.returned)::bigint as quantity,
                   sum(l.left_minor)::bigint as minor
            from transfer t join transfer_lot l on l.transfer_id = t.id where t.state = 'shipped' group by t.to_site,
                l.product_id),
        lying as (select site, product_id, sum(on_hand)::bigint as quantity, sum(cost_minor)::bigint as minor
                  from balance where kind = 'transit' and on_hand <> 0 group by site, product_id)
        select 'transit to ' || coalesce(t.site, b.site) || ', product ' || coalesce(t.product_id, b.product_id) as row,
               'the open transfers carry another figure than lies in transit' as detail,
               coalesce(t.quantity, 0) || ' / ' || coalesce(t.minor, 0) as expected,
               coalesce(b.quantity, 0) || ' / ' || coalesce(b.minor, 0) as found
        from trips t full join lying b on b.site = t.site and b.product_id = t.product_id
        where coalesce(t.quantity, 0) <> coalesce(b.quantity, 0) or coalesce(t.minor, 0) <> coalesce(b.minor, 0)
        order by 1 limit $1""",
    "requests": """
        with asked as (
            select t.from_site as site, l.product_id, sum(coalesce(l.approved, l.quantity))::bigint as quantity
            from transfer t join transfer_line l on l.transfer_id = t.id
            where t.state = 'approved' or (t.state = 'requested' and t.origin = 'shortage')
            group by t.from_site, l.product_id)
        select 'level of product ' || coalesce(v.product_id, a.product_id) || ' at ' || coalesce(v.site, a.site) as row,
               'the open requests ask for another figure than the level' as detail,
               coalesce(a.quantity, 0)::text as expected, coalesce(v.requested, 0)::text as found
        from (select * from level where requested <> 0) v
        full join asked a on a.site = v.site and a.product_id = v.product_id
        where coalesce(a.quantity, 0) <> coalesce(v.requested, 0) order by 1 limit $1""",
}


class Finding(NamedTuple):
    """A row that does not agree: with what it should say and what it says."""

    check: str
    row: str
    detail: str
    expected: str
    found: str


async def findings_of(tx: Tx, check: str) -> list[Finding]:
    """Run one check; its findings, at most FINDINGS_MAX."""
    rows = await tx.fetch(CHECKS[check], FINDINGS_MAX, timeout=SECONDS_MAX)
    return [Finding(check, *row) for row in rows]


async def page_end(tx: Tx, after: UUID, rows: int) -> asyncpg.Record | None:
    """The movement that ends a page of so many rows after an id; None when fewer are left."""
    row: asyncpg.Record | None = await tx.fetchrow(_PAGE_END, after, rows - 1, timeout=SECONDS_MAX)
    return row


async def altered(tx: Tx, after: UUID, last: UUID) -> tuple[int, list[Finding]]:
    """How many movements a page has, and those whose content or id is not what was written."""
    rows = await tx.fetch(CONTENT, FINDINGS_MAX, after, last, ID_SLACK, timeout=SECONDS_MAX)
    count = await tx.fetchval(_PAGE_ROWS, after, last, timeout=SECONDS_MAX)
    return int(count), [Finding("content", *row) for row in rows]


async def wrong_days(tx: Tx, first: date, until: date, span: Span) -> list[Finding]:
    """Daily totals of these days of recording that their movements do not add up to."""
    rows = await tx.fetch(
        DAILY_TOTALS, FINDINGS_MAX, first, until, span.id_from, span.id_until, span.recorded_from,
        span.recorded_until, timeout=SECONDS_MAX,
    )  # fmt: skip
    return [Finding("daily_totals", *row) for row in rows]


async def sizes(tx: Tx) -> dict[str, int]:
    """How many rows the checks go over, beside the movements."""
    row = await tx.fetchrow(
        "select (select count(*) from balance) as balances, (select count(*) from level) as levels,"
        " (select count(*) from daily_total) as daily_totals, (select count(*) from seal) as blocks",
        timeout=SECONDS_MAX,
    )
    return dict(row or {})
