"""The only home of serials in SQL: named and unnamed, found and locked, moved with their story, listed.

Serials are locked before effects, lots and levels, in the order of product and number.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.stock.domain.serials import look_alike

_ADD = """
insert into serial (id, product_id, number, look_alike, lot_id, site, state, room, receipt_id, receipt_line, cost_minor,
    acquired_on, supplier_id, note, warranty_terms, maintenance_work, method, salvage_minor, life_months, factor,
    units_total, registered_at, registered_by, revision)
select n.*, '', '', '', 0, 0, 0, 0, $15, $16, 1
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::uuid[],
    $10::int[], $11::bigint[], $12::date[], $13::uuid[], $14::text[]) as n(id, product_id, number, look_alike, lot_id,
    site, state, room, receipt_id, receipt_line, cost_minor, acquired_on, supplier_id, note)
order by n.product_id, n.number
on conflict (product_id, number) do nothing returning id, product_id, number, receipt_id, receipt_line
"""
_KNOWN = """
select s.* from serial s join unnest($1::uuid[], $2::text[]) as w(product_id, number) using (product_id, number)
order by s.product_id, s.number
"""
_ALIKE = """
select distinct s.product_id, s.number, s.look_alike from serial s
join unnest($1::uuid[], $2::text[]) as w(product_id, look_alike) using (product_id, look_alike)
"""
_STEPS = """
insert into serial_step (serial_id, kind, state, site, room, cause_id, note, actor, happened_at, recorded_at)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[],
    $9::timestamptz[], $10::timestamptz[])
on conflict (serial_id, cause_id, kind) do nothing returning serial_id
"""
_PLACE = """
update serial s set state = n.state, site = n.site, room = n.room, charge_id = n.charge_id,
    transfer_id = n.transfer_id, revision = s.revision + 1,
    warranty_told_on = case when s.site = n.site then s.warranty_told_on end,
    maintenance_told_on = case when s.site = n.site then s.maintenance_told_on end
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[])
     as n(id, state, site, room, charge_id, transfer_id) where s.id = n.id
"""
ROWS = """
select s.*, p.code, p.name, p.unit, p.unit_decimals, l.number as lot_number, l.expires_on,
       coalesce((select sum(w.cost_minor) from serial_work w where w.serial_id = s.id), 0)::bigint as spent_minor
from serial s join product p on p.id = s.product_id left join lot l on l.id = s.lot_id
"""
_FILTERS = {
    "sites": "s.site = any({}::text[])",
    "product": "s.product_id = {}",
    "state": "s.state = {}",
    "number": "s.number = {}",
    "search": "(lower(s.number) like {0} or p.name ilike {0} or s.room ilike {0})",
    "lot": "s.lot_id = {}",
    "charge": "s.charge_id = {}",
    "transfer": "s.transfer_id = {}",
    "warranty_on": "coalesce(s.warranty_starts_on, '-infinity') <= {0}::date and s.warranty_ends_on >= {0}::date",
    "due_by": "s.maintenance_due_on <= {}::date and s.state in ('in_stock','in_use','in_repair')",
    "is_here": "(s.state in ('in_stock','in_use','in_repair','in_transit')) = {}",
}
_MAINTENANCE = """
select s.id, s.site, s.product_id, s.number, s.maintenance_due_on as due_on, s.maintenance_work as work
from serial s join unnest($1::text[], $2::date[]) as t(site, today) on t.site = s.site
where s.maintenance_due_on <= t.today and s.maintenance_told_on is distinct from s.maintenance_due_on
  and s.state in ('in_stock','in_use','in_repair')
order by s.id for update of s skip locked limit $3
"""
_WARRANTY = """
select s.id, s.site, s.product_id, s.number, s.warranty_ends_on as due_on, '' as work
from serial s join unnest($1::text[], $2::date[]) as t(site, today) on t.site = s.site
where s.warranty_ends_on between t.today and t.today + $4::int
  and s.warranty_told_on is distinct from s.warranty_ends_on
  and s.state in ('in_stock','in_use','in_repair')
order by s.id for update of s skip locked limit $3
"""
_UNNAMED = """
with lying as (
    select b.site, b.product_id, b.lot_id, sum(b.on_hand)::bigint as on_hand from balance b
    join product p on p.id = b.product_id and p.is_serialised
    where b.on_hand > 0 and b.lot_id is not null and ($1::text[] is null or b.site = any($1))
    group by b.site, b.product_id, b.lot_id
), named as (
    select s.site, s.product_id, s.lot_id, count(*) as named from serial s
    where s.lot_id is not null and s.state in ('in_stock','in_use','in_repair','in_transit')
      and ($1::text[] is null or s.site = any($1))
    group by s.site, s.product_id, s.lot_id
)
select d.*, p.code, p.name, p.unit, p.unit_decimals, l.number as lot_number
from (select site, product_id, lot_id, coalesce(y.on_hand, 0) as on_hand, coalesce(n.named, 0) as named
      from lying y full join named n using (site, product_id, lot_id)) d
join product p on p.id = d.product_id join lot l on l.id = d.lot_id
where d.on_hand <> d.named * (10 ^ p.unit_decimals)::bigint
  and (d.site, d.product_id, d.lot_id) > ($2::text, $3::uuid, $4::uuid)
order by d.site, d.product_id, d.lot_id limit $5
"""
_TOTALS = """
select s.site, s.state, count(*) as units, sum(s.cost_minor)::bigint as cost_minor,
       coalesce(sum(w.cost_minor), 0)::bigint as spent_minor
from serial s left join lateral (select sum(cost_minor) as cost_minor from serial_work where serial_id = s.id) w on true
where ($1::text[] is null or s.site = any($1)) and s.state in ('in_stock','in_use','in_repair','in_transit')
group by s.site, s.state order by s.site, s.state
"""
_DEPRECIATING = """
select * from serial where id > $2 and ($1::text[] is null or site = any($1)) and method <> ''
  and state in ('in_stock','in_use','in_repair','in_transit') order by id limit 1000
"""
_USES = "select serial_id, read_on, units from serial_use where serial_id = any($1::uuid[]) order by read_on, id"


class Draft(NamedTuple):
    """A unit to be named, in the order of its columns; `receipt_id` and its line when goods arrive with it."""

    product_id: UUID
    number: str
    lot_id: UUID | None
    site: str
    state: str
    room: str
    receipt_id: UUID | None
    receipt_line: int
    cost_minor: int
    acquired_on: date
    supplier_id: UUID | None
    note: str


class Step(NamedTuple):
    """A step of a serial's story, with the place it is in after it; a cause takes a kind of step once."""

    serial_id: UUID
    kind: str
    state: str
    site: str
    room: str
    cause_id: UUID
    note: str
    actor: str
    happened_at: datetime
    charge_id: UUID | None = None
    transfer_id: UUID | None = None


async def add_serials(tx: Tx, drafts: Sequence[Draft], actor: str, now: datetime) -> list[asyncpg.Record]:
    """Name units whose numbers are free; returns those that were. One that another transaction names waits for it."""
    if not drafts:
        return []
    rows = [(uuid7(), one.product_id, one.number, look_alike(one.number), *one[2:]) for one in drafts]
    return list(await tx.fetch(_ADD, *zip(*rows, strict=True), now, actor))


async def unname(tx: Tx, serials: Collection[UUID]) -> None:
    """Take back units that this transaction named."""
    await tx.execute("delete from serial where id = any($1::uuid[])", list(serials))


async def settle_receipt(tx: Tx, rows: Sequence[tuple[UUID, UUID, int]]) -> None:
    """Give units that arrived their lot and their cost: (serial, lot, cost in minor units)."""
    if rows:
        await tx.execute(
            "update serial s set lot_id = n.lot_id, cost_minor = n.cost from"
            " unnest($1::uuid[], $2::uuid[], $3::bigint[]) as n(id, lot_id, cost) where s.id = n.id",
            *zip(*rows, strict=True),
        )


async def known_serials(tx: Tx, wanted: Collection[tuple[UUID, str]], *, lock: bool = False) -> list[asyncpg.Record]:
    """The units of these (product, number), locked in their order when asked."""
    if not wanted:
        return []
    pairs = sorted(wanted)
    statement = f"{_KNOWN} for update of s" if lock else _KNOWN
    return list(await tx.fetch(statement, [one[0] for one in pairs], [one[1] for one in pairs]))


async def alike_serials(tx: Tx, wanted: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], list[str]]:
    """Known numbers of a product that look like these but are others."""
    keys = {(product, look_alike(number)) for product, number in wanted}
    rows = await tx.fetch(_ALIKE, [one[0] for one in keys], [one[1] for one in keys]) if keys else []
    found: dict[tuple[UUID, str], list[str]] = {}
    for product, number in wanted:
        others = sorted(
            row["number"]
            for row in rows
            if (row["product_id"], row["look_alike"]) == (product, look_alike(number)) and row["number"] != number
        )
        if others:
            found[product, number] = others
    return found


async def lock_serial(tx: Tx, serial_id: UUID) -> asyncpg.Record | None:
    """One unit, locked until the end of the transaction."""
    row: asyncpg.Record | None = await tx.fetchrow("select * from serial where id = $1 for update", serial_id)
    return row


async def lock_charge(tx: Tx, charge_id: UUID) -> None:
    """Let nobody else name the units of this charge until this transaction ends."""
    await tx.execute("select pg_advisory_xact_lock(hashtextextended($1, 8))", str(charge_id))


async def lock_where(tx: Tx, column: str, values: Collection[UUID]) -> list[asyncpg.Record]:
    """The units of charges, transfers or by id, locked in the one order."""
    if column not in {"charge_id", "transfer_id", "id"}:
        raise LookupError(column)
    return list(
        await tx.fetch(
            f"select * from serial where {column} = any($1::uuid[]) order by product_id, number for update",
            list(values),
        )
    )


async def add_steps(tx: Tx, steps: Sequence[Step], now: datetime) -> set[UUID]:
    """Write steps of stories; a cause that took a step before does nothing. Returns whose story grew."""
    if not steps:
        return set()
    rows = await tx.fetch(_STEPS, *zip(*[(*one[:9], now) for one in steps], strict=True))
    return {row[0] for row in rows}


async def place(tx: Tx, steps: Sequence[Step], now: datetime) -> set[UUID]:
    """Write steps and put their units there; a cause that took a step before does nothing. Returns who moved."""
    fresh = await add_steps(tx, steps, now)
    moved = [(s.serial_id, s.state, s.site, s.room, s.charge_id, s.transfer_id) for s in steps if s.serial_id in fresh]
    if moved:
        await tx.execute(_PLACE, *zip(*moved, strict=True))
    return fresh


async def serial_row(tx: Tx, serial_id: UUID) -> asyncpg.Record | None:
    """One unit with its product and lot."""
    row: asyncpg.Record | None = await tx.fetchrow(f"{ROWS} where s.id = $1", serial_id)
    return row


async def serials_page(tx: Tx, after: UUID, limit: int, filters: Mapping[str, object]) -> Sequence[asyncpg.Record]:
    """A page of units by id; only the asked filters stand in the statement."""
    given = {name: value for name, value in filters.items() if value is not None}
    conditions = [_FILTERS[name].format(f"${number}") for number, name in enumerate(given, start=3)]
    where = " and ".join(["s.id > $1", *conditions])
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        f"{ROWS} where {where} order by s.id limit $2", after, limit, *given.values()
    )
    return rows


async def steps_of(tx: Tx, serial_id: UUID, before: int, limit: int) -> Sequence[asyncpg.Record]:
    """A unit's story, newest first."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select * from serial_step where serial_id = $1 and id < $2 order by id desc limit $3", serial_id, before, limit
    )
    return rows


async def add_work(tx: Tx, row: tuple[Any, ...]) -> bool:
    """Keep maintenance that was done; False when this id was entered before."""
    found = await tx.fetchval(
        "insert into serial_work (id, serial_id, done_on, work, cost_minor, done_by, document, note, next_due_on,"
        " next_work, entered_by, entered_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        " on conflict (id) do nothing returning id",
        *row,
    )
    return found is not None


async def works_of(tx: Tx, serial_id: UUID) -> Sequence[asyncpg.Record]:
    """A unit's maintenance, the latest first."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select * from serial_work where serial_id = $1 order by done_on desc, id desc limit 500", serial_id
    )
    return rows


async def add_use(tx: Tx, row: tuple[Any, ...]) -> bool:
    """Keep units of work; False when this id was entered before."""
    found = await tx.fetchval(
        "insert into serial_use (id, serial_id, read_on, units, entered_by, entered_at)"
        " values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing returning id",
        *row,
    )
    return found is not None


async def uses_of(tx: Tx, serials: Collection[UUID]) -> dict[UUID, list[tuple[date, int]]]:
    """The units of work of these serials, as (day, units)."""
    found: dict[UUID, list[tuple[date, int]]] = {}
    for row in await tx.fetch(_USES, list(serials)):
        found.setdefault(row["serial_id"], []).append((row["read_on"], row["units"]))
    return found


async def change(tx: Tx, serial_id: UUID, values: Mapping[str, object]) -> None:
    """Change columns of a unit; its revision grows."""
    sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, start=2))
    await tx.execute(f"update serial set {sets}, revision = revision + 1 where id = $1", serial_id, *values.values())


async def due_maintenance(tx: Tx, today: Mapping[str, date], rows_max: int) -> Sequence[asyncpg.Record]:
    """Units whose maintenance is due at their site and was not told, locked."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_MAINTENANCE, list(today), list(today.values()), rows_max)
    return rows


async def ending_warranties(tx: Tx, today: Mapping[str, date], days: int, rows_max: int) -> Sequence[asyncpg.Record]:
    """Units whose warranty ends within days and was not told, locked."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_WARRANTY, list(today), list(today.values()), rows_max, days)
    return rows


async def told(tx: Tx, what: str, serials: Collection[UUID]) -> None:
    """Note that the due dates of these units were told; `what` is maintenance or warranty."""
    due = {"maintenance": "maintenance_due_on", "warranty": "warranty_ends_on"}[what]
    await tx.execute(f"update serial set {what}_told_on = {due} where id = any($1::uuid[])", list(serials))


async def unnamed_page(
    tx: Tx, sites: Sequence[str] | None, after: tuple[str, UUID, UUID], limit: int
) -> Sequence[asyncpg.Record]:
    """Lots of serialised products at sites where the books hold more or fewer units than are named."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_UNNAMED, None if sites is None else list(sites), *after, limit)
    return rows


async def nameless(tx: Tx, site: str, product_id: UUID) -> int:
    """How many whole units of a product at a site have no serial yet."""
    return int(
        await tx.fetchval(
            """
            with lying as (
                select lot_id, sum(on_hand)::bigint as on_hand from balance
                where site = $1 and product_id = $2 and lot_id is not null and on_hand > 0 and kind <> 'transit'
                group by lot_id)
            select coalesce(sum(greatest(0, y.on_hand / (10 ^ p.unit_decimals)::bigint - (
                select count(*) from serial s where s.lot_id = y.lot_id and s.site = $1
                and s.state in ('in_stock','in_use','in_repair')))), 0)
            from lying y, product p where p.id = $2
            """,
            site, product_id,
        )
    )  # fmt: skip


async def recalls_of(tx: Tx, serial_id: UUID, lot_id: UUID | None) -> asyncpg.Record | None:
    """The recall that blocks a unit, by its serial or by its lot: its id and title."""
    row: asyncpg.Record | None = await tx.fetchrow(
        """
        select r.id, r.title from recall r join recall_serial s on s.recall_id = r.id
        where s.serial_id = $1 and s.released_at is null
        union all
        select r.id, r.title from recall r join recall_lot l on l.recall_id = r.id
        where l.lot_id = $2 and l.released_at is null limit 1
        """,
        serial_id, lot_id,
    )  # fmt: skip
    return row


async def named_in_lot(tx: Tx, site: str, lot_id: UUID) -> int:
    """How many units of a lot at a site are named."""
    return int(
        await tx.fetchval(
            "select count(*) from serial where site = $1 and lot_id = $2"
            " and state in ('in_stock','in_use','in_repair','in_transit')",
            site, lot_id,
        )
    )  # fmt: skip


async def depreciating(tx: Tx, sites: Sequence[str] | None) -> AsyncIterator[Sequence[asyncpg.Record]]:
    """Units that are ours and lose their worth, a thousand at a time: memory stays bounded."""
    after = UUID(int=0)
    while True:
        rows = await tx.fetch(_DEPRECIATING, None if sites is None else list(sites), after)
        if not rows:
            return
        yield rows
        after = rows[-1]["id"]


async def named_by(tx: Tx, cause_id: UUID) -> int:
    """How many units a cause has named; call it under the lock of the cause."""
    return int(await tx.fetchval("select count(*) from serial_step where cause_id = $1", cause_id))


async def totals(tx: Tx, sites: Sequence[str] | None) -> Sequence[asyncpg.Record]:
    """Units that are ours by site and state, with what they and their maintenance cost."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_TOTALS, None if sites is None else list(sites))
    return rows
