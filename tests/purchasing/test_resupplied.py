"""What a central store covers is not ordered for; the store itself is ordered for by its need (STK-39)."""

from tests.catalog.harness import Bench
from tests.purchasing.conftest import below, offer, product, reached, restored, supplier

from lotwise.contracts.ids import uuid7
from lotwise.contracts.purchasing import PurchaseOrderDrafted


async def test_a_resupplied_shortage_is_kept_and_not_ordered_for(purchasing: Bench) -> None:
    """STK-39: given a product with a supplier; when a shortage names its store, again and over; then no draft."""
    await purchasing.hear(product(1, normal_order_quantity="20"))
    await offer(purchasing, await supplier(purchasing), 1)
    shortage = uuid7()
    await purchasing.hear(below(1, "9", shortage=shortage, resupplied_from="soho"))
    await purchasing.hear(reached(1, "4", shortage=shortage, resupplied_from="soho"))
    (kept,) = (await purchasing.get("/v1/shortages"))["rows"]
    assert (kept["decision"], kept["order_id"]) == ("not_ordered", None)
    await purchasing.hear(restored(1, shortage))
    assert await purchasing.told(PurchaseOrderDrafted) == []
    assert (await purchasing.get("/v1/orders"))["rows"] == []


async def test_a_store_is_ordered_for_net_of_what_is_asked_of_it(purchasing: Bench) -> None:
    """STK-39: given 100 on hand of which 95 are asked for; when it reaches its point of 10; then 20 are ordered."""
    await purchasing.hear(product(1, normal_order_quantity="20"))
    await offer(purchasing, await supplier(purchasing), 1)
    await purchasing.hear(reached(1, "100", requested="95"))
    (told,) = await purchasing.told(PurchaseOrderDrafted)
    assert [line.quantity for line in told.lines] == ["20"]


async def test_a_site_that_orders_for_itself_again_is_ordered_for(purchasing: Bench) -> None:
    """STK-32: given a shortage that a store covered; when it is told again without a source; then one draft."""
    await purchasing.hear(product(1, normal_order_quantity="20"))
    await offer(purchasing, await supplier(purchasing), 1)
    shortage = uuid7()
    await purchasing.hear(below(1, "9", shortage=shortage, resupplied_from="soho"))
    await purchasing.hear(below(1, "8", shortage=shortage))
    assert len(await purchasing.told(PurchaseOrderDrafted)) == 1
