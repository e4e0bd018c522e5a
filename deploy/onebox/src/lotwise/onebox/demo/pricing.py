"""The only home of what the demo chain offers beside plain products: sizes, add-ons, discounts, packages, members."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from lotwise.onebox.demo.definitions import CLINICS
from lotwise.onebox.demo.history import ident
from lotwise.onebox.demo.ordering import supplier_id
from lotwise.onebox.demo.posting import Doors
from lotwise.onebox.imports.doors import Settling

_SUN = "SKN-SUN"
_SIZES = (("50", "52.00", "18.20"), ("150", "98.00", "37.40"))
_STOCK = "12"
_MEMBER_PRICES = (("SKN-VITC", "115.00"), ("SKN-SPF50", "42.00"), (".FACIAL", "140.00"))


def rows() -> list[dict[str, Any]]:
    """A sunscreen in two sizes, add-ons of the facials, coaching by the hour, single entries, members' prices."""
    sizes = [
        {
            "code": f"{_SUN}-{size}", "name": "Daily sun fluid", "kind": "physical", "category": "Skincare",
            "variant_of_code": _SUN, "variant_name": f"{size} ml", "size": size, "size_unit": "ml", "price": price,
            "cost": cost, "tax_code": 1, "supplier_id": supplier_id("SKN"), "normal_order_quantity": _STOCK,
        }
        for size, price, cost in _SIZES
    ]  # fmt: skip
    return [
        {"code": _SUN, "name": "Daily sun fluid", "kind": "physical", "category": "Skincare", "tax_code": 1},
        *sizes,
        _service(".UP-MASK", "Gold mask upgrade", "45.00", add_on_kind="upgrade"),
        _service(".UP-15", "Fifteen minutes more", "40.00", add_on_kind="extended_time"),
        {"code": "SKN-MASK", "add_on_kind": "product"},
        *({"code": code, "add_on_codes": [".UP-MASK", ".UP-15", "SKN-MASK"]} for code in (".FACIAL", ".HYDRA")),
        _service(".SKIN-COACH", "Skin coaching", "120.00", price_per="hour", duration_slots=3),
        _service(".NAILS", "Nail care", None, category="Beauty counter"),
        _service(".GIFT50", "Gift certificate 50", "50.00"),
        _service(".GIFT100", "Gift certificate 100", "100.00"),
        _service(".TIP", "Tip", None),
        _service(".ROA", "Received on account", None),
        _service(".UND", "Anything else", None),
        *({"code": code, "member_price": price} for code, price in _MEMBER_PRICES),
    ]


def _service(code: str, name: str, price: str | None, category: str | None = None, **more: Any) -> dict[str, Any]:
    body = {"code": code, "name": name, "kind": "service", "price": price, "category": category, "tax_code": 0}
    return {key: value for key, value in (body | more).items() if value is not None}


def discounts(ids: dict[str, str], today: date) -> list[dict[str, Any]]:
    """A season's percentage, a set of three, money off a large charge, and a coupon."""
    return [
        {
            "name": "Winter skin week", "value": "10", "product_ids": [ids["SKN-HYAL"], ids["SKN-MOIST-R"]],
            "starts_on": today.isoformat(), "ends_on": (today + timedelta(days=6)).isoformat(),
        },
        {
            "name": "Three serums", "scope": "bundle", "value": "15", "min_quantity": "3",
            "product_ids": [ids[code] for code in ("SKN-VITC", "SKN-HYAL", "SKN-NIA", "SKN-PEP")],
        },
        {"name": "25 off 500", "scope": "cart", "form": "amount", "value": "25", "min_spend": "500",
         "is_combinable": False},
        {"name": "Welcome", "form": "amount", "value": "20", "product_ids": [ids[".CONSULT"]], "coupon": "WELCOME20"},
    ]  # fmt: skip


def packages(ids: dict[str, str]) -> list[dict[str, Any]]:
    """One of each type: six facials, a monthly membership, a kit, and yearly access to named services."""
    return [
        {
            "code": "PKG-FACIAL-6", "name": "Six signature facials", "description": "Six facials for the price of five",
            "package_type": "treatment", "price": "825.00", "valid_days": 365, "category": "Packages",
            "items": [_item(ids, ".FACIAL", "6")],
        },
        {
            "code": "MEM-GLOW", "name": "Glow membership", "description": "A facial a month, brows whenever wanted",
            "package_type": "membership", "period": "month", "price": "149.00", "rollover_periods": 1,
            "category": "Packages",
            "items": [_item(ids, ".FACIAL", "1"), _item(ids, ".BROW", "1") | {"is_unlimited": True}],
        },
        {
            "code": "KIT-TRAVEL", "name": "Travel kit", "description": "Cleanser, moisturiser and lip balm",
            "package_type": "bundle", "price": "105.00", "category": "Packages", "tax_code": 1,
            "items": [_item(ids, code, "1") for code in ("SKN-CLEAN", "SKN-MOIST", "SKN-LIP")],
        },
        {
            "code": "MEM-LASER", "name": "Laser year", "description": "Six small and two large laser visits a year",
            "package_type": "membership_services", "period": "year", "price": "899.00", "category": "Packages",
            "items": [_item(ids, ".LASER-HR-S", "6"), _item(ids, ".LASER-HR-L", "2")],
        },
    ]  # fmt: skip


def _item(ids: dict[str, str], code: str, quantity: str) -> dict[str, Any]:
    return {"product_id": ids[code], "quantity": quantity}


async def define_pricing(doors: Doors, settling: Settling, ids: dict[str, str], now: datetime) -> None:
    """Define all of it through the public doors; what was defined before stays as it is."""
    answer = await doors.post("catalog", "/v1/products:batch", {"rows": rows()}, "pricing/products")
    if refused := [row["problem"]["detail"] for row in answer["rows"] if row["problem"]]:
        raise RuntimeError(f"refused: {refused[0]}")
    ids = ids | {row["code"]: row["product_id"] for row in answer["rows"]}
    categories = await doors.access["catalog"].get("/v1/categories")
    counter = next(row["category_id"] for row in categories["rows"] if row["name"] == "Beauty counter")
    await doors.post("catalog", f"/v1/categories/{counter}/prices", {"amount": "35.00"}, "pricing/category")
    for one in discounts(ids, now.date()):
        await doors.post("catalog", "/v1/discounts", one, f"pricing/discount/{one['name']}", done=("coupon-taken",))
    for one in packages(ids):
        await doors.post("catalog", "/v1/packages", one, f"pricing/package/{one['code']}", done=("code-taken",))
    await settling.wait(("catalog",), ("stock",))
    receipts = {"receipts": _receipts(ids, now)}
    await doors.post("stock", "/v1/receipts:batch", receipts, "pricing/receipts")


def _receipts(ids: dict[str, str], now: datetime) -> Sequence[dict[str, Any]]:
    return [
        {
            "receipt_id": ident(f"pricing/{site.slug}/{size}"), "site": site.slug, "quantity": _STOCK,
            "product_id": ids[f"{_SUN}-{size}"], "unit_cost": cost, "lot_number": f"SUN{size}-01",
            "supplier_id": supplier_id("SKN"), "happened_at": (now - timedelta(hours=1)).isoformat(),
            "expires_on": (now.date() + timedelta(days=700)).isoformat(),
        }
        for site in CLINICS
        for size, _, cost in _SIZES
    ]  # fmt: skip
