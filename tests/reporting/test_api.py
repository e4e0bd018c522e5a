"""Reports over HTTP: figures sorted and paged, only of sites one may see; journeys; rebuilds."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.catalog.harness import Bench
from tests.reporting.conftest import said, uid

from lotwise.contracts.alerts import AlertCleared, AlertRaised
from lotwise.contracts.catalog import CategoryDefined, ProductDefined, SiteDefined
from lotwise.contracts.purchasing import (
    OrderLine,
    PurchaseOrderDrafted,
    PurchaseOrderReceived,
    PurchaseOrderSent,
    ReceivedLine,
    SupplierDefined,
)
from lotwise.contracts.sales import SaleLine, SaleRecorded
from lotwise.contracts.stock import (
    LevelNow,
    LotTaken,
    StockAdjusted,
    StockBelowMin,
    StockIssued,
    StockLevelChanged,
    StockReceived,
)
from lotwise.kit.message import Message

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TOX, CREAM, SERUM = uid(1), uid(2), uid(3)
CARE = uid(20)


def charge(number: int, site: str, product: Any, quantity: str, net: int) -> SaleRecorded:
    """A charge of one line."""
    line = SaleLine(line=1, product_id=product, quantity=quantity, unit_price="1", net_minor=net)
    return SaleRecorded(
        site=site, charge_id=uid(1000 + number), number=str(number), happened_at=NOON, lines=(line,), net_minor=net,
        tax_minor=0, total_minor=net,
    )  # fmt: skip


def issued(number: int, site: str, product: Any, quantity: str, cost: int) -> StockIssued:
    """What stock took for a charge."""
    taken = LotTaken(line=1, product_id=product, lot_id=uid(90), quantity=quantity, cost_minor=cost)
    return StockIssued(site=site, charge_id=uid(1000 + number), happened_at=NOON, taken=(taken,))


async def hear_a_day(reporting: Bench) -> None:
    """Two sites, three products in one category and none, four charges."""
    await reporting.hear(
        said(SiteDefined(site="harley", slug="harley", name="Harley Street", time_zone="Europe/London")),
        said(SiteDefined(site="coast", slug="coast", name="Coast", time_zone="America/Vancouver")),
        said(CategoryDefined(category_id=CARE, name="Skincare")),
        said(ProductDefined(product_id=TOX, code="TOX", name="Toxin", kind="physical", unit="U")),
        said(ProductDefined(product_id=CREAM, code="CRM", name="Cream", kind="physical", category_id=CARE)),
        said(ProductDefined(product_id=SERUM, code="SER", name="Serum", kind="physical", category_id=CARE)),
        said(charge(1, "harley", TOX, "20", 24000)),
        said(charge(2, "harley", CREAM, "2", 9000)),
        said(charge(3, "coast", SERUM, "1.5", 12000)),
        said(charge(4, "coast", TOX, "10", 12000)),
        said(issued(1, "harley", TOX, "20", 9000)),
        said(issued(3, "coast", SERUM, "1.5", 2500)),
    )


async def test_sales_by_product_with_cost_and_margin(reporting: Bench) -> None:
    """REP-01, REP-03, REP-08: revenue, cost and margin per product, highest revenue first; a category narrows them."""
    await hear_a_day(reporting)
    page = await reporting.get("/v1/sales/by-product")
    shown = [
        (row["code"], row["units"], row["revenue_minor"], row["cogs_minor"], row["margin_rate"]) for row in page["rows"]
    ]
    assert shown == [
        ("TOX", "30", 36000, 9000, "0.7500"),
        ("SER", "1.5", 12000, 2500, "0.7917"),
        ("CRM", "2", 9000, 0, "1.0000"),
    ]
    care = await reporting.get(f"/v1/sales/by-product?category={CARE}&sort=name")
    assert [row["name"] for row in care["rows"]] == ["Cream", "Serum"]
    margin = await reporting.get("/v1/margin?sort=margin")
    assert [row["margin_minor"] for row in margin["rows"]] == [9000, 9500, 27000]


async def test_sales_by_category_day_and_site(reporting: Bench) -> None:
    """REP-02: revenue by category, by the sites' days and by site add up to the totals."""
    await hear_a_day(reporting)
    categories = await reporting.get("/v1/sales/by-category")
    assert [(row["name"], row["revenue_minor"]) for row in categories["rows"]] == [(None, 36000), ("Skincare", 21000)]
    days = await reporting.get("/v1/sales/by-day")
    assert [(row["day"], row["charges"], row["revenue_minor"]) for row in days["rows"]] == [("2026-03-02", 4, 57000)]
    sites = await reporting.get("/v1/sales/by-site")
    assert [(row["name"], row["charges"], row["revenue_minor"]) for row in sites["rows"]] == [
        ("Harley Street", 2, 33000),
        ("Coast", 2, 24000),
    ]
    totals = await reporting.get("/v1/totals")
    assert (totals["net_units"], totals["net_revenue"], totals["lines"], totals["charges"]) == ("33.5", "570.00", 4, 4)
    assert (totals["cogs_minor"], totals["margin_minor"], totals["products"]) == (11500, 45500, 3)
    assert (await reporting.get("/v1/totals?from=2026-03-03"))["net_units"] == "0"


async def test_every_page_shows_each_row_once(reporting: Bench) -> None:
    """REP-01: pages of one row, sorted by equal figures too, show every product once and then end."""
    await reporting.hear(*(said(charge(n, "harley", uid(100 + n), "1", 500 + n // 3)) for n in range(7)))
    for sort in ("-revenue", "revenue", "name", "-units"):
        seen, after = [], ""
        while True:
            page = await reporting.get(f"/v1/sales/by-product?limit=2&sort={sort}{after}")
            seen += [row["product_id"] for row in page["rows"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize(
    "query",
    [
        "sort=colour",
        "after=zzz",
        "from=2026-03-03&to=2026-03-02",
        "category=x",
        "limit=0",
        "site=x%20y",
        "sort=-revenue&after=WyJ4IiwieSJd",
    ],
)
async def test_a_malformed_question_is_answered_with_what_is_wrong(reporting: Bench, query: str) -> None:
    """N-03: unknown sort words, strange cursors, days running backwards and odd sites are a 422, never a 500."""
    answer = await reporting.call("GET", f"/v1/sales/by-product?{query}")
    assert answer.status_code == 422, answer.text


async def test_a_manager_sees_the_own_site_only(reporting: Bench) -> None:
    """WEB-09: figures are those of the sites one may see; others are refused, and so is who may read no reports."""
    await hear_a_day(reporting)
    assert (await reporting.get("/v1/totals", who="local"))["net_revenue"] == "330.00"
    assert [row["site"] for row in (await reporting.get("/v1/sales/by-site", who="local"))["rows"]] == ["harley"]
    assert (await reporting.call("GET", "/v1/totals?site=coast", who="local")).status_code == 403
    assert (await reporting.call("GET", "/v1/totals", who="front_desk")).status_code == 403
    assert (await reporting.call("POST", "/v1/rebuild", {}, who="auditor")).status_code == 403


async def test_stock_value_minimums_and_waste(reporting: Bench) -> None:
    """REP-01: value by site and product, what is below its minimum with what is missing, waste by reason and cost."""
    await hear_a_day(reporting)

    def level(site: str, product: Any, on_hand: str, minimum: str | None, value: int) -> "Message[Any]":
        """A level as stock tells it."""
        now = LevelNow(
            product_id=product, on_hand=on_hand, held="0", available=on_hand, minimum=minimum, value_minor=value,
            revision=1,
        )  # fmt: skip
        return said(StockLevelChanged(site=site, levels=(now,)))

    damage = StockAdjusted(
        site="coast", adjustment_id=uid(70), product_id=CREAM, quantity="-2", cost_minor=-700, reason="damage",
        happened_at=NOON,
    )  # fmt: skip
    await reporting.hear(level("harley", TOX, "5", "20", 2250), level("coast", TOX, "30", None, 13500), said(damage))
    sites = await reporting.get("/v1/stock-value")
    assert [(row["id"], row["value_minor"]) for row in sites["rows"]] == [("coast", 13500), ("harley", 2250)]
    (product,) = (await reporting.get("/v1/stock-value?by=product"))["rows"]
    assert (product["code"], product["on_hand"], product["value_minor"]) == ("TOX", "35", 15750)
    assert len((await reporting.get("/v1/stock-value?by=category"))["rows"]) == 1
    (below,) = (await reporting.get("/v1/below-minimum"))["rows"]
    assert (below["site"], below["code"], below["on_hand"], below["missing"]) == ("harley", "TOX", "5", "15")
    (waste,) = (await reporting.get("/v1/waste?reason=damage"))["rows"]
    assert (waste["code"], waste["units"], waste["cost_minor"]) == ("CRM", "2", 700)
    assert (await reporting.get("/v1/waste", who="local"))["rows"] == []


def the_loop() -> "list[Message[Any]]":
    """A charge that leads to a shortage, a draft, an alert, a delivery and a lot; beside it a charge of its own."""
    start = said(charge(1, "harley", TOX, "20", 24000))
    took = said(issued(1, "harley", TOX, "20", 9000), start)
    low = said(
        StockBelowMin(site="harley", shortage_id=uid(300), product_id=TOX, on_hand="5", minimum="20", happened_at=NOON),
        start,
    )
    order: dict[str, Any] = {
        "site": "harley", "order_id": uid(400), "number": "PO-1", "supplier_id": uid(500), "happened_at": NOON,
    }  # fmt: skip
    lines = (OrderLine(line=1, product_id=TOX, quantity="100", unit_cost="4.5"),)
    drafted = said(
        PurchaseOrderDrafted(**order, origin="shortage", shortage_ids=(uid(300),), lines=lines, total_minor=45000), low
    )
    alert: dict[str, Any] = {
        "site": "harley",
        "alert_id": uid(600),
        "kind": "below-minimum",
        "subject_id": str(uid(300)),
    }
    raised = said(AlertRaised(**alert, severity="warning", title="Toxin is low", happened_at=NOON), low)
    sent = said(PurchaseOrderSent(**order, lines=lines, total_minor=45000))
    came = said(
        PurchaseOrderReceived(
            **order, receipt_id=uid(700), is_complete=True,
            lines=(ReceivedLine(line=1, product_id=TOX, quantity="100", unit_cost="4.5"),),
        )
    )  # fmt: skip
    lot = said(
        StockReceived(
            site="harley", receipt_id=uid(700), product_id=TOX, lot_id=uid(800), quantity="100", unit_cost="4.5",
            cost_minor=45000, happened_at=NOON,
        ),
        came,
    )  # fmt: skip
    cleared = said(AlertCleared(**alert, happened_at=NOON), lot)
    other = said(charge(2, "coast", CREAM, "1", 100))
    supplier = said(SupplierDefined(supplier_id=uid(500), number=1, name="Northern"))
    return [start, took, low, drafted, raised, sent, came, lot, cleared, other, supplier]


LOOP = [
    "sale-recorded", "stock-issued", "stock-below-min", "purchase-order-drafted", "alert-raised", "purchase-order-sent",
    "purchase-order-received", "stock-received", "alert-cleared",
]  # fmt: skip


@pytest.mark.parametrize("thing", [uid(1001), uid(300), uid(400), uid(600), uid(700), uid(800)])
async def test_a_journey_is_the_whole_causal_chain(reporting: Bench, thing: Any) -> None:
    """N-18: from the charge, the shortage, the order, the alert, the receipt or the lot: the same chain."""
    await reporting.hear(*the_loop())
    told = await reporting.get(f"/v1/journey/{thing}")
    assert [step["event"] for step in told["steps"]] == LOOP
    assert [step["depth"] for step in told["steps"]] == [0, 1, 1, 2, 2, 0, 0, 1, 2]
    assert {step["trace_id"] for step in told["steps"]} == {"0af7651916cd43dd8448eb211c80319c"}
    assert told["is_whole"]


async def test_a_journey_keeps_to_the_sites_one_may_see(reporting: Bench) -> None:
    """WEB-09: a stranger's journey is unknown, not shown; an id that no event names is a 404 with ways out."""
    await reporting.hear(*the_loop())
    assert len((await reporting.get(f"/v1/journey/{uid(1001)}", who="local"))["steps"]) == 9
    assert (await reporting.call("GET", f"/v1/journey/{uid(1002)}", who="local")).status_code == 404
    answer = await reporting.call("GET", f"/v1/journey/{uid(9999)}")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-journey")


async def test_orders_show_where_they_stand(reporting: Bench) -> None:
    """REP-01: an order heard in any order of its steps stands at its last one, with its supplier and lead time."""
    steps = [one for one in the_loop() if ".purchasing." in one.subject]
    await reporting.hear(*reversed(steps))
    (order,) = (await reporting.get("/v1/purchase-orders"))["rows"]
    assert (order["number"], order["state"], order["supplier"], order["total_minor"]) == (
        "PO-1",
        "received",
        "Northern",
        45000,
    )


async def test_a_rebuild_over_http_verifies_to_the_bit(reporting: Bench) -> None:
    """N-19: `verify` compares and changes nothing; without it the rebuilt figures are live; both say they are equal."""
    await hear_a_day(reporting)
    await reporting.hear(*the_loop()[1:])
    await reporting.owner.execute("update projection set due_since = '2026-03-02T12:00Z'")
    assert await reporting.get("/v1/rebuild") == {"rebuilt_at": None, "due_since": "2026-03-02T12:00:00Z"}
    before = await reporting.get("/v1/sales/by-product")
    verified = await reporting.post("/v1/rebuild", {"verify": True})
    assert (verified["is_equal"], verified["is_swapped"], verified["events"]) == (True, False, 22)
    swapped = await reporting.post("/v1/rebuild", {})
    assert (swapped["is_equal"], swapped["is_swapped"]) == (True, True)
    standing = await reporting.get("/v1/rebuild")
    assert (standing["due_since"], standing["rebuilt_at"] is None) == (None, False)
    assert await reporting.get("/v1/sales/by-product") == before
    assert await reporting.owner.fetchval("select count(distinct generation) from sale_day") == 1
