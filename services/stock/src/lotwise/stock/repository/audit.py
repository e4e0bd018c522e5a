"""The only home of proving the books in SQL: each check names the rows that do not agree, at most so many of them."""

from collections.abc import Mapping
from typing import NamedTuple

from lotwise.kit.database import Tx
from lotwise.stock.repository.books import HASHED

FINDINGS_MAX = 100
SECONDS_MAX = 600

_LEDGER = """
legs as (
    select m.to_location as location_id, m.product_id, m.lot_id, m.quantity, m.cost_minor from movement m
    union all
    select m.from_location, m.product_id, m.lot_id, -m.quantity, -m.cost_minor from movement m),
ledger as (
    select g.location_id, g.product_id, case when p.kind = 'unattributed' then null else g.lot_id end as lot_id,
           p.site, p.kind, sum(g.quantity)::bigint as quantity, sum(g.cost_minor)::bigint as cost_minor
    from legs g join location p on p.id = g.location_id
    group by g.location_id, g.product_id, case when p.kind = 'unattributed' then null else g.lot_id end, p.site, p.kind)
"""

CHECKS: Mapping[str, str] = {
    "content": f"""
        select 'movement ' || m.id as row, 'its content does not match its hash' as detail,
               encode(m.content_hash, 'hex') as expected, encode({HASHED}, 'hex') as found
        from movement m where m.content_hash <> {HASHED} order by m.id limit $1""",
    "balances": f"""
        with {_LEDGER}
        select 'balance of ' || coalesce(l.kind, b.kind) || ' at ' || coalesce(l.site, b.site) || ', product '
               || coalesce(l.product_id, b.product_id) || ', lot ' || coalesce(coalesce(l.lot_id, b.lot_id)::text,
                   'none') as row,
               'the ledger sums to another figure than the balance' as detail,
               coalesce(l.quantity, 0) || ' / ' || coalesce(l.cost_minor, 0) as expected,
               coalesce(b.on_hand, 0) || ' / ' || coalesce(b.cost_minor, 0) as found
        from (select * from ledger where kind in ('shelf', 'transit', 'quarantine', 'in_use', 'unattributed')) l
        full join balance b on b.location_id = l.location_id and b.product_id = l.product_id
             and coalesce(b.lot_id, '00000000-0000-0000-0000-000000000000')
               = coalesce(l.lot_id, '00000000-0000-0000-0000-000000000000')
        where coalesce(l.quantity, 0) <> coalesce(b.on_hand, 0) or coalesce(l.cost_minor, 0)
            <> coalesce(b.cost_minor, 0)
        order by 1 limit $1""",
    "daily_totals": f"""
        with {_LEDGER}, days as (
            select location_id, product_id, lot_id, sum(quantity)::bigint as quantity,
                sum(cost_minor)::bigint as cost_minor
            from daily_total group by location_id, product_id, lot_id)
        select 'daily totals of location ' || coalesce(l.location_id, d.location_id) || ', product '
               || coalesce(l.product_id, d.product_id) || ', lot ' || coalesce(coalesce(l.lot_id, d.lot_id)::text,
                   'none') as row,
               'the ledger sums to another figure than the days' as detail,
               coalesce(l.quantity, 0) || ' / ' || coalesce(l.cost_minor, 0) as expected,
               coalesce(d.quantity, 0) || ' / ' || coalesce(d.cost_minor, 0) as found
        from ledger l full join days d on d.location_id = l.location_id and d.product_id = l.product_id
             and coalesce(d.lot_id, '00000000-0000-0000-0000-000000000000')
               = coalesce(l.lot_id, '00000000-0000-0000-0000-000000000000')
        where coalesce(l.quantity, 0) <> coalesce(d.quantity, 0) or coalesce(l.cost_minor, 0)
            <> coalesce(d.cost_minor, 0)
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


async def sizes(tx: Tx) -> dict[str, int]:
    """How many rows the checks go over."""
    row = await tx.fetchrow(
        "select (select count(*) from movement) as movements, (select count(*) from balance) as balances,"
        " (select count(*) from level) as levels, (select count(*) from daily_total) as daily_totals,"
        " (select count(*) from seal) as blocks",
        timeout=SECONDS_MAX,
    )
    return dict(row or {})
