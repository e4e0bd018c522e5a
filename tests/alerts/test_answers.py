"""An alert names the order that answers its shortage, and comes back when it gets worse."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from tests.catalog.harness import Bench

from lotwise.contracts.ids import named_id
from lotwise.contracts.purchasing import PurchaseOrderCancelled, PurchaseOrderDrafted, PurchaseOrderSent
from lotwise.contracts.stock import LotExpiring, StockBelowMin

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
SHORTAGE, ORDER = named_id("shortage"), named_id("order")
BELOW = StockBelowMin(
    site="harley", shortage_id=SHORTAGE, product_id=named_id("botox"), on_hand="3", minimum="5", happened_at=AT
)


def order(kind: Any, shortage: UUID = SHORTAGE) -> Any:
    """Word of the order PO-000007 that answers a shortage."""
    told = {"lines": (), "total_minor": 0} if kind is not PurchaseOrderCancelled else {}
    header = {"site": "harley", "order_id": ORDER, "number": "PO-000007", "supplier_id": named_id("supplier")}
    return kind(**header, happened_at=AT, shortage_ids=(shortage,), **told)


async def _link(alerts: Bench) -> tuple[str | None, str | None]:
    (alert,) = (await alerts.get("/v1/alerts"))["rows"]
    return alert["order_number"], alert["order_state"]


@pytest.mark.parametrize("is_first", [True, False])
async def test_the_alert_names_the_draft_that_answers_it(alerts: Bench, is_first: bool) -> None:
    """ALR-01, PUR-05: the order is linked whichever was heard first, the shortage or its draft."""
    events = [order(PurchaseOrderDrafted), BELOW] if is_first else [BELOW, order(PurchaseOrderDrafted)]
    for event in events:
        await alerts.hear(event)
    assert await _link(alerts) == ("PO-000007", "drafted")


async def test_a_late_draft_does_not_take_back_that_it_was_sent(alerts: Bench) -> None:
    """RELIABILITY 3: sent, then the draft told late: it stays sent; cancelled ends it."""
    await alerts.hear(BELOW, order(PurchaseOrderSent))
    await alerts.hear(order(PurchaseOrderDrafted))
    assert await _link(alerts) == ("PO-000007", "sent")
    await alerts.hear(order(PurchaseOrderCancelled))
    assert await _link(alerts) == ("PO-000007", "cancelled")


async def test_an_alert_without_an_order_names_none(alerts: Bench) -> None:
    """ALR-01: another shortage's order is not this one's."""
    await alerts.hear(BELOW, order(PurchaseOrderDrafted, named_id("another")))
    assert await _link(alerts) == (None, None)


async def test_what_gets_worse_is_seen_again(alerts: Bench) -> None:
    """ALR-03, ALR-10: thirty days ahead was acknowledged; seven days ahead the same alert is open again, a warning."""
    lot = {"site": "harley", "lot_id": named_id("lot"), "product_id": named_id("botox"), "quantity": "8"}
    rest = {"cost_minor": 4000, "expires_on": date(2026, 12, 21), "happened_at": AT}
    await alerts.hear(LotExpiring(**lot, **rest, days_left=30))
    (first,) = (await alerts.get("/v1/alerts"))["rows"]
    await alerts.post(f"/v1/alerts/{first['alert_id']}:acknowledge")
    await alerts.hear(LotExpiring(**lot, **rest, days_left=7))
    (second,) = (await alerts.get("/v1/alerts"))["rows"]
    assert second["alert_id"] == first["alert_id"]
    assert (second["state"], second["severity"], second["acknowledged_by"]) == ("open", "warning", None)
