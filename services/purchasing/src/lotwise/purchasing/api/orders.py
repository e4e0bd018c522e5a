"""HTTP of orders: draft, preview, edit, send, confirm, cancel, close."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field, StringConstraints

from lotwise.contracts.fields import Day, Id, Instant, Note, PositiveQuantity, PriceText, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Command, Read, dump, visible
from lotwise.kit.database import Tx
from lotwise.kit.etag import IfMatch, etag
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.purchasing.api.shapes import OrderOut, Shape, exponent, happened, order_out
from lotwise.purchasing.domain.refusals import (
    CentrallySupplied,
    MoveRefused,
    NotADraft,
    NotForOrdering,
    NothingOrdered,
    SupplierArchived,
    TooManyLines,
)
from lotwise.purchasing.operations import orders
from lotwise.purchasing.operations.orders import Seen, WantedLine, WantedOrder
from lotwise.purchasing.repository import orders as rows
from lotwise.purchasing.repository.orders import Filter
from lotwise.values import Unknown

router = Router(tags=["orders"])
Status = Literal["draft", "sent", "pending", "received", "cancelled"]
OrderNumber = Annotated[Note, StringConstraints(max_length=20), Query()]
_DRAFTING = (Unknown, CentrallySupplied, NotForOrdering, SupplierArchived)


class LineFields(Shape):
    """A line somebody asks for, in the product's unit; without a cost the supplier's counts, else the product's."""

    product_id: Id
    quantity: PositiveQuantity
    unit_cost: PriceText | None = None


class OrderFields(Shape):
    """An order to one supplier for one site."""

    supplier_id: Id
    site: Slug
    lines: Annotated[list[LineFields], Field(max_length=1000)]
    expected_on: Day | None = None
    note: Note = ""

    def wanted(self) -> WantedOrder:
        """The domain's words for it."""
        lines = [WantedLine(line.product_id, line.quantity, line.unit_cost) for line in self.lines]
        return WantedOrder(self.supplier_id, self.site, lines, self.expected_on, self.note)


class OrderNew(OrderFields):
    """A new draft; `order_id` may be made by the writer."""

    order_id: Id | None = None


class Deed(Shape):
    """A deed at an earlier instant, for those who may back-date."""

    happened_at: Instant | None = None


class Cancelling(Deed):
    """Why an order is given up."""

    reason: Annotated[Note, StringConstraints(max_length=200)] = ""


@router.get("/orders", permission="purchasing.read")
async def list_orders(
    read: Read,
    site: Slug | None = None,
    status: Status | None = None,
    supplier: UUID | None = None,
    product: UUID | None = None,
    number: OrderNumber = "",
    after: After = None,
    limit: Limit = 50,
) -> Page[OrderOut]:
    """Orders of the sites one may see, newest first."""
    sites = visible(read.who, "purchasing.read", site)
    key = cursor_decode(after, int)
    async with read.connection() as tx:
        wanted = Filter(sites, status, supplier, product, number.strip() or None)
        found = await rows.listing(tx, wanted, key[0] if key else None, limit + 1)
        seen = await orders.see(tx, [order for _, order in found[:limit]], exponent(read.runtime))
    page = [order_out(one, read.runtime) for one in seen]
    return Page(rows=page, next=cursor_encode(found[limit - 1][0]) if len(found) > limit else None)


@router.post("/orders", permission="order.write", status_code=201, refusals=_DRAFTING)
async def create_order(cmd: Cmd, body: OrderNew) -> Answer[OrderOut]:
    """Draft an order by hand."""
    async with cmd.transaction() as tx:
        seen = await orders.create(tx, body.order_id, body.wanted(), datetime.now(UTC), exponent(cmd.runtime))
        return await _answer(cmd, tx, seen, 201)


@router.post("/orders:preview", permission="order.write", refusals=_DRAFTING)
async def preview_order(cmd: Cmd, body: OrderFields) -> OrderOut:
    """The order with its total as it would be drafted; nothing is stored (PUR-01)."""
    async with cmd.runtime.db.reading() as tx:
        seen = await orders.compose(tx, uuid7(), body.wanted(), datetime.now(UTC), exponent(cmd.runtime))
    return order_out(seen, cmd.runtime)


@router.get("/orders/{order_id}", permission="purchasing.read", refusals=(Unknown,))
async def get_order(read: Read, order_id: UUID) -> Answer[OrderOut]:
    """One order."""
    async with read.connection() as tx:
        found = await rows.by_ids(tx, [order_id])
        seen = await orders.see(tx, list(found.values()), exponent(read.runtime))
    if not seen:
        raise Unknown(f"There is no order {order_id}.")
    read.who.at("purchasing.read", seen[0].order.site)
    return Answer(dump(order_out(seen[0], read.runtime)), headers={"ETag": etag(seen[0].order.revision)})


@router.put("/orders/{order_id}", permission="order.write", refusals=(*_DRAFTING, NotADraft))
async def edit_order(cmd: Cmd, order_id: UUID, body: OrderFields, expected: IfMatch) -> Answer[OrderOut]:
    """Replace the lines of a draft."""
    async with cmd.transaction() as tx:
        cmd.who.at("order.write", (await orders.load(tx, order_id)).site)
        at = datetime.now(UTC)
        seen = await orders.edit(tx, order_id, body.wanted(), expected, at, exponent(cmd.runtime))
        return await _answer(cmd, tx, seen)


@router.post(
    "/orders/{order_id}:send",
    permission="order.send",
    refusals=(Unknown, MoveRefused, NothingOrdered, TooManyLines, SupplierArchived),
)
async def send_order(cmd: Cmd, order_id: UUID, body: Deed | None = None) -> Answer[OrderOut]:
    """Send a draft to its supplier."""
    at = happened(cmd, body.happened_at if body else None)
    return await _deed(cmd, order_id, "order.send", lambda tx: orders.send(tx, order_id, at, exponent(cmd.runtime)))


@router.post("/orders/{order_id}:confirm", permission="order.send", refusals=(Unknown, MoveRefused))
async def confirm_order(cmd: Cmd, order_id: UUID) -> Answer[OrderOut]:
    """Note that the supplier confirmed: the order is pending."""
    return await _deed(cmd, order_id, "order.send", lambda tx: orders.confirm(tx, order_id, exponent(cmd.runtime)))


@router.post("/orders/{order_id}:cancel", permission="order.write", refusals=(Unknown, MoveRefused))
async def cancel_order(cmd: Cmd, order_id: UUID, body: Cancelling | None = None) -> Answer[OrderOut]:
    """Give an order up; what was received of it stays received."""
    at = happened(cmd, body.happened_at if body else None)
    reason = body.reason if body else ""
    places = exponent(cmd.runtime)
    return await _deed(
        cmd,
        order_id,
        "order.write",
        lambda tx: orders.cancel(tx, order_id, reason, at, places),
        reason=reason,
        uncovers=True,
    )


@router.post("/orders/{order_id}:close", permission="order.receive", refusals=(Unknown, MoveRefused))
async def close_order(cmd: Cmd, order_id: UUID, body: Deed | None = None) -> Answer[OrderOut]:
    """Accept a short delivery as all there will be."""
    at = happened(cmd, body.happened_at if body else None)
    places = exponent(cmd.runtime)
    return await _deed(cmd, order_id, "order.receive", lambda tx: orders.close(tx, order_id, cmd.who.actor, at, places))


async def _deed(
    cmd: Command,
    order_id: UUID,
    permission: str,
    deed: Callable[[Tx], Awaitable[Seen]],
    *,
    reason: str | None = None,
    uncovers: bool = False,
) -> Answer[OrderOut]:
    async with cmd.transaction() as tx:
        cmd.who.at(permission, (await orders.load(tx, order_id, uncovers=uncovers)).site)
        return await _answer(cmd, tx, await deed(tx), reason=reason)


async def _answer(
    cmd: Command, tx: Tx, seen: Seen, status_code: int = 200, reason: str | None = None
) -> Answer[OrderOut]:
    order = seen.order
    details = {"number": order.number, "status": order.status, "total_minor": seen.total_minor}
    return await cmd.answer(
        tx,
        order_out(seen, cmd.runtime),
        status_code,
        site=order.site,
        target=order.id,
        details=details,
        reason=reason or None,
        revision=order.revision,
    )
