"""HTTP of what a desk needs at its fingertips: a code typed or scanned, and the function keys."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field

from lotwise.catalog.api.products import exponent
from lotwise.catalog.api.shapes import ProductOut, Shape, product_out
from lotwise.catalog.domain.function_keys import KEYS
from lotwise.catalog.operations import function_keys as keys
from lotwise.catalog.repository import products as rows
from lotwise.contracts.fields import Code, Id, Slug, Whole
from lotwise.kit.commands import Answer, Cmd, Read, dump
from lotwise.kit.database import Tx
from lotwise.kit.etag import IfMatch, etag
from lotwise.kit.service import Runtime
from lotwise.kit.web import Router
from lotwise.values import Unknown

router = Router(tags=["desk"])


class CodeOut(BaseModel):
    """The product a code means; `pack` names the pack whose barcode it was."""

    product: ProductOut
    pack: str | None


class FunctionKey(BaseModel):
    """A function key and the product it picks; pinned ones stay where they are."""

    key: str
    is_pinned: bool
    product: ProductOut


class FunctionKeys(BaseModel):
    """F1 to F12: pinned products, and the first of the sorted list in between (CAT-46)."""

    rows: list[FunctionKey]
    revision: int


class PinShape(Shape):
    """A product for a key: 1 to 12."""

    key: Annotated[Whole, Field(ge=1, le=KEYS)]
    product_id: Id


class PinFields(Shape):
    """All pinned keys of a site; none unpins them all."""

    keys: Annotated[list[PinShape], Field(max_length=KEYS)]


@router.get("/codes/{code}", permission="catalog.read", refusals=(Unknown,), site="chain")
async def find_code(read: Read, code: Annotated[Code, Path()]) -> CodeOut:
    """The product of a typed code or a scanned barcode; a service is found without its period too."""
    async with read.connection() as tx:
        found = await rows.by_scan(tx, code)
    if found is None:
        raise Unknown(f"No product has the code {code}.", field="code", code=code)
    return CodeOut(product=product_out(found[0], exponent(read.runtime)), pack=found[1])


@router.get("/function-keys", permission="catalog.read", refusals=(Unknown,))
async def function_keys(read: Read, site: Slug | None = None) -> Answer[FunctionKeys]:
    """What F1 to F12 pick: the first twelve products by code that are not archived, and what the site pinned."""
    async with read.connection() as tx:
        answer = await _keys(tx, read.runtime, site)
    return Answer(dump(answer), headers={"ETag": etag(answer.revision)})


@router.put("/sites/{site}/function-keys", permission="catalog.write", refusals=(Unknown,))
async def pin_function_keys(cmd: Cmd, site: Slug, body: PinFields, expected: IfMatch) -> Answer[FunctionKeys]:
    """Pin products to keys of a site in place of those pinned before."""
    wanted = [(one.key, one.product_id) for one in body.keys]
    async with cmd.transaction() as tx:
        await keys.pin(tx, site, wanted, expected, cmd.who.actor)
        answer = await _keys(tx, cmd.runtime, site)
        return await cmd.answer(tx, answer, site=site, revision=answer.revision)


async def _keys(tx: Tx, runtime: Runtime, site: str | None) -> FunctionKeys:
    found, pinned, revision = await keys.shown(tx, site)
    decimals = exponent(runtime)
    return FunctionKeys(
        rows=[
            FunctionKey(key=f"F{key}", is_pinned=key in pinned, product=product_out(row, decimals))
            for key, row in found.items()
        ],
        revision=revision,
    )
