"""HTTP of the price-setting tool: Apply (look), Save (set), the list of runs, and undo (CAT-58)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from lotwise.catalog.api.products import exponent
from lotwise.catalog.api.shapes import Shape, price_or_none
from lotwise.catalog.domain import price_rules
from lotwise.catalog.domain.price_rules import SENTENCES
from lotwise.catalog.domain.price_runs import Row, Run
from lotwise.catalog.domain.refusals import NothingToPrice, RunUndone, TooManyProducts
from lotwise.catalog.operations import price_runs
from lotwise.catalog.operations.price_runs import Asked
from lotwise.catalog.repository import price_runs as rows
from lotwise.catalog.repository.products import Filter
from lotwise.contracts.catalog import Audience, Kind, Purpose
from lotwise.contracts.fields import Id, Instant, Note, PriceText, Slug, Whole
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.values import Unknown, price_text

router = Router(tags=["price tool"])
Change = Literal["percent", "amount", "set", "markup"]
Ending = Literal["exact", ".00", ".49", ".95", ".99", "0.05", "1"]
SearchText = Annotated[Note, StringConstraints(max_length=100)]


class ProductChoice(Shape):
    """Which products: all that fit every field sent; archived ones and those that only group variants never."""

    product_ids: Annotated[list[Id], Field(max_length=20_000)] | None = None
    search: SearchText = ""
    kind: Kind | None = None
    purpose: Purpose | None = None
    category_id: Id | None = None
    supplier_id: Id | None = None
    variant_of: Id | None = None


class PriceRunNew(Shape):
    """A new price for each product chosen: a percentage or money up or down, a set price, or a mark-up on the cost.

    `ending` is how a price must end (the nearest one; `0.05` and `1` are steps); without `effective_from` prices
    begin now; `rows_max` is how many rows the answer shows.
    """

    change: Change
    value: PriceText
    ending: Ending = "exact"
    choice: ProductChoice = Field(default_factory=ProductChoice)
    at_site: Slug | None = None
    audience: Audience = "everyone"
    effective_from: Instant | None = None
    rows_max: Annotated[Whole, Field(ge=0, le=20_000)] = 500


class PriceRowOut(BaseModel):
    """A product's price before and after; without a new price, the reason."""

    product_id: UUID
    code: str
    name: str
    cost: str | None
    was: str | None
    now: str | None
    reason: str | None
    sentence: str | None


class PreviewOut(BaseModel):
    """What would become of the prices: how many change, how many not, and the first rows by code."""

    products: int
    prices: int
    skipped: int
    reasons: dict[str, int]
    rows: list[PriceRowOut]


class RunOut(BaseModel):
    """A run: who set which prices how and when, and whether it was undone."""

    run_id: UUID
    change: Change
    value: str
    ending: Ending
    choice: dict[str, Any]
    at_site: str | None
    audience: Audience
    effective_from: datetime
    who: str
    created_at: datetime
    prices: int
    skipped: int
    undone_at: datetime | None
    undone_by: str | None
    undone: int


class SavedOut(PreviewOut):
    """A run as it was saved, with the first of its rows."""

    run: RunOut


class UndoneOut(BaseModel):
    """What undoing did: how many prices came back, and the codes that stayed because somebody changed them since."""

    run: RunOut
    restored: int
    skipped: list[str]


class RunPriceOut(BaseModel):
    """A price that a run set; `is_undone` is known once the run was undone."""

    product_id: UUID
    code: str
    name: str | None
    was: str | None
    now: str
    is_undone: bool | None


def _asked(body: PriceRunNew, decimals: int) -> Asked:
    choice = body.choice
    return Asked(
        rule=price_rules.rule_of(body.change, body.value, body.ending, decimals),
        at_site=body.at_site,
        audience=body.audience,
        begins=body.effective_from,
        filter=Filter(
            choice.search.strip() or None, choice.kind, choice.purpose, choice.category_id,
            variant_of=choice.variant_of, supplier_id=choice.supplier_id,
        ),
        product_ids=choice.product_ids,
        minor_exponent=decimals,
    )  # fmt: skip


def _row(row: Row) -> PriceRowOut:
    return PriceRowOut(
        product_id=row.candidate.product_id,
        code=row.candidate.code,
        name=row.candidate.name,
        cost=price_or_none(row.candidate.cost),
        was=price_or_none(row.was),
        now=price_or_none(row.now),
        reason=row.reason,
        sentence=SENTENCES[row.reason] if row.reason else None,
    )


def _preview(found: list[Row], rows_max: int) -> PreviewOut:
    reasons: dict[str, int] = {}
    for row in found:
        if row.reason is not None:
            reasons[row.reason] = reasons.get(row.reason, 0) + 1
    skipped = sum(reasons.values())
    shown = [_row(row) for row in found[:rows_max]]
    return PreviewOut(products=len(found), prices=len(found) - skipped, skipped=skipped, reasons=reasons, rows=shown)


def _run(run: Run) -> RunOut:
    plain = {name: getattr(run, name) for name in RunOut.model_fields if hasattr(run, name)}
    return RunOut(
        **plain,
        run_id=run.id,
        change=run.rule.kind,
        value=price_text(run.rule.value),
        ending=run.rule.ending,
        choice=run.chosen,
        effective_from=run.begins,
    )


@router.post("/price-runs:preview", permission="catalog.price", refusals=(Unknown, TooManyProducts), site="chain")
async def preview_prices(read: Read, body: PriceRunNew) -> PreviewOut:
    """Apply: what the prices would be. Nothing is stored (CAT-58)."""
    read.who.at("catalog.price", body.at_site)
    async with read.connection() as tx:
        return _preview(await price_runs.preview(tx, _asked(body, exponent(read.runtime))), body.rows_max)


@router.post(
    "/price-runs",
    permission="catalog.price",
    status_code=201,
    refusals=(Unknown, TooManyProducts, NothingToPrice),
    site="chain",
)
async def save_prices(cmd: Cmd, body: PriceRunNew) -> Answer[SavedOut]:
    """Save: set the prices that the preview shows, as one run that can be undone."""
    cmd.who.at("catalog.price", body.at_site)
    chosen = body.choice.model_dump(mode="json", exclude_unset=True)
    async with cmd.transaction() as tx:
        run, found = await price_runs.save(tx, _asked(body, exponent(cmd.runtime)), chosen, cmd.who.actor)
        answer = SavedOut(run=_run(run), **_preview(found, body.rows_max).model_dump())
        return await cmd.answer(tx, answer, 201, site=body.at_site, target=run.id, details={"prices": run.prices})


@router.get("/price-runs", permission="catalog.read", site="chain")
async def list_price_runs(read: Read, after: After = None, limit: Limit = 50) -> Page[RunOut]:
    """Runs, newest first: who, when, how many."""
    key = cursor_decode(after, UUID)
    async with read.connection() as tx:
        found = await rows.listing(tx, key[0] if key else None, limit + 1)
    page = found[:limit]
    return Page(rows=[_run(run) for run in page], next=cursor_encode(page[-1].id) if len(found) > limit else None)


@router.get("/price-runs/{run_id}", permission="catalog.read", refusals=(Unknown,), site="chain")
async def get_price_run(read: Read, run_id: UUID) -> RunOut:
    """One run."""
    async with read.connection() as tx:
        return _run(await price_runs.load(tx, run_id))


@router.get("/price-runs/{run_id}/prices", permission="catalog.read", refusals=(Unknown,), site="chain")
async def list_run_prices(read: Read, run_id: UUID, after: After = None, limit: Limit = 50) -> Page[RunPriceOut]:
    """What a run set, by code."""
    key = cursor_decode(after, str)
    async with read.connection() as tx:
        await price_runs.load(tx, run_id)
        found = await rows.prices_of(tx, run_id, key[0] if key else None, limit + 1)
    page = [
        RunPriceOut(**row | {"was": price_or_none(row["was"]), "now": price_text(row["now"])}) for row in found[:limit]
    ]
    return Page(rows=page, next=cursor_encode(page[-1].code) if len(found) > limit else None)


@router.post("/price-runs/{run_id}:undo", permission="catalog.price", refusals=(Unknown, RunUndone), site="chain")
async def undo_prices(cmd: Cmd, run_id: UUID) -> Answer[UndoneOut]:
    """Take a run back: prices that nobody changed since; the others stay and are named."""
    async with cmd.transaction() as tx:
        cmd.who.at("catalog.price", (await price_runs.load(tx, run_id)).at_site)
        done = await price_runs.undo(tx, run_id, cmd.who.actor)
        answer = UndoneOut(run=_run(done.run), restored=len(done.restored), skipped=list(done.skipped))
        return await cmd.answer(tx, answer, site=done.run.at_site, details={"restored": len(done.restored)})
