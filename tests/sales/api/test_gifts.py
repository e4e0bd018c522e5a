"""Gift certificates and members' accounts through the API: sold, spent once, refunded, voided, expired."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.sales import holdings
from tests.sales.harness import FACIAL, SITE, Sales, line
from tests.sales.holdings import GIFT, ON_ACCOUNT, SIX, charge, right

from lotwise.contracts.sales import (
    AccountMoved,
    GiftCertificateExpired,
    GiftCertificateRedeemed,
    GiftCertificateSold,
    SaleRecorded,
)
from lotwise.sales.domain import gifts
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


async def certificate(shop: Sales, **more: Any) -> str:
    """The number of a certificate of 50.00 that was just sold."""
    sold = await charge(shop, line(GIFT, **more))
    assert sold.status_code == 201, sold.text
    shown = await shop.get(f"/v1/charges/{sold.json()['charge_id']}/balances", who="front_desk")
    return str(shown["certificates"][0]["number"])


def gift(number: str, minor: int) -> dict[str, Any]:
    """A tender."""
    return {"kind": "gift", "amount_minor": minor, "reference": number}


async def left(shop: Sales, number: str) -> int:
    """What is left on a certificate."""
    found = await shop.post("/v1/certificates:lookup", {"site": SITE, "number": number}, who="front_desk")
    assert found["number"] == gifts.masked(number.replace("-", ""))
    return int(found["balance_minor"])


async def test_a_certificate_is_sold_with_a_made_number(shop: Sales) -> None:
    """CAT-37 SAL-20: two of 50 in one line: two numbers with check signs, 50 on each, owed, no stock and no tax."""
    sold = await charge(shop, line(GIFT, "2"))
    assert sold.json()["total_minor"] == 10_000
    shown = await shop.get(f"/v1/charges/{sold.json()['charge_id']}/balances", who="front_desk")
    numbers = {one["number"].replace("-", "") for one in shown["certificates"]}
    assert len(numbers) == 2
    assert not any(gifts.is_mistyped(one) for one in numbers)
    assert [one.amount_minor for one in await shop.told(GiftCertificateSold)] == [5000, 5000]
    (sale,) = await shop.told(SaleRecorded)
    assert (sale.lines[0].owed, sale.lines[0].effect) == ("gift", "none")
    assert not any(one in str(sale) for one in numbers)
    assert shop.stock.asked == []
    await right(shop)


async def test_a_given_number_is_kept_and_topped_up(shop: Sales) -> None:
    """SAL-20: a scanned number is kept as it is; sold again it holds both amounts; a bad one is refused."""
    for total in (5000, 10_000):
        assert (await charge(shop, line(GIFT, gift_number="card-0042-x"))).status_code == 201
        assert await left(shop, "CARD0042X") == total
    before = await shop.state()
    refused = await charge(shop, line(GIFT, gift_number="12"))
    assert (refused.status_code, refused.json()["code"]) == (422, "bad-certificate")
    assert await shop.state() == before


async def test_a_certificate_pays_in_parts(shop: Sales) -> None:
    """SAL-20: of 50.00 a facial of 80.00 takes 50.00 with 30.00 in cash; the number is kept masked; nothing is left."""
    number = await certificate(shop)
    paid = await charge(
        shop, line(FACIAL), tenders=[gift(number.lower(), 5000), {"kind": "cash", "amount_minor": 3000}]
    )
    assert (paid.status_code, paid.json()["due_minor"]) == (201, 0)
    assert paid.json()["tenders"][0]["reference"] == gifts.masked(number.replace("-", ""))
    assert await left(shop, number) == 0
    (told,) = await shop.told(GiftCertificateRedeemed)
    assert (told.amount_minor, str(told.charge_id)) == (5000, paid.json()["charge_id"])
    await right(shop)


async def test_two_tills_at_once_cannot_spend_it_twice(shop: Sales) -> None:
    """Bad input: the whole certificate from three tills at once: one pays, the others hear what is left."""
    number = await certificate(shop)
    rest = {"kind": "card", "amount_minor": 3000}
    answers = await asyncio.gather(*(charge(shop, line(FACIAL), tenders=[gift(number, 5000), rest]) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409]
    refused = [one.json() for one in answers if one.status_code == 409]
    assert {(one["code"], one["numbers"]["balance_minor"]) for one in refused} == {("certificate-empty", 0)}
    assert await left(shop, number) == 0
    await right(shop)


async def test_numbers_that_pay_nothing(shop: Sales) -> None:
    """Bad input: unknown, mistyped, empty and expired certificates refuse the charge, which changes nothing."""
    number = await certificate(shop)
    typo = number[:-1] + ("2" if number[-1] != "2" else "3")
    before = await shop.state()
    for text, code in (("ABCDEFGH", "unknown-certificate"), (typo, "unknown-certificate"), ("", "bad-certificate")):
        answer = await charge(shop, line(FACIAL), tenders=[gift(text, 1000)])
        assert answer.json()["code"] == code, answer.text
        assert await shop.state() == before
    await shop.owner.execute("UPDATE gift_certificate SET expires_at = now() - interval '1 hour'")
    assert (await charge(shop, line(FACIAL), tenders=[gift(number, 1000)])).json()["code"] == "certificate-closed"
    await end_balances(shop.runtime)
    (told,) = await shop.told(GiftCertificateExpired)
    assert told.value_minor == 5000
    await right(shop)


async def test_voids_and_refunds_go_back_onto_it(shop: Sales) -> None:
    """SAL-16 SAL-22: a voided charge gives the certificate its money back; a return refunds onto the one that paid."""
    number = await certificate(shop)
    first = (await charge(shop, line(FACIAL), tenders=[gift(number, 5000)])).json()
    await shop.post(f"/v1/charges/{first['charge_id']}:void", {"reason": "x"}, who="manager")
    assert await left(shop, number) == 5000
    second = (
        await charge(shop, line(FACIAL), tenders=[gift(number, 5000), {"kind": "card", "amount_minor": 3000}])
    ).json()
    back = {
        "charge_id": second["charge_id"], "site": SITE, "lines": [{"line": 1, "quantity": "1"}],
        "tenders": [gift("", -5000), {"kind": "card", "amount_minor": -3000}],
    }  # fmt: skip
    await shop.post("/v1/returns", back, who="front_desk")
    assert await left(shop, number) == 5000
    await right(shop)


async def test_the_sale_of_a_spent_certificate_is_not_voided(shop: Sales) -> None:
    """SAL-16: its sale is undone while all of it is left, not once it paid for something."""
    sold = (await charge(shop, line(GIFT, gift_number="CARD7777"))).json()
    await charge(shop, line(FACIAL), tenders=[gift("CARD7777", 100)])
    path, before = f"/v1/charges/{sold['charge_id']}:void", await shop.state()
    refused = await shop.call("POST", path, {"reason": "x"}, who="manager")
    assert (refused.status_code, refused.json()["code"]) == (409, "balance-used")
    assert await shop.state() == before
    other = (await charge(shop, line(GIFT, gift_number="CARD8888"))).json()
    await shop.post(f"/v1/charges/{other['charge_id']}:void", {"reason": "x"}, who="manager")
    assert await left(shop, "CARD8888") == 0
    await right(shop)


async def test_received_on_account_and_spent(shop: Sales, ann: str) -> None:
    """SAL-25 SAL-14: 100 received on account, 80 spent, 20 paid back: a statement with a running balance."""
    await charge(shop, line(ON_ACCOUNT, unit_price="100"), member_id=ann)
    spent = await charge(shop, line(FACIAL), member_id=ann, tenders=[{"kind": "account", "amount_minor": 8000}])
    assert spent.json()["due_minor"] == 0
    out = await charge(
        shop, line(ON_ACCOUNT, "-1", unit_price="20"), member_id=ann, tenders=[{"kind": "cash", "amount_minor": -2000}]
    )
    assert (out.status_code, out.json()["total_minor"]) == (201, -2000)
    statement = await shop.get(f"/v1/members/{ann}/account", who="front_desk")
    assert [(one["why"], one["amount_minor"], one["balance_minor"]) for one in statement["rows"]] == [
        ("returned", -2000, 0), ("spent", -8000, 2000), ("received", 10_000, 10_000),
    ]  # fmt: skip
    assert [one.amount_minor for one in await shop.told(AccountMoved)] == [10_000, -8000, -2000]
    first = await shop.get(f"/v1/members/{ann}/account?limit=1", who="front_desk")
    rest = await shop.get(f"/v1/members/{ann}/account?limit=5&after={first['next']}", who="front_desk")
    assert len(rest["rows"]) == 2
    await right(shop)


async def test_an_account_pays_no_more_than_it_reaches(shop: Sales, ann: str) -> None:
    """SAL-25: nothing on account: refused with the figures; with a limit of 100 the same charge is taken."""
    tender = [{"kind": "account", "amount_minor": 8000}]
    before = await shop.state()
    refused = await charge(shop, line(FACIAL), member_id=ann, tenders=tender)
    assert (refused.status_code, refused.json()["code"]) == (409, "account-short")
    assert refused.json()["numbers"] == {"balance_minor": 0, "credit_minor": 0, "wanted_minor": 8000}
    nobody = await charge(shop, line(FACIAL), tenders=tender)
    assert (nobody.status_code, nobody.json()["code"]) == (409, "member-needed")
    assert await shop.state() == before
    limit = {"credit_minor": 10_000, "reason": "long known"}
    assert (await shop.call("POST", f"/v1/members/{ann}/account:limit", limit, who="front_desk")).status_code == 403
    await shop.post(f"/v1/members/{ann}/account:limit", limit, who="manager")
    answers = await asyncio.gather(*(charge(shop, line(FACIAL), member_id=ann, tenders=tender) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409]
    held = await shop.get(f"/v1/members/{ann}/balances", who="front_desk")
    assert (held["account"]["balance_minor"], held["account"]["reach_minor"]) == (-8000, 2000)
    await right(shop)


async def test_a_refund_goes_on_account(shop: Sales, ann: str) -> None:
    """SAL-25: a return credited to the account instead of paid out: credit returned on account."""
    sold = (await charge(shop, line(FACIAL), member_id=ann, tenders=[{"kind": "card", "amount_minor": 8000}])).json()
    back = {
        "charge_id": sold["charge_id"], "site": SITE, "lines": [{"line": 1, "quantity": "1"}],
        "tenders": [{"kind": "account", "amount_minor": -8000}],
    }  # fmt: skip
    await shop.post("/v1/returns", back, who="manager")
    held = await shop.get(f"/v1/members/{ann}/balances", who="front_desk")
    assert held["account"]["balance_minor"] == 8000
    assert [(one.why, one.amount_minor) for one in await shop.told(AccountMoved)] == [("returned", 8000)]
    await right(shop)


async def test_a_later_payment_spends_balances_too(shop: Sales, ann: str) -> None:
    """SAL-22: what was left due is paid with a certificate and the account; more than is there is refused."""
    number = await certificate(shop)
    await charge(shop, line(ON_ACCOUNT, unit_price="30"), member_id=ann)
    owed = (await charge(shop, line(FACIAL), member_id=ann)).json()
    path = f"/v1/charges/{owed['charge_id']}/payments"
    before = await shop.state()
    refused = await shop.call("POST", path, {"tenders": [gift(number, 5001)]}, who="front_desk")
    assert (refused.status_code, refused.json()["code"]) == (409, "certificate-empty")
    assert await shop.state() == before
    tenders = [gift(number, 5000), {"kind": "account", "amount_minor": 3000}]
    paid = await shop.post(path, {"tenders": tenders}, who="front_desk")
    assert paid["tenders"][0]["reference"].startswith("••••")
    assert await left(shop, number) == 0
    await right(shop)


async def test_the_desk_is_offered_what_the_member_holds(shop: Sales, ann: str) -> None:
    """SAL-24: a quote for two facials offers the six-pack with what is left; taken from it they cost nothing."""
    held = await holdings.sold(shop, SIX, ann)
    asked = {"site": SITE, "member_id": ann, "lines": [line(FACIAL, "2"), line(GIFT)]}
    quote = await shop.post("/v1/quotes", asked, who="front_desk")
    (offer,) = quote["lines"][0]["balances"]
    assert (offer["balance_id"], offer["left"], offer["covers"], offer["code"]) == (held["balance_id"], "6", "2", "SIX")
    assert quote["lines"][1]["balances"] == []
    redeemed = asked | {"lines": [line(FACIAL, "2", redeem=held["balance_id"])]}
    assert (await shop.post("/v1/quotes", redeemed, who="front_desk"))["total_minor"] == 0
    too_many = asked | {"lines": [line(FACIAL, "7", redeem=held["balance_id"])]}
    refused = await shop.call("POST", "/v1/quotes", too_many, who="front_desk")
    assert (refused.status_code, refused.json()["code"]) == (409, "balance-empty")


async def test_a_completed_treatment_offers_the_balance(shop: Sales, ann: str) -> None:
    """SAL-18 SAL-24: the draft of a treatment's charge names the package that the service may be taken from."""
    held = await holdings.sold(shop, SIX, ann)
    body = {"site": SITE, "service_id": str(FACIAL), "member_id": ann, "happened_at": datetime.now(UTC).isoformat()}
    treated = await shop.post("/v1/treatments", body, who="practitioner")
    draft = await shop.get(f"/v1/checkout/{treated['treatment_id']}", who="front_desk")
    assert [one["balance_id"] for one in draft["lines"][0]["balances"]] == [held["balance_id"]]
    (queued,) = (await shop.get(f"/v1/checkout?site={SITE}", who="front_desk"))["rows"]
    assert queued["lines"] == draft["lines"]
