"""SQL of shortages: one row each, so that none is answered twice."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from lotwise.kit.database import Tx

_COLUMNS = "id, site, product_id, usable, minimum, reorder_at, normal, decision, order_id, happened_at, restored_at"


@dataclass(frozen=True, slots=True)
class Shortage:
    """A shortage with its figures in smallest units and what was decided."""

    id: UUID
    site: str
    product_id: UUID
    usable: int
    minimum: int | None
    reorder_at: int | None
    normal: int | None
    happened_at: datetime
    decision: str = "noted"
    order_id: UUID | None = None
    restored_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShownShortage:
    """A shortage with names."""

    shortage: Shortage
    code: str
    name: str
    unit: str
    unit_decimals: int
    order_number: str | None


async def by_ids(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Shortage]:
    """The shortages of these ids."""
    return {
        row["id"]: Shortage(**row)
        for row in await tx.fetch(f"SELECT {_COLUMNS} FROM shortage WHERE id = ANY($1)", list(ids))
    }


async def store(tx: Tx, shortages: Sequence[Shortage]) -> None:
    """Insert shortages, or update their figures, decision, order and end."""
    await tx.execute(
        f"""
        INSERT INTO shortage ({_COLUMNS}) SELECT {_COLUMNS} FROM jsonb_populate_recordset(NULL::shortage, $1::jsonb)
        ON CONFLICT (id) DO UPDATE SET
            usable = excluded.usable, minimum = excluded.minimum, reorder_at = excluded.reorder_at,
            normal = excluded.normal, decision = excluded.decision, order_id = excluded.order_id,
            restored_at = excluded.restored_at
        """,
        [asdict(row) for row in shortages],
    )


async def of_orders(tx: Tx, order_ids: Sequence[UUID]) -> dict[UUID, list[Shortage]]:
    """The shortages that each order answers."""
    rows = await tx.fetch(f"SELECT {_COLUMNS} FROM shortage WHERE order_id = ANY($1) ORDER BY id", list(order_ids))
    found: dict[UUID, list[Shortage]] = {order_id: [] for order_id in order_ids}
    for row in rows:
        found[row["order_id"]].append(Shortage(**row))
    return found


async def unsourced(tx: Tx, product_id: UUID) -> list[Shortage]:
    """Open shortages of a product that nobody was known to supply."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS} FROM shortage
         WHERE product_id = $1 AND decision = 'unsourced' AND restored_at IS NULL ORDER BY id
        """,
        product_id,
    )
    return [Shortage(**row) for row in rows]


async def covered(tx: Tx, site: str, product_ids: Sequence[UUID]) -> list[Shortage]:
    """Open shortages of a site that needed no order of their own, because enough was on order."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS} FROM shortage
         WHERE site = $1 AND product_id = ANY($2) AND decision = 'covered' AND restored_at IS NULL ORDER BY id
        """,
        site,
        list(product_ids),
    )
    return [Shortage(**row) for row in rows]


async def listing(
    tx: Tx, sites: Sequence[str] | None, decision: str | None, after: UUID | None, limit: int
) -> list[ShownShortage]:
    """Open shortages, oldest first, beginning after one."""
    rows = await tx.fetch(
        f"""
        SELECT {", ".join("s." + name.strip() for name in _COLUMNS.split(","))},
               p.code, p.name, p.unit, p.unit_decimals, o.number AS order_number
          FROM shortage s JOIN product p ON p.id = s.product_id LEFT JOIN purchase_order o ON o.id = s.order_id
         WHERE s.restored_at IS NULL AND ($1::text[] IS NULL OR s.site = ANY($1))
           AND ($2::text IS NULL OR s.decision = $2) AND ($3::uuid IS NULL OR s.id > $3)
         ORDER BY s.id LIMIT $4
        """,
        None if sites is None else list(sites),
        decision,
        after,
        limit,
    )
    names = [name.strip() for name in _COLUMNS.split(",")]
    return [
        ShownShortage(
            Shortage(**{name: row[name] for name in names}),
            row["code"],
            row["name"],
            row["unit"],
            row["unit_decimals"],
            row["order_number"],
        )
        for row in rows
    ]
