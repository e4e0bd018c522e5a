"""The only home of naming products by their codes in a form: codes to ids, and back."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from lotwise.backoffice.gateway import Refused, Rows, Shape, or_else
from lotwise.backoffice.session import Visitor

OFFERED_MAX = 500


class Named(Shape):
    """A product as a form offers it."""

    product_id: UUID
    code: str
    name: str
    kind: str = "physical"


async def offered(who: Visitor, **wanted: Any) -> list[Named]:
    """The products that a form's fields offer while one types."""
    none: Rows[Named] = Rows([])
    return (await or_else(who.gateway.rows(Named, "catalog", "/v1/products", limit=OFFERED_MAX, **wanted), none)).rows


async def product_of_code(who: Visitor, code: str) -> str | None:
    """The id of the product with this code or barcode, or None."""
    try:
        found = await who.gateway.raw("catalog", f"/v1/codes/{quote(code, safe='')}")
    except Refused:
        return None
    return str(found["product"]["product_id"])


async def products_of_codes(who: Visitor, text: str) -> tuple[list[str], str]:
    """The products of codes with spaces between, and the first code that nothing has."""
    found: list[str] = []
    for code in text.replace(",", " ").split():
        product_id = await product_of_code(who, code)
        if product_id is None:
            return found, code
        found.append(product_id)
    return list(dict.fromkeys(found)), ""


async def named(who: Visitor, product_ids: Iterable[UUID]) -> list[Named]:
    """Products by their ids, in that order; one that does not answer is left out."""
    asked = (or_else(who.gateway.one(Named, "catalog", f"/v1/products/{one}"), None) for one in product_ids)
    return [row for row in await asyncio.gather(*asked) if row is not None]


async def items_of(
    who: Visitor, form: Mapping[str, str], rows_max: int
) -> tuple[list[tuple[int, dict[str, Any]]], dict[str, str]]:
    """The rows `item_N`, `quantity_N` of a form as products with quantities, by N; what is wrong by field.

    Rows without a code are left out; without a quantity it is one.
    """
    items: list[tuple[int, dict[str, Any]]] = []
    errors: dict[str, str] = {}
    for number in range(rows_max):
        code = form.get(f"item_{number}", "")
        if not code:
            continue
        product_id = await product_of_code(who, code)
        if product_id is None:
            errors[f"item_{number}"] = f"Nothing is called {code}."
        else:
            items.append((number, {"product_id": product_id, "quantity": form.get(f"quantity_{number}") or "1"}))
    return items, errors


def items_used(form: Mapping[str, Any]) -> int:
    """How many rows of a form name a product."""
    return sum(1 for name in form if name.startswith("item_") and form[name])
