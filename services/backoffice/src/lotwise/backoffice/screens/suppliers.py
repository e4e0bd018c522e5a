"""The only home of the pages of suppliers: the list, their terms, what they offer."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import CHUNK, Refused, Shape
from lotwise.backoffice.lists import Column, csv_answer, listing
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Visitor, Who
from lotwise.contracts.ids import uuid7
from lotwise.values import currency_exponent, format_minor, parse_minor

screen = Screen()
FIELDS = (
    "name",
    "contact",
    "email",
    "phone",
    "address",
    "lead_time_days",
    "payment_terms",
    "minimum_order_minor",
    "note",
    "contract_reference",
    "contract_ends_on",
    "contract_notice_days",
)


class Supplier(Shape):
    """A supplier as it stands."""

    supplier_id: UUID
    number: int
    name: str
    contact: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    lead_time_days: int | None = None
    payment_terms: str = ""
    minimum_order_minor: int | None = None
    note: str = ""
    is_archived: bool = False
    contract_reference: str = ""
    contract_ends_on: date | None = None
    contract_notice_days: int = 30
    revision: int = 1


class SupplierForm(BaseModel):
    """What is written of a supplier; the minimum order as an amount."""

    name: str = Field(min_length=1, max_length=200)
    contact: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    lead_time_days: int | None = Field(default=None, ge=0, le=3650)
    payment_terms: str = ""
    minimum_order: str | None = Field(default=None, pattern=r"^[0-9]{1,12}(\.[0-9]{1,3})?$")
    note: str = ""
    contract_reference: str = Field(default="", max_length=200)
    contract_ends_on: date | None = None
    contract_notice_days: int = Field(default=30, ge=0, le=730)

    def body(self, who: Visitor) -> dict[str, Any]:
        """The same in purchasing's words."""
        fields = self.model_dump(mode="json", exclude={"minimum_order"})
        places = currency_exponent(who.formats.currency)
        minimum = parse_minor(self.minimum_order, places) if self.minimum_order else None
        return fields | {"minimum_order_minor": minimum}


class Filter(BaseModel):
    """How the list is asked for."""

    q: str = ""
    after: str = ""
    format: str = ""


COLUMNS = (
    Column("Supplier", lambda row: row.name),
    Column("Number", lambda row: row.number, is_number=True),
    Column("Contact", lambda row: row.contact),
    Column("E-mail", lambda row: row.email),
    Column("Lead time", lambda row: row.lead_time_days, is_number=True),
    Column("Minimum order", lambda row: row.minimum_order_minor, is_number=True),
    Column("Contract until", lambda row: row.contract_ends_on, is_roomy=True),
    Column("", lambda _: ""),
)


@screen.get("/suppliers", permission="purchasing.read")
async def suppliers(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The list, its next chunk, or its CSV."""
    if asked.format == "csv":
        return csv_answer(
            "suppliers", COLUMNS, who.gateway.all(Supplier, "purchasing", "/v1/suppliers", search=asked.q)
        )
    found = await who.gateway.rows(
        Supplier, "purchasing", "/v1/suppliers", search=asked.q, limit=CHUNK, after=asked.after
    )
    context: dict[str, Any] = {"list": listing(request, COLUMNS), "asked": asked, "found": found, "title": "Suppliers"}
    fragment = "rows" if asked.after else "table"
    return page(request, who, "screens/suppliers.html", fragment=fragment, fixed_site=True, **context)


@screen.get("/suppliers/new", permission="supplier.write")
async def new_supplier(request: Request, who: Who) -> Response:
    """The form of a new supplier."""
    return _form(request, who, None, {}, {})


@screen.get("/suppliers/{supplier_id}", permission="supplier.write")
async def edit_supplier(request: Request, who: Who, supplier_id: UUID) -> Response:
    """The form of a supplier, filled."""
    supplier = await who.gateway.one(Supplier, "purchasing", f"/v1/suppliers/{supplier_id}")
    minimum = supplier.minimum_order_minor
    places = currency_exponent(who.formats.currency)
    filled = supplier.model_dump() | {"minimum_order": "" if minimum is None else format_minor(minimum, places)}
    return _form(request, who, supplier, filled, {})


@screen.post("/suppliers", permission="supplier.write")
async def add_supplier(request: Request, who: Who) -> Response:
    """Enter a supplier; it gets the next number."""
    form = await form_of(request)
    given, errors = read_form(SupplierForm, form)
    if given is None:
        return _form(request, who, None, form, errors)
    body = given.body(who) | {"supplier_id": form.get("supplier_id") or str(uuid7())}
    try:
        await who.gateway.post("purchasing", "/v1/suppliers", body, form.get("key", ""))
    except Refused as no:
        return _form(request, who, None, form, refused_fields(no, FIELDS))
    return done(request, f"{given.name} was added.", "/suppliers")


@screen.post("/suppliers/{supplier_id}", permission="supplier.write")
async def save_supplier(request: Request, who: Who, supplier_id: UUID) -> Response:
    """Change a supplier, at the revision that was read."""
    form = await form_of(request)
    supplier = await who.gateway.one(Supplier, "purchasing", f"/v1/suppliers/{supplier_id}")
    given, errors = read_form(SupplierForm, form)
    if given is None:
        return _form(request, who, supplier, form, errors)
    body = given.body(who) | {"is_archived": "is_archived" in form}
    try:
        await who.gateway.put("purchasing", f"/v1/suppliers/{supplier_id}", body, form.get("revision"))
    except Refused as no:
        return _form(request, who, supplier, form, refused_fields(no, FIELDS))
    return done(request, "Saved.", "/suppliers")


def _form(
    request: Request, who: Who, supplier: Supplier | None, form: dict[str, Any], errors: dict[str, str]
) -> Response:
    title = "Edit supplier" if supplier else "New supplier"
    context: dict[str, Any] = {"supplier": supplier, "form": form, "errors": errors, "title": title}
    context |= {"supplier_id": form.get("supplier_id") or str(uuid7())}
    status = 422 if errors else 200
    return page(request, who, "screens/supplier_form.html", fragment="sheet", status=status, **context)
