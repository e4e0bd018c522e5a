"""The only home of how a row of a person's file is read as a row of the catalog."""

from collections.abc import Mapping
from typing import Any

from lotwise.catalog.domain.columns import Column, Row
from lotwise.catalog.domain.sheets import plain

COLUMNS = (
    Column("code", ("productcode", "itemcode", "stockcode", "sku", "itemnumber"), True),
    Column("name", ("productname", "description", "itemname", "item"), True),
    Column("kind", ("producttype",)),
    Column("purpose", ("type", "itemtype", "use")),
    Column("category", ("categoryname", "department", "group")),
    Column("description", ("notes", "longdescription")),
    Column("unit", ("unitofmeasure", "uom")),
    Column("unit_decimals", ("decimals",)),
    Column("price", ("retailprice", "sellingprice", "unitprice")),
    Column("member_price", ("membersprice",)),
    Column("price_per", ("pricedper",)),
    Column("markup_percent", ("markup",)),
    Column("packs", ("pack", "packsizes")),
    Column("size"),
    Column("size_unit", ("sizeunit",)),
    Column("tax_inclusive", ("pricesincludetax", "inclusive")),
    Column("confirm_lot", ("lotconfirmed",)),
    Column("supplier_number", ("suppliernumber", "vendornumber")),
    Column("variant_of", ("variantof", "baseproduct", "parent")),
    Column("variant_name", ("variant", "variantname")),
    Column("add_on_kind", ("addon", "addonkind")),
    Column("add_ons", ("addons",)),
    Column("cost", ("unitcost", "costprice", "buyingprice")),
    Column("barcodes", ("barcode", "upc", "ean", "gtin")),
    Column("manufacturer", ("brand", "maker")),
    Column("tax_code", ("tax", "taxcode")),
    Column("application_code", ("taxapplication",)),
    Column("reorder_at", ("reorderpoint", "reorderlevel", "reorder")),
    Column("normal_order_quantity", ("orderquantity", "normalorder", "reorderquantity")),
    Column("supplier_code", ("vendorcode", "supplieritem", "vendoritem")),
    Column("duration_slots", ("duration", "slots")),
    Column("is_serialised", ("serialised", "serialized", "serial")),
    Column("container_rule", ("container", "vialrule")),
    Column("container_units", ("unitspercontainer", "unitspervial", "vialsize")),
    Column("use_by_hours", ("hoursafteropening", "usebyhours")),
    Column("drug_class", ("class", "schedule")),
)
_NUMBERS = frozenset(
    {"unit_decimals", "tax_code", "application_code", "duration_slots", "use_by_hours", "supplier_number"}
)
_FLAGS = frozenset({"is_serialised", "tax_inclusive", "confirm_lot"})
_WORDS = frozenset({"container_rule", "drug_class", "price_per", "add_on_kind"})
_PURPOSES = {"retail": "retail", "consigned": "consigned", "consignment": "consigned", "backbar": "back_bar"}
_YES = frozenset({"y", "yes", "true", "1", "x"})


class BadCell(ValueError):  # noqa: N818 - becomes a sentence beside its row
    """A cell that does not read as what its column holds."""

    def __init__(self, column: str, text: str) -> None:
        super().__init__(text)
        self.column = column


def part_of(body: Mapping[str, Any]) -> int:
    """When a row's turn is, so that it finds what it names: products first, then variants, then lists of add-ons."""
    return 2 if body.get("add_on_codes") else int("variant_of_code" in body)


def product_row(row: Row) -> dict[str, Any]:
    """A row of a file as a row of the catalog; empty cells leave what there is. Raises BadCell."""
    body: dict[str, Any] = {column.name: plain(row[column.name]) for column in COLUMNS if row[column.name]}
    for name in _NUMBERS & body.keys():
        body[name] = _whole(body[name], name)
    purpose = body.pop("purpose", "").lower().replace("-", "").replace("_", "").replace(" ", "")
    body["kind"] = body.get("kind", "").lower() or _kind_of(body.get("code", ""), purpose)
    if body["kind"] == "physical":
        body["purpose"] = _PURPOSES.get(purpose, "retail")
    for name in _WORDS & body.keys():
        body[name] = body[name].lower().replace("-", "_").replace(" ", "_")
    for name in _FLAGS & body.keys():
        body[name] = body[name].lower() in _YES
    if "barcodes" in body:
        body["barcodes"] = [text for text in body["barcodes"].replace(";", " ").split() if text]
    if "packs" in body:
        body["packs"] = [_pack(text.strip()) for text in body["packs"].split(";") if text.strip()]
    if "variant_of" in body:
        body["variant_of_code"] = body.pop("variant_of")
    if "add_ons" in body:
        body["add_on_codes"] = [code.strip() for code in body.pop("add_ons").split(";") if code.strip()]
    return body


def _pack(text: str) -> dict[str, Any]:
    """A pack from `box=10` or `box=10:<barcode>`. Raises BadCell."""
    name, sign, rest = text.partition("=")
    units, _, gtin = rest.partition(":")
    if not sign or not name.strip() or not units.strip():
        raise BadCell("packs", f"pack {text[:40]!r} does not read like box=10")
    return {"name": name.strip(), "units": units.strip()} | ({"gtin": gtin.strip()} if gtin.strip() else {})


def _kind_of(code: str, purpose: str) -> str:
    if code.startswith(".") or purpose == "service":
        return "service"
    return "digital" if purpose == "digital" else "physical"


def _whole(text: str, name: str) -> int:
    if not text.isdecimal():
        raise BadCell(name, f"{name} {text[:20]!r} is no whole number")
    return int(text)
