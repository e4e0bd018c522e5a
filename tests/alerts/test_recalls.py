"""A recall's alerts: one at each site that held the lot, gone when the recall is released or nothing is left."""

from typing import Any

from tests.alerts.test_alerts import AT, BOTOX, LOT, define, standing
from tests.catalog.harness import Bench

from lotwise.contracts.catalog import SiteDefined
from lotwise.contracts.ids import named_id
from lotwise.contracts.stock import LotRecalled, LotReleased

RECALL = named_id("recall")


def about(kind: Any, site: str, quantity: str = "5", **fields: Any) -> Any:
    """An event of lot A of Botox."""
    return kind(
        site=site, lot_id=LOT, product_id=BOTOX, lot_number="A", quantity=quantity, cost_minor=0, happened_at=AT,
        **fields,
    )  # fmt: skip


async def test_a_recall_alerts_every_site_that_held_the_lot_and_ends_there_one_by_one(alerts: Bench) -> None:
    """ALR-05: given two sites of a recalled lot, one of which holds nothing any more; when it is told twice, then each
    has one alert; when one site is rid of it and the recall is released, then both are clear.
    """
    await define(alerts)
    await alerts.hear(SiteDefined(slug="soho", name="Soho", time_zone="Europe/London"))
    told = [
        about(LotRecalled, site, quantity, recall_id=RECALL, reason="glass")
        for site, quantity in (("harley", "5"), ("soho", "0"))
    ]
    await alerts.hear(*told)
    await alerts.hear(*told)
    rows = {one["site"]: (one["kind"], one["severity"], one["title"]) for one in await standing(alerts)}
    assert rows == {
        "harley": ("lot-recalled", "critical", "Botox, lot A is recalled: 5 here, glass"),
        "soho": ("lot-recalled", "critical", "Botox, lot A is recalled: 0 here, glass"),
    }
    await alerts.hear(about(LotReleased, "harley", "0", reason="nothing of it is left here"))
    assert [one["site"] for one in await standing(alerts)] == ["soho"]
    await alerts.hear(about(LotReleased, "soho", "0", reason="tested"))
    assert await standing(alerts) == []
