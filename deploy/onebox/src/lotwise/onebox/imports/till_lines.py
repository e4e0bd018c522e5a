"""The only home of what a line of a till's export is: sold, given, charged, returned, written off or a correction.

A service code is one of a list (postage, discounts, fees …) or begins with a listed prefix; a mapping
file may name others.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from lotwise.onebox.home import Refused
from lotwise.onebox.imports.members import customer_number
from lotwise.onebox.imports.rejects import Rejects
from lotwise.onebox.imports.sheets import Column, FileMapping, Sheet
from lotwise.values import amount, parse_price

COLUMNS = (
    Column("invoice", ("invoiceno", "invoicenumber", "receipt", "receiptno", "ticket", "charge", "number"), True),
    Column("code", ("stockcode", "productcode", "itemcode", "sku", "product"), True),
    Column("description", ("name", "productname", "itemname")),
    Column("quantity", ("qty", "units", "count"), True),
    Column("happened_at", ("invoicedate", "date", "datetime", "soldat", "time", "timestamp"), True),
    Column("unit_price", ("unitprice", "price", "priceeach"), True),
    Column("member", ("memberid", "customer", "customerid", "client", "clientid", "patient", "patientid")),
)
SERVICE_CODES = ("POST", "DOT", "C2", "M", "m", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK")
SERVICE_PREFIXES = ("gift_",)
RETURN_PREFIXES, CORRECTION_PREFIXES = ("C",), ("A",)

SOLD, GIVEN, CHARGED = "sold", "given free of charge", "services and money charged"
RETURNED, REFUNDED = "returned goods", "services and money refunded"
WRITTEN_OFF, CORRECTED = "written off without a price", "corrections of money"
KINDS = (SOLD, GIVEN, CHARGED, RETURNED, REFUNDED, WRITTEN_OFF, CORRECTED)
COMES_BACK = frozenset({RETURNED, REFUNDED})
_PLAIN_INT = re.compile(r"[+-]?[0-9]{1,15}")
_PLAIN = re.compile(r"[+-]?[0-9]{1,13}(\.[0-9]+)?")


@dataclass(frozen=True)
class Rules:
    """How a till's lines are read: which codes are services, which invoices are returns or corrections, which zone."""

    zone: ZoneInfo
    service_codes: frozenset[str] = frozenset(SERVICE_CODES)
    service_prefixes: tuple[str, ...] = SERVICE_PREFIXES
    return_prefixes: tuple[str, ...] = RETURN_PREFIXES
    correction_prefixes: tuple[str, ...] = CORRECTION_PREFIXES
    date_format: str | None = None
    members_of: str | None = None
    exponent: int = 2

    @classmethod
    def of(cls, mapping: FileMapping, zone: str, exponent: int = 2) -> "Rules":
        """The rules of a mapping file (`services`, `date_format`, `members_of` …) or the usual ones."""
        known = {"services", "service_prefixes", "return_prefixes", "correction_prefixes", "date_format", "members_of"}
        if unknown := sorted(set(mapping.options) - known):
            raise Refused(
                f"The mapping file says {unknown[0]!r}, which means nothing; known: {', '.join(sorted(known))}."
            )
        lists: dict[str, Any] = {
            name: tuple(map(str, mapping.options[name]))
            for name in ("service_prefixes", "return_prefixes", "correction_prefixes")
            if name in mapping.options
        }
        return cls(
            ZoneInfo(zone),
            frozenset(map(str, mapping.options.get("services", SERVICE_CODES))),
            date_format=mapping.options.get("date_format"),
            members_of=mapping.options.get("members_of"),
            exponent=exponent,
            **lists,
        )

    def is_service(self, code: str) -> bool:
        """Whether a code stands for money or work rather than goods."""
        return code in self.service_codes or code.startswith(self.service_prefixes)


class Line(NamedTuple):
    """A line as it counts: quantity signed in millionths, unit price in micros, money in minor units, signed."""

    at: int
    invoice: str
    code: str
    description: str
    quantity: int
    price: int
    net_minor: int
    happened_at: datetime
    customer: str
    kind: str


@dataclass
class Tally:
    """Lines, units (in millionths) and money (minor units) of each kind; together they are the file."""

    lines: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    units: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    minor: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))

    def add(self, line: Line) -> None:
        """Count a line."""
        self.lines[line.kind] += 1
        self.units[line.kind] += line.quantity
        self.minor[line.kind] += line.net_minor


def kind_of(rules: Rules, invoice: str, code: str, quantity: int, price: int) -> str:
    """What a line is. Negative prices and correction invoices move no goods; a priced minus comes back;
    a minus without a price was written off.
    """
    service = rules.is_service(code)
    if price < 0 or invoice.startswith(rules.correction_prefixes):
        return CORRECTED
    if quantity < 0:
        comes_back = price > 0 or invoice.startswith(rules.return_prefixes)
        if comes_back:
            return REFUNDED if service else RETURNED
        return CORRECTED if service else WRITTEN_OFF
    if invoice.startswith(rules.return_prefixes):
        return CORRECTED
    if service:
        return CHARGED
    return SOLD if price else GIVEN


def read_lines(sheet: Sheet, rules: Rules, rejects: Rejects) -> Iterator[Line]:
    """Every line of a till's export that can be read, in the file's order; the others go to the rejects."""
    take = _Taker(sheet.places)
    instants: dict[str, datetime] = {}
    for at, cells in sheet.cells():
        try:
            yield _line(at, take(cells), rules, instants)
        except ValueError as problem:
            rejects.add(at, str(problem), ",".join(cells))


class _Taker:
    """Picks the seven columns out of raw cells; a column that the file has not, or a row that ends early, gives ""."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self._places = [places.get(column.name, -1) for column in COLUMNS]
        self._quick = itemgetter(*self._places)
        self._width = max(self._places) + 1 if min(self._places) >= 0 else sys.maxsize

    def __call__(self, cells: Sequence[str]) -> Sequence[str]:
        width = len(cells)
        if width >= self._width:
            quick: tuple[str, ...] = self._quick(cells)
            return quick
        return [cells[place] if 0 <= place < width else "" for place in self._places]


def _line(at: int, texts: Sequence[str], rules: Rules, instants: dict[str, datetime]) -> Line:
    invoice, code, description, quantity_text, when, price_text, customer = texts
    invoice = invoice.strip()
    if not invoice or not code.strip():
        raise ValueError("the invoice or the code is empty")
    quantity, price = millionths(quantity_text.strip(), "quantity"), millionths(price_text.strip(), "unit price")
    if not quantity:
        raise ValueError("the quantity is zero")
    happened_at = instants.get(when) or instants.setdefault(when, instant(when.strip(), rules))
    net = money(price, quantity, rules.exponent)
    kind = kind_of(rules, invoice, code, quantity, price)
    return Line(
        at, invoice, code, description.strip(), quantity, price, net, happened_at, customer_number(customer), kind
    )


@lru_cache(maxsize=50_000)
def money(price: int, quantity: int, exponent: int) -> int:
    """What a quantity in millionths costs at a price in micros, in minor units, half-up; a till repeats itself."""
    return amount(price, quantity, 6, exponent)


@lru_cache(maxsize=50_000)
def millionths(text: str, what: str) -> int:
    """A plain decimal text as millionths. Raises ValueError for anything else, or for more than 6 decimals."""
    if _PLAIN_INT.fullmatch(text):
        return int(text) * 1_000_000
    if not _PLAIN.fullmatch(text):
        raise ValueError(f"the {what} {text[:40]!r} is no plain number")
    whole, _, fraction = text.partition(".")
    return parse_price(f"{whole.removeprefix('+')}.{fraction.rstrip('0') or '0'}")


def instant(text: str, rules: Rules) -> datetime:
    """A till's time as an instant in UTC; without an offset it is the site's own. Raises ValueError."""
    try:
        form = rules.date_format
        moment = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007 - zone below
    except ValueError:
        raise ValueError(f"the date {text[:40]!r} cannot be read") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=rules.zone)).astimezone(UTC)
