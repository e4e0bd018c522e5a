"""HTTP of counts: opened over a part of a site, witnessed, posted or called off; counting itself has its own door."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.contracts.fields import Flag, Id, Minor, Note, Slug, Whole
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Command, Read, visible
from lotwise.kit.database import Tx
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.principal import Principal
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import AreaName, Strict, exponent, text, trace
from lotwise.stock.domain import counts as rules_of
from lotwise.stock.domain.counts import Count, Rules
from lotwise.stock.domain.refusals import (
    BadQuantity,
    CountClosed,
    CountIncomplete,
    CountOvertaken,
    CountTooLarge,
    CountUnexplained,
    NothingToCount,
    NotKept,
    RecountNeeded,
    UnknownArea,
    UnknownCount,
    UnknownProduct,
    UnknownSite,
    WitnessNeeded,
)
from lotwise.stock.operations.count_checks import Posting
from lotwise.stock.operations.count_posting import post_count
from lotwise.stock.operations.counts import Opening, Scope, cancel_count, open_count, witness
from lotwise.stock.repository.counts import count_row, counts_page, find_count
from lotwise.values import BadValue, parse_quantity

router = Router(tags=["counts"])
LAST = UUID(int=2**128 - 1)
PERCENT_DECIMALS = 2
UNIT_DECIMALS = 6
Cause = Literal["loss", "theft", "damage", "waste", "expiry", "sample", "tester", "training", "error", "found"]
AbcClass = Literal["A", "B", "C"]
Percent = Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,2})?$")]
Units = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$")]


class RulesIn(Strict):
    """How strict it is. A line is counted again when it differs by more than both tolerances; the percentage is of
    what is recorded; without both no line is. `witness_above_minor` is what one person may post alone, null for any.
    """

    is_blind: Flag = False
    tolerance_percent: Percent | None = None
    tolerance_units: Units | None = None
    witness_above_minor: Annotated[Minor, Field(ge=0)] | None = None


class CountIn(RulesIn):
    """A count of a part of a site; without area, category, class and products it is all of it."""

    count_id: Id | None = None
    site: Slug
    kind: Literal["full", "cycle"] = "full"
    area: AreaName | None = None
    category_id: Id | None = None
    abc_class: AbcClass | None = None
    product_ids: Annotated[tuple[Id, ...], Field(max_length=500)] = ()
    note: Note = ""


class WitnessIn(Strict):
    """Which figures the witness looked at."""

    revision: Annotated[Whole, Field(ge=1, le=2**63 - 1)]


class PostIn(Strict):
    """How it is posted: what is not counted stays only when that is said; a cause for lines that have none."""

    leave_uncounted: Flag = False
    cause_of_rest: Cause | None = None


class CancelIn(Strict):
    """Why it is called off."""

    reason: Note = ""


class CountOut(BaseModel):
    """A count and how far it is. Who counted and from when to when (STK-06); gains and losses once it is posted."""

    count_id: UUID
    number: str
    site: str
    kind: str
    state: str
    area: str | None
    category_id: UUID | None
    category_name: str | None
    abc_class: str | None
    plan_id: UUID | None
    plan_name: str | None
    is_blind: bool
    is_hidden: bool
    tolerance_percent: str | None
    tolerance_units: str | None
    witness_above_minor: int | None
    note: str
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    closed_by: str | None
    counted_from: datetime | None
    counted_until: datetime | None
    counted_by: list[str]
    lines: int
    counted: int
    recounts: int
    differences: int | None
    gain_minor: int | None
    loss_minor: int | None
    witness: str | None
    witnessed_at: datetime | None
    is_witnessed: bool
    revision: int


def rules_in(body: RulesIn) -> Rules:
    """The rules as they are kept. Raises BadValue for a percentage above a hundred."""
    percent, units = body.tolerance_percent, body.tolerance_units
    share = None if percent is None else parse_quantity(percent, PERCENT_DECIMALS)
    if share is not None and share > 10_000:
        raise BadValue("A tolerance is at most 100 percent", field="tolerance_percent")
    micros = None if units is None else parse_quantity(units, UNIT_DECIMALS)
    return Rules(body.is_blind, share, micros, body.witness_above_minor)


def is_hidden(who: Principal, site: str, state: str, *, is_blind: bool) -> bool:
    """Whether what is recorded stays unsaid: a blind count that is not posted, for whoever may not post it."""
    return is_blind and state != rules_of.POSTED and not who.allows("stock.count_post", site)


def count_out(row: Any, who: Principal) -> CountOut:
    """A count in the API's words, as this person may see it."""
    posted = row["state"] == rules_of.POSTED
    same = (
        "site", "kind", "state", "area", "category_id", "category_name", "abc_class", "plan_id", "plan_name",
        "is_blind", "witness_above_minor", "note", "opened_at", "opened_by", "closed_at", "closed_by", "counted_from",
        "counted_until", "lines", "counted", "recounts", "witness", "witnessed_at", "revision",
    )  # fmt: skip
    return CountOut(
        **{name: row[name] for name in same},
        count_id=row["id"],
        number=f"C-{row['number']}",
        is_hidden=is_hidden(who, row["site"], row["state"], is_blind=row["is_blind"]),
        tolerance_percent=text(row["tolerance_bp"], PERCENT_DECIMALS),
        tolerance_units=text(row["tolerance_micros"], UNIT_DECIMALS),
        counted_by=sorted(row["counters"]),
        differences=row["differences"] if posted else None,
        gain_minor=row["gain_minor"] if posted else None,
        loss_minor=row["loss_minor"] if posted else None,
        is_witnessed=row["witness"] is not None and (posted or row["witnessed_revision"] == row["revision"]),
    )


async def seen(tx: Tx, count_id: UUID, who: Principal, permission: str = "stock.read") -> Count:
    """The count, for those who may do that at its site. Raises UnknownCount or Forbidden."""
    count = await find_count(tx, count_id)
    if count is None:
        raise UnknownCount("No count has this id", count_id=str(count_id))
    who.at(permission, count.site)
    return count


async def _shown(tx: Tx, count_id: UUID, who: Principal) -> CountOut:
    row = await count_row(tx, count_id)
    if row is None:
        raise UnknownCount("No count has this id", count_id=str(count_id))
    return count_out(row, who)


async def answered(cmd: Command, tx: Tx, count_id: UUID, status: int = 200, reason: str | None = None) -> Answer[Any]:
    """The count as it stands after a deed, with its site in the audit trail."""
    shown = await _shown(tx, count_id, cmd.who)
    return await cmd.answer(tx, shown, status, site=shown.site, target=count_id, reason=reason, revision=shown.revision)


@router.post(
    "/counts",
    permission="stock.count",
    status_code=201,
    refusals=(UnknownSite, UnknownArea, UnknownProduct, NotKept, NothingToCount, CountTooLarge, BadValue),
)
async def begin_count(cmd: Cmd, body: CountIn) -> Answer[CountOut]:
    """Open a count while the site goes on working: its lines are what lies there now (STK-05, N-15)."""
    count_id = body.count_id or uuid7()
    scope = Scope(body.area, body.category_id, body.abc_class, tuple(dict.fromkeys(body.product_ids)))
    opening = Opening(count_id, body.site, body.kind, scope, rules_in(body), body.note, cmd.who.actor)
    async with cmd.transaction() as tx:
        if not await open_count(tx, opening):
            await seen(tx, count_id, cmd.who, "stock.count")
        return await answered(cmd, tx, count_id, 201)


@router.get("/counts", permission="stock.read")
async def counts(
    read: Read,
    site: str | None = None,
    state: Literal["open", "posted", "cancelled"] | None = None,
    plan: UUID | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[CountOut]:
    """Counts, newest first."""
    keys = cursor_decode(after, UUID)
    async with read.connection() as tx:
        sites = visible(read.who, "stock.read", site)
        rows = await counts_page(tx, sites, state, plan, keys[0] if keys else LAST, limit)
    shown = [count_out(row, read.who) for row in rows]
    return Page(rows=shown, next=cursor_encode(shown[-1].count_id) if len(shown) == limit else None)


@router.get("/counts/{count_id}", permission="stock.read", refusals=(UnknownCount,))
async def count(read: Read, count_id: UUID) -> CountOut:
    """One count: its part of the site, how far it is, who counted and when."""
    async with read.connection() as tx:
        await seen(tx, count_id, read.who)
        return await _shown(tx, count_id, read.who)


@router.post(
    "/counts/{count_id}:witness", permission="stock.witness", refusals=(UnknownCount, CountClosed, WitnessNeeded)
)
async def witness_one(cmd: Cmd, count_id: UUID, body: WitnessIn) -> Answer[CountOut]:
    """Confirm the figures as a second person (N-22); whoever changes them afterwards makes it void."""
    async with cmd.transaction() as tx:
        await seen(tx, count_id, cmd.who, "stock.witness")
        await witness(tx, count_id, body.revision, cmd.who.actor)
        return await answered(cmd, tx, count_id)


@router.post(
    "/counts/{count_id}:post",
    permission="stock.count_post",
    refusals=(
        UnknownCount,
        CountClosed,
        NothingToCount,
        CountIncomplete,
        RecountNeeded,
        CountUnexplained,
        CountOvertaken,
        WitnessNeeded,
        BadQuantity,
    ),
)
async def post_one(cmd: Cmd, count_id: UUID, body: PostIn) -> Answer[CountOut]:
    """Write the differences into the ledger, once, dated when each line was counted (STK-05, STK-07)."""
    posting = Posting(count_id, cmd.who.actor, body.leave_uncounted, body.cause_of_rest, trace())
    async with cmd.transaction() as tx:
        await seen(tx, count_id, cmd.who, "stock.count_post")
        await post_count(tx, posting, exponent(cmd.runtime))
        return await answered(cmd, tx, count_id)


@router.post("/counts/{count_id}:cancel", permission="stock.count_post", refusals=(UnknownCount, CountClosed))
async def cancel_one(cmd: Cmd, count_id: UUID, body: CancelIn) -> Answer[CountOut]:
    """Call a count off; what was counted stays readable."""
    async with cmd.transaction() as tx:
        await seen(tx, count_id, cmd.who, "stock.count_post")
        await cancel_count(tx, count_id, cmd.who.actor)
        return await answered(cmd, tx, count_id, reason=body.reason or None)
