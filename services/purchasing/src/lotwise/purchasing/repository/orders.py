"""SQL of orders and their lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asyncpg import Record

from lotwise.kit.database import Tx
from lotwise.purchasing.domain.orders import Line, Order

_COLUMNS = (
    "id", "number", "supplier_id", "site", "status", "origin", "created_at", "expected_on", "note", "sent_at",
    "due_on", "closed_at", "revision",
)  # fmt: skip
_LINES = """
    LEFT JOIN LATERAL (
         SELECT jsonb_agg(jsonb_build_object(
                    'line', line, 'product_id', product_id, 'quantity', quantity, 'unit_cost', unit_cost,
                    'received', received, 'is_touched', is_touched) ORDER BY line) AS rows
           FROM order_line WHERE order_id = o.id
    ) lines ON true
"""
_SELECT = f"""
    SELECT {", ".join(f"o.{name}" for name in _COLUMNS)}, coalesce(lines.rows, '[]') AS lines
      FROM purchase_order o {_LINES}
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of orders is narrowed to; None means everything."""

    sites: Sequence[str] | None = None
    status: str | None = None
    supplier_id: UUID | None = None
    product_id: UUID | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class OnOrder:
    """What of a product is on its way to a site (sent or pending) and what is only drafted, in smallest units."""

    site: str
    product_id: UUID
    code: str
    name: str
    unit_decimals: int
    on_order: int
    drafted: int


def _order(row: Record) -> Order:
    lines = tuple(Line(**line | {"product_id": UUID(line["product_id"])}) for line in row["lines"])
    return Order(**{name: row[name] for name in _COLUMNS}, lines=lines)


async def by_ids(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Order]:
    """The orders of these ids with their lines; lock them first when they are to change."""
    return {row["id"]: _order(row) for row in await tx.fetch(f"{_SELECT} WHERE o.id = ANY($1)", list(ids))}


async def listing(tx: Tx, wanted: Filter, before: int | None, limit: int) -> list[tuple[int, Order]]:
    """Orders with their place in the list, newest first, older than a place."""
    conditions, values = _conditions(wanted)
    if before is not None:
        values.append(before)
        conditions.append(f"o.seq < ${len(values)}")
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    values.append(limit)
    select = _SELECT.replace("SELECT", "SELECT o.seq,", 1)
    rows = await tx.fetch(f"{select} {where} ORDER BY o.seq DESC LIMIT ${len(values)}", *values)
    return [(row["seq"], _order(row)) for row in rows]


def _conditions(wanted: Filter) -> tuple[list[str], list[Any]]:
    values: list[Any] = []
    conditions: list[str] = []
    for name, text in (
        ("sites", "o.site = ANY(${})"),
        ("status", "o.status = ${}"),
        ("supplier_id", "o.supplier_id = ${}"),
        ("number", "o.number = ${}"),
        ("product_id", "EXISTS (SELECT 1 FROM order_line l WHERE l.order_id = o.id AND l.product_id = ${})"),
    ):
        if (value := getattr(wanted, name)) is not None:
            values.append(list(value) if name == "sites" else value)
            conditions.append(text.format(len(values)))
    return conditions, values


async def next_number(tx: Tx) -> int:
    """The number of the next order; one that is not used stays unused."""
    number: int = await tx.fetchval("SELECT nextval('order_number')")
    return number


async def insert(tx: Tx, order: Order, seq: int) -> bool:
    """Add an order without lines; False when its supplier and site have an open shortage draft already."""
    added = await tx.fetchval(
        f"""
        INSERT INTO purchase_order ({", ".join(_COLUMNS)}, seq)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (supplier_id, site) WHERE status = 'draft' AND origin = 'shortage' DO NOTHING RETURNING true
        """,
        *(getattr(order, name) for name in _COLUMNS),
        seq,
    )
    return bool(added)


async def store(tx: Tx, order: Order) -> None:
    """Update an order's header."""
    await tx.execute(
        """
        UPDATE purchase_order SET status = $2, expected_on = $3, note = $4, sent_at = $5, due_on = $6, closed_at = $7,
               revision = $8, supplier_id = $9
         WHERE id = $1
        """,
        order.id,
        order.status,
        order.expected_on,
        order.note,
        order.sent_at,
        order.due_on,
        order.closed_at,
        order.revision,
        order.supplier_id,
    )


async def store_lines(tx: Tx, order_id: UUID, lines: Sequence[Line]) -> None:
    """Insert or update lines of an order."""
    await tx.execute(
        """
        INSERT INTO order_line (order_id, line, product_id, quantity, unit_cost, received, is_touched)
        SELECT $1, c.* FROM unnest($2::int[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bool[]) AS c
        ON CONFLICT (order_id, line) DO UPDATE SET
            quantity = excluded.quantity, unit_cost = excluded.unit_cost, received = excluded.received,
            is_touched = excluded.is_touched
        """,
        order_id,
        [line.line for line in lines],
        [line.product_id for line in lines],
        [line.quantity for line in lines],
        [line.unit_cost for line in lines],
        [line.received for line in lines],
        [line.is_touched for line in lines],
    )


async def delete_lines(tx: Tx, order_id: UUID, numbers: Sequence[int]) -> None:
    """Take lines off a draft."""
    await tx.execute("DELETE FROM order_line WHERE order_id = $1 AND line = ANY($2)", order_id, list(numbers))


async def open_drafts(tx: Tx, cells: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], UUID]:
    """The open shortage drafts of these suppliers and sites, locked in the order of their ids."""
    rows = await tx.fetch(
        """
        SELECT id, supplier_id, site FROM purchase_order
         WHERE status = 'draft' AND origin = 'shortage'
           AND (supplier_id, site) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))
         ORDER BY id FOR UPDATE
        """,
        [supplier_id for supplier_id, _ in cells],
        [site for _, site in cells],
    )
    return {(row["supplier_id"], row["site"]): row["id"] for row in rows}


async def outstanding(tx: Tx, cells: Sequence[tuple[str, UUID]]) -> dict[tuple[str, UUID], int]:
    """What is on order (drafts too) and not yet received of each (site, product), in smallest units."""
    rows = await tx.fetch(
        """
        SELECT o.site, l.product_id, sum(greatest(l.quantity - l.received, 0))::bigint AS outstanding
          FROM order_line l JOIN purchase_order o ON o.id = l.order_id
         WHERE o.status IN ('draft', 'sent', 'pending') AND l.product_id = ANY($2)
           AND (o.site, l.product_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))
         GROUP BY 1, 2
        """,
        [site for site, _ in cells],
        [product_id for _, product_id in cells],
    )
    return {(row["site"], row["product_id"]): row["outstanding"] for row in rows}


async def on_order(
    tx: Tx, sites: Sequence[str] | None, product_id: UUID | None, after: tuple[str, UUID] | None, limit: int
) -> list[OnOrder]:
    """What is on order by site and product code, beginning after a (site, product)."""
    rows = await tx.fetch(
        """
        SELECT o.site, l.product_id, p.code, p.name, p.unit_decimals,
               coalesce(sum(greatest(l.quantity - l.received, 0))
                        FILTER (WHERE o.status <> 'draft'), 0)::bigint AS on_order,
               coalesce(sum(l.quantity) FILTER (WHERE o.status = 'draft'), 0)::bigint AS drafted
          FROM purchase_order o JOIN order_line l ON l.order_id = o.id JOIN product p ON p.id = l.product_id
         WHERE o.status IN ('draft', 'sent', 'pending')
           AND ($1::text[] IS NULL OR o.site = ANY($1)) AND ($2::uuid IS NULL OR l.product_id = $2)
           AND ($3::text IS NULL OR (o.site, l.product_id) > ($3, $4::uuid))
         GROUP BY 1, 2, 3, 4, 5 ORDER BY o.site, l.product_id LIMIT $5
        """,
        None if sites is None else list(sites),
        product_id,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return [OnOrder(**row) for row in rows]


async def lines_of(tx: Tx, order_ids: Sequence[UUID], product_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], Line]:
    """The lines of these products on these orders, by (order, product)."""
    rows = await tx.fetch(
        """
        SELECT order_id, line, product_id, quantity, unit_cost, received, is_touched FROM order_line
         WHERE order_id = ANY($1) AND product_id = ANY($2)
        """,
        list(order_ids),
        list(product_ids),
    )
    return {(row["order_id"], row["product_id"]): Line(**{name: row[name] for name in _LINE_COLUMNS}) for row in rows}


_LINE_COLUMNS = ("line", "product_id", "quantity", "unit_cost", "received", "is_touched")


async def figures(tx: Tx, order_ids: Sequence[UUID], exponent: int) -> dict[UUID, tuple[int, int]]:
    """The highest line number (0 without lines) and the total in minor units of each order."""
    rows = await tx.fetch(
        """
        SELECT o.id, coalesce(max(l.line), 0) AS last_line,
               coalesce(sum(round(l.unit_cost::numeric * l.quantity * 10 ^ $2::int
                                  / (1000000 * 10 ^ p.unit_decimals::int)::numeric)), 0)::bigint AS total_minor
          FROM purchase_order o LEFT JOIN order_line l ON l.order_id = o.id LEFT JOIN product p ON p.id = l.product_id
         WHERE o.id = ANY($1) GROUP BY o.id
        """,
        list(order_ids),
        exponent,
    )
    return {row["id"]: (row["last_line"], row["total_minor"]) for row in rows}


async def uses(tx: Tx, product_id: UUID) -> int:
    """On how many orders the product stands."""
    count: int = await tx.fetchval("SELECT count(*) FROM order_line WHERE product_id = $1", product_id)
    return count


async def next_revisions(tx: Tx, order_ids: Sequence[UUID]) -> dict[UUID, Order]:
    """Grow the revision of orders (locked before) by one; gives them without their lines."""
    rows = await tx.fetch(
        f"UPDATE purchase_order SET revision = revision + 1 WHERE id = ANY($1) RETURNING {', '.join(_COLUMNS)}",
        list(order_ids),
    )
    return {row["id"]: Order(**row) for row in rows}
