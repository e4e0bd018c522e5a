"""The charge desk: holds first, then the charge; void, abandon, quotes, codes, tiles, members."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.sales.harness import BACK_BAR, BOTOX, CREAM, FACIAL, OTHER, SITE, FakeStock, Sales, fact, line

from lotwise.contracts.catalog import FunctionKeysPinned, PinnedKey, ProductArchived, ProductDefined
from lotwise.contracts.ids import named_id, uuid7
from lotwise.contracts.sales import SaleRecorded, SaleVoided
from lotwise.contracts.stock import LevelNow, StockLevelChanged
from lotwise.sales.operations.holding import Away, Granted, refused

PROBLEM = {
    "code": "not-enough-stock",
    "title": "There is not enough stock",
    "detail": "3 U are available",
    "numbers": {"available": "3", "wanted": "5"},
    "ways_out": ["receive stock", "lower the minimum temporarily"],
}


async def desk_charge(sales: Sales, *lines: dict[str, Any], **more: Any) -> Any:
    """A charge from the desk, as the front desk posts it."""
    return await sales.call("POST", "/v1/charges", fact(*lines, **more) | {"hold": True}, who="front_desk")


async def test_goods_are_held_before_the_charge_is_recorded(sales: Sales, stock: FakeStock) -> None:
    """SAL-02 N-03: stock is asked once for all physical goods under the charge's id; services are not asked for."""
    answer = await desk_charge(sales, line(BOTOX, "2"), line(CREAM, "0.5"), line(BOTOX, "3"), line(FACIAL, "1"))
    assert answer.status_code == 201, answer.text
    (hold,) = stock.asked
    assert (str(hold.hold_id), hold.site) == (answer.json()["charge_id"], SITE)
    assert [tuple(one) for one in hold.lines] == [(BOTOX, "5", None), (CREAM, "0.5", None)]
    (told,) = await sales.told(SaleRecorded)
    assert (told.is_held, told.source) == (True, "desk")


async def test_too_little_stock_refuses_the_charge(sales: Sales, stock: FakeStock) -> None:
    """SAL-12: stock's no passes through with its numbers and ways out (409), and nothing is recorded."""
    before = await sales.state()
    stock.answer = refused(PROBLEM)
    answer = await desk_charge(sales, line(BOTOX, "5"))
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["code"], problem["title"]) == ("not-enough-stock", "Stock too low, can't create charge")
    assert problem["numbers"] == {"available": "3", "wanted": "5"}
    assert problem["ways_out"] == ["receive stock", "lower the minimum temporarily"]
    assert await sales.state() == before


async def test_stock_away_sells_unheld_or_refuses_by_site(sales: Sales, stock: FakeStock) -> None:
    """DESIGN 4: with stock away a site that sells records the charge unheld, one that refuses does not."""
    stock.answer = Away("no answer")
    assert (await desk_charge(sales, line(BOTOX, "1"))).json()["is_held"] is False
    before = await sales.state()
    answer = await desk_charge(sales, line(BOTOX, "1"), site=OTHER)
    assert (answer.status_code, answer.json()["code"]) == (409, "stock-unreachable")
    assert await sales.state() == before


async def test_a_hold_about_to_end_is_not_enough(sales: Sales, stock: FakeStock) -> None:
    """DESIGN 4: with less than 30 s of the hold left nothing is recorded."""
    before = await sales.state()
    stock.answer = Granted(datetime.now(UTC) + timedelta(seconds=29))
    answer = await desk_charge(sales, line(BOTOX, "1"))
    assert (answer.status_code, answer.json()["code"]) == (409, "hold-too-short")
    assert await sales.state() == before


@pytest.mark.parametrize("answer", [None, refused(PROBLEM), Away("no answer")])
async def test_a_replayed_desk_charge_is_answered_from_the_record(sales: Sales, stock: FakeStock, answer: Any) -> None:
    """N-02: the same desk charge again gets the same answer, whatever stock says by now, and nothing changes."""
    body = fact(line(BOTOX, "1"), hold=True, site=OTHER)
    first = await sales.call("POST", "/v1/charges", body, who="front_desk")
    before = await sales.state()
    stock.answer = answer
    again = await sales.call("POST", "/v1/charges", body, who="front_desk")
    assert (again.status_code, again.json(), again.headers["idempotent-replayed"]) == (201, first.json(), "true")
    assert await sales.state() == before
    assert stock.released == []


async def test_a_service_needs_no_hold(sales: Sales, stock: FakeStock) -> None:
    """SAL-14: a charge without goods does not ask stock."""
    assert (await desk_charge(sales, line(FACIAL, "1"))).json()["is_held"] is False
    assert stock.asked == []


@pytest.mark.parametrize(
    ("lines", "more", "status", "code"),
    [
        ([line(BOTOX, "1", unit_price="11")], {}, 403, "forbidden"),
        ([line(BOTOX, "-1", effect="return")], {}, 403, "forbidden"),
        ([line(BACK_BAR, "1")], {}, 409, "not-for-sale"),
        ([line(BOTOX, "1")], {"happened_at": "2026-01-01T00:00:00Z"}, 403, "forbidden"),
        ([line(BOTOX, "1")], {"member_id": str(named_id("nobody"))}, 404, "unknown-member"),
    ],
)
async def test_what_the_desk_may_not(
    sales: Sales, stock: FakeStock, lines: list[dict[str, Any]], more: dict[str, Any], status: int, code: str
) -> None:
    """SAL-01 CAT-33: own prices, corrections, back bar, past dates, unknown members: refused before stock is asked."""
    before = await sales.state()
    answer = await desk_charge(sales, *lines, **more)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await sales.state() == before
    assert stock.asked == []


async def test_a_manager_may_give_another_price(sales: Sales) -> None:
    """CAT-56: who sets prices may charge another one; the list price stays on the line."""
    answer = await sales.call("POST", "/v1/charges", fact(line(BOTOX, "1", unit_price="11"), hold=True), who="manager")
    (charged,) = answer.json()["lines"]
    assert (charged["unit_price"], charged["list_price"]) == ("11.00", "12.00")


async def test_an_archived_product_is_not_offered(sales: Sales) -> None:
    """CAT-23: an archived product cannot be charged at the desk, a fact about it is recorded."""
    product = named_id("gone")
    await sales.hear(ProductDefined(product_id=product, code="GONE", name="Gone", kind="physical", is_archived=True))
    await sales.selling.prices.load()
    answer = await desk_charge(sales, line(product, "1"))
    assert (answer.status_code, answer.json()["code"]) == (409, "product-archived")
    await sales.charge(line(product, "1", unit_price="5"))


async def test_a_void_reverses_once(sales: Sales) -> None:
    """SAL-16: a void says SaleVoided once with the charge's lines and where the goods go; a second one is refused."""
    charge = await sales.charge(line(BOTOX, "2"))
    path = f"/v1/charges/{charge['charge_id']}:void"
    await sales.post(path, {"reason": "typed wrong", "disposition": "quarantine"}, who="manager")
    (told,) = await sales.told(SaleVoided)
    assert (told.disposition, told.reason, told.net_minor, told.tax_minor) == ("quarantine", "typed wrong", 2400, 288)
    assert [(one.line, one.quantity) for one in told.lines] == [(1, "2")]
    before = await sales.state()
    again = await sales.call("POST", path, {"reason": "again"}, who="manager")
    assert (again.status_code, again.json()["code"]) == (409, "already-voided")
    assert await sales.state() == before
    shown = await sales.get(f"/v1/charges/{charge['charge_id']}")
    assert (shown["state"], shown["void"]["disposition"]) == ("voided", "quarantine")


@pytest.mark.parametrize("who", ["front_desk", "till"])
async def test_who_may_not_void(sales: Sales, who: str) -> None:
    """SAL-16: a void needs charge.void."""
    charge = await sales.charge()
    before = await sales.state()
    answer = await sales.call("POST", f"/v1/charges/{charge['charge_id']}:void", {"reason": "x"}, who=who)
    assert answer.status_code == 403
    assert await sales.state() == before


async def test_treated_goods_never_return_to_the_shelf(sales: Sales) -> None:
    """SAL-19: a void of treated goods to the shelf is refused with the ways out; to waste it is done."""
    charge = await sales.charge(line(BOTOX, "2", treatment_id=str(uuid7())))
    path = f"/v1/charges/{charge['charge_id']}:void"
    before = await sales.state()
    answer = await sales.call("POST", path, {"reason": "refund"}, who="manager")
    assert (answer.status_code, answer.json()["code"]) == (409, "treated-goods")
    assert await sales.state() == before
    await sales.post(path, {"reason": "refund", "disposition": "waste"}, who="manager")


async def test_an_abandoned_id_is_closed_for_good(sales: Sales, stock: FakeStock) -> None:
    """DESIGN 4: after :abandon the id records nothing; its hold is let go; abandoning again changes nothing."""
    body = fact(line(BOTOX, "1"))
    for _ in range(2):
        answer = await sales.post(f"/v1/charges/{body['charge_id']}:abandon", {"site": SITE}, who="front_desk")
        assert answer == {"charge_id": body["charge_id"], "site": SITE, "state": "abandoned"}
    assert [str(hold_id) for hold_id, _ in stock.released] == [body["charge_id"]] * 2
    before = await sales.state()
    for hold in (True, False):
        late = await sales.call("POST", "/v1/charges", body | {"hold": hold}, who="importer")
        assert (late.status_code, late.json()["code"]) == (409, "charge-closed")
    assert await sales.state() == before
    assert await sales.told() == []


async def test_a_recorded_charge_cannot_be_abandoned(sales: Sales, stock: FakeStock) -> None:
    """DESIGN 4: stock keeps the hold of a recorded charge, because abandoning it is refused."""
    charge = await sales.charge()
    before = await sales.state()
    answer = await sales.call("POST", f"/v1/charges/{charge['charge_id']}:abandon", {"site": SITE}, who="service")
    assert (answer.status_code, answer.json()["code"]) == (409, "already-recorded")
    assert await sales.state() == before
    assert stock.released == []


async def test_a_quote_explains_itself_and_records_nothing(sales: Sales, stock: FakeStock) -> None:
    """SAL-13: a quote has list price, taxes by name, stock's figures and the steps; nothing is kept or held."""
    before = await sales.state()
    quote = await sales.post("/v1/quotes", {"site": SITE, "lines": [line(BOTOX, "20")]}, who="front_desk")
    (quoted,) = quote["lines"]
    assert (quoted["list_price"], quoted["net_minor"], quoted["tax_1_minor"], quoted["tax_2_minor"]) == (
        "12.00",
        24000,
        1200,
        1680,
    )
    assert quoted["explanation"][0] == "List price 12.00 per U."
    assert [(tax["name"], tax["percent"], tax["tax_minor"]) for tax in quote["taxes"]] == [
        ("GST", "5", 1200),
        ("PST", "7", 1680),
    ]
    assert quote["total_minor"] == 26880
    assert await sales.state() == before
    assert stock.asked == []


async def test_a_quote_says_how_the_price_would_be_taxed_elsewhere(sales: Sales) -> None:
    """SAL-05 CAT-25: the same line at a site without taxes costs its price alone."""
    quote = await sales.post("/v1/quotes", {"site": OTHER, "lines": [line(BOTOX, "20")]})
    assert (quote["total_minor"], quote["tax_minor"]) == (24000, 0)


async def test_tiles_are_the_first_twelve_in_ascii_order(sales: Sales) -> None:
    """CAT-35 CAT-46: "." before digits, digits before capitals, capitals before small letters; back bar is left out."""
    codes = ["a1", "Z9", "0AB", ".B", "B2"] + [f"K{i:02}" for i in range(12)]
    await sales.hear(
        *(ProductDefined(product_id=named_id("t", code), code=code, name=code, kind="physical") for code in codes)
    )
    newer = LevelNow(product_id=BOTOX, on_hand="40", held="2", available="38", revision=3)
    older = LevelNow(product_id=BOTOX, on_hand="99", held="0", available="99", revision=2)
    await sales.hear(StockLevelChanged(site=SITE, levels=(newer,)))
    await sales.hear(StockLevelChanged(site=SITE, levels=(older,)))
    await sales.selling.prices.load()
    desk = await sales.get(f"/v1/desk?site={SITE}", who="front_desk")
    assert [tile["code"] for tile in desk["tiles"]] == [
        ".B", ".FACIAL", "0AB", "B2", "BOTOX", "CREAM", "K00", "K01", "K02", "K03", "K04", "K05",
    ]  # fmt: skip
    assert [tile["key"] for tile in desk["tiles"]] == [f"F{i}" for i in range(1, 13)]
    (botox,) = [tile for tile in desk["tiles"] if tile["code"] == "BOTOX"]
    assert (botox["price"], botox["on_hand"], botox["available"]) == ("12.00", "40", "38")
    assert (desk["site_name"], desk["taxes"]["rate_2_2"]) == ("Harley Street", "9.975")


async def tile_keys(sales: Sales, site: str = SITE) -> dict[str, str]:
    """The code that each key of the desk picks."""
    desk = await sales.get(f"/v1/desk?site={site}", who="front_desk")
    return {tile["key"]: tile["code"] for tile in desk["tiles"]}


async def test_tiles_follow_what_the_site_pinned(sales: Sales) -> None:
    """CAT-46: a pinned product stays on its key, the list fills the others, an archived or back bar one frees its key;
    an older message changes nothing, and another site keeps the plain list.
    """
    codes = [f"K{i:02}" for i in range(14)]
    made = {code: named_id("t", code) for code in codes}
    await sales.hear(*(ProductDefined(product_id=made[code], code=code, name=code, kind="physical") for code in codes))
    await sales.selling.prices.load()
    keys = tuple(PinnedKey(key=key, product_id=one) for key, one in ((2, made["K13"]), (4, BACK_BAR), (12, BOTOX)))
    pinned = FunctionKeysPinned(site=SITE, keys=keys, revision=2)
    await sales.hear(pinned)
    wanted = [".FACIAL", "K13", "CREAM", *codes[:8], "BOTOX"]
    assert await tile_keys(sales) == {f"F{i}": code for i, code in enumerate(wanted, 1)}
    before = await sales.state()
    await sales.hear(pinned, pinned.model_copy(update={"keys": (), "revision": 1}))
    assert await sales.state() == before
    plain = [".FACIAL", "BOTOX", "CREAM", *codes[:9]]
    assert await tile_keys(sales, OTHER) == {f"F{i}": code for i, code in enumerate(plain, 1)}
    await sales.hear(ProductArchived(product_id=made["K13"], revision=2))
    await sales.selling.prices.load()
    wanted = [".FACIAL", "CREAM", *codes[:9], "BOTOX"]
    assert await tile_keys(sales) == {f"F{i}": code for i, code in enumerate(wanted, 1)}
    await sales.hear(pinned.model_copy(update={"keys": (), "revision": 3}))
    assert await tile_keys(sales) == {f"F{i}": code for i, code in enumerate(plain, 1)}


async def test_a_scanned_code_selects_its_product(sales: Sales) -> None:
    """SAL-15: a code or barcode finds its product with the price here; another case is unknown."""
    for code in ("BOTOX", "00012345678905"):
        found = await sales.get(f"/v1/codes/{code}?site={SITE}", who="front_desk")
        assert (found["product_id"], found["price"]) == (str(BOTOX), "12.00")
    assert (await sales.call("GET", "/v1/codes/botox")).status_code == 404


async def test_members_are_kept_found_and_changed(sales: Sales) -> None:
    """SAL-17: a member is found by parts of name or phone, and changed only from the revision that was read."""
    one = await sales.post("/v1/members", {"name": "Ada Lovelace", "phone": "555 0100"}, who="front_desk")
    await sales.post("/v1/members", {"name": "Grace Hopper"}, who="front_desk")
    for search in ("love", "ADA", "0100", "ada 555"):
        found = await sales.get(f"/v1/members?search={search}", who="front_desk")
        assert [row["name"] for row in found["rows"]] == ["Ada Lovelace"], search
    assert len((await sales.get("/v1/members?search=%25"))["rows"]) == 0
    path = f"/v1/members/{one['member_id']}"
    changed = await sales.put(path, {"name": "Ada King", "phone": "555 0100"}, match='"1"', who="front_desk")
    assert (changed["name"], changed["revision"]) == ("Ada King", 2)
    before = await sales.state()
    assert (await sales.call("PUT", path, {"name": "Late"}, match='"1"')).status_code == 412
    assert (await sales.call("PUT", path, {"name": "Late"})).status_code == 428
    assert (await sales.call("GET", "/v1/members", who="till")).status_code == 403
    assert await sales.state() == before


async def test_each_look_at_members_is_logged_without_names(sales: Sales) -> None:
    """WEB-09: the audit trail says who looked at which member and how many were listed, never a name or a search."""
    one = await sales.post("/v1/members", {"name": "Ada Lovelace"}, who="front_desk")
    await sales.get(f"/v1/members/{one['member_id']}", who="front_desk")
    await sales.get("/v1/members?search=lovelace", who="front_desk")
    rows = await sales.owner.fetch("SELECT actor, action, target, details FROM audit ORDER BY seq")
    assert [(row["actor"], row["action"], row["target"], row["details"]) for row in rows[1:]] == [
        ("user:front_desk", "VIEW /v1/members", one["member_id"], {"count": 1}),
        ("user:front_desk", "VIEW /v1/members", "", {"count": 1}),
    ]
    assert not any("ovelace" in str(dict(row)) for row in rows)


async def test_a_member_id_is_taken_once(sales: Sales) -> None:
    """SAL-17: a second member under one id is refused and changes nothing."""
    one = await sales.post("/v1/members", {"name": "Ada"}, who="front_desk")
    before = await sales.state()
    answer = await sales.call("POST", "/v1/members", {"name": "Eve", "member_id": one["member_id"]}, who="front_desk")
    assert (answer.status_code, answer.json()["code"]) == (409, "member-taken")
    assert await sales.state() == before


async def test_members_of_another_system_are_kept_once(sales: Sales) -> None:
    """WEB-08 SAL-17: known members stay as they are kept here, new ones are added, one id twice in a call is one."""
    ada, bo = str(named_id("ada")), str(named_id("bo"))
    await sales.post("/v1/members", {"member_id": ada, "name": "Ada King"}, who="front_desk")
    rows = [{"member_id": one, "name": name} for one, name in ((ada, "Ada"), (bo, "Bo"), (bo, "Bob"))]
    answer = await sales.call("POST", "/v1/members:batch", {"rows": rows}, who="importer")
    assert (answer.status_code, answer.json()["created"], answer.json()["known"]) == (200, 1, 2)
    assert [one["outcome"] for one in answer.json()["rows"]] == ["known", "created", "known"]
    kept = await sales.get("/v1/members", who="front_desk")
    assert [(one["member_id"], one["name"], one["revision"]) for one in kept["rows"]] == [
        (ada, "Ada King", 1),
        (bo, "Bo", 1),
    ]
    again = await sales.post("/v1/members:batch", {"rows": rows}, who="importer")
    assert (again["created"], again["known"]) == (0, 3)
    assert (await sales.get("/v1/members", who="front_desk")) == kept


@pytest.mark.parametrize(
    "rows", [[], [{"name": "Nobody"}], [{"member_id": "x", "name": "X"}], [{"member_id": str(uuid7()), "name": ""}]]
)
async def test_a_call_of_members_without_ids_or_names_is_refused_whole(sales: Sales, rows: list[Any]) -> None:
    """WEB-08: no row, no id, no UUID, no name: 422 and nothing is kept; who may not write members is 403."""
    before = await sales.state()
    good = {"member_id": str(uuid7()), "name": "Good"}
    body = {"rows": [good, *rows] if rows else []}
    assert (await sales.call("POST", "/v1/members:batch", body, who="importer")).status_code == 422
    assert (await sales.call("POST", "/v1/members:batch", {"rows": [good]}, who="till")).status_code == 403
    assert await sales.state() == before


async def test_nothing_to_pay_needs_no_payment(sales: Sales) -> None:
    """SAL-23: a charge of 0.00 with a payment of zero is recorded without it."""
    answer = await sales.charge(line(BOTOX, "1", unit_price="0"), tenders=[{"kind": "cash", "amount_minor": 0}])
    assert (answer["total_minor"], answer["tenders"]) == (0, [])


async def test_members_page_by_name(sales: Sales) -> None:
    """SAL-17: the list goes on after the last name of a page, without gaps or repeats."""
    for name in ("Cy", "Al", "Bo"):
        await sales.post("/v1/members", {"name": name}, who="front_desk")
    first = await sales.get("/v1/members?limit=2")
    second = await sales.get(f"/v1/members?limit=2&after={first['next']}")
    assert [row["name"] for row in first["rows"] + second["rows"]] == ["Al", "Bo", "Cy"]


async def test_charges_are_listed_latest_first_by_site(sales: Sales) -> None:
    """SAL-01: the list shows only the sites that may be seen, latest first, page by page."""
    times = ["2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"]
    for at in times:
        await sales.charge(happened_at=at)
    await sales.charge(site=OTHER, happened_at="2026-01-04T00:00:00Z")
    first = await sales.get("/v1/charges?limit=2", who="local")
    second = await sales.get(f"/v1/charges?limit=2&after={first['next']}", who="local")
    assert [row["happened_at"] for row in first["rows"] + second["rows"]] == sorted(times, reverse=True)
    assert [row["site"] for row in (await sales.get("/v1/charges"))["rows"]] == [OTHER, SITE, SITE, SITE]
    assert (await sales.call("GET", f"/v1/charges?site={OTHER}", who="local")).status_code == 403
    assert [row["number"] for row in (await sales.get("/v1/charges?number=2"))["rows"]] == ["harley-000002"]


async def test_a_charge_out_of_reach_is_unknown(sales: Sales) -> None:
    """G: a charge of another site cannot be seen, voided or told from one that does not exist."""
    charge = await sales.charge(site=OTHER)
    assert (await sales.call("GET", f"/v1/charges/{charge['charge_id']}", who="local")).status_code == 404
    assert (await sales.call("GET", f"/v1/charges/{uuid7()}", who="local")).status_code == 404


async def test_a_receipt_has_names_taxes_and_change(sales: Sales) -> None:
    """SAL-22: the receipt names site, product and taxes, in the site's own time, with payment and change."""
    charge = await sales.charge(
        line(BOTOX, "1"), happened_at="2026-07-01T12:00:00Z", tenders=[{"kind": "cash", "amount_minor": 2000}]
    )
    receipt = await sales.get(f"/v1/charges/{charge['charge_id']}/receipt", who="front_desk")
    assert (receipt["site_name"], receipt["local_time"]) == ("Harley Street", "2026-07-01 13:00")
    assert [(one["name"], one["net_minor"], one["total_minor"]) for one in receipt["lines"]] == [("Botox", 1200, 1344)]
    assert [one["tax_inclusive"] for one in receipt["lines"]] == [False]
    assert [(tax["name"], tax["tax_minor"]) for tax in receipt["taxes"]] == [("GST", 60), ("PST", 84)]
    assert (receipt["paid_minor"], receipt["change_minor"], receipt["due_minor"]) == (2000, 656, 0)


async def test_uses_tell_catalog_whether_a_product_was_sold(sales: Sales) -> None:
    """CAT-22: catalog is told 0 for a product nobody bought, and more for one that was charged."""
    await sales.charge(line(BOTOX, "1"))
    assert (await sales.get(f"/v1/uses/{CREAM}", who="service"))["count"] == 0
    assert await sales.get(f"/v1/uses/{BOTOX}", who="service") == {"count": 1, "reasons": ["it was charged"]}
