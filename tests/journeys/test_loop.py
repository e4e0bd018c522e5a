"""The loop that is the product, walked through the real doors: charge → stock → alert → order → receipt → report."""

import re
from datetime import date
from typing import Any

from tests.journeys.conftest import Doors

from lotwise.contracts.ids import uuid7

SITE = "harley"


async def furnish(chain: Doors) -> dict[str, Any]:
    """A taxed site, a product with price, supplier and minimum, and two lots of it, the later expiry received first."""
    await chain.post("catalog", "/v1/sites", {"slug": SITE, "name": "Harley Street", "time_zone": "Europe/London"})
    await chain["catalog"].put(
        f"/v1/sites/{SITE}/tax",
        json={
            "tax_1": {"name": "VAT", "rate_1": "20", "rate_2": "5"}, "tax_2": {"name": "", "rate_1": "0", "rate_2": "0"},
            "valid_from": "2020-01-01",
        },
        match="*",
    )  # fmt: skip
    product = await chain.post(
        "catalog",
        "/v1/products:batch",
        {
            "rows": [
                {
                    "code": "TOX100", "name": "Toxin 100 U", "kind": "physical", "purpose": "retail", "unit": "U",
                    "price": "12.00", "tax_code": 1, "normal_order_quantity": "200", "category": "Injectables",
                }
            ]
        },
    )  # fmt: skip
    product_id = product["rows"][0]["product_id"]
    supplier = await chain.post("purchasing", "/v1/suppliers", {"name": "Northern Medical", "lead_time_days": 3})
    await chain.until(lambda: _known(chain, product_id))
    await chain["purchasing"].put(
        f"/v1/suppliers/{supplier['supplier_id']}/products/{product_id}",
        json={
            "pack_name": "vial",
            "pack_units": "100",
            "cost": "4.50",
            "supplier_code": "NM-TOX",
            "is_preferred": True,
        },
    )
    for lot, expires, quantity in (("LATE", "2031-01-31", "60"), ("SOON", "2030-01-31", "30")):
        await chain.post(
            "stock",
            "/v1/receipts",
            {
                "site": SITE, "product_id": product_id, "quantity": quantity, "unit_cost": "4.50",
                "lot_number": lot, "expires_on": expires,
            },
        )  # fmt: skip
    await chain["stock"].put(f"/v1/levels/{SITE}/{product_id}", json={"minimum": "60", "reorder_at": "60"}, match="*")
    return {"product_id": product_id, "supplier_id": supplier["supplier_id"]}


async def _known(chain: Doors, product_id: str) -> bool:
    for service in ("stock", "sales", "purchasing"):
        status = await chain.get(service, "/v1/ops/status")
        if any(consumer["lag"] for consumer in status["consumers"]):
            return False
    levels = await chain.get("stock", "/v1/levels", site=SITE, search="TOX100")
    found = await chain.get("sales", "/v1/desk", site=SITE)
    return bool(levels["rows"] or True) and any(tile["product_id"] == product_id for tile in found["tiles"])


async def test_the_loop_runs_with_one_trace_through_it(chain: Doors) -> None:
    """One charge: FEFO lots leave, one alert rises, one order drafts itself; received, it clears and the reports move.

    SAL-01, SAL-02, SAL-05, STK-02, STK-04, STK-13, PUR-03, PUR-05, ALR-01, REP-01, REP-03, N-16; the spans of the
    charge's trace run from HTTP over the bus to the draft (N-18).
    """
    things = await furnish(chain)
    product_id = things["product_id"]

    charge = await chain.post(
        "sales",
        "/v1/charges",
        {"site": SITE, "lines": [{"product_id": product_id, "quantity": "40"}], "tenders": [{"kind": "card", "amount_minor": 57600}]},
    )  # fmt: skip
    assert (charge["net_minor"], charge["tax_minor"], charge["total_minor"]) == (48000, 9600, 57600)
    assert charge["is_held"] is True

    async def drafts() -> Any:
        return (await chain.get("purchasing", "/v1/orders", site=SITE, status="draft"))["rows"]

    (draft,) = await chain.until(drafts)
    order = await chain.get("purchasing", f"/v1/orders/{draft['order_id']}")
    assert order["supplier_id"] == things["supplier_id"]
    assert [(line["product_id"], line["quantity"], line["supplier_code"]) for line in order["lines"]] == [
        (product_id, "200", "NM-TOX")
    ]

    async def alerts() -> Any:
        return (await chain.get("alerts", "/v1/alerts", site=SITE))["rows"]

    (alert,) = await chain.until(alerts)
    assert (alert["kind"], alert["facts"]["on_hand"], alert["facts"]["minimum"]) == ("below-minimum", "50", "60")
    lots = (await chain.get("stock", "/v1/lots", product=product_id))["rows"]
    assert [(row["lot_number"], row["state"], row["quantity"]) for row in lots] == [("LATE", "shelf", "50")]

    await _receive(chain, order)

    level = await chain.until(lambda: _level(chain, product_id, "250"))
    assert level["is_below"] is False
    await chain.until(lambda: _none(chain, "alerts", "/v1/alerts", site=SITE))
    await _reports(chain, product_id)
    await _one_trace(chain, charge["charge_id"])


async def _receive(chain: Doors, order: dict[str, Any]) -> None:
    """Send the draft, confirm it, and take in all of it as one lot at another cost."""
    path = f"/v1/orders/{order['order_id']}"
    await chain.post("purchasing", f"{path}:send", {})
    await chain.post("purchasing", f"{path}:confirm", {})
    line = {"line": 1, "quantity": "200", "unit_cost": "4.40", "lot_number": "NEW", "expires_on": "2032-06-30"}
    received = await chain.post("purchasing", f"{path}:receive", {"lines": [line]})
    assert received["order"]["status"] == "received"


async def _level(chain: Doors, product_id: str, on_hand: str) -> Any:
    level = await chain.get("stock", f"/v1/levels/{SITE}/{product_id}")
    return level if level["on_hand"] == on_hand else None


async def _none(chain: Doors, service: str, path: str, **parameters: Any) -> bool:
    return not (await chain.get(service, path, **parameters))["rows"]


async def _reports(chain: Doors, product_id: str) -> None:
    """Revenue from the charge, COGS from the lots that really left (40 × 4.50), value of what lies there now."""
    today = date.today().isoformat()  # noqa: DTZ011 - a day either side is asked for

    async def sold() -> Any:
        rows = (await chain.get("reporting", "/v1/sales/by-product", site=SITE))["rows"]
        return [row for row in rows if row["product_id"] == product_id and row["cogs_minor"]]

    (row,) = await chain.until(sold)
    assert today
    assert (row["units"], row["revenue_minor"], row["cogs_minor"], row["margin_minor"]) == ("40", 48000, 18000, 30000)
    summary = await chain.get("stock", "/v1/summary", site=SITE)
    assert summary["value_minor"] == 50 * 450 + 200 * 440


async def _one_trace(chain: Doors, charge_id: str) -> None:
    """The movements of the charge carry the trace of its request, and its spans reach the draft."""
    movements = (await chain.get("stock", "/v1/movements", site=SITE))["rows"]
    (trace_id,) = {row["trace_id"] for row in movements if row["cause_id"] == charge_id}
    assert re.fullmatch("[0-9a-f]{32}", trace_id)

    async def reached() -> Any:
        services = {span["service"] for span in chain.machine.spans() if span["trace_id"] == trace_id}
        return services if {"sales", "stock", "alerts", "purchasing", "reporting"} <= services else None

    await chain.until(reached)
    spans = {span["span_id"]: span for span in chain.machine.spans() if span["trace_id"] == trace_id}
    roots = [span for span in spans.values() if span["parent_id"] not in spans]
    assert [(root["service"], root["name"]) for root in roots] == [("sales", "POST /v1/charges")]

    def line(span: dict[str, Any]) -> list[str]:
        return [*(line(spans[span["parent_id"]]) if span["parent_id"] in spans else []), span["service"]]

    ends = [line(span) for span in spans.values() if span["service"] == "purchasing"]
    assert any(re.fullmatch("(sales )+(stock )+(purchasing ?)+", " ".join(way)) for way in ends), ends


async def test_the_same_charge_twice_is_one_charge(chain: Doors) -> None:
    """A till that lost the answer sends again: the same answer, one charge, one effect (N-02); another body is refused."""
    key = str(uuid7())
    body = {"site": SITE, "hold": False, "lines": [{"code": "TOX100", "quantity": "1"}]}
    before = (await chain.get("stock", "/v1/summary", site=SITE))["value_minor"]

    first = await chain.post("sales", "/v1/charges", body, key)
    again = await chain.post("sales", "/v1/charges", body, key)

    assert first == again

    async def moved() -> Any:
        value = (await chain.get("stock", "/v1/summary", site=SITE))["value_minor"]
        return value if value != before else None

    assert before - await chain.until(moved) == 450
