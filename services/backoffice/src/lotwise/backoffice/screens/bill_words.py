"""The only home of what a person says of a line or of the whole bill: the desk's fields in the words of sales."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from lotwise.backoffice.gateway import Rows, or_else
from lotwise.backoffice.screens.bills import Bill, BillLine, amount_of, is_id
from lotwise.backoffice.screens.charge_confirms import filled_parts, parts_said
from lotwise.backoffice.screens.discounts import Discount
from lotwise.backoffice.session import Visitor

PLAIN = ("lot_id", "redeem", "description", "seller", "performer", "free_reason", "gift_number")
FREE_REASONS = (
    ("touch_up", "Touch-up"),
    ("compensation", "Compensation"),
    ("training", "Training"),
    ("tester", "Tester"),
    ("staff", "Staff"),
)
COUPONS_MAX = 5


async def discounts_to_choose(who: Visitor, site: str, scope: str = "line") -> list[Discount]:
    """The discounts of the catalog that apply only when somebody chooses them; sales checks whether one fits."""
    none: Rows[Discount] = Rows([])
    found = await or_else(who.gateway.rows(Discount, "catalog", "/v1/discounts", limit=200), none)
    return [
        row
        for row in found.rows
        if not (row.is_automatic or row.is_archived or row.coupon)
        and row.scope == scope
        and (not row.at_sites or site in row.at_sites)
    ]


def said(form: dict[str, str], bill: Bill) -> tuple[Bill, dict[str, str]]:
    """The bill with what the form says of its line in hand or of the whole; or what is wrong, by field."""
    if form.get("about") == "whole":
        return _of_whole(form, bill)
    words = {name.removeprefix("set_"): text for name, text in form.items() if name.startswith("set_")}
    if not words:
        return bill, {}
    return _of_line(words, bill, form.get("line") or bill.current)


def _of_line(words: dict[str, str], bill: Bill, key: str) -> tuple[Bill, dict[str, str]]:
    errors: dict[str, str] = {}
    told: dict[str, Any] = {name: words[name] for name in PLAIN if name in words}
    if "prescriber" in words:
        both = {name: words.get(name, "") for name in ("prescriber", "order_reference")}
        told["prescription"] = both if all(both.values()) else None
    told["parts"] = parts_said(words, bill.line(key))
    if "minutes" in words:
        told["minutes"] = int(words["minutes"]) if words["minutes"].isdecimal() else None
        if words["minutes"] and not told["minutes"]:
            errors["set_minutes"] = "Enter whole minutes, such as 45."
    if "unit_price" in words:
        told["unit_price"] = _price(words["unit_price"])
        if words["unit_price"] and told["unit_price"] is None:
            errors["set_unit_price"] = "Enter a price, such as 25 or 25.50."
    if "serials" in words:
        told["serials"] = words["serials"].split()
    if "discount" in words:
        told["discounts"] = _discount(words, errors)
    if "quantity" in words:
        quantity = amount_of(words["quantity"])
        if quantity is None:
            errors["set_quantity"] = "Enter a number above zero."
        else:
            bill = bill.measure(key, quantity)
    return (bill, errors) if errors else (bill.say(key, **told), {})


def _discount(words: Mapping[str, str], errors: dict[str, str]) -> list[dict[str, Any]]:
    """A discount given by hand (percent or amount, with its reason), or one of the catalog's."""
    chosen, value, reason = (words.get(name, "") for name in ("discount", "discount_value", "discount_reason"))
    if not chosen:
        return []
    if is_id(chosen):
        return [{"discount_id": chosen}]
    if not reason:
        errors["set_discount_reason"] = "Say why: it stands on the charge."
    if chosen == "percent":
        if (percent := _price(value)) is None:
            errors["set_discount_value"] = "Enter a percentage, such as 10."
        return [{"percent": percent, "reason": reason}]
    if (amount := _price(value)) is None:
        errors["set_discount_value"] = "Enter an amount, such as 20 or 20.00."
    return [{"amount": amount, "reason": reason}]


def _price(text: str) -> str | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return f"{value:f}" if value.is_finite() and value >= 0 else None


def _of_whole(form: dict[str, str], bill: Bill) -> tuple[Bill, dict[str, str]]:
    errors: dict[str, str] = {}
    words = {name.removeprefix("set_"): text for name, text in form.items() if name.startswith("set_")}
    coupons = list(dict.fromkeys(words.get("coupons", "").replace(",", " ").split()))
    if len(coupons) > COUPONS_MAX:
        errors["set_coupons"] = f"At most {COUPONS_MAX} coupons."
    given = _discount(words, errors)
    return (bill, errors) if errors else (bill.of_cart(coupons=coupons, discounts=given), {})


def filled(held: BillLine | None) -> dict[str, Any]:
    """The fields of a line's sheet as the line stands."""
    if held is None:
        return {}
    told = held.said
    given = (told.get("discounts") or [{}])[0]
    kinds = {"discount_id": given.get("discount_id"), "percent": "percent", "amount": "amount"}
    chosen = next((word for name, word in kinds.items() if given.get(name) is not None), "")
    fields: dict[str, Any] = {name: told.get(name, "") for name in (*PLAIN, "minutes", "unit_price")}
    fields |= filled_parts(told) | (told.get("prescription") or {})
    fields |= {
        "quantity": f"{held.quantity.normalize():f}", "serials": "\n".join(told.get("serials", ())),
        "discount": chosen, "discount_reason": given.get("reason", ""),
        "discount_value": given.get("percent") or given.get("amount") or "",
    }  # fmt: skip
    return {f"set_{name}": value for name, value in fields.items()}
