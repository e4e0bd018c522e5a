"""What ran out in the past: one alert of a site instead of thousands; what runs out now alerts at once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.catalog.harness import Bench

from lotwise.contracts.alerts import AlertCleared, AlertRaised
from lotwise.contracts.ids import named_id, uuid7
from lotwise.contracts.stock import StockOut, StockReceived

TOLD = datetime.fromtimestamp(1_760_000_000, UTC)
"""When the harness's bus tells everything."""
LONG_AGO = TOLD - timedelta(days=300)


def ran_out(name: str, at: datetime = LONG_AGO, site: str = "harley", minimum: str | None = None) -> StockOut:
    """A product that reached zero at an instant."""
    return StockOut(
        site=site, shortage_id=uuid7(), product_id=named_id(name), on_hand="0", minimum=minimum, happened_at=at
    )


def came(name: str, site: str = "harley") -> StockReceived:
    """Goods of it that came."""
    return StockReceived(
        site=site, receipt_id=uuid7(), product_id=named_id(name), lot_id=uuid7(), quantity="2", unit_cost="5",
        cost_minor=1000, happened_at=TOLD,
    )  # fmt: skip


async def inbox(alerts: Bench, **query: Any) -> list[dict[str, Any]]:
    """The alerts of the inbox."""
    return list((await alerts.get("/v1/alerts", params=query))["rows"])


async def test_a_years_import_is_one_alert_a_site(alerts: Bench) -> None:
    """ALR-02 N-16: 1,200 products that ran out months ago are one alert of their site, told once; bath has its own."""
    for start in range(0, 1_200, 400):
        await alerts.hear(*(ran_out(f"p{n}") for n in range(start, start + 400)))
    await alerts.hear(ran_out("p0", site="bath"))

    bath, harley = sorted(await inbox(alerts), key=lambda one: one["site"])
    assert harley["kind"] == "out-in-history"
    assert harley["title"] == "Imported history: 1,200 products are out of stock"
    assert bath["title"] == "Imported history: 1 product is out of stock"
    assert (harley["severity"], harley["can_close"], harley["product_id"]) == ("info", True, None)
    assert await alerts.get("/v1/alerts/count") == {"total": 2, "critical": 0, "warning": 0, "info": 2}
    assert [event.kind for event in await alerts.told(AlertRaised)] == ["out-in-history"] * 2
    # and each product stands within it
    page = await alerts.get("/v1/alerts", params={"within": harley["alert_id"], "limit": 500})
    assert (len(page["rows"]), {row["kind"] for row in page["rows"]}) == (500, {"stock-out"})
    assert {row["summary_id"] for row in page["rows"]} == {harley["alert_id"]}


async def test_what_runs_out_now_alerts_at_once(alerts: Bench) -> None:
    """ALR-02: a crossing of today, of seven days ago, or of a product with a minimum is a critical alert of its own."""
    await alerts.hear(
        ran_out("today", TOLD),
        ran_out("week", TOLD - timedelta(days=7)),
        ran_out("minded", minimum="5"),
        ran_out("past", TOLD - timedelta(days=7, seconds=1)),
    )

    found = sorted((row["kind"], row["severity"], row["product_id"]) for row in await inbox(alerts))
    live = sorted(str(named_id(name)) for name in ("today", "week", "minded"))
    assert found == [("out-in-history", "info", None), *(("stock-out", "critical", name) for name in live)]
    assert len(await alerts.told(AlertRaised)) == 4


async def test_goods_that_come_leave_the_past_quietly(alerts: Bench) -> None:
    """ALR-02: each product restocked counts one less, without an event of its own; at none the alert is over, once."""
    await alerts.hear(ran_out("a"), ran_out("b"))
    (past,) = await inbox(alerts)

    await alerts.hear(came("a"))
    (left,) = await inbox(alerts)
    quiet = await alerts.told(AlertCleared)
    await alerts.hear(came("b"))

    assert (left["alert_id"], left["title"]) == (past["alert_id"], "Imported history: 1 product is out of stock")
    assert quiet == []
    assert await inbox(alerts) == []
    assert [event.alert_id for event in await alerts.told(AlertCleared)] == [UUID(past["alert_id"])]
    assert len(await alerts.told(AlertRaised)) == 1


async def test_what_was_out_in_the_past_and_runs_out_now_is_alerted(alerts: Bench) -> None:
    """ALR-02: a live crossing of a product of the past is a critical alert of its own; the past counts one less."""
    await alerts.hear(ran_out("a"), ran_out("b"))

    await alerts.hear(ran_out("a", TOLD))

    found = {row["kind"]: row["title"] for row in await inbox(alerts)}
    assert found == {
        "stock-out": f"{named_id('a')} has run out",
        "out-in-history": "Imported history: 1 product is out of stock",
    }
    assert [event.kind for event in await alerts.told(AlertRaised)] == ["out-in-history", "stock-out"]


async def test_past_and_present_in_one_batch(alerts: Bench) -> None:
    """ALR-02: a product that ran out long ago and again today, heard together, is one live alert and no history."""
    await alerts.hear(ran_out("a"), ran_out("a", TOLD))

    assert [(row["kind"], row["severity"]) for row in await inbox(alerts)] == [("stock-out", "critical")]
    assert [event.kind for event in await alerts.told(AlertRaised)] == ["stock-out"]


async def test_a_manager_closes_the_past_whole(alerts: Bench) -> None:
    """ALR-02 ALR-10: closing it ends all that stands under it; what runs out later in the past is a new one."""
    await alerts.hear(ran_out("a"), ran_out("b"), ran_out("c", TOLD))
    past = next(row for row in await inbox(alerts) if row["kind"] == "out-in-history")

    closed = await alerts.post(f"/v1/alerts/{past['alert_id']}:close")

    assert (closed["state"], closed["closed_by"]) == ("cleared", "user:owner")
    assert [row["kind"] for row in await inbox(alerts)] == ["stock-out"]
    within = await inbox(alerts, within=past["alert_id"], state="all")
    assert [(row["state"], row["closed_by"]) for row in within] == [("cleared", "user:owner")] * 2
    await alerts.hear(ran_out("d"))
    (new,) = (row for row in await inbox(alerts) if row["kind"] == "out-in-history")
    assert (new["alert_id"] != past["alert_id"], new["facts"]) == (True, {"products": 1})


async def test_the_past_told_twice_changes_nothing(alerts: Bench) -> None:
    """N-02: redelivered history leaves alerts and outbox as they were."""
    messages = await alerts.hear(ran_out("a"), ran_out("b"))
    before = await alerts.state()

    await alerts.hear(*messages)

    assert await alerts.state() == before


async def test_the_past_of_another_site_is_out_of_sight(alerts: Bench) -> None:
    """Who manages harley alone sees neither bath's past nor what stands within it, and may not close it."""
    await alerts.hear(ran_out("a", site="bath"))
    (past,) = await inbox(alerts)
    before = await alerts.state()

    within = await alerts.get("/v1/alerts", params={"within": past["alert_id"]}, who="local")
    closed = await alerts.call("POST", f"/v1/alerts/{past['alert_id']}:close", who="local")

    assert (within["rows"], closed.status_code) == ([], 403)
    assert await alerts.state() == before
