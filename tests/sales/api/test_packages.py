"""Packages through the API: sold, redeemed, given back, refunded, expired, extended; two tills at once; bad input."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.sales import holdings
from tests.sales.harness import BOTOX, CREAM, FACIAL, OTHER, SITE, Sales, line
from tests.sales.holdings import BANK, LIST_RULE, MIXED, SIX, charge, right, shown, use

from lotwise.contracts.catalog import SiteDefined
from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import (
    PackageExpired,
    PackageRedeemed,
    PackageRefunded,
    PackageSold,
    SaleRecorded,
    SaleReturned,
)
from lotwise.sales.jobs import end_balances


@pytest.fixture
async def shop(sales: Sales) -> Sales:
    """Sales that knows packages, memberships and the codes of money."""
    await holdings.define(sales)
    return sales


@pytest.fixture
async def ann(shop: Sales) -> str:
    """A member."""
    return await holdings.member(shop)


async def test_a_package_is_sold_with_its_balance(shop: Sales, ann: str) -> None:
    """SAL-08 SAL-09 SAL-20: six facials for 450: told once, all of it owed, six left until the day a year later."""
    held = await holdings.sold(shop, SIX, ann)
    (item,) = held["items"]
    assert (item["quantity"], item["used"], item["left"], item["value_minor"]) == ("6", "0", "6", 45_000)
    assert (held["state"], held["value_minor"], held["outstanding_minor"]) == ("active", 45_000, 45_000)
    (told,) = await shop.told(PackageSold)
    assert (str(told.balance_id), str(told.member_id), told.value_minor, told.site) == (
        held["balance_id"], ann, 45_000, SITE,
    )  # fmt: skip
    (sale,) = await shop.told(SaleRecorded)
    assert (sale.lines[0].owed, sale.lines[0].effect, sale.net_minor) == ("package", "none", 45_000)
    await right(shop)


async def test_two_used_of_six_leave_four(shop: Sales, ann: str) -> None:
    """SAL-09 SAL-10: two uses cost nothing and earn 75.00 each; four are left and 300.00 are owed."""
    held = await holdings.sold(shop, SIX, ann)
    answers = [(await use(shop, ann, held)).json() for _ in range(2)]
    assert [(one["total_minor"], one["lines"][0]["unit_price"]) for one in answers] == [(0, "0.00"), (0, "0.00")]
    assert answers[0]["lines"][0]["redeems"] == held["balance_id"]
    now = await shown(shop, ann, held["balance_id"])
    assert (now["items"][0]["left"], now["earned_minor"], now["outstanding_minor"]) == ("4", 15_000, 30_000)
    assert [(one.quantity, one.value_minor) for one in await shop.told(PackageRedeemed)] == [("1", 7500), ("1", 7500)]
    await right(shop)


async def test_a_bank_of_units_moves_goods_and_costs_nothing(shop: Sales, ann: str) -> None:
    """SAL-24: a bank of 100 U: 40 of them leave stock with a charge of 0; 60 are left, 61 are refused with that."""
    held = await holdings.sold(shop, BANK, ann)
    used = await use(shop, ann, held, BOTOX, "40")
    assert (used.status_code, used.json()["total_minor"]) == (201, 0)
    sale = (await shop.told(SaleRecorded))[-1]
    assert (sale.lines[0].effect, sale.lines[0].quantity, str(sale.lines[0].redeems)) == (
        "sale", "40", held["balance_id"],
    )  # fmt: skip
    before = await shop.state()
    refused = await use(shop, ann, held, BOTOX, "61")
    assert (refused.status_code, refused.json()["code"]) == (409, "balance-empty")
    assert (refused.json()["numbers"]["left"], bool(refused.json()["ways_out"])) == ("60", True)
    assert await shop.state() == before


async def test_what_may_not_be_redeemed(shop: Sales, ann: str) -> None:
    """SAL-10 bad input: another member's, another product's, another site's, an unknown one's, nobody's: refused."""
    bob = await holdings.member(shop, "Bob")
    held, mixed = await holdings.sold(shop, SIX, ann), await holdings.sold(shop, MIXED, ann)
    before = await shop.state()
    for asked, status, code in (
        (use(shop, bob, held), 409, "other-member"),
        (use(shop, ann, held, CREAM), 409, "not-in-balance"),
        (use(shop, ann, mixed, site=OTHER), 409, "not-redeemable-here"),
        (use(shop, ann, str(uuid7())), 404, "unknown-balance"),
        (charge(shop, line(FACIAL, redeem=held["balance_id"])), 409, "other-member"),
        (charge(shop, line(SIX)), 409, "member-needed"),
        (use(shop, ann, held, FACIAL, "7"), 409, "balance-empty"),
    ):
        answer = await asked
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert answer.json()["ways_out"]
        assert await shop.state() == before


async def test_two_tills_cannot_both_have_the_last(shop: Sales, ann: str) -> None:
    """SAL-10: two tills take the last session at once: one is charged, the other refused, one session is gone."""
    held = await holdings.sold(shop, SIX, ann)
    await use(shop, ann, held, FACIAL, "5")
    answers = await asyncio.gather(*(use(shop, ann, held) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"balance-empty"}
    now = await shown(shop, ann, held["balance_id"])
    assert (now["items"][0]["left"], now["outstanding_minor"]) == ("0", 0)
    await right(shop)


async def test_a_redeemed_charge_sent_again_is_answered_from_the_record(shop: Sales, ann: str) -> None:
    """N-02: the charge that took the last session comes again: the same answer, and nothing more is taken."""
    held = await holdings.sold(shop, SIX, ann)
    body = {
        "charge_id": str(uuid7()), "site": SITE, "hold": True, "member_id": ann,
        "lines": [line(FACIAL, "6", redeem=held["balance_id"])],
    }  # fmt: skip
    first = await shop.call("POST", "/v1/charges", body, who="front_desk")
    before = await shop.state()
    again = await shop.call("POST", "/v1/charges", body, who="front_desk")
    assert (first.status_code, again.json(), again.headers["idempotent-replayed"]) == (201, first.json(), "true")
    other = await shop.call("POST", "/v1/charges", body | {"member_id": None}, who="front_desk")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert await shop.state() == before


async def test_a_package_sold_twice_under_one_id_is_one(shop: Sales, ann: str) -> None:
    """N-02: two requests with one id at once: one package, one charge, one event."""
    body = {"charge_id": str(uuid7()), "site": SITE, "hold": True, "member_id": ann, "lines": [line(SIX)]}
    answers = await asyncio.gather(*(shop.call("POST", "/v1/charges", body, who="front_desk") for _ in range(3)))
    assert [one.status_code for one in answers] == [201, 201, 201]
    assert (len(await shop.told(PackageSold)), len(await shop.told(SaleRecorded))) == (1, 1)


async def test_voids_give_back_and_an_unused_sale_is_undone(shop: Sales, ann: str) -> None:
    """SAL-16: a voided use gives the session back; the sale is undone only while nothing of it is used."""
    held = await holdings.sold(shop, SIX, ann)
    used = (await use(shop, ann, held)).json()
    sale = f"/v1/charges/{held['charge_id']}:void"
    before = await shop.state()
    refused = await shop.call("POST", sale, {"reason": "x"}, who="manager")
    assert (refused.status_code, refused.json()["code"]) == (409, "balance-used")
    assert await shop.state() == before
    await shop.post(f"/v1/charges/{used['charge_id']}:void", {"reason": "typed wrong"}, who="manager")
    now = await shown(shop, ann, held["balance_id"])
    assert (now["items"][0]["left"], now["outstanding_minor"]) == ("6", 45_000)
    assert (await shop.told(PackageRedeemed))[-1].value_minor == -7500
    await shop.post(sale, {"reason": "typed wrong"}, who="manager")
    assert (await shown(shop, ann, held["balance_id"]))["state"] == "voided"
    (told,) = await shop.told(PackageRefunded)
    assert (told.refund_minor, told.kept_minor) == (45_000, 0)
    await right(shop)


async def test_a_returned_use_gives_its_part_back(shop: Sales, ann: str) -> None:
    """SAL-16: of a use of three, one and then two come back: exactly what they earned is owed again."""
    held = await holdings.sold(shop, SIX, ann)
    used = (await use(shop, ann, held, FACIAL, "3")).json()
    for quantity, left, owed in (("1", "4", 30_000), ("2", "6", 45_000)):
        back = {"charge_id": used["charge_id"], "site": SITE, "lines": [{"line": 1, "quantity": quantity}]}
        await shop.post("/v1/returns", back, who="front_desk")
        now = await shown(shop, ann, held["balance_id"])
        assert (now["items"][0]["left"], now["outstanding_minor"]) == (left, owed)
    await right(shop)


@pytest.mark.parametrize(("product", "back", "kept"), [(SIX, 30_000, 0), (LIST_RULE, 29_000, 1000)])
async def test_a_refund_by_its_rule_is_a_deed_of_its_own(
    shop: Sales, ann: str, product: Any, back: int, kept: int
) -> None:
    """SAL-20: of 450 with two of six used, list 80 each: 300 back pro rata, 290 less list; once, and told as owed."""
    paid = [{"kind": "card", "amount_minor": 45_000, "reference": "T1"}]
    held = await holdings.sold(shop, product, ann, tenders=paid)
    await use(shop, ann, held, FACIAL, "2")
    path = f"/v1/packages/{held['balance_id']}:refund"
    answer = await shop.post(path, {"reason": "moves away", "is_to_originals": True}, who="manager")
    assert (answer["refund_minor"], answer["kept_minor"], answer["package"]["state"]) == (back, kept, "refunded")
    assert answer["document"]["tenders"] == [{"kind": "card", "amount_minor": -back, "reference": ""}]
    (told,) = await shop.told(PackageRefunded)
    assert (told.refund_minor, told.kept_minor) == (back, kept)
    (returned,) = await shop.told(SaleReturned)
    assert (returned.net_minor, returned.lines[0].owed, returned.lines[0].moves_stock) == (back, "package", False)
    before = await shop.state()
    again = await shop.call("POST", path, {"reason": "again"}, who="manager")
    assert (again.status_code, again.json()["code"]) == (409, "balance-closed")
    refused = await use(shop, ann, held)
    assert (refused.status_code, refused.json()["code"]) == (409, "balance-closed")
    assert await shop.state() == before
    await right(shop)


async def test_a_package_runs_out_and_a_manager_extends_it(shop: Sales, ann: str) -> None:
    """SAL-10 SAL-24: past its last day it is refused and its rest is earned once; extended it is owed again."""
    held = await holdings.sold(shop, SIX, ann)
    await use(shop, ann, held)
    await shop.owner.execute("UPDATE package_balance SET expires_at = now() - interval '1 minute'")
    refused = await use(shop, ann, held)
    assert (refused.status_code, refused.json()["code"]) == (409, "balance-expired")
    assert "ask a manager to extend it" in refused.json()["ways_out"]
    await end_balances(shop.runtime)
    await end_balances(shop.runtime)
    (told,) = await shop.told(PackageExpired)
    assert told.value_minor == 37_500
    path, until = f"/v1/packages/{held['balance_id']}:extend", (datetime.now(UTC) + timedelta(days=30)).date()
    body = {"last_day": until.isoformat(), "reason": "was ill"}
    assert (await shop.call("POST", path, body, who="front_desk")).status_code == 403
    extended = await shop.post(path, body, who="manager")
    assert (extended["state"], extended["last_day"], extended["outstanding_minor"]) == (
        "active", until.isoformat(), 37_500,
    )  # fmt: skip
    assert (await use(shop, ann, held)).status_code == 201
    past = await shop.call("POST", path, {"last_day": "2026-01-01", "reason": "x"}, who="manager")
    assert (past.status_code, past.json()["code"]) == (422, "bad-extension")
    view = await shop.get(f"/v1/packages/{held['balance_id']}", who="front_desk")
    assert [one["why"] for one in view["moves"]] == ["sold", "redeemed", "expired", "extended", "new end", "redeemed"]
    await right(shop)


async def test_tax_at_redemption_is_that_of_the_share(shop: Sales, ann: str) -> None:
    """CAT-64: the site taxes at redemption: nothing at the sale of 300; 5 of 10 U (share 60.00 of 120) are taxed."""
    await shop.hear(
        SiteDefined(
            slug=SITE, name="Harley", time_zone="Europe/London", package_tax_point="redemption", revision=2
        )
    )  # fmt: skip
    await shop.selling.prices.load()
    held = await holdings.sold(shop, MIXED, ann)
    values = {one["code"]: one["value_minor"] for one in held["items"]}
    assert (values, held["taxed_at_sale"]) == ({".FACIAL": 17_143, "BOTOX": 12_857}, False)
    used = (await use(shop, ann, held, BOTOX, "5")).json()
    line_ = used["lines"][0]
    assert (line_["net_minor"], line_["tax_1_minor"], line_["tax_2_minor"], used["total_minor"]) == (0, 321, 450, 771)
    paid = await use(shop, ann, held, BOTOX, "5", tenders=[{"kind": "card", "amount_minor": 771}])
    assert paid.json()["due_minor"] == 0
    await right(shop)


async def test_tax_at_the_sale_is_that_of_each_share(shop: Sales, ann: str) -> None:
    """CAT-64: taxed at the sale: of 300 the share of Botox (128.57) bears both taxes, that of the facials none."""
    held = await holdings.sold(shop, MIXED, ann)
    charged = await shop.get(f"/v1/charges/{held['charge_id']}", who="front_desk")
    assert (charged["tax_1_minor"], charged["tax_2_minor"]) == (643, 900)
    assert (await use(shop, ann, held, BOTOX, "5")).json()["total_minor"] == 0


async def test_liabilities_as_of_a_day(shop: Sales, ann: str) -> None:
    """REP-16 SAL-20: 450 sold, 75 used: 375 are owed at the end of today, nothing at the end of yesterday."""
    held = await holdings.sold(shop, SIX, ann)
    await use(shop, ann, held)
    today = datetime.now(UTC).date()
    (row,) = (await shop.get(f"/v1/liabilities?day={today + timedelta(days=1)}", who="auditor"))["rows"]
    assert (row["kind"], row["site"], row["sold_minor"], row["used_minor"], row["outstanding_minor"]) == (
        "package", SITE, 45_000, 7500, 37_500,
    )  # fmt: skip
    assert (await shop.get(f"/v1/liabilities?day={today - timedelta(days=2)}", who="auditor"))["rows"] == []


async def test_the_proof_names_a_balance_that_was_altered(shop: Sales, ann: str) -> None:
    """N-01: a row that was changed behind the books' back is named with both figures."""
    held = await holdings.sold(shop, SIX, ann)
    await right(shop)
    await shop.owner.execute("UPDATE package_balance SET kept_minor = 100")
    proof = await shop.get("/v1/liabilities/proof", who="auditor")
    assert proof["wrong"] == [
        {"kind": "package", "owner_id": held["balance_id"], "row_minor": 44_900, "entries_minor": 45_000}
    ]


async def test_an_offline_till_redeems_once_and_a_conflict_is_named(shop: Sales, ann: str) -> None:
    """SAL-26: two queued charges take the last session: one is accepted, the other is refused by name."""
    held = await holdings.sold(shop, SIX, ann)
    await use(shop, ann, held, FACIAL, "5")
    rows = [
        {"charge_id": str(uuid7()), "site": SITE, "member_id": ann, "lines": [line(FACIAL, redeem=held["balance_id"])]}
        for _ in range(2)
    ]
    answer = await shop.post("/v1/charges:batch", {"charges": rows}, who="till")
    assert [one["outcome"] for one in answer["results"]] == ["accepted", "refused"]
    assert answer["results"][1]["problem"]["code"] == "balance-empty"
    again = await shop.post("/v1/charges:batch", {"charges": rows}, who="till")
    assert [one["outcome"] for one in again["results"]] == ["replayed", "refused"]
    await right(shop)


async def test_a_refund_and_a_void_at_once_do_not_block_one_another(shop: Sales, ann: str) -> None:
    """N-05: a package is refunded and its sale voided at the same time, again and again: one wins, none hangs."""
    for _ in range(5):
        held = await holdings.sold(shop, SIX, ann, tenders=[{"kind": "card", "amount_minor": 45_000}])
        refund = {"reason": "x", "is_to_originals": True}
        answers = await asyncio.gather(
            shop.call("POST", f"/v1/packages/{held['balance_id']}:refund", refund, who="manager"),
            shop.call("POST", f"/v1/charges/{held['charge_id']}:void", {"reason": "x"}, who="manager"),
        )
        assert sorted(one.status_code for one in answers) == [200, 409], [one.text for one in answers]
    await right(shop)
