"""Memberships through the API and the clock: joined, renewed once, late, unpaid, paused, cancelled, upgraded."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.sales import holdings
from tests.sales.harness import FACIAL, OLD, SITE, Sales, fact, line
from tests.sales.holdings import GOLD, YEARLY, charge, right, use

from lotwise.contracts.catalog import PriceChanged
from lotwise.contracts.ids import named_id
from lotwise.contracts.sales import (
    MembershipEnded,
    MembershipPastDue,
    MembershipPaused,
    MembershipRenewed,
    MembershipResumed,
    PackageSold,
    SaleRecorded,
)
from lotwise.sales.domain.memberships import Patience
from lotwise.sales.operations import renewals
from lotwise.values import site_day

PATIENCE = Patience(14, 60)
LONDON = "Europe/London"


@pytest.fixture
async def shop(sales: Sales) -> Sales:
    """Sales that knows packages, memberships and the codes of money."""
    await holdings.define(sales)
    return sales


@pytest.fixture
async def ann(shop: Sales) -> str:
    """A member."""
    return await holdings.member(shop)


def today() -> date:
    """The site's day."""
    return site_day(datetime.now(UTC), LONDON)


async def join(shop: Sales, member: str, product: Any = GOLD, **more: Any) -> Any:
    """Join a membership that must begin."""
    body = {"site": SITE, "member_id": member, "product_id": str(product), **more}
    return await shop.post("/v1/memberships", body, who="front_desk")


async def held(shop: Sales, member: str) -> Any:
    """The membership of a member and what it gives, as shown."""
    found = await shop.get(f"/v1/members/{member}/balances", who="front_desk")
    return found["memberships"][0], [one for one in found["packages"] if one["state"] == "active"]


async def look(shop: Sales, at: date, hour: int = 12) -> int:
    """A look at the clock on a day; how many steps were taken."""
    now = datetime(at.year, at.month, at.day, hour, tzinfo=UTC)
    return await renewals.run(shop.selling, now, PATIENCE)


async def set_days(shop: Sales, joined: date, to_day: date, anchor: int) -> None:
    """Let the only membership have begun on another day."""
    await shop.owner.execute(
        "UPDATE membership SET joined_on = $1, from_day = $1, to_day = $2, anchor_day = $3", joined, to_day, anchor
    )
    await shop.owner.execute(
        "UPDATE membership_period SET from_day = $1, to_day = $2, days = $2::date - $1::date + 1", joined, to_day
    )


async def test_a_member_joins_with_the_first_fee(shop: Sales, ann: str) -> None:
    """SAL-11 SAL-17: the fee of 99 is charged and owed as a membership's; one facial is given; the member shows it."""
    answer = await join(shop, ann, tenders=[{"kind": "card", "amount_minor": 9900}])
    assert (answer["charge"]["total_minor"], answer["charge"]["due_minor"]) == (9900, 0)
    membership, given = await held(shop, ann)
    assert (membership["state"], membership["from_day"], membership["fee_minor"]) == (
        "active", today().isoformat(), 9900,
    )  # fmt: skip
    assert [(one["items"][0]["left"], one["value_minor"]) for one in given] == [("1", 0)]
    (told,) = await shop.told(MembershipRenewed)
    assert (told.period, told.fee_minor, told.from_day) == (1, 9900, today())
    (sale,) = await shop.told(SaleRecorded)
    assert (sale.lines[0].owed, await shop.told(PackageSold)) == ("membership", [])
    await right(shop)


async def test_a_membership_is_sold_by_a_line_too(shop: Sales, ann: str) -> None:
    """SAL-11: a line of the desk joins; a second one to the same is refused, and so are two on a line."""
    assert (await charge(shop, line(GOLD), member_id=ann)).status_code == 201
    before = await shop.state()
    for lines, code in (([line(GOLD)], "membership-taken"), ([line(YEARLY, "2")], "bad-quantity")):
        answer = await charge(shop, *lines, member_id=ann)
        assert answer.json()["code"] == code, answer.text
    assert await shop.state() == before


async def test_members_have_their_prices(shop: Sales, ann: str) -> None:
    """CAT-65: a facial of 80 costs a member with an active membership 60, and 80 again while it is paused."""
    await shop.hear(
        PriceChanged(
            price_id=named_id("members"), product_id=FACIAL, price="60", audience="members", valid_from=OLD
        )
    )  # fmt: skip
    await holdings.define(shop)
    joined = await join(shop, ann)
    assert (await charge(shop, line(FACIAL), member_id=ann)).json()["total_minor"] == 6000
    path = f"/v1/memberships/{joined['membership']['membership_id']}:pause"
    await shop.post(path, {"reason": "travels"}, who="front_desk")
    assert (await charge(shop, line(FACIAL), member_id=ann)).json()["total_minor"] == 8000


async def cost_of_a_facial(shop: Sales, member: str, hours_ago: float) -> int:
    """What a till that was offline is told for a facial of so many hours ago, in minor units."""
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    body = fact(line(FACIAL), member_id=member, happened_at=at.isoformat())
    body.pop("hold")
    answer = await shop.post("/v1/charges:batch", {"charges": [body]}, who="till")
    (row,) = answer["results"]
    assert row["outcome"] == "accepted", row
    return int(row["total_minor"])


async def moments(shop: Sales) -> list[tuple[datetime, bool]]:
    """From when on the only membership gave and did not, as kept."""
    rows = await shop.owner.fetch("SELECT since, gives FROM membership_moment ORDER BY since")
    return [(row["since"], row["gives"]) for row in rows]


async def test_what_is_told_late_is_priced_by_the_membership_of_its_time(shop: Sales, ann: str) -> None:
    """SAL-26 CAT-65: joined two hours ago, paused now: a facial three hours ago cost 80, one an hour ago 60, 80 now."""
    price = PriceChanged(
        price_id=named_id("members"), product_id=FACIAL, price="60", audience="members", valid_from=OLD
    )  # fmt: skip
    await shop.hear(price)
    await holdings.define(shop)
    joined = await join(shop, ann)
    await shop.owner.execute("UPDATE membership_moment SET since = since - interval '2 hours'")
    path = f"/v1/memberships/{joined['membership']['membership_id']}:pause"
    await shop.post(path, {"reason": "travels"}, who="front_desk")

    assert [await cost_of_a_facial(shop, ann, hours) for hours in (3, 1, 0)] == [8000, 6000, 8000]
    assert [gives for _, gives in await moments(shop)] == [True, False]


async def test_the_clock_keeps_the_moments_of_the_sites_days(shop: Sales, ann: str) -> None:
    """SAL-21 SAL-26: paused for days of July and looked at late, it rested from midnight to midnight in London; once it
    ended it gave until the end of its last day, whenever the clock was looked at.
    """
    await join(shop, ann)
    await set_days(shop, date(2026, 6, 10), date(2026, 7, 9), 10)
    start = datetime(2026, 6, 9, 23, tzinfo=UTC)
    await shop.owner.execute("UPDATE membership_moment SET since = $1", start)
    await shop.owner.execute(
        "UPDATE membership SET paused_from = '2026-07-01', paused_to = '2026-07-02', is_cancelled = true"
    )
    await look(shop, date(2026, 8, 1))

    assert await moments(shop) == [
        (start, True),
        (datetime(2026, 6, 30, 23, tzinfo=UTC), False),
        (datetime(2026, 7, 2, 23, tzinfo=UTC), True),
        (datetime(2026, 7, 11, 23, tzinfo=UTC), False),
    ]
    membership, _ = await held(shop, ann)
    assert (membership["state"], membership["ended_on"]) == ("ended", "2026-07-11")


async def test_it_renews_once_on_its_day(shop: Sales, ann: str) -> None:
    """SAL-11: on the due day it renews once, however often and from how many processes the clock is looked at."""
    await join(shop, ann, paid_by="card", payment_reference="file-1")
    membership, _ = await held(shop, ann)
    due = date.fromisoformat(membership["due_on"])
    assert await look(shop, due - timedelta(days=1)) == 0
    taken = await asyncio.gather(*(look(shop, due) for _ in range(3)))
    assert sum(taken) == 1
    assert await look(shop, due) == 0
    renewed = (await shop.told(MembershipRenewed))[-1]
    assert (renewed.period, renewed.from_day, renewed.fee_minor) == (2, due, 9900)
    sale = (await shop.told(SaleRecorded))[-1]
    assert (sale.source, sale.total_minor) == ("membership", 9900)
    charged = await shop.get(f"/v1/charges/{sale.charge_id}", who="front_desk")
    assert (charged["due_minor"], charged["tenders"][0]["kind"], charged["tenders"][0]["reference"]) == (
        0, "card", "file-1",
    )  # fmt: skip
    await right(shop)


async def test_it_renews_at_the_sites_midnight(shop: Sales, ann: str) -> None:
    """SAL-11: due on 1 July in London: at 22:59 UTC of 30 June it is not, at 23:01 UTC it is."""
    await join(shop, ann, paid_by="card", payment_reference="x")
    await set_days(shop, date(2026, 6, 1), date(2026, 6, 30), 1)
    before = datetime(2026, 6, 30, 22, 59, tzinfo=UTC)
    assert await renewals.run(shop.selling, before, PATIENCE) == 0
    assert await renewals.run(shop.selling, before + timedelta(minutes=2), PATIENCE) == 1


async def test_a_late_look_catches_up_period_by_period(shop: Sales, ann: str) -> None:
    """SAL-11: from 31 January, looked at on 1 May 2027: 28 February, 31 March and 30 April, each charged on its day."""
    await join(shop, ann, paid_by="card", payment_reference="x")
    await set_days(shop, date(2027, 1, 31), date(2027, 2, 27), 31)
    assert await look(shop, date(2027, 5, 1)) == 3
    renewed = (await shop.told(MembershipRenewed))[1:]
    assert [(one.period, one.from_day, one.to_day) for one in renewed] == [
        (2, date(2027, 2, 28), date(2027, 3, 30)),
        (3, date(2027, 3, 31), date(2027, 4, 29)),
        (4, date(2027, 4, 30), date(2027, 5, 30)),
    ]
    charged = [one for one in await shop.told(SaleRecorded) if one.source == "membership"]
    assert [site_day(one.happened_at, LONDON) for one in charged] == [one.from_day for one in renewed]
    await right(shop)


async def test_a_fee_out_of_the_account(shop: Sales, ann: str) -> None:
    """SAL-21 SAL-25: the account pays while it reaches; once it does not, the fee is due and nothing was taken."""
    assert (await charge(shop, line(holdings.ON_ACCOUNT, unit_price="100"), member_id=ann)).status_code == 201
    await join(shop, ann, paid_by="account")
    due = date.fromisoformat((await held(shop, ann))[0]["due_on"])
    await look(shop, due)
    statement = await shop.get(f"/v1/members/{ann}/account", who="front_desk")
    assert [(one["amount_minor"], one["balance_minor"]) for one in statement["rows"]] == [
        (-9900, 100),
        (10_000, 10_000),
    ]
    second = date.fromisoformat((await held(shop, ann))[0]["due_on"])
    await look(shop, second)
    membership, _ = await held(shop, ann)
    assert (membership["state"], membership["due_minor"]) == ("past_due", 9900)
    assert len((await shop.get(f"/v1/members/{ann}/account", who="front_desk"))["rows"]) == 2


async def test_an_unpaid_fee_suspends_and_ends(shop: Sales, ann: str) -> None:
    """SAL-21: due: past due; after 14 days suspended and nothing is given; after 60 it ended."""
    await join(shop, ann)
    membership, given = await held(shop, ann)
    due = date.fromisoformat(membership["due_on"])
    await look(shop, due)
    (late,) = await shop.told(MembershipPastDue)
    assert (late.state, late.due_minor) == ("past_due", 9900)
    await look(shop, due + timedelta(days=14))
    assert (await shop.told(MembershipPastDue))[-1].state == "suspended"
    before = await shop.state()
    refused = await use(shop, ann, given[0])
    assert (refused.status_code, refused.json()["code"]) == (409, "membership-not-active")
    assert "take the fee that is due" in refused.json()["ways_out"]
    assert await shop.state() == before
    await look(shop, due + timedelta(days=60))
    (ended,) = await shop.told(MembershipEnded)
    assert ended.reason == "not paid"
    await right(shop)


async def test_a_paid_fee_lets_it_go_on_at_once(shop: Sales, ann: str) -> None:
    """SAL-21 SAL-22: the fee that was due is paid at the desk: the membership is active in the same moment."""
    await join(shop, ann)
    await look(shop, date.fromisoformat((await held(shop, ann))[0]["due_on"]))
    membership, _ = await held(shop, ann)
    path = f"/v1/charges/{membership['due_charge_id']}/payments"
    await shop.post(path, {"tenders": [{"kind": "card", "amount_minor": 9900}]}, who="front_desk")
    membership, _ = await held(shop, ann)
    assert (membership["state"], membership["due_minor"]) == ("active", 0)
    assert len(await shop.told(MembershipResumed)) == 1


async def test_what_was_not_used_rolls_over_once(shop: Sales, ann: str) -> None:
    """SAL-21: a month's facial is still there in the next month beside the new one, and gone in the third."""
    await join(shop, ann, paid_by="card", payment_reference="x")
    for left in (1, 2, 2):
        membership, given = await held(shop, ann)
        ends = [one["expires_at"] for one in given if one["last_day"] >= membership["from_day"]]
        assert len(ends) == left
        await look(shop, date.fromisoformat(membership["due_on"]))


async def test_entitlements_are_used_and_given_back(shop: Sales, ann: str) -> None:
    """SAL-11: the facial of the month costs nothing once; a second is refused; voided, it is there again."""
    await join(shop, ann)
    _, (given,) = await held(shop, ann)
    used = await use(shop, ann, given)
    assert (used.status_code, used.json()["total_minor"]) == (201, 0)
    assert (await use(shop, ann, given)).json()["code"] == "balance-empty"
    await shop.post(f"/v1/charges/{used.json()['charge_id']}:void", {"reason": "x"}, who="manager")
    assert (await use(shop, ann, given)).status_code == 201
    await right(shop)


async def test_a_pause_gives_its_days_back(shop: Sales, ann: str) -> None:
    """SAL-21: paused for 10 days it renews 10 days later; nothing is earned meanwhile; what it gives lasts."""
    joined = await join(shop, ann, paid_by="card", payment_reference="x")
    path = f"/v1/memberships/{joined['membership']['membership_id']}"
    membership, (given,) = await held(shop, ann)
    due = date.fromisoformat(membership["due_on"])
    until = today() + timedelta(days=9)
    paused = await shop.post(f"{path}:pause", {"to_day": until.isoformat(), "reason": "travels"}, who="front_desk")
    assert paused["state"] == "paused"
    (told,) = await shop.told(MembershipPaused)
    assert (told.from_day, told.to_day) == (today(), until)
    assert (await use(shop, ann, given)).json()["code"] == "membership-not-active"
    assert await look(shop, until) == 0
    assert await look(shop, until + timedelta(days=1)) == 1
    membership, (later,) = await held(shop, ann)
    assert (membership["state"], membership["due_on"]) == ("active", (due + timedelta(days=10)).isoformat())
    assert date.fromisoformat(later["last_day"]) - date.fromisoformat(given["last_day"]) == timedelta(days=10)
    earned = await shop.get(f"/v1/liabilities/earned?from={today()}&to={due + timedelta(days=9)}", who="auditor")
    days = {date.fromisoformat(one["day"]): one["earned_minor"] for one in earned["rows"]}
    assert sum(days.values()) == 9900
    assert not any(day <= until for day in days)


async def test_deeds_that_cannot_be(shop: Sales, ann: str) -> None:
    """SAL-21 bad input: a pause in the past, resumed unpaused, day 32, cancelled twice, an unknown one: by name."""
    joined = await join(shop, ann)
    path = f"/v1/memberships/{joined['membership']['membership_id']}"
    await shop.post(f"{path}:cancel", {"reason": "moves"}, who="front_desk")
    past = (today() - timedelta(days=1)).isoformat()
    other = {"site": SITE, "member_id": ann, "product_id": str(YEARLY)}
    before = await shop.state()
    for asked, body, status, code in (
        (f"{path}:pause", {"from_day": past, "reason": "x"}, 422, "bad-day"),
        (f"{path}:resume", {"reason": "x"}, 409, "membership-not-active"),
        (f"{path}:cancel", {"reason": "again"}, 409, "cancelled-already"),
        (f"/v1/memberships/{named_id('none')}:cancel", {"reason": "x"}, 404, "unknown-membership"),
        ("/v1/memberships", other | {"anchor_day": 32}, 422, "bad-day"),
        ("/v1/memberships", other | {"product_id": str(FACIAL)}, 409, "not-a-membership"),
        ("/v1/memberships", other | {"paid_by": "card"}, 422, "bad-value"),
        (f"{path}:upgrade", {"product_id": str(FACIAL)}, 409, "not-a-membership"),
    ):
        answer = await shop.call("POST", asked, body, who="front_desk")
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert await shop.state() == before


async def test_cancelled_with_its_period_it_ends_on_its_day(shop: Sales, ann: str) -> None:
    """SAL-11: cancelled it gives until its last day, then ends without a further fee."""
    joined = await join(shop, ann, paid_by="card", payment_reference="x")
    await shop.post(
        f"/v1/memberships/{joined['membership']['membership_id']}:cancel", {"reason": "moves"}, who="front_desk"
    )
    membership, (given,) = await held(shop, ann)
    assert (membership["state"], membership["is_cancelled"]) == ("active", True)
    assert (await use(shop, ann, given)).status_code == 201
    await look(shop, date.fromisoformat(membership["due_on"]))
    (ended,) = await shop.told(MembershipEnded)
    assert (ended.on_day.isoformat(), ended.reason, ended.refunded_minor) == (membership["to_day"], "moves", 0)
    assert len(await shop.told(MembershipRenewed)) == 1


async def test_cancelled_today_it_gives_back_its_days(shop: Sales, ann: str) -> None:
    """SAL-21: on its first day of n: the fee less one day goes back to the card; the day is earned; nothing is owed."""
    joined = await join(shop, ann, tenders=[{"kind": "card", "amount_minor": 9900}])
    membership = joined["membership"]
    days = (date.fromisoformat(membership["to_day"]) - today()).days + 1
    body = {"reason": "moves", "at_period_end": False, "refund": True, "is_to_originals": True}
    path = f"/v1/memberships/{membership['membership_id']}:cancel"
    answer = await shop.post(path, body, who="front_desk")
    earned = (2 * 9900 + days) // (2 * days)
    assert answer["refund"]["net_minor"] == 9900 - earned
    (ended,) = await shop.told(MembershipEnded)
    assert ended.refunded_minor == 9900 - earned
    assert answer["refund"]["tenders"] == [{"kind": "card", "amount_minor": earned - 9900, "reference": ""}]
    again = await shop.call("POST", path, body, who="front_desk")
    assert (again.status_code, again.json()["code"]) == (409, "membership-ended")
    tomorrow = today() + timedelta(days=1)
    rows = (await shop.get(f"/v1/liabilities?day={tomorrow}", who="auditor"))["rows"]
    assert [(one["kind"], one["used_minor"], one["outstanding_minor"]) for one in rows] == [("membership", earned, 0)]
    await right(shop)


async def test_joining_for_a_chosen_day_costs_the_days_until_then(shop: Sales, ann: str) -> None:
    """SAL-21: joined for the day after tomorrow it costs two days of its month, and the whole fee from then on."""
    when = today() + timedelta(days=2)
    joined = await join(shop, ann, anchor_day=when.day, paid_by="card", payment_reference="x")
    assert joined["membership"]["due_on"] == when.isoformat()
    assert 600 <= joined["charge"]["total_minor"] <= 720
    await look(shop, when)
    assert (await shop.told(MembershipRenewed))[-1].fee_minor == 9900


async def test_an_upgrade_charges_the_difference(shop: Sales, ann: str) -> None:
    """SAL-21: gold to yearly on the first day: 999 less the whole 99 unused are charged; the fee owed is 999."""
    joined = await join(shop, ann)
    path = f"/v1/memberships/{joined['membership']['membership_id']}:upgrade"
    up = await shop.post(path, {"product_id": str(YEARLY)}, who="front_desk")
    assert (up["charge"]["total_minor"], up["membership"]["period"]) == (90_000, "year")
    (ended,) = await shop.told(MembershipEnded)
    assert (ended.reason, ended.refunded_minor) == ("upgraded", 9900)
    assert (await shop.told(MembershipRenewed))[-1].fee_minor == 99_900
    down = f"/v1/memberships/{up['membership']['membership_id']}:upgrade"
    before = await shop.state()
    refused = await shop.call("POST", down, {"product_id": str(GOLD)}, who="front_desk")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-an-upgrade")
    assert await shop.state() == before
    await right(shop)


async def test_renewals_ahead_are_listed(shop: Sales, ann: str) -> None:
    """SAL-21: who renews within 40 days is listed for notice, within 1 day nobody."""
    joined = await join(shop, ann)
    soon = await shop.get(f"/v1/memberships?site={SITE}&due_within=40", who="front_desk")
    assert [one["membership_id"] for one in soon["rows"]] == [joined["membership"]["membership_id"]]
    assert (await shop.get(f"/v1/memberships?site={SITE}&due_within=1", who="front_desk"))["rows"] == []
    assert (await shop.get("/v1/memberships?state=ended", who="front_desk"))["rows"] == []


async def test_the_charge_of_joining_is_voided_with_the_membership(shop: Sales, ann: str) -> None:
    """SAL-16: nothing used, the first fee's charge may be voided and the membership with it; a renewal's may not."""
    joined = await join(shop, ann, paid_by="card", payment_reference="x")
    await look(shop, date.fromisoformat(joined["membership"]["due_on"]))
    sale = (await shop.told(SaleRecorded))[-1]
    before = await shop.state()
    refused = await shop.call("POST", f"/v1/charges/{sale.charge_id}:void", {"reason": "x"}, who="manager")
    assert (refused.status_code, refused.json()["code"]) == (409, "membership-charge")
    assert await shop.state() == before
    bob = await holdings.member(shop, "Bob")
    other = await join(shop, bob)
    await shop.post(f"/v1/charges/{other['charge']['charge_id']}:void", {"reason": "typed wrong"}, who="manager")
    assert (await held(shop, bob))[0]["state"] == "ended"
    (ended,) = await shop.told(MembershipEnded)
    assert (ended.reason, ended.refunded_minor) == ("voided", 9900)
    await right(shop)
