"""HTTP of discounts: list, define, edit, archive, and their history."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from lotwise.catalog.api.products import Search, exponent
from lotwise.catalog.api.shapes import Shape, price_or_none
from lotwise.catalog.domain.discounts import Discount
from lotwise.catalog.domain.refusals import BadDiscount, CouponTaken
from lotwise.catalog.operations import discounts
from lotwise.catalog.repository import discounts as rows
from lotwise.catalog.repository.discounts import Filter
from lotwise.contracts.catalog import Audience, DiscountForm, DiscountScope
from lotwise.contracts.fields import Day, Flag, Id, Note, PositiveQuantity, PriceText, Slug, Text
from lotwise.kit.commands import Answer, Cmd, Command, Read, dump
from lotwise.kit.etag import IfMatch, etag
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.values import Unknown, format_quantity, price_text

router = Router(tags=["discounts"])
_REFUSALS = (Unknown, BadDiscount, CouponTaken)
Coupon = Annotated[Note, StringConstraints(max_length=40)]


class DiscountFields(Shape):
    """What of a discount can be written; a field that is not sent stays as it is.

    `value` is a percentage or money. `line` is taken from each line it fits, `bundle` from each full set of
    `min_quantity`, `cart` from the whole charge. Empty lists mean every site, product and category.
    """

    name: Text = ""
    scope: DiscountScope = "line"
    form: DiscountForm = "percent"
    value: PriceText = "0"
    min_quantity: PositiveQuantity = "1"
    min_spend: PriceText | None = None
    product_ids: Annotated[list[Id], Field(max_length=500)] = Field(default_factory=list)
    category_ids: Annotated[list[Id], Field(max_length=200)] = Field(default_factory=list)
    at_sites: Annotated[list[Slug], Field(max_length=200)] = Field(default_factory=list)
    starts_on: Day | None = None
    ends_on: Day | None = None
    is_automatic: Flag = True
    is_combinable: Flag = True
    audience: Audience = "everyone"
    coupon: Coupon = ""


class DiscountNew(DiscountFields):
    """A new discount."""

    name: Text
    value: PriceText


class DiscountOut(DiscountFields):
    """A discount as it stands."""

    discount_id: UUID
    is_archived: bool
    revision: int


def _discount(row: Discount) -> DiscountOut:
    plain = {name: getattr(row, name) for name in DiscountFields.model_fields}
    return DiscountOut.model_validate(
        plain
        | {
            "value": price_text(row.value),
            "min_quantity": format_quantity(row.min_quantity, 6),
            "min_spend": price_or_none(row.min_spend),
            "discount_id": row.id,
            "is_archived": row.is_archived,
            "revision": row.revision,
        }
    )


def _may(cmd: Command, at_sites: Sequence[str]) -> None:
    """Pass when the person may discount at every site of the list; without any it belongs to no site."""
    for site in at_sites or (None,):
        cmd.who.at("catalog.discount", site)


@router.get("/discounts", permission="catalog.read", site="chain")
async def list_discounts(
    read: Read,
    search: Search = "",
    scope: DiscountScope | None = None,
    at_site: Slug | None = None,
    product: UUID | None = None,
    on: Day | None = None,
    archived: bool | None = False,
    after: After = None,
    limit: Limit = 50,
) -> Page[DiscountOut]:
    """Discounts by name; `on` lists those in force on a day, `at_site` those that count there."""
    wanted = Filter(search.strip() or None, scope, at_site, product, on, archived)
    key = cursor_decode(after, str, UUID)
    async with read.connection() as tx:
        found = await rows.listing(tx, wanted, (key[0], key[1]) if key else None, limit + 1)
    page = found[:limit]
    more = cursor_encode(page[-1].name.lower(), page[-1].id) if len(found) > limit else None
    return Page(rows=[_discount(row) for row in page], next=more)


@router.post("/discounts", permission="catalog.discount", status_code=201, refusals=_REFUSALS, site="chain")
async def create_discount(cmd: Cmd, body: DiscountNew) -> Answer[DiscountOut]:
    """Define a new discount."""
    _may(cmd, body.at_sites)
    async with cmd.transaction() as tx:
        told = body.model_dump(exclude_unset=True)
        row = await discounts.create(tx, told, exponent(cmd.runtime), cmd.who.actor)
        return await cmd.answer(tx, _discount(row), 201, target=row.id, revision=row.revision)


@router.get("/discounts/{discount_id}", permission="catalog.read", refusals=(Unknown,), site="chain")
async def get_discount(read: Read, discount_id: UUID) -> Answer[DiscountOut]:
    """One discount."""
    async with read.connection() as tx:
        row = await discounts.load(tx, discount_id)
    return Answer(dump(_discount(row)), headers={"ETag": etag(row.revision)})


@router.put("/discounts/{discount_id}", permission="catalog.discount", refusals=_REFUSALS, site="chain")
async def edit_discount(cmd: Cmd, discount_id: UUID, body: DiscountFields, expected: IfMatch) -> Answer[DiscountOut]:
    """Change what is sent; charges that were recorded keep the discount as it was."""
    async with cmd.transaction() as tx:
        _may(cmd, (await discounts.load(tx, discount_id)).at_sites)
        told = body.model_dump(exclude_unset=True)
        row = await discounts.edit(tx, discount_id, told, exponent(cmd.runtime), expected, cmd.who.actor)
        _may(cmd, row.at_sites)
        return await cmd.answer(tx, _discount(row), revision=row.revision)


@router.post("/discounts/{discount_id}:archive", permission="catalog.discount", refusals=(Unknown,), site="chain")
async def archive_discount(cmd: Cmd, discount_id: UUID) -> Answer[DiscountOut]:
    """Take a discount back from now on; its history stays."""
    return await _set_archived(cmd, discount_id, is_archived=True)


@router.post("/discounts/{discount_id}:restore", permission="catalog.discount", refusals=_REFUSALS, site="chain")
async def restore_discount(cmd: Cmd, discount_id: UUID) -> Answer[DiscountOut]:
    """Offer an archived discount again."""
    return await _set_archived(cmd, discount_id, is_archived=False)


async def _set_archived(cmd: Command, discount_id: UUID, *, is_archived: bool) -> Answer[DiscountOut]:
    async with cmd.transaction() as tx:
        _may(cmd, (await discounts.load(tx, discount_id)).at_sites)
        row = await discounts.set_archived(tx, discount_id, cmd.who.actor, is_archived=is_archived)
        return await cmd.answer(tx, _discount(row), revision=row.revision)
