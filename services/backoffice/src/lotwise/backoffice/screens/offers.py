"""The only home of who offers a product: packs, costs and whom we prefer, on the product's tab of suppliers."""

from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, or_else
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Visitor, Who

screen = Screen()


class Offer(Shape):
    """What a supplier offers of a product."""

    supplier_id: UUID
    supplier_name: str
    product_id: UUID
    unit: str = "piece"
    pack_name: str = ""
    pack_units: str = "1"
    cost: str | None = None
    lead_time_days: int | None = None
    supplier_code: str = ""
    is_preferred: bool = False
    preferred_at: tuple[str, ...] = ()


class OfferForm(BaseModel):
    """What is written of an offer."""

    supplier_id: UUID
    pack_name: str = Field(default="", max_length=200)
    pack_units: str = Field(default="1", pattern=r"^[0-9]{1,19}(\.[0-9]{1,6})?$")
    cost: str | None = Field(default=None, pattern=r"^[0-9]{1,13}(\.[0-9]{1,6})?$")
    lead_time_days: int | None = Field(default=None, ge=0, le=3650)
    supplier_code: str = Field(default="", max_length=200)


class Named(Shape):
    """A supplier's name."""

    supplier_id: UUID
    name: str


async def offers_of(who: Visitor, product_id: UUID) -> tuple[Offer, ...]:
    """Who offers a product, side by side; none while purchasing does not answer."""
    none: Rows[Offer] = Rows([])
    asked = who.gateway.rows(Offer, "purchasing", "/v1/supplier-products", product=product_id)
    return tuple((await or_else(asked, none)).rows)


@screen.get("/products/{product_id}/offer", permission="supplier.write")
async def offer_form(request: Request, who: Who, product_id: UUID, supplier: str = "") -> Response:
    """The form of an offer, filled when there is one of that supplier."""
    known = next((row for row in await offers_of(who, product_id) if str(row.supplier_id) == supplier), None)
    start: dict[str, Any] = known.model_dump() if known else {"pack_units": "1", "supplier_id": supplier}
    return await _form(request, who, product_id, start, {})


@screen.post("/products/{product_id}/offer", permission="supplier.write")
async def save_offer(request: Request, who: Who, product_id: UUID) -> Response:
    """Say what a supplier offers of the product, and whether we order there first."""
    form = await form_of(request)
    given, errors = read_form(OfferForm, form)
    if given is None:
        return await _form(request, who, product_id, form, errors)
    body = given.model_dump(exclude={"supplier_id"}) | {"is_preferred": "is_preferred" in form}
    try:
        await who.gateway.put("purchasing", f"/v1/suppliers/{given.supplier_id}/products/{product_id}", body)
    except Refused as no:
        return await _form(request, who, product_id, form, refused_fields(no, tuple(OfferForm.model_fields)))
    return done(request, "Saved.", f"/products/{product_id}?tab=suppliers")


async def _form(request: Request, who: Who, product_id: UUID, form: dict[str, Any], errors: dict[str, str]) -> Response:
    suppliers = await who.gateway.rows(Named, "purchasing", "/v1/suppliers", limit=200)
    choices = [(row.supplier_id, row.name) for row in suppliers.rows]
    context: dict[str, Any] = {"product_id": product_id, "form": form, "errors": errors, "suppliers": choices}
    status = 422 if errors else 200
    return page(
        request, who, "screens/offer_form.html", fragment="sheet", status=status, title="Supplier's offer", **context
    )
