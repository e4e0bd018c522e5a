"""The only home of what a product is: its fields, how a change is applied, and what its kind allows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from uuid import UUID

from lotwise.catalog.domain import barcodes, codes
from lotwise.catalog.domain.refusals import BadContainer, FieldNotForKind
from lotwise.values import BIGINT_MAX, MICROS, BadValue, half_up, parse_price, parse_quantity

NO_CONTAINER = "none"
OTC = "otc"
PER_UNIT = "unit"
MINUTES = {"minute": 1, "hour": 60}
"""How many minutes a price per time is for."""

GROUPS = {"service": "services", "physical": "products", "digital": "packages"}
"""The three groups people look for things in (CAT-03), by kind."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack of a product: one of it holds exactly `units` smallest units."""

    name: str
    units: int
    gtin: str | None = None


@dataclass(frozen=True, slots=True)
class SiteTax:
    """The tax and application code of a product at one site, where it differs (CAT-63)."""

    site: str
    tax_code: int
    application_code: int


@dataclass(frozen=True, slots=True)
class Product:
    """A product or service as the catalog keeps it; cost in micros, quantities in smallest units."""

    id: UUID
    code: str
    name: str
    kind: str
    description: str = ""
    purpose: str | None = None
    category_id: UUID | None = None
    unit: str = "piece"
    unit_decimals: int = 0
    packs: tuple[Pack, ...] = ()
    barcodes: tuple[str, ...] = ()
    manufacturer: str = ""
    size: str = ""
    size_unit: str = ""
    tax_code: int = 0
    application_code: int = 0
    tax_inclusive: bool = False
    site_taxes: tuple[SiteTax, ...] = ()
    cost: int | None = None
    markup: int | None = None
    reorder_at: int | None = None
    normal_order_quantity: int | None = None
    supplier_id: UUID | None = None
    supplier_code: str = ""
    duration_slots: int | None = None
    is_serialised: bool = False
    confirm_lot: bool = False
    container_rule: str = NO_CONTAINER
    container_units: int | None = None
    use_by_hours: int | None = None
    drug_class: str = OTC
    variant_of: UUID | None = None
    variant_name: str = ""
    add_on_kind: str | None = None
    add_ons: tuple[UUID, ...] = ()
    price_per: str = PER_UNIT
    is_archived: bool = False
    revision: int = 0


FIELDS = frozenset(field.name for field in fields(Product))
_PRICES = ("cost", "markup")
_QUANTITIES = ("reorder_at", "normal_order_quantity", "container_units")
_PHYSICAL_ONLY = ("packs", "reorder_at", "normal_order_quantity", "is_serialised", "confirm_lot", "container_units")


def define(current: Product, changes: Mapping[str, Any], code_length_max: int = codes.LENGTH_DEFAULT) -> Product:
    """The product after the changes (prices and quantities as decimal strings); fields not named stay.

    Raises BadCode, BadBarcode, FieldNotForKind or BadValue with the field; a revision is not counted here.
    """
    told = {name: value for name, value in changes.items() if name in FIELDS}
    kind = told.get("kind", current.kind)
    decimals = told.get("unit_decimals", current.unit_decimals)
    if "code" in told:
        told["code"] = codes.code_of(told["code"], kind, code_length_max)
    for name in _PRICES:
        if told.get(name) is not None:
            told[name] = micros(name, told[name])
    for name in _QUANTITIES:
        if told.get(name) is not None:
            told[name] = not_negative(name, _smallest(name, told[name], decimals))
    if "packs" in told:
        told["packs"] = tuple(_pack(pack, decimals) for pack in told["packs"])
    if "barcodes" in told:
        told["barcodes"] = tuple(sorted({barcodes.checked(barcode) for barcode in told["barcodes"]}))
    if "add_ons" in told:
        told["add_ons"] = tuple(told["add_ons"])
    if "site_taxes" in told:
        told["site_taxes"] = tuple(sorted((SiteTax(**tax) for tax in told["site_taxes"]), key=lambda tax: tax.site))
    return _for_kind(_drawn(current, _kept(current, replace(current, **told)), told))


def _drawn(current: Product, product: Product, told: Mapping[str, Any]) -> Product:
    """The product with what its container rule asks for: the label's quantity with a rule, neither without (STK-37).

    Without a rule the quantity and the hours go by themselves unless they were sent. A new product that is drawn
    from containers, or that the law watches, has its lot confirmed at each use unless that was sent (STK-36).
    """
    if product.container_rule == NO_CONTAINER:
        for name in ("container_units", "use_by_hours"):
            if told.get(name) is not None:
                raise BadContainer(f"Without a container rule there is no {name}.", field=name)
        product = replace(product, container_units=None, use_by_hours=None)
    elif not product.container_units:
        raise BadContainer("Say how much the label of one container promises.", field="container_units")
    if current.revision == 0 and "confirm_lot" not in told and product.kind == "physical":
        is_watched = product.container_rule != NO_CONTAINER or product.drug_class != OTC
        product = replace(product, confirm_lot=product.confirm_lot or is_watched)
    return product


def _kept(current: Product, product: Product) -> Product:
    """Quantities that were not sent keep their meaning when the number of decimals changes (an exact shift)."""
    shift = product.unit_decimals - current.unit_decimals
    if not shift:
        return product
    moved: dict[str, Any] = {}
    for name in _QUANTITIES:
        if getattr(product, name) is not None and getattr(product, name) == getattr(current, name):
            moved[name] = _shifted(name, getattr(product, name), shift)
    if product.packs and product.packs == current.packs:
        moved["packs"] = tuple(replace(pack, units=_shifted("packs", pack.units, shift)) for pack in product.packs)
    return replace(product, **moved)


def _shifted(name: str, value: int, shift: int) -> int:
    if shift > 0:
        up: int = value * 10**shift
        return up
    scale: int = 10**-shift
    whole, rest = divmod(value, scale)
    if rest:
        raise BadValue(f"{name} has more decimals than the product would be kept in.", field=name)
    return whole


def _for_kind(product: Product) -> Product:
    """The product with its kind's defaults, or the refusal of a field that its kind does not have (CAT-02, CAT-59)."""
    if product.kind == "physical":
        product = replace(product, purpose=product.purpose or "retail")
    else:
        _refuse_physical_fields(product)
        product = replace(product, purpose=None)
    timed = codes.item_type(product.code, product.kind, product.purpose) in codes.TIMED
    if product.duration_slots is not None and not timed:
        raise FieldNotForKind("Only services, spa and tanning have a duration.", field="duration_slots")
    if product.price_per != PER_UNIT and not timed:
        raise FieldNotForKind(
            f"Only services, spa and tanning have a price per {product.price_per}.", field="price_per"
        )
    return replace(product, duration_slots=product.duration_slots or 1) if timed else product


def _refuse_physical_fields(product: Product) -> None:
    for name in _PHYSICAL_ONLY:
        if getattr(product, name):
            raise FieldNotForKind(f"A {product.kind} product has no stock and so no {name}.", field=name)
    for name, nothing in (("container_rule", NO_CONTAINER), ("drug_class", OTC)):
        if getattr(product, name) != nothing:
            raise FieldNotForKind(f"A {product.kind} product has no stock and so no {name}.", field=name)


def _smallest(name: str, text: str, decimals: int) -> int:
    try:
        return parse_quantity(text, decimals)
    except ValueError as problem:
        raise BadValue(str(problem), field=name) from None


def micros(name: str, text: str) -> int:
    """A price, cost or rate of a field as micros, not below zero. Raises BadValue with the field."""
    try:
        value = parse_price(text)
    except ValueError as problem:
        raise BadValue(str(problem), field=name) from None
    if value > BIGINT_MAX:
        raise BadValue(f"{name} is larger than any price.", field=name)
    return not_negative(name, value)


def not_negative(name: str, value: int) -> int:
    """The value unless it is below zero (BadValue)."""
    if value < 0:
        raise BadValue(f"{name} cannot be below zero.", field=name)
    return value


def _pack(pack: Mapping[str, Any], decimals: int) -> Pack:
    units = _smallest("packs", pack["units"], decimals)
    if units <= 0:
        raise BadValue("A pack holds more than nothing.", field="packs")
    gtin = pack.get("gtin") or None
    return Pack(name=pack["name"], units=units, gtin=barcodes.checked(gtin) if gtin else None)


def all_barcodes(product: Product) -> dict[str, str | None]:
    """Every barcode that finds this product, with the name of the pack it stands on (None: the unit itself)."""
    return dict.fromkeys(product.barcodes) | {pack.gtin: pack.name for pack in product.packs if pack.gtin}


def differences(was: Product, now: Product) -> list[tuple[str, Any, Any]]:
    """The fields that changed, each with its old and new value; the revision does not count."""
    names = (field.name for field in fields(Product) if field.name != "revision")
    return [
        (name, getattr(was, name), getattr(now, name)) for name in names if getattr(was, name) != getattr(now, name)
    ]


def changed(was: Product, now: Product) -> Product | None:
    """The product with its next revision, or None when nothing changed."""
    return replace(now, revision=was.revision + 1) if differences(was, now) or was.revision == 0 else None


def look_alikes(code: str, others: Sequence[str]) -> list[str]:
    """The codes that a hurried eye would take for this one."""
    return [other for other in others if other != code and codes.look(other) == codes.look(code)]


def price_from_markup(cost: int, markup: int, minor_exponent: int) -> int:
    """The cost raised by m percent, half-up to the currency's minor unit, in micros (CAT-55)."""
    step: int = 10 ** (6 - minor_exponent)
    return half_up(cost * (100 * MICROS + markup), 100 * MICROS * step) * step


def implied_markup(cost: int | None, price: int | None) -> int | None:
    """The mark-up in percent (micros, two decimals) that a price means over a cost; None without a cost."""
    if not cost or price is None:
        return None
    return half_up((price - cost) * 10_000, cost) * 10_000
