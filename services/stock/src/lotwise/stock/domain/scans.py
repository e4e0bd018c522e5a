"""The only home of what a scan means for receiving: known, expired, recalled or already here (N-09)."""

from datetime import date
from typing import NamedTuple

from lotwise.values import month_end


class Scan(NamedTuple):
    """What a barcode said: AI 01, 10, 17, 21 and 30; `warnings` are sentences for a person."""

    gtin: str = ""
    lot_number: str = ""
    expires_on: date | None = None
    serial: str = ""
    pieces: int | None = None
    warnings: tuple[str, ...] = ()


WRONG_PRODUCT = "wrong_product"
UNKNOWN = "unknown"
EXPIRED = "expired"
RECALLED = "recalled"
QUARANTINED = "quarantined"
RECEIVED = "received"
COMPLETE = "complete"
NOT_HERE = "not_here"

SAID = {
    UNKNOWN: "No product has this code",
    WRONG_PRODUCT: "This is another product than the one that is asked for",
    EXPIRED: "This lot is expired",
    RECALLED: "This lot is recalled: do not use it",
    QUARANTINED: "This lot was set apart: do not use it",
    RECEIVED: "This lot was received on this order already",
    COMPLETE: "All that was ordered of this product is received already",
    NOT_HERE: "Nothing of this lot is on the shelf here",
}
"""What a scan answers at once, by code, in a person's words."""


class Known(NamedTuple):
    """What is known of what was scanned, for receiving or for charging."""

    is_known: bool = True
    is_wrong: bool = False
    is_expired: bool = False
    is_recalled: bool = False
    is_quarantined: bool = False
    is_received: bool = False
    is_complete: bool = False
    is_here: bool = True


def answers(known: Known) -> tuple[str, ...]:
    """What to say of a scan, the worst first; nothing when all is well."""
    said = (
        (RECALLED, known.is_recalled),
        (EXPIRED, known.is_expired),
        (UNKNOWN, not known.is_known),
        (WRONG_PRODUCT, known.is_wrong),
        (QUARANTINED, known.is_quarantined),
        (RECEIVED, known.is_received),
        (COMPLETE, known.is_complete),
        (NOT_HERE, not known.is_here),
    )
    return tuple(code for code, is_so in said if is_so)


def scanned_date(text: str, this_year: int) -> date:
    """Read AI 17's YYMMDD: the century within 50 years of now, day 00 means the month's last day.

    Raises ValueError for a date that does not exist.
    """
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:6])
    year += this_year // 100 * 100
    if year - this_year > 50:
        year -= 100
    elif this_year - year >= 50:
        year += 100
    return month_end(year, month) if day == 0 else date(year, month, day)
