"""The only home of made history: a year of valid movements by the million, written set by set and not sale by sale.

Every lot is received at every site, sold there one to three at a time, and what is left when the next lot comes is
written off, so that FEFO held throughout; costs are whole per unit, so that every share is exact. Three sales in a
hundred are recorded hours or days late. Hashes, seals, daily totals, balances and levels are what the service would
have written: its own audit finds nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from lotwise.stock.domain.seals import GENESIS, chained
from lotwise.stock.operations.day_openings import open_day
from lotwise.stock.operations.moments import open_month
from lotwise.stock.repository.books import HASHED

LOTS_EACH = 4
LOT_DAYS = 100
RECEIVED = 1000
ROWS_A_TRANSACTION = 500
TRANSACTIONS_A_BLOCK = 100
EMPTIED = (
    "movement", "daily_total", "balance", "level", "effect", "seal", "opening_balance", "opening", "day_opening",
    "day_cells", "expiry_telling", "hold_line", "hold",
)  # fmt: skip

_MAPS = """
create temp table bench_site on commit drop as
select row_number() over (order by s.slug) - 1 as no, s.slug, s.time_zone as zone,
       max(l.id) filter (where l.kind = 'shelf') as shelf, max(l.id) filter (where l.kind = 'supplier') as supplier,
       max(l.id) filter (where l.kind = 'patient') as patient, max(l.id) filter (where l.kind = 'waste') as waste
from site s join location l on l.site = s.slug and l.area = '' group by s.slug, s.time_zone;
create temp table bench_product on commit drop as
select no, id from (select row_number() over (order by code) - 1 as no, id from product where kind = 'physical') p
where no < {products};
create temp table bench_lot on commit drop as
select p.no as product_no, q as lot_no, md5('lot' || p.no || '/' || q || '/{salt}')::uuid as id,
       p.id as product_id, 100 + (hashint4(p.no::int * 8 + q) & 1023) % 900 as cost
from bench_product p, generate_series(0, {lots} - 1) q;
insert into lot (id, product_id, manufacturer, number, look_alike, expires_on, owner, supplier_id, purchase_order,
                 received_at, unit_cost, origin)
select l.id, l.product_id, '', 'L' || l.product_no || '-' || l.lot_no || '-{salt}',
       'l' || l.product_no || '-' || l.lot_no || '-{salt}',
       (timestamptz '{start}' + make_interval(days => {lot_days} * l.lot_no + 310))::date, '', null, '',
       timestamptz '{start}' + make_interval(days => {lot_days} * l.lot_no), l.cost::bigint * 10000, 'receipt'
from bench_lot l;
create temp table bench_draft on commit drop as
select d.*, least(timestamptz '{end}', d.happened_at + case when d.kind = 's' and d.chance % 100 < 3
                                 then make_interval(secs => 3600 + d.chance % 200000)
                                 else make_interval(secs => (d.chance % 2000) / 1000.0) end) as recorded_at
from (
    select l.product_no, l.lot_no, s.no as site_no, e.kind, e.quantity, e.chance,
           g.begun + make_interval(secs => e.seconds) as happened_at
    from bench_lot l cross join bench_site s
    cross join lateral (
        select timestamptz '{start}' + make_interval(days => {lot_days} * l.lot_no::int,
                                                     secs => (h.seed % 200000)::int) as begun,
               9 + h.seed % 5 as sales, h.seed
        from (select hashint4((l.product_no * 1009 + s.no * 17 + l.lot_no)::int) & 1073741823 as seed) h) g
    cross join lateral (
        select case when n = 0 then 'r' when n <= g.sales then 's' else 'w' end as kind,
               case when n = 0 then {received} else 1 + (hashint4((g.seed + n)::int) & 1023) % 3 end as quantity,
               hashint4((g.seed + 7 * n)::int) & 1073741823 as chance,
               n * {lot_days} * 86400.0 * 0.97
               / (g.sales + case when l.lot_no < {lots} - 1 then 1 else 0 end) as seconds
        from generate_series(0, g.sales + case when l.lot_no < {lots} - 1 then 1 else 0 end) n) e) d;
update bench_draft w set quantity = {received} - s.sold
from (select product_no, lot_no, site_no, sum(quantity) as sold from bench_draft where kind = 's'
      group by product_no, lot_no, site_no) s
where w.kind = 'w' and w.product_no = s.product_no and w.lot_no = s.lot_no and w.site_no = s.site_no;
analyze bench_site; analyze bench_product; analyze bench_lot; analyze bench_draft;
"""
_MOVEMENTS = f"""
insert into movement (id, recorded_at, happened_at, site, product_id, lot_id, from_location, to_location, quantity,
                      cost_minor, actor, reason, cause_id, line, trace_id, reverses, content_hash, xid)
select m.id, m.recorded_at, m.happened_at, m.site, m.product_id, m.lot_id, m.from_location, m.to_location, m.quantity,
       m.cost_minor, m.actor, m.reason, m.cause_id, m.line, m.trace_id, m.reverses, {HASHED}, m.xid
from (
    select (lpad(to_hex((extract(epoch from d.recorded_at) * 1000)::bigint), 12, '0') || '7'
            || lpad(to_hex(d.rank % 4096), 3, '0') || '8' || substr(md5(d.rank::text), 1, 15))::uuid as id,
           d.recorded_at, d.happened_at, s.slug as site, l.product_id, l.id as lot_id,
           case d.kind when 'r' then s.supplier else s.shelf end as from_location,
           case d.kind when 'r' then s.shelf when 's' then s.patient else s.waste end as to_location,
           d.quantity::bigint as quantity, d.quantity::bigint * l.cost as cost_minor,
           'user:' || md5((d.rank % 400)::text)::uuid as actor,
           case d.kind when 'r' then 'receipt' when 's' then 'sale' else 'waste' end as reason,
           (lpad(to_hex((extract(epoch from d.happened_at) * 1000)::bigint), 12, '0') || '7'
            || lpad(to_hex(d.rank % 4096), 3, '0') || '9' || substr(md5('c' || d.rank), 1, 15))::uuid as cause_id,
           1 as line, md5('t' || d.rank) as trace_id, null::uuid as reverses,
           1 + d.rank / {ROWS_A_TRANSACTION} as xid
    from (select *, row_number() over (order by recorded_at) - 1 as rank from bench_draft) d
    join bench_site s on s.no = d.site_no
    join bench_lot l on l.product_no = d.product_no and l.lot_no = d.lot_no
    order by d.rank) m
"""
_BLOCKS = f"""
select (xid - 1) / {TRANSACTIONS_A_BLOCK} as block, count(*) as movements, min(xid) as xid_from, max(xid) + 1 as xid_to,
       sha256(string_agg(content_hash, ''::bytea order by id)) as content
from movement group by 1 order by 1
"""
_LEGS = """
select l.product_id, l.id as lot_id, s.slug, s.zone, d.happened_at, d.recorded_at, g.location_id, g.kind,
       g.sign * d.quantity as quantity, g.sign * d.quantity * l.cost as cost_minor
from bench_draft d join bench_site s on s.no = d.site_no
join bench_lot l on l.product_no = d.product_no and l.lot_no = d.lot_no
cross join lateral (values
    (case d.kind when 'r' then s.supplier else s.shelf end, case d.kind when 'r' then '' else 'shelf' end, -1),
    (case d.kind when 'r' then s.shelf when 's' then s.patient else s.waste end,
     case d.kind when 'r' then 'shelf' else '' end, 1)) as g(location_id, kind, sign)
"""
_TOTALS = f"""
insert into daily_total (product_id, location_id, lot_id, happened_on, recorded_on, quantity, cost_minor)
select product_id, location_id, lot_id, (happened_at at time zone zone)::date as happened_on,
       (recorded_at at time zone zone)::date as recorded_on, sum(quantity)::bigint, sum(cost_minor)::bigint
from ({_LEGS}) x group by product_id, location_id, lot_id, 4, 5 order by 5
"""
_BALANCES = f"""
insert into balance (location_id, site, kind, product_id, lot_id, on_hand, cost_minor, version)
select location_id, slug, kind, product_id, lot_id, sum(quantity)::bigint, sum(cost_minor)::bigint, count(*)
from ({_LEGS}) x where kind = 'shelf' group by location_id, slug, kind, product_id, lot_id
"""
_LEVELS = """
insert into level (site, product_id, on_hand, held, value_minor, unattributed, minimum, last_cost, is_below,
                   is_at_reorder, is_out, revision)
select site, product_id, sum(on_hand)::bigint, 0, sum(cost_minor)::bigint, 0, 5, 5000000, sum(on_hand) < 5, false,
       sum(on_hand) <= 0, $1
from balance group by site, product_id
"""
_EFFECTS = "insert into effect (cause_id, line) select cause_id, 0 from movement where reason in ('sale', 'receipt')"


@dataclass(frozen=True)
class Made:
    """What was made: movements, lots, the products that have stock, and how long it took."""

    movements: int
    lots: int
    products: int
    seconds: float
    opening_seconds: float


async def make(connection: "asyncpg.Connection[Any]", movements: int, revision: int) -> Made:
    """Forget stock's books and write about so many movements, as the owner, in one transaction."""
    began = datetime.now(UTC)
    start = (began - timedelta(days=LOTS_EACH * LOT_DAYS)).replace(microsecond=0)
    products = max(1, round(movements / (LOTS_EACH * await _sites(connection) * 12.75)))
    await _partitions(connection, start)
    async with connection.transaction():
        await connection.execute("set local work_mem = '512MB'; set local maintenance_work_mem = '512MB'")
        await connection.execute("set local synchronous_commit = off; set local jit = off")
        await connection.execute(f"truncate {', '.join(EMPTIED)}")
        indexes = await _without_indexes(connection)
        names = {"products": products, "lots": LOTS_EACH, "lot_days": LOT_DAYS, "received": RECEIVED}
        await connection.execute(_MAPS.format(start=start.isoformat(), end=began.isoformat(), salt=revision, **names))
        products = await connection.fetchval("select count(*) from bench_product")
        await connection.execute(_MOVEMENTS)
        count = await connection.fetchval("select count(*) from bench_draft")
        await connection.execute("delete from ledger_era")
        await connection.execute("insert into ledger_era (base) values ($1)", count // ROWS_A_TRANSACTION + 1000)
        for statement in (_TOTALS, _BALANCES, _EFFECTS):
            await connection.execute(statement)
        await connection.execute(_LEVELS, revision)
        await _seal(connection)
        for definition in indexes:
            await connection.execute(definition)
    await connection.execute("vacuum analyze movement, daily_total, balance, level, effect, lot, seal")
    seconds = (datetime.now(UTC) - began).total_seconds()
    opening_seconds = await _openings(connection)
    return Made(count, products * LOTS_EACH, products, seconds, opening_seconds)


async def _sites(connection: "asyncpg.Connection[Any]") -> int:
    return int(await connection.fetchval("select count(*) from site"))


async def _partitions(connection: "asyncpg.Connection[Any]", start: datetime) -> None:
    """Months of the past have their own partitions, as they would have had."""
    month = start.replace(day=1, hour=0, minute=0, second=0)
    while month < datetime.now(UTC):
        after = (month + timedelta(days=32)).replace(day=1)
        name = f"movement_p{month:%Y%m}"
        if await connection.fetchval("select to_regclass($1) is null", name):
            await connection.execute(
                f"create table {name} partition of movement for values from ('{month}') to ('{after}')"
            )
            await connection.execute(f"comment on table {name} is 'append-only: the app role may insert and select'")
            await connection.execute(
                f"do $$ declare r text; begin for r in select grantee from information_schema.role_table_grants"
                f" where table_name = 'movement' and privilege_type = 'INSERT' and grantee <> current_user loop"
                f" execute format('revoke update, delete, truncate on {name} from %I', r);"
                f" execute format('grant select, insert on {name} to %I', r); end loop; end $$"
            )
        month = after


async def _without_indexes(connection: "asyncpg.Connection[Any]") -> list[str]:
    """Drop what only slows a load down; returns how to make it again."""
    rows = await connection.fetch(
        "select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition"
        " from pg_index i where i.indrelid in ('movement'::regclass, 'daily_total'::regclass)"
        " and not i.indisprimary"
    )
    for row in rows:
        await connection.execute(f"drop index {row['name']}")
    return [str(row["definition"]).replace(" ON ONLY ", " ON ") for row in rows]


async def _seal(connection: "asyncpg.Connection[Any]") -> None:
    """Chain the blocks as the sealer would have."""
    previous = GENESIS
    blocks = await connection.fetch(_BLOCKS)
    rows = []
    for row in blocks:
        previous = chained(previous, row["content"], row["movements"])
        xid_from = row["xid_from"] if row["block"] else 0
        rows.append((row["block"] + 1, xid_from, row["xid_to"], row["movements"], row["content"], previous))
    await connection.executemany(
        "insert into seal (block, xid_from, xid_to, movements, content, head, sealed_at)"
        " values ($1, $2, $3, $4, $5, $6, now())",
        rows,
    )


async def _openings(connection: "asyncpg.Connection[Any]") -> float:
    """Let the service's own job keep the openings of all months; seconds for the slowest."""
    slowest = 0.0
    while True:
        began = datetime.now(UTC)
        async with connection.transaction():
            month = await open_month(connection, datetime.now(UTC))  # type: ignore[arg-type]
        if month is None:
            await connection.execute("vacuum analyze opening_balance, opening")
            return slowest
        slowest = max(slowest, (datetime.now(UTC) - began).total_seconds())


async def keep_days(connection: "asyncpg.Connection[Any]") -> float:
    """Let the service's own job keep what sites began every day with; seconds for the slowest day."""
    slowest = 0.0
    while True:
        began = datetime.now(UTC)
        async with connection.transaction():
            day = await open_day(connection, datetime.now(UTC))  # type: ignore[arg-type]
        if day is None:
            return slowest
        slowest = max(slowest, (datetime.now(UTC) - began).total_seconds())


__all__ = ["LOTS_EACH", "Made", "keep_days", "make"]
