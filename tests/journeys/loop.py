"""The only home of the loop as steps through the doors: what the onebox and the containers must both walk."""

from typing import Any

from tests.journeys.conftest import Doors

SITE = "harley"


async def furnish(chain: Doors) -> dict[str, Any]:
    """A taxed site, a product with price, supplier and minimum, and two lots of it, the later expiry received first."""
    await chain.post("catalog", "/v1/sites", {"slug": SITE, "name": "Harley Street", "time_zone": "Europe/London"})
    await chain["catalog"].put(
        f"/v1/sites/{SITE}/tax",
        json={
            "tax_1": {"name": "VAT", "rate_1": "20", "rate_2": "5"},
            "tax_2": {"name": "", "rate_1": "0", "rate_2": "0"},
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


async def walk(chain: Doors) -> str:
    """Charge, see an alert and a draft answer the shortage, receive it, read the reports; returns the charge id."""
    things = await furnish(chain)
    product_id = things["product_id"]

    charge = await chain.post(
        "sales",
        "/v1/charges",
        {
            "site": SITE,
            "lines": [{"product_id": product_id, "quantity": "40"}],
            "tenders": [{"kind": "card", "amount_minor": 57600}],
        },
    )
    assert (charge["net_minor"], charge["tax_minor"], charge["total_minor"]) == (48000, 9600, 57600)
    assert charge["is_held"] is True

    async def drafts() -> Any:
        """The drafts of the site."""
        return (await chain.get("purchasing", "/v1/orders", site=SITE, status="draft"))["rows"]

    (draft,) = await chain.until(drafts)
    order = await chain.get("purchasing", f"/v1/orders/{draft['order_id']}")
    assert order["supplier_id"] == things["supplier_id"]
    assert [(line["product_id"], line["quantity"], line["supplier_code"]) for line in order["lines"]] == [
        (product_id, "200", "NM-TOX")
    ]

    async def alerts() -> Any:
        """The alerts that stand at the site."""
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
    return str(charge["charge_id"])


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
    """Revenue from the charge, COGS from the lots that really left (40 at 4.50), value of what lies there now."""

    async def sold() -> Any:
        rows = (await chain.get("reporting", "/v1/sales/by-product", site=SITE))["rows"]
        return [row for row in rows if row["product_id"] == product_id and row["cogs_minor"]]

    (row,) = await chain.until(sold)
    assert (row["units"], row["revenue_minor"], row["cogs_minor"], row["margin_minor"]) == ("40", 48000, 18000, 30000)
    summary = await chain.get("stock", "/v1/summary", site=SITE)
    assert summary["value_minor"] == 50 * 450 + 200 * 440
