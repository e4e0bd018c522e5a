"""The only home of an open bill: it lives in the page's own form, and sales prices it at every change."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import orjson

LINES_MAX = 200
QUANTITY_MAX = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class BillLine:
    """A product and how much of it."""

    product_id: str
    quantity: Decimal
    treatment_id: str = ""
    lot_id: str = ""
    prescriber: str = ""
    order_reference: str = ""

    @property
    def text(self) -> str:
        """The line as the page keeps it: product and quantity, then what else is known, in this order."""
        more = (self.treatment_id, self.lot_id, self.prescriber, self.order_reference)
        words = [self.product_id, f"{self.quantity.normalize():f}", *(word.replace("|", "/") for word in more)]
        return "|".join(words).rstrip("|")

    def asked(self) -> dict[str, Any]:
        """The line in the words of sales."""
        body: dict[str, Any] = {"product_id": self.product_id, "quantity": f"{self.quantity.normalize():f}"}
        body |= {name: value for name in ("treatment_id", "lot_id") if (value := getattr(self, name))}
        if self.prescriber and self.order_reference:
            body["prescription"] = {"prescriber": self.prescriber, "order_reference": self.order_reference}
        return body


@dataclass(frozen=True, slots=True)
class Bill:
    """The lines in the order they came, and which one is in hand."""

    lines: tuple[BillLine, ...] = ()
    current: str = ""
    unknown: tuple[str, ...] = field(default=())

    def add(self, product_id: str, quantity: Decimal) -> "Bill":
        """More of a product; a new one goes to the end and into the hand."""
        if any(line.product_id == product_id for line in self.lines):
            lines = [
                replace(line, quantity=line.quantity + quantity) if line.product_id == product_id else line
                for line in self.lines
            ]
        else:
            lines = [*self.lines, BillLine(product_id, quantity)]
        return replace(self, lines=_kept(lines), current=product_id)

    def step(self, word: str, product_id: str) -> "Bill":
        """One more, one less, or none of a line ("more", "less", "drop")."""
        held = next((line for line in self.lines if line.product_id == product_id), None)
        if held is None:
            return self
        change = {"more": Decimal(1), "less": Decimal(-1), "drop": -held.quantity}.get(word, Decimal(0))
        bill = self.add(product_id, change)
        is_gone = all(line.product_id != product_id for line in bill.lines)
        return replace(bill, current=bill.lines[-1].product_id if is_gone and bill.lines else product_id)

    def confirm(self, product_id: str, **known: Any) -> "Bill":
        """What a person said of a line: its lot (lot_id), or its prescriber and order_reference."""
        lines = [replace(line, **known) if line.product_id == product_id else line for line in self.lines]
        return replace(self, lines=tuple(lines), current=product_id)

    def asked(self) -> list[dict[str, Any]]:
        """The lines in the words of sales."""
        return [line.asked() for line in self.lines]


def read_bill(texts: Iterable[str], current: str = "") -> Bill:
    """The bill out of the form's lines ("product|quantity|…"); what cannot be read is left out."""
    found = []
    for text in list(texts)[:LINES_MAX]:
        product_id, quantity, treatment, lot, prescriber, order = (*text.split("|"), "", "", "", "", "", "")[:6]
        amount = amount_of(quantity)
        if amount is not None and is_id(product_id):
            treatment, lot = (word if is_id(word) else "" for word in (treatment, lot))
            found.append(BillLine(product_id, amount, treatment, lot, prescriber, order))
    return Bill(tuple(found), current or (found[-1].product_id if found else ""))


def kept_lines(text: str) -> list[str]:
    """The lines that the browser had kept, as JSON."""
    try:
        found = orjson.loads(text)
    except ValueError:
        return []
    return [line for line in found if isinstance(line, str)] if isinstance(found, list) else []


def amount_of(text: str) -> Decimal | None:
    """A typed quantity above zero, or None."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 < amount <= QUANTITY_MAX else None


def is_id(text: str) -> bool:
    """Whether a text is an id."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _kept(lines: Iterable[BillLine]) -> tuple[BillLine, ...]:
    return tuple(line for line in lines if 0 < line.quantity <= QUANTITY_MAX)
