"""The only home of the shapes that several of purchasing's endpoints share."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from lotwise.contracts.fields import Note
from lotwise.kit.commands import Command
from lotwise.kit.service import Runtime
from lotwise.purchasing.domain.orders import Order, line_total
from lotwise.purchasing.operations.orders import Seen
from lotwise.values import BadValue, currency_exponent, format_quantity, price_text

Word = Annotated[Note, StringConstraints(max_length=200)]
LotNumber = Annotated[Note, StringConstraints(max_length=60)]
_SKEW = timedelta(minutes=5)


class Shape(BaseModel):
    """A body that refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid")


class LineOut(BaseModel):
    """A line of an order: what was ordered and what came of it; the supplier's own code is printed on the order."""

    line: int
    product_id: UUID
    code: str
    name: str
    supplier_code: str
    quantity: str
    received: str
    outstanding: str
    unit: str
    unit_cost: str
    total_minor: int
    pack_name: str
    pack_units: str
    is_whole_packs: bool


class OrderOut(BaseModel):
    """An order as it stands, with its total and the supplier's minimum."""

    order_id: UUID
    number: str
    supplier_id: UUID
    supplier_name: str
    supplier_number: int
    site: str
    status: str
    origin: str
    created_at: datetime
    expected_on: date | None
    due_on: date | None
    sent_at: datetime | None
    closed_at: datetime | None
    note: str
    lines: list[LineOut]
    total_minor: int
    currency: str
    supplier_minimum_minor: int | None
    is_under_minimum: bool
    revision: int


def exponent(runtime: Runtime) -> int:
    """The decimals of the chain's currency."""
    return currency_exponent(runtime.settings.currency)


def order_out(seen: Seen, runtime: Runtime) -> OrderOut:
    """An order for the outside: quantities and costs as decimal strings, money in minor units."""
    order, supplier = seen.order, seen.supplier
    minimum = supplier.minimum_order_minor
    return OrderOut(
        order_id=order.id,
        number=order.number,
        supplier_id=order.supplier_id,
        supplier_name=supplier.name,
        supplier_number=supplier.number,
        site=order.site,
        status=order.status,
        origin=order.origin,
        created_at=order.created_at,
        expected_on=order.expected_on,
        due_on=order.due_on,
        sent_at=order.sent_at,
        closed_at=order.closed_at,
        note=order.note,
        lines=_lines(order, seen, exponent(runtime)),
        total_minor=seen.total_minor,
        currency=runtime.settings.currency,
        supplier_minimum_minor=minimum,
        is_under_minimum=minimum is not None and seen.total_minor < minimum,
        revision=order.revision,
    )


def _lines(order: Order, seen: Seen, places: int) -> list[LineOut]:
    lines: list[LineOut] = []
    for line in order.lines:
        product, offer = seen.products[line.product_id], seen.offers.get(line.product_id)
        decimals = product.unit_decimals
        pack = offer.pack_units if offer else 10**decimals
        lines.append(
            LineOut(
                line=line.line,
                product_id=product.id,
                code=product.code,
                name=product.name,
                supplier_code=(offer.supplier_code if offer else "") or product.supplier_code,
                quantity=format_quantity(line.quantity, decimals),
                received=format_quantity(line.received, decimals),
                outstanding=format_quantity(line.outstanding, decimals),
                unit=product.unit,
                unit_cost=price_text(line.unit_cost),
                total_minor=line_total(line, decimals, places),
                pack_name=offer.pack_name if offer else "",
                pack_units=format_quantity(pack, decimals),
                is_whole_packs=line.quantity % pack == 0,
            )
        )
    return lines


def happened(cmd: Command, at: datetime | None) -> datetime:
    """When a deed happened: now, or an earlier instant for those who may back-date. Raises Forbidden, BadValue."""
    now = datetime.now(UTC)
    if at is None:
        return now
    if at > now + _SKEW:
        raise BadValue("This has not happened yet.", field="happened_at")
    if at < now - _SKEW:
        cmd.who.at("stock.backdate")
    return at
