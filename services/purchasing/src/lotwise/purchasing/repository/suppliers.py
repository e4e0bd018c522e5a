"""SQL of suppliers."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.purchasing.domain.suppliers import Supplier, key

_COLUMNS = (
    "id, number, name, contact, email, phone, address, lead_time_days, payment_terms, minimum_order_minor, note,"
    " is_archived, revision"
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
                note = excluded.note, is_archived = excluded.is_archived, revision = excluded.revision
            """,
            [asdict(supplier) for supplier in suppliers],
        )
