"""Shortages heard from stock become drafts: joined, never twice, taken back when they are over."""

import random
from typing import Any

import pytest
from tests.catalog.harness import Bench, said
from tests.purchasing.conftest import START, below, offer, product, reached, restored, supplier, uid

from lotwise.contracts.catalog import SiteDefined
from lotwise.contracts.ids import uuid7
from lotwise.contracts.purchasing import PurchaseOrderCancelled, PurchaseOrderDrafted
from lotwise.contracts.stock import StockOut


async def _orders(purchasing: Bench, **params: Any) -> list[Any]:
    rows: list[Any] = (await purchasing.get("/v1/orders", params=params))["rows"]
    return rows


async def test_a_shortage_drafts_at_the_preferred_supplier(purchasing: Bench) -> None:
    """PUR-05: below the minimum without a reorder point, one draft with the normal quantity in whole packs."""
    await purchasing.hear(product(1, normal_order_quantity="30"))
    one, two = await supplier(purchasing), await supplier(purchasing, "Galderma")
    await offer(purchasing, one, 1)
    await offer(purchasing, two, 1, is_preferred=True, pack_units="25", cost="3")
    crossing = below(1, "9")
    (message,) = await purchasing.hear(crossing)
    (order,) = await _orders(purchasing)
    assert (order["supplier_id"], order["origin"], order["status"], order["number"]) == (
        two,
        "shortage",
        "draft",
        "PO-000001",
    )
    assert [(line["quantity"], line["unit_cost"]) for line in order["lines"]] == [("50", "3.00")]
    (told,) = await purchasing.told(PurchaseOrderDrafted)
    assert (told.shortage_ids, told.total_minor, told.site) == ((crossing.shortage_id,), 15_000, "harley")
    cause = await purchasing.owner.fetchval("SELECT cause_id FROM outbox WHERE subject LIKE '%drafted%'")
    assert cause == message.id


async def test_the_site_may_prefer_another_supplier(purchasing: Bench) -> None:
    """PUR-10: the site's own preference wins over the chain's."""
    await purchasing.hear(product(1))
    one, two = await supplier(purchasing), await supplier(purchasing, "Galderma")
    await offer(purchasing, one, 1, is_preferred=True)
    await offer(purchasing, two, 1, preferred_at=["soho"])
    await purchasing.hear(below(1, "9"), below(1, "9", site="soho"))
    assert {row["site"]: row["supplier_id"] for row in await _orders(purchasing)} == {"harley": one, "soho": two}


async def test_the_reorder_point_decides_when_there_is_one(purchasing: Bench) -> None:
    """PUR-20: below the minimum but above the reorder point is noted; at the reorder point it is drafted, once."""
    await purchasing.hear(product(1))
    await offer(purchasing, await supplier(purchasing), 1)
    shortage = uuid7()
    await purchasing.hear(below(1, "9", shortage=shortage, reorder_at="5"))
    assert await _orders(purchasing) == []
    assert (await purchasing.get("/v1/shortages"))["rows"][0]["decision"] == "noted"
    at_point = reached(1, "5", shortage=shortage, reorder_at="5", minimum="10")
    await purchasing.hear(at_point)
    await purchasing.hear(
        below(1, "4", shortage=shortage, reorder_at="5"), reached(1, "4", shortage=shortage, reorder_at="5")
    )
    (order,) = await _orders(purchasing)
    assert [line["quantity"] for line in order["lines"]] == ["1"]


async def test_forty_products_are_one_draft_of_forty_lines(purchasing: Bench) -> None:
    """PUR-19: shortages of one supplier and ship-to join one draft, over several batches too."""
    await purchasing.hear(*(product(n, normal_order_quantity="20") for n in range(40)))
    one = await supplier(purchasing)
    for n in range(40):
        await offer(purchasing, one, n)
    await purchasing.hear(*(below(n, "9") for n in range(25)))
    await purchasing.hear(*(below(n, "9") for n in range(25, 40)))
    (order,) = await _orders(purchasing)
    assert (len(order["lines"]), {line["quantity"] for line in order["lines"]}) == (40, {"20"})
    assert sorted(line["line"] for line in order["lines"]) == list(range(1, 41))
    assert [len(event.lines) for event in await purchasing.told(PurchaseOrderDrafted)] == [25, 15]


async def test_a_storm_of_ten_thousand_crossings_is_one_draft(purchasing: Bench) -> None:
    """PUR-19, N-18: 10,000 shortages of 500 products in batches of 500, then all again, make one draft of 500 lines."""
    await purchasing.hear(*(product(n, supplier_id=None) for n in range(500)))
    one = await supplier(purchasing)
    await purchasing.owner.execute("INSERT INTO offer SELECT $1, id, '', 12, NULL, NULL, '', 1 FROM product", one)
    storm = [said(below(n % 500, "9", normal_order_quantity="24")) for n in range(10_000)]
    batches = [storm[start : start + 500] for start in range(0, len(storm), 500)]
    for batch in batches:
        await purchasing.hear(*batch)
    before = await purchasing.state()
    for batch in batches[:4]:
        await purchasing.hear(*batch)
    assert await purchasing.state() == before
    (order,) = await _orders(purchasing)
    assert (len(order["lines"]), {line["quantity"] for line in order["lines"]}) == (500, {"24"})
    decisions = await purchasing.owner.fetch("SELECT decision, count(*) FROM shortage GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in decisions] == [("covered", 9500), ("drafted", 500)]


async def test_one_shortage_never_makes_two_lines(purchasing: Bench) -> None:
    """PUR-05: one shortage told by several events, in several batches and after it was sent, is answered once."""
    await purchasing.hear(product(1))
    await offer(purchasing, await supplier(purchasing), 1)
    shortage = uuid7()
    await purchasing.hear(below(1, "9", shortage=shortage), below(1, "8", shortage=shortage))
    (order,) = await _orders(purchasing)
    await purchasing.post(f"/v1/orders/{order['order_id']}:send")
    await purchasing.hear(below(1, "0", shortage=shortage))
    assert len(await _orders(purchasing)) == 1


async def test_what_is_on_order_counts(purchasing: Bench) -> None:
    """PUR-20: with 5 on order, usable 5 is enough for a minimum of 10; with 4 on order one more is drafted."""
    await purchasing.hear(product(1))
    one = await supplier(purchasing)
    await offer(purchasing, one, 1)
    lines = [{"product_id": str(uid(1)), "quantity": "5"}]
    made = await purchasing.post("/v1/orders", {"supplier_id": one, "site": "harley", "lines": lines})
    await purchasing.post(f"/v1/orders/{made['order_id']}:send")
    await purchasing.hear(below(1, "5"))
    assert len(await _orders(purchasing)) == 1
    await purchasing.hear(below(1, "4"))
    (draft,) = await _orders(purchasing, status="draft")
    assert [line["quantity"] for line in draft["lines"]] == ["1"]


async def test_an_untouched_draft_goes_when_the_shortage_is_over(purchasing: Bench) -> None:
    """DESIGN 3.11: StockRestored takes off its line; the last one cancels the draft, told with its shortages."""
    await purchasing.hear(product(1), product(2))
    one = await supplier(purchasing)
    await offer(purchasing, one, 1)
    await offer(purchasing, one, 2)
    first, second = uuid7(), uuid7()
    await purchasing.hear(below(1, "9", shortage=first), below(2, "9", shortage=second))
    await purchasing.hear(restored(1, first))
    (order,) = await _orders(purchasing)
    assert [(order["status"]), *(line["product_id"] for line in order["lines"])] == ["draft", str(uid(2))]
    told = (await purchasing.told(PurchaseOrderDrafted))[-1]
    assert [(line.line, line.quantity) for line in told.lines] == [(1, "0")]
    await purchasing.hear(restored(2, second))
    (order,) = await _orders(purchasing)
    assert order["status"] == "cancelled"
    (gone,) = await purchasing.told(PurchaseOrderCancelled)
    assert gone.shortage_ids == (second,)


async def test_a_touched_line_stays(purchasing: Bench) -> None:
    """DESIGN 3.11: a line that a person changed stays when its shortage is over; nothing is told."""
    await purchasing.hear(product(1))
    one = await supplier(purchasing)
    await offer(purchasing, one, 1)
    shortage = uuid7()
    await purchasing.hear(below(1, "9", shortage=shortage))
    (order,) = await _orders(purchasing)
    body = {"supplier_id": one, "site": "harley", "lines": [{"product_id": str(uid(1)), "quantity": "12"}]}
    await purchasing.put(f"/v1/orders/{order['order_id']}", body)
    told = len(await purchasing.told())
    await purchasing.hear(restored(1, shortage))
    (order,) = await _orders(purchasing)
    assert (order["status"], order["lines"][0]["quantity"]) == ("draft", "12")
    assert len(await purchasing.told()) == told


async def test_over_before_it_was_heard_of_is_not_answered(purchasing: Bench) -> None:
    """ALR-01, RELIABILITY 3: a StockRestored that overtakes its StockBelowMin wins."""
    await purchasing.hear(product(1))
    await offer(purchasing, await supplier(purchasing), 1)
    shortage = uuid7()
    await purchasing.hear(restored(1, shortage))
    await purchasing.hear(below(1, "9", shortage=shortage))
    assert await _orders(purchasing) == []
    assert (await purchasing.get("/v1/shortages"))["rows"] == []


async def test_a_new_shortage_after_sending_begins_a_new_draft(purchasing: Bench) -> None:
    """PUR-19: a sent order takes no more lines; the next shortage of that supplier opens the next draft."""
    await purchasing.hear(product(1), product(2))
    one = await supplier(purchasing)
    await offer(purchasing, one, 1)
    await offer(purchasing, one, 2)
    await purchasing.hear(below(1, "9"))
    (order,) = await _orders(purchasing)
    await purchasing.post(f"/v1/orders/{order['order_id']}:send")
    await purchasing.hear(below(2, "9"))
    assert [(row["number"], row["status"]) for row in await _orders(purchasing)] == [
        ("PO-000002", "draft"),
        ("PO-000001", "sent"),
    ]


async def test_a_shortage_without_a_supplier_is_listed_until_one_is_known(purchasing: Bench) -> None:
    """PUR-05: nobody supplies it → listed as unsourced; naming a supplier drafts it at once."""
    await purchasing.hear(product(1))
    await purchasing.hear(below(1, "9"))
    (row,) = (await purchasing.get("/v1/shortages", params={"decision": "unsourced"}))["rows"]
    assert (row["code"], row["usable"], row["minimum"]) == ("P00001", "9", "10")
    await offer(purchasing, await supplier(purchasing), 1)
    (order,) = await _orders(purchasing)
    assert [line["quantity"] for line in order["lines"]] == ["1"]
    (row,) = (await purchasing.get("/v1/shortages"))["rows"]
    assert (row["decision"], row["order_number"]) == ("drafted", "PO-000001")


async def test_the_catalogs_supplier_counts_without_an_offer(purchasing: Bench) -> None:
    """CAT-47, PUR-05: a product whose record names a supplier is drafted there, at the product's cost."""
    one = await supplier(purchasing)
    await purchasing.hear(product(1, supplier_id=one, cost="7.25"))
    await purchasing.hear(below(1, "9"))
    (order,) = await _orders(purchasing)
    assert (order["supplier_id"], order["lines"][0]["unit_cost"]) == (one, "7.25")


async def test_an_archived_product_is_not_ordered(purchasing: Bench) -> None:
    """CAT-23: what is archived is hidden from ordering; its shortage is listed as not ordered."""
    await purchasing.hear(product(1, is_archived=True))
    await purchasing.hear(below(1, "9"))
    assert await _orders(purchasing) == []
    assert (await purchasing.get("/v1/shortages"))["rows"][0]["decision"] == "not_ordered"


async def test_a_shortage_waits_for_its_product_and_site(purchasing: Bench) -> None:
    """RELIABILITY 3: a crossing of a product or site not yet heard of waits, then is answered by its definition."""
    one = await supplier(purchasing)
    await purchasing.hear(below(1, "9"), below(1, "9", site="mayfair"))
    assert await purchasing.owner.fetchval("SELECT count(*) FROM waiting") == 2
    await purchasing.hear(product(1, supplier_id=one))
    assert [row["site"] for row in await _orders(purchasing)] == ["harley"]
    await purchasing.hear(SiteDefined(site="mayfair", slug="mayfair", name="Mayfair", time_zone="Europe/London"))
    assert sorted(row["site"] for row in await _orders(purchasing)) == ["harley", "mayfair"]
    assert await purchasing.owner.fetchval("SELECT count(*) FROM waiting") == 0


@pytest.mark.parametrize("seed", range(6))
async def test_order_of_arrival_does_not_matter(purchasing: Bench, seed: int) -> None:
    """DESIGN 4: whatever the order and however often, the same shortages end in the same lines."""
    await purchasing.hear(*(product(n, normal_order_quantity="20") for n in range(4)))
    one = await supplier(purchasing)
    for n in range(4):
        await offer(purchasing, one, n)
    shortages = [uuid7() for _ in range(4)]
    events = [said(below(n, "9", shortage=shortages[n])) for n in range(4)]
    events += [said(reached(n, "9", shortage=shortages[n], minimum="10")) for n in range(4)]
    events += [said(restored(n, shortages[n])) for n in (0, 1)]
    events += events
    random.Random(seed).shuffle(events)
    while events:
        batch, events = events[:3], events[3:]
        await purchasing.hear(*batch)
    open_lines = [line for row in await _orders(purchasing, status="draft") for line in row["lines"]]
    assert sorted((line["code"], line["quantity"]) for line in open_lines) == [("P00002", "20"), ("P00003", "20")]


async def test_an_older_definition_changes_nothing(purchasing: Bench) -> None:
    """DESIGN 4: state events carry a revision and apply only if newer."""
    await purchasing.hear(product(1, name="New", revision=3))
    before = await purchasing.state()
    await purchasing.hear(product(1, name="Old", revision=2))
    assert await purchasing.state() == before


@pytest.mark.parametrize("is_closed", [True, False])
async def test_what_an_order_covered_is_ordered_anew_without_it(purchasing: Bench, is_closed: bool) -> None:
    """PUR-05, PUR-08: a shortage covered by an order is answered itself once that order is given up or closed short."""
    await purchasing.hear(product(1))
    one = await supplier(purchasing)
    await offer(purchasing, one, 1)
    lines = [{"product_id": str(uid(1)), "quantity": "50"}]
    made = await purchasing.post("/v1/orders", {"supplier_id": one, "site": "harley", "lines": lines})
    path = f"/v1/orders/{made['order_id']}"
    await purchasing.post(f"{path}:send")
    await purchasing.hear(below(1, "5"))
    assert (await purchasing.get("/v1/shortages"))["rows"][0]["decision"] == "covered"
    if is_closed:
        await purchasing.post(f"{path}:receive", {"lines": [{"line": 1, "quantity": "1"}]})
    await purchasing.post(f"{path}:{'close' if is_closed else 'cancel'}")
    (draft,) = await _orders(purchasing, status="draft")
    assert [line["quantity"] for line in draft["lines"]] == ["5"]
    await purchasing.post(f"/v1/orders/{draft['order_id']}:cancel")
    assert await _orders(purchasing, status="draft") == []


async def test_an_empty_shelf_drafts_too(purchasing: Bench) -> None:
    """PUR-18: a stock-out with a level drafts like a crossing of it; without any level nobody asked for an order."""
    await purchasing.hear(product(1), product(2))
    one = await supplier(purchasing)
    await offer(purchasing, one, 1)
    await offer(purchasing, one, 2)
    levels = {"site": "harley", "on_hand": "0", "happened_at": START}
    await purchasing.hear(
        StockOut(shortage_id=uuid7(), product_id=uid(1), minimum="10", **levels),
        StockOut(shortage_id=uuid7(), product_id=uid(2), **levels),
    )
    (order,) = await _orders(purchasing)
    assert [(line["code"], line["quantity"]) for line in order["lines"]] == [("P00001", "10")]
