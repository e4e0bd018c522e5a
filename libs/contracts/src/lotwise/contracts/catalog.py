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

PricePer = Literal["unit", "minute", "hour"]
"""What a price is for: one unit, or the time that a service takes (CAT-09)."""

Audience = Literal["everyone", "members"]
"""Who a price is for; the members' price is for holders of an active membership (CAT-65)."""

AddOnKind = Literal["upgrade", "product", "extended_time"]
DiscountScope = Literal["line", "bundle", "cart"]
DiscountForm = Literal["percent", "amount"]
PackageType = Literal["treatment", "membership", "bundle", "membership_services"]
Period = Literal["month", "year"]
RefundRule = Literal["list", "pro_rata"]
"""What a package gives back: what was paid less what was used at list price, or the unused share (SAL-20)."""


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
    cash_rounding_minor: int = Field(default=1, ge=1, le=1000)
    package_tax_point: Literal["sale", "redemption"] = "sale"
    revision: int = 1


class PreferencesDefined(Event):
    """The chain's preferences (CAT-45, CAT-53, CAT-57)."""

    speaker: ClassVar[str] = "catalog"
    code_length_max: int = 12
    use_service_pricing_tables: bool = True
    slot_minutes: int = Field(default=15, ge=1, le=480)
    revision: int = 1


class PinnedKey(Value):
    """A function key (1 to 12) and the product it picks."""

    key: int = Field(ge=1, le=12)
    product_id: Id


class FunctionKeysPinned(Event):
    """The products that `site` pinned to its function keys, all of them; none: its keys follow the list (CAT-46)."""

    speaker: ClassVar[str] = "catalog"
    keys: tuple[PinnedKey, ...] = ()
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
    """A product or service exists or was changed. Unit and decimals are fixed after the first movement.

    `variant_of` is the base product that only groups its variants (CAT-14); `add_on_kind` makes it an add-on, and
    `add_ons` are those offered with a service (CAT-15).
    """

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
    size: str = ""
    size_unit: str = ""
    variant_of: Id | None = None
    variant_name: str = ""
    add_on_kind: AddOnKind | None = None
    add_ons: tuple[Id, ...] = ()
    price_per: PricePer = "unit"
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
    """The price per unit, minute or hour from an instant on; at one site, or for the chain without `at_site`."""

    speaker: ClassVar[str] = "catalog"
    price_id: Id
    product_id: Id
    at_site: Slug | None = None
    price: PriceText
    audience: Audience = "everyone"
    valid_from: Instant
    valid_to: Instant | None = None
    revision: int = 1


class CategoryPriceChanged(Event):
    """What products of a category cost that have no price of their own (CAT-05): an amount, or cost plus a mark-up.

    `markup` is in percent. Withdrawn, `valid_to` equals `valid_from`.
    """

    speaker: ClassVar[str] = "catalog"
    category_price_id: Id
    category_id: Id
    at_site: Slug | None = None
    amount: PriceText | None = None
    markup: PriceText | None = None
    valid_from: Instant
    valid_to: Instant | None = None
    revision: int = 1


class DiscountDefined(Event):
    """A discount exists or was changed (CAT-10 to CAT-13).

    `value` is a percentage or an amount of money. Scope `line` is taken from each line it fits, `bundle` from each
    full set of `min_quantity` of the products it fits taken together, `cart` from the whole charge. Empty `at_sites`,
    `product_ids` and `category_ids` mean every site and product. Days are the site's own, both inclusive. One that is
    not `is_automatic` applies when somebody chooses it or names its `coupon`.
    """

    speaker: ClassVar[str] = "catalog"
    discount_id: Id
    name: Text
    scope: DiscountScope = "line"
    form: DiscountForm = "percent"
    value: PriceText
    min_quantity: QuantityText = "1"
    min_spend: PriceText | None = None
    product_ids: tuple[Id, ...] = ()
    category_ids: tuple[Id, ...] = ()
    at_sites: tuple[Slug, ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None
    is_automatic: bool = True
    is_combinable: bool = True
    audience: Audience = "everyone"
    coupon: str = ""
    is_archived: bool = False
    revision: int = 1


class PackageItem(Value):
    """What a package holds of a product; `is_unlimited` (memberships): as often as wanted, whatever `quantity` says."""

    product_id: Id
    quantity: QuantityText
    is_unlimited: bool = False


class PackageDefined(Event):
    """What the digital product `product_id` gives whoever buys it; its price is that product's (CAT-16 to CAT-20).

    `valid_days` counts from the sale (none: for ever); `period` is how often a membership renews, `rollover_periods`
    for how many further periods what was not used stays; empty `redeem_at` means every site. No items: taken back.
    """

    speaker: ClassVar[str] = "catalog"
    product_id: Id
    package_type: PackageType
    items: tuple[PackageItem, ...] = ()
    valid_days: int | None = Field(default=None, ge=1, le=36_500)
    period: Period | None = None
    rollover_periods: int = Field(default=0, ge=0, le=120)
    redeem_at: tuple[Slug, ...] = ()
    refund_rule: RefundRule = "pro_rata"
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
