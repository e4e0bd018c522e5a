"""Promises of alerts over the bus and HTTP, on a real database."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from tests.catalog.harness import Bench, said

from lotwise.contracts.alerts import AlertCleared, AlertRaised
from lotwise.contracts.catalog import ProductDefined, SiteDefined
from lotwise.contracts.ids import named_id, uuid7
from lotwise.contracts.stock import (
    CountOverdue,
    CountPosted,
    LotExpired,
    LotExpiring,
    StockBelowMin,
    StockOut,
    StockReceived,
    StockRestored,
)

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
BOTOX = named_id("botox")
LOT = named_id("lot")
SHORTAGE = named_id("shortage")


def crossing(kind: Any, on_hand: str = "3", site: str = "harley") -> Any:
    """An event of a crossed level of Botox, whose minimum is 5."""
    return kind(site=site, shortage_id=SHORTAGE, product_id=BOTOX, on_hand=on_hand, minimum="5", happened_at=AT)


async def standing(alerts: Bench, **query: Any) -> list[dict[str, Any]]:
    """The alerts of the inbox."""
    rows: list[dict[str, Any]] = (await alerts.get("/v1/alerts", params=query))["rows"]
    return rows


async def define(alerts: Bench) -> None:
    """Make the site and the product known."""
    await alerts.hear(
        SiteDefined(slug="harley", name="Harley Street", time_zone="Europe/London"),
        ProductDefined(product_id=BOTOX, code="BOTOX", name="Botox", kind="physical", unit="U"),
    )


async def test_low_stock_raises_one_alert_that_clears_itself(alerts: Bench) -> None:
    """Below the minimum: one alert, told once on the bus; restocked: it clears by itself (ALR-01, N-16)."""
    await define(alerts)

    await alerts.hear(crossing(StockBelowMin))
    await alerts.hear(crossing(StockBelowMin, "2"))
    (alert,) = await standing(alerts)
    await alerts.hear(crossing(StockRestored, "50"))

    assert alert["kind"] == "below-minimum"
    assert alert["title"] == "Botox is below its minimum: 2 left, minimum 5"
    assert (alert["site_name"], alert["severity"], alert["times"]) == ("Harley Street", "warning", 2)
    assert await standing(alerts) == []
    (cleared,) = await standing(alerts, state="cleared")
    assert cleared["alert_id"] == alert["alert_id"]
    assert len(await alerts.told(AlertRaised)) == 1
    assert [event.alert_id for event in await alerts.told(AlertCleared)] == [UUID(alert["alert_id"])]


async def test_the_same_message_twice_changes_nothing(alerts: Bench) -> None:
    """A redelivered event leaves alerts and outbox as they were (N-02)."""
    message = said(crossing(StockBelowMin))
    await alerts.hear(message)
    before = await alerts.state()

    await alerts.hear(message, message)

    assert await alerts.state() == before


async def test_a_restoration_that_overtakes_its_shortage_wins(alerts: Bench) -> None:
    """Out of order: restored is heard before below-minimum; no alert is left standing."""
    early, late = said(crossing(StockBelowMin)), said(crossing(StockRestored, "50"))

    await alerts.hear(late)
    await alerts.hear(early)

    assert await standing(alerts) == []
    assert await alerts.told() == []


async def test_a_storm_makes_one_alert(alerts: Bench) -> None:
    """Two thousand crossings of one product in batches raise one alert and one event (N-16)."""
    for _ in range(4):
        await alerts.hear(*(crossing(StockBelowMin) for _ in range(500)))

    (alert,) = await standing(alerts)
    assert alert["times"] == 2000
    assert len(await alerts.told(AlertRaised)) == 1


async def test_a_stock_out_ends_when_goods_come(alerts: Bench) -> None:
    """At zero a critical alert stands (ALR-02); goods that arrive end it even below the minimum."""
    await alerts.hear(crossing(StockBelowMin, "0"), crossing(StockOut, "0"))
    assert {alert["kind"]: alert["severity"] for alert in await standing(alerts)} == {
        "below-minimum": "warning",
        "stock-out": "critical",
    }

    await alerts.hear(
        StockReceived(
            site="harley",
            receipt_id=uuid7(),
            product_id=BOTOX,
            lot_id=LOT,
            quantity="2",
            unit_cost="5",
            cost_minor=1000,
            happened_at=AT,
        )
    )

    assert [alert["kind"] for alert in await standing(alerts)] == ["below-minimum"]


async def test_an_expired_lot_replaces_its_warning(alerts: Bench) -> None:
    """Expiry ahead is one alert per lot and site; expired, it becomes a fact that a person closes (ALR-03, ALR-04)."""
    lot = {
        "site": "harley", "lot_id": LOT, "product_id": BOTOX, "lot_number": "A1234", "expires_on": date(2026, 11, 21),
        "quantity": "8", "cost_minor": 4000, "happened_at": AT,
    }  # fmt: skip
    await define(alerts)
    await alerts.hear(LotExpiring(**lot, days_left=30), LotExpiring(**lot, days_left=7))
    (warning,) = await standing(alerts)
    await alerts.hear(LotExpired(**lot))
    (expired,) = await standing(alerts)

    closed = await alerts.post(f"/v1/alerts/{expired['alert_id']}:close")

    assert (warning["kind"], warning["severity"], warning["times"]) == ("lot-expiring", "warning", 2)
    assert expired["title"] == "Botox, lot A1234 has expired: 8 moved to quarantine"
    assert (closed["state"], closed["closed_by"]) == ("cleared", "user:owner")


async def test_people_acknowledge_snooze_and_assign(alerts: Bench) -> None:
    """Acknowledged stays in the inbox, snoozed leaves it and its badge until the time comes (ALR-10)."""
    await alerts.hear(crossing(StockBelowMin))
    (alert,) = await standing(alerts)
    path = f"/v1/alerts/{alert['alert_id']}"

    seen = await alerts.post(f"{path}:acknowledge", who="local")
    given = await alerts.post(f"{path}:assign", {"person": "Dana"})
    assert (seen["state"], seen["acknowledged_by"], given["assigned_to"]) == ("acknowledged", "user:manager", "Dana")
    assert (await alerts.get("/v1/alerts/count"))["total"] == 1

    await alerts.post(f"{path}:snooze", {"until": "2199-01-01T00:00:00Z"})
    assert await standing(alerts) == []
    assert (await alerts.get("/v1/alerts/count")) == {"total": 0, "critical": 0, "warning": 0, "info": 0}
    assert len(await standing(alerts, state="snoozed")) == 1

    await alerts.post(f"{path}:snooze", {"until": None})
    assert len(await standing(alerts)) == 1


async def test_what_is_over_cannot_be_handled(alerts: Bench) -> None:
    """A cleared alert refuses every deed with 409, an unknown one with 404, and nothing changes."""
    await alerts.hear(crossing(StockBelowMin))
    (alert,) = await standing(alerts)
    path = f"/v1/alerts/{alert['alert_id']}"
    wrong = await alerts.call("POST", f"{path}:close")
    await alerts.hear(crossing(StockRestored))
    before = await alerts.state()

    answers = [
        await alerts.call("POST", f"{path}:acknowledge"),
        await alerts.call("POST", f"{path}:assign", {"person": "Dana"}),
        await alerts.call("POST", f"/v1/alerts/{uuid7()}:acknowledge"),
        await alerts.call("POST", f"{path}:snooze", {"until": "0001-01-01T00:00:00Z"}),
    ]

    assert (wrong.status_code, wrong.json()["code"]) == (409, "clears-itself")
    assert [answer.status_code for answer in answers] == [409, 409, 404, 422]
    assert answers[0].json()["code"] == "alert-is-over"
    assert await alerts.state() == before


async def test_a_person_of_one_site_sees_that_site(alerts: Bench) -> None:
    """The inbox and the badge hold the sites of one's grants; another site's alert cannot be touched."""
    await alerts.hear(crossing(StockBelowMin), crossing(StockBelowMin, site="bath"))

    mine = await standing(alerts, site="harley")
    own = (await alerts.get("/v1/alerts", who="local"))["rows"]
    (other,) = await standing(alerts, site="bath")
    before = await alerts.state()
    asked = await alerts.call("GET", "/v1/alerts", who="local", params={"site": "bath"})
    touched = await alerts.call("POST", f"/v1/alerts/{other['alert_id']}:acknowledge", who="local")

    assert [alert["alert_id"] for alert in own] == [alert["alert_id"] for alert in mine]
    assert (asked.status_code, touched.status_code) == (403, 403)
    assert await alerts.state() == before


async def test_the_inbox_is_paged(alerts: Bench) -> None:
    """Pages join without gap or repetition, the newest first."""
    await alerts.hear(
        *(
            StockBelowMin(
                site="harley", shortage_id=uuid7(), product_id=uuid7(), on_hand="1", minimum="5", happened_at=AT
            )
            for _ in range(7)
        )
    )

    seen: list[str] = []
    after = None
    while True:
        page = await alerts.get("/v1/alerts", params={"limit": 3, **({"after": after} if after else {})})
        seen += [row["alert_id"] for row in page["rows"]]
        after = page["next"]
        if after is None:
            break

    assert len(seen) == len(set(seen)) == 7


async def test_the_inbox_by_severity(alerts: Bench) -> None:
    """ALR-10: given what ran out and, later, what is below its minimum; when the critical, the warnings or nonsense are
    asked for; then only these come, and nonsense is refused.
    """
    levels = {"site": "harley", "on_hand": "0", "minimum": "5", "happened_at": AT}
    await alerts.hear(StockOut(**levels, shortage_id=uuid7(), product_id=uuid7()))
    await alerts.hear(StockBelowMin(**levels, shortage_id=uuid7(), product_id=uuid7()))
    found = {
        level: [row["kind"] for row in (await alerts.get("/v1/alerts", params={"severity": level}))["rows"]]
        for level in ("critical", "warning", "info")
    }
    assert found == {"critical": ["stock-out"], "warning": ["below-minimum"], "info": []}
    assert (await alerts.call("GET", "/v1/alerts?severity=dreadful")).status_code == 422


async def test_an_overdue_count_is_one_alert_until_it_is_posted(alerts: Bench) -> None:
    """STK-45: given a plan whose due date is over; when it is told twice; then one alert stands that a person may
    close; a posted count of another plan leaves it, one of this plan clears it.
    """
    await define(alerts)
    plan, other = uuid7(), uuid7()

    def posted(plan_id: UUID | None) -> CountPosted:
        """A count of the plan as it is told."""
        return CountPosted(
            site="harley", count_id=uuid7(), number="C-1", plan_id=plan_id, counted_lines=1, posted_by="user:a",
            happened_at=AT,
        )  # fmt: skip

    for _ in range(2):
        await alerts.hear(
            CountOverdue(site="harley", plan_id=plan, name="Fridge", due_on=date(2026, 11, 20), happened_at=AT)
        )
    await alerts.hear(posted(other), posted(None))

    (alert,) = await standing(alerts)
    assert alert["title"] == "The count “Fridge” was due on 20 Nov 2026"
    assert (alert["kind"], alert["severity"], alert["times"], alert["can_close"]) == (
        "count-overdue",
        "warning",
        2,
        True,
    )
    await alerts.hear(posted(plan))
    assert await standing(alerts) == []
    assert len(await alerts.told(AlertRaised)) == len(await alerts.told(AlertCleared)) == 1
