"""HTTP of levels: what is where, what is short, a product's figures and their history, the two levels to watch."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, Field

from lotwise.contracts.fields import Day, Id, Slug
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.database import Tx
from lotwise.kit.etag import IfMatch, etag
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.past import AsOf, KnownAt, figures_then, moment_of
from lotwise.stock.api.shapes import ProblemOut, Quantity, Strict, exponent, problem_of
from lotwise.stock.domain.costs import unit_cost
from lotwise.stock.domain.moments import Moment
from lotwise.stock.domain.refusals import BadDate, LevelsCrossed, NotKept, UnknownProduct, UnknownSite
from lotwise.stock.operations.minimums import Minimum, set_minimums
from lotwise.stock.operations.moments import Then, level_then, levels_then, sums_then
from lotwise.stock.repository import levels as rows_of
from lotwise.stock.repository.definitions import sites_of
from lotwise.values import Refusal, format_quantity, price_text, site_day

router = Router(tags=["levels"])
EXPIRING_DAYS = 30
HISTORY_DAYS_MAX = 800
NOTHING = UUID(int=0)

Search = Annotated[str | None, Query(max_length=100)]


class LevelOut(BaseModel):
    """The figures of a product at a site: `available` is on hand and opened less held, `value_minor` our own cost.

    `on_hand` lies on the shelves; `opened` is left in opened containers that serve whoever comes.

    Of the past (`as_of`, `known_at`) only what the ledger tells is given: holds, minimums and alarms are null or false.
    """

    site: str
    product_id: UUID
    code: str
    name: str
    category_id: UUID | None
    category_name: str | None
    purpose: str | None
    unit: str
    unit_decimals: int
    on_hand: str
    held: str | None
    opened: str = "0"
    available: str | None
    quarantined: str
    in_transit: str
    on_order: str | None = None
    unattributed: str
    minimum: str | None
    reorder_at: str | None
    own_reorder_at: str | None
    normal_order_quantity: str | None
    value_minor: int
    unit_cost: str | None
    last_cost: str | None
    next_expiry: date | None
    lots: int
    is_below: bool
    is_at_reorder: bool
    is_out: bool
    shortage_id: UUID | None
    short_since: datetime | None
    is_archived: bool
    revision: int
    setting_revision: int
    as_of: datetime | None = None
    known_at: datetime | None = None


class MinimumIn(Strict):
    """The two levels; null takes one away (without an own reorder point the product's default counts)."""

    minimum: Quantity | None = None
    reorder_at: Quantity | None = None


class MinimumRow(MinimumIn):
    """The two levels of one product at one site."""

    site: Slug
    product_id: Id


class MinimumsIn(Strict):
    """Up to 500 levels, each judged alone."""

    minimums: Annotated[tuple[MinimumRow, ...], Field(min_length=1, max_length=500)]


class MinimumResult(BaseModel):
    """What became of one row."""

    outcome: Literal["set", "refused"]
    site: str
    product_id: UUID
    revision: int | None = None
    problem: ProblemOut | None = None


class MinimumsOut(BaseModel):
    """What became of each row, in the order sent."""

    set: int
    refused: int
    results: list[MinimumResult]


class SummaryOut(BaseModel):
    """The totals of a site, or of all that may be seen; money in minor units. Alarms of the past are not kept: null."""

    site: str | None
    products: int
    stocked: int
    below_minimum: int | None
    at_reorder: int | None
    out_of_stock: int | None
    unattributed: int
    value_minor: int
    consigned_minor: int
    quarantined_minor: int
    in_transit_minor: int
    lots_expiring: int
    expiring_minor: int
    expiring_days: int = EXPIRING_DAYS
    currency: str
    as_of: datetime | None = None
    known_at: datetime | None = None


class DayOut(BaseModel):
    """A day's end on the shelves, and what came and went on it."""

    day: date
    on_hand: str
    value_minor: int
    came: str
    went: str


class HistoryOut(BaseModel):
    """On hand by day in the site's days, as it was (by happened_at)."""

    site: str
    product_id: UUID
    unit: str
    minimum: str | None
    reorder_at: str | None
    days: list[DayOut]


def level_out(row: Any, decimals_of_money: int, on_order: int | None = None) -> LevelOut:
    """A row of the level queries in the API's words."""
    decimals = row["unit_decimals"]

    def text(name: str) -> str:
        return format_quantity(row[name] or 0, decimals)

    def level(name: str) -> str | None:
        return None if row[name] is None else format_quantity(row[name], decimals)

    return LevelOut(
        site=row["site"], product_id=row["product_id"], code=row["code"], name=row["name"],
        category_id=row["category_id"], category_name=row["category_name"], purpose=row["purpose"],
        unit=row["unit"], unit_decimals=decimals,
        on_hand=text("on_hand"), held=text("held"),
        opened=text("opened"),
        available=format_quantity(row["on_hand"] + row["opened"] - row["held"], decimals),
        quarantined=text("quarantined"),
        in_transit=text("in_transit"), on_order=None if on_order is None else format_quantity(on_order, decimals),
        unattributed=text("unattributed"), minimum=level("minimum"), reorder_at=level("reorder_at"),
        own_reorder_at=level("own_reorder_at"), normal_order_quantity=level("normal_order_quantity"),
        value_minor=row["value_minor"],
        unit_cost=price_text(unit_cost(row["value_minor"], row["on_hand"], decimals, decimals_of_money))
        if row["on_hand"]
        else None,
        last_cost=None if row["last_cost"] is None else price_text(row["last_cost"]), next_expiry=row["next_expiry"],
        lots=row["lots"], is_below=row["is_below"], is_at_reorder=row["is_at_reorder"],
        is_out=row["is_out"] and not row["opened"],
        shortage_id=row["shortage_id"], short_since=row["short_since"], is_archived=row["is_archived"],
        revision=row["revision"], setting_revision=row["setting_revision"],
    )  # fmt: skip


@router.get("/levels", permission="stock.read")
async def levels(
    read: Read,
    site: str | None = None,
    product: UUID | None = None,
    search: Search = None,
    category: UUID | None = None,
    below: bool = False,
    short: bool = False,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[LevelOut]:
    """What is where, by name (STK-03). With a site: all its products, zeros too; without: what any site has or had.

    `below` keeps what is under its minimum, `short` what has any open shortage; `search` looks in names and codes.
    `as_of` and `known_at` look back on either clock, or on both (N-04).
    """
    moment = moment_of(as_of, known_at, below=below, short=short)
    pattern = None if not search else "%" + search.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
    keys = cursor_decode(after, str, UUID, str) or ("", NOTHING, "")
    async with read.connection() as tx:
        sites = visible(read.who, "stock.read", site)
        if not moment.is_now:
            asked = (pattern, category, *keys, limit)
            found = await levels_then(tx, moment, site=site, product=product, sites=sites, asked=asked)
            return _past(found, moment, exponent(read.runtime), limit)
        if site is not None and product is None:
            rows = await rows_of.site_page(tx, site, pattern, category, below, *keys[:2], limit, short)
        else:
            rows = await rows_of.chain_page(tx, sites, pattern, category, below, *keys, limit, short, product)
    decimals = exponent(read.runtime)
    shown = [level_out(row, decimals) for row in rows]
    last = cursor_encode(rows[-1]["sort_name"], shown[-1].product_id, shown[-1].site) if len(shown) == limit else None
    return Page(rows=shown, next=last)


def _past(found: list[Then], moment: Moment, decimals: int, limit: int) -> Page[LevelOut]:
    shown = [LevelOut(**figures_then(one, moment, decimals)) for one in found]
    if len(found) < limit:
        return Page(rows=shown)
    last = found[-1].cell
    return Page(rows=shown, next=cursor_encode(last["sort_name"], last["product_id"], last["site"]))


@router.get("/levels/{site}/{product_id}", permission="stock.read", refusals=(UnknownProduct, UnknownSite))
async def level(
    read: Read, response: Response, site: str, product_id: UUID, as_of: AsOf = None, known_at: KnownAt = None
) -> LevelOut:
    """One product at one site, now or looking back; its ETag is what an edit of its levels starts from."""
    moment = moment_of(as_of, known_at)
    if not moment.is_now:
        async with read.connection() as tx:
            then = await level_then(tx, moment, site, product_id)
            if then is None:
                raise await _unknown(tx, site, product_id)
            return LevelOut(**figures_then(then, moment, exponent(read.runtime)))
    async with read.glance() as tx:
        row = await rows_of.one_level(tx, site, product_id)
    if row is None:
        async with read.connection() as tx:
            raise await _unknown(tx, site, product_id)
    response.headers["ETag"] = etag(row["setting_revision"])
    return level_out(row, exponent(read.runtime), row["on_order"])


async def _unknown(tx: Tx, site: str, product_id: UUID) -> Refusal:
    """Why there is no such cell: the site or the product."""
    if site not in await sites_of(tx, [site]):
        return UnknownSite("No site has this name", field="site", site=site[:60])
    return UnknownProduct("No product has this id", product_id=str(product_id))


@router.put(
    "/levels/{site}/{product_id}",
    permission="stock.minimum",
    refusals=(UnknownProduct, UnknownSite, NotKept, LevelsCrossed),
)
async def set_level(cmd: Cmd, site: str, product_id: UUID, body: MinimumIn, expected: IfMatch) -> Answer[LevelOut]:
    """Set the minimum and the reorder point (STK-04); a crossing that this makes is told at once."""
    wanted = Minimum(site, product_id, body.minimum, body.reorder_at, expected.check)
    async with cmd.transaction() as tx:
        outcome = (await set_minimums(tx, [wanted], exponent(cmd.runtime)))[0]
        if isinstance(outcome, Refusal):
            raise outcome
        row = await rows_of.one_level(tx, site, product_id)
        shown = level_out(row, exponent(cmd.runtime))
        return await cmd.answer(tx, shown, site=site, target=product_id, details=body.model_dump(), revision=outcome)


@router.post("/minimums:batch", permission="stock.minimum")
async def set_levels(cmd: Cmd, body: MinimumsIn) -> Answer[MinimumsOut]:
    """Set the levels of up to 500 products at sites; a refused row does not hinder the others."""
    wanted = [Minimum(one.site, one.product_id, one.minimum, one.reorder_at) for one in body.minimums]
    async with cmd.transaction() as tx:
        outcomes = await set_minimums(tx, wanted, exponent(cmd.runtime))
        results = [_minimum(one, outcome) for one, outcome in zip(body.minimums, outcomes, strict=True)]
        done = sum(one.outcome == "set" for one in results)
        answer = MinimumsOut(set=done, refused=len(results) - done, results=results)
        return await cmd.answer(tx, answer, target=f"{len(results)} levels")


def _minimum(one: MinimumRow, outcome: int | Refusal) -> MinimumResult:
    if isinstance(outcome, Refusal):
        return MinimumResult(outcome="refused", site=one.site, product_id=one.product_id, problem=problem_of(outcome))
    return MinimumResult(outcome="set", site=one.site, product_id=one.product_id, revision=outcome)


@router.get("/summary", permission="stock.read")
async def summary(read: Read, site: str | None = None, as_of: AsOf = None, known_at: KnownAt = None) -> SummaryOut:
    """The totals of a site, or of all sites that may be seen; now or looking back, value included (N-04)."""
    moment = moment_of(as_of, known_at)
    sites = visible(read.who, "stock.read", site)
    by = moment.day(datetime.now(UTC)).date() + timedelta(days=EXPIRING_DAYS)
    currency = read.runtime.settings.currency
    async with read.connection() as tx:
        if moment.is_now:
            return SummaryOut(site=site, currency=currency, **dict(await rows_of.sums(tx, sites, by)))
        row = await sums_then(tx, moment, sites, by)
    alarms = dict.fromkeys(("below_minimum", "at_reorder", "out_of_stock"))
    return SummaryOut(site=site, currency=currency, as_of=as_of, known_at=known_at, **row, **alarms)


@router.get(
    "/levels/{site}/{product_id}/history", permission="stock.read", refusals=(UnknownProduct, UnknownSite, BadDate)
)
async def level_history(
    read: Read,
    site: str,
    product_id: UUID,
    since: Annotated[Day | None, Query(alias="from")] = None,
    until: Annotated[Day | None, Query(alias="to")] = None,
) -> HistoryOut:
    """On hand at each day's end (90 days unless asked otherwise), for a chart."""
    async with read.connection() as tx:
        found = await sites_of(tx, [site])
        if site not in found:
            raise UnknownSite("No site has this name", field="site", site=site[:60])
        last = until or site_day(datetime.now(UTC), found[site].zone)
        first = since or last - timedelta(days=89)
        if not 0 <= (last - first).days < HISTORY_DAYS_MAX:
            raise BadDate(f"Ask for 1 to {HISTORY_DAYS_MAX} days, the earlier day first", field="from")
        row = await rows_of.one_level(tx, site, product_id)
        days = await rows_of.history(tx, site, product_id, first, last)
    if row is None:
        raise UnknownProduct("No product has this id", product_id=str(product_id))
    shown = level_out(row, exponent(read.runtime))
    return HistoryOut(
        site=site,
        product_id=product_id,
        unit=shown.unit,
        minimum=shown.minimum,
        reorder_at=shown.reorder_at,
        days=[_day_out(day, shown.unit_decimals) for day in days],
    )


def _day_out(row: Any, decimals: int) -> DayOut:
    return DayOut(
        day=row["day"],
        on_hand=format_quantity(row["on_hand"], decimals),
        value_minor=row["value_minor"],
        came=format_quantity(row["came"], decimals),
        went=format_quantity(row["went"], decimals),
    )
