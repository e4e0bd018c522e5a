"""SQL of packages and what they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asyncpg import Record

from lotwise.catalog.domain.packages import Item, Package
from lotwise.kit.database import Tx

_COLUMNS = "product_id, package_type, valid_days, period, rollover_periods, redeem_at, refund_rule, revision"
_SELECT = """
    SELECT k.product_id, k.package_type, k.valid_days, k.period, k.rollover_periods, k.redeem_at, k.refund_rule,
           k.revision, coalesce(held.rows, '[]') AS items, p.code
      FROM package k JOIN product p ON p.id = k.product_id
      LEFT JOIN LATERAL (
           SELECT jsonb_agg(jsonb_build_object('product_id', product_id, 'quantity', quantity,
                                               'is_unlimited', is_unlimited) ORDER BY position) AS rows
             FROM package_item WHERE package_id = k.product_id
      ) held ON true
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of packages is narrowed to; None means everything. `holds` is a product that is in them."""

    package_type: str | None = None
    holds: UUID | None = None
    is_archived: bool | None = False


def _package(row: Record) -> Package:
    fields = {name: row[name] for name in _COLUMNS.split(", ")}
    items = tuple(Item(UUID(one["product_id"]), one["quantity"], one["is_unlimited"]) for one in row["items"])
    return Package(**fields | {"redeem_at": tuple(row["redeem_at"])}, items=items)


async def find(tx: Tx, product_id: UUID) -> Package | None:
    """What the product gives, or None when it is no package."""
    row = await tx.fetchrow(f"{_SELECT} WHERE k.product_id = $1", product_id)
    return None if row is None else _package(row)


async def listing(tx: Tx, wanted: Filter, after: str | None, limit: int) -> list[Package]:
    """Packages in force, by the code of their product, beginning after a code."""
    conditions, values = ["held.rows IS NOT NULL"], list[Any]()
    for value, test in (
        (wanted.package_type, "k.package_type = {}"),
        (wanted.holds, "EXISTS (SELECT FROM package_item WHERE package_id = k.product_id AND product_id = {})"),
        (wanted.is_archived, "p.is_archived = {}"),
        (after, "p.code > {}"),
    ):
        if value is not None:
            values.append(value)
            conditions.append(test.format(f"${len(values)}"))
    values.append(limit)
    rows = await tx.fetch(f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY p.code LIMIT ${len(values)}", *values)
    return [_package(row) for row in rows]


async def store(tx: Tx, package: Package) -> None:
    """Insert or replace a package with what it holds."""
    await tx.execute(
        f"""
        INSERT INTO package ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (product_id) DO UPDATE SET
            package_type = excluded.package_type, valid_days = excluded.valid_days, period = excluded.period,
            rollover_periods = excluded.rollover_periods, redeem_at = excluded.redeem_at,
            refund_rule = excluded.refund_rule, revision = excluded.revision
        """,
        *(getattr(package, name) for name in _COLUMNS.split(", ")),
    )
    await tx.execute("DELETE FROM package_item WHERE package_id = $1", package.product_id)
    await tx.execute(
        """
        INSERT INTO package_item (package_id, product_id, position, quantity, is_unlimited)
        SELECT $1, c.product_id, c.position, c.quantity, c.is_unlimited
          FROM unnest($2::uuid[], $3::bigint[], $4::bool[]) WITH ORDINALITY
               AS c(product_id, quantity, is_unlimited, position)
        """,
        package.product_id,
        [item.product_id for item in package.items],
        [item.quantity for item in package.items],
        [item.is_unlimited for item in package.items],
    )


async def holding(tx: Tx, product_ids: Sequence[UUID], *, live_only: bool = False) -> dict[UUID, list[str]]:
    """The codes of the packages that hold each product; products that none holds are left out."""
    rows = await tx.fetch(
        """
        SELECT i.product_id, array_agg(p.code ORDER BY p.code) AS codes
          FROM package_item i JOIN product p ON p.id = i.package_id
         WHERE i.product_id = ANY($1) AND NOT (p.is_archived AND $2) GROUP BY i.product_id
        """,
        list(product_ids),
        live_only,
    )
    return {row["product_id"]: row["codes"] for row in rows}
