"""The only home of purchasing's events: how suppliers, orders and receipts are said on the bus."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from lotwise.contracts import purchasing as said
from lotwise.purchasing.domain.orders import Delivered, Line, Order
from lotwise.purchasing.domain.products import Product
from lotwise.purchasing.domain.suppliers import Supplier
from lotwise.values import format_quantity, price_text

Products = Mapping[UUID, Product]


def supplier_defined(supplier: Supplier) -> said.SupplierDefined:
    """The supplier as it stands now."""
    return said.SupplierDefined(
        supplier_id=supplier.id,
        number=supplier.number,
        name=supplier.name,
        is_archived=supplier.is_archived,
        revision=supplier.revision,
    )


def contract_ending(supplier: Supplier, today: date, at: datetime) -> said.ContractEnding:
    """A contract that wants attention."""
    if supplier.contract_ends_on is None:
        raise LookupError("only a contract with an end ends")
    return said.ContractEnding(
        supplier_id=supplier.id,
        name=supplier.name,
        reference=supplier.contract_reference,
        happened_at=at,
        ends_on=supplier.contract_ends_on,
        days_left=(supplier.contract_ends_on - today).days,
    )


def contract_changed(supplier: Supplier, at: datetime) -> said.ContractChanged:
    """The contract as it stands now; without an end when the supplier was archived."""
    return said.ContractChanged(
        supplier_id=supplier.id,
        name=supplier.name,
        reference=supplier.contract_reference,
        happened_at=at,
        ends_on=None if supplier.is_archived else supplier.contract_ends_on,
    )


def _lines(lines: Sequence[Line], products: Products) -> tuple[said.OrderLine, ...]:
    return tuple(
        said.OrderLine(
            line=line.line,
            product_id=line.product_id,
            quantity=format_quantity(line.quantity, products[line.product_id].unit_decimals),
            unit_cost=price_text(line.unit_cost),
        )
        for line in lines
    )


def drafted(
    order: Order,
    lines: Sequence[Line],
    products: Products,
    total_minor: int,
    happened_at: datetime,
    shortages: Sequence[UUID] = (),
) -> said.PurchaseOrderDrafted:
    """A draft with the lines that are new or changed; quantity 0 says that a line was taken off."""
    return said.PurchaseOrderDrafted(
        site=order.site,
        order_id=order.id,
        number=order.number,
        supplier_id=order.supplier_id,
        happened_at=happened_at,
        origin=order.origin,
        shortage_ids=tuple(shortages),
        lines=_lines(lines, products),
        total_minor=total_minor,
    )


def sent(
    order: Order, products: Products, total_minor: int, happened_at: datetime, shortages: Sequence[UUID]
) -> said.PurchaseOrderSent:
    """An order with all its lines went to its supplier."""
    return said.PurchaseOrderSent(
        site=order.site,
        order_id=order.id,
        number=order.number,
        supplier_id=order.supplier_id,
        happened_at=happened_at,
        lines=_lines(order.lines, products),
        total_minor=total_minor,
        due_on=order.due_on,
        shortage_ids=tuple(shortages),
    )


def received(
    order: Order,
    receipt_id: UUID,
    lots: Sequence[tuple[int, UUID, Delivered]],
    products: Products,
    happened_at: datetime,
    actor: str,
) -> said.PurchaseOrderReceived:
    """A delivery: its lines are numbered within the receipt, so that one order line may come as several lots."""
    return said.PurchaseOrderReceived(
        site=order.site,
        order_id=order.id,
        number=order.number,
        supplier_id=order.supplier_id,
        happened_at=happened_at,
        receipt_id=receipt_id,
        lines=tuple(
            said.ReceivedLine(
                line=number,
                order_line=one.line,
                product_id=product_id,
                quantity=format_quantity(one.quantity, products[product_id].unit_decimals),
                unit_cost=price_text(one.unit_cost),
                lot_number=one.lot_number,
                expires_on=one.expires_on,
                area=one.area,
            )
            for number, product_id, one in lots
        ),
        is_complete=order.status == "received",
        actor=actor,
    )


def cancelled(
    order: Order, reason: str, happened_at: datetime, shortages: Sequence[UUID]
) -> said.PurchaseOrderCancelled:
    """An order will not come."""
    return said.PurchaseOrderCancelled(
        site=order.site,
        order_id=order.id,
        number=order.number,
        supplier_id=order.supplier_id,
        happened_at=happened_at,
        reason=reason,
        shortage_ids=tuple(shortages),
    )


def cost_updated(
    product_id: UUID, cost: int, supplier_id: UUID, happened_at: datetime, revision: int
) -> said.CostUpdated:
    """What a delivery taught of a product's cost."""
    return said.CostUpdated(
        product_id=product_id,
        cost=price_text(cost),
        supplier_id=supplier_id,
        happened_at=happened_at,
        revision=revision,
    )
