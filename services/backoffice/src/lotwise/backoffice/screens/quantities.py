"""The only home of the quantity tool: Apply changes the form, Save makes it permanent, leaving changes nothing."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Shape
from lotwise.backoffice.lists import Column, csv_answer, listing
from lotwise.backoffice.pages import done, form_of, new_key, page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.categories import all_categories
from lotwise.backoffice.screens.reasons import reasons_of
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import uuid7

screen = Screen()
ROWS_MAX = 200
WAYS = (("add", "Add or take"), ("set", "Set to"), ("percent", "By percent"))


class NewQuantity(Shape):
    """What a product has and what it would have."""

    product_id: UUID
    code: str = ""
    name: str = ""
    unit: str = "piece"
    on_hand: str
    held: str = "0"
    quantity: str
    change: str = "0"
    problem: str = ""


class Filter(BaseModel):
    """Which products the form is about, and the change that was applied to it."""

    q: str = ""
    category: str = ""
    below: bool = False
    product: str = ""
    way: str = "add"
    value: str = ""
    format: str = ""


COLUMNS = (
    Column("Product", lambda row: row.name),
    Column("Code", lambda row: row.code),
    Column("On hand", lambda row: row.on_hand, is_number=True),
    Column("Held", lambda row: row.held, is_number=True),
    Column("New quantity", lambda row: row.quantity, is_number=True),
    Column("Change", lambda row: row.change, is_number=True),
)


@screen.get("/stock/quantities", permission="stock.adjust")
async def quantities(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The form with its change applied; nothing is stored until Save."""
    return await _tool(request, who, asked, {}, {})


async def _tool(request: Request, who: Who, asked: Filter, form: dict[str, str], errors: dict[str, str]) -> Response:
    site = who.a_site()
    wanted: dict[str, Any] = {"site": site, "search": asked.q, "category": asked.category, "below": asked.below}
    wanted |= {"product": asked.product, "way": asked.way, "value": asked.value or None}
    if asked.value == "":
        wanted["way"] = None
    if asked.format == "csv":
        return csv_answer("quantities", COLUMNS, who.gateway.all(NewQuantity, "stock", "/v1/quantities", **wanted))
    try:
        found = await who.gateway.rows(NewQuantity, "stock", "/v1/quantities", limit=ROWS_MAX, **wanted)
    except Refused as no:
        errors = {"value": no.detail}
        plain = wanted | {"way": None, "value": None}
        found = await who.gateway.rows(NewQuantity, "stock", "/v1/quantities", limit=ROWS_MAX, **plain)
    context: dict[str, Any] = {"list": listing(request, COLUMNS), "asked": asked, "found": found, "ways": WAYS}
    context |= {"reasons": await reasons_of(who, "waste", "loss"), "site": site, "form": form, "errors": errors}
    context |= {"form_id": form.get("form_id") or str(uuid7()), "key": form.get("key") or new_key()}
    context |= {
        "categories": await all_categories(who),
        "is_applied": asked.value != "",
        "title": f"Quantities at {who.site_name(site)}",
    }
    return page(request, who, "screens/quantities.html", fragment="tool", status=422 if errors else 200, **context)


@screen.post("/stock/quantities", permission="stock.adjust")
async def save(request: Request, who: Who) -> Response:
    """Make every new quantity of the form permanent in one batch; when one cannot be, none is."""
    form = await form_of(request)
    asked = Filter.model_validate({name: form[name] for name in Filter.model_fields if form.get(name)})
    rows = [
        {"product_id": name.removeprefix("new_"), "expected": form.get(f"was_{name[4:]}", ""), "quantity": value}
        for name, value in form.items()
        if name.startswith("new_") and value != form.get(f"was_{name[4:]}")
    ]
    if not rows:
        return await _tool(request, who, asked, form, {"": "No quantity differs from what is on hand."})
    body = {"form_id": form.get("form_id"), "site": form.get("site"), "reason": form.get("reason"), "rows": rows}
    try:
        made = await who.gateway.post("stock", "/v1/quantities", body | {"note": form.get("note", "")}, form["key"])
    except Refused as no:
        return await _tool(request, who, asked, form, {"": no.detail})
    words = [f"{made['adjusted']} saved."] + ([f"{made['pending']} wait for a witness."] if made["pending"] else [])
    kept = {"q": asked.q, "category": asked.category, "below": "true" if asked.below else "", "product": asked.product}
    query = urlencode({name: value for name, value in kept.items() if value})
    return done(request, " ".join(words), f"/stock/quantities?{query}" if query else "/stock/quantities")
