"""The only home of an order's life: its states and moves, its lines, its total, and what a delivery does to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from lotwise.purchasing.domain.refusals import MoveRefused, OverDelivery
from lotwise.values import Unknown, amount

DRAFT, SENT, PENDING, RECEIVED, CANCELLED = "draft", "sent", "pending", "received", "cancelled"
MOVES = {
    DRAFT: frozenset({SENT, CANCELLED}),
    SENT: frozenset({PENDING, RECEIVED, CANCELLED}),
    PENDING: frozenset({PENDING, RECEIVED, CANCELLED}),
    RECEIVED: frozenset[str](),
    CANCELLED: frozenset[str](),
}
OPEN = (DRAFT, SENT, PENDING)
LINES_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Line:
    """A product on an order: quantities in smallest units, cost in micros per unit."""

    line: int
    product_id: UUID
    quantity: int
    unit_cost: int
    received: int = 0
    is_touched: bool = False

    @property
    def outstanding(self) -> int:
        """What is still to come; nothing after an over-delivery."""
        return max(0, self.quantity - self.received)


@dataclass(frozen=True, slots=True)
class Order:
    """An order to one supplier for one site; `origin` says whether a person or a shortage began it."""

    id: UUID
    number: str
    supplier_id: UUID
    site: str
    status: str
    origin: str
    created_at: datetime
    expected_on: date | None = None
    note: str = ""
    sent_at: datetime | None = None
    due_on: date | None = None
    closed_at: datetime | None = None
    revision: int = 1
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivered:
    """A quantity of a line that came, as one lot; cost in micros per unit."""

    line: int
    quantity: int
    unit_cost: int
    lot_number: str = ""
    expires_on: date | None = None
    area: str = ""


def check_move(order: Order, to: str, *, said: str | None = None) -> None:
    """Pass if the order may go there. Raises MoveRefused naming both states."""
    if to not in MOVES[order.status]:
        raise MoveRefused(
            f"{order.number} is {order.status}; it cannot be {said or to}.",
            status_now=order.status,
            wanted=to,
            ways_out=tuple(f"it may still become {state}" for state in sorted(MOVES[order.status])),
        )


def number_text(number: int) -> str:
    """The number people read: 123 is PO-000123."""
    return f"PO-{number:06}"


def line_total(line: Line, unit_decimals: int, exponent: int) -> int:
    """What a line costs, in minor units, half-up."""
    return amount(line.unit_cost, line.quantity, unit_decimals, exponent)


def deliver(order: Order, delivered: Sequence[Delivered], *, confirm_over: bool) -> Order:
    """The order after a delivery: Received when nothing is outstanding, else Pending (PUR-03, PUR-04).

    Raises MoveRefused unless it was sent, Unknown for a line it does not have, OverDelivery with the numbers unless
    confirmed.
    """
    check_move(order, RECEIVED)
    arrived: dict[int, int] = {}
    for one in delivered:
        arrived[one.line] = arrived.get(one.line, 0) + one.quantity
    known = {line.line for line in order.lines}
    for number in arrived:
        if number not in known:
            raise Unknown(f"{order.number} has no line {number}.", field="lines", line=number)
    lines = tuple(replace(line, received=line.received + arrived.get(line.line, 0)) for line in order.lines)
    if not confirm_over:
        _refuse_over(order, [line for line in lines if line.line in arrived])
    is_complete = all(line.outstanding == 0 for line in lines)
    return replace(order, lines=lines, status=RECEIVED if is_complete else PENDING)


def numbered(order: Order, delivered: Sequence[Delivered]) -> list[tuple[int, Delivered]]:
    """The lines of a receipt with numbers of their own: the order line's for its first lot, then further ones."""
    following = max((line.line for line in order.lines), default=0)
    seen: set[int] = set()
    rows: list[tuple[int, Delivered]] = []
    for one in delivered:
        if one.line in seen:
            following += 1
            rows.append((following, one))
        else:
            seen.add(one.line)
            rows.append((one.line, one))
    return rows


def _refuse_over(order: Order, lines: Sequence[Line]) -> None:
    over = [line for line in lines if line.received > line.quantity]
    if over:
        numbers = [{"line": row.line, "ordered": row.quantity, "received": row.received} for row in over]
        raise OverDelivery(
            f"{order.number}: more than ordered on {len(over)} line(s).",
            field="confirm_over",
            ways_out=("send confirm_over to take it all", "receive only what was ordered"),
            lines=numbers,
        )


def edited(order: Order, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines of a draft after a person's edit: same product, same line number; what differs is touched.

    `lines` carry number 0; new products get the next numbers.
    """
    standing = {line.product_id: line for line in order.lines}
    following = max((line.line for line in order.lines), default=0)
    kept: list[Line] = []
    for line in lines:
        was = standing.get(line.product_id)
        if was is None:
            following += 1
            kept.append(replace(line, line=following, is_touched=True))
        else:
            same = (was.quantity, was.unit_cost) == (line.quantity, line.unit_cost)
            kept.append(was if same else replace(line, line=was.line, is_touched=True))
    return tuple(sorted(kept, key=lambda line: line.line))


def changed_lines(was: Sequence[Line], now: Sequence[Line]) -> tuple[Line, ...]:
    """Lines that are new or differ, then lines that went, with quantity 0."""
    before = {line.product_id: line for line in was}
    staying = {line.product_id for line in now}
    differing = [line for line in now if _figures(before.get(line.product_id)) != _figures(line)]
    gone = [replace(line, quantity=0) for line in was if line.product_id not in staying]
    return (*differing, *gone)


def _figures(line: Line | None) -> tuple[int, int] | None:
    return None if line is None else (line.quantity, line.unit_cost)
