"""The loop that is the product, walked through the real doors: charge → stock → alert → order → receipt → report."""

import re
from typing import Any

from tests.journeys.conftest import Doors, TracedMachine
from tests.journeys.loop import SITE, walk

from lotwise.contracts.ids import uuid7


async def test_the_loop_runs_with_one_trace_through_it(chain: Doors, traced_machine: TracedMachine) -> None:
    """One charge: FEFO lots leave, one alert rises, one order drafts itself; received, it clears and the reports move.

    SAL-01, SAL-02, SAL-05, STK-02, STK-04, STK-13, PUR-03, PUR-05, ALR-01, REP-01, REP-03, N-16; the spans of the
    charge's trace run from HTTP over the bus to the draft (N-18).
    """
    charge_id = await walk(chain)

    await _one_trace(chain, traced_machine, charge_id)


async def _one_trace(chain: Doors, machine: TracedMachine, charge_id: str) -> None:
    """The movements of the charge carry the trace of its request, and its spans reach the draft."""
    movements = (await chain.get("stock", "/v1/movements", site=SITE))["rows"]
    (trace_id,) = {row["trace_id"] for row in movements if row["cause_id"] == charge_id}
    assert re.fullmatch("[0-9a-f]{32}", trace_id)

    async def reached() -> Any:
        services = {span["service"] for span in machine.spans() if span["trace_id"] == trace_id}
        return services if {"sales", "stock", "alerts", "purchasing", "reporting"} <= services else None

    await chain.until(reached)
    spans = {span["span_id"]: span for span in machine.spans() if span["trace_id"] == trace_id}
    roots = [span for span in spans.values() if span["parent_id"] not in spans]
    assert [(root["service"], root["name"]) for root in roots] == [("sales", "POST /v1/charges")]

    def line(span: dict[str, Any]) -> list[str]:
        return [*(line(spans[span["parent_id"]]) if span["parent_id"] in spans else []), span["service"]]

    ends = [line(span) for span in spans.values() if span["service"] == "purchasing"]
    assert any(re.fullmatch("(sales )+(stock )+(purchasing ?)+", " ".join(way)) for way in ends), ends


async def test_the_same_charge_twice_is_one_charge(chain: Doors) -> None:
    """A till that lost the answer sends again: the same answer, one charge, one effect (N-02)."""
    key = str(uuid7())
    body = {"site": SITE, "hold": False, "lines": [{"code": "TOX100", "quantity": "1"}]}
    before = (await chain.get("stock", "/v1/summary", site=SITE))["value_minor"]

    first = await chain.post("sales", "/v1/charges", body, key)
    again = await chain.post("sales", "/v1/charges", body, key)

    assert first == again

    async def moved() -> Any:
        """The value of the stock once it has changed."""
        value = (await chain.get("stock", "/v1/summary", site=SITE))["value_minor"]
        return value if value != before else None

    assert before - await chain.until(moved) == 450
