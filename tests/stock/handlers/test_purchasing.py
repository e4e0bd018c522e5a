"""Deliveries confirmed by purchasing become lots; orders that were sent are known as on order."""

from datetime import date
from typing import Any
from uuid import UUID

from tests.stock.chain import BOTOX, CREAM, NOON, Chain

from lotwise.contracts.ids import uuid7
from lotwise.contracts.purchasing import (
    OrderLine,
    PurchaseOrderCancelled,
    PurchaseOrderReceived,
    PurchaseOrderSent,
    ReceivedLine,
)
from lotwise.contracts.stock import StockReceived

ORDER, SUPPLIER = uuid7(), uuid7()
COMMON: dict[str, Any] = {
    "site": "harley", "order_id": ORDER, "number": "PO-1", "supplier_id": SUPPLIER, "happened_at": NOON,
}  # fmt: skip


def delivery(*lines: ReceivedLine, receipt_id: UUID | None = None, is_complete: bool = True) -> PurchaseOrderReceived:
    """A confirmed delivery of PO-1."""
    return PurchaseOrderReceived(receipt_id=receipt_id or uuid7(), lines=lines, is_complete=is_complete, **COMMON)


def arrived(
    quantity: str, cost: str = "4.00", product_id: UUID = BOTOX, number: int = 1, **fields: Any
) -> ReceivedLine:
    """A line of a delivery."""
    return ReceivedLine(line=number, product_id=product_id, quantity=quantity, unit_cost=cost, **fields)


async def test_a_delivery_becomes_lots_at_the_confirmed_cost(stock: Chain) -> None:
    """PUR-03: given an order; when 60 arrive at 4.00 with lot and expiry and 2 creams;
    then the lots carry order and cost.
    """
    await stock.hear(
        delivery(arrived("60", lot_number="A", expires_on=date(2030, 1, 31)), arrived("2", "9.50", CREAM, 2))
    )
    assert [await stock.on_hand(), await stock.on_hand(CREAM)] == ["60", "2"]
    lots = await stock.lots()
    assert {(one["lot_number"], one["purchase_order"], one["cost_minor"]) for one in lots} == {
        ("A", "PO-1", 24000), ("", "PO-1", 1900),
    }  # fmt: skip
    assert {one.purchase_order for one in await stock.told(StockReceived)} == {"PO-1"}


async def test_a_delivery_told_again_is_received_once(stock: Chain) -> None:
    """N-02: given a delivery; when the event comes three times; then its goods are there once."""
    event = delivery(arrived("60"))
    for _ in range(3):
        await stock.hear(event)
    assert await stock.on_hand() == "60"


async def test_a_known_lot_with_another_expiry_goes_to_quarantine(stock: Chain) -> None:
    """N-20: given lot A of 2030-01; when a delivery says A of 2031-01; then a person decides: it is not sellable."""
    await stock.receive("10", lot_number="A", expires_on="2030-01-31")
    await stock.hear(delivery(arrived("5", lot_number="A", expires_on=date(2031, 1, 31))))
    level = await stock.level()
    assert (level["on_hand"], level["quarantined"]) == ("10", "5")


async def test_a_delivery_of_an_unknown_product_waits(stock: Chain) -> None:
    """DESIGN 4: given a delivery of a product not heard of; when it comes; then it is parked whole."""
    await stock.hear(delivery(arrived("5"), arrived("1", product_id=uuid7(), number=2)))
    assert await stock.bench.owner.fetchval("select count(*) from waiting where kind = 'product'") == 1
    assert await stock.on_hand() == "0"


async def test_what_is_on_order_follows_the_order(stock: Chain) -> None:
    """SAL-12: given 100 sent; when 40 arrive in part, then the rest is cancelled; then 100, 60 and 0 are on order."""
    lines = (OrderLine(line=1, product_id=BOTOX, quantity="100", unit_cost="4.00"),)
    await stock.hear(PurchaseOrderSent(lines=lines, total_minor=40000, **COMMON))
    assert (await stock.level())["on_order"] == "100"
    await stock.hear(delivery(arrived("40"), is_complete=False))
    assert (await stock.level())["on_order"] == "60"
    await stock.hear(PurchaseOrderCancelled(**COMMON))
    assert (await stock.level())["on_order"] == "0"


async def test_parts_of_a_line_lie_in_the_areas_they_were_put_into(stock: Chain) -> None:
    """STK-31, STK-42: given a fridge; when a line of 60 arrives as 40 of a lot in the fridge and 20 of another in an
    area that the site does not have; then 40 lie in the fridge, and 20 on the main shelf: a fact is never refused.
    """
    await stock.bench.post("/v1/areas", {"site": "harley", "area": "fridge"})
    await stock.hear(
        delivery(
            arrived("40", order_line=1, lot_number="A", area="fridge"),
            arrived("20", number=2, order_line=1, lot_number="B", area="attic"),
        )
    )
    assert {(one["lot_number"], one["area"], one["quantity"]) for one in await stock.lots()} == {
        ("A", "fridge", "40"), ("B", "", "20"),
    }  # fmt: skip
