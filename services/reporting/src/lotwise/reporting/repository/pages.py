"""The only home of a sorted page over a report's rows: keyset by the sorted figure and the row's key."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import asyncpg

    from lotwise.kit.database import Tx


class Sorted(NamedTuple):
    """How a report is sorted: a column of its rows, whether that is a text, and the direction."""

    column: str
    is_text: bool
    is_descending: bool


class Sheet(NamedTuple):
    """Which page: the cursor's figure and key (both as text) of the last row seen, and how many rows."""

    after: tuple[str, str] | None
    rows_max: int


async def page(tx: "Tx", report: str, arguments: Sequence[Any], order: Sorted, sheet: Sheet) -> "list[asyncpg.Record]":
    """One page (and one row more, which tells that there is a next one) of a report that has a column `key`."""
    first = len(arguments) + 1
    kind = 'text collate "C"' if order.is_text else "numeric"
    figure = f"{order.column}::{kind}"
    way, sign = ("desc", "<") if order.is_descending else ("asc", ">")
    rows = await tx.fetch(
        f"""select * from ({report}) r
            where ${first}::text is null or ({figure}, r.key collate "C") {sign} (${first}::{kind}, ${first + 1}::text)
            order by {figure} {way}, r.key collate "C" {way} limit ${first + 2}::bigint""",
        *arguments,
        *(sheet.after or (None, None)),
        sheet.rows_max + 1,
    )
    return list(rows)
