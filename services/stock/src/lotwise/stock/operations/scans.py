"""The only home of reading a barcode for receiving: GS1 element strings, GTINs and plain codes (N-09)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import biip
from biip.gs1_messages import GS1Message

from lotwise.kit.database import Tx
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.places import Site
from lotwise.stock.domain.refusals import UnknownSite, UnreadableCode
from lotwise.stock.domain.scans import Known, Scan, scanned_date
from lotwise.stock.operations.recalls import lines_about
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.scans import lots_of_number, order_lines, products_of_code
from lotwise.values import site_day

GROUP_SEPARATOR = "\x1d"


class Understood(NamedTuple):
    """A scan, the products it may mean, and what we know of its lot at the site."""

    scan: Scan
    products: Sequence[asyncpg.Record]
    lots: Sequence[asyncpg.Record]
    known: Known


def read(data: str, this_year: int) -> Scan:
    """Read what a scanner sent: symbology prefix, FNC1 as GS, bracketed text and bare numbers are all understood.

    A wrong check digit warns and still reads (real packs have them). Raises UnreadableCode.
    """
    text = data.strip().replace("<GS>", GROUP_SEPARATOR).replace("{GS}", GROUP_SEPARATOR)
    if not text:
        raise UnreadableCode("Nothing was scanned", field="data")
    message = _message(text)
    if message is None:
        return Scan(
            gtin=text.zfill(14) if text.isdigit() and len(text) in {8, 12, 13, 14} else text, warnings=_checked(text)
        )
    return _of_message(message, this_year)


def _message(text: str) -> GS1Message | None:
    try:
        if text.startswith("("):
            return GS1Message.parse_hri(text)
        parsed = biip.parse(text)
    except (biip.ParseError, ValueError):
        return None
    message = parsed.gs1_message
    if message is None and parsed.gs1_digital_link_uri is not None:
        return parsed.gs1_digital_link_uri.as_gs1_message()
    if message is not None and text.isdigit() and len(text) in {8, 12, 13, 14}:
        return None
    return message


def _checked(text: str) -> tuple[str, ...]:
    if text.isdigit() and len(text) in {8, 12, 13, 14}:
        digits = [int(digit) for digit in text.zfill(14)]
        total = sum(digit * (3 if index % 2 == 0 else 1) for index, digit in enumerate(digits[:-1]))
        if (10 - total % 10) % 10 != digits[-1]:
            return ("The check digit of the number is wrong",)
    return ()


def _of_message(message: GS1Message, this_year: int) -> Scan:
    parts = {one.ai.ai: one for one in message.element_strings}
    warnings: list[str] = []
    expires_on = None
    if "17" in parts:
        try:
            expires_on = scanned_date(parts["17"].value, this_year)
        except ValueError:
            warnings.append(f"The expiry {parts['17'].value} is no date")
    if "01" in parts and parts["01"].gtin_error:
        warnings.append("The check digit of the number is wrong")
    if len(parts["10"].value if "10" in parts else "") > 12 and "21" not in parts:
        warnings.append("The lot number is long: the scanner may not send group separators")
    count = parts.get("30") or parts.get("37")
    return Scan(
        gtin=parts["01"].value if "01" in parts else "",
        lot_number=parts["10"].value if "10" in parts else "",
        expires_on=expires_on,
        serial=parts["21"].value if "21" in parts else "",
        pieces=int(count.value) if count else None,
        warnings=tuple(warnings),
    )


class Asked(NamedTuple):
    """What a scan is held against: the site, the product that is expected, the order it should be on, the deed."""

    site: str
    product_id: UUID | None = None
    purchase_order: str = ""
    is_charge: bool = False


async def understand(tx: Tx, data: str, asked: Asked) -> Understood:
    """Read a scan and say what it means here: wrong product, expired, recalled, set apart, already received (N-09).

    Raises UnreadableCode or UnknownSite.
    """
    now = datetime.now(UTC)
    scan = read(data, now.year)
    site = (await sites_of(tx, [asked.site])).get(asked.site)
    if site is None:
        raise UnknownSite("No site has this name", field="site", site=asked.site)
    products = await products_of_code(tx, scan.gtin) if scan.gtin else []
    ids: list[UUID] = [row["id"] for row in products] or ([asked.product_id] if asked.product_id else [])
    lots = await lots_of_number(tx, ids, scan.lot_number, asked.site) if ids and scan.lot_number else []
    order = await order_lines(tx, asked.purchase_order, asked.site) if asked.purchase_order else []
    known = Known(
        is_known=bool(products) or not scan.gtin,
        is_wrong=_is_wrong(products, asked, order),
        is_expired=not is_usable(scan.expires_on, site_day(now, site.zone)) or _any_expired(lots, site, now),
        is_recalled=any(row["is_recalled"] for row in lots) or await _is_named(tx, ids, scan),
        is_quarantined=any(row["quarantined"] for row in lots),
        is_received=bool(asked.purchase_order) and any(row["purchase_order"] == asked.purchase_order for row in lots),
        is_complete=any(row["product_id"] in ids and row["received"] >= row["ordered"] for row in order),
        is_here=not asked.is_charge or not scan.lot_number or any(row["on_hand"] for row in lots),
    )
    return Understood(scan, products, lots, known)


def _is_wrong(products: Sequence[asyncpg.Record], asked: Asked, order: Sequence[asyncpg.Record]) -> bool:
    """Whether none of the scanned products is the expected one, or on the order that names some."""
    found = {row["id"] for row in products}
    if not found:
        return False
    ordered = {row["product_id"] for row in order}
    return (asked.product_id is not None and asked.product_id not in found) or bool(ordered and not ordered & found)


async def _is_named(tx: Tx, products: Sequence[UUID], scan: Scan) -> bool:
    """Whether a recall names this number, though we may never have held it."""
    makers = {key: product.manufacturer for key, product in (await products_of(tx, products)).items()}
    for number in filter(None, (scan.lot_number, scan.serial)):
        for product_id, maker in makers.items():
            if await lines_about(tx, product_id, number, maker, scan.expires_on):
                return True
    return False


def _any_expired(lots: Sequence[asyncpg.Record], site: Site, now: datetime) -> bool:
    return any(not is_usable(row["expires_on"], site_day(now, site.zone)) for row in lots)
