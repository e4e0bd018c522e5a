"""The only home of the settings of sites: their names, clocks and rules, and their taxes with a worked example."""

from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import available_timezones

from fastapi import Request
from pydantic import BaseModel, Field, field_validator
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Shape, or_else
from lotwise.backoffice.lists import csv_asked
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Who, forget_sites

screen = Screen()
POLICIES = (("block_at_zero", "Refuse at zero"), ("block_at_minimum", "Refuse at the minimum"), ("warn", "Warn only"))
UNREACHABLE = (("sell", "Sell on"), ("refuse", "Refuse"))
ROUNDING = (("line", "By line"), ("invoice", "By invoice"))
TAX_POINTS = (("sale", "When they are sold"), ("redemption", "When they are used"))
SITE_FIELDS = (
    "slug", "name", "time_zone", "legal_entity", "stock_policy", "stock_unreachable", "tax_rounding",
    "cash_rounding_minor", "package_tax_point",
)  # fmt: skip
TAX_FIELDS = ("name_1", "rate_1_1", "rate_1_2", "name_2", "rate_2_1", "rate_2_2", "valid_from")


class Site(Shape):
    """A site with all its rules."""

    slug: str
    name: str
    time_zone: str
    legal_entity: str = ""
    is_central_store: bool = False
    stock_policy: str = "block_at_zero"
    stock_unreachable: str = "sell"
    tax_rounding: str = "line"
    cash_rounding_minor: int = 1
    package_tax_point: str = "sale"
    revision: int = 1


class Slot(Shape):
    """One tax and its two rates in percent."""

    name: str = ""
    rate_1: str = "0"
    rate_2: str = "0"


class Taxes(Shape):
    """The two taxes of a site from a day on."""

    valid_from: str
    tax_1: Slot = Slot()
    tax_2: Slot = Slot()


class AllTaxes(Shape):
    """The taxes of a site over time."""

    today: Taxes | None = None
    rows: tuple[Taxes, ...] = ()


class SiteForm(BaseModel):
    """What is written of a site."""

    name: str = Field(min_length=1, max_length=200)
    time_zone: str
    legal_entity: str = ""
    stock_policy: str = "block_at_zero"
    stock_unreachable: str = "sell"
    tax_rounding: str = "line"
    cash_rounding_minor: int = Field(default=1, ge=1, le=1000)
    package_tax_point: str = "sale"

    @field_validator("time_zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("choose a zone such as Europe/London")
        return value


@screen.get("/settings/sites", permission="catalog.write")
async def sites(request: Request, who: Who) -> Response:
    """All sites with their taxes of today."""
    found = await who.gateway.rows(Site, "catalog", "/v1/sites", limit=500)
    none = AllTaxes()
    taxes = {
        row.slug: (await or_else(who.gateway.one(AllTaxes, "catalog", f"/v1/sites/{row.slug}/tax"), none)).today
        for row in found.rows
    }
    if answer := csv_asked(request, sites=(Site, found.rows)):
        return answer
    context: dict[str, Any] = {"found": found.rows, "taxes": taxes, "policies": dict(POLICIES), "title": "Sites & Tax"}
    return page(request, who, "screens/sites.html", fixed_site=True, **context)


@screen.get("/settings/sites/new", permission="catalog.site")
async def new_site(request: Request, who: Who) -> Response:
    """The form of a new site."""
    return _site_form(request, who, None, {"time_zone": "Europe/London"}, {})


@screen.get("/settings/sites/{slug}", permission="catalog.site")
async def edit_site(request: Request, who: Who, slug: str) -> Response:
    """The form of a site, filled."""
    site = await who.gateway.one(Site, "catalog", f"/v1/sites/{slug}")
    return _site_form(request, who, site, {**site.model_dump()}, {})


@screen.post("/settings/sites", permission="catalog.site")
async def add_site(request: Request, who: Who) -> Response:
    """Define a site."""
    form = await form_of(request)
    given, errors = read_form(SiteForm, form)
    if given is None:
        return _site_form(request, who, None, form, errors)
    body = given.model_dump() | {"slug": form.get("slug", ""), "is_central_store": "is_central_store" in form}
    try:
        await who.gateway.post("catalog", "/v1/sites", body, form.get("key", ""))
    except Refused as no:
        return _site_form(request, who, None, form, refused_fields(no, SITE_FIELDS))
    forget_sites(request.app.state.runtime)
    return done(request, f"{given.name} is open.", "/settings/sites")


@screen.post("/settings/sites/{slug}", permission="catalog.site")
async def save_site(request: Request, who: Who, slug: str) -> Response:
    """Change a site, at the revision that was read."""
    form = await form_of(request)
    site = await who.gateway.one(Site, "catalog", f"/v1/sites/{slug}")
    given, errors = read_form(SiteForm, form)
    if given is None:
        return _site_form(request, who, site, form, errors)
    body = given.model_dump() | {"is_central_store": "is_central_store" in form}
    try:
        await who.gateway.put("catalog", f"/v1/sites/{slug}", body, form.get("revision"))
    except Refused as no:
        return _site_form(request, who, site, form, refused_fields(no, SITE_FIELDS))
    forget_sites(request.app.state.runtime)
    return done(request, "Saved.", "/settings/sites")


def _site_form(request: Request, who: Who, site: Site | None, form: dict[str, Any], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {"row": site, "form": form, "errors": errors, "zones": sorted(available_timezones())}
    choices: dict[str, Any] = {"policies": POLICIES, "unreachable": UNREACHABLE, "rounding": ROUNDING}
    choices |= {"tax_points": TAX_POINTS}
    title, status = "Edit site" if site else "New site", 422 if errors else 200
    return page(
        request, who, "screens/site_form.html", fragment="sheet", status=status, title=title, **context, **choices
    )


@screen.get("/settings/sites/{slug}/tax", permission="catalog.site")
async def tax_form(request: Request, who: Who, slug: str) -> Response:
    """The form of a site's taxes, filled with today's."""
    now = (await who.gateway.one(AllTaxes, "catalog", f"/v1/sites/{slug}/tax")).today
    filled = {"valid_from": ""} if now is None else _flat(now)
    return _tax_form(request, who, slug, filled, {})


@screen.post("/settings/sites/{slug}/tax", permission="catalog.site")
async def save_tax(request: Request, who: Who, slug: str) -> Response:
    """Set the taxes of a site from a day on."""
    form = await form_of(request)
    body = {
        f"tax_{i}": {
            "name": form.get(f"name_{i}", ""),
            "rate_1": form.get(f"rate_{i}_1") or "0",
            "rate_2": form.get(f"rate_{i}_2") or "0",
        }
        for i in (1, 2)
    }
    errors = {
        name: "Enter a percentage." for name in TAX_FIELDS if name.startswith("rate") and not _is_rate(form.get(name))
    }
    if errors:
        return _tax_form(request, who, slug, form, errors)
    try:
        await who.gateway.put("catalog", f"/v1/sites/{slug}/tax", body | {"valid_from": form.get("valid_from") or None})
    except Refused as no:
        return _tax_form(request, who, slug, form, refused_fields(no, TAX_FIELDS))
    return done(request, "The taxes are set.", "/settings/sites")


def _flat(taxes: Taxes) -> dict[str, str]:
    rates = {f"rate_{i}_{j}": getattr(slot, f"rate_{j}") for i, slot in _slots(taxes) for j in (1, 2)}
    return rates | {f"name_{i}": slot.name for i, slot in _slots(taxes)} | {"valid_from": ""}


def _slots(taxes: Taxes) -> tuple[tuple[int, Slot], tuple[int, Slot]]:
    return (1, taxes.tax_1), (2, taxes.tax_2)


def _is_rate(text: str | None) -> bool:
    if not text:
        return True
    try:
        return 0 <= Decimal(text) <= 100
    except InvalidOperation:
        return False


def _tax_form(request: Request, who: Who, slug: str, form: dict[str, str], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {"slug": slug, "form": form, "errors": errors, "example": example(form)}
    status = 422 if errors else 200
    return page(request, who, "screens/tax_form.html", fragment="sheet", status=status, title="Tax", **context)


def example(form: dict[str, str]) -> str:
    """What a product of 100.00 costs with the first rate of both taxes, in words."""
    rates = [Decimal(form.get(f"rate_{i}_1") or 0) if _is_rate(form.get(f"rate_{i}_1")) else Decimal(0) for i in (1, 2)]
    return f"A price of 100.00 before tax is charged as {100 + sum(rates):.2f}."
