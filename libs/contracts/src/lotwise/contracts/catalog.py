"""What catalog says: sites, categories, products, prices, taxes and recipes. State events carry a growing version."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from lotwise.contracts.envelope import Event, Value
from lotwise.contracts.fields import Code, Id, Instant, Note, PriceText, QuantityText, Slug, Text

Kind = Literal["service", "physical", "digital"]
Purpose = Literal["retail", "consigned", "back_bar"]
ContainerRule = Literal["none", "single_patient", "multi_patient"]
"""Whether units are drawn from opened containers, and whether a container may serve several patients (STK-37)."""

DrugClass = Literal["otc", "prescription", "controlled"]
"""What the law asks of who uses and who witnesses (STK-40)."""


class TaxSlot(Value):
    """One of the two taxes of a site: its name and its two rates in percent ("9.975")."""

    name: str = ""
    rate_1: PriceText = "0"
    rate_2: PriceText = "0"


class SiteDefined(Event):
    """A site (clinic or store) exists or was changed; the slug is its identity for ever."""

    speaker: ClassVar[str] = "catalog"
    slug: Slug
    name: Text
    time_zone: str
    legal_entity: str = ""
    is_central_store: bool = False
    stock_policy: Literal["warn", "block_at_zero", "block_at_minimum"] = "block_at_zero"
    stock_unreachable: Literal["sell", "refuse"] = "sell"
    tax_rounding: Literal["line", "invoice"] = "line"
    revision: int = 1


class TaxDefined(Event):
    """The tax slots of a site from a day on (CAT-25, CAT-26, CAT-63)."""

    speaker: ClassVar[str] = "catalog"
    slug: Slug
    tax_1: TaxSlot
    tax_2: TaxSlot
    valid_from: date
    revision: int = 1


class CategoryDefined(Event):
    """A category exists or was changed."""

    speaker: ClassVar[str] = "catalog"
    category_id: Id
    name: Text
    code: str | None = None
    revision: int = 1


class Pack(Value):
    """A pack of a product: how many units (exact) one of it holds, and its barcode."""

    name: str
    units: QuantityText
    gtin: str | None = None


class SiteTax(Value):
    """The tax and application code of a product at one site where they differ from its own (CAT-63)."""

    at_site: Slug
    tax_code: int = Field(default=0, ge=0, le=8)
    application_code: int = Field(default=0, ge=0, le=1)


class ProductDefined(Event):
    """A product or service exists or was changed. Unit and decimals are fixed after the first movement."""

    speaker: ClassVar[str] = "catalog"
    product_id: Id
    code: Code
    name: Text
    description: Note = ""
    kind: Kind
    purpose: Purpose | None = None
    category_id: Id | None = None
    category_name: str | None = None
    unit: str = "piece"
    unit_decimals: int = Field(default=0, ge=0, le=6)
    packs: tuple[Pack, ...] = ()
    barcodes: tuple[str, ...] = ()
    manufacturer: str = ""
    tax_code: int = Field(default=0, ge=0, le=8)
    application_code: int = Field(default=0, ge=0, le=1)
    tax_inclusive: bool = False
    site_taxes: tuple[SiteTax, ...] = ()
    cost: PriceText | None = None
    reorder_at: QuantityText | None = None
    normal_order_quantity: QuantityText | None = None
    supplier_id: Id | None = None
    supplier_code: str = ""
    duration_slots: int | None = None
    is_serialised: bool = False
    confirm_lot: bool = False
    container_rule: ContainerRule = "none"
    container_units: QuantityText | None = None
    use_by_hours: int | None = Field(default=None, ge=1, le=26_280)
    drug_class: DrugClass = "otc"
    is_archived: bool = False
    revision: int = 1


class ProductArchived(Event):
    """A product is no longer offered; its history stays (CAT-23)."""

    speaker: ClassVar[str] = "catalog"
    product_id: Id
    revision: int = 1


class ProductPurposeChanged(Event):
    """A product moved among retail, consigned and back bar (CAT-32); later receipts follow it."""

    speaker: ClassVar[str] = "catalog"
    product_id: Id
    was: Purpose
    now: Purpose
    revision: int = 1


class PriceChanged(Event):
    """The price per unit from an instant on; at one site, or for the chain when `at_site` is empty."""

    speaker: ClassVar[str] = "catalog"
    price_id: Id
    product_id: Id
    at_site: Slug | None = None
    price: PriceText
    valid_from: Instant
    valid_to: Instant | None = None
    revision: int = 1


class RecipeLine(Value):
    """What one treatment is expected to consume of a product."""

    product_id: Id
    quantity: QuantityText


class RecipeDefined(Event):
    """What a service consumes; an empty recipe takes it back."""

    speaker: ClassVar[str] = "catalog"
    service_id: Id
    lines: tuple[RecipeLine, ...] = ()
    revision: int = 1
