"""HTTP of the location statement: opening + in - out ± adjustments = closing, and sites + transit = chain (STK-30)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.contracts.fields import Day
from lotwise.kit.commands import Read, visible
from lotwise.kit.database import Tx
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.domain.places import Site
from lotwise.stock.domain.refusals import BadDate, UnknownSite
from lotwise.stock.domain.statements import Statement, statement_of
from lotwise.stock.repository.definitions import all_sites
from lotwise.stock.repository.statements import Window, statement_page, statement_total
from lotwise.values import day_bounds, format_quantity, site_day

router = Router(tags=["reconciliation"])
DAYS_MAX = 800
NOTHING = UUID(int=0)
Since = Annotated[Day | None, Query(alias="from")]
Until = Annotated[Day | None, Query(alias="to")]


class Flow(BaseModel):
    """One line in money (minor units, at cost, consigned goods at what they would cost)."""

    opening_minor: int
    received_minor: int
    transferred_in_minor: int
    sold_minor: int
    used_minor: int
    transferred_out_minor: int
    adjusted_minor: int
    closing_minor: int
    transit_opening_minor: int
    transit_closing_minor: int
    consigned_minor: int
    is_balanced: bool


class ProductFlow(Flow):
    """One product: the same line in its unit. `sold` is net of returns, `received` net of returns to suppliers."""

    product_id: UUID
    code: str
    name: str
    unit: str
    opening: str
    received: str
    transferred_in: str
    sold: str
    used: str
    transferred_out: str
    adjusted: str
    closing: str
    transit_opening: str
    transit_closing: str


class SiteFlow(Flow):
    """One site, or the chain (`site` empty): all its products in money."""

    site: str
    products: int


class Summary(BaseModel):
    """Every site that may be seen and their sum; `is_balanced`: sites + what is on its way = chain, all lines agree.

    Between all sites of the chain what was sent and did not come in is what transit gained.
    """

    since: date
    until: date
    currency: str
    sites: list[SiteFlow]
    chain: SiteFlow
    is_balanced: bool


def _flow(line: Statement, consigned: int) -> dict[str, int | bool]:
    found: dict[str, int | bool] = {f"{name}_minor": amount for name, amount in line._asdict().items()}
    return found | {"consigned_minor": consigned, "is_balanced": line.is_balanced}


async def _window(
    tx: Tx, sites: Sequence[str] | None, since: date | None, until: date | None, product_id: UUID | None = None
) -> tuple[Window, date, date, list[str]]:
    """The days asked for (the current month unless said otherwise) at known sites. Raises UnknownSite or BadDate."""
    known: dict[str, Site] = {site.slug: site for site in await all_sites(tx)}
    wanted = sorted(known) if sites is None else list(sites)
    for slug in wanted:
        if slug not in known:
            raise UnknownSite("No site has this name", field="site", site=slug[:60])
    last = until or max((site_day(datetime.now(UTC), known[slug].zone) for slug in wanted), default=date.min)
    first = since or last.replace(day=1)
    if not 0 <= (last - first).days < DAYS_MAX:
        raise BadDate(f"Ask for 1 to {DAYS_MAX} days, the earlier day first", field="from")
    bounds = {slug: (day_bounds(first, known[slug].zone)[0], day_bounds(last, known[slug].zone)[1]) for slug in wanted}
    return Window(None if sites is None else wanted, first, last, bounds, product_id), first, last, wanted


@router.get("/reconciliation", permission="stock.read", refusals=(UnknownSite, BadDate))
async def reconciliation(
    read: Read,
    site: str | None = None,
    since: Since = None,
    until: Until = None,
    product: UUID | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[ProductFlow]:
    """The statement by product, in the site's days; without a site of all that may be seen together."""
    keys = cursor_decode(after, str, UUID) or ("", NOTHING)
    async with read.connection() as tx:
        window, *_ = await _window(tx, visible(read.who, "stock.read", site), since, until, product)
        rows = await statement_page(tx, window, (keys[0], keys[1]), limit)
    shown = []
    for row in rows:
        quantities, money = statement_of(dict(row)), statement_of(dict(row), "_minor")
        texts = {name: format_quantity(amount, row["unit_decimals"]) for name, amount in quantities._asdict().items()}
        named = {name: row[name] for name in ("product_id", "code", "name", "unit")}
        is_balanced = quantities.is_balanced and money.is_balanced
        flow = _flow(money, int(row["consigned_minor"])) | {"is_balanced": is_balanced}
        shown.append(ProductFlow.model_validate({**named, **texts, **flow}))
    last = cursor_encode(rows[-1]["sort_name"], shown[-1].product_id) if len(shown) == limit else None
    return Page(rows=shown, next=last)


@router.get("/reconciliation/summary", permission="stock.read", refusals=(UnknownSite, BadDate))
async def reconciliation_summary(
    read: Read, site: str | None = None, since: Since = None, until: Until = None
) -> Summary:
    """The statement in money by site and in all; all sites + transit = chain (REP-15)."""
    async with read.connection() as tx:
        sites = visible(read.who, "stock.read", site)
        window, first, last, wanted = await _window(tx, sites, since, until)
        lines = [await _site(tx, slug, first, last) for slug in wanted]
        total = await statement_total(tx, window)
    chain = _total("", statement_of(dict(total), "_minor"), int(total["consigned_minor"]), int(total["products"]))
    agree = all(
        sum(getattr(line, name) for line in lines) == getattr(chain, name)
        for name in Flow.model_fields
        if name != "is_balanced"
    )
    closed = sites is not None or (
        chain.transit_opening_minor + chain.transferred_out_minor - chain.transferred_in_minor
        == chain.transit_closing_minor
    )
    return Summary(
        since=first,
        until=last,
        currency=read.runtime.settings.currency,
        sites=lines,
        chain=chain,
        is_balanced=agree and closed and chain.is_balanced and all(line.is_balanced for line in lines),
    )


async def _site(tx: Tx, slug: str, first: date, last: date) -> SiteFlow:
    window, *_ = await _window(tx, [slug], first, last)
    row = await statement_total(tx, window)
    return _total(slug, statement_of(dict(row), "_minor"), int(row["consigned_minor"]), int(row["products"]))


def _total(slug: str, line: Statement, consigned: int, products: int) -> SiteFlow:
    return SiteFlow.model_validate({"site": slug, "products": products, **_flow(line, consigned)})
