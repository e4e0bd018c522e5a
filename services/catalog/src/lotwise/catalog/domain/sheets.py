"""The only home of what a product looks like as a row of a file: what is written can be read in again unchanged."""

from lotwise.catalog.domain.products import Product
from lotwise.values import format_quantity, price_text

COLUMNS = (
    "code", "name", "kind", "purpose", "category", "description", "unit", "unit_decimals", "price", "member_price",
    "price_per", "cost", "markup_percent", "barcodes", "packs", "manufacturer", "size", "size_unit", "tax_code",
    "application_code", "tax_inclusive", "reorder_at", "normal_order_quantity", "supplier_number", "supplier_code",
    "duration_slots", "is_serialised", "confirm_lot", "container_rule", "container_units", "use_by_hours",
    "drug_class", "variant_of", "variant_name", "add_on_kind", "add_ons", "is_archived",
)  # fmt: skip
_PLAIN = (
    "code", "name", "kind", "purpose", "description", "unit", "unit_decimals", "price_per", "manufacturer", "size",
    "size_unit", "tax_code", "application_code", "supplier_code", "duration_slots", "container_rule", "use_by_hours",
    "drug_class", "variant_name", "add_on_kind",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FLAGS = ("tax_inclusive", "is_serialised", "confirm_lot", "is_archived")


def row_of(
    product: Product,
    category: str | None,
    prices: tuple[int | None, int | None],
    supplier_number: int | None,
    base_code: str | None,
    add_on_codes: tuple[str, ...],
) -> dict[str, str]:
    """The row of a product: everyone's and the members' price in micros; packs as `box=10` or `box=10:<barcode>`."""
    told = {name: getattr(product, name) for name in _PLAIN}
    told |= {name: "yes" if getattr(product, name) else "no" for name in _FLAGS}
    told |= {
        "category": category,
        "price": _price(prices[0]),
        "member_price": _price(prices[1]),
        "cost": _price(product.cost),
        "markup_percent": _price(product.markup),
        "reorder_at": _quantity(product.reorder_at, product),
        "normal_order_quantity": _quantity(product.normal_order_quantity, product),
        "container_units": _quantity(product.container_units, product),
        "barcodes": " ".join(product.barcodes),
        "packs": _packs(product),
        "supplier_number": supplier_number,
        "variant_of": base_code,
        "add_ons": ";".join(add_on_codes),
    }
    return {name: "" if told[name] is None else inert(str(told[name])) for name in COLUMNS}


def inert(text: str) -> str:
    """A cell that no spreadsheet runs as a formula: one that begins like one gets an apostrophe before it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def plain(text: str) -> str:
    """What a cell says without the apostrophe that kept it inert."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def _price(micros: int | None) -> str | None:
    return None if micros is None else price_text(micros)


def _quantity(value: int | None, product: Product) -> str | None:
    return None if value is None else format_quantity(value, product.unit_decimals)


def _packs(product: Product) -> str:
    return "; ".join(
        f"{pack.name}={format_quantity(pack.units, product.unit_decimals)}" + (f":{pack.gtin}" if pack.gtin else "")
        for pack in product.packs
    )
