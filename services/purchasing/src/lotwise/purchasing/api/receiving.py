"""HTTP of receiving: a delivery confirmed, in full or in part, with its lots."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from lotwise.contracts.fields import Day, Flag, Instant, Note, PositiveQuantity, PriceText, Whole
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.paging import Page
from lotwise.kit.web import Router
from lotwise.purchasing.api.shapes import LotNumber, OrderOut, Shape, exponent, happened, order_out
from lotwise.purchasing.domain.refusals import MoveRefused, OverDelivery
from lotwise.purchasing.operations import orders, receiving
from lotwise.purchasing.operations.receiving import Arrival, WantedDelivery
from lotwise.purchasing.repository import definitions, receipts
from lotwise.purchasing.repository import orders as order_rows
from lotwise.purchasing.repository.receipts import KeptReceipt
from lotwise.values import Unknown, format_quantity, price_text

router = Router(tags=["receiving"])


class DeliveredLine(Shape):
    """A lot of an order line that came, and the storage area it was put into; several of one line are several rows."""

    line: Annotated[Whole, Field(ge=1, le=100_000)]
    quantity: PositiveQuantity
    unit_cost: PriceText | None = None
    lot_number: LotNumber = ""
    expires_on: Day | None = None
    area: Annotated[Note, StringConstraints(max_length=40)] = ""


class Receiving(Shape):
    """A delivery: what came of which lines; a line that is not named did not come."""

    lines: Annotated[list[DeliveredLine], Field(min_length=1, max_length=2000)]
    confirm_over: Flag = False
    note: Note = ""
    happened_at: Instant | None = None


class ReceivedOut(BaseModel):
    """The receipt's id and the order after it."""

    receipt_id: UUID
    order: OrderOut


class ReceiptLineOut(BaseModel):
    """A lot as it was confirmed."""

    receipt_id: UUID
    happened_at: datetime
    actor: str
    note: str
    line: int
    order_line: int
    product_id: UUID
    quantity: str
    unit_cost: str
    lot_number: str
    expires_on: date | None
    area: str


@router.post("/orders/{order_id}:receive", permission="order.receive", refusals=(Unknown, MoveRefused, OverDelivery))
async def receive_order(cmd: Cmd, order_id: UUID, body: Receiving) -> Answer[ReceivedOut]:
    """Confirm a delivery: a short one leaves the rest pending, a larger one needs confirm_over."""
    lines = [WantedDelivery(**line.model_dump()) for line in body.lines]
    at = happened(cmd, body.happened_at)
    arrival = Arrival(lines, at, cmd.who.actor, body.note, body.confirm_over)
    async with cmd.transaction() as tx:
        cmd.who.at("order.receive", (await orders.load(tx, order_id)).site)
        seen, receipt_id = await receiving.receive(tx, order_id, arrival, exponent(cmd.runtime))
        answer = ReceivedOut(receipt_id=receipt_id, order=order_out(seen, cmd.runtime))
        return await cmd.answer(
            tx, answer, site=seen.order.site, details={"number": seen.order.number}, revision=seen.order.revision
        )


@router.get("/orders/{order_id}/receipts", permission="purchasing.read", refusals=(Unknown,))
async def list_receipts(read: Read, order_id: UUID) -> Page[ReceiptLineOut]:
    """All lots that came of an order, oldest first."""
    async with read.connection() as tx:
        order = (await order_rows.by_ids(tx, [order_id])).get(order_id)
        if order is None:
            raise Unknown(f"There is no order {order_id}.")
        read.who.at("purchasing.read", order.site)
        found = await receipts.of_order(tx, order_id)
        products = await definitions.products(tx, [row.product_id for row in found])
    return Page(rows=[_out(row, products[row.product_id].unit_decimals) for row in found])


def _out(row: KeptReceipt, decimals: int) -> ReceiptLineOut:
    return ReceiptLineOut(
        receipt_id=row.receipt_id,
        happened_at=row.happened_at,
        actor=row.actor,
        note=row.note,
        line=row.line,
        order_line=row.order_line,
        product_id=row.product_id,
        quantity=format_quantity(row.quantity, decimals),
        unit_cost=price_text(row.unit_cost),
        lot_number=row.lot_number,
        expires_on=row.expires_on,
        area=row.area,
    )
