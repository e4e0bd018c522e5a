"""Suppliers, offers, orders and receiving over HTTP and a real database."""

from typing import Any
from uuid import uuid4

import pytest
from tests.catalog.harness import Bench
from tests.purchasing.conftest import offer, product, supplier, uid

from lotwise.contracts.purchasing import (
    CostUpdated,
    PurchaseOrderCancelled,
    PurchaseOrderDrafted,
    PurchaseOrderReceived,
    PurchaseOrderSent,
    SupplierDefined,
)
from lotwise.kit.migrate import drift
from lotwise.purchasing.tables import Base


async def test_migrations_equal_tables(purchasing: Bench, postgres: Any) -> None:
    """STYLE 2.14: what the migrations make is what the tables say, column by column."""
    url = postgres.admin_url.rsplit("/", 1)[0] + "/" + await purchasing.owner.fetchval("SELECT current_database()")
    assert await drift(url, Base.metadata) == []


async def test_suppliers_get_their_numbers(purchasing: Bench) -> None:
    """PUR-06, PUR-07: each supplier gets the next number on entry; a taken name changes nothing."""
    first = await purchasing.post(
        "/v1/suppliers", {"name": "Allergan", "lead_time_days": 3, "payment_terms": "30 days"}
    )
    second = await purchasing.post("/v1/suppliers", {"name": "Galderma"})
    assert (first["number"], second["number"]) == (1, 2)
    before = await purchasing.state()
    taken = await purchasing.call("POST", "/v1/suppliers", {"name": "ALLERGAN"})
    assert (taken.status_code, taken.json()["code"]) == (409, "supplier-name-taken")
    assert await purchasing.state() == before
    edited = await purchasing.put(f"/v1/suppliers/{first['supplier_id']}", {"lead_time_days": 5}, '"1"')
    assert (edited["lead_time_days"], edited["number"], edited["payment_terms"], edited["revision"]) == (
        5,
        1,
        "30 days",
        2,
    )
    assert [event.number for event in await purchasing.told(SupplierDefined)] == [1, 2, 1]


async def test_a_batch_of_suppliers_reruns_to_nothing(purchasing: Bench) -> None:
    """WEB-08: suppliers come in by name, and the same rows again change nothing."""
    rows = [{"name": "Allergan", "email": "a@example.org"}, {"name": "Galderma"}, {"name": "allergan", "phone": "1"}]
    first = await purchasing.post("/v1/suppliers:batch", {"rows": rows})
    assert [(row["outcome"], row["number"]) for row in first["rows"]] == [
        ("created", 1),
        ("created", 2),
        ("updated", 1),
    ]
    before = await purchasing.state()
    same = [{"name": "Galderma"}, {"name": "allergan", "phone": "1"}]
    second = await purchasing.post("/v1/suppliers:batch", {"rows": same})
    assert [row["outcome"] for row in second["rows"]] == ["unchanged", "unchanged"]
    assert await purchasing.state() == before


async def test_one_supplier_is_preferred(purchasing: Bench) -> None:
    """PUR-09, PUR-10: several suppliers per product; one is preferred, the first by itself, and one per site."""
    await purchasing.hear(product(1, unit="U"))
    one, two = await supplier(purchasing), await supplier(purchasing, "Galderma")
    first = await offer(purchasing, one, 1, pack_name="box", pack_units="100", cost="3.90", supplier_code="AL-1")
    assert (first["is_preferred"], first["pack_units"], first["cost"]) == (True, "100", "3.90")
    assert (await offer(purchasing, two, 1, cost="3.50", preferred_at=["soho"]))["is_preferred"] is False
    assert (await offer(purchasing, two, 1, is_preferred=True))["preferred_at"] == ["soho"]
    rows = (await purchasing.get("/v1/supplier-products", params={"product": str(uid(1))}))["rows"]
    assert [(row["supplier_name"], row["is_preferred"], row["preferred_at"]) for row in rows] == [
        ("Allergan", False, []),
        ("Galderma", True, ["soho"]),
    ]
    before = await purchasing.state()
    await offer(purchasing, two, 1, cost="3.50", is_preferred=True)
    assert await purchasing.state() == before


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"pack_units": "0"}, 422),
        ({"pack_units": "1.5"}, 422),
        ({"cost": "-1"}, 422),
        ({"lead_time_days": -1}, 422),
        ({"preferred_at": ["nowhere"]}, 404),
        ({"preferred_at": ["x y"]}, 422),
    ],
)
async def test_a_bad_offer_changes_nothing(purchasing: Bench, fields: dict[str, Any], status: int) -> None:
    """PUR-09: a pack of nothing, a negative cost, an unknown site: refused, nothing changed."""
    await purchasing.hear(product(1))
    one = await supplier(purchasing)
    before = await purchasing.state()
    answer = await purchasing.call("PUT", f"/v1/suppliers/{one}/products/{uid(1)}", fields)
    assert answer.status_code == status, answer.text
    assert await purchasing.state() == before


async def _draft(purchasing: Bench, **fields: Any) -> Any:
    await purchasing.hear(product(1, unit="U"), product(2, unit="ml", unit_decimals=1))
    body = {
        "supplier_id": await supplier(purchasing, lead_time_days=3, minimum_order_minor=50_000),
        "site": "harley",
        "lines": [
            {"product_id": str(uid(1)), "quantity": "100", "unit_cost": "3.905"},
            {"product_id": str(uid(2)), "quantity": "2.5"},
        ],
    }
    return await purchasing.post("/v1/orders", body | fields)


async def test_an_order_is_previewed_and_drafted_with_its_total(purchasing: Bench) -> None:
    """PUR-01: the preview shows the total and stores nothing; the draft has a number and the same total."""
    await purchasing.hear(product(1, unit="U"))
    body = {
        "supplier_id": await supplier(purchasing),
        "site": "harley",
        "lines": [{"product_id": str(uid(1)), "quantity": "100", "unit_cost": "3.905"}],
    }
    before = await purchasing.state()
    preview = await purchasing.post("/v1/orders:preview", body)
    assert preview["total_minor"] == 39_050
    assert await purchasing.state() == before
    made = await purchasing.post("/v1/orders", body)
    assert (made["number"], made["status"], made["total_minor"], made["origin"]) == (
        "PO-000001",
        "draft",
        39_050,
        "person",
    )


async def test_the_default_cost_is_the_suppliers_then_the_products(purchasing: Bench) -> None:
    """PUR-01, PUR-09: a line without a cost takes the supplier's, else the product's; half-up to the cent."""
    await purchasing.hear(product(1, cost="2.50"), product(2, cost="0.005"))
    one = await supplier(purchasing)
    await offer(purchasing, one, 1, cost="2.00", supplier_code="AL-1")
    lines = [{"product_id": str(uid(n)), "quantity": "1"} for n in (1, 2)]
    made = await purchasing.post("/v1/orders", {"supplier_id": one, "site": "harley", "lines": lines})
    assert [(line["unit_cost"], line["total_minor"], line["supplier_code"]) for line in made["lines"]] == [
        ("2.00", 200, "AL-1"),
        ("0.005", 1, ""),
    ]


async def test_a_draft_is_edited_with_if_match(purchasing: Bench) -> None:
    """PUR-01: editing a draft replaces its lines; an old revision, a blind edit or a sent order changes nothing."""
    made = await _draft(purchasing)
    path = f"/v1/orders/{made['order_id']}"
    body = {
        "supplier_id": made["supplier_id"],
        "site": "harley",
        "lines": [{"product_id": str(uid(2)), "quantity": "5"}],
    }
    edited = await purchasing.put(path, body, '"1"')
    assert [(line["line"], line["quantity"]) for line in edited["lines"]] == [(2, "5")]
    (_, told) = await purchasing.told(PurchaseOrderDrafted)
    assert [(line.line, line.quantity) for line in told.lines] == [(2, "5"), (1, "0")]
    before = await purchasing.state()
    assert (await purchasing.call("PUT", path, body, match='"1"')).status_code == 412
    assert (await purchasing.call("PUT", path, body)).status_code == 428
    assert await purchasing.state() == before
    await purchasing.post(f"{path}:send")
    before = await purchasing.state()
    refused = await purchasing.call("PUT", path, body, match="*")
    assert (refused.status_code, refused.json()["code"]) == (409, "order-not-a-draft")
    assert await purchasing.state() == before


async def test_an_order_walks_from_draft_to_received(purchasing: Bench) -> None:
    """PUR-02, PUR-03: sent with a due day, confirmed, received in two parts with lots, costs told, stock informed."""
    made = await _draft(purchasing)
    path = f"/v1/orders/{made['order_id']}"
    sent = await purchasing.post(f"{path}:send", {"happened_at": "2026-03-01T09:00:00Z"}, who="importer")
    assert (sent["status"], sent["due_on"], sent["is_under_minimum"]) == ("sent", "2026-03-04", True)
    assert (await purchasing.post(f"{path}:confirm"))["status"] == "pending"
    first = await purchasing.post(
        f"{path}:receive",
        {
            "lines": [
                {"line": 1, "quantity": "60", "unit_cost": "4.00", "lot_number": "A1", "expires_on": "2027-01-31"},
                {"line": 1, "quantity": "30", "unit_cost": "4.00", "lot_number": "A2", "expires_on": "2027-02-28"},
            ]
        },
    )
    assert first["order"]["status"] == "pending"
    assert [line["outstanding"] for line in first["order"]["lines"]] == ["10", "2.5"]
    rest = {"lines": [{"line": 1, "quantity": "10"}, {"line": 2, "quantity": "2.5", "unit_cost": "0"}]}
    assert (await purchasing.post(f"{path}:receive", rest))["order"]["status"] == "received"
    one, two = await purchasing.told(PurchaseOrderReceived)
    assert [(line.line, line.order_line, line.quantity, line.lot_number) for line in one.lines] == [
        (1, 1, "60", "A1"),
        (3, 1, "30", "A2"),
    ]
    assert (one.is_complete, two.is_complete, one.lines[0].unit_cost) == (False, True, "4.00")
    costs = await purchasing.told(CostUpdated)
    assert [(event.product_id, event.cost, event.revision) for event in costs] == [
        (uid(1), "4.00", 1),
        (uid(1), "3.905", 2),
    ]
    receipts = (await purchasing.get(f"{path}/receipts"))["rows"]
    assert [(row["quantity"], row["lot_number"]) for row in receipts] == [
        ("60", "A1"),
        ("30", "A2"),
        ("10", ""),
        ("2.5", ""),
    ]
    (sent_event,) = await purchasing.told(PurchaseOrderSent)
    assert (sent_event.total_minor, len(sent_event.lines)) == (39_675, 2)


@pytest.mark.parametrize(
    ("steps", "move"),
    [
        ([], ":confirm"),
        ([], ":receive"),
        ([], ":close"),
        ([":send"], ":send"),
        ([":send"], ":close"),
        ([":send", ":confirm"], ":send"),
        ([":cancel"], ":send"),
        ([":cancel"], ":cancel"),
        ([":send", ":receive"], ":cancel"),
        ([":send", ":receive"], ":receive"),
        ([":send", ":receive"], ":send"),
    ],
)
async def test_other_moves_are_refused(purchasing: Bench, steps: list[str], move: str) -> None:
    """PUR-02: every move that is not listed is refused by name and changes nothing."""
    made = await _draft(purchasing)
    path = f"/v1/orders/{made['order_id']}"
    all_of_it = {"lines": [{"line": 1, "quantity": "100"}, {"line": 2, "quantity": "2.5"}]}
    for step in steps:
        await purchasing.post(path + step, all_of_it if step == ":receive" else None)
    before = await purchasing.state()
    refused = await purchasing.call("POST", path + move, all_of_it if move == ":receive" else None)
    assert (refused.status_code, refused.json()["code"]) == (409, "order-move-refused")
    assert await purchasing.state() == before


async def test_over_delivery_is_confirmed_knowingly(purchasing: Bench) -> None:
    """PUR-04: 101 of 100 are refused with the numbers and nothing changed; confirmed, they are received."""
    made = await _draft(purchasing)
    path = f"/v1/orders/{made['order_id']}"
    await purchasing.post(f"{path}:send")
    before = await purchasing.state()
    body = {"lines": [{"line": 1, "quantity": "101"}]}
    refused = await purchasing.call("POST", f"{path}:receive", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "over-delivery")
    assert refused.json()["numbers"]["lines"] == [{"line": 1, "ordered": 100, "received": 101}]
    assert await purchasing.state() == before
    taken = await purchasing.post(f"{path}:receive", body | {"confirm_over": True})
    assert (taken["order"]["lines"][0]["received"], taken["order"]["lines"][0]["outstanding"]) == ("101", "0")


async def test_a_short_delivery_can_be_closed(purchasing: Bench) -> None:
    """PUR-04: closing a pending order makes it received and says that nothing more will come."""
    made = await _draft(purchasing)
    path = f"/v1/orders/{made['order_id']}"
    await purchasing.post(f"{path}:send")
    await purchasing.post(f"{path}:receive", {"lines": [{"line": 1, "quantity": "40"}]})
    assert (await purchasing.post(f"{path}:close"))["status"] == "received"
    told = (await purchasing.told(PurchaseOrderReceived))[-1]
    assert (told.lines, told.is_complete) == ((), True)
    assert (await purchasing.get("/v1/on-order"))["rows"] == []


async def test_what_is_on_order_is_known(purchasing: Bench) -> None:
    """PUR-08: drafted, then on order, less what came, gone when cancelled."""
    made = await _draft(purchasing)
    path = f"/v1/orders/{made['order_id']}"

    async def mark() -> tuple[str, str]:
        """What is on order now."""
        rows = (await purchasing.get("/v1/on-order", params={"product": str(uid(1)), "site": "harley"}))["rows"]
        return (rows[0]["on_order"], rows[0]["drafted"]) if rows else ("", "")

    assert await mark() == ("0", "100")
    await purchasing.post(f"{path}:send")
    assert await mark() == ("100", "0")
    await purchasing.post(f"{path}:receive", {"lines": [{"line": 1, "quantity": "40"}]})
    assert await mark() == ("60", "0")
    await purchasing.post(f"{path}:cancel", {"reason": "supplier closed"})
    assert await mark() == ("", "")
    (told,) = await purchasing.told(PurchaseOrderCancelled)
    assert (told.reason, told.site) == ("supplier closed", "harley")


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([{"product_id": str(uuid4()), "quantity": "1"}], 404),
        ([{"product_id": str(uid(1)), "quantity": "0"}], 422),
        ([{"product_id": str(uid(1)), "quantity": "-1"}], 422),
        ([{"product_id": str(uid(1)), "quantity": "1.5"}], 422),
        ([{"product_id": str(uid(1)), "quantity": "1e400"}], 422),
        ([{"product_id": str(uid(1)), "quantity": "9999999999999999999"}], 422),
        ([{"product_id": str(uid(1)), "quantity": "9000000000000000000", "unit_cost": "9000000000000"}], 422),
        ([{"product_id": str(uid(1)), "quantity": "1"}] * 2, 422),
        ([{"product_id": str(uid(3)), "quantity": "1"}], 409),
        ([{"product_id": str(uid(4)), "quantity": "1"}], 409),
        ([{"product_id": str(uid(1)), "quantity": "1", "unit_cost": "-1"}], 422),
    ],
)
async def test_a_bad_line_changes_nothing(purchasing: Bench, lines: list[dict[str, str]], status: int) -> None:
    """PUR-01: an unknown, archived or unstocked product, a quantity that cannot be: refused, nothing changed."""
    await purchasing.hear(product(1), product(3, kind="service", code=".CUT"), product(4, is_archived=True))
    one = await supplier(purchasing)
    before = await purchasing.state()
    answer = await purchasing.call("POST", "/v1/orders", {"supplier_id": one, "site": "harley", "lines": lines})
    assert answer.status_code == status, answer.text
    assert await purchasing.state() == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"lines": []}, 422),
        ({"lines": [{"line": 7, "quantity": "1"}]}, 404),
        ({"lines": [{"line": 1, "quantity": "0"}]}, 422),
        ({"lines": [{"line": 1, "quantity": "1", "unit_cost": "-1"}]}, 422),
        ({"lines": [{"line": 1, "quantity": "1", "lot_number": "a\x00"}]}, 422),
        ({"lines": [{"line": 1, "quantity": "1", "expires_on": "0001-01-01"}]}, 422),
        ({"lines": [{"line": 1, "quantity": "1", "expires_on": "9999-12-31"}]}, 422),
        ({"lines": [{"line": 1, "quantity": "1"}], "happened_at": "2999-01-01T00:00:00Z"}, 422),
        ({"lines": [{"line": 1, "quantity": "1"}], "happened_at": "0001-01-01T00:00:00Z"}, 422),
        ({"lines": [{"line": 1, "quantity": "1"}], "happened_at": "2020-01-01T00:00:00Z"}, 403),
    ],
)
async def test_a_bad_delivery_changes_nothing(purchasing: Bench, body: dict[str, Any], status: int) -> None:
    """PUR-03: an unknown line, nothing, the future, a back-dated deed without permission: refused, nothing changed."""
    made = await _draft(purchasing)
    path = f"/v1/orders/{made['order_id']}"
    await purchasing.post(f"{path}:send")
    before = await purchasing.state()
    answer = await purchasing.call("POST", f"{path}:receive", body)
    assert answer.status_code == status, answer.text
    assert await purchasing.state() == before


async def test_a_buyer_of_one_site_sees_and_orders_for_it_alone(purchasing: Bench) -> None:
    """N-03: another site's orders are neither listed, shown, sent nor drafted; nothing changed."""
    made = await _draft(purchasing, site="soho")
    path = f"/v1/orders/{made['order_id']}"
    before = await purchasing.state()
    assert (await purchasing.get("/v1/orders", who="local"))["rows"] == []
    body = {"supplier_id": made["supplier_id"], "site": "soho", "lines": []}
    for method, where, sent in (
        ("GET", path, None),
        ("GET", "/v1/orders?site=soho", None),
        ("POST", f"{path}:send", None),
        ("POST", f"{path}:cancel", None),
        ("POST", "/v1/orders", body),
    ):
        assert (await purchasing.call(method, where, sent, who="local")).status_code == 403, where
    assert await purchasing.state() == before


async def test_orders_are_listed_newest_first_in_pages(purchasing: Bench) -> None:
    """N-24: keyset pages give every order once, filtered by state and product."""
    await purchasing.hear(product(1))
    one = await supplier(purchasing)
    lines = [{"product_id": str(uid(1)), "quantity": "1"}]
    for _ in range(3):
        await purchasing.post("/v1/orders", {"supplier_id": one, "site": "harley", "lines": lines})
    first = await purchasing.get("/v1/orders", params={"limit": 2, "status": "draft", "product": str(uid(1))})
    second = await purchasing.get("/v1/orders", params={"limit": 2, "after": first["next"]})
    assert [row["number"] for row in first["rows"] + second["rows"]] == ["PO-000003", "PO-000002", "PO-000001"]
    assert second["next"] is None


async def test_uses_are_counted(purchasing: Bench) -> None:
    """CAT-22: the catalog learns whether a product stands on orders."""
    assert (await purchasing.get(f"/v1/uses/{uid(1)}", who="service"))["count"] == 0
    await _draft(purchasing)
    assert (await purchasing.get(f"/v1/uses/{uid(1)}", who="service"))["count"] == 1
