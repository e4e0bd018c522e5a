"""Racing writers: shortages heard by two replicas, persons who send while a draft grows."""

import asyncio

from tests.catalog.harness import Bench, said
from tests.purchasing.conftest import below, offer, product, supplier, uid

from lotwise.contracts.ids import uuid7
from lotwise.contracts.purchasing import PurchaseOrderReceived


async def _ready(purchasing: Bench, products: int) -> str:
    await purchasing.hear(*(product(n) for n in range(products)))
    one = await supplier(purchasing)
    for n in range(products):
        await offer(purchasing, one, n)
    return one


async def test_two_replicas_make_one_draft(purchasing: Bench) -> None:
    """PUR-05, PUR-19: the same shortages heard twice at once, in other batches: one draft, each product once."""
    await _ready(purchasing, 12)
    events = [said(below(n, "9")) for n in range(12)]
    first = [purchasing.hear(*events[start : start + 3]) for start in range(0, 12, 3)]
    second = [purchasing.hear(*events[start : start + 4]) for start in (8, 4, 0)]
    await asyncio.gather(*first, *second)
    (order,) = (await purchasing.get("/v1/orders"))["rows"]
    assert sorted(line["code"] for line in order["lines"]) == [f"P{n:05}" for n in range(12)]
    assert {line["quantity"] for line in order["lines"]} == {"1"}


async def test_sending_while_a_draft_grows_loses_nothing(purchasing: Bench) -> None:
    """PUR-19: whether a shortage comes before or after the sending, its line is on exactly one order."""
    await _ready(purchasing, 10)
    await purchasing.hear(below(0, "9"))
    (draft,) = (await purchasing.get("/v1/orders"))["rows"]
    hearing = [purchasing.hear(below(n, "9")) for n in range(1, 10)]
    await asyncio.gather(*hearing, purchasing.post(f"/v1/orders/{draft['order_id']}:send"))
    orders = (await purchasing.get("/v1/orders"))["rows"]
    codes = [line["code"] for order in orders for line in order["lines"]]
    assert sorted(codes) == [f"P{n:05}" for n in range(10)]
    assert next(order for order in orders if order["order_id"] == draft["order_id"])["status"] == "sent"


async def test_two_receivers_count_each_delivery_once(purchasing: Bench) -> None:
    """PUR-03: five deliveries of 20 at once against 100 ordered are all counted, and the order is received."""
    one = await _ready(purchasing, 1)
    lines = [{"product_id": str(uid(0)), "quantity": "100"}]
    made = await purchasing.post("/v1/orders", {"supplier_id": one, "site": "harley", "lines": lines})
    path = f"/v1/orders/{made['order_id']}"
    await purchasing.post(f"{path}:send")
    body = {"lines": [{"line": 1, "quantity": "20"}]}
    await asyncio.gather(*(purchasing.post(f"{path}:receive", body) for _ in range(5)))
    found = await purchasing.get(path)
    assert (found["status"], found["lines"][0]["received"]) == ("received", "100")
    assert sorted(event.is_complete for event in await purchasing.told(PurchaseOrderReceived)) == [False] * 4 + [True]


async def test_a_delivery_sent_twice_under_one_key_counts_once(purchasing: Bench) -> None:
    """N-08: the same receiving under the same key is one receipt."""
    one = await _ready(purchasing, 1)
    lines = [{"product_id": str(uid(0)), "quantity": "100"}]
    made = await purchasing.post("/v1/orders", {"supplier_id": one, "site": "harley", "lines": lines})
    path = f"/v1/orders/{made['order_id']}"
    await purchasing.post(f"{path}:send")
    body, key = {"lines": [{"line": 1, "quantity": "20"}]}, str(uuid7())
    first = await purchasing.post(f"{path}:receive", body, key=key)
    again = await purchasing.post(f"{path}:receive", body, key=key)
    assert first == again
    assert len(await purchasing.told(PurchaseOrderReceived)) == 1
