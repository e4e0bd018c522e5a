"""The only home of "Change type to…": a product moves among retail, consigned and back bar (CAT-32, WEB-04)."""

from typing import Literal
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from lotwise.backoffice.pages import done, form_of
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Who

screen = Screen()
WORDS = {"retail": "Retail", "consigned": "Consigned", "back_bar": "Back bar"}


@screen.post("/products/{product_id}/purpose/{purpose}", permission="catalog.write")
async def change_type(
    request: Request, who: Who, product_id: UUID, purpose: Literal["retail", "consigned", "back_bar"]
) -> Response:
    """Change the type at the revision that was read; stock and history stay, later receipts follow it."""
    form = await form_of(request)
    await who.gateway.put("catalog", f"/v1/products/{product_id}", {"purpose": purpose}, form.get("revision"))
    return done(request, f"It is {WORDS[purpose].lower()} from now on.", f"/products/{product_id}")
