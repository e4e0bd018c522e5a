"""The only home of the shapes that several of the catalog's endpoints share."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from lotwise.catalog.domain import codes, products
from lotwise.catalog.repository.products import Shown
from lotwise.contracts.catalog import AddOnKind, ContainerRule, DrugClass, Kind, PricePer, Purpose
from lotwise.contracts.fields import (
    Code,
    Flag,
    Id,
    Instant,
    Note,
    PositiveQuantity,
    PriceText,
    QuantityText,
    Slug,
    Text,
    Whole,
)
from lotwise.values import format_quantity, price_text

Word = Annotated[Note, StringConstraints(max_length=60)]
Unit = Annotated[Text, StringConstraints(max_length=20)]
Barcode = Annotated[str, StringConstraints(min_length=1, max_length=48)]


Group = Literal["services", "products", "packages"]


class Shape(BaseModel):
    """A body that refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid")


class PackShape(Shape):
    """A pack: one of it holds exactly `units` of the product's unit."""

    name: Unit
    units: PositiveQuantity
    gtin: Barcode | None = None


class SiteTaxShape(Shape):
    """The tax and application code at one site where they differ."""

    at_site: Slug
    tax_code: Annotated[Whole, Field(ge=0, le=8)]
    application_code: Annotated[Whole, Field(ge=0, le=1)] = 0


class ProductFields(Shape):
    """What of a product can be written; a field that is not sent stays as it is (or gets its kind's default)."""

    code: Code = ""
    name: Text = ""
    kind: Kind = "physical"
    description: Note = ""
    purpose: Purpose | None = None
    category_id: Id | None = None
    unit: Unit = "piece"
    unit_decimals: Annotated[Whole, Field(ge=0, le=6)] = 0
    packs: Annotated[list[PackShape], Field(max_length=20)] = []
    barcodes: Annotated[list[Barcode], Field(max_length=50)] = []
    manufacturer: Word = ""
    size: Word = ""
    size_unit: Word = ""
    tax_code: Annotated[Whole, Field(ge=0, le=8)] = 0
    application_code: Annotated[Whole, Field(ge=0, le=1)] = 0
    tax_inclusive: Flag = False
    site_taxes: Annotated[list[SiteTaxShape], Field(max_length=200)] = []
    cost: PriceText | None = None
    markup_percent: PriceText | None = None
    reorder_at: QuantityText | None = None
    normal_order_quantity: QuantityText | None = None
    supplier_id: Id | None = None
    supplier_code: Word = ""
    duration_slots: Annotated[Whole, Field(ge=1, le=1000)] | None = None
    is_serialised: Flag = False
    confirm_lot: Flag = False
    container_rule: ContainerRule = "none"
    container_units: PositiveQuantity | None = None
    use_by_hours: Annotated[Whole, Field(ge=1, le=26_280)] | None = None
    drug_class: DrugClass = "otc"
    variant_of: Id | None = None
    variant_name: Word = ""
    add_on_kind: AddOnKind | None = None
    add_ons: Annotated[list[Id], Field(max_length=50)] = []
    price_per: PricePer = "unit"

    def sent(self) -> dict[str, Any]:
        """The domain's fields that were sent."""
        data = self.model_dump(exclude_unset=True)
        if "markup_percent" in data:
            data["markup"] = data["markup_percent"]
        for tax in data.get("site_taxes", ()):
            tax["site"] = tax.pop("at_site")
        return {name: value for name, value in data.items() if name in products.FIELDS}


class ProductNew(ProductFields):
    """A new product; `price` and `member_price` are the chain's, `product_id` may be made by the writer."""

    product_id: Id | None = None
    code: Code
    name: Text
    kind: Kind
    category: Text | None = None
    price: PriceText | None = None
    member_price: PriceText | None = None
    price_from: Instant | None = None


class ProductRow(ProductFields):
    """A row of a batch: the code says which product; a new one needs name and kind as well.

    A file names others by their codes or numbers: `variant_of_code`, `add_on_codes`, `supplier_number`.
    """

    product_id: Id | None = None
    code: Code
    category: Text | None = None
    variant_of_code: Code | None = None
    add_on_codes: Annotated[list[Code], Field(max_length=50)] = []
    supplier_number: Annotated[Whole, Field(ge=1, le=2**31)] | None = None
    member_price: PriceText | None = None
    price: PriceText | None = None
    price_from: Instant | None = None


class Warning_(BaseModel):  # noqa: N801 - the name without the underscore is Python's
    """Something a person should look at twice; nothing was refused for it."""

    code: str
    text: str


class ProductOut(BaseModel):
    """A product as it stands. `price` and `member_price` are the chain's now; `proposed_price` follows from the cost.

    `variants` is how many variants it groups; one that groups any is not sold itself.
    """

    product_id: UUID
    code: str
    item_type: str
    group: Group
    name: str
    description: str
    kind: Kind
    purpose: Purpose | None
    category_id: UUID | None
    category_name: str | None
    unit: str
    unit_decimals: int
    packs: list[PackShape]
    barcodes: list[str]
    manufacturer: str
    size: str
    size_unit: str
    tax_code: int
    application_code: int
    tax_inclusive: bool
    site_taxes: list[SiteTaxShape]
    cost: str | None
    markup_percent: str | None
    implied_markup_percent: str | None
    price: str | None
    proposed_price: str | None
    reorder_at: str | None
    normal_order_quantity: str | None
    supplier_id: UUID | None
    supplier_name: str | None
    supplier_number: int | None
    supplier_code: str
    duration_slots: int | None
    is_serialised: bool
    confirm_lot: bool
    container_rule: ContainerRule
    container_units: str | None
    use_by_hours: int | None
    drug_class: DrugClass
    variant_of: UUID | None
    variant_of_code: str | None
    variant_name: str
    variants: int
    add_on_kind: AddOnKind | None
    add_ons: list[UUID]
    price_per: PricePer
    member_price: str | None
    is_archived: bool
    revision: int
    warnings: list[Warning_] = []


def product_out(shown: Shown, minor_exponent: int, warnings: list[tuple[str, str]] | None = None) -> ProductOut:
    """A product for the outside: quantities and prices as decimal strings."""
    row = shown.product
    plain = {name: getattr(row, name) for name in ProductOut.model_fields if name in products.FIELDS - _WRITTEN}
    return ProductOut(
        **plain,
        product_id=row.id,
        item_type=codes.item_type(row.code, row.kind, row.purpose),
        group=products.GROUPS[row.kind],
        variant_of_code=shown.base_code,
        variants=shown.variants,
        add_ons=list(row.add_ons),
        member_price=price_or_none(shown.member_price),
        category_name=shown.category_name,
        supplier_name=shown.supplier_name,
        supplier_number=shown.supplier_number,
        packs=[
            PackShape(name=pack.name, units=format_quantity(pack.units, row.unit_decimals), gtin=pack.gtin)
            for pack in row.packs
        ],
        barcodes=list(row.barcodes),
        site_taxes=[
            SiteTaxShape(at_site=tax.site, tax_code=tax.tax_code, application_code=tax.application_code)
            for tax in row.site_taxes
        ],
        cost=price_or_none(row.cost),
        markup_percent=price_or_none(row.markup),
        implied_markup_percent=price_or_none(products.implied_markup(row.cost, shown.price)),
        price=price_or_none(shown.price),
        proposed_price=price_or_none(_proposed(shown, minor_exponent)),
        reorder_at=_quantity(row.reorder_at, row.unit_decimals),
        normal_order_quantity=_quantity(row.normal_order_quantity, row.unit_decimals),
        container_units=_quantity(row.container_units, row.unit_decimals),
        warnings=[Warning_(code=code, text=text) for code, text in warnings or ()],
    )


_WRITTEN = {
    "packs", "barcodes", "site_taxes", "cost", "reorder_at", "normal_order_quantity", "container_units", "add_ons",
}  # fmt: skip


def _proposed(shown: Shown, minor_exponent: int) -> int | None:
    row = shown.product
    if row.cost is None or row.markup is None:
        return None
    return products.price_from_markup(row.cost, row.markup, minor_exponent)


def price_or_none(micros: int | None) -> str | None:
    """Micros as a decimal string, None as None."""
    return None if micros is None else price_text(micros)


def _quantity(value: int | None, decimals: int) -> str | None:
    return None if value is None else format_quantity(value, decimals)
