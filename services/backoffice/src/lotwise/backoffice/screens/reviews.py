"""The only home of the lists that keep a catalog in order: prices to look at, names to tidy, goods nobody moves."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Shape
from lotwise.backoffice.lists import Column
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.session import Who

screen = Screen()
FAULTS = (
    ("missing_description", "No description"),
    ("look_alike_name", "Named like another"),
    ("all_capitals", "All in capitals"),
    ("odd_spaces", "Odd spaces"),
    ("unit_in_name", "A size in the name"),
)
REASONS = {"cost_rose": "The cost rose since the price was set", "margin_low": "The margin is below the target"}


class Review(Shape):
    """A price to look at."""

    product_id: UUID
    code: str
    name: str
    category_name: str | None = None
    price: str | None = None
    cost: str
    cost_when_priced: str | None = None
    margin_percent: str | None = None
    reasons: tuple[str, ...] = ()


class Untidy(Shape):
    """A product that is not described as it should be."""

    product_id: UUID
    code: str
    name: str
    category_name: str | None = None
    faults: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()


class Idle(Shape):
    """A product that nobody moved for long."""

    product_id: UUID
    code: str
    name: str
    last_moved_on: date | None = None


class ReviewFilter(BaseModel):
    """How prices to look at are asked for."""

    margin: str = Field(default="40", pattern=r"^[0-9]{1,3}(\.[0-9]{1,2})?$")
    after: str = ""
    format: str = ""


class TidyFilter(BaseModel):
    """How names to tidy are asked for."""

    fault: str = ""
    after: str = ""
    format: str = ""


class IdleFilter(BaseModel):
    """How goods that nobody moves are asked for."""

    days: int = Field(default=180, ge=1, le=3650)
    after: str = ""
    format: str = ""


REVIEW_COLUMNS = (
    Column("Product", lambda row: row.name),
    Column("Code", lambda row: row.code),
    Column("Price", lambda row: row.price, is_number=True),
    Column("Cost then", lambda row: row.cost_when_priced, is_number=True),
    Column("Cost now", lambda row: row.cost, is_number=True),
    Column("Margin %", lambda row: row.margin_percent, is_number=True),
    Column("Why", lambda row: "; ".join(REASONS.get(word, word) for word in row.reasons)),
)
TIDY_COLUMNS = (
    Column("Product", lambda row: row.name),
    Column("Code", lambda row: row.code),
    Column("What to tidy", lambda row: "; ".join(dict(FAULTS).get(word, word) for word in row.faults)),
    Column("Like", lambda row: " ".join(row.alike)),
)
IDLE_COLUMNS = (
    Column("Product", lambda row: row.name),
    Column("Code", lambda row: row.code),
    Column("Last moved", lambda row: row.last_moved_on or "never"),
)
TABS = (("/prices/review", "Prices to look at"), ("/prices/names", "Names to tidy"), ("/prices/idle", "Nobody moves"))


async def _page(listed: Listed, name: str, **context: Any) -> Response:
    if listed.is_csv:
        return listed.csv(name)
    return await listed.page("screens/reviews.html", title="Price review & housekeeping", tabs=TABS, **context)


@screen.get("/prices/review", permission="catalog.read")
async def prices(request: Request, who: Who, asked: Annotated[ReviewFilter, Query()]) -> Response:
    """Products whose cost rose since their price was set, or whose margin is low (CAT-60)."""
    wanted: dict[str, Any] = {"target_margin": asked.margin}
    listed = Listed(request, who, asked, Review, "catalog", "/v1/price-review", REVIEW_COLUMNS, wanted)
    return await _page(listed, "price-review", what="prices", fixed_site=True)


@screen.get("/prices/names", permission="catalog.read")
async def names(request: Request, who: Who, asked: Annotated[TidyFilter, Query()]) -> Response:
    """Products without a description or with an inconsistent name (CAT-61)."""
    listed = Listed(
        request, who, asked, Untidy, "catalog", "/v1/housekeeping/descriptions", TIDY_COLUMNS, {"fault": asked.fault}
    )
    return await _page(listed, "names", what="names", faults=FAULTS, fixed_site=True)


@screen.get("/prices/idle", permission="catalog.read")
async def idle(request: Request, who: Who, asked: Annotated[IdleFilter, Query()]) -> Response:
    """Products that moved nowhere for long: candidates to discontinue (CAT-61)."""
    listed = Listed(request, who, asked, Idle, "catalog", "/v1/housekeeping/idle", IDLE_COLUMNS, {"days": asked.days})
    return await _page(listed, "idle", what="idle", fixed_site=True)
