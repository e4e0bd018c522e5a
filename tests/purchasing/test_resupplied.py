"""What a central store covers is not ordered for; the store itself is ordered for by its need (STK-39)."""

from tests.catalog.harness import Bench
from tests.purchasing.conftest import below, offer, product, reached, restored, supplier, uid

from lotwise.contracts.ids import uuid7
from lotwise.contracts.purchasing import PurchaseOrderDrafted
from lotwise.contracts.stock import ResupplyChanged


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


async def test_a_clinic_does_not_order_what_a_store_supplies(purchasing: Bench) -> None:
    """STK-32: given a product that soho supplies to harley; when harley orders it, by draft, edit or only a total, then
    it is refused with the ways out and nothing changed; soho orders it; set back, harley orders again; an older word
    changes nothing.
    """
    await purchasing.hear(product(1), product(2))
    acme = await supplier(purchasing)
    body = {"supplier_id": str(acme), "site": "harley", "lines": [{"product_id": str(uid(1)), "quantity": "2"}]}
    made = await purchasing.post("/v1/orders", body | {"lines": [{"product_id": str(uid(2)), "quantity": "1"}]})
    rule = ResupplyChanged(site="harley", product_id=uid(1), resupplied_from="soho", revision=2)
    await purchasing.hear(rule)
    before = await purchasing.state()
    for answer in (
        await purchasing.call("POST", "/v1/orders", body),
        await purchasing.call("POST", "/v1/orders:preview", body),
        await purchasing.call("PUT", f"/v1/orders/{made['order_id']}", body, match="*"),
    ):
        assert answer.status_code == 409, answer.text
        no = answer.json()
        assert (no["code"], no["numbers"]["from_site"]) == ("centrally-supplied", "soho")
        assert no["ways_out"][:2] == ["order it for soho", "request a transfer from soho"]
    assert await purchasing.state() == before
    await purchasing.post("/v1/orders", body | {"site": "soho"})
    await purchasing.hear(rule.model_copy(update={"resupplied_from": None, "revision": 3}))
    await purchasing.hear(rule)
    await purchasing.post("/v1/orders", body)


async def test_a_rule_for_an_unknown_product_waits_for_it(purchasing: Bench) -> None:
    """DESIGN 4: given a rule of a product not heard of; when it is defined; then the rule holds."""
    await purchasing.hear(ResupplyChanged(site="harley", product_id=uid(9), resupplied_from="soho", revision=1))
    await purchasing.hear(product(9))
    acme = await supplier(purchasing)
    body = {"supplier_id": str(acme), "site": "harley", "lines": [{"product_id": str(uid(9)), "quantity": "2"}]}
    assert (await purchasing.call("POST", "/v1/orders", body)).json()["code"] == "centrally-supplied"
