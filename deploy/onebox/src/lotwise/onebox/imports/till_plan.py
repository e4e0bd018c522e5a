"""The only home of turning a till's lines into what is posted: products, opening stock, returns and charges.

Load-bearing: returns are posted before charges. Opening stock is the largest running shortfall and the oldest lot, so
charges, in time order, come to returned goods only when these had come back: no sale meets an empty shelf that was not
empty in truth, and nothing has to wait for anything in between.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.ids import named_id
from lotwise.onebox.imports.members import Customer
from lotwise.onebox.imports.till_lines import (
    COMES_BACK,
    CORRECTED,
    RETURNED,
    WRITTEN_OFF,
    Line,
    Rules,
    Tally,
)
from lotwise.values import format_quantity, price_text

DOCUMENT_LINES_MAX = 500


class Product(NamedTuple):
    """A code of the file as a product: its most common description, its last price, its decimals."""

    code: str
    name: str
    is_service: bool
    price: int
    decimals: int


class Opening(NamedTuple):
    """What must have been on the shelf before the first sale: the largest running shortfall, in millionths."""

    code: str
    quantity: int
    before: datetime


class Document(NamedTuple):
    """A charge, or a return: lines of one invoice, at most 500 of them."""

    id: UUID
    is_return: bool
    invoice: str
    lines: Sequence[Line]

    @property
    def happened_at(self) -> datetime:
        """The time of its first line."""
        return self.lines[0].happened_at

    @property
    def customer(self) -> str:
        """The number of the customer whom a line of it names first; empty for nobody."""
        return next((line.customer for line in self.lines if line.customer), "")


@dataclass
class Plan:
    """All of a file: what it adds up to, its products, its opening stock and its documents in time order."""

    tally: Tally
    products: list[Product]
    openings: list[Opening]
    charges: list[Document]
    returns: list[Document]
    customers: list[Customer]


def make_plan(lines: Iterable[Line], rules: Rules, site: str) -> Plan:
    """The plan of a file; the same file and site give the same ids for ever."""
    tally, catalog, invoices = Tally(), _Catalog(rules), defaultdict[str, list[Line]](list)
    for line in lines:
        tally.add(line)
        catalog.add(line)
        invoices[line.invoice].append(line)
    documents = sorted(_documents(invoices, site), key=lambda one: one.happened_at)
    charges = [document for document in documents if not document.is_return]
    returns = [document for document in documents if document.is_return]
    return Plan(tally, catalog.products(), _openings(documents), charges, returns, _customers(documents))


def _customers(documents: Iterable[Document]) -> list[Customer]:
    found: dict[str, Customer] = {}
    for document in documents:
        if document.customer:
            found.setdefault(document.customer, Customer(document.customer, document.lines[0].at))
    return list(found.values())


class _Catalog:
    """What the lines say about their codes."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._names: dict[str, Counter[str]] = defaultdict(Counter)
        self._prices: dict[str, int] = {}
        self._decimals: dict[str, int] = {}

    def add(self, line: Line) -> None:
        self._names[line.code][line.description] += 1
        if line.price > 0:
            self._prices[line.code] = line.price
        if line.quantity % 1_000_000:
            self._decimals[line.code] = max(self._decimals.get(line.code, 0), _decimals(line.quantity))

    def products(self) -> list[Product]:
        return [
            Product(
                code,
                next((name for name, _ in names.most_common() if name), code)[:200],
                self._rules.is_service(code),
                self._prices.get(code, 0),
                self._decimals.get(code, 0),
            )
            for code, names in self._names.items()
        ]


def _decimals(quantity: int) -> int:
    return len(format_quantity(quantity, 6).partition(".")[2])


def _documents(invoices: "dict[str, list[Line]]", site: str) -> Iterator[Document]:
    for invoice, lines in invoices.items():
        back = [line for line in lines if line.kind in COMES_BACK]
        kept = [line for line in lines if line.kind not in COMES_BACK]
        yield from _parts(invoice, kept, site, is_return=False)
        yield from _parts(invoice, back, site, is_return=True)


def _parts(invoice: str, lines: Sequence[Line], site: str, *, is_return: bool) -> Iterator[Document]:
    for part, start in enumerate(range(0, len(lines), DOCUMENT_LINES_MAX)):
        kind = "return" if is_return else "charge"
        ident = named_id("import-sales", site, kind, invoice, part)
        yield Document(ident, is_return, invoice, lines[start : start + DOCUMENT_LINES_MAX])


def goods(line: Line) -> int:
    """What a line does to the shelf, in millionths: below zero it leaves, above it comes back, 0 for money."""
    if line.kind == RETURNED:
        return -line.quantity
    if line.kind == WRITTEN_OFF:
        return line.quantity
    return -line.quantity if line.kind.startswith(("sold", "given")) else 0


def _openings(documents: Sequence[Document]) -> list[Opening]:
    balance, lowest, first = Counter[str](), Counter[str](), dict[str, datetime]()
    for document in documents:
        for line in document.lines:
            change = goods(line)
            if not change:
                continue
            balance[line.code] += change
            first.setdefault(line.code, document.happened_at)
            lowest[line.code] = min(lowest[line.code], balance[line.code])
    before = timedelta(days=1)
    return [Opening(code, -low, first[code] - before) for code, low in lowest.items() if low < 0]


class Ids(NamedTuple):
    """Ids by what the file calls them: products by code, members by the customer's number."""

    products: Mapping[str, str]
    members: Mapping[str, str]


def charge_body(document: Document, site: str, ids: Ids) -> dict[str, Any]:
    """A charge as the sales service takes it; times in UTC."""
    body = {
        "charge_id": str(document.id),
        "site": site,
        "happened_at": document.happened_at.isoformat(),
        "source": "import",
        "lines": [_charge_line(line, ids.products) for line in document.lines],
    }
    return _for_member(body, document, ids)


def _for_member(body: dict[str, Any], document: Document, ids: Ids) -> dict[str, Any]:
    """Name the member, where one is known: a document without one says nothing of members."""
    member = ids.members.get(document.customer)
    if member is not None:
        body["member_id"] = member
    return body


def _charge_line(line: Line, ids: Mapping[str, str]) -> dict[str, Any]:
    body = {
        "product_id": ids[line.code],
        "quantity": format_quantity(line.quantity, 6),
        "unit_price": price_text(line.price),
    }
    if line.kind == WRITTEN_OFF:
        body["effect"] = "adjustment"
    elif line.kind == CORRECTED:
        body["effect"] = "none"
    return body


def return_body(document: Document, site: str, ids: Ids) -> dict[str, Any]:
    """A return without its charge as the sales service takes it: goods go to an own lot at last cost."""
    body: dict[str, Any] = {
        "return_id": str(document.id),
        "site": site,
        "happened_at": document.happened_at.isoformat(),
        "source": "import",
        "reason": f"return {document.invoice}"[:200],
        "lines": [
            {
                "product_id": ids.products[line.code],
                "quantity": format_quantity(-line.quantity, 6),
                "unit_price": price_text(line.price),
                "moves_stock": line.kind == RETURNED,
            }
            for line in document.lines
        ],
    }
    return _for_member(body, document, ids)
