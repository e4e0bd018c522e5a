"""The only home of following lots in SQL: where they lie, which way they came, who received them (N-06).

Every statement finds its rows by lot, by cause or by the partial index of sales without a lot: none scans the ledger.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.domain.recalls import ASSUMED, CONFIRMED
from lotwise.stock.domain.stories import Step, charges

NO_ID = UUID(int=0)

_PLACES = """
select b.lot_id, b.site, b.kind, p.area, b.on_hand, b.cost_minor from balance b join location p on p.id = b.location_id
where b.lot_id = any($1::uuid[]) and b.on_hand <> 0 order by b.lot_id, b.site, b.kind, p.area
"""
_STORY = """
select m.id, m.lot_id, m.cause_id, m.site, m.happened_at, m.quantity, m.cost_minor, m.reverses,
       f.kind as from_kind, f.site as from_site, t.kind as to_kind, t.site as to_site
from movement m join location f on f.id = m.from_location join location t on t.id = m.to_location
where m.lot_id = any($1::uuid[]) and m.id > $2
"""
"""Every movement of some lots, read once: its reversals are of the same lots."""
_NAMED = "select cause_id, lot_id from named_lot where cause_id = any($1::uuid[])"
_POSSIBLE = """
select m.cause_id, m.site, min(m.happened_at) as happened_at
from movement m join location f on f.id = m.from_location and f.kind = 'unattributed'
join location t on t.id = m.to_location and t.kind = 'patient'
where m.lot_id is null and m.product_id = any($1::uuid[]) and m.id > $2 and m.quantity > 0 and m.reverses is null
  and m.quantity > coalesce((select sum(r.quantity) from movement r where r.reverses = m.id), 0)
group by m.cause_id, m.site
"""
_ADD = """
insert into recall_notice as n (recall_id, charge_id, site, happened_at, how, state, note, changed_by)
select $1, c.*, 'to_contact', '', ''
from unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::text[]) as c(charge_id, site, happened_at, how)
on conflict (recall_id, charge_id) do update set how = excluded.how
where n.how = 'possible' or (n.how = 'assumed' and excluded.how = 'confirmed')
"""
_ADD_UNITS = """
insert into recall_notice as n (recall_id, charge_id, site, happened_at, how, state, note, changed_by)
select distinct on (s.charge_id) r.recall_id, s.charge_id, s.site, t.happened_at, 'confirmed', 'to_contact', '', ''
from recall_serial r join serial s on s.id = r.serial_id and s.charge_id is not null
join serial_step t on t.serial_id = s.id and t.cause_id = s.charge_id and t.kind = 'sold'
where r.recall_id = $1
on conflict (recall_id, charge_id) do update set how = excluded.how where n.how <> 'confirmed'
"""
_ADD_POSSIBLE = f"""
insert into recall_notice (recall_id, charge_id, site, happened_at, how, state, note, changed_by)
select $3, c.cause_id, c.site, c.happened_at, 'possible', 'to_contact', '', '' from ({_POSSIBLE}) c
on conflict (recall_id, charge_id) do nothing
"""
_LOTS_OF_CHARGES = """
select m.cause_id, m.lot_id, m.site, min(m.happened_at) as happened_at, m.product_id, p.code, p.name, p.unit,
       p.unit_decimals, l.number, l.manufacturer, l.expires_on, coalesce(l.is_recalled, false) as is_recalled,
       sum(m.quantity - coalesce(r.quantity, 0))::bigint as quantity, sum(m.cost_minor)::bigint as cost_minor,
       bool_or(f.kind = 'in_use' or exists (
           select from named_lot n where n.cause_id = m.cause_id and n.lot_id = m.lot_id)) as is_confirmed
from movement m
join location f on f.id = m.from_location join location t on t.id = m.to_location and t.kind = 'patient'
join product p on p.id = m.product_id left join lot l on l.id = m.lot_id
left join lateral (select sum(quantity) as quantity from movement where reverses = m.id) r on true
where m.cause_id = any($1::uuid[]) and m.reverses is null and m.quantity > 0
  and ($2::uuid[] is null or m.lot_id = any($2) or (m.lot_id is null and m.product_id = any($3::uuid[])))
group by m.cause_id, m.lot_id, m.site, m.product_id, p.code, p.name, p.unit, p.unit_decimals, l.number, l.manufacturer,
         l.expires_on, l.is_recalled
order by min(m.happened_at), m.cause_id, p.name
"""
_NOTICES = """
select * from recall_notice where recall_id = $1 and charge_id > $2 and ($3::text is null or state = $3)
  and ($4::text is null or how = $4) and ($5::text[] is null or site = any($5)) order by charge_id limit $6
"""


async def places_of(tx: Tx, lots: Collection[UUID]) -> Sequence[asyncpg.Record]:
    """Where anything of these lots lies now: shelves, transit, quarantine, in use."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_PLACES, list(lots))
    return rows


async def story_of(tx: Tx, lots: Collection[UUID], since: UUID = NO_ID) -> list[Step]:
    """Every movement of these lots with an id after this one, with the kinds and sites of both ends."""
    return [Step(*row) for row in await tx.fetch(_STORY, list(lots), since)]


async def receivers(tx: Tx, story: Collection[Step]) -> list[dict[str, Any]]:
    """The charges that received lots of a story; `is_confirmed` where a line named the lot or a container was drawn."""
    found = charges(story)
    rows = await tx.fetch(_NAMED, [one["cause_id"] for one in found]) if found else []
    named = {(row[0], row[1]) for row in rows}
    for one in found:
        one["is_confirmed"] = one["is_drawn"] or any((one["cause_id"], lot_id) in named for lot_id in one["lots"])
    return found


async def possible_charges(tx: Tx, products: Collection[UUID]) -> Sequence[asyncpg.Record]:
    """The charges of these products that no lot covered: they may have received any."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(f"{_POSSIBLE} order by 3, 1", list(products), NO_ID)
    return rows


async def add_notices(tx: Tx, recall_id: UUID, since: UUID) -> None:
    """Add to a recall's list who received its lots by movements after an id, and who may have (no lot covered it)."""
    rows = await tx.fetch(
        "select r.lot_id, l.product_id from recall_lot r join lot l on l.id = r.lot_id where r.recall_id = $1",
        recall_id,
    )
    products = await tx.fetch(
        "select product_id from recall_line where recall_id = $1 and product_id is not null union"
        " select b.product_id from recall_line l join barcode b on b.code = l.gtin"
        " where l.recall_id = $1 and l.gtin <> ''",
        recall_id,
    )
    about = {row[1] for row in rows} | {row[0] for row in products}
    found = await receivers(tx, await story_of(tx, [row[0] for row in rows], since)) if rows else []
    if found:
        columns = zip(*((one["cause_id"], one["site"], one["happened_at"], _how(one)) for one in found), strict=True)
        await tx.execute(_ADD, recall_id, *columns)
    if about:
        await tx.execute(_ADD_POSSIBLE, list(about), since, recall_id)
    await tx.execute(_ADD_UNITS, recall_id)


def _how(charge: dict[str, Any]) -> str:
    return CONFIRMED if charge["is_confirmed"] else ASSUMED


async def lots_of_charges(
    tx: Tx, charges: Collection[UUID], lots: Collection[UUID] | None = None, products: Collection[UUID] = ()
) -> Sequence[asyncpg.Record]:
    """What charges received, by lot; only of these lots (and without one, of these products) when given."""
    chosen = None if lots is None else list(lots)
    rows: Sequence[asyncpg.Record] = await tx.fetch(_LOTS_OF_CHARGES, list(charges), chosen, list(products))
    return rows


async def notices_page(
    tx: Tx, recall_id: UUID, after: UUID, state: str | None, how: str | None, sites: Sequence[str] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of a recall's list of charges, by charge."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        _NOTICES, recall_id, after, state, how, None if sites is None else list(sites), limit
    )
    return rows


async def notice_counts(tx: Tx, recall_id: UUID) -> Sequence[asyncpg.Record]:
    """How many charges of a recall's list are in each state, by how sure."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select how, state, count(*) as charges from recall_notice where recall_id = $1 group by how, state", recall_id
    )
    return rows


async def notice_row(tx: Tx, recall_id: UUID, charge_id: UUID) -> asyncpg.Record | None:
    """One charge of a recall's list, under its lock."""
    row: asyncpg.Record | None = await tx.fetchrow(
        "select * from recall_notice where recall_id = $1 and charge_id = $2 for update", recall_id, charge_id
    )
    return row


async def set_notice(
    tx: Tx, recall_id: UUID, charge_id: UUID, state: str, note: str, actor: str, now: datetime
) -> None:
    """Keep whether somebody reached the member of a charge: who said so and when."""
    await tx.execute(
        "update recall_notice set state = $3, note = $4, changed_by = $5, changed_at = $6"
        " where recall_id = $1 and charge_id = $2",
        recall_id, charge_id, state, note, actor, now,
    )  # fmt: skip
