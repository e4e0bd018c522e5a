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
from lotwise.stock.domain.scans import Scan, scanned_date
from lotwise.stock.repository.definitions import sites_of
from lotwise.stock.repository.scans import lots_of_number, products_of_code
from lotwise.values import site_day

GROUP_SEPARATOR = "\x1d"


class Understood(NamedTuple):
    """A scan, the products it may mean, and what we know of its lot at the site."""

    scan: Scan
    products: Sequence[asyncpg.Record]
    lots: Sequence[asyncpg.Record]
    is_expired: bool
    is_quarantined: bool


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


async def understand(tx: Tx, data: str, slug: str) -> Understood:
    """Read a scan and say what it means here: which product, whether it is expired, set apart or already received.

    Raises UnreadableCode or UnknownSite.
    """
    now = datetime.now(UTC)
    scan = read(data, now.year)
    site = (await sites_of(tx, [slug])).get(slug)
    if site is None:
        raise UnknownSite("No site has this name", field="site", site=slug)
    products = await products_of_code(tx, scan.gtin) if scan.gtin else []
    ids: list[UUID] = [row["id"] for row in products]
    lots = await lots_of_number(tx, ids, scan.lot_number, slug) if ids and scan.lot_number else []
    expired = not is_usable(scan.expires_on, site_day(now, site.zone)) or _any_expired(lots, site, now)
    return Understood(scan, products, lots, expired, any(row["quarantined"] for row in lots))


def _any_expired(lots: Sequence[asyncpg.Record], site: Site, now: datetime) -> bool:
    return any(not is_usable(row["expires_on"], site_day(now, site.zone)) for row in lots)
