"""HTTP of packages: what a digital product gives, and what that saves against its parts."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.catalog.api.products import exponent
from lotwise.catalog.api.shapes import ProductOut, Shape, Warning_, product_out
from lotwise.catalog.domain import packages as rules
from lotwise.catalog.domain.package_values import Saving
from lotwise.catalog.domain.refusals import BadCode, BadPackage, CodeTaken, FieldNotForKind, PackageLoop, UnitFixed
from lotwise.catalog.operations import package_values, packages
from lotwise.catalog.operations.package_values import PriceBook, value_of
from lotwise.catalog.operations.packages import Held
from lotwise.catalog.operations.worlds import Wanted
from lotwise.catalog.repository import packages as rows
from lotwise.catalog.repository.packages import Filter
from lotwise.contracts.catalog import PackageType, Period, RefundRule
from lotwise.contracts.fields import Code, Day, Flag, Id, Note, PositiveQuantity, PriceText, Slug, Text, Whole
from lotwise.kit.commands import Answer, Cmd, Command, Read, dump
from lotwise.kit.database import Tx
from lotwise.kit.etag import IfMatch, etag
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.values import Unknown, format_minor, format_quantity

router = Router(tags=["packages"])
_REFUSALS = (Unknown, BadPackage, PackageLoop)


class ItemShape(Shape):
    """A quantity of a product in its unit; `is_unlimited` (memberships): as often as wanted."""

    product_id: Id
    quantity: PositiveQuantity = "1"
    is_unlimited: Flag = False


class PackageFields(Shape):
    """What of a package can be written; a field that is not sent stays as it is.

    `valid_days` counts from the sale, `period` is how often a membership renews, `rollover_periods` for how many
    further periods what was not used stays; an empty `redeem_at` means every site.
    """

    package_type: PackageType = "treatment"
    items: Annotated[list[ItemShape], Field(max_length=100)] = Field(default_factory=list)
    valid_days: Annotated[Whole, Field(ge=1, le=36_500)] | None = None
    period: Period | None = None
    rollover_periods: Annotated[Whole, Field(ge=0, le=120)] = 0
    redeem_at: Annotated[list[Slug], Field(max_length=200)] = Field(default_factory=list)
    refund_rule: RefundRule = "pro_rata"


class PackageNew(PackageFields):
    """A new package with the digital product it is sold as; `price` is the chain's total price."""

    package_type: PackageType
    items: Annotated[list[ItemShape], Field(max_length=100)]
    code: Code
    name: Text
    description: Note = ""
    category_id: Id | None = None
    category: Text | None = None
    tax_code: Annotated[Whole, Field(ge=0, le=8)] = 0
    application_code: Annotated[Whole, Field(ge=0, le=1)] = 0
    tax_inclusive: Flag = False
    price: PriceText | None = None
    product_id: Id | None = None


class ItemOut(BaseModel):
    """What a package holds of a product, and what that costs on its own."""

    product_id: UUID
    code: str
    name: str
    kind: Literal["service", "physical", "digital"]
    unit: str
    quantity: str
    is_unlimited: bool
    price: str | None
    amount: str | None


class SavingOut(BaseModel):
    """The package's price against its parts; null where a price is missing. Dearer than its parts: below zero."""

    price: str | None
    parts: str | None
    saved: str | None
    percent: str | None


class PackageOut(BaseModel):
    """A package as it stands, with its product and what it saves at the asked site on the asked day."""

    product: ProductOut
    package_type: PackageType
    items: list[ItemOut]
    valid_days: int | None
    period: Period | None
    rollover_periods: int
    redeem_at: list[str]
    refund_rule: RefundRule
    saving: SavingOut
    revision: int
    warnings: list[Warning_] = []


async def _out(tx: Tx, held: Held, decimals: int, site: str | None = None, day: Day | None = None) -> PackageOut:
    products = [held.product.product, *(shown.product for shown in held.parts.values())]
    book = await package_values.price_book(tx, products, site, day, decimals)
    return _package(held, book, decimals)


def _package(held: Held, book: PriceBook, decimals: int) -> PackageOut:
    saving, parts = value_of(held, book)
    return PackageOut(
        product=product_out(held.product, decimals),
        **{name: getattr(held.package, name) for name in _PLAIN},
        redeem_at=list(held.package.redeem_at),
        items=[_item(held, item, parts[item.product_id].amount, decimals) for item in held.package.items],
        saving=_saving(saving, decimals),
        warnings=[Warning_(code=code, text=text) for code, text in held.warnings],
    )


_PLAIN = ("package_type", "valid_days", "period", "rollover_periods", "refund_rule", "revision")


def _item(held: Held, item: rules.Item, cost: int | None, decimals: int) -> ItemOut:
    product = held.parts[item.product_id].product
    return ItemOut(
        product_id=product.id,
        code=product.code,
        name=product.name,
        kind=product.kind,
        unit=product.unit,
        quantity=format_quantity(item.quantity, product.unit_decimals),
        is_unlimited=item.is_unlimited,
        price=product_out(held.parts[item.product_id], decimals).price,
        amount=_money(cost, decimals),
    )


def _saving(saving: Saving, decimals: int) -> SavingOut:
    return SavingOut(
        price=_money(saving.price, decimals),
        parts=_money(saving.parts, decimals),
        saved=_money(saving.saved, decimals),
        percent=_money(saving.percent, 2),
    )


def _money(minor: int | None, decimals: int) -> str | None:
    return None if minor is None else format_minor(minor, decimals)


@router.get("/packages", permission="catalog.read", refusals=(Unknown,))
async def list_packages(
    read: Read,
    package_type: PackageType | None = None,
    holds: UUID | None = None,
    site: Slug | None = None,
    day: Day | None = None,
    archived: bool | None = False,
    after: After = None,
    limit: Limit = 50,
) -> Page[PackageOut]:
    """Packages by code, each with what it saves at a site on a day; `holds` finds those with a product in them."""
    key = cursor_decode(after, str)
    decimals = exponent(read.runtime)
    async with read.connection() as tx:
        found = await rows.listing(tx, Filter(package_type, holds, archived), key[0] if key else None, limit + 1)
        page = await packages.held(tx, found[:limit])
        products = [shown.product for one in page for shown in (one.product, *one.parts.values())]
        book = await package_values.price_book(tx, products, site, day, decimals)
    more = cursor_encode(page[-1].product.product.code) if len(found) > limit else None
    return Page(rows=[_package(one, book, decimals) for one in page], next=more)


@router.get("/packages/{product_id}", permission="catalog.read", refusals=(Unknown,), site="query")
async def get_package(
    read: Read, product_id: UUID, site: Slug | None = None, day: Day | None = None
) -> Answer[PackageOut]:
    """One package with its price against the sum of its parts at a site (or the chain's) on a day (or now)."""
    async with read.connection() as tx:
        held = await packages.load(tx, product_id)
        answer = await _out(tx, held, exponent(read.runtime), site, day)
    return Answer(dump(answer), headers={"ETag": etag(answer.revision)})


@router.post(
    "/packages",
    permission="catalog.package",
    status_code=201,
    refusals=(*_REFUSALS, BadCode, CodeTaken, FieldNotForKind, UnitFixed),
    site="chain",
)
async def create_package(cmd: Cmd, body: PackageNew) -> Answer[PackageOut]:
    """Define a new package: the digital product it is sold as, its price and what it gives."""
    cmd.who.at("catalog.write")
    if body.price is not None:
        cmd.who.at("catalog.price")
    product = Wanted(
        body.model_dump(include=_PRODUCT_FIELDS & body.model_fields_set) | {"kind": "digital"},
        body.product_id,
        body.category,
        body.price,
        must_be_new=True,
        is_typed=True,
    )
    async with cmd.transaction() as tx:
        currency = cmd.runtime.settings.currency
        held = await packages.create(tx, product, _items(body), _sent(body), cmd.who.actor, currency=currency)
        return await _answer(cmd, tx, held, 201)


_PRODUCT_FIELDS = {
    "code", "name", "description", "category_id", "tax_code", "application_code", "tax_inclusive",
}  # fmt: skip


@router.put("/packages/{product_id}", permission="catalog.package", refusals=_REFUSALS, site="chain")
async def define_package(cmd: Cmd, product_id: UUID, body: PackageFields, expected: IfMatch) -> Answer[PackageOut]:
    """Say what a digital product gives, or change it; what was sold keeps what it was sold with.

    A product that is no package yet has revision 0.
    """
    async with cmd.transaction() as tx:
        items = _items(body) if "items" in body.model_fields_set else None
        held = await packages.define(tx, product_id, items, _sent(body), expected, cmd.who.actor)
        return await _answer(cmd, tx, held, 200)


def _items(body: PackageFields) -> list[rules.Wanted]:
    return [rules.Wanted(item.product_id, item.quantity, item.is_unlimited) for item in body.items]


def _sent(body: PackageFields) -> dict[str, Any]:
    return body.model_dump(include=set(rules.FIELDS) & body.model_fields_set)


async def _answer(cmd: Command, tx: Tx, held: Held, status_code: int) -> Answer[PackageOut]:
    answer = await _out(tx, held, exponent(cmd.runtime))
    return await cmd.answer(tx, answer, status_code, target=answer.product.product_id, revision=answer.revision)


class WithdrawnOut(BaseModel):
    """A product that is no package any more."""

    product_id: UUID
    revision: int


@router.post("/packages/{product_id}:withdraw", permission="catalog.package", refusals=(Unknown,), site="chain")
async def withdraw_package(cmd: Cmd, product_id: UUID) -> Answer[WithdrawnOut]:
    """Say that a product gives nothing any more; archive the product too, so that nobody sells it."""
    async with cmd.transaction() as tx:
        package = await packages.withdraw(tx, product_id, cmd.who.actor)
        return await cmd.answer(tx, WithdrawnOut(product_id=product_id, revision=package.revision))
