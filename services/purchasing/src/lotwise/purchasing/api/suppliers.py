"""HTTP of suppliers."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field, StringConstraints

from lotwise.contracts.fields import Day, Flag, Id, Note, Text, Whole
from lotwise.kit.commands import Answer, Cmd, Read, dump
from lotwise.kit.etag import IfMatch, etag
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.purchasing.api.shapes import Shape, Word
from lotwise.purchasing.domain.refusals import SupplierNameTaken
from lotwise.purchasing.domain.suppliers import Supplier
from lotwise.purchasing.operations import suppliers
from lotwise.purchasing.repository import suppliers as rows
from lotwise.values import Unknown

router = Router(tags=["suppliers"])
Search = Annotated[Note, StringConstraints(max_length=100), Query()]
Days = Annotated[Whole, Field(ge=0, le=3650)]


class SupplierFields(Shape):
    """What of a supplier can be written; a field that is not sent stays as it is. Money in minor units."""

    name: Text = ""
    contact: Word = ""
    email: Word = ""
    phone: Word = ""
    address: Note = ""
    lead_time_days: Days | None = None
    payment_terms: Word = ""
    minimum_order_minor: Annotated[Whole, Field(ge=0, le=2**53)] | None = None
    note: Note = ""
    is_archived: Flag = False
    contract_reference: Word = ""
    contract_ends_on: Day | None = None
    contract_notice_days: Annotated[Whole, Field(ge=0, le=730)] = 30

    def sent(self) -> dict[str, Any]:
        """The fields that were sent."""
        return self.model_dump(exclude_unset=True, exclude={"supplier_id"})


class SupplierNew(SupplierFields):
    """A new supplier; its number is assigned. `supplier_id` may be made by the writer."""

    supplier_id: Id | None = None
    name: Text


class SupplierOut(BaseModel):
    """A supplier as it stands."""

    supplier_id: UUID
    number: int
    name: str
    contact: str
    email: str
    phone: str
    address: str
    lead_time_days: int | None
    payment_terms: str
    minimum_order_minor: int | None
    note: str
    is_archived: bool
    contract_reference: str
    contract_ends_on: date | None
    contract_notice_days: int
    revision: int


class SupplierBatch(Shape):
    """Up to 500 suppliers, entered or changed by their names."""

    rows: Annotated[list[SupplierNew], Field(min_length=1, max_length=500)]


class SupplierRowOut(BaseModel):
    """What became of a row; `row` counts from 0."""

    row: int
    outcome: Literal["created", "updated", "unchanged"]
    supplier_id: UUID
    number: int


class SupplierBatchOut(BaseModel):
    """What became of each row."""

    rows: list[SupplierRowOut]


def _out(supplier: Supplier) -> SupplierOut:
    return SupplierOut(supplier_id=supplier.id, **{k: v for k, v in asdict(supplier).items() if k != "id"})


@router.get("/suppliers", permission="purchasing.read")
async def list_suppliers(
    read: Read, search: Search = "", archived: bool | None = False, after: After = None, limit: Limit = 100
) -> Page[SupplierOut]:
    """Suppliers by number; search finds part of a name, or a number."""
    key = cursor_decode(after, int)
    async with read.connection() as tx:
        found = await rows.listing(tx, search.strip() or None, key[0] if key else None, limit + 1, is_archived=archived)
    page = [_out(row) for row in found[:limit]]
    return Page(rows=page, next=cursor_encode(page[-1].number) if len(found) > limit else None)


@router.post("/suppliers", permission="supplier.write", status_code=201, refusals=(SupplierNameTaken,))
async def create_supplier(cmd: Cmd, body: SupplierNew) -> Answer[SupplierOut]:
    """Enter a supplier; it gets the next number."""
    async with cmd.transaction() as tx:
        supplier = await suppliers.create(tx, body.supplier_id, body.sent())
        return await cmd.answer(tx, _out(supplier), 201, target=supplier.id, revision=supplier.revision)


@router.post("/suppliers:batch", permission="supplier.write")
async def upsert_suppliers(cmd: Cmd, body: SupplierBatch) -> Answer[SupplierBatchOut]:
    """Enter or change suppliers by their names; the same again changes nothing."""
    async with cmd.transaction() as tx:
        outcomes = await suppliers.upsert(tx, [(row.supplier_id, row.sent()) for row in body.rows])
        answered = [
            SupplierRowOut(row=i, outcome=one.outcome, supplier_id=one.supplier.id, number=one.supplier.number)
            for i, one in enumerate(outcomes)
        ]
        return await cmd.answer(tx, SupplierBatchOut(rows=answered), target=f"{len(answered)} suppliers")


@router.get("/suppliers/{supplier_id}", permission="purchasing.read", refusals=(Unknown,), site="chain")
async def get_supplier(read: Read, supplier_id: UUID) -> Answer[SupplierOut]:
    """One supplier."""
    async with read.connection() as tx:
        supplier = await suppliers.load(tx, supplier_id)
    return Answer(dump(_out(supplier)), headers={"ETag": etag(supplier.revision)})


@router.put(
    "/suppliers/{supplier_id}", permission="supplier.write", refusals=(Unknown, SupplierNameTaken), site="chain"
)
async def edit_supplier(cmd: Cmd, supplier_id: UUID, body: SupplierFields, expected: IfMatch) -> Answer[SupplierOut]:
    """Change what is sent."""
    async with cmd.transaction() as tx:
        supplier = await suppliers.edit(tx, supplier_id, body.sent(), expected)
        return await cmd.answer(tx, _out(supplier), revision=supplier.revision)
