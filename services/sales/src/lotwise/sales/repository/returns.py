"""The only home of SQL on returns."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.domain.returns import Return, ReturnLine
from lotwise.sales.repository.charges import load_tenders


class KeptReturn(NamedTuple):
    """A return as it stands in the database: with the instant it was recorded."""

    back: Return
    recorded_at: datetime


async def record(tx: Tx, returns: Sequence[Return], recorded_at: datetime) -> None:
    """Keep returns with their lines and refunds and count their numbers on. UniqueViolationError: an id is known."""
    await tx.execute(
        "insert into sale_return (return_id, charge_id, site, number, member_id, happened_at, currency, net_minor,"
        " tax_1_minor, tax_2_minor, reason, source, actor, request_hash, session_id, recorded_at)"
        " select t.return_id, t.charge_id, t.site, t.number, t.member_id, t.happened_at, t.currency, t.net, t.tax_1,"
        " t.tax_2, t.reason, t.source, t.actor, t.request_hash, t.session_id, $1"
        " from unnest($2::uuid[], $3::uuid[], $4::text[],"
        " $5::bigint[], $6::uuid[], $7::timestamptz[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[],"
        " $12::text[], $13::text[], $14::text[], $15::bytea[], $16::uuid[]) as t(return_id, charge_id, site, number,"
        " member_id, happened_at, currency, net, tax_1, tax_2, reason, source, actor, request_hash, session_id)",
        recorded_at,
        *zip(*[(*back[:14], back.session_id) for back in returns], strict=True),
    )
    await _record_lines(tx, [(back.return_id, *line) for back in returns for line in back.lines])
    await _record_refunds(tx, [(back.return_id, i, *t) for back in returns for i, t in enumerate(back.tenders, 1)])
    await tx.execute(
        "update charge_number n set last = t.last from (select site, max(number) as last"
        " from unnest($1::text[], $2::bigint[]) as u(site, number) group by site) t"
        " where n.site = t.site and n.kind = 'return'",
        [back.site for back in returns],
        [back.number for back in returns],
    )


async def _record_lines(tx: Tx, rows: Sequence[tuple[object, ...]]) -> None:
    await tx.execute(
        "insert into return_line (return_id, line, charge_id, charge_line, product_id, quantity, unit_decimals,"
        " unit_price, net_minor, tax_1_minor, tax_2_minor, disposition, moves_stock, description)"
        " select * from unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::smallint[], $5::uuid[], $6::bigint[],"
        " $7::smallint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::boolean[],"
        " $14::text[])",
        *zip(*rows, strict=True),
    )


async def _record_refunds(tx: Tx, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        await tx.execute(
            "insert into tender (document_id, position, kind, amount_minor, reference)"
            " select * from unnest($1::uuid[], $2::smallint[], $3::text[], $4::bigint[], $5::text[])",
            *zip(*rows, strict=True),
        )


async def known(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Which of these return ids are taken, with the hash of what was asked."""
    rows = await tx.fetch("select return_id, request_hash from sale_return where return_id = any($1)", ids)
    return {row["return_id"]: row["request_hash"] for row in rows}


async def returned(tx: Tx, charge_ids: Sequence[UUID]) -> dict[tuple[UUID, int], int]:
    """How much of each line of these charges came back, in smallest units."""
    rows = await tx.fetch(
        "select charge_id, charge_line, sum(quantity)::bigint as quantity from return_line where charge_id = any($1)"
        " group by 1, 2",
        charge_ids,
    )
    return {(row["charge_id"], row["charge_line"]): row["quantity"] for row in rows}


_COLUMNS = (
    "return_id, charge_id, site, number, member_id, happened_at, currency, net_minor, tax_1_minor, tax_2_minor, reason,"
    " source, actor, request_hash"
)
_LINE_COLUMNS = (
    "line, charge_id, charge_line, product_id, quantity, unit_decimals, unit_price, net_minor, tax_1_minor,"
    " tax_2_minor, disposition, moves_stock, description"
)


async def load(tx: Tx, *, return_ids: Sequence[UUID] | None = None, charge_id: UUID | None = None) -> list[KeptReturn]:
    """Returns by their ids, or all of a charge, in the order in which they came back."""
    rows = await tx.fetch(
        f"select {_COLUMNS}, session_id, recorded_at from sale_return where return_id = any($1) or charge_id = $2"
        " order by recorded_at, return_id",
        return_ids or [],
        charge_id,
    )
    ids = [row["return_id"] for row in rows]
    lines: dict[UUID, list[ReturnLine]] = {}
    for row in await tx.fetch(
        f"select return_id, {_LINE_COLUMNS} from return_line where return_id = any($1) order by return_id, line", ids
    ):
        lines.setdefault(row["return_id"], []).append(ReturnLine(*tuple(row)[1:]))
    refunds = await load_tenders(tx, ids)
    return [
        KeptReturn(
            Return._make(
                (*row[:14], lines.get(row["return_id"], ()), refunds.get(row["return_id"], ()), row["session_id"])
            ),
            row["recorded_at"],
        )
        for row in rows
    ]
