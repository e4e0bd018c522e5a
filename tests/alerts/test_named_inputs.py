"""What the issue names as bad input, at alerts' doors."""

import pytest
from tests.alerts.test_alerts import crossing, standing
from tests.catalog.harness import Bench

from lotwise.contracts.stock import StockBelowMin


@pytest.mark.parametrize(
    ("deed", "content"),
    [
        ("assign", rb'{"person": "a\u0000b"}'),
        ("assign", rb'{"person": "\ud800"}'),
        ("assign", b'{"person": ""}'),
        ("assign", b"{}"),
        ("snooze", b'{"until": "0001-01-01T00:00:00Z"}'),
        ("snooze", b'{"until": "9999-12-31T23:59:59Z"}'),
        ("snooze", b'{"until": "2020-01-01T00:00:00Z"}'),
        ("snooze", b'{"until": 1e400}'),
    ],
)
async def test_a_deed_that_cannot_be_kept(alerts: Bench, deed: str, content: bytes) -> None:
    """Issue, bad input named: texts that cannot be stored and times that cannot be: 422, nothing changed or told."""
    await alerts.hear(crossing(StockBelowMin))
    (alert,) = await standing(alerts)
    before = await alerts.state()
    headers = {"authorization": "Bearer owner", "idempotency-key": "k1", "content-type": "application/json"}
    answer = await alerts.http.post(f"/v1/alerts/{alert['alert_id']}:{deed}", content=content, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), answer.text
    assert await alerts.state() == before


@pytest.mark.parametrize(
    "query", ["site=x%20y", "site=*", "site=%3E", "kind=%00", "within=1", "limit=1e400", "after=x"]
)
async def test_a_question_that_cannot_be(alerts: Bench, query: str) -> None:
    """Issue, bad input named: a site that is none, a NUL, a cursor of nobody's: 422 with a problem."""
    answer = await alerts.call("GET", f"/v1/alerts?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), answer.text
