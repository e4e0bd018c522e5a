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
