"""Use cases of orders: draft, edit, send, confirm, cancel, close."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.kit.etag import Expected
from lotwise.kit.outbox import tell
from lotwise.purchasing.domain import orders
from lotwise.purchasing.domain.orders import (
    CANCELLED,
    DRAFT,
    LINES_MAX,
    PENDING,
    RECEIVED,
    SENT,
    Line,
    Order,
    check_move,
)
from lotwise.purchasing.domain.products import Offer, Product, must_be_orderable
from lotwise.purchasing.domain.refusals import (
    CentrallySupplied,
    MoveRefused,
    NotADraft,
    NothingOrdered,
    SupplierArchived,
    TooManyLines,
)
from lotwise.purchasing.domain.suppliers import Supplier
from lotwise.purchasing.operations import shortages, suppliers, telling
from lotwise.purchasing.repository import definitions, locking, offers
from lotwise.purchasing.repository import orders as rows
from lotwise.purchasing.repository import shortages as shortage_rows
from lotwise.purchasing.repository import suppliers as supplier_rows
from lotwise.purchasing.repository.resupply import sources
from lotwise.values import BIGINT_MAX, BadValue, Unknown, parse_price, parse_quantity


@dataclass(frozen=True, slots=True)
class WantedLine:
    """A line somebody asks for, as decimal strings; without a cost the offer's counts, else the product's."""

    product_id: UUID
    quantity: str
    unit_cost: str | None = None


@dataclass(frozen=True, slots=True)
class WantedOrder:
    """An order somebody asks for."""

    supplier_id: UUID
    site: str
    lines: Sequence[WantedLine]
    expected_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """An order with what is shown beside it."""

    order: Order
    supplier: Supplier
    products: Mapping[UUID, Product]
    offers: Mapping[UUID, Offer]
    total_minor: int


async def load(tx: Tx, order_id: UUID, *, uncovers: bool = False) -> Order:
    """The order, locked; `uncovers` for a deed after which shortages may be answered again. Raises Unknown."""
    if uncovers:
        await locking.shortages(tx)
    await locking.orders(tx, [order_id])
    order = (await rows.by_ids(tx, [order_id])).get(order_id)
    if order is None:
        raise Unknown(f"There is no order {order_id}.")
    return order


async def see(tx: Tx, found: Sequence[Order], exponent: int) -> list[Seen]:
    """Orders with their suppliers, products, offers and totals, read together."""
    products = await definitions.products(tx, sorted({line.product_id for order in found for line in order.lines}))
    known = await supplier_rows.by_ids(tx, sorted({order.supplier_id for order in found}))
    offered = {
        supplier_id: await offers.of_supplier(tx, supplier_id, list(products)) for supplier_id in known if products
    }
    return [
        Seen(
            order,
            known[order.supplier_id],
            products,
            offered.get(order.supplier_id, {}),
            total(order.lines, products, exponent),
        )
        for order in found
    ]


def total(lines: Sequence[Line], products: Mapping[UUID, Product], exponent: int) -> int:
    """What lines cost together, in minor units. Raises BadValue when that is more than any money."""
    try:
        sums = [orders.line_total(line, products[line.product_id].unit_decimals, exponent) for line in lines]
    except ValueError as problem:
        raise BadValue(str(problem), field="lines") from None
    if sum(sums) > BIGINT_MAX:
        raise BadValue("The total is too large.", field="lines")
    return sum(sums)


async def compose(tx: Tx, order_id: UUID, wanted: WantedOrder, at: datetime, exponent: int) -> Seen:
    """The order that a request would make, with its total, stored nowhere (PUR-01).

    Raises Unknown, SupplierArchived, NotForOrdering, CentrallySupplied, BadValue.
    """
    supplier = await suppliers.load(tx, wanted.supplier_id)
    if supplier.is_archived:
        raise SupplierArchived(f"{supplier.name} is archived.", field="supplier_id")
    if not await definitions.known_sites(tx, [wanted.site]):
        raise Unknown(f"There is no site {wanted.site[:40]}.", field="site")
    ids = [line.product_id for line in wanted.lines]
    products = await definitions.products(tx, ids)
    await _must_order_itself(tx, wanted.site, products)
    offered = await offers.of_supplier(tx, wanted.supplier_id, ids)
    lines = tuple(
        _line(number, line, products, offered.get(line.product_id)) for number, line in enumerate(wanted.lines, 1)
    )
    if len(set(ids)) != len(ids):
        raise BadValue("A product stands twice on the order; put it on one line.", field="lines")
    order = Order(
        order_id, "", supplier.id, wanted.site, DRAFT, "person", at, wanted.expected_on, wanted.note, lines=lines
    )
    return Seen(order, supplier, products, offered, total(lines, products, exponent))


async def _must_order_itself(tx: Tx, site: str, products: Mapping[UUID, Product]) -> None:
    """Pass when the site orders all of these for itself. Raises CentrallySupplied with who supplies it (STK-32)."""
    found = await sources(tx, site, products)
    if found:
        product_id, source = min(found.items(), key=lambda row: products[row[0]].code)
        product = products[product_id]
        raise CentrallySupplied(
            f"{product.name} comes to {site} from {source}: {site} does not order it",
            field="lines",
            product_id=str(product_id),
            site=site,
            from_site=source,
            ways_out=(
                f"order it for {source}",
                f"request a transfer from {source}",
                "let the site order for itself on its stock page",
            ),
        )


def _line(number: int, wanted: WantedLine, products: Mapping[UUID, Product], offer: Offer | None) -> Line:
    product = products.get(wanted.product_id)
    if product is None:
        raise Unknown(f"There is no product {wanted.product_id}.", field="lines")
    must_be_orderable(product)
    default = offer.cost if offer and offer.cost is not None else product.cost or 0
    cost = default if wanted.unit_cost is None else cost_of(wanted.unit_cost)
    return Line(number, product.id, quantity_of(wanted.quantity, product), cost, is_touched=True)


def quantity_of(text: str, product: Product) -> int:
    """A quantity above nothing in smallest units. Raises BadValue."""
    try:
        quantity = parse_quantity(text, product.unit_decimals)
    except ValueError as problem:
        raise BadValue(str(problem), field="lines") from None
    if quantity <= 0:
        raise BadValue(f"The quantity of {product.code} must be above zero.", field="lines")
    return quantity


def cost_of(text: str) -> int:
    """A unit cost in micros, not below zero. Raises BadValue."""
    try:
        cost = parse_price(text)
    except ValueError as problem:
        raise BadValue(str(problem), field="lines") from None
    if not 0 <= cost <= BIGINT_MAX:
        raise BadValue("A cost cannot be below zero, nor larger than any price.", field="lines")
    return cost


async def create(tx: Tx, order_id: UUID | None, wanted: WantedOrder, at: datetime, exponent: int) -> Seen:
    """Draft an order by hand. Raises as compose."""
    seen = await compose(tx, order_id or uuid7(), wanted, at, exponent)
    seq = await rows.next_number(tx)
    order = replace(seen.order, number=orders.number_text(seq))
    await rows.insert(tx, order, seq)
    await rows.store_lines(tx, order.id, order.lines)
    await tell(tx, telling.drafted(order, order.lines, seen.products, seen.total_minor, at))
    return replace(seen, order=order)


async def edit(tx: Tx, order_id: UUID, wanted: WantedOrder, expected: Expected, at: datetime, exponent: int) -> Seen:
    """Change a draft: its lines become those given, and what differs counts as touched by a person.

    Raises Unknown, NotADraft, Stale, and as compose.
    """
    was = await load(tx, order_id)
    if was.status != DRAFT:
        raise NotADraft(f"{was.number} is {was.status}; only a draft can be edited.", status_now=was.status)
    expected.check(was.revision)
    if wanted.supplier_id != was.supplier_id or wanted.site != was.site:
        raise BadValue("An order keeps its supplier and its site; cancel it and draft another.", field="supplier_id")
    seen = await compose(tx, order_id, wanted, at, exponent)
    lines = orders.edited(was, seen.order.lines)
    now = replace(was, lines=lines, expected_on=wanted.expected_on, note=wanted.note)
    if now == was:
        return replace(seen, order=was)
    now = replace(now, revision=was.revision + 1)
    staying = {line.line for line in lines}
    await rows.delete_lines(tx, order_id, [line.line for line in was.lines if line.line not in staying])
    await rows.store_lines(tx, order_id, lines)
    await rows.store(tx, now)
    changed = orders.changed_lines(was.lines, lines)
    products = await definitions.products(tx, [line.product_id for line in (*was.lines, *lines)])
    await tell(tx, telling.drafted(now, changed, products, seen.total_minor, at))
    return replace(seen, order=now)


async def send(tx: Tx, order_id: UUID, at: datetime, exponent: int) -> Seen:
    """Send a draft: due after the supplier's delivery time, unless a day is asked for.

    Raises Unknown, MoveRefused, NothingOrdered, TooManyLines, SupplierArchived.
    """
    was = await load(tx, order_id)
    check_move(was, SENT)
    (seen,) = await see(tx, [was], exponent)
    if not was.lines:
        raise NothingOrdered(f"{was.number} has no lines.", ways_out=("add lines", "cancel it"))
    if len(was.lines) > LINES_MAX:
        raise TooManyLines(
            f"{was.number} has {len(was.lines)} lines; an order has at most {LINES_MAX}.",
            ways_out=("take lines off and order them separately",),
            lines=len(was.lines),
        )
    if seen.supplier.is_archived:
        raise SupplierArchived(f"{seen.supplier.name} is archived.")
    days = seen.supplier.lead_time_days
    due_on = was.expected_on or (None if days is None else at.date() + timedelta(days=days))
    now = replace(was, status=SENT, sent_at=at, due_on=due_on, revision=was.revision + 1)
    await rows.store(tx, now)
    await tell(tx, telling.sent(now, seen.products, seen.total_minor, at, await _shortages(tx, order_id)))
    return replace(seen, order=now)


async def confirm(tx: Tx, order_id: UUID, exponent: int) -> Seen:
    """The supplier confirmed: Sent becomes Pending. Raises Unknown, MoveRefused."""
    was = await load(tx, order_id)
    if was.status == PENDING:
        return (await see(tx, [was], exponent))[0]
    check_move(was, PENDING)
    now = replace(was, status=PENDING, revision=was.revision + 1)
    await rows.store(tx, now)
    return (await see(tx, [now], exponent))[0]


async def cancel(tx: Tx, order_id: UUID, reason: str, at: datetime, exponent: int) -> Seen:
    """Give an order up; what was received of it stays received, and what it covered is ordered anew.

    The shortages that this very order answered are not: a person gave them up. Raises Unknown, MoveRefused.
    """
    was = await load(tx, order_id, uncovers=True)
    check_move(was, CANCELLED)
    now = replace(was, status=CANCELLED, closed_at=at, revision=was.revision + 1)
    await rows.store(tx, now)
    await tell(tx, telling.cancelled(now, reason, at, await _shortages(tx, order_id)))
    await _uncover(tx, now, exponent)
    return (await see(tx, [now], exponent))[0]


async def close(tx: Tx, order_id: UUID, actor: str, at: datetime, exponent: int) -> Seen:
    """Accept a short delivery as all there will be: Pending becomes Received, told as a receipt without lines.

    Raises Unknown, MoveRefused.
    """
    was = await load(tx, order_id, uncovers=True)
    check_move(was, RECEIVED, said="closed")
    if was.status == SENT:
        raise MoveRefused(f"{was.number} is sent and nothing came of it; cancel it instead.", status_now=SENT)
    now = replace(was, status=RECEIVED, closed_at=at, revision=was.revision + 1)
    await rows.store(tx, now)
    await tell(tx, telling.received(now, uuid7(), [], {}, at, actor))
    await _uncover(tx, now, exponent)
    return (await see(tx, [now], exponent))[0]


async def _uncover(tx: Tx, order: Order, exponent: int) -> None:
    products = [line.product_id for line in order.lines]
    await shortages.answer_again(tx, await shortage_rows.covered(tx, order.site, products), exponent)


async def _shortages(tx: Tx, order_id: UUID) -> list[UUID]:
    return [row.id for row in (await shortage_rows.of_orders(tx, [order_id]))[order_id]]
