"""The only home of how reports are asked for: days, site, category, sorting and paging; the same words everywhere."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, NamedTuple, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.contracts.fields import Day, Slug
from lotwise.kit.commands import Reading, visible
from lotwise.kit.database import Tx
from lotwise.kit.paging import Page, cursor_decode, cursor_encode
from lotwise.reporting.repository.pages import Sheet, Sorted
from lotwise.reporting.repository.sales import Window
from lotwise.values import BadValue, format_minor

PERMISSION = "reporting.read"
FromDay = Annotated[Day | None, Query(alias="from", description="The first day, in the site's calendar.")]
ToDay = Annotated[Day | None, Query(alias="to", description="The last day, included.")]
AtSite = Annotated[Slug | None, Query(description="One site; without it every site you may see.")]
InCategory = Annotated[UUID | None, Query(description="Only products of this category.")]
T = TypeVar("T", bound=BaseModel)
Row = Any
Report = Callable[[Tx, Sorted, Sheet], Awaitable[Sequence[Row]]]
"""What reads one page of a report, in an order."""


class Turn(NamedTuple):
    """Which rows of a report are asked for: the word it is sorted by, the cursor, how many."""

    sort: str
    after: str | None
    limit: int


def window(
    read: Reading, from_day: date | None, to_day: date | None, site: str | None, category: UUID | None = None
) -> Window:
    """What is looked at, within what the asker may see. Raises Forbidden, or BadValue when the days run backwards."""
    if from_day and to_day and from_day > to_day:
        raise BadValue(f"The first day {from_day} lies after the last day {to_day}.", field="from")
    return Window(from_day, to_day, visible(read.who, PERMISSION, site), category)


def sorting(sort: str, columns: "dict[str, tuple[str, bool]]") -> Sorted:
    """A sort word, with a leading "-" for descending. Raises BadValue naming the words there are."""
    word = sort.removeprefix("-")
    if word not in columns:
        words = ", ".join(sorted(columns))
        raise BadValue(f"A report is sorted by one of: {words} (with a - in front for descending).", field="sort")
    column, is_text = columns[word]
    return Sorted(column, is_text, is_descending=sort.startswith("-"))


def sheet(after: str | None, limit: int, order: Sorted) -> Sheet:
    """Which page a cursor means. Raises BadCursor for a cursor that is not ours."""
    keys = cursor_decode(after, str, str)
    if keys is not None and not order.is_text:
        _ = _number(keys[0])
    return Sheet(keys, limit)


def paged(rows: Sequence[Row], limit: int, order: Sorted, shape: Callable[[Row], T]) -> Page[T]:
    """Rows as a page; one row more than the limit means that there is a next page."""
    shown = rows[:limit]
    more = len(rows) > limit
    cursor = cursor_encode(str(shown[-1][order.column]), str(shown[-1]["key"])) if more else None
    return Page(rows=[shape(row) for row in shown], next=cursor)


async def ranked(
    read: Reading, report: Report, asked: Turn, columns: "dict[str, tuple[str, bool]]", shape: Callable[[Row], T]
) -> Page[T]:
    """The page of a report that was asked for, in the order asked for. Raises BadValue and BadCursor."""
    order = sorting(asked.sort, columns)
    async with read.connection() as tx:
        rows = await report(tx, order, sheet(asked.after, asked.limit, order))
    return paged(rows, asked.limit, order, shape)


def _number(text: str) -> Decimal:
    from lotwise.kit.paging import BadCursor

    try:
        number = Decimal(text)
    except ArithmeticError as error:
        raise BadCursor("The cursor is not one of ours; begin at the first page.", field="after") from error
    if not number.is_finite():
        raise BadCursor("The cursor is not one of ours; begin at the first page.", field="after")
    return number


def units_text(units: Decimal | None) -> str:
    """Units as the shortest decimal string: 6.000000 → "6"."""
    if units is None:
        return "0"
    text = f"{units:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rate_text(part: int, whole: int) -> str | None:
    """A share as a decimal string with four decimals ("0.4250"); None of nothing."""
    return f"{Decimal(part) / Decimal(whole):.4f}" if whole else None


def money_text(minor: int) -> str:
    """Money as a decimal string of a currency with two decimals."""
    return format_minor(minor)
