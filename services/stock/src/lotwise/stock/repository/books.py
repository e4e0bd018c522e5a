"""The only home of loading and storing the books: cells under their locks, a batch's changes in one statement."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.stock.domain.cells import Balance, Books, Cell, CellKey
from lotwise.stock.domain.crossings import Flags
from lotwise.stock.domain.levels import Level
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.places import Product, Site
from lotwise.stock.repository.locking import lock_levels

_BALANCES = """
select b.id, b.site, b.product_id, b.kind, p.area, b.on_hand, b.cost_minor,
       b.lot_id, l.number, l.expires_on, l.received_at, l.owner, l.unit_cost, l.is_recalled
from unnest($1::text[], $2::uuid[]) as wanted(site, product_id)
join balance b on b.product_id = wanted.product_id and b.site = wanted.site and b.on_hand <> 0
join location p on p.id = b.location_id
left join lot l on l.id = b.lot_id
"""

HASHED = """sha256(record_send(row(m.id, m.recorded_at, m.happened_at, m.site, m.product_id, m.lot_id, m.from_location,
    m.to_location, m.quantity, m.cost_minor, m.actor, m.reason, m.cause_id, m.line, m.trace_id, m.reverses)))"""
"""What a movement hashes to: its whole content in PostgreSQL's own wire form. The audit computes the same again."""

_LEVELS = """
update level l set on_hand = n.on_hand, held = n.held, value_minor = n.value_minor, unattributed = n.unattributed,
    minimum = n.minimum, reorder_at = n.reorder_at, last_cost = n.last_cost, is_below = n.is_below,
    is_at_reorder = n.is_at_reorder, is_out = n.is_out, shortage_id = n.shortage_id, revision = n.revision,
    setting_revision = n.setting_revision,
    short_since = case when n.shortage_id is null then null else coalesce(l.short_since, ${15}) end
from unnest(${0}::text[], ${1}::uuid[], ${2}::bigint[], ${3}::bigint[], ${4}::bigint[], ${5}::bigint[], ${6}::bigint[],
            ${7}::bigint[], ${8}::bigint[], ${9}::bool[], ${10}::bool[], ${11}::bool[], ${12}::uuid[], ${13}::bigint[],
            ${14}::bigint[])
     as n(site, product_id, on_hand, held, value_minor, unattributed, minimum, reorder_at, last_cost, is_below,
          is_at_reorder, is_out, shortage_id, revision, setting_revision)
where l.site = n.site and l.product_id = n.product_id
"""

_STORE = f"""
with moved as (
    insert into movement (id, recorded_at, happened_at, site, product_id, lot_id, from_location, to_location, quantity,
                          cost_minor, actor, reason, cause_id, line, trace_id, reverses, content_hash, xid)
    select m.*, {HASHED}, (select pg_current_xact_id()::text::bigint + coalesce((select base from ledger_era), 0))
    from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::uuid[], $6::uuid[], $7::int[],
        $8::int[],
                $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::uuid[], $14::int[], $15::text[],
                    $16::uuid[])
         as m(id, recorded_at, happened_at, site, product_id, lot_id, from_location, to_location, quantity, cost_minor,
              actor, reason, cause_id, line, trace_id, reverses)
), kept as (
    update balance b set on_hand = n.on_hand, cost_minor = n.cost_minor, version = b.version + 1
    from unnest($17::bigint[], $18::bigint[], $19::bigint[]) as n(id, on_hand, cost_minor) where b.id = n.id
), opened as (
    insert into balance as b (location_id, site, kind, product_id, lot_id, on_hand, cost_minor, version)
    select n.*, 1 from unnest($20::int[], $21::text[], $22::text[], $23::uuid[], $24::uuid[], $25::bigint[],
        $26::bigint[])
         as n(location_id, site, kind, product_id, lot_id, on_hand, cost_minor)
    on conflict (location_id, product_id, lot_id) do update
    set on_hand = b.on_hand + excluded.on_hand, cost_minor = b.cost_minor + excluded.cost_minor, version = b.version + 1
), summed as (
    insert into daily_total as d (location_id, product_id, lot_id, happened_on, recorded_on, quantity, cost_minor)
    select * from unnest($27::int[], $28::uuid[], $29::uuid[], $30::date[], $31::date[], $32::bigint[], $33::bigint[])
    on conflict (product_id, location_id, lot_id, happened_on, recorded_on) do update
    set quantity = d.quantity + excluded.quantity, cost_minor = d.cost_minor + excluded.cost_minor
)
{_LEVELS.format(*range(34, 50))}
"""

_LEVELS_ALONE = _LEVELS.format(*range(1, 17))
_WIDTHS = (16, 3, 7, 7, 15)


async def open_books(
    tx: Tx,
    keys: Iterable[CellKey],
    sites: Mapping[str, Site],
    products: Mapping[UUID, Product],
    now: datetime,
    exponent: int,
) -> Books:
    """Lock these cells in the one order and load their levels and live balances."""
    cells: dict[CellKey, Cell] = {}
    for row in await lock_levels(tx, keys):
        product = products[row[1]]
        level = _level(row, product)
        cells[row[0], row[1]] = Cell(sites[row[0]], product, level, was_on_hand=level.on_hand)
    if cells:
        await _load_balances(tx, cells)
    return Books(cells.values(), now, exponent, uuid7)


def _level(row: asyncpg.Record, product: Product) -> Level:
    own_reorder_at = row["reorder_at"]
    return Level(
        on_hand=row["on_hand"],
        held=row["held"],
        value_minor=row["value_minor"],
        unattributed=row["unattributed"],
        minimum=row["minimum"],
        own_reorder_at=own_reorder_at,
        reorder_at=own_reorder_at if own_reorder_at is not None else product.reorder_at,
        normal_order_quantity=product.normal_order_quantity,
        last_cost=row["last_cost"],
        flags=Flags(row["is_below"], row["is_at_reorder"], row["is_out"]),
        shortage_id=row["shortage_id"],
        revision=row["revision"],
        setting_revision=row["setting_revision"],
        requested=row["requested"],
    )


async def _load_balances(tx: Tx, cells: Mapping[CellKey, Cell]) -> None:
    lots: dict[UUID, Lot] = {}
    rows = await tx.fetch(_BALANCES, [key[0] for key in cells], [key[1] for key in cells])
    for row_id, site, product_id, kind, area, on_hand, cost, lot_id, *of_lot in rows:
        lot = None
        if lot_id is not None:
            lot = lots.get(lot_id)
            if lot is None:
                lot = lots[lot_id] = Lot(lot_id, product_id, *of_lot)
        cell = cells[site, product_id]
        place = cell.site.places[kind, area]
        cell.balances[place.id, lot_id] = Balance(place, lot, on_hand, cost, row_id)


async def store_books(tx: Tx, books: Books) -> None:
    """Write the movements and everything they changed: balances, daily totals and levels, in one statement."""
    touched = [
        (key[1], cell, one) for key, cell in books.cells.items() for one in cell.balances.values() if one.is_touched
    ]
    kept = [(one.row_id, one.on_hand, one.cost) for _, _, one in touched if one.row_id is not None]
    opened = [
        (one.place.id, one.place.site, one.place.kind, product, one.lot.id if one.lot else None, one.on_hand, one.cost)
        for product, _, one in touched
        if one.row_id is None
    ]
    days = [(*key, *total) for key, total in books.days.items()]
    levels = [_level_row(key, cell.level) for key, cell in books.cells.items() if cell.is_touched]
    if not levels:
        return
    if not books.movements:
        await tx.execute(_LEVELS_ALONE, *zip(*levels, strict=True), books.now)
        return
    groups: tuple[Sequence[tuple[object, ...]], ...] = (books.movements, kept, opened, days, levels)
    arguments = [
        column
        for rows, width in zip(groups, _WIDTHS, strict=True)
        for column in (zip(*rows, strict=True) if rows else [()] * width)
    ]
    await tx.execute(_STORE, *arguments, books.now)


def _level_row(key: CellKey, level: Level) -> tuple[object, ...]:
    return (
        key[0], key[1], level.on_hand, level.held, level.value_minor, level.unattributed, level.minimum,
        level.own_reorder_at, level.last_cost, level.flags.is_below, level.flags.is_at_reorder, level.flags.is_out,
        level.shortage_id, level.revision, level.setting_revision,
    )  # fmt: skip
