"""Priced at the door: discounts, variants, add-ons, kits, packages and limits, as the desk and the tills meet them."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.sales import visits
from tests.sales.harness import BOTOX, CREAM, FACIAL, OLD, SITE, FakeStock, Sales, fact, line

from lotwise.contracts.catalog import (
    DiscountDefined,
    PackageDefined,
    PackageItem,
    PreferencesDefined,
    PriceChanged,
    ProductDefined,
)
from lotwise.contracts.ids import named_id, uuid7
from lotwise.contracts.sales import SaleRecorded, SaleVoided

LASER, MASK, SMALL, KIT, SIX = (named_id(name) for name in ("laser", "mask", "small", "kit", "six"))
UND, TIP = named_id("und"), named_id("tip")
TEN, CLUB, OVER = (named_id("discount", name) for name in ("ten", "club", "over"))


def told() -> list[Any]:
    """What catalog tells of everything special."""
    return [
        ProductDefined(
            product_id=FACIAL, code=".FACIAL", name="Facial", kind="service", add_ons=(MASK,), revision=2
        ),
        ProductDefined(product_id=LASER, code=".LASER", name="Laser", kind="service", price_per="hour"),
        ProductDefined(product_id=MASK, code="MASK", name="Mask", kind="physical", add_on_kind="product", cost="4"),
        ProductDefined(
            product_id=SMALL, code="CREAM30", name="Cream", kind="physical", variant_of=CREAM, variant_name="30 ml"
        ),
        ProductDefined(product_id=KIT, code="KIT", name="Kit", kind="digital"),
        ProductDefined(product_id=SIX, code="SIX", name="Six facials", kind="digital"),
        ProductDefined(product_id=UND, code=".UND", name="Undefined", kind="service", tax_code=1),
        ProductDefined(product_id=TIP, code=".TIP", name="Tip", kind="service"),
        PackageDefined(
            product_id=KIT,
            package_type="bundle",
            items=(PackageItem(product_id=BOTOX, quantity="10"), PackageItem(product_id=MASK, quantity="1")),
        ),
        *(
            PriceChanged(price_id=named_id("price", product), product_id=product, price=price, valid_from=OLD)
            for product, price in ((LASER, "100"), (MASK, "30"), (SMALL, "15"), (KIT, "100"), (SIX, "400"))
        ),
        DiscountDefined(
            discount_id=TEN, name="Ten", value="10", product_ids=(BOTOX,), min_quantity="5",
        ),
        DiscountDefined(discount_id=CLUB, name="Club", value="20", scope="cart", is_automatic=False, coupon="CLUB"),
        DiscountDefined(
            discount_id=OVER, name="Over", value="20", is_automatic=False, coupon="OVER", ends_on=date(2020, 1, 1)
        ),
    ]  # fmt: skip


@pytest.fixture
async def shop(sales: Sales) -> Sales:
    """Sales that knows everything special too."""
    await sales.hear(*told())
    await sales.selling.prices.load()
    return sales


def ask(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A charge of the desk."""
    return {"charge_id": str(uuid7()), "site": SITE, "lines": list(lines)} | more


async def refused(
    shop: Sales, path: str, body: Any, *, code: str = "", status: int = 0, who: str = "owner", method: str = "POST"
) -> Any:
    """The problem of a request that must be refused."""
    answer = await shop.call(method, path, body, who=who)
    problem = answer.json()
    assert answer.status_code == (status or answer.status_code) >= 400, answer.text
    assert not code or problem["code"] == code, answer.text
    return problem


async def test_a_discounted_charge_is_told_answered_and_read_alike(shop: Sales, stock: FakeStock) -> None:
    """SAL-04 SAL-05: 20 U at 12.00 less 10 % and a coupon is 172.80; event, answer, replay and view carry each part."""
    body = ask(line(BOTOX, "20", seller="Ana", performer="Bo"), coupons=["club"])
    answer = await shop.post("/v1/charges", body, who="front_desk")
    (sold,) = answer["lines"]
    assert (sold["net_minor"], answer["tax_1_minor"], answer["tax_2_minor"]) == (17280, 864, 1210)
    assert [(one["discount_id"], one["name"], one["minor"]) for one in sold["discounts"]] == [
        (str(TEN), "Ten", 2400), (str(CLUB), "Club", 4320),
    ]  # fmt: skip
    assert (sold["seller"], sold["performer"], sold["list_price"]) == ("Ana", "Bo", "12.00")
    again = await shop.post("/v1/charges", body, who="front_desk")
    view = await shop.get(f"/v1/charges/{body['charge_id']}")
    assert again == answer
    assert view["lines"][0]["discounts"] == sold["discounts"]
    (event,) = await shop.told(SaleRecorded)
    assert [one.minor for one in event.lines[0].discounts] == [2400, 4320]
    assert (event.lines[0].seller, event.total_minor) == ("Ana", answer["total_minor"])
    assert [hold.lines[0].quantity for hold in stock.asked] == ["20", "20"]


async def test_a_plain_charge_is_told_as_ever(shop: Sales) -> None:
    """SAL-01: what a plain line does not have is left out of its event and stands in no row; the answer lists none."""
    answer = await shop.charge(line(FACIAL))
    (body,) = [row["body"] for row in await shop.owner.fetch("SELECT body FROM outbox")]
    assert set(json.loads(body)["lines"][0]) == {
        "line", "product_id", "quantity", "effect", "unit_price", "list_price", "net_minor", "tax_1_minor",
        "tax_2_minor", "treatment_id", "lot_id", "description",
    }  # fmt: skip
    assert answer["lines"][0]["discounts"] == []
    assert await shop.owner.fetchval("SELECT count(*) FROM charge_line_extra") == 0


async def test_another_discount_is_another_charge(shop: Sales) -> None:
    """SAL-01: the same id with another discount, coupon or minutes is refused; nothing changes."""
    body = ask(line(LASER, minutes=45))
    assert (await shop.post("/v1/charges", body))["total_minor"] == 7500
    for other in (
        {**body, "coupons": ["CLUB"]},
        {**body, "lines": [line(LASER, minutes=60)]},
        {**body, "discounts": [{"percent": "1", "reason": "x"}]},
    ):
        await refused(shop, "/v1/charges", other, code="idempotency-key-reused")


async def test_a_kit_is_held_sold_voided_and_returned_as_its_parts(shop: Sales, stock: FakeStock) -> None:
    """CAT-19 SAL-16: a kit of 100.00 is 10 U and a mask; stock is asked for both, and each comes back at its share."""
    answer = await shop.post("/v1/charges", ask(line(KIT)), who="front_desk")
    assert [(one["product_id"], one["quantity"], one["net_minor"]) for one in answer["lines"]] == [
        (str(BOTOX), "10", 8000), (str(MASK), "1", 2000),
    ]  # fmt: skip
    assert {one.product_id: one.quantity for one in stock.asked[0].lines} == {BOTOX: "10", MASK: "1"}
    assert {one["kit_id"] for one in answer["lines"]} == {str(KIT)}
    back = {"charge_id": answer["charge_id"], "site": SITE, "lines": [{"line": 1, "quantity": "3"}]}
    first = await shop.post("/v1/returns", back)
    rest = await shop.post(
        "/v1/returns", {**back, "lines": [{"line": 1, "quantity": "7"}, {"line": 2, "quantity": "1"}]}
    )
    assert first["net_minor"] == 2400
    assert first["total_minor"] + rest["total_minor"] == answer["total_minor"]


async def test_a_void_takes_back_exactly_what_was_sold(shop: Sales) -> None:
    """SAL-16: the lines of a void are those of the charge, with their discounts and shares."""
    answer = await shop.post("/v1/charges", ask(line(BOTOX, "7"), line(KIT), coupons=["CLUB"]), who="front_desk")
    await shop.post(f"/v1/charges/{answer['charge_id']}:void", {"reason": "wrong customer"}, who="manager")
    (void,) = await shop.told(SaleVoided)
    (sale,) = await shop.told(SaleRecorded)
    assert (void.lines, void.net_minor, void.tax_minor) == (sale.lines, sale.net_minor, sale.tax_minor)


async def test_offline_sales_take_their_discounts_too(shop: Sales) -> None:
    """SAL-26 SAL-04: a batch of facts with discounts by hand and coupons; a bad one stops no other."""
    body = {
        "charges": [
            fact(line(BOTOX, "20", discounts=[{"amount": "20.50", "reason": "loyal"}])),
            fact(line(BOTOX, "20"), coupons=["NOPE"]),
        ]
    }  # fmt: skip
    for row in body["charges"]:
        row.pop("hold")
    answer = await shop.post("/v1/charges:batch", body, who="till")
    assert [(one["outcome"], one["total_minor"]) for one in answer["results"]] == [
        ("accepted", 21897),
        ("refused", None),
    ]
    assert answer["results"][1]["problem"]["code"] == "unknown-discount"


REFUSED: list[tuple[dict[str, Any], str, str | None]] = [
    ({"lines": [line(CREAM)]}, "choose-variant", "lines.0"),
    ({"lines": [line(MASK)]}, "add-on-without-service", "lines.0.add_on_to"),
    ({"lines": [line(MASK, add_on_to=2), line(BOTOX)]}, "add-on-without-service", "lines.0.add_on_to"),
    ({"lines": [line(LASER)]}, "minutes-needed", "lines.0.minutes"),
    ({"lines": [line(LASER, minutes=0)]}, "bad-minutes", "lines.0.minutes"),
    ({"lines": [line(LASER, minutes=100000)]}, "bad-minutes", "lines.0.minutes"),
    ({"lines": [line(UND, unit_price="5")]}, "name-needed", "lines.0.description"),
    ({"lines": [line(UND, description="Brush")]}, "name-needed", "lines.0.unit_price"),
    ({"lines": [line(TIP, unit_price="5")]}, "performer-needed", "lines.0.performer"),
    ({"lines": [line(discounts=[{"percent": "-5", "reason": "x"}])]}, "bad-discount", "lines.0.discounts.0.percent"),
    ({"lines": [line(BOTOX, discounts=[{"amount": "5"}])]}, "bad-discount", "lines.0.discounts.0.reason"),
    ({"lines": [line()], "discounts": [{"discount_id": str(uuid7())}]}, "unknown-discount", "discounts.0"),
    ({"lines": [line()], "coupons": ["NOPE"]}, "unknown-discount", "coupons.0"),
    ({"lines": [line()], "coupons": ["OVER"]}, "discount-not-in-force", "coupons.0"),
    ({"lines": [line(FACIAL, discounts=[{"discount_id": str(TEN)}])]}, "discount-does-not-fit", "lines.0.discounts.0"),
    ({"lines": [line(BOTOX, discounts=[{"percent": "30", "reason": "x"}])]}, "beyond-limit", "lines.0"),
    ({"lines": [line(BOTOX, "9", free_reason="staff")]}, "beyond-limit", "lines.0.free_reason"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code", "field"), REFUSED, ids=lambda one: one if isinstance(one, str) else None)
async def test_what_cannot_be_charged(shop: Sales, body: dict[str, Any], code: str, field: str | None) -> None:
    """SAL-06 SAL-07 SAL-14 CAT-09 CAT-11 CAT-13 SAL-22 SAL-23: refused at the desk with the field; nothing is kept."""
    before = await shop.state()
    problem = await refused(shop, "/v1/charges", ask() | body, code=code, who="front_desk")
    assert problem.get("field") == field
    assert await shop.state() == before


async def test_a_discount_names_exactly_one_thing(shop: Sales) -> None:
    """SAL-04: a discount that is both a percentage and an amount, or nothing, fits no shape."""
    for wrong in ({"percent": "1", "amount": "1", "reason": "x"}, {"reason": "x"}):
        await refused(shop, "/v1/charges", ask(line(discounts=[wrong])), status=422)


async def test_the_chain_sets_its_limits(shop: Sales) -> None:
    """SAL-22 SAL-23: front desk gives at most the chain's limit, a manager more; a new limit counts at once."""
    gift = [line(BOTOX, discounts=[{"percent": "25", "reason": "late"}])]
    await refused(shop, "/v1/charges", ask(*gift), code="beyond-limit", who="front_desk")
    assert (await shop.post("/v1/charges", ask(*gift), who="manager"))["net_minor"] == 900
    wanted = {"limits": [{"permission": "charge.discount", "percent": "30"}]}
    answer = await shop.put("/v1/limits", wanted, who="manager")
    assert answer["limits"][:2] == [
        {"permission": "charge.discount", "percent": "30", "amount_minor": None},
        {"permission": "charge.free", "percent": None, "amount_minor": 10000},
    ]
    assert await shop.get("/v1/limits", who="manager") == answer
    for _ in range(100):
        if shop.selling.prices.book.limit("charge.discount").percent == 30_000_000:
            break
        await asyncio.sleep(0.02)
    assert (await shop.post("/v1/charges", ask(*gift), who="front_desk"))["net_minor"] == 900
    await refused(shop, "/v1/limits", wanted, code="forbidden", who="front_desk", method="PUT")
    await refused(
        shop, "/v1/limits", {"limits": [{"permission": "charge.free", "percent": "101"}]}, status=422, method="PUT"
    )


async def test_a_quote_says_every_rule_and_what_else_is_offered(shop: Sales) -> None:
    """N-17 SAL-13 SAL-07 SAL-06: each line says which rules fired or nearly did, with their ids, and its add-ons."""
    body = {"site": SITE, "lines": [line(BOTOX, "4"), line(FACIAL), line(SMALL)], "coupons": ["CLUB"]}
    quote = await shop.post("/v1/quotes", body, who="front_desk")
    botox, facial, small = quote["lines"]
    assert botox["explanation"] == [
        "List price 12.00 per U.",
        "4 at 12.00 = 48.00.",
        "Club: 9.60 off.",
        "Not taken: Ten needs 5 bought together, here are 4.",
        "GST 5 % on the price = 1.92, rounded per line.",
        "PST 7 % on the price = 2.69, rounded per line.",
        "Line total 43.01.",
    ]
    assert [(one["rule"], one["is_applied"], one["record_id"]) for one in botox["rules"]][:4] == [
        ("price", True, str(named_id("price", BOTOX))),
        ("amount", True, None),
        ("discount", True, str(CLUB)),
        ("discount", False, str(TEN)),
    ]
    assert [(one["code"], one["price"]) for one in facial["add_ons"]] == [("MASK", "30.00")]
    assert [one["variant_name"] for one in small["variants"]] == ["30 ml"]
    assert quote["total_minor"] == sum(one["total_minor"] for one in quote["lines"])


async def test_a_quote_is_for_any_day(shop: Sales) -> None:
    """N-17: what a patient pays at a site on a day to come: the price of that day, and what is still to begin."""
    now = datetime.now(UTC)
    later = PriceChanged(price_id=uuid7(), product_id=FACIAL, price="95", valid_from=now + timedelta(days=10))
    await shop.hear(later)
    await shop.selling.prices.load()
    body = {"site": SITE, "lines": [line(FACIAL)]}
    today = await shop.post("/v1/quotes", body, who="front_desk")
    then = await shop.post(
        "/v1/quotes", {**body, "happened_at": (now + timedelta(days=11)).isoformat()}, who="front_desk"
    )
    assert (today["total_minor"], then["total_minor"]) == (8000, 9500)
    assert any(text.startswith("From ") and text.endswith(": 95.00.") for text in today["lines"][0]["explanation"])


async def test_a_recorded_charge_explains_itself(shop: Sales) -> None:
    """SAL-13: the price is wrong? The charge says line by line why, from what was recorded."""
    answer = await shop.post("/v1/charges", ask(line(BOTOX, "5"), line(KIT)), who="front_desk")
    told = await shop.get(f"/v1/charges/{answer['charge_id']}/explanations")
    assert told["lines"][0]["explanation"][:3] == ["List price 12.00 per U.", "5 at 12.00 = 60.00.", "Ten: 6.00 off."]
    assert "Part of Kit: its price is shared by what the parts cost alone." in told["lines"][1]["explanation"]
    await refused(shop, f"/v1/charges/{uuid7()}/explanations", None, code="unknown-charge", method="GET")


async def test_the_desk_says_what_it_asks_and_may(shop: Sales) -> None:
    """SAL-06 SAL-07 SAL-14 SAL-22: a code says what a line of it needs; the desk lists discounts and limits."""
    asks = {
        code: (await shop.get(f"/v1/codes/{code}?site={SITE}"))["asks"]
        for code in ("CREAM", ".LASER", ".UND", ".TIP", "MASK", "BOTOX")
    }
    assert asks == {
        "CREAM": ["variant"], ".LASER": ["minutes"], ".UND": ["name", "price"], ".TIP": ["price", "performer"],
        "MASK": ["service"], "BOTOX": [],
    }  # fmt: skip
    desk = await shop.get(f"/v1/desk?site={SITE}", who="front_desk")
    assert [(one["name"], one["value"], one["needs_coupon"]) for one in desk["discounts"]] == [("Club", "20", True)]
    assert desk["may"] == {
        "discount": True, "free": True, "price": False, "beyond": False, "discount_percent": "20",
        "discount_minor": None, "free_minor": 10000,
    }  # fmt: skip


async def test_services_without_price_tables(shop: Sales) -> None:
    """CAT-57: with the preference off a service is charged at the price that is entered, and not without one."""
    await shop.hear(PreferencesDefined(use_service_pricing_tables=False, revision=2))
    await shop.selling.prices.load()
    await refused(shop, "/v1/charges", ask(line(FACIAL)), code="no-price", who="front_desk")
    assert (await shop.post("/v1/charges", ask(line(FACIAL, unit_price="70")), who="front_desk"))["net_minor"] == 7000


async def test_what_is_given_away_moves_stock_and_says_why(shop: Sales, stock: FakeStock) -> None:
    """SAL-23: a tester costs nothing, stock is asked for it, and the reason is told."""
    answer = await shop.post("/v1/charges", ask(line(SMALL, "2", free_reason="tester")), who="front_desk")
    assert (answer["total_minor"], answer["lines"][0]["free_reason"]) == (0, "tester")
    assert [(one.product_id, one.quantity) for one in stock.asked[0].lines] == [(SMALL, "2")]
    (event,) = await shop.told(SaleRecorded)
    assert (event.lines[0].free_reason, event.lines[0].effect, event.lines[0].unit_price) == ("tester", "sale", "0.00")


async def test_a_quote_says_which_asked_line_each_part_comes_from(shop: Sales) -> None:
    """CAT-19: a kit between two other lines has its parts under its own number and name."""
    body = ask(line(BOTOX), line(KIT), line(SMALL))
    asked = {name: body[name] for name in ("site", "lines")}

    lines = (await shop.post("/v1/quotes", asked, who="front_desk"))["lines"]

    assert [one["asked"] for one in lines] == [1, 2, 2, 3]
    assert [bool(one["kit_name"]) for one in lines] == [False, True, True, False]


async def test_a_kit_comes_back_without_its_charge(shop: Sales) -> None:
    """CAT-19 SAL-16: a kit returned without its charge comes back as its parts, each to where the line says."""
    asked = {"code": "KIT", "quantity": "2", "disposition": "quarantine"}
    back = await shop.post("/v1/returns", {"site": SITE, "lines": [{"code": "CREAM", "quantity": "1"}, asked]})
    assert [(one["product_id"], one["quantity"], one["net_minor"], one["disposition"]) for one in back["lines"]] == [
        (str(CREAM), "1", 1999, "restock"), (str(BOTOX), "20", 16000, "quarantine"),
        (str(MASK), "2", 4000, "quarantine"),
    ]  # fmt: skip


async def test_a_treatment_costs_the_time_of_its_appointment(shop: Sales) -> None:
    """SAL-03: a service by the hour, booked for 45 minutes and completed, is charged 75.00 without saying minutes."""
    visit = await visits.booked(shop, service_id=str(LASER), minutes=45)
    done = await visits.completed(shop, visit)
    lines = [line(LASER, treatment_id=done["treatment_id"])]
    quote = await shop.post("/v1/quotes", {"site": SITE, "lines": lines}, who="front_desk")
    assert quote["lines"][0]["explanation"][0] == "List price 75.00 for 45 minutes, by the hour."
    answer = await shop.post("/v1/charges", ask(*lines), who="front_desk")
    assert (answer["total_minor"], answer["lines"][0]["minutes"]) == (7500, 45)


async def test_members_pay_their_price_while_their_membership_gives(shop: Sales) -> None:
    """CAT-65 SAL-21: the members' price and discount are for whoever holds an active membership, told by the desk."""
    gold = named_id("gold")
    await shop.hear(
        ProductDefined(product_id=gold, code="GOLD", name="Gold", kind="digital"),
        PackageDefined(
            product_id=gold, package_type="membership", period="month",
            items=(PackageItem(product_id=FACIAL, quantity="1"),),
        ),
        PriceChanged(price_id=named_id("gold"), product_id=gold, price="50", valid_from=OLD),
        PriceChanged(price_id=named_id("m"), product_id=FACIAL, price="60", audience="members", valid_from=OLD),
        DiscountDefined(discount_id=named_id("m"), name="Members", value="10", audience="members"),
    )  # fmt: skip
    await shop.selling.prices.load()
    member = (await shop.post("/v1/members", {"name": "Ann"}, who="front_desk"))["member_id"]
    body = {"site": SITE, "member_id": member, "lines": [line(FACIAL)]}
    before = await shop.post("/v1/quotes", body, who="front_desk")
    assert (before["is_member"], before["total_minor"]) == (False, 8000)
    assert "Not taken: 60.00 for members, for an active membership only." in before["lines"][0]["explanation"]
    await shop.post("/v1/charges", ask(line(gold), member_id=member), who="front_desk")
    after = await shop.post("/v1/quotes", body, who="front_desk")
    assert (after["is_member"], after["total_minor"]) == (True, 5400)
    assert after["lines"][0]["explanation"][0] == "List price 60.00 per piece for members."
    charged = await shop.post("/v1/charges", ask(line(FACIAL), member_id=member), who="front_desk")
    assert charged["total_minor"] == 5400
