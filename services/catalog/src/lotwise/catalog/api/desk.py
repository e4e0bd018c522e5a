"""HTTP of what a desk needs at its fingertips: a code typed or scanned, and the function keys."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel

from lotwise.catalog.api.products import exponent
from lotwise.catalog.api.shapes import ProductOut, product_out
from lotwise.catalog.repository import products as rows
from lotwise.catalog.repository.products import Filter
from lotwise.contracts.fields import Code, Slug
from lotwise.kit.commands import Read
from lotwise.kit.web import Router
from lotwise.values import Unknown

router = Router(tags=["desk"])
KEYS = 12


class CodeOut(BaseModel):
    """The product a code means; `pack` names the pack whose barcode it was."""

    product: ProductOut
    pack: str | None


class FunctionKey(BaseModel):
    """A function key and the product it picks."""

    key: str
    product: ProductOut


class FunctionKeys(BaseModel):
    """F1 to F12: the first twelve of the sorted list (CAT-46)."""

    rows: list[FunctionKey]


@router.get("/codes/{code}", permission="catalog.read", refusals=(Unknown,), site="chain")
async def find_code(read: Read, code: Annotated[Code, Path()]) -> CodeOut:
    """The product of a typed code or a scanned barcode; a service is found without its period too."""
    async with read.connection() as tx:
        found = await rows.by_scan(tx, code)
    if found is None:
        raise Unknown(f"No product has the code {code}.", field="code", code=code)
    return CodeOut(product=product_out(found[0], exponent(read.runtime)), pack=found[1])


@router.get("/function-keys", permission="catalog.read")
async def function_keys(read: Read, site: Slug | None = None) -> FunctionKeys:  # noqa: ARG001 - one list for every site
    """The first twelve products by code that are not archived."""
    async with read.connection() as tx:
        found = await rows.listing(tx, Filter(), None, KEYS)
    return FunctionKeys(
        rows=[
            FunctionKey(key=f"F{i}", product=product_out(row, exponent(read.runtime))) for i, row in enumerate(found, 1)
        ]
    )
