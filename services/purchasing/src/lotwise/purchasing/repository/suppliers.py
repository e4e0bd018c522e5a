"""SQL of suppliers."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.purchasing.domain.suppliers import Supplier, key

_COLUMNS = (
    "id, number, name, contact, email, phone, address, lead_time_days, payment_terms, minimum_order_minor, note,"
    " is_archived, revision, contract_reference, contract_ends_on, contract_notice_days"
)


async def listing(
    tx: Tx, search: str | None, after: int | None, limit: int, *, is_archived: bool | None
) -> list[Supplier]:
    """Suppliers by number, beginning after one."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS} FROM supplier
         WHERE ($1::bigint IS NULL OR number > $1) AND ($2::bool IS NULL OR is_archived = $2)
           AND ($3::text IS NULL OR strpos(lower(name), lower($3)) > 0 OR number::text = $3)
         ORDER BY number LIMIT $4
        """,
        after,
        is_archived,
        search,
        limit,
    )
    return [Supplier(**row) for row in rows]


async def by_ids(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Supplier]:
    """The suppliers of these ids."""
    rows = await tx.fetch(f"SELECT {_COLUMNS} FROM supplier WHERE id = ANY($1)", list(ids))
    return {row["id"]: Supplier(**row) for row in rows}


async def by_names(tx: Tx, names: Sequence[str]) -> dict[str, Supplier]:
    """The suppliers of these names, by the key of the name."""
    rows = await tx.fetch(f"SELECT {_COLUMNS} FROM supplier WHERE lower(name) = ANY($1)", [key(name) for name in names])
    return {key(row["name"]): Supplier(**row) for row in rows}


async def last_number(tx: Tx) -> int:
    """The highest number that was ever assigned."""
    number: int = await tx.fetchval("SELECT coalesce(max(number), 0) FROM supplier")
    return number


async def ending_contracts(tx: Tx, today: date, rows_max: int) -> list[Supplier]:
    """Suppliers whose contract ends within its notice and was not told of; they count as told from now on."""
    rows = await tx.fetch(
        f"""
        WITH due AS (
            SELECT id FROM supplier WHERE NOT is_archived AND contract_ends_on - contract_notice_days <= $1::date
               AND contract_told_on IS DISTINCT FROM contract_ends_on ORDER BY id FOR UPDATE SKIP LOCKED LIMIT $2)
        UPDATE supplier SET contract_told_on = contract_ends_on WHERE id IN (SELECT id FROM due) RETURNING {_COLUMNS}
        """,
        today,
        rows_max,
    )
    return [Supplier(**row) for row in rows]


async def store(tx: Tx, suppliers: Sequence[Supplier]) -> None:
    """Insert or update suppliers; the number stays what it was."""
    if suppliers:
        await tx.execute(
            f"""
            INSERT INTO supplier ({_COLUMNS}) SELECT {_COLUMNS} FROM jsonb_populate_recordset(NULL::supplier, $1::jsonb)
            ON CONFLICT (id) DO UPDATE SET
                name = excluded.name, contact = excluded.contact, email = excluded.email, phone = excluded.phone,
                address = excluded.address, lead_time_days = excluded.lead_time_days,
                payment_terms = excluded.payment_terms, minimum_order_minor = excluded.minimum_order_minor,
                note = excluded.note, is_archived = excluded.is_archived, revision = excluded.revision,
                contract_reference = excluded.contract_reference, contract_ends_on = excluded.contract_ends_on,
                contract_notice_days = excluded.contract_notice_days
            """,
            [asdict(supplier) for supplier in suppliers],
        )
