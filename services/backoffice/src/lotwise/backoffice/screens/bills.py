"""The only home of an open bill: it lives in the page's own form, and sales prices it at every change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import orjson

LINES_MAX = 200
QUANTITY_MAX = Decimal(1_000_000)
SAID = frozenset(
    {
        "treatment_id", "lot_id", "prescription", "minutes", "unit_price", "description", "discounts", "redeem",
        "seller", "performer", "free_reason", "gift_number", "serials", "parts",
    }
)  # fmt: skip
"""What may be said of a line beside its product and quantity, in the words of sales; sales checks each."""
IDS = frozenset({"treatment_id", "lot_id", "redeem"})
STOCKS = frozenset({"serials"})
"""What of it is stock's to hear: sales is not told."""

CART = frozenset({"discounts", "coupons"})
"""What may be said of the whole bill."""


@dataclass(frozen=True, slots=True)
class BillLine:
    """A product and how much of it; `said` is what else was said of it, `add_on_to` the key of its service's line."""

    key: str
    product_id: str
    quantity: Decimal
    said: Mapping[str, Any] = field(default_factory=dict)
    add_on_to: str = ""

    @property
    def text(self) -> str:
        """The line as the page keeps it."""
        kept: dict[str, Any] = {"k": self.key, "p": self.product_id, "q": _plain(self.quantity)}
        kept |= {"on": self.add_on_to} if self.add_on_to else {}
        kept |= {"said": dict(self.said)} if self.said else {}
        return orjson.dumps(kept).decode()

    @property
    def is_plain(self) -> bool:
        """Whether more of the product may simply be added to it."""
        return not self.said and not self.add_on_to

    def asked(self, places: Mapping[str, int]) -> dict[str, Any]:
        """The line in the words of sales; `places` are the numbers of the lines by their keys."""
        said = {name: value for name, value in self.said.items() if name not in STOCKS}
        body: dict[str, Any] = {"product_id": self.product_id, "quantity": _plain(self.quantity), **said}
        if self.add_on_to in places:
            body["add_on_to"] = places[self.add_on_to]
        return body


@dataclass(frozen=True, slots=True)
class Bill:
    """The lines in the order they came, which one is in hand (its key), and what was said of the whole."""

    lines: tuple[BillLine, ...] = ()
    current: str = ""
    cart: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cart_text(self) -> str:
        """What was said of the whole bill, as the page keeps it."""
        return orjson.dumps(dict(self.cart)).decode()

    def line(self, key: str) -> BillLine | None:
        """The line with this key."""
        return next((line for line in self.lines if line.key == key), None)

    def add(self, product_id: str, quantity: Decimal, *, add_on_to: str = "", **said: Any) -> "Bill":
        """More of a product; with anything said of it, or without a plain line of it, it goes to the end."""
        plain = next((line for line in self.lines if line.is_plain and line.product_id == product_id), None)
        if plain is not None and not said and not add_on_to:
            return self._with(replace(plain, quantity=plain.quantity + quantity))
        key = str(max((int(line.key) for line in self.lines), default=0) + 1)
        fresh = BillLine(key, product_id, quantity, _kept_words(said), add_on_to)
        return replace(self, lines=_kept([*self.lines, fresh]), current=key)

    def step(self, word: str, key: str) -> "Bill":
        """One more, one less, or none of a line ("more", "less", "drop"); its add-ons go with it."""
        held = self.line(key)
        if held is None:
            return self
        change = {"more": Decimal(1), "less": Decimal(-1), "drop": -held.quantity}.get(word, Decimal(0))
        bill = self._with(replace(held, quantity=held.quantity + change))
        if bill.line(key) is None:
            bill = replace(bill, lines=tuple(line for line in bill.lines if line.add_on_to != key))
        is_gone = bill.line(key) is None
        return replace(bill, current=bill.lines[-1].key if is_gone and bill.lines else key)

    def say(self, key: str, **words: Any) -> "Bill":
        """What a person said of a line; an empty word takes back what was said."""
        held = self.line(key)
        return self if held is None else self._with(replace(held, said=_kept_words({**held.said, **words})))

    def measure(self, key: str, quantity: Decimal) -> "Bill":
        """Another quantity of a line."""
        held = self.line(key)
        return self if held is None else self._with(replace(held, quantity=quantity))

    def of_cart(self, **words: Any) -> "Bill":
        """What a person said of the whole bill."""
        return replace(self, cart={n: v for n, v in {**self.cart, **words}.items() if n in CART and v})

    def asked(self) -> list[dict[str, Any]]:
        """The lines in the words of sales."""
        places = {line.key: number for number, line in enumerate(self.lines, 1)}
        return [line.asked(places) for line in self.lines]

    def _with(self, changed: BillLine) -> "Bill":
        lines = [changed if line.key == changed.key else line for line in self.lines]
        return replace(self, lines=_kept(lines), current=changed.key)


def read_bill(texts: Iterable[str], current: str = "", cart: str = "") -> Bill:
    """The bill out of the form's lines; what cannot be read is left out."""
    found = [line for line in map(_line, list(texts)[:LINES_MAX]) if line is not None]
    unique = tuple({line.key: line for line in found}.values())
    words = _object(cart)
    kept = {name: value for name, value in words.items() if name in CART and isinstance(value, list) and value}
    return Bill(unique, current or (unique[-1].key if unique else ""), kept)


def _line(text: str) -> BillLine | None:
    kept = _object(text)
    quantity, key = amount_of(str(kept.get("q", ""))), str(kept.get("k", ""))
    if quantity is None or not is_id(str(kept.get("p", ""))) or not (key.isascii() and key.isdigit() and len(key) < 6):
        return None
    said = kept.get("said")
    return BillLine(
        key, str(kept["p"]), quantity, _kept_words(said if isinstance(said, dict) else {}), str(kept.get("on", ""))
    )


def _kept_words(words: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in words.items()
        if name in SAID and value not in ("", None, [], {}) and (name not in IDS or is_id(str(value)))
    }


KEPT = frozenset({"line_of", "cart", "member_id", "charge_id"})
"""What of an open bill the browser keeps."""


def kept_fields(text: str) -> list[tuple[str, str]]:
    """What the browser had kept of a bill, as JSON: its fields with their values; what cannot be read is left out."""
    try:
        found = orjson.loads(text)
    except ValueError:
        return []
    rows = found if isinstance(found, list) else []
    return [
        (row[0], row[1])
        for row in rows
        if isinstance(row, list) and len(row) == 2 and row[0] in KEPT and isinstance(row[1], str)
    ]


def _object(text: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


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


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _kept(lines: Iterable[BillLine]) -> tuple[BillLine, ...]:
    return tuple(line for line in lines if 0 < line.quantity <= QUANTITY_MAX)
