"""The only home of what the desk asks of a line before it is paid: lots and prescriptions, of a kit part by part.

The fields of a line's own product are `set_lot_id`, `set_prescriber` and `set_order_reference`; those of a kit's part
begin with `set_part_` and the part's id (CAT-19, STK-36, STK-40).
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lotwise.backoffice.screens.bills import Bill, BillLine, is_id
from lotwise.backoffice.screens.quotes import LOT, PRESCRIPTION, Quote, QuoteLine
from lotwise.backoffice.screens.visit_lines import LotHere, lot_meant, lots_of
from lotwise.backoffice.session import Visitor

PART = re.compile(r"part_([0-9a-f-]{36})_(lot_id|prescriber|order_reference)")
LOT_FIELD = "lot_id"
NOT_LICENSED = (
    "{} is given out by a licensed person. Change the person (Alt U), let a practitioner record the treatment, or take"
    " the line off."
)


@dataclass(frozen=True, slots=True)
class Confirms:
    """What one product of a line confirms; `lots` lie at the site, the one to use first coming first."""

    product_id: str
    name: str
    prefix: str
    lots: Sequence[LotHere]
    asks_lot: bool
    asks_prescription: bool


async def confirms_of(who: Visitor, site: str, lines: Sequence[QuoteLine], held: BillLine | None) -> list[Confirms]:
    """What the products of one line of the bill confirm; nothing for most, and for what a treatment recorded."""
    if held is None or held.said.get("treatment_id"):
        return []
    asking = [line for line in lines if line.asks_care]
    lots = await asyncio.gather(*(_lots(who, site, line) for line in asking))
    return [
        Confirms(str(line.product_id), line.name, line.prefix, here, LOT in line.asks, PRESCRIPTION in line.asks)
        for line, here in zip(asking, lots, strict=True)
    ]


async def _lots(who: Visitor, site: str, line: QuoteLine) -> Sequence[LotHere]:
    return await lots_of(who, site, line.product_id) if LOT in line.asks else []


async def lots_named(who: Visitor, form: dict[str, str], bill: Bill) -> tuple[dict[str, str], dict[str, str]]:
    """The form with the lots that were scanned or typed as their ids; and what is wrong, by field."""
    held = bill.line(form.get("line") or bill.current)
    found, errors = dict(form), dict[str, str]()
    for name, text in form.items():
        part = PART.fullmatch(name.removeprefix("set_"))
        product_id = part[1] if part and part[2] == LOT_FIELD else held.product_id if held else ""
        if not text or not name.endswith(LOT_FIELD) or not name.startswith("set_") or not is_id(product_id):
            continue
        lot_id, wrong = await lot_meant(who, form["site"], product_id, text)
        found[name] = lot_id or ""
        errors |= {name: wrong} if wrong else {}
    return found, errors


def parts_said(words: Mapping[str, str], held: BillLine | None) -> list[dict[str, Any]]:
    """What a sheet says of a kit's parts, in the words of sales; what it does not speak of stays as it was said."""
    known = {one["product_id"]: dict(one) for one in (held.said.get("parts", ()) if held else ())}
    for name, text in words.items():
        part = PART.fullmatch(name)
        if part is None:
            continue
        said = known.setdefault(part[1], {"product_id": part[1]})
        if part[2] == LOT_FIELD:
            said[LOT_FIELD] = text if is_id(text) else None
        else:
            said[PRESCRIPTION] = (said.get(PRESCRIPTION) or {}) | {part[2]: text}
    kept = [{name: value for name, value in one.items() if _is_said(value)} for one in known.values()]
    return [one for one in kept if len(one) > 1]


def _is_said(value: Any) -> bool:
    return all(value.values()) and len(value) == 2 if isinstance(value, dict) else bool(value)


def filled_parts(told: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a kit's parts as the line stands, without `set_`."""
    fields: dict[str, Any] = {}
    for one in told.get("parts", ()):
        words = {LOT_FIELD: one.get(LOT_FIELD)} | (one.get(PRESCRIPTION) or {})
        fields |= {f"part_{one['product_id']}_{name}": text for name, text in words.items() if text}
    return fields


def first_lacking(who: Visitor, site: str, bill: Bill, quoted: Quote) -> tuple[str, str]:
    """The key of the first line that cannot be paid yet, and why; nothing when all is said."""
    for number, held in enumerate(bill.lines, 1):
        for line in quoted.lacking(number, held.said):
            if PRESCRIPTION in line.asks and not who.can("treatment.record", site):
                return held.key, NOT_LICENSED.format(line.name)
            wants = " and ".join(line.lacks(held.said))
            return held.key, f"Before it is paid, {line.name} needs its {wants}."
    return "", ""


def shown_lots(form: Mapping[str, Any], confirms: Sequence[Confirms]) -> dict[str, Any]:
    """The form with the numbers of the lots whose ids it has, as a person reads them."""
    shown = dict(form)
    for one in confirms:
        name = f"{one.prefix}{LOT_FIELD}"
        numbers = {str(lot.lot_id): lot.lot_number for lot in one.lots if lot.lot_number}
        shown[name] = numbers.get(str(form.get(name)), form.get(name))
    return shown
