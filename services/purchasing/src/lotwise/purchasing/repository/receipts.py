"""SQL of receipts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.purchasing.domain.orders import Delivered


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """A line of a receipt as it was confirmed."""

    receipt_id: UUID
    happened_at: datetime
    actor: str
    note: str
    line: int
    order_line: int
    product_id: UUID
    quantity: int
    unit_cost: int
    lot_number: str
    expires_on: date | None
    area: str


async def insert(tx: Tx, receipt_id: UUID, order_id: UUID, happened_at: datetime, actor: str, note: str) -> None:
    """Add a receipt."""
    await tx.execute(
        "INSERT INTO receipt (id, order_id, happened_at, actor, note) VALUES ($1, $2, $3, $4, $5)",
        receipt_id,
        order_id,
        happened_at,
        actor,
        note,
    )


async def insert_lines(tx: Tx, receipt_id: UUID, rows: Sequence[tuple[int, UUID, Delivered]]) -> None:
    """Add the lots of a receipt (number, product, delivered)."""
    await tx.execute(
        """
        INSERT INTO receipt_line (receipt_id, line, order_line, product_id, quantity, unit_cost, lot_number, expires_on,
                                  area)
        SELECT $1, c.*
          FROM unnest($2::int[], $3::int[], $4::uuid[], $5::bigint[], $6::bigint[], $7::text[], $8::date[],
                      $9::text[]) AS c
        """,
        receipt_id,
        [number for number, _, _ in rows],
        [one.line for _, _, one in rows],
        [product_id for _, product_id, _ in rows],
        [one.quantity for _, _, one in rows],
        [one.unit_cost for _, _, one in rows],
        [one.lot_number for _, _, one in rows],
        [one.expires_on for _, _, one in rows],
        [one.area for _, _, one in rows],
    )


async def of_order(tx: Tx, order_id: UUID) -> list[KeptReceipt]:
    """All that was received of an order, oldest first."""
    rows = await tx.fetch(
        """
        SELECT r.id AS receipt_id, r.happened_at, r.actor, r.note, l.line, l.order_line, l.product_id, l.quantity,
               l.unit_cost, l.lot_number, l.expires_on, l.area
          FROM receipt r JOIN receipt_line l ON l.receipt_id = r.id
         WHERE r.order_id = $1 ORDER BY r.recorded_at, r.id, l.line
        """,
        order_id,
    )
    return [KeptReceipt(**row) for row in rows]


async def receipts_after(tx: Tx, after: UUID, sites: Sequence[str] | None, limit: int) -> Sequence[asyncpg.Record]:
    """The next receipts in the order of their ids, a row per physical product (or one without)."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        """
        SELECT r.id, r.number, r.site, r.recorded_at, p.id AS product_id, p.unit_decimals AS decimals,
               sum(l.quantity)::bigint AS quantity
          FROM (SELECT r.id, o.number, o.site, r.recorded_at
                  FROM receipt r JOIN purchase_order o ON o.id = r.order_id
                 WHERE r.id > $1 AND ($2::text[] IS NULL OR o.site = any($2)) ORDER BY r.id LIMIT $3) AS r
          LEFT JOIN (receipt_line l JOIN product p ON p.id = l.product_id AND p.kind = 'physical')
                 ON l.receipt_id = r.id
         GROUP BY r.id, r.number, r.site, r.recorded_at, p.id, p.unit_decimals
         ORDER BY r.id, p.id
        """,
        after,
        None if sites is None else list(sites),
        limit,
    )
    return rows
