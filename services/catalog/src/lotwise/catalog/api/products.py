"""HTTP of products: list, define, edit, archive, delete, and their history."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, StringConstraints

from lotwise.catalog.api.deleting import delete_unused
from lotwise.catalog.api.shapes import Group, ProductFields, ProductNew, ProductOut, product_out
from lotwise.catalog.api.uses import answers_of
from lotwise.catalog.domain.products import GROUPS
from lotwise.catalog.domain.refusals import (
    BadAddOn,
    BadBarcode,
    BadCode,
    BadContainer,
    BadVariant,
    BarcodeTaken,
    BaseNotSold,
    CodeTaken,
    FieldNotForKind,
    ProductInUse,
    UnitFixed,
    UsesNotKnown,
)
from lotwise.catalog.operations import definitions, products
from lotwise.catalog.operations.definitions import Outcome
from lotwise.catalog.operations.worlds import Wanted
from lotwise.catalog.repository import changes
from lotwise.catalog.repository import products as rows
from lotwise.catalog.repository.products import Filter
from lotwise.contracts.catalog import Kind, Purpose
from lotwise.contracts.fields import Note, PriceText
from lotwise.kit.commands import Answer, Cmd, Command, Read, dump
from lotwise.kit.database import Tx
from lotwise.kit.etag import IfMatch, etag
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.service import Runtime
from lotwise.kit.web import Router
from lotwise.values import Unknown, currency_exponent

router = Router(tags=["products"])
Search = Annotated[Note, StringConstraints(max_length=100), Query()]
_REFUSALS = (
    BadAddOn, BadBarcode, BadCode, BadContainer, BadVariant, BarcodeTaken, BaseNotSold, CodeTaken, FieldNotForKind,
    ProductInUse, UnitFixed,
)  # fmt: skip
KIND_OF: dict[Group, Kind] = {"services": "service", "products": "physical", "packages": "digital"}
_UNIT_FIELDS = {"kind", "unit", "unit_decimals"}


class ProductEdit(ProductFields):
    """An edit; `price` and `member_price` set the chain's prices from now on."""

    price: PriceText | None = None
    member_price: PriceText | None = None


class GroupOut(BaseModel):
    """One of the groups people look for things in."""

    group: Group
    kind: Kind
    products: int


class ChangeOut(BaseModel):
    """One field that changed: old, new, who and when."""

    field: str
    was: Any
    now: Any
    who: str
    changed_at: datetime


def exponent(runtime: Runtime) -> int:
    """The decimals of the chain's currency."""
    return currency_exponent(runtime.settings.currency)


async def shown(tx: Tx, runtime: Runtime, outcome: Outcome) -> ProductOut:
    """The product of an outcome as it now stands, with its warnings."""
    if outcome.product is None:
        raise Unknown("There is no product.")
    return product_out(await products.load(tx, outcome.product.id), exponent(runtime), outcome.warnings)


@router.get("/products", permission="catalog.read")
async def list_products(
    read: Read,
    search: Search = "",
    kind: Kind | None = None,
    group: Group | None = None,
    purpose: Purpose | None = None,
    category: UUID | None = None,
    variant_of: UUID | None = None,
    supplier: UUID | None = None,
    add_on: bool | None = None,
    archived: bool | None = False,
    after: After = None,
    limit: Limit = 50,
) -> Page[ProductOut]:
    """Products by code (bytes); search finds parts of name and code, and whole barcodes.

    `group` is services, products or packages; `variant_of` lists the variants of a product, `add_on` what may be
    offered with a service.
    """
    if group is not None:
        if kind is not None and GROUPS[kind] != group:
            return Page(rows=[])
        kind = KIND_OF[group]
    wanted = Filter(search.strip() or None, kind, purpose, category, archived, variant_of, supplier, add_on)
    key = cursor_decode(after, str)
    async with read.connection() as tx:
        found = await rows.listing(tx, wanted, key[0] if key else None, limit + 1)
    page = [product_out(row, exponent(read.runtime)) for row in found[:limit]]
    return Page(rows=page, next=cursor_encode(page[-1].code) if len(found) > limit else None)


@router.get("/product-groups", permission="catalog.read")
async def list_groups(read: Read) -> Page[GroupOut]:
    """The three groups with how many products of each are offered (CAT-03)."""
    async with read.connection() as tx:
        counts = await rows.group_counts(tx)
    return Page(
        rows=[GroupOut(group=group, kind=kind, products=counts.get(kind, 0)) for group, kind in KIND_OF.items()]
    )


@router.post("/products", permission="catalog.write", status_code=201, refusals=_REFUSALS)
async def create_product(cmd: Cmd, body: ProductNew) -> Answer[ProductOut]:
    """Define a new product; code rules, look-alikes and check digits are answered as refusals and warnings."""
    _may_price(cmd, body.price or body.member_price)
    wanted = Wanted(
        body.sent(), body.product_id, body.category, body.price, body.price_from, must_be_new=True, is_typed=True,
        member_price=body.member_price,
    )  # fmt: skip
    return await _define(cmd, wanted, 201)


@router.get("/products/{product_id}", permission="catalog.read", refusals=(Unknown,), site="chain")
async def get_product(read: Read, product_id: UUID) -> Answer[ProductOut]:
    """One product."""
    async with read.connection() as tx:
        found = await products.load(tx, product_id)
    return Answer(dump(product_out(found, exponent(read.runtime))), headers={"ETag": etag(found.product.revision)})


@router.put("/products/{product_id}", permission="catalog.write", refusals=(Unknown, *_REFUSALS), site="chain")
async def edit_product(cmd: Cmd, product_id: UUID, body: ProductEdit, expected: IfMatch) -> Answer[ProductOut]:
    """Change what is sent; unit, decimals and kind only while stock has never seen the product."""
    _may_price(cmd, body.price or body.member_price)
    wanted = Wanted(
        body.sent(),
        product_id,
        price=body.price,
        member_price=body.member_price,
        expected=expected,
        unit_may_change=await _unit_may_change(cmd, product_id, body),
        is_typed=True,
    )
    return await _define(cmd, wanted, 200)


def _may_price(cmd: Command, price: str | None) -> None:
    if price is not None:
        cmd.who.at("catalog.price")


async def _define(cmd: Command, wanted: Wanted, status_code: int) -> Answer[ProductOut]:
    async with cmd.transaction() as tx:
        outcome = await definitions.define_one(tx, wanted, cmd.who.actor, currency=cmd.runtime.settings.currency)
        answer = await shown(tx, cmd.runtime, outcome)
        return await cmd.answer(tx, answer, status_code, target=answer.product_id, revision=answer.revision)


async def _unit_may_change(cmd: Command, product_id: UUID, body: ProductEdit) -> bool:
    """Whether an edit of the unit may pass: stock answers that it does not know the product."""
    sent = body.model_fields_set & _UNIT_FIELDS
    if not sent:
        return False
    async with cmd.runtime.db.reading() as tx:
        product = (await products.load(tx, product_id)).product
    if all(getattr(product, name) == getattr(body, name) for name in sent):
        return False
    answers = await answers_of(cmd.runtime, product_id, ("stock",))
    return answers["stock"] is not None and answers["stock"].count == 0


@router.post("/products/{product_id}:archive", permission="catalog.write", refusals=(Unknown,), site="chain")
async def archive_product(cmd: Cmd, product_id: UUID) -> Answer[ProductOut]:
    """Hide a product from selling and ordering; its history stays."""
    return await _set_archived(cmd, product_id, is_archived=True)


@router.post("/products/{product_id}:restore", permission="catalog.write", refusals=(Unknown,), site="chain")
async def restore_product(cmd: Cmd, product_id: UUID) -> Answer[ProductOut]:
    """Offer an archived product again."""
    return await _set_archived(cmd, product_id, is_archived=False)


async def _set_archived(cmd: Command, product_id: UUID, *, is_archived: bool) -> Answer[ProductOut]:
    async with cmd.transaction() as tx:
        found = await products.set_archived(tx, product_id, cmd.who.actor, is_archived=is_archived)
        answer = product_out(found, exponent(cmd.runtime), await products.archive_warnings(tx, found.product))
        return await cmd.answer(tx, answer, revision=answer.revision)


@router.post(
    "/products/{product_id}:delete",
    permission="catalog.write",
    refusals=(Unknown, ProductInUse, UsesNotKnown),
    site="chain",
)
async def delete_product(cmd: Cmd, product_id: UUID) -> Answer[ProductOut]:
    """Remove a product that nobody uses: stock, sales and purchasing must all say so (CAT-22)."""
    return await delete_unused(cmd, product_id)


@router.get("/products/{product_id}/changes", permission="catalog.read", site="chain")
async def list_changes(read: Read, product_id: UUID, after: After = None, limit: Limit = 50) -> Page[ChangeOut]:
    """Who changed what when, newest first (CAT-07)."""
    key = cursor_decode(after, int)
    async with read.connection() as tx:
        found = await changes.of(tx, f"product:{product_id}", key[0] if key else None, limit + 1)
    page = [
        ChangeOut(field=row.field, was=row.was, now=row.now, who=row.who, changed_at=row.changed_at)
        for row in found[:limit]
    ]
    return Page(rows=page, next=cursor_encode(found[limit - 1].id) if len(found) > limit else None)
