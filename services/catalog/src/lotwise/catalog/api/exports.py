"""HTTP of the whole catalog as a file: written while it is read, so that its size does not matter."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response, StreamingResponse

from lotwise.catalog.api.products import KIND_OF, Search
from lotwise.catalog.api.shapes import Group
from lotwise.catalog.domain.sheets import COLUMNS, row_of
from lotwise.catalog.repository import products as rows
from lotwise.catalog.repository.products import Filter, Shown
from lotwise.kit.commands import Read
from lotwise.kit.database import Database
from lotwise.kit.web import Router

router = Router(tags=["products"])
_ROWS = 1000
_NAME = 'attachment; filename="products.csv"'


@router.get("/products:export", permission="catalog.read", site="chain")
async def export_products(
    read: Read,
    search: Search = "",
    group: Group | None = None,
    category: UUID | None = None,
    supplier: UUID | None = None,
    archived: Annotated[bool | None, Query()] = False,
) -> Response:
    """Products as CSV, by code, in the columns that an import reads; importing them again changes nothing."""
    kind = KIND_OF[group] if group else None
    wanted = Filter(search.strip() or None, kind, category_id=category, is_archived=archived, supplier_id=supplier)
    lines = _lines(read.runtime.db, wanted)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": _NAME})


async def _lines(db: Database, wanted: Filter) -> AsyncIterator[str]:
    after: str | None = None
    yield _csv([dict(zip(COLUMNS, COLUMNS, strict=True))])
    while True:
        async with db.reading() as tx:
            found = await rows.listing(tx, wanted, after, _ROWS)
            offered = await rows.codes_of(tx, [one for row in found for one in row.product.add_ons])
        if found:
            yield _csv([_row(row, offered) for row in found])
        if len(found) < _ROWS:
            return
        after = found[-1].product.code


def _row(shown: Shown, codes: dict[UUID, str]) -> dict[str, str]:
    product = shown.product
    return row_of(
        product,
        shown.category_name,
        (shown.price, shown.member_price),
        shown.supplier_number,
        shown.base_code,
        tuple(codes[one] for one in product.add_ons),
    )


def _csv(told: Sequence[dict[str, str]]) -> str:
    text = io.StringIO()
    csv.DictWriter(text, COLUMNS).writerows(told)
    return text.getvalue()
