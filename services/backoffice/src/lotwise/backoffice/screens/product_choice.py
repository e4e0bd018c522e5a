"""The only home of naming products by their codes in a form: codes to ids, and back."""

from collections.abc import Iterable
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


async def codes_of(who: Visitor, product_ids: Iterable[UUID]) -> list[str]:
    """The codes of products, in their order; one that does not answer is left out."""
    found = []
    for product_id in product_ids:
        row = await or_else(who.gateway.one(Named, "catalog", f"/v1/products/{product_id}"), None)
        if row is not None:
            found.append(row.code)
    return found
