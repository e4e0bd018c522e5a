"""The alert of all that ran out in the past, on the inbox."""

import httpx
from tests.backoffice.fakes import Chain
from tests.backoffice.fakes.ground import NOW, ident

PAST = {
    "alert_id": ident("past"), "kind": "out-in-history", "site": "bath", "product_id": None, "severity": "info",
    "title": "Imported history: 3,812 products are out of stock", "facts": {"products": 3812}, "state": "open",
    "times": 1, "happened_at": NOW.isoformat(), "can_close": True,
}  # fmt: skip


async def test_the_past_leads_to_what_stands_within_it(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """ALR-02: its row can be closed and leads to the list of its products, which is asked for by its id."""
    asked: list[str | None] = []

    def answer(ask: object) -> tuple[int, object]:
        """What alerts answers."""
        asked.append(getattr(ask, "params", {}).get("within"))
        return 200, {"rows": [PAST], "next": None}

    chain.overrides["GET", "alerts/v1/alerts"] = answer
    inbox = await htmx.get("/alerts")
    within = await htmx.get(f"/alerts?within={PAST['alert_id']}")

    assert f'data-href="/alerts?within={PAST["alert_id"]}"' in inbox.text
    assert "Imported history: 3,812 products are out of stock" in inbox.text
    assert f'hx-post="/alerts/{PAST["alert_id"]}/close"' in inbox.text
    assert within.status_code == 200
    assert asked == [None, PAST["alert_id"]]
