"""The stock card, the perpetual log of controlled drugs, and why a charge took its lots (N-17, STK-40, STK-46)."""

from datetime import timedelta
from typing import Any

from tests.stock.chain import BOTOX, CREAM, NOON, Chain, line, product, returned

from lotwise.contracts.catalog import SiteDefined
from lotwise.contracts.ids import uuid7

REBUILT = """
insert into daily_total (product_id, location_id, lot_id, happened_on, recorded_on, quantity, cost_minor)
select g.product_id, g.location_id, g.lot_id, (g.happened_at at time zone s.time_zone)::date,
       (g.recorded_at at time zone s.time_zone)::date, sum(g.quantity), sum(g.cost)
from (select product_id, to_location as location_id, lot_id, happened_at, recorded_at, quantity, cost_minor as cost
      from movement
      union all
      select product_id, from_location, lot_id, happened_at, recorded_at, -quantity, -cost_minor from movement) g
join location l on l.id = g.location_id join site s on s.slug = l.site group by 1, 2, 3, 4, 5
"""
"""The days as they were before the test moved a charge to another one."""


async def steps(stock: Chain, path: str = "card", **query: Any) -> list[dict[str, Any]]:
    """All steps of a card, page by page, newest first."""
    asked = {"site": "harley", "product": str(BOTOX)} | query
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = await stock.bench.get(f"/v1/{path}", params=asked | ({"after": after} if after else {}))
        found += page["rows"]
        after = page["next"]
        if not after:
            return found


async def a_history(stock: Chain) -> None:
    """Receive 10 and 5, sell 4, waste 1, set 5 apart, ship 2 away and call that off."""
    await stock.receive("10", lot_number="A", expires_on="2031-01-01")
    other = await stock.receive("5", lot_number="B", expires_on="2032-01-01")
    await stock.sell("4")
    body = {"site": "harley", "product_id": str(BOTOX), "quantity": "-1", "reason": "waste", "note": "dropped"}
    await stock.bench.post("/v1/adjustments", body)
    await stock.bench.post(f"/v1/lots/{other['lot_id']}:quarantine", {"site": "harley", "reason": "a look"})
    lines = [{"product_id": str(BOTOX), "quantity": "2"}]
    made = await stock.bench.post("/v1/transfers", {"from_site": "harley", "to_site": "soho", "lines": lines})
    await stock.bench.post(f"/v1/transfers/{made['transfer_id']}:ship", {})
    await stock.bench.post(f"/v1/transfers/{made['transfer_id']}:cancel", {})


async def test_the_card_has_the_balance_after_every_step(stock: Chain) -> None:
    """Stock card: given a history with a transfer that came back; then every step states the balance after it, also
    what another site wrote, on one page as on pages of one.
    """
    await a_history(stock)
    expected = [("2", "10"), ("-2", "8"), ("0", "10"), ("-1", "10"), ("-4", "11"), ("5", "15"), ("10", "10")]
    whole = await steps(stock)
    assert [(one["change"], one["balance"]) for one in whole] == expected
    assert [one["reason"] for one in whole][2:] == ["quarantine", "waste", "sale", "receipt", "receipt"]
    assert whole[3]["note"] == "dropped"
    assert await steps(stock, limit=1) == whole
    level = await stock.level()
    assert int(level["on_hand"]) + int(level["quarantined"]) == 10


async def test_a_filter_leaves_the_balance_true(stock: Chain) -> None:
    """Stock card: given the same history; when only what went out is asked for, or one lot, or a reason; then the
    rows are fewer and each still states the balance of the whole card.
    """
    await a_history(stock)
    assert [one["balance"] for one in await steps(stock, way="out")] == ["8", "10", "11"]
    assert [one["balance"] for one in await steps(stock, way="in", limit=1)] == ["10", "15", "10"]
    (lot,) = [one for one in await stock.lots(site="harley") if one["lot_number"] == "B"]
    assert [(one["reason"], one["balance"]) for one in await steps(stock, lot=lot["lot_id"])] == [
        ("quarantine", "10"), ("receipt", "15"),
    ]  # fmt: skip
    assert [one["balance"] for one in await steps(stock, reason="waste")] == ["10"]


async def test_the_log_of_a_controlled_drug_names_the_witness(stock: Chain) -> None:
    """STK-40: given a controlled drug received, charged and wasted before a witness; then its log has every movement
    with the running balance, who did it and who saw it; a product that is not controlled has no such log.
    """
    await stock.hear(product(BOTOX, "BTX", "Botox Units", unit="U", drug_class="controlled", revision=2))
    await stock.receive("10", lot_number="A")
    await stock.sell("3")
    body = {"adjustment_id": str(uuid7()), "site": "harley", "product_id": str(BOTOX), "quantity": "-2"}
    await stock.bench.post("/v1/adjustments", body | {"reason": "waste", "note": "residue"})
    await stock.bench.post(f"/v1/adjustments/{body['adjustment_id']}:confirm", {}, who="manager")
    log = await steps(stock, "controlled-log")
    assert [(one["change"], one["balance"], one["actor"], one["witness"]) for one in log] == [
        ("-2", "5", "user:owner", "user:manager"), ("-3", "7", "desk", None), ("10", "10", "user:importer", None),
    ]  # fmt: skip
    refused = await stock.bench.call("GET", "/v1/controlled-log", params={"site": "harley", "product": str(CREAM)})
    assert (refused.status_code, refused.json()["code"]) == (409, "not-controlled")


async def test_a_card_of_nothing_is_refused(stock: Chain) -> None:
    """Bad input: an unknown site or product, a site one may not see, a forged cursor: each refused by name."""
    good = {"site": "harley", "product": str(BOTOX)}
    calls = [
        (good | {"site": "nowhere"}, "owner", "unknown-site"),
        (good | {"product": str(uuid7())}, "owner", "unknown-product"),
        (good | {"site": "soho"}, "local", "forbidden"),
        (good | {"after": "bm9uc2Vuc2U"}, "owner", "bad-cursor"),
    ]
    for query, who, code in calls:
        answer = await stock.bench.call("GET", "/v1/card", params=query, who=who)
        assert answer.json()["code"] == code


async def test_the_lots_of_a_charge_are_explained(stock: Chain) -> None:
    """N-17: given lots expired, set apart, damaged, soonest, later and never expiring; when 7 are charged, and other
    things happen since; then the explanation names each lot that lay there then, what was taken, and why.
    """
    await stock.receive("4", lot_number="OLD", expires_on="2026-05-03")
    await stock.receive("5", lot_number="SOON", expires_on="2030-01-01")
    await stock.receive("6", lot_number="LATE", expires_on="2031-01-01")
    await stock.receive("9", lot_number="NEVER")
    apart = await stock.receive("3", lot_number="APART", expires_on="2029-01-01")
    broken = await stock.receive("2", lot_number="BROKEN", expires_on="2029-02-01")
    await stock.bench.post(f"/v1/lots/{apart['lot_id']}:quarantine", {"site": "harley", "reason": "a look"})
    damage = {"site": "harley", "product_id": str(BOTOX), "lot_id": broken["lot_id"], "quantity": "2"}
    await stock.bench.post("/v1/damages", damage)
    sale = await stock.sell("7")
    await stock.receive("50", lot_number="NEW", expires_on="2028-01-01")
    await stock.sell("20")
    found = await stock.bench.get("/v1/explain/lot", params={"charge": str(sale.charge_id)})
    (one,) = found["products"]
    assert (one["wanted"], one["missing"], one["day"]) == ("7", "0", "2026-05-04")
    assert [(lot["lot_number"], lot["on_hand"], lot["taken"], lot["why"]) for lot in one["lots"]] == [
        ("OLD", "4", "0", "expired"),
        ("SOON", "5", "5", "soonest expiry first"),
        ("LATE", "6", "2", "soonest expiry first"),
        ("NEVER", "9", "0", "not needed: the lots before it sufficed"),
        ("APART", "3", "0", "set apart in quarantine"),
        ("BROKEN", "2", "0", "damaged"),
    ]


async def test_a_lot_that_was_named_is_explained_as_such(stock: Chain) -> None:
    """N-17: given a charge that names the later lot, and takes more than all have; then the named lot is said to be
    named, and what no lot covered is counted.
    """
    await stock.receive("5", lot_number="SOON", expires_on="2030-01-01")
    late = await stock.receive("5", lot_number="LATE", expires_on="2031-01-01")
    named = stock.sale(line("2", lot_id=late["lot_id"]))
    await stock.hear(named)
    more = await stock.sell("9")
    (one,) = (await stock.bench.get("/v1/explain/lot", params={"charge": str(named.charge_id)}))["products"]
    assert [(lot["lot_number"], lot["taken"], lot["why"]) for lot in one["lots"]] == [
        ("SOON", "0", "not needed: the lots before it sufficed"),
        ("LATE", "2", "named, or drawn from an opened container"),
    ]  # fmt: skip
    (rest,) = (await stock.bench.get("/v1/explain/lot", params={"charge": str(more.charge_id)}))["products"]
    assert (rest["wanted"], rest["missing"], [lot["taken"] for lot in rest["lots"]]) == ("9", "1", ["5", "3"])


async def test_a_charge_of_yesterday_is_explained_by_what_lay_then(stock: Chain) -> None:
    """N-17: given a charge written on an earlier day, and returns, sales and receipts of the days since; then the
    explanation still states what lay there before it: whole days since are taken back by their totals.
    """
    await stock.receive("5", lot_number="A", expires_on="2030-01-01")
    await stock.receive("5", lot_number="B", expires_on="2031-01-01")
    sale = await stock.sell("6")
    await stock.bench.owner.execute("update movement set recorded_at = recorded_at - interval '3 days'")
    await stock.bench.owner.execute("update daily_total set recorded_on = recorded_on - 3")
    await stock.hear(returned("1", sale))
    await stock.sell("2", happened_at=NOON + timedelta(days=1))
    await stock.receive("7", lot_number="A", expires_on="2030-01-01")
    (one,) = (await stock.bench.get("/v1/explain/lot", params={"charge": str(sale.charge_id)}))["products"]
    lots = [(lot["lot_number"], lot["on_hand"], lot["taken"]) for lot in one["lots"]]
    assert lots == [("A", "5", "5"), ("B", "5", "1")]
    old = "where recorded_at < now() - interval '2 days'"
    await stock.bench.owner.execute(f"update movement set recorded_at = recorded_at + interval '3 days' {old}")
    await stock.bench.owner.execute("truncate daily_total")
    await stock.bench.owner.execute(REBUILT)


async def test_a_charge_stock_never_saw_is_refused(stock: Chain) -> None:
    """N-17, N-03: an unknown charge, and one of a site that may not be seen: both are unknown."""
    await stock.receive("5", site="soho")
    sale = await stock.sell("1", site="soho")
    for charge, who in ((uuid7(), "owner"), (sale.charge_id, "local")):
        answer = await stock.bench.call("GET", "/v1/explain/lot", params={"charge": str(charge)}, who=who)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-charge")


async def test_a_block_is_explained_with_the_ways_out_that_help(stock: Chain) -> None:
    """SAL-12, STK-46, N-17: given 10 of which 3 are damaged and a minimum of 6 that blocks; when 5, 7 and 9 are
    wanted; then lowering the minimum is offered only where that would do, and the chain names what is not usable.
    """
    await stock.hear(
        SiteDefined(slug="harley", name="H", time_zone="Europe/London", stock_policy="block_at_minimum", revision=2)
    )
    await stock.receive("10", lot_number="A")
    await stock.bench.post("/v1/damages", {"site": "harley", "product_id": str(BOTOX), "quantity": "3"})
    temporary = {
        "site": "harley", "product_id": str(BOTOX), "minimum": "6", "ends_on": "2027-01-01", "reason": "summer",
    }  # fmt: skip
    today = (await stock.bench.owner.fetchval("select current_date + 2")).isoformat()
    await stock.bench.post("/v1/temporary-minimums", temporary | {"ends_on": today})
    asked = {"site": "harley", "product": str(BOTOX)}
    found = {
        quantity: await stock.bench.get("/v1/explain/block", params=asked | {"quantity": quantity})
        for quantity in ("1", "7", "9")
    }
    assert [(one["is_blocked"], one["ways_out"]) for one in found.values()] == [
        (False, []),
        (True, ["lower the minimum temporarily", "create a purchase order"]),
        (True, ["create a purchase order"]),
    ]
    assert "3 U are not usable: damaged" in found["9"]["chain"]
    assert f"that minimum is temporary, through {today}: summer" in found["9"]["chain"]
    bad = await stock.bench.call("GET", "/v1/explain/block", params=asked | {"quantity": "0.5"})
    assert (bad.status_code, bad.json()["code"]) == (422, "bad-quantity")
