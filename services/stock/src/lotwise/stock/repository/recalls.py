"""The only home of recalls in SQL: what they name, the lots they block, the sites that were told, drills."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.domain.recalls import Identity, Scope

_SCOPE = "product_id, gtin, manufacturer, kind, first, last, expires_from, expires_until"
_ADD_LINES = f"""
insert into recall_line (recall_id, line, {_SCOPE})
select $1, * from unnest($2::int[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                         $9::date[], $10::date[])
"""
_ACTIVE_FOR = f"""
select l.recall_id, {_SCOPE} from recall_line l join recall r on r.id = l.recall_id and r.state = 'active'
where l.product_id = any($1::uuid[]) or (l.gtin <> '' and l.gtin = any($2::text[]))
   or (l.manufacturer <> '' and lower(l.manufacturer) = any($3::text[]))
"""
_IDENTITY = """
select l.id, l.product_id, array(select b.code from barcode b where b.product_id = l.product_id) as gtins,
       l.manufacturer, l.number, l.expires_on, l.is_recalled, p.is_serialised
from lot l join product p on p.id = l.product_id
"""
_OF_SUBJECTS = f"""
{_IDENTITY}
where l.product_id = any($1::uuid[])
   or l.product_id in (select product_id from barcode where code = any($2::text[]))
   or lower(l.manufacturer) = any($3::text[])
order by l.id
"""
_OF_IDS = f"{_IDENTITY} where l.id = any($1::uuid[]) order by l.id"
_BLOCK = """
with blocked as (
    insert into recall_lot as r (recall_id, lot_id, match, blocked_at, released_by, release_reason)
    select $1, lot_id, match, $4, '', '' from unnest($2::uuid[], $3::text[]) as n(lot_id, match) order by lot_id
    on conflict (recall_id, lot_id) do nothing returning lot_id)
update lot set is_recalled = true where id in (select lot_id from blocked) returning id
"""
_CELLS = """
select l.site, l.product_id from level l
where l.product_id in (select product_id from lot where id = any($1::uuid[])) order by l.site, l.product_id
"""
_HELD = """
select b.lot_id, b.site, coalesce(sum(b.on_hand), 0)::bigint as on_hand, coalesce(sum(b.cost_minor), 0)::bigint as cost
from balance b where b.lot_id = any($1::uuid[])
group by b.lot_id, b.site order by b.lot_id, b.site
"""
_TELL_SITES = """
insert into recall_site as s (recall_id, lot_id, site, quantity, told_at)
select $1, * , $5 from unnest($2::uuid[], $3::text[], $4::bigint[])
on conflict (recall_id, lot_id, site) do update
set quantity = excluded.quantity, told_at = excluded.told_at, cleared_at = null
"""
_STRAY = """
select distinct b.site, b.product_id from lot l join balance b on b.lot_id = l.id and b.on_hand <> 0
where l.is_recalled and b.kind in ('shelf', 'back_bar') order by b.site, b.product_id limit $1
"""
_CLEAR = """
update recall_site s set cleared_at = $1 from lot l
where s.cleared_at is null and l.id = s.lot_id and s.quantity > 0 and ($2::uuid[] is null or s.lot_id = any($2))
  and not exists (select from balance b where b.lot_id = s.lot_id and b.site = s.site and b.on_hand <> 0)
returning s.recall_id, s.lot_id, s.site, l.product_id, l.number, l.expires_on
"""
_CLEAR_ALL = """
update recall_site set cleared_at = $2
where recall_id = $1 and cleared_at is null and lot_id = any($3::uuid[])
returning lot_id, site
"""
_RELEASE_LOTS = """
update recall_lot set released_at = $2, released_by = $3, release_reason = $4
where recall_id = $1 and released_at is null and ($5::uuid[] is null or lot_id = any($5)) returning lot_id
"""
_FREE = """
update lot l set is_recalled = false where id = any($1::uuid[]) and not exists
    (select from recall_lot r where r.lot_id = l.id and r.released_at is null) returning id
"""
_SOURCES = """
select m.lot_id, f.site, f.area from movement m join location f on f.id = m.from_location and f.kind = 'shelf'
join location t on t.id = m.to_location and t.kind = 'quarantine' and t.area = 'recalled'
where m.lot_id = any($1::uuid[]) group by m.lot_id, f.site, f.area
"""
_LIST = """
select r.*, (select count(*) from recall_lot l where l.recall_id = r.id) as lots,
       (select count(*) from recall_lot l where l.recall_id = r.id and l.released_at is null) as blocked,
       (select count(*) from recall_notice n where n.recall_id = r.id) as notices,
       (select count(*) from recall_notice n where n.recall_id = r.id and n.state = 'to_contact') as to_contact
from recall r where ($1::text is null or r.state = $1) and r.id < $2 order by r.id desc limit $3
"""
_LOTS = """
select l.lot_id, l.match, l.blocked_at, l.released_at, l.released_by, l.release_reason, t.number, t.manufacturer,
       t.expires_on, t.purchase_order, t.supplier_id, t.received_at, p.id as product_id, p.code, p.name, p.unit,
       p.unit_decimals
from recall_lot l join lot t on t.id = l.lot_id join product p on p.id = t.product_id
where l.recall_id = $1 order by p.name, t.number, l.lot_id
"""
_BLOCKING = """
select distinct on (l.lot_id) l.lot_id, l.recall_id, r.title, r.reason from recall_lot l
    join recall r on r.id = l.recall_id
where l.lot_id = any($1::uuid[]) and l.released_at is null order by l.lot_id, l.blocked_at
"""
_FAMILY = """
with recursive kin(id) as (
    select unnest($1::uuid[])
    union
    select case when g.parent_id = k.id then g.child_id else g.parent_id end
    from kin k join lot_lineage g on g.parent_id = k.id or g.child_id = k.id)
select id from kin
"""


class RecallDraft(NamedTuple):
    """A recall as it is begun."""

    recall_id: UUID
    title: str
    severity: str
    reason: str
    source: str
    notice_text: str
    actor: str


class Candidate(NamedTuple):
    """A lot a recall may mean."""

    id: UUID
    identity: Identity
    is_recalled: bool


async def add_recall(tx: Tx, draft: RecallDraft, scopes: Sequence[Scope], now: datetime) -> bool:
    """Write a recall with its lines; False when one of this id exists."""
    made = await tx.fetchval(
        "insert into recall (id, state, title, severity, reason, source, notice_text, begun_at, begun_by, released_by,"
        " release_reason, revision) values ($1, 'active', $2, $3, $4, $5, $6, $8, $7, '', '', 1)"
        " on conflict (id) do nothing returning id",
        *draft, now,
    )  # fmt: skip
    if made is None:
        return False
    if scopes:
        await tx.execute(_ADD_LINES, draft.recall_id, range(1, len(scopes) + 1), *zip(*scopes, strict=True))
    return True


async def active_scopes(
    tx: Tx, products: Collection[UUID], gtins: Collection[str], manufacturers: Collection[str]
) -> dict[UUID, list[Scope]]:
    """What active recalls name of these products, codes or makers, by recall."""
    found: dict[UUID, list[Scope]] = {}
    makers = sorted({one.casefold() for one in manufacturers if one})
    for row in await tx.fetch(_ACTIVE_FOR, list(products), list(gtins), makers):
        found.setdefault(row[0], []).append(Scope(*row[1:]))
    return found


async def lots_of_subjects(
    tx: Tx, products: Collection[UUID], gtins: Collection[str], manufacturers: Collection[str]
) -> list[Candidate]:
    """Every lot of these products, codes or makers."""
    makers = sorted({one.casefold() for one in manufacturers if one})
    return [_candidate(row) for row in await tx.fetch(_OF_SUBJECTS, list(products), list(gtins), makers)]


async def identities(tx: Tx, lots: Collection[UUID]) -> list[Candidate]:
    """These lots as a recall sees them."""
    return [_candidate(row) for row in await tx.fetch(_OF_IDS, list(lots))]


def _candidate(row: asyncpg.Record) -> Candidate:
    identity = Identity(
        row["product_id"], frozenset(row["gtins"]), row["manufacturer"], row["number"], row["expires_on"],
        row["is_serialised"],
    )  # fmt: skip
    return Candidate(row["id"], identity, row["is_recalled"])


async def block_lots(tx: Tx, recall_id: UUID, found: Mapping[UUID, str], now: datetime) -> set[UUID]:
    """Give lots the recalled state on behalf of a recall, under their locks; returns those it did not block yet."""
    ids = sorted(found)
    await tx.fetch("select id from lot where id = any($1::uuid[]) order by id for no key update", ids)
    return {row[0] for row in await tx.fetch(_BLOCK, recall_id, ids, [found[one] for one in ids], now)}


async def cells_of(tx: Tx, lots: Collection[UUID]) -> list[tuple[str, UUID]]:
    """Every cell of the lots' products: whoever brings goods of them in must wait at one of these locks."""
    return [(row[0], row[1]) for row in await tx.fetch(_CELLS, list(lots))]


async def held_by_site(tx: Tx, lots: Collection[UUID]) -> Sequence[asyncpg.Record]:
    """What each site that ever held one of these lots holds of it, in all places; zero where nothing is left."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_HELD, list(lots))
    return rows


async def tell_sites(tx: Tx, recall_id: UUID, rows: Sequence[tuple[UUID, str, int]], now: datetime) -> None:
    """Remember which sites were told of which lot, with the quantity they hold."""
    if rows:
        await tx.execute(_TELL_SITES, recall_id, *zip(*rows, strict=True), now)


async def stray_cells(tx: Tx, limit: int) -> list[tuple[str, UUID]]:
    """Cells where goods of a recalled lot lie on a shelf."""
    return [(row[0], row[1]) for row in await tx.fetch(_STRAY, limit)]


async def clear_sites(tx: Tx, now: datetime, lots: Collection[UUID] | None = None) -> Sequence[asyncpg.Record]:
    """Close the telling of sites where nothing of a recalled lot is left any more; returns them."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_CLEAR, now, None if lots is None else list(lots))
    return rows


async def lock_recall(tx: Tx, recall_id: UUID) -> asyncpg.Record | None:
    """The recall under its lock."""
    row: asyncpg.Record | None = await tx.fetchrow("select * from recall where id = $1 for update", recall_id)
    return row


async def recall_row(tx: Tx, recall_id: UUID) -> asyncpg.Record | None:
    """One recall."""
    row: asyncpg.Record | None = await tx.fetchrow("select * from recall where id = $1", recall_id)
    return row


async def release_lots(
    tx: Tx, recall_id: UUID, lots: Collection[UUID] | None, now: datetime, actor: str, reason: str
) -> list[UUID]:
    """End the block of a recall on these lots (all when None); returns those it blocked until now."""
    chosen = None if lots is None else list(lots)
    rows = await tx.fetch(_RELEASE_LOTS, recall_id, now, actor, reason, chosen)
    return sorted(row[0] for row in rows)


async def close_recall(tx: Tx, recall_id: UUID, now: datetime, actor: str, reason: str) -> None:
    """The recall blocks no receipt any more."""
    await tx.execute(
        "update recall set state = 'released', released_at = $2, released_by = $3, release_reason = $4,"
        " revision = revision + 1 where id = $1",
        recall_id, now, actor, reason,
    )  # fmt: skip


async def free_lots(tx: Tx, lots: Collection[UUID]) -> set[UUID]:
    """Take the recalled state from lots that no recall blocks any more, under their locks; returns them."""
    ids = sorted(lots)
    await tx.fetch("select id from lot where id = any($1::uuid[]) order by id for no key update", ids)
    return {row[0] for row in await tx.fetch(_FREE, ids)}


async def close_sites(tx: Tx, recall_id: UUID, lots: Collection[UUID], now: datetime) -> Sequence[asyncpg.Record]:
    """Close the telling of a recall's lots at all sites; returns those that were open."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_CLEAR_ALL, recall_id, now, list(lots))
    return rows


async def source_areas(tx: Tx, lots: Collection[UUID]) -> dict[tuple[UUID, str], set[str]]:
    """From which shelf areas goods of these lots were set apart as recalled, by (lot, site)."""
    found: dict[tuple[UUID, str], set[str]] = {}
    for row in await tx.fetch(_SOURCES, list(lots)):
        found.setdefault((row[0], row[1]), set()).add(row[2])
    return found


async def recalls_page(tx: Tx, state: str | None, before: UUID, limit: int) -> Sequence[asyncpg.Record]:
    """Recalls, newest first, with how many lots they block and how many members are to be told."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_LIST, state, before, limit)
    return rows


async def recall_lines(tx: Tx, recall_id: UUID) -> list[Scope]:
    """What a recall names."""
    rows = await tx.fetch(f"select {_SCOPE} from recall_line where recall_id = $1 order by line", recall_id)
    return [Scope(*row) for row in rows]


async def recall_lots(tx: Tx, recall_id: UUID) -> Sequence[asyncpg.Record]:
    """The lots a recall blocks or blocked."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_LOTS, recall_id)
    return rows


async def recall_sites(tx: Tx, recall_id: UUID) -> Sequence[asyncpg.Record]:
    """The sites that were told, by lot."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select lot_id, site, quantity, told_at, cleared_at from recall_site where recall_id = $1"
        " order by lot_id, site",
        recall_id,
    )
    return rows


async def blocking(tx: Tx, lots: Collection[UUID]) -> dict[UUID, asyncpg.Record]:
    """The recall that blocks each of these lots, of those that one does."""
    if not lots:
        return {}
    return {row[0]: row for row in await tx.fetch(_BLOCKING, list(lots))}


async def family(tx: Tx, lots: Collection[UUID]) -> set[UUID]:
    """These lots and all that they became or came from by merging and splitting (N-20)."""
    if not lots:
        return set()
    return {row[0] for row in await tx.fetch(_FAMILY, list(lots))}


async def gtins_of(tx: Tx, products: Collection[UUID]) -> list[str]:
    """The codes a scanner may read for these products."""
    rows = await tx.fetch("select code from barcode where product_id = any($1::uuid[])", list(products))
    return [row[0] for row in rows]


async def name_lots(tx: Tx, rows: Sequence[tuple[UUID, int, UUID]]) -> None:
    """Remember which lines of charges named their lot."""
    if rows:
        await tx.execute(
            "insert into named_lot (cause_id, line, lot_id) select * from unnest($1::uuid[], $2::int[], $3::uuid[])"
            " on conflict do nothing",
            *zip(*rows, strict=True),
        )


async def add_drill(tx: Tx, row: Mapping[str, Any]) -> None:
    """Keep what a rehearsal found."""
    names = ", ".join(row)
    marks = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await tx.execute(f"insert into recall_drill ({names}) values ({marks})", *row.values())


async def drills_page(tx: Tx, before: UUID, limit: int) -> Sequence[asyncpg.Record]:
    """Rehearsals, newest first."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select * from recall_drill where id < $1 order by id desc limit $2", before, limit
    )
    return rows


async def active_recalls(tx: Tx) -> Sequence[asyncpg.Record]:
    """The recalls that stand, oldest first."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select id, begun_at, followed_at from recall where state = 'active' order by id"
    )
    return rows


async def followed(tx: Tx, recall_id: UUID, now: datetime) -> None:
    """Remember until when a recall's list is complete."""
    await tx.execute("update recall set followed_at = $2 where id = $1", recall_id, now)
