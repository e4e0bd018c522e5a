"""HTTP of a count's lines: read, counted, explained, added when goods turn up that are not on the sheet."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from lotwise.contracts.fields import Day, Id, Instant, Note, Whole
from lotwise.kit.commands import Answer, Cmd, Command, Read, Reading
from lotwise.kit.database import Tx
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.principal import Principal
from lotwise.kit.web import Router
from lotwise.stock.api.counts import Cause, CountOut, answered, is_hidden, seen
from lotwise.stock.api.shapes import AreaName, LotNumber, Quantity, SerialNumber, Strict, exponent, text
from lotwise.stock.domain.costs import value_of
from lotwise.stock.domain.counts import Count
from lotwise.stock.domain.refusals import (
    BadDate,
    BadQuantity,
    CountClosed,
    CountUnexplained,
    LineCountedMeanwhile,
    LotAmbiguous,
    LotMismatch,
    NotKept,
    SerialExists,
    SerialsDiffer,
    UnknownArea,
    UnknownCount,
    UnknownLot,
    UnknownProduct,
)
from lotwise.stock.operations.count_lines import Entry, Finding, confirm_lot, count_lines, explain, find_or_add
from lotwise.stock.repository.count_lines import passes_of
from lotwise.stock.repository.count_sheets import sheet_page
from lotwise.stock.repository.counted_units import compared
from lotwise.values import format_quantity, half_up

router = Router(tags=["counts"])
Search = Annotated[str | None, Query(max_length=80)]
Number = Annotated[Whole, Field(ge=1, le=2**31 - 1)]
AFTER_ALL = 2**31 - 1


class EntryIn(Strict):
    """What lies there. `seen_passes` is how often it was counted when the person looked; null does not ask.

    `counted_at` is when it was typed, for a tablet that was out of reach: sales since are netted. `serials` names each
    unit that lies there; once posted, named units of the lot that are not among them are lost.
    """

    line: Number
    quantity: Quantity
    note: Note = ""
    seen_passes: Annotated[Whole, Field(ge=0, le=2**31 - 1)] | None = None
    counted_at: Instant | None = None
    serials: Annotated[tuple[SerialNumber, ...], Field(max_length=2000)] | None = None


class EntriesIn(Strict):
    """Up to 500 lines, all or none."""

    entries: Annotated[tuple[EntryIn, ...], Field(min_length=1, max_length=500)]


class FindingIn(Strict):
    """Goods that turned up: by lot, by lot number, or without a number. A number nobody knows opens a pending lot."""

    product_id: Id
    lot_id: Id | None = None
    lot_number: LotNumber = ""
    expires_on: Day | None = None
    area: AreaName = ""
    place: Literal["shelf", "back_bar"] = "shelf"


class ExplainIn(Strict):
    """Why a line differs; null takes it back."""

    cause: Cause | None
    note: Note = ""


class PassOut(BaseModel):
    """Who counted what when; what was recorded then is null where the count is blind for this person."""

    number: int
    counted: str
    recorded: str | None
    counted_at: datetime
    entered_at: datetime
    counted_by: str
    note: str


class LineOut(BaseModel):
    """A line of the sheet. `recorded` is what should have lain there when it was counted (before: what lies there now);
    `late` is its part that was told after the count, `came_late` what was told after the posting and moved back. Null
    where the count is blind for this person.

    `serials` are the units that the last pass named (null when it named none): `missing_serials` should lie there too,
    `unexpected_serials` should not; both are empty where the count is blind for this person.
    """

    line: int
    line_id: UUID
    product_id: UUID
    code: str
    name: str
    unit: str
    place: str
    area: str
    lot_id: UUID | None
    lot_number: str
    expires_on: date | None
    is_extra: bool
    is_pending: bool
    is_confirmed: bool
    passes: int
    needs_recount: bool
    counted: str | None
    counted_at: datetime | None
    counted_by: str
    note: str
    recorded: str | None
    late: str | None
    difference: str | None
    cost_minor: int | None
    cause: str | None
    cause_note: str
    explained_by: str | None
    is_superseded: bool
    came_late: str | None
    is_serialised: bool = False
    serials: list[str] | None = None
    missing_serials: list[str] = []
    unexpected_serials: list[str] = []
    history: list[PassOut] | None = None


class AddedOut(BaseModel):
    """The line that stands for the goods, and lot numbers that look like the one that was named."""

    line: LineOut
    is_new: bool
    look_alikes: list[str]


def _worth(row: Any, difference: int, decimals_of_money: int) -> int | None:
    """What a difference is worth: at the cost of what lies there, else of the lot, else the last known; None for more
    than can be kept.
    """
    if row["on_hand"]:
        return half_up(row["value_minor"] * difference, row["on_hand"])
    unit_cost = row["lot_cost"] or row["last_cost"] or row["product_cost"] or 0
    try:
        worth = value_of(unit_cost, abs(difference), row["unit_decimals"], decimals_of_money)
    except ValueError:
        return None
    return worth if difference > 0 else -worth


def line_out(row: Any, count: Count, who: Principal, decimals_of_money: int) -> LineOut:
    """A line in the API's words, as this person may see it."""
    hidden = is_hidden(who, count.site, count.state, is_blind=count.rules.is_blind)
    decimals, was_counted, posted = row["unit_decimals"], row["passes"] > 0, row["difference"] is not None
    recorded = row["expected"] if posted else row["recorded"] + row["late"] if was_counted else (row["on_hand"] or 0)
    difference = row["difference"] if posted else row["counted"] - recorded if was_counted else None
    cost = row["cost_minor"] if posted else None
    if cost is None and difference is not None:
        cost = _worth(row, difference, decimals_of_money)
    same = (
        "line", "product_id", "code", "name", "unit", "area", "lot_id", "is_extra", "is_pending", "is_confirmed",
        "passes", "needs_recount", "counted_at", "cause", "cause_note", "explained_by", "is_superseded",
        "is_serialised",
    )  # fmt: skip
    return LineOut(
        **{name: row[name] for name in same},
        line_id=row["id"],
        place=row["kind"],
        lot_number=row["lot_number"] or "",
        expires_on=row["lot_expires_on"],
        counted=text(row["counted"], decimals),
        counted_by=row["counted_by"] or "",
        note=row["note"] or "",
        recorded=None if hidden else format_quantity(recorded, decimals),
        late=None if hidden else format_quantity(row["late"], decimals),
        difference=None if hidden else text(difference, decimals),
        came_late=None if hidden else format_quantity(row["came_late"], decimals),
        cost_minor=None if hidden else cost,
    )


async def _with_units(tx: Tx, count_id: UUID, shown: Sequence[LineOut], *, is_blind: bool) -> None:
    """Name the units of lines that were counted by serial, and how they differ from those that should lie there."""
    found = await compared(tx, count_id, [one.line for one in shown if one.is_serialised and one.passes])
    for one in shown:
        if one.line in found:
            one.serials = found[one.line].serials
            one.missing_serials = [] if is_blind else found[one.line].missing
            one.unexpected_serials = [] if is_blind else found[one.line].unexpected


async def _line(cmd: Command | Reading, tx: Tx, count_id: UUID, number: int) -> LineOut:
    """One line with all passes over it. Raises UnknownCount."""
    count = await seen(tx, count_id, cmd.who)
    rows = await sheet_page(tx, count_id, count.opened_at, 0, 1, None, {"line": number})
    if not rows:
        raise UnknownCount("The count has no such line", field="line", line=number)
    shown = line_out(rows[0], count, cmd.who, exponent(cmd.runtime))
    decimals = rows[0]["unit_decimals"]
    hidden = is_hidden(cmd.who, count.site, count.state, is_blind=count.rules.is_blind)
    await _with_units(tx, count_id, [shown], is_blind=hidden)
    shown.history = [
        PassOut(
            number=one["number"],
            counted=format_quantity(one["counted"], decimals),
            recorded=None if hidden else format_quantity(one["recorded"], decimals),
            counted_at=one["counted_at"],
            entered_at=one["entered_at"],
            counted_by=one["counted_by"],
            note=one["note"],
        )
        for one in await passes_of(tx, count_id, number)
    ]
    return shown


@router.get("/counts/{count_id}/lines", permission="stock.read", refusals=(UnknownCount,))
async def count_sheet(
    read: Read,
    count_id: UUID,
    state: Literal["uncounted", "counted", "recount", "different"] | None = None,
    product: UUID | None = None,
    lot_number: Annotated[str | None, Query(max_length=40)] = None,
    search: Search = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[LineOut]:
    """The lines in the order of the sheet; `different` only for those who may see what is recorded."""
    keys = cursor_decode(after, int)
    pattern = None if not search else "%" + search.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
    async with read.connection() as tx:
        one = await seen(tx, count_id, read.who)
        hidden = is_hidden(read.who, one.site, one.state, is_blind=one.rules.is_blind)
        wanted = "counted" if hidden and state == "different" else state
        filters = {"product": product, "lot": lot_number, "search": pattern}
        start = min(keys[0], AFTER_ALL) if keys else 0
        rows = await sheet_page(tx, count_id, one.opened_at, start, limit, wanted, filters)
        shown = [line_out(row, one, read.who, exponent(read.runtime)) for row in rows]
        await _with_units(tx, count_id, shown, is_blind=hidden)
    return Page(rows=shown, next=cursor_encode(shown[-1].line) if len(shown) == limit else None)


@router.get("/counts/{count_id}/lines/{line}", permission="stock.read", refusals=(UnknownCount,))
async def count_line(read: Read, count_id: UUID, line: int) -> LineOut:
    """One line with every pass over it: who counted what when (STK-06)."""
    async with read.connection() as tx:
        return await _line(read, tx, count_id, min(max(line, 0), AFTER_ALL))


@router.post(
    "/counts/{count_id}:count",
    permission="stock.count",
    refusals=(UnknownCount, CountClosed, BadQuantity, BadDate, LineCountedMeanwhile, SerialsDiffer, SerialExists),
)
async def count_some(cmd: Cmd, count_id: UUID, body: EntriesIn) -> Answer[CountOut]:
    """Enter what was counted: each line is stamped with the ledger's position at that instant (N-15)."""
    entries = [
        Entry(one.line, one.quantity, one.note, one.seen_passes, one.counted_at, one.serials) for one in body.entries
    ]
    async with cmd.transaction() as tx:
        await seen(tx, count_id, cmd.who, "stock.count")
        await count_lines(tx, count_id, entries, cmd.who.actor)
        return await answered(cmd, tx, count_id)


@router.post(
    "/counts/{count_id}/lines",
    permission="stock.count",
    status_code=201,
    refusals=(
        UnknownCount,
        CountClosed,
        UnknownProduct,
        NotKept,
        UnknownArea,
        UnknownLot,
        LotMismatch,
        LotAmbiguous,
    ),
)
async def find_line(cmd: Cmd, count_id: UUID, body: FindingIn) -> Answer[AddedOut]:
    """The line of goods in hand; what is not on the sheet is added, an unknown lot as a pending one (STK-45)."""
    found = Finding(body.product_id, body.lot_id, body.lot_number, body.expires_on, body.area, body.place)
    async with cmd.transaction() as tx:
        count = await seen(tx, count_id, cmd.who, "stock.count")
        added = await find_or_add(tx, count_id, found)
        shown = await _line(cmd, tx, count_id, added.line)
        answer = AddedOut(line=shown, is_new=added.is_new, look_alikes=list(added.look_alikes))
        return await cmd.answer(tx, answer, 201, site=count.site, target=count_id)


@router.post(
    "/counts/{count_id}/lines/{line}:explain",
    permission="stock.count_post",
    refusals=(UnknownCount, CountClosed, CountUnexplained),
)
async def explain_line(cmd: Cmd, count_id: UUID, line: int, body: ExplainIn) -> Answer[LineOut]:
    """Say why a line differs (STK-07)."""
    async with cmd.transaction() as tx:
        count = await seen(tx, count_id, cmd.who, "stock.count_post")
        await explain(tx, count_id, min(max(line, 0), AFTER_ALL), body.cause, body.note, cmd.who.actor)
        shown = await _line(cmd, tx, count_id, line)
        return await cmd.answer(tx, shown, site=count.site, target=count_id, reason=body.note or body.cause)


@router.post(
    "/counts/{count_id}/lines/{line}:confirm_lot", permission="stock.count_post", refusals=(UnknownCount, CountClosed)
)
async def confirm_found_lot(cmd: Cmd, count_id: UUID, line: int) -> Answer[LineOut]:
    """Vouch for an unknown lot: once posted its goods lie on the shelf, not in quarantine (STK-45)."""
    async with cmd.transaction() as tx:
        count = await seen(tx, count_id, cmd.who, "stock.count_post")
        await confirm_lot(tx, count_id, min(max(line, 0), AFTER_ALL))
        shown = await _line(cmd, tx, count_id, line)
        return await cmd.answer(tx, shown, site=count.site, target=count_id)
