"""The only home of the pages of discounts: what is taken off, of what, where, when, and for whom."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field, field_validator
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Shape
from lotwise.backoffice.lists import Column
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.categories import all_categories
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.screens.product_choice import named, products_of_codes
from lotwise.backoffice.session import Who

screen = Screen()
SCOPES = (("line", "Each line"), ("bundle", "Each full set"), ("cart", "The whole bill"))
FORMS = (("percent", "Percent"), ("amount", "Amount"))
AUDIENCES = (("everyone", "Everyone"), ("members", "Members only"))
NUMBER = r"^[0-9]{1,13}(\.[0-9]{1,6})?$"


class Discount(Shape):
    """A discount as it stands."""

    discount_id: UUID
    name: str
    scope: str = "line"
    form: str = "percent"
    value: str = "0"
    min_quantity: str = "1"
    min_spend: str | None = None
    product_ids: tuple[UUID, ...] = ()
    category_ids: tuple[UUID, ...] = ()
    at_sites: tuple[str, ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None
    is_automatic: bool = True
    is_combinable: bool = True
    audience: str = "everyone"
    coupon: str = ""
    is_archived: bool = False
    revision: int = 1


class Filter(BaseModel):
    """How the list is asked for."""

    q: str = ""
    scope: str = ""
    archived: bool = False
    after: str = ""
    format: str = ""


class DiscountForm(BaseModel):
    """What is written of a discount."""

    name: str = Field(min_length=1, max_length=200)
    scope: str = "line"
    form: str = "percent"
    value: str = Field(pattern=NUMBER)
    min_quantity: str = Field(default="1", pattern=NUMBER)
    min_spend: str | None = Field(default=None, pattern=NUMBER)
    starts_on: date | None = None
    ends_on: date | None = None
    audience: str = "everyone"
    coupon: str = Field(default="", max_length=40)

    @field_validator("value")
    @classmethod
    def _takes_something(cls, value: str) -> str:
        if not value.strip("0."):
            raise ValueError("enter a number above zero")
        return value


COLUMNS = (
    Column("Name", lambda row: row.name),
    Column("Takes off", lambda row: f"{row.value} {row.form}", is_number=True),
    Column("From", lambda row: dict(SCOPES)[row.scope]),
    Column("Rules", lambda row: rules_of(row)),
    Column("Days", lambda row: f"{row.starts_on or 'always'} to {row.ends_on or 'changed'}"),
    Column("State", lambda row: "archived" if row.is_archived else "in use"),
)


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}" if count else ""


def rules_of(row: Discount) -> str:
    """Its rules in words."""
    said = [
        f"from {row.min_quantity}" if row.min_quantity.rstrip("0").rstrip(".") not in {"1", ""} else "",
        f"from {row.min_spend} spent" if row.min_spend else "",
        _many(len(row.product_ids), "product", "products"),
        _many(len(row.category_ids), "category", "categories"),
        ", ".join(row.at_sites),
        "members" if row.audience == "members" else "",
        f"coupon {row.coupon}" if row.coupon else "" if row.is_automatic else "chosen by hand",
        "" if row.is_combinable else "not with others",
    ]
    return "; ".join(word for word in said if word)


@screen.get("/discounts", permission="catalog.read")
async def discounts(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """All discounts."""
    wanted: dict[str, Any] = {"search": asked.q, "scope": asked.scope, "archived": asked.archived}
    listed = Listed(request, who, asked, Discount, "catalog", "/v1/discounts", COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("discounts")
    return await listed.page(
        "screens/discounts.html", title="Discounts", fixed_site=True, scopes=SCOPES, rules_of=rules_of
    )


@screen.get("/discounts/new", permission="catalog.discount")
async def new_discount(request: Request, who: Who) -> Response:
    """The form of a new discount."""
    return await _form(request, who, None, {"min_quantity": "1", "is_automatic": "true", "is_combinable": "true"}, {})


@screen.get("/discounts/{discount_id}/edit", permission="catalog.discount")
async def edit_discount(request: Request, who: Who, discount_id: UUID) -> Response:
    """The form of a discount, filled."""
    row = await who.gateway.one(Discount, "catalog", f"/v1/discounts/{discount_id}")
    filled = row.model_dump() | {"products": " ".join(one.code for one in await named(who, row.product_ids))}
    filled |= {f"category_{one}": "true" for one in row.category_ids} | {f"site_{one}": "true" for one in row.at_sites}
    filled["coupon"] = row.coupon
    return await _form(request, who, row, filled, {})


@screen.post("/discounts", permission="catalog.discount")
async def save_discount(request: Request, who: Who) -> Response:
    """Define a discount, or change one at the revision that was read."""
    form = await form_of(request)
    known = form.get("discount_id")
    row = await who.gateway.one(Discount, "catalog", f"/v1/discounts/{known}") if known else None
    given, errors = read_form(DiscountForm, form)
    product_ids, wrong = await products_of_codes(who, form.get("products", ""))
    if wrong:
        errors["products"] = f"Nothing is called {wrong}."
    if given is None or errors:
        return await _form(request, who, row, form, errors)
    body = given.model_dump(mode="json") | {
        "product_ids": product_ids,
        "category_ids": [name.removeprefix("category_") for name in form if name.startswith("category_")],
        "at_sites": [name.removeprefix("site_") for name in form if name.startswith("site_")],
        "is_automatic": "is_automatic" in form and not given.coupon,
        "is_combinable": "is_combinable" in form,
    }
    try:
        if row is None:
            await who.gateway.post("catalog", "/v1/discounts", body, form.get("key", ""))
        else:
            await who.gateway.put("catalog", f"/v1/discounts/{known}", body, form.get("revision"))
    except Refused as no:
        return await _form(request, who, row, form, refused_fields(no, (*DiscountForm.model_fields, "products")))
    return done(request, f"{given.name} was saved.", "/discounts")


@screen.post("/discounts/{discount_id}/{deed}", permission="catalog.discount")
async def archive_discount(request: Request, who: Who, discount_id: UUID, deed: str) -> Response:
    """Offer a discount no longer, or again."""
    word = "restore" if deed == "restore" else "archive"
    key = (await form_of(request)).get("key", "")
    await who.gateway.post("catalog", f"/v1/discounts/{discount_id}:{word}", {}, key)
    return done(request, "It applies again." if word == "restore" else "It applies no longer.", "/discounts")


async def _form(
    request: Request, who: Who, row: Discount | None, form: dict[str, Any], errors: dict[str, str]
) -> Response:
    context: dict[str, Any] = {"row": row, "form": form, "errors": errors, "categories": await all_categories(who)}
    context |= {"scopes": SCOPES, "forms": FORMS, "audiences": AUDIENCES}
    context["is_narrow"] = any(name.startswith(("category_", "site_")) for name in form)
    title = "Edit discount" if row else "New discount"
    status = 422 if errors else 200
    return page(request, who, "screens/discount_form.html", fragment="sheet", status=status, title=title, **context)
