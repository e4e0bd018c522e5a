"""Sales over HTTP: totals, and sales by product, category, day and site with cost and margin."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from lotwise.kit.commands import Read
from lotwise.kit.paging import After, Limit, Page
from lotwise.kit.web import Router
from lotwise.reporting.api.asking import (
    PERMISSION,
    AtSite,
    FromDay,
    InCategory,
    ToDay,
    Turn,
    ranked,
    rate_text,
    units_text,
    window,
)
from lotwise.reporting.repository import sales
from lotwise.reporting.repository.sales import Window
from lotwise.values import currency_exponent, format_minor

router = Router(tags=["sales"])
_COLUMNS = {
    "revenue": ("revenue", False),
    "units": ("units", False),
    "cogs": ("cogs", False),
    "margin": ("margin", False),
    "lines": ("lines", False),
    "name": ("sort_name", True),
    "code": ("sort_code", True),
}


class Figures(BaseModel):
    """What was sold: units signed, money in minor units; the margin is revenue less cost of goods sold."""

    units: str
    lines: int
    revenue_minor: int
    tax_minor: int
    cogs_minor: int
    margin_minor: int
    margin_rate: str | None


class ProductSales(Figures):
    """One product; the names are empty until its definition was heard."""

    product_id: UUID
    code: str | None
    name: str | None
    unit: str | None
    category_id: UUID | None
    category: str | None


class CategorySales(Figures):
    """One category; without an id: what has none."""

    category_id: UUID | None
    name: str | None


class DaySales(Figures):
    """One day of the sites' calendars; counts are left out when a category is asked for."""

    day: date
    charges: int | None
    returns: int | None


class SiteSales(Figures):
    """One site."""

    site: str
    name: str | None
    charges: int | None
    returns: int | None


class Totals(BaseModel):
    """Everything of the days and sites asked for, each line with its sign; `net_revenue` is a decimal string."""

    net_units: str
    net_revenue: str
    net_revenue_minor: int
    tax_minor: int
    cogs_minor: int
    margin_minor: int
    margin_rate: str | None
    waste_minor: int
    lines: int
    charges: int
    returns: int
    voids: int
    products: int
    currency: str


def figures(row: Any) -> dict[str, Any]:
    """The shared figures of a report's row."""
    return {
        "units": units_text(row["units"]),
        "lines": int(row["lines"]),
        "revenue_minor": int(row["revenue"]),
        "tax_minor": int(row["tax"]),
        "cogs_minor": int(row["cogs"]),
        "margin_minor": int(row["margin"]),
        "margin_rate": rate_text(int(row["margin"]), int(row["revenue"])),
    }


@router.get("/totals", permission=PERMISSION)
async def get_totals(
    read: Read, from_day: FromDay = None, to_day: ToDay = None, site: AtSite = None, category: InCategory = None
) -> Totals:
    """Net units and revenue, tax, cost, margin and waste, with how many lines, charges, returns and voids."""
    async with read.connection() as tx:
        row = await sales.totals(tx, window(read, from_day, to_day, site, category))
    revenue, cogs = int(row["revenue"]), int(row["cogs"])
    currency = read.runtime.settings.currency
    return Totals(
        net_units=units_text(row["units"]),
        net_revenue=format_minor(revenue, currency_exponent(currency)),
        net_revenue_minor=revenue,
        tax_minor=int(row["tax"]),
        cogs_minor=cogs,
        margin_minor=revenue - cogs,
        margin_rate=rate_text(revenue - cogs, revenue),
        waste_minor=int(row["waste"]),
        currency=currency,
        **{name: int(row[name]) for name in ("lines", "charges", "returns", "voids", "products")},
    )


@router.get("/sales/by-product", permission=PERMISSION)
async def by_product(
    read: Read,
    from_day: FromDay = None,
    to_day: ToDay = None,
    site: AtSite = None,
    category: InCategory = None,
    sort: str = "-revenue",
    after: After = None,
    limit: Limit = 50,
) -> Page[ProductSales]:
    """Sales by product, by default the highest revenue first; goods used in treatments stand with their cost."""
    return await _report(
        read, "product", window(read, from_day, to_day, site, category), Turn(sort, after, limit), _product
    )


@router.get("/sales/by-category", permission=PERMISSION)
async def by_category(
    read: Read,
    from_day: FromDay = None,
    to_day: ToDay = None,
    site: AtSite = None,
    sort: str = "-revenue",
    after: After = None,
    limit: Limit = 50,
) -> Page[CategorySales]:
    """Sales by category, by default the highest revenue first."""
    return await _report(read, "category", window(read, from_day, to_day, site), Turn(sort, after, limit), _category)


@router.get("/sales/by-day", permission=PERMISSION)
async def by_day(
    read: Read,
    from_day: FromDay = None,
    to_day: ToDay = None,
    site: AtSite = None,
    category: InCategory = None,
    sort: str = "name",
    after: After = None,
    limit: Limit = 100,
) -> Page[DaySales]:
    """Sales by day in the sites' own calendars, by default the oldest first (`name` is the day)."""
    return await _report(read, "day", window(read, from_day, to_day, site, category), Turn(sort, after, limit), _day)


@router.get("/sales/by-site", permission=PERMISSION)
async def by_site(
    read: Read,
    from_day: FromDay = None,
    to_day: ToDay = None,
    category: InCategory = None,
    sort: str = "-revenue",
    after: After = None,
    limit: Limit = 50,
) -> Page[SiteSales]:
    """Sales by site, by default the highest revenue first; only sites you may see."""
    return await _report(read, "site", window(read, from_day, to_day, None, category), Turn(sort, after, limit), _site)


@router.get("/margin", permission=PERMISSION)
async def margin(
    read: Read,
    from_day: FromDay = None,
    to_day: ToDay = None,
    site: AtSite = None,
    category: InCategory = None,
    sort: str = "-margin",
    after: After = None,
    limit: Limit = 50,
) -> Page[ProductSales]:
    """Profit margin per product: revenue less the cost of the lots really taken."""
    return await _report(
        read, "product", window(read, from_day, to_day, site, category), Turn(sort, after, limit), _product
    )


async def _report(read: Read, by: str, seen: Window, asked: Turn, shape: Any) -> Page[Any]:
    return await ranked(read, lambda tx, *page: sales.report(tx, by, seen, *page), asked, _COLUMNS, shape)


def _product(row: Any) -> ProductSales:
    names = ("product_id", "code", "name", "unit", "category_id", "category")
    return ProductSales(**figures(row), **{name: row[name] for name in names})


def _category(row: Any) -> CategorySales:
    return CategorySales(**figures(row), category_id=row["category_id"], name=row["name"])


def _day(row: Any) -> DaySales:
    return DaySales(**figures(row), day=row["day"], **_counts(row))


def _site(row: Any) -> SiteSales:
    return SiteSales(**figures(row), site=row["site"], name=row["name"], **_counts(row))


def _counts(row: Any) -> dict[str, int | None]:
    return {name: None if row[name] is None else int(row[name]) for name in ("charges", "returns")}
