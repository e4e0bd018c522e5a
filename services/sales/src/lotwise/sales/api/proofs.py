"""HTTP of what charges, returns and voids say that left stock: the audit compares it with stock's ledger (N-01)."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.kit.commands import Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.sales.repository.proofs import charges_after, reversals
from lotwise.values import format_quantity

router = Router(prefix="/v1", tags=["proofs"])
IDS_MAX = 200


class SoldOut(BaseModel):
    """What a document took of a product; below zero came back. A treatment's share is told apart, stock nets it."""

    product_id: UUID
    quantity: str
    is_treated: bool


class DocumentOut(BaseModel):
    """A charge, return or void and what of physical products it says that left."""

    document_id: UUID
    kind: str
    site: str
    recorded_at: datetime
    lines: list[SoldOut]


@router.get("/documents", permission="audit.read", site="chain")
async def documents(
    read: Read,
    id: Annotated[list[UUID] | None, Query(max_length=IDS_MAX)] = None,  # noqa: A002 - the name in the address
    after: After = None,
    limit: Limit = 500,
) -> Page[DocumentOut]:
    """Recorded charges in the order of their ids; with `id` the returns and voids among these ids instead."""
    keys = cursor_decode(after, UUID)
    sites = visible(read.who, "audit.read")
    async with read.connection() as tx:
        if id:
            return Page(rows=[one for one in _documents(await reversals(tx, id)) if sites is None or one.site in sites])
        shown = _documents(await charges_after(tx, keys[0] if keys else UUID(int=0), sites, limit))
    return Page(rows=shown, next=cursor_encode(shown[-1].document_id) if len(shown) == limit else None)


def _documents(rows: Iterable[Any]) -> list[DocumentOut]:
    found = []
    for (document_id, kind, site, recorded_at), lines in groupby(
        sorted(rows, key=lambda row: row["document_id"]),
        key=lambda row: (row["document_id"], row["kind"], row["site"], row["recorded_at"]),
    ):
        sold = [
            SoldOut(
                product_id=line["product_id"],
                quantity=format_quantity(line["quantity"], line["unit_decimals"]),
                is_treated=line["is_treated"],
            )
            for line in lines
            if line["product_id"] is not None
        ]
        found.append(DocumentOut(document_id=document_id, kind=kind, site=site, recorded_at=recorded_at, lines=sold))
    return found
