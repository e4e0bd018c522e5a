"""The only home of the desk's question for serials: which units of a bill leave, scanned or chosen (STK-19).

The desk asks it with the payment (`serials_of` and the part `charge_serials.html`) and sends the answer to stock
before the charge is recorded (`name_serials`). A stock that does not answer stops no sale: the units wait on Assets.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from lotwise.backoffice.gateway import Refused, Shape, Unreachable
from lotwise.backoffice.pages import new_key
from lotwise.backoffice.screens.bills import Bill
from lotwise.backoffice.session import Who

LATER = "serials_later"
"""The box that says: it cannot be read now."""

ASKED_MAX = 50


class Unit(Shape):
    """A unit that may be handed out."""

    serial: str
    lot_number: str = ""
    expires_on: date | None = None
    room: str = ""


class Choices(Shape):
    """A product with serials: the units that may leave, and how many here have no serial yet."""

    product_id: UUID
    name: str
    units: tuple[Unit, ...] = ()
    unnamed: int = 0


class ChoicesOf(Shape):
    """The products of a bill that have serials."""

    rows: tuple[Choices, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """The question for one product: one field a unit, and what may be chosen."""

    product_id: UUID
    name: str
    units: tuple[Unit, ...]
    fields: tuple[str, ...]


async def serials_of(who: Who, site: str, bill: Bill, charge_id: str) -> list[Asked]:
    """Which units the bill asks for: nothing when no product of it has serials, or stock does not answer."""
    wanted: Counter[str] = Counter()
    for line in bill.lines:
        wanted[line.product_id] += int(line.quantity)
    if not wanted:
        return []
    try:
        asked = {"site": site, "product": list(wanted), "charge": charge_id}
        found = await who.gateway.one(ChoicesOf, "stock", "/v1/serials/choices", **asked)
    except (Refused, Unreachable):
        return []
    return [
        Asked(one.product_id, one.name, one.units, tuple(_field(one.product_id, n) for n in range(_count(wanted, one))))
        for one in found.rows
    ]


def _count(wanted: Mapping[str, int], one: Choices) -> int:
    return min(ASKED_MAX, max(1, wanted.get(str(one.product_id), 1)))


def known_serials(asked: Iterable[Asked], bill: Bill) -> dict[str, str]:
    """The fields that scans at the desk filled already."""
    scanned: dict[str, list[str]] = {}
    for line in bill.lines:
        scanned.setdefault(line.product_id, []).extend(line.said.get("serials", ()))
    return {
        name: serial
        for one in asked
        for name, serial in zip(one.fields, scanned.get(str(one.product_id), ()), strict=False)
    }


def _field(product_id: UUID, number: int) -> str:
    return f"serial_{product_id}_{number}"


async def name_serials(who: Who, form: Mapping[str, str], bill: Bill) -> dict[str, str]:
    """Promise the named units to the charge of this form; what is wrong with them by field, nothing when all is well.

    With the box ticked only those that were named are promised; the others are named later on the Assets page.
    """
    asked = await serials_of(who, form["site"], bill, form["charge_id"])
    if not asked:
        return {}
    scanned = known_serials(asked, bill)
    typed = {name: form.get(name) or scanned.get(name, "") for one in asked for name in one.fields}
    missing = [name for name, text in typed.items() if not text]
    if missing and not form.get(LATER):
        return dict.fromkeys(missing, "Scan or choose its serial, or say that it is named later.")
    named = {name: await serial_in(who, form["site"], text) for name, text in typed.items() if text}
    lines = [
        {"product_id": str(one.product_id), "serials": [named[name] for name in one.fields if name in named]}
        for one in asked
    ]
    try:
        path = f"/v1/charges/{form['charge_id']}/serials:pledge"
        await who.gateway.post("stock", path, {"site": form["site"], "lines": lines}, new_key())
    except Unreachable:
        return {}
    except Refused as no:
        about = str(no.numbers.get("serial") or "")
        at = next((name for name, serial in named.items() if serial == about), next(iter(typed)))
        return {at: f"{no.detail}. {' or '.join(no.ways_out).capitalize()}.".replace(". .", ".")}
    return {}


async def serial_in(who: Who, site: str, text: str) -> str:
    """The serial of what was scanned or typed: GS1 data is read by stock, anything else is the serial itself."""
    if len(text) <= 14 or not text.startswith(("(", "]", "01")):
        return text
    try:
        scan = await who.gateway.raw("stock", "/v1/scan", data=text, site=site)
    except (Refused, Unreachable):
        return text
    return str(scan.get("serial") or text)
