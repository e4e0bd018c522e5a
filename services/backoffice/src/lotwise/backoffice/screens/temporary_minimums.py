"""The only home of the form of a minimum for some days."""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.adjustments import AMOUNT, CHANGED
from lotwise.backoffice.screens.stock import Level
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import uuid7

screen = Screen()


class TemporaryForm(BaseModel):
    """Two levels, until when, and why."""

    minimum: str | None = Field(default=None, pattern=AMOUNT)
    reorder_at: str | None = Field(default=None, pattern=AMOUNT)
    ends_on: date
    reason: str = Field(min_length=1, max_length=2000)


@screen.get("/stock/{site}/{product_id}/temporary", permission="stock.minimum")
async def temporary_form(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """The form, filled with the levels that hold now."""
    level = await who.gateway.one(Level, "stock", f"/v1/levels/{site}/{product_id}")
    filled = {"minimum": level.minimum or "", "reorder_at": level.own_reorder_at or ""}
    return _form(request, who, level, filled, {})


@screen.post("/stock/{site}/{product_id}/temporary", permission="stock.minimum")
async def set_temporary(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """Set the levels for some days; those from before come back by themselves."""
    form = await form_of(request)
    level = await who.gateway.one(Level, "stock", f"/v1/levels/{site}/{product_id}")
    given, errors = read_form(TemporaryForm, form)
    if given is None:
        return _form(request, who, level, form, errors)
    body = given.model_dump(mode="json") | {"site": site, "product_id": str(product_id)}
    try:
        key = form.get("key", "")
        await who.gateway.post("stock", "/v1/temporary-minimums", body | {"temporary_id": key}, key)
    except Refused as no:
        return _form(request, who, level, form, refused_fields(no, tuple(TemporaryForm.model_fields)))
    text = f"{level.name}: minimum {given.minimum or 'none'} through {who.formats.day(given.ends_on)}."
    return done(request, text, f"/stock/{site}/{product_id}/card", stay=True, events=CHANGED)


@screen.post("/stock/{site}/{product_id}/temporary/{temporary_id}/end", permission="stock.minimum")
async def end_temporary(request: Request, who: Who, site: str, product_id: UUID, temporary_id: UUID) -> Response:
    """Bring the levels from before back now."""
    form = await form_of(request)
    await who.gateway.post("stock", f"/v1/temporary-minimums/{temporary_id}:end", {}, form.get("key", ""))
    return done(request, "The minimum from before is back.", f"/stock/{site}/{product_id}/card")


def _form(request: Request, who: Who, level: Level, form: dict[str, str], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {"level": level, "form": form, "errors": errors, "title": "Minimum for some days"}
    context["temporary_id"] = form.get("key") or str(uuid7())
    status = 422 if errors else 200
    return page(request, who, "screens/temporary_form.html", fragment="sheet", status=status, **context)
