"""What a scan answers at once for receiving and charging."""

from typing import Any

from tests.stock.api.test_recalls import recall
from tests.stock.chain import BOTOX, CREAM, GTIN, NOON, Chain

from lotwise.contracts.ids import uuid7
from lotwise.contracts.purchasing import OrderLine, PurchaseOrderSent


async def codes(stock: Chain, lot: str, **asked: Any) -> list[str]:
    """The codes of what a scanned pack of Botox answers at harley."""
    query = {"data": f"(01){GTIN}(17)300600(10){lot}", "site": "harley"} | asked
    found = await stock.bench.get("/v1/scan", params=query)
    return [one["code"] for one in found["answers"]]


async def test_a_scan_answers_what_is_wrong_at_once(stock: Chain) -> None:
    """N-09: given a recall of a number we never held, a quarantined lot, one received on PO-1 and an expired one; when
    scanned to receive or to charge; then each is answered by code, the worst first, and a good one with nothing.
    """
    await recall(stock, {"first": "NEVER"})
    await stock.receive("2", lot_number="GOOD", expires_on="2030-06-30", purchase_order="PO-1")
    apart = await stock.receive("2", lot_number="APART", expires_on="2030-06-30")
    await stock.bench.post(f"/v1/lots/{apart['lot_id']}:quarantine", {"site": "harley", "reason": "warm"})
    assert await codes(stock, "NEW") == []
    assert await codes(stock, "NEVER") == ["recalled"]
    assert await codes(stock, "never") == ["recalled"]
    assert await codes(stock, "APART") == ["quarantined"]
    assert await codes(stock, "APART", purpose="charge") == ["quarantined", "not_here"]
    assert await codes(stock, "GOOD", purpose="charge") == []
    assert await codes(stock, "GOOD", purchase_order="PO-1") == ["received"]
    assert await codes(stock, "NEW", product=str(CREAM)) == ["wrong_product"]
    assert await codes(stock, "NEVER", data=f"(01){GTIN}(17)200101(10)NEVER") == ["recalled", "expired"]
    assert await codes(stock, "", data="(01)09506000134383(10)X") == ["unknown"]


async def test_a_scan_is_held_against_its_order(stock: Chain) -> None:
    """N-09: given an order of cream and one of 2 Botox that came in full; when Botox is scanned for either; then it is
    the wrong product, or complete.
    """
    for number, product, received in (("PO-1", CREAM, "0"), ("PO-2", BOTOX, "2")):
        line = OrderLine(line=1, product_id=product, quantity="2", unit_cost="1")
        order = PurchaseOrderSent(
            site="harley", order_id=uuid7(), number=number, supplier_id=uuid7(), lines=(line,), total_minor=2,
            happened_at=NOON,
        )  # fmt: skip
        await stock.hear(order)
        await stock.bench.owner.execute("update open_order set received = $2 where number = $1", number, int(received))
    assert await codes(stock, "NEW", purchase_order="PO-1") == ["wrong_product"]
    assert await codes(stock, "NEW", purchase_order="PO-2") == ["complete"]
