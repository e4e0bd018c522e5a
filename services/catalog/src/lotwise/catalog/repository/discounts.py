"""SQL of discounts."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date
from typing import Any
from uuid import UUID

from asyncpg import Record

from lotwise.catalog.domain.discounts import Discount
from lotwise.kit.database import Tx

_NAMES = tuple(field.name for field in fields(Discount))
_COLUMNS = ", ".join(_NAMES)
_LISTS = ("product_ids", "category_ids", "at_sites")


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of discounts is narrowed to; None means everything. `on` is a day they are in force."""

    search: str | None = None
    scope: str | None = None
    site: str | None = None
    product_id: UUID | None = None
    on: date | None = None
    is_archived: bool | None = False


def _discount(row: Record) -> Discount:
    return Discount(**dict(row) | {name: tuple(row[name]) for name in _LISTS})


async def find(tx: Tx, discount_id: UUID) -> Discount | None:
    """The discount, or None."""
    row = await tx.fetchrow(f"SELECT {_COLUMNS} FROM discount WHERE id = $1", discount_id)
    return None if row is None else _discount(row)


async def coupon_owner(tx: Tx, coupon: str, other_than: UUID) -> Discount | None:
    """The other discount in force that has this coupon, however it is cased."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM discount WHERE lower(coupon) = lower($1) AND coupon <> '' AND NOT is_archived"
        " AND id <> $2",
        coupon,
        other_than,
    )
    return None if row is None else _discount(row)


async def listing(tx: Tx, wanted: Filter, after: tuple[str, UUID] | None, limit: int) -> list[Discount]:
    """Discounts by name, beginning after a name and an id."""
    conditions, values = _conditions(wanted)
    if after is not None:
        values += after
        conditions.append(f"(lower(name), id) > (${len(values) - 1}, ${len(values)})")
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    values.append(limit)
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM discount {where} ORDER BY lower(name), id LIMIT ${len(values)}", *values
    )
    return [_discount(row) for row in rows]


def _conditions(wanted: Filter) -> tuple[list[str], list[Any]]:
    tests = (
        (wanted.search, "strpos(lower(name), lower({0})) > 0 OR lower(coupon) = lower({0})"),
        (wanted.scope, "scope = {0}"),
        (wanted.site, "at_sites = '{{}}' OR {0} = ANY(at_sites)"),
        (wanted.product_id, "{0} = ANY(product_ids)"),
        (wanted.on, "coalesce(starts_on <= {0}, true) AND coalesce(ends_on >= {0}, true)"),
        (wanted.is_archived, "is_archived = {0}"),
    )
    values: list[Any] = []
    conditions: list[str] = []
    for value, test in tests:
        if value is not None:
            values.append(value)
            conditions.append(f"({test.format(f'${len(values)}')})")
    return conditions, values


async def store(tx: Tx, discount: Discount) -> None:
    """Insert or update a discount."""
    await tx.execute(
        f"""
        INSERT INTO discount ({_COLUMNS}) VALUES ({", ".join(f"${i}" for i in range(1, len(_NAMES) + 1))})
        ON CONFLICT (id) DO UPDATE SET ({_COLUMNS}) = ROW({", ".join(f"excluded.{name}" for name in _NAMES)})
        """,
        *astuple(discount),
    )


async def naming(tx: Tx, product_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The names of the discounts that name each product; products that none names are left out."""
    rows = await tx.fetch(
        """
        SELECT named AS product_id, array_agg(name ORDER BY name) AS names
          FROM discount, unnest(product_ids) AS named WHERE named = ANY($1) GROUP BY named
        """,
        list(product_ids),
    )
    return {row["product_id"]: row["names"] for row in rows}
