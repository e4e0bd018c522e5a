"""The only home of the pages of what is owed to members, and of what was used without a charge (REP-16, SAL-23)."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from lotwise.backoffice.gateway import CHUNK, Rows, Shape, or_else
from lotwise.backoffice.lists import Column, csv_answer, listing
from lotwise.backoffice.pages import page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.bill_words import FREE_REASONS
from lotwise.backoffice.screens.categories import all_categories
from lotwise.backoffice.screens.sales import RANGES, days_of
from lotwise.backoffice.screens.sales import Filter as Span
from lotwise.backoffice.session import Visitor, Who

screen = Screen()
KINDS = {
    "package": "Packages",
    "membership": "Memberships",
    "gift": "Gift certificates",
    "account": "Money on account",
}
REASONS = dict(FREE_REASONS)
OWED, FREE = "/v1/liabilities-report", "/v1/free-use"
SUMMED_MAX = 400


class Owed(Shape):
    """A kind at the site that sold it: what happened in the days, and what is owed at their end."""

    kind: str
    site: str
    site_name: str | None = None
    sold_minor: int
    redeemed_minor: int
    expired_minor: int
    refunded_minor: int
    outstanding_minor: int

    @property
    def what(self) -> str:
        """The kind in words."""
        return KINDS.get(self.kind, self.kind)

    @property
    def where(self) -> str:
        """The site's name."""
        return self.site_name or self.site


class FreeUse(Shape):
    """A product used for a reason without a charge, and who recorded it."""

    reason: str
    product_id: UUID
    code: str | None = None
    name: str | None = None
    actor: str = ""
    person: str = ""
    units: str
    lines: int
    cost_minor: int

    @property
    def why(self) -> str:
        """The reason in words."""
        return REASONS.get(self.reason, self.reason)


class OwedFilter(Span):
    """How the report of liabilities is asked for: the days, and a kind."""

    kind: str = ""


class FreeFilter(Span):
    """How the report of free use is asked for: the days, a category, and a reason."""

    reason: str = ""


OWED_COLUMNS = (
    Column("Kind", lambda row: row.what, sort="kind"),
    Column("Site", lambda row: row.where, sort="site"),
    Column("Sold", lambda row: row.sold_minor, is_number=True, sort="sold"),
    Column("Redeemed", lambda row: row.redeemed_minor, is_number=True, sort="redeemed"),
    Column("Expired", lambda row: row.expired_minor, is_number=True),
    Column("Refunded", lambda row: row.refunded_minor, is_number=True),
    Column("Outstanding", lambda row: row.outstanding_minor, is_number=True, sort="outstanding"),
)
FREE_COLUMNS = (
    Column("Product", lambda row: row.name, sort="name"),
    Column("Code", lambda row: row.code, is_roomy=True),
    Column("Reason", lambda row: row.why, sort="reason"),
    Column("By", lambda row: row.person),
    Column("Times", lambda row: row.lines, is_number=True, is_roomy=True),
    Column("Units", lambda row: row.units, is_number=True, sort="units"),
    Column("Cost", lambda row: row.cost_minor, is_number=True, sort="cost"),
)


@screen.get("/analytics/liabilities", permission="reporting.read")
async def liabilities(request: Request, who: Who, asked: Annotated[OwedFilter, Query()]) -> Response:
    """What is owed to members: the report, its table, its next chunk, or its CSV."""
    first, last = days_of(asked, who)
    kind = asked.kind if asked.kind in KINDS else ""
    span: dict[str, Any] = {"from": first.isoformat(), "to": last.isoformat(), "site": who.slug, "kind": kind}
    wanted = span | {"sort": asked.sort or "-outstanding"}
    if asked.format == "csv":
        return csv_answer("liabilities", OWED_COLUMNS, who.gateway.all(Owed, "reporting", OWED, **wanted))
    found = await who.gateway.rows(Owed, "reporting", OWED, limit=CHUNK, after=asked.after, **wanted)
    context: dict[str, Any] = {"list": listing(request, OWED_COLUMNS), "asked": asked, "found": found, "kinds": KINDS}
    context |= {"title": "Liabilities", "first": first, "last": last, "ranges": RANGES}
    if asked.after:
        return page(request, who, "screens/liabilities.html", fragment="rows", **context)
    none: Rows[Owed] = Rows([])
    every = await or_else(who.gateway.rows(Owed, "reporting", OWED, limit=SUMMED_MAX, **span), none)
    context["figures"] = _by_kind(every.rows)
    return page(request, who, "screens/liabilities.html", fragment="report", **context)


def _by_kind(rows: list[Owed]) -> list[tuple[str, int]]:
    """What is owed of each kind that there is, in the order of their names above."""
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.kind] = sums.get(row.kind, 0) + row.outstanding_minor
    return [(text, sums[kind]) for kind, text in KINDS.items() if kind in sums]


@screen.get("/analytics/free-use", permission="reporting.read")
async def free_use(request: Request, who: Who, asked: Annotated[FreeFilter, Query()]) -> Response:
    """What was used without a charge: the report, its table, its next chunk, or its CSV."""
    first, last = days_of(asked, who)
    wanted: dict[str, Any] = {
        "from": first.isoformat(), "to": last.isoformat(), "site": who.slug, "category": asked.category,
        "reason": asked.reason if asked.reason in REASONS else "", "sort": asked.sort or "-cost",
    }  # fmt: skip
    if asked.format == "csv":
        return csv_answer("free-use", FREE_COLUMNS, _all(who, wanted))
    found = await who.gateway.rows(FreeUse, "reporting", FREE, limit=CHUNK, after=asked.after, **wanted)
    context: dict[str, Any] = {
        "list": listing(request, FREE_COLUMNS), "asked": asked, "found": found, "title": "Free use",
        "shown": [_named(who, row) for row in found.rows], "first": first, "last": last, "ranges": RANGES,
        "reasons": REASONS,
    }  # fmt: skip
    if asked.after:
        return page(request, who, "screens/free_use.html", fragment="rows", **context)
    context["categories"] = await all_categories(who)
    return page(request, who, "screens/free_use.html", fragment="report", **context)


async def _all(who: Visitor, wanted: dict[str, Any]) -> AsyncIterator[FreeUse]:
    async for row in who.gateway.all(FreeUse, "reporting", FREE, **wanted):
        yield _named(who, row)


def _named(who: Visitor, row: FreeUse) -> FreeUse:
    return row.model_copy(update={"person": who.person(row.actor)})
