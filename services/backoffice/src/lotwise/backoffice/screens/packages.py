"""The only home of the pages of packages: what a member buys at once, what it holds, and what that saves."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Shape
from lotwise.backoffice.lists import Column
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.categories import category_choices
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.screens.product_choice import items_of, items_used, offered
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import uuid7

screen = Screen()
TYPES = (
    ("treatment", "Treatments: so many sessions"),
    ("membership", "Membership: services each period"),
    ("membership_services", "Membership: access to named services"),
    ("bundle", "Kit: goods sold together"),
)
PERIODS = (("month", "Monthly"), ("year", "Yearly"))
REFUNDS = (("pro_rata", "The unused share of the price"), ("list", "The price less what was used, at list price"))
ROWS_MAX = 12
NUMBER = r"^[0-9]{1,13}(\.[0-9]{1,6})?$"


class PackageProduct(Shape):
    """The product that a package is sold as."""

    product_id: UUID
    code: str
    name: str
    description: str = ""
    category_name: str | None = None
    category_id: UUID | None = None
    price: str | None = None
    tax_code: int = 0
    is_archived: bool = False
    revision: int = 1


class Item(Shape):
    """What a package holds of a product."""

    product_id: UUID
    code: str
    name: str
    kind: str = "service"
    unit: str = "piece"
    quantity: str
    is_unlimited: bool = False
    price: str | None = None
    amount: str | None = None


class Saving(Shape):
    """The package's price against its parts."""

    price: str | None = None
    parts: str | None = None
    saved: str | None = None
    percent: str | None = None


class Package(Shape):
    """A package as it stands."""

    product: PackageProduct
    package_type: str
    items: tuple[Item, ...] = ()
    valid_days: int | None = None
    period: str | None = None
    rollover_periods: int = 0
    redeem_at: tuple[str, ...] = ()
    refund_rule: str = "pro_rata"
    saving: Saving = Saving()
    revision: int = 1
    warnings: tuple[dict[str, Any], ...] = ()


class Filter(BaseModel):
    """How the list is asked for."""

    type: str = ""
    archived: bool = False
    after: str = ""
    format: str = ""


class PackageForm(BaseModel):
    """What is written of a package beside its items."""

    name: str = Field(min_length=1, max_length=200)
    code: str = Field(min_length=1, max_length=64)
    package_type: str
    price: str | None = Field(default=None, pattern=NUMBER)
    description: str = Field(default="", max_length=2000)
    category_id: UUID | None = None
    tax_code: int = Field(default=0, ge=0, le=8)
    valid_days: int | None = Field(default=None, ge=1, le=36_500)
    period: str | None = None
    rollover_periods: int = Field(default=0, ge=0, le=120)
    refund_rule: str = "pro_rata"


COLUMNS = (
    Column("Package", lambda row: row.product.name),
    Column("Code", lambda row: row.product.code),
    Column("Type", lambda row: row.package_type),
    Column("Holds", lambda row: holds(row)),
    Column("Price", lambda row: row.saving.price, is_number=True),
    Column("Saves", lambda row: row.saving.saved, is_number=True),
)


def holds(row: Package) -> str:
    """What it holds, in words."""
    return ", ".join(
        f"{item.name} as often as wanted" if item.is_unlimited else f"{item.quantity} {item.name}" for item in row.items
    )


@screen.get("/packages", permission="catalog.read")
async def packages(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """All packages with what they save at the site in view."""
    wanted: dict[str, Any] = {"package_type": asked.type, "archived": asked.archived, "site": who.slug}
    listed = Listed(request, who, asked, Package, "catalog", "/v1/packages", COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("packages")
    return await listed.page("screens/packages.html", title="Packages", types=TYPES, holds=holds)


@screen.get("/packages/new", permission="catalog.package")
async def new_package(request: Request, who: Who) -> Response:
    """The form of a new package."""
    return await _form(request, who, None, {"package_type": "treatment", "refund_rule": "pro_rata"}, {})


@screen.get("/packages/{product_id}", permission="catalog.read")
async def package(request: Request, who: Who, product_id: UUID) -> Response:
    """One package: its items, its price against theirs, its rules."""
    row = await who.gateway.one(Package, "catalog", f"/v1/packages/{product_id}", site=who.slug)
    context: dict[str, Any] = {"row": row, "types": dict(TYPES), "periods": dict(PERIODS), "refunds": dict(REFUNDS)}
    return page(request, who, "screens/package.html", title=row.product.name, **context)


@screen.get("/packages/{product_id}/edit", permission="catalog.package")
async def edit_package(request: Request, who: Who, product_id: UUID) -> Response:
    """The form of a package, filled."""
    row = await who.gateway.one(Package, "catalog", f"/v1/packages/{product_id}")
    filled: dict[str, Any] = row.model_dump() | {
        name: getattr(row.product, name) for name in ("name", "code", "price", "description", "category_id", "tax_code")
    }
    for number, item in enumerate(row.items):
        filled |= {f"item_{number}": item.code, f"quantity_{number}": item.quantity}
        filled |= {f"unlimited_{number}": "true"} if item.is_unlimited else {}
    filled |= {f"site_{slug}": "true" for slug in row.redeem_at}
    return await _form(request, who, row, filled, {})


@screen.post("/packages", permission="catalog.package")
async def save_package(request: Request, who: Who) -> Response:
    """Define a package with the product it is sold as, or change what one holds."""
    form = await form_of(request)
    known = form.get("product_id", "")
    row = await who.gateway.one(Package, "catalog", f"/v1/packages/{known}") if form.get("revision") else None
    given, errors = read_form(PackageForm, form)
    items, wrong = await _items(who, form)
    errors |= wrong
    if given is None or errors:
        return await _form(request, who, row, form, errors)
    body = given.model_dump(mode="json") | {
        "items": items,
        "redeem_at": [name.removeprefix("site_") for name in form if name.startswith("site_")],
    }
    try:
        if row is None:
            await who.gateway.post("catalog", "/v1/packages", body | {"product_id": known}, form.get("key", ""))
        else:
            told = ("package_type", "items", "valid_days", "period", "rollover_periods", "redeem_at", "refund_rule")
            rules = {name: body[name] for name in told}
            await who.gateway.put("catalog", f"/v1/packages/{known}", rules, form.get("revision"))
    except Refused as no:
        return await _form(request, who, row, form, refused_fields(no, (*PackageForm.model_fields, "items")))
    return done(request, f"{given.name} was saved.", f"/packages/{known}")


async def _items(who: Who, form: dict[str, str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    items, errors = await items_of(who, form, ROWS_MAX)
    if not items and not errors:
        errors["item_0"] = "Name at least one product or service."
    return [item | {"is_unlimited": f"unlimited_{number}" in form} for number, item in items], errors


@screen.post("/packages/{product_id}/withdraw", permission="catalog.package")
async def withdraw_package(request: Request, who: Who, product_id: UUID) -> Response:
    """Sell it no longer; what was sold stays good."""
    key = (await form_of(request)).get("key", "")
    await who.gateway.post("catalog", f"/v1/packages/{product_id}:withdraw", {}, key)
    return done(request, "It is sold no longer. What members bought stays good.", "/packages")


async def _form(
    request: Request, who: Who, row: Package | None, form: dict[str, Any], errors: dict[str, str]
) -> Response:
    context: dict[str, Any] = {
        "row": row, "form": form, "errors": errors, "types": TYPES, "periods": PERIODS, "refunds": REFUNDS,
        "categories": await category_choices(who), "offered": await offered(who),
        "numbers": range(min(ROWS_MAX, max(4, items_used(form) + 2))),
        "product_id": form.get("product_id") or str(uuid7()),
    }  # fmt: skip
    if row is not None:
        context["product_id"] = row.product.product_id
    context["is_narrow"] = any(name.startswith("site_") for name in form)
    title = "Edit package" if row else "New package"
    status = 422 if errors else 200
    return page(request, who, "screens/package_form.html", fragment="sheet", status=status, title=title, **context)
