"""How lots were chosen at the charge: deviations from FEFO as a list by site and day (STK-36)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.sales.harness import OTHER, SITE, Sales, fact, line
from tests.sales.visits import NOW, TOXIN, furnish

from lotwise.contracts.catalog import PriceChanged
from lotwise.contracts.ids import named_id, uuid7
from lotwise.sales.domain.dispensing import Offer
from lotwise.values import site_day

FIRST = Offer(named_id("lot a"), "A1", date(2027, 1, 31), "50")
SECOND = Offer(named_id("lot b"), "B2", date(2027, 6, 30), "100")
PRESCRIBED = {"prescription": {"prescriber": "Dr Grey", "order_reference": "RX-7"}}


@pytest.fixture(autouse=True)
async def clinic(sales: Sales) -> None:
    """A toxin that asks for its lot, with two lots on the shelf, of which the first goes first."""
    await furnish(sales)
    await sales.hear(PriceChanged(price_id=uuid7(), product_id=TOXIN, price="9", valid_from=NOW - timedelta(days=9)))
    await sales.selling.prices.load()
    sales.shelves.lots[TOXIN] = [FIRST, SECOND]


async def sell(sales: Sales, lot: Offer, quantity: str = "5", site: str = SITE) -> str:
    """Charge some of the toxin out of a lot; the charge's id."""
    body = fact(line(TOXIN, quantity, lot_id=str(lot.lot_id), **PRESCRIBED), site=site) | {"hold": True}
    made: dict[str, Any] = await sales.post("/v1/charges", body, who="owner")
    return str(made["charge_id"])


async def chosen(sales: Sales, **params: Any) -> list[dict[str, Any]]:
    """The rows of today at the site."""
    day = site_day(datetime.now(UTC), "Europe/London").isoformat()
    found = await sales.get("/v1/dispensed", params={"site": SITE, "from": day} | params, who="owner")
    rows: list[dict[str, Any]] = found["rows"]
    return rows


async def test_deviations_are_listed_the_newest_first(sales: Sales) -> None:
    """STK-36: given a charge by FEFO, two against it and one while stock is away; then the list names both deviations
    with who, when, charge, product, the lot chosen and FEFO's, page by page; the others stand under their own choice.
    """
    await sell(sales, FIRST)
    one = await sell(sales, SECOND, "2")
    two = await sell(sales, SECOND, "3")
    sales.shelves.away = True
    unchecked = await sell(sales, SECOND)
    rows = await chosen(sales)
    assert [row["charge_id"] for row in rows] == [two, one]
    charge = await sales.get(f"/v1/charges/{two}", who="owner")
    assert rows[0] == {
        "charge_id": two, "line": 1, "number": charge["number"], "state": "recorded", "site": SITE,
        "happened_at": charge["happened_at"], "actor": "user:owner", "product_id": str(TOXIN),
        "code": rows[0]["code"], "name": rows[0]["name"], "unit": rows[0]["unit"], "quantity": "3",
        "lot_choice": "deviation", "lot_id": str(SECOND.lot_id), "fefo_lot_id": str(FIRST.lot_id),
    }  # fmt: skip
    params = {"site": SITE, "from": site_day(datetime.now(UTC), "Europe/London").isoformat(), "limit": 1}
    first = await sales.get("/v1/dispensed", params=params, who="owner")
    second = await sales.get("/v1/dispensed", params=params | {"after": first["next"]}, who="owner")
    assert [row["charge_id"] for page in (first, second) for row in page["rows"]] == [two, one]
    assert [row["charge_id"] for row in await chosen(sales, lot_choice="unchecked")] == [unchecked]
    assert [row["lot_choice"] for row in await chosen(sales, lot_choice="fefo")] == ["fefo"]


async def test_other_days_and_sites_are_left_out(sales: Sales) -> None:
    """STK-36: a day before, another site, or a person of another site sees none of it; a voided charge says so."""
    charge = await sell(sales, SECOND)
    day = site_day(datetime.now(UTC), "Europe/London")
    before = (day - timedelta(days=1)).isoformat()
    assert await chosen(sales, **{"from": before}) == []
    assert await chosen(sales, site=OTHER) == []
    assert len(await chosen(sales, **{"from": before, "to": day.isoformat()})) == 1
    await sales.post(f"/v1/charges/{charge}:void", {"reason": "slip", "disposition": "quarantine"}, who="manager")
    assert [row["state"] for row in await chosen(sales)] == ["voided"]


async def test_days_out_of_order_and_sites_of_others_are_refused(sales: Sales) -> None:
    """STK-36: the last day before the first, and a site one may not see, are refused."""
    path = f"/v1/dispensed?site={SITE}&from=2026-03-02&to=2026-03-01"
    answer = await sales.call("GET", path, who="owner")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-day")
    answer = await sales.call("GET", f"/v1/dispensed?site={OTHER}&from=2026-03-02", who="local")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
