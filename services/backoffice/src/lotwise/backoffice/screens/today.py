"""The only home of the first page: what needs a hand now, at the sites in view."""

import asyncio
from datetime import timedelta
from typing import Any

from fastapi import Request
from starlette.responses import Response

from lotwise.backoffice.charts import Chart
from lotwise.backoffice.gateway import Rows, or_else
from lotwise.backoffice.pages import page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.adjustments import Adjustment
from lotwise.backoffice.screens.alerts import SEVERITIES, Alert
from lotwise.backoffice.screens.orders import Order
from lotwise.backoffice.screens.sales import Sold, Totals, revenue_chart
from lotwise.backoffice.screens.stock import Summary
from lotwise.backoffice.screens.transfers import Transfer
from lotwise.backoffice.session import Who

screen = Screen()
SHOWN = 6
DAYS = 30


@screen.get("/", permission="catalog.read")
async def today(request: Request, who: Who) -> Response:
    """Alerts, what waits for a witness, orders to send or receive, transfers on their way, and how the day goes."""
    parts = await asyncio.gather(
        _alerts(who),
        _orders(who, "draft"),
        _orders(who, "pending"),
        _orders(who, "sent"),
        _transfers(who),
        _figures(who),
    )
    alerts, drafts, pending, sent, arriving, figures = parts
    context: dict[str, Any] = {"alerts": alerts, "drafts": drafts, "due": [*pending, *sent], "arriving": arriving}
    context["waiting"] = await _waiting(who)
    return page(request, who, "screens/today.html", fragment="today", title="Today", **context, **figures)


async def _alerts(who: Who) -> list[Alert]:
    """The worst first, and of these the newest: what ran out is not pushed away by what will expire."""
    none: Rows[Alert] = Rows([])
    if not who.can("alerts.read"):
        return []
    asked = {"site": who.slug, "limit": SHOWN}
    found = await asyncio.gather(
        *(or_else(who.gateway.rows(Alert, "alerts", "/v1/alerts", severity=one, **asked), none) for one in SEVERITIES)
    )
    return [alert for part in found for alert in part.rows][:SHOWN]


async def _orders(who: Who, status: str) -> list[Order]:
    none: Rows[Order] = Rows([])
    if not who.can("purchasing.read"):
        return []
    asked = who.gateway.rows(Order, "purchasing", "/v1/orders", site=who.slug, status=status, limit=SHOWN)
    return (await or_else(asked, none)).rows


async def _transfers(who: Who) -> list[Transfer]:
    none: Rows[Transfer] = Rows([])
    if not who.can("stock.read"):
        return []
    asked = who.gateway.rows(Transfer, "stock", "/v1/transfers", site=who.slug, state="shipped", limit=SHOWN)
    return [row for row in (await or_else(asked, none)).rows if who.slug in {None, row.to_site}]


async def _waiting(who: Who) -> list[Adjustment]:
    """What others entered and this person may witness."""
    none: Rows[Adjustment] = Rows([])
    if not who.can("stock.witness"):
        return []
    asked = who.gateway.rows(Adjustment, "stock", "/v1/adjustments", site=who.slug, state="pending", limit=SHOWN)
    found = (await or_else(asked, none)).rows
    return [row for row in found if row.actor != who.principal.actor and who.can("stock.witness", row.site)]


async def _figures(who: Who) -> dict[str, Any]:
    asked = who.gateway.one(Summary, "stock", "/v1/summary", site=who.slug) if who.can("stock.read") else None
    stock = await or_else(asked, None) if asked else None
    if not who.can("reporting.read"):
        return {"stock": stock, "sold": None, "chart": Chart("", is_empty=True)}
    day, first = who.today.isoformat(), who.today - timedelta(days=DAYS - 1)
    none: Rows[Sold] = Rows([])
    span = {"from": day, "to": day, "site": who.slug}
    sold, days = await asyncio.gather(
        or_else(who.gateway.one(Totals, "reporting", "/v1/totals", **span), Totals()),
        or_else(
            who.gateway.rows(
                Sold, "reporting", "/v1/sales/by-day",
                **{"from": first.isoformat(), "to": day, "site": who.slug, "limit": DAYS + 5},
            ),
            none,
        ),
    )  # fmt: skip
    return {"stock": stock, "sold": sold, "chart": revenue_chart(who, first, who.today, days.rows)}
