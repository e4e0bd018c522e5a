"""The only home of notes between legal entities in SQL: their terms, numbers and lines."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.values import format_quantity

_COLUMNS = """id, from_entity, to_entity, number, transfer_id, credits, from_site, to_site, happened_at, issued_at,
    issued_by, markup, tax_name, tax_percent, cost_minor, price_minor, tax_minor, lines"""
_NEXT = """
insert into company_terms as c (from_entity, to_entity, markup, tax_name, tax_percent, last_number, revision)
values ($1, $2, 0, '', 0, 1, 1)
on conflict (from_entity, to_entity) do update set last_number = c.last_number + 1
returning last_number, markup, tax_name, tax_percent
"""
_TERMS = """
insert into company_terms as c (from_entity, to_entity, markup, tax_name, tax_percent, last_number, revision)
values ($1, $2, $3, $4, $5, 0, 1)
on conflict (from_entity, to_entity) do update set markup = excluded.markup, tax_name = excluded.tax_name,
    tax_percent = excluded.tax_percent, revision = c.revision + 1
returning revision
"""
_SHIPPED = """
select l.line, l.product_id, p.code, p.name, p.unit, p.unit_decimals as decimals, l.lot_id, o.number as lot_number,
       o.expires_on, l.shipped as units, l.cost_minor
from transfer_lot l join product p on p.id = l.product_id join lot o on o.id = l.lot_id
where l.transfer_id = $1 order by l.line, o.number, l.lot_id
"""


class Between(NamedTuple):
    """Whose goods go to whom with a transfer."""

    from_site: str
    to_site: str
    from_entity: str
    to_entity: str
    of_transfer: UUID | None


class Terms(NamedTuple):
    """The next note's number between two entities, and the terms of the pair (percents in millionths)."""

    number: int
    markup: int
    tax_name: str
    tax_percent: int


class Note(NamedTuple):
    """A note as it is kept; a credit has sums below zero and names what it `credits`."""

    id: UUID
    from_entity: str
    to_entity: str
    number: int
    transfer_id: UUID
    credits: UUID | None
    from_site: str
    to_site: str
    happened_at: datetime
    issued_at: datetime
    issued_by: str
    markup: int
    tax_name: str
    tax_percent: int
    cost_minor: int
    price_minor: int
    tax_minor: int
    lines: list[dict[str, Any]]


async def entities_of(tx: Tx, transfer_id: UUID) -> Between:
    """The sites and legal entities of a transfer."""
    row = await tx.fetchrow(
        "select t.from_site, t.to_site, f.legal_entity, d.legal_entity, t.of_transfer from transfer t"
        " join site f on f.slug = t.from_site join site d on d.slug = t.to_site where t.id = $1",
        transfer_id,
    )
    if row is None:
        raise LookupError("the transfer was locked before")
    return Between(*row)


async def next_number(tx: Tx, from_entity: str, to_entity: str) -> Terms:
    """Count one on: numbers of a pair have no gap, because a rollback gives the number back."""
    row = await tx.fetchrow(_NEXT, from_entity, to_entity)
    if row is None:
        raise LookupError("an upsert always returns its row")
    return Terms(*row)


async def shipped_lines(tx: Tx, transfer_id: UUID) -> list[dict[str, Any]]:
    """What left with a transfer, as the lines of a note: quantities as text and in smallest units."""
    found = []
    for row in await tx.fetch(_SHIPPED, transfer_id):
        line = dict(row)
        line |= {name: str(line[name]) for name in ("product_id", "lot_id")}
        line["expires_on"] = line["expires_on"].isoformat() if line["expires_on"] else None
        line["quantity"] = format_quantity(line["units"], line["decimals"])
        found.append(line)
    return found


async def add_note(tx: Tx, note: Note) -> None:
    """Write a note; it is never changed."""
    await tx.execute(
        f"insert into company_note ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
        " $15, $16, $17, $18)",
        *note,
    )


async def note_of_transfer(tx: Tx, transfer_id: UUID) -> Note | None:
    """The note that billed a transfer."""
    row = await tx.fetchrow(
        f"select {_COLUMNS} from company_note where transfer_id = $1 and credits is null", transfer_id
    )
    return Note(*row) if row else None


async def notes_crediting(tx: Tx, note_id: UUID) -> list[Note]:
    """The notes that credit another one, oldest first."""
    rows = await tx.fetch(f"select {_COLUMNS} from company_note where credits = $1 order by number", note_id)
    return [Note(*row) for row in rows]


async def credits_of_transfer(tx: Tx, transfer_id: UUID) -> list[Note]:
    """The credits that a transfer made, because it carries goods of another one back."""
    rows = await tx.fetch(
        f"select {_COLUMNS} from company_note where transfer_id = $1 and credits is not null and price_minor <= 0"
        " order by number",
        transfer_id,
    )
    return [Note(*row) for row in rows]


async def one_note(tx: Tx, note_id: UUID) -> Note | None:
    """One note."""
    row = await tx.fetchrow(f"select {_COLUMNS} from company_note where id = $1", note_id)
    return Note(*row) if row else None


async def notes_page(
    tx: Tx, sites: Collection[str] | None, transfer_id: UUID | None, before: UUID, limit: int
) -> list[Note]:
    """A page of notes of transfers that begin or end at these sites, newest first."""
    rows = await tx.fetch(
        f"select {_COLUMNS} from company_note where ($1::text[] is null or from_site = any($1) or to_site = any($1))"
        " and ($2::uuid is null or transfer_id = $2"
        " or credits in (select n.id from company_note n where n.transfer_id = $2))"
        " and id < $3 order by id desc limit $4",
        None if sites is None else list(sites), transfer_id, before, limit,
    )  # fmt: skip
    return [Note(*row) for row in rows]


async def terms_row(tx: Tx, from_entity: str, to_entity: str, *, lock: bool = False) -> asyncpg.Record | None:
    """The terms of a pair, None when nobody set any and no note was issued."""
    row: asyncpg.Record | None = await tx.fetchrow(
        "select from_entity, to_entity, markup, tax_name, tax_percent, revision from company_terms"
        f" where from_entity = $1 and to_entity = $2{' for update' if lock else ''}",
        from_entity, to_entity,
    )  # fmt: skip
    return row


async def terms_list(tx: Tx) -> Sequence[asyncpg.Record]:
    """The terms of every pair of legal entities that has sites, set or not."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select f.legal_entity as from_entity, d.legal_entity as to_entity, coalesce(c.markup, 0) as markup,"
        " coalesce(c.tax_name, '') as tax_name, coalesce(c.tax_percent, 0) as tax_percent,"
        " coalesce(c.revision, 0) as revision"
        " from (select distinct legal_entity from site where legal_entity <> '') f"
        " join (select distinct legal_entity from site where legal_entity <> '') d on d.legal_entity <> f.legal_entity"
        " left join company_terms c on c.from_entity = f.legal_entity and c.to_entity = d.legal_entity"
        " order by 1, 2 limit 2000"
    )
    return rows


async def set_terms(tx: Tx, from_entity: str, to_entity: str, markup: int, tax_name: str, tax_percent: int) -> int:
    """Set the terms of a pair; the new revision. Notes issued before keep theirs."""
    revision: int = await tx.fetchval(_TERMS, from_entity, to_entity, markup, tax_name, tax_percent)
    return revision
