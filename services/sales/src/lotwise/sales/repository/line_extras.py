"""The only home of SQL on what lines of charges have beyond a plain sale; lines without it have no row."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson

from lotwise.kit.database import Tx
from lotwise.sales.domain.charges import Charge
from lotwise.sales.domain.lines import LineDiscount, LineExtra, Share

COLUMNS = ", ".join(f"e.{name}" for name in LineExtra._fields)
"""The columns of a row that is read beside its line as `e`."""


def rows_of(charges: Iterable[Charge]) -> list[tuple[object, ...]]:
    """The rows of these charges' lines: none for plain ones."""
    return [
        _row(charge.charge_id, line.line, line.extra)
        for charge in charges
        for line in charge.lines
        if line.extra is not None
    ]


def _row(charge_id: UUID, line: int, extra: LineExtra) -> tuple[object, ...]:
    discounts = [[one.discount_id and str(one.discount_id), *one[1:]] for one in extra.discounts]
    shares = [[str(one.product_id), *one[1:]] for one in extra.shares]
    return (charge_id, line, orjson.dumps(discounts).decode(), *extra[1:-1], orjson.dumps(shares).decode())


async def add(tx: Tx, rows: Sequence[tuple[object, ...]]) -> None:
    """Keep what lines have beyond a plain sale."""
    await tx.execute(
        "insert into charge_line_extra (charge_id, line, discounts, owed, kit_id, redeems, seller, performer,"
        " free_reason, minutes, add_on_to, shares) select charge_id, line, discounts::jsonb, owed, kit_id, redeems,"
        " seller, performer, free_reason, minutes, add_on_to, shares::jsonb"
        " from unnest($1::uuid[], $2::smallint[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::text[],"
        " $8::text[], $9::text[], $10::int[], $11::smallint[], $12::text[]) as t(charge_id, line, discounts, owed,"
        " kit_id, redeems, seller, performer, free_reason, minutes, add_on_to, shares)",
        *zip(*rows, strict=True),
    )


def read(row: Sequence[Any]) -> LineExtra | None:
    """What a line has beyond a plain sale, from the columns beside it; all null for a plain one."""
    if row[1] is None:
        return None
    discounts = [LineDiscount(one[0] and UUID(one[0]), *one[1:]) for one in row[0]]
    shares = [Share(UUID(one[0]), *one[1:]) for one in row[9]]
    return LineExtra._make([discounts, *row[1:9], shares])
