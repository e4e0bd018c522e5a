"""The only home of the checkout queue's pages: a completed treatment as a bill, and why one is not charged."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Shape
from lotwise.backoffice.pages import done, form_of, page, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.bills import Bill, BillLine
from lotwise.backoffice.session import Visitor, Who

screen = Screen()


class DraftLine(Shape):
    """A line of a completed treatment's draft."""

    product_id: UUID
    name: str = ""
    unit: str = "piece"
    quantity: str
    treatment_id: UUID
    lot_id: UUID | None = None
    prescriber: str = ""
    order_reference: str = ""
    is_priced: bool = True

    @property
    def said(self) -> dict[str, Any]:
        """What the treatment says of the line, in the words of sales."""
        said: dict[str, Any] = {"treatment_id": str(self.treatment_id)}
        said |= {"lot_id": str(self.lot_id)} if self.lot_id else {}
        if self.prescriber and self.order_reference:
            said["prescription"] = {"prescriber": self.prescriber, "order_reference": self.order_reference}
        return said


class Draft(Shape):
    """A completed treatment that waits for the desk."""

    treatment_id: UUID
    charge_id: UUID
    site: str
    state: str = "open"
    reason: str = ""
    member_id: UUID | None = None
    member_name: str | None = None
    service: str = ""
    practitioner: str = ""
    happened_at: datetime
    lines: tuple[DraftLine, ...] = ()

    @property
    def bill(self) -> Bill:
        """What can be charged of it, as the desk's bill."""
        priced = [one for one in self.lines if one.is_priced]
        lines = [
            BillLine(str(key), str(one.product_id), Decimal(one.quantity), one.said)
            for key, one in enumerate(priced, 1)
        ]
        return Bill(tuple(lines), lines[-1].key if lines else "")

    @property
    def unpriced(self) -> str:
        """What has no price and is left out, in words."""
        return ", ".join(one.name for one in self.lines if not one.is_priced)


@screen.get("/checkout/{treatment_id}/dismiss", permission="charge.create")
async def dismiss_form(request: Request, who: Who, treatment_id: UUID) -> Response:
    """Ask why a treatment is not charged."""
    return await _dismiss(request, who, treatment_id, {}, {})


@screen.post("/checkout/{treatment_id}/dismiss", permission="charge.create")
async def dismiss(request: Request, who: Who, treatment_id: UUID) -> Response:
    """Take a treatment out of the queue, with its reason."""
    form = await form_of(request)
    path = f"/v1/checkout/{treatment_id}:dismiss"
    try:
        await who.gateway.post("sales", path, {"reason": form.get("reason", "")}, form.get("key", ""))
    except Refused as no:
        return await _dismiss(request, who, treatment_id, form, refused_fields(no, ("reason",)))
    return done(request, "It will not be charged.", "/charge")


async def _dismiss(
    request: Request, who: Visitor, treatment_id: UUID, form: dict[str, str], errors: dict[str, str]
) -> Response:
    draft = await who.gateway.one(Draft, "sales", f"/v1/checkout/{treatment_id}")
    context: dict[str, Any] = {"title": "Not charged", "draft": draft, "form": form, "errors": errors}
    status = 422 if errors else 200
    return page(request, who, "screens/checkout_dismiss.html", fragment="sheet", status=status, **context)
