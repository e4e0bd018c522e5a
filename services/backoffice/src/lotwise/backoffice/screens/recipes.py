"""The only home of the sheet of a recipe: what one treatment uses, by the codes of its products."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused
from lotwise.backoffice.pages import done, form_of, page, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.product_choice import items_of, items_used, offered
from lotwise.backoffice.screens.product_tabs import Recipe
from lotwise.backoffice.session import Who

screen = Screen()
ROWS_MAX = 20


@screen.get("/products/{product_id}/recipe", permission="catalog.write")
async def recipe(request: Request, who: Who, product_id: UUID) -> Response:
    """The recipe of a service, filled."""
    known = await who.gateway.one(Recipe, "catalog", f"/v1/services/{product_id}/recipe")
    form: dict[str, Any] = {"revision": known.revision}
    for number, line in enumerate(known.lines):
        form |= {f"item_{number}": line.code, f"quantity_{number}": line.quantity}
    return await _form(request, who, product_id, form, {})


@screen.post("/products/{product_id}/recipe", permission="catalog.write")
async def save_recipe(request: Request, who: Who, product_id: UUID) -> Response:
    """Say what one treatment uses, at the revision that was read; no line takes the recipe back."""
    form = await form_of(request)
    lines, errors = await items_of(who, form, ROWS_MAX)
    if errors:
        return await _form(request, who, product_id, form, errors)
    path = f"/v1/services/{product_id}/recipe"
    try:
        await who.gateway.put("catalog", path, {"lines": [line for _, line in lines]}, form.get("revision"))
    except Refused as no:
        return await _form(request, who, product_id, form, refused_fields(no, ()))
    return done(request, "The recipe was saved.", f"/products/{product_id}?tab=recipe")


async def _form(request: Request, who: Who, product_id: UUID, form: dict[str, Any], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {
        "product_id": product_id, "form": form, "errors": errors, "numbers": range(min(ROWS_MAX, items_used(form) + 3)),
        "offered": await offered(who, kind="physical"),
    }  # fmt: skip
    status = 422 if errors else 200
    return page(request, who, "screens/recipe_form.html", fragment="sheet", status=status, title="Recipe", **context)
