"""What is owed to members is proven every night, and the proof is kept (N-01, SAL-20)."""

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs
from tests.sales import holdings
from tests.sales.harness import Sales
from tests.sales.holdings import SIX

from lotwise.sales.jobs import prove_owed
from lotwise.sales.operations import nightly

NIGHT = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
EARLIER = NIGHT - timedelta(days=9)


@pytest.mark.parametrize(
    ("now", "last", "first", "due"),
    [
        (NIGHT, None, EARLIER, True),
        (NIGHT - timedelta(seconds=1), NIGHT - timedelta(days=1), EARLIER, False),
        (NIGHT, NIGHT - timedelta(days=1), EARLIER, True),
        (NIGHT + timedelta(hours=5), NIGHT, EARLIER, False),
        (NIGHT + timedelta(hours=5), None, NIGHT + timedelta(hours=1), False),
        (NIGHT, None, None, False),
    ],
)
def test_it_is_due_once_a_night(now: datetime, last: datetime | None, first: datetime | None, due: bool) -> None:
    """N-01: due from the hour on until it was made; new books wait for their first night."""
    assert nightly.is_due(now, 2, last, first) is due


async def test_the_night_keeps_its_proof_and_names_what_differs(sales: Sales) -> None:
    """N-01: given a package altered by SQL; when the night comes; then its proof is kept with that row and both
    amounts; the same night again proves nothing more.
    """
    await holdings.define(sales)
    held = await holdings.sold(sales, SIX, await holdings.member(sales))
    await sales.owner.execute("UPDATE package_balance SET kept_minor = 100")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert await nightly.prove(sales.db, tomorrow, 2) is not None
    assert await nightly.prove(sales.db, tomorrow, 2) is None
    (kept,) = (await sales.get("/v1/liabilities/proofs", who="auditor"))["rows"]
    assert (kept["entries"], kept["wrong"]) == (
        1, [{"kind": "package", "owner_id": held["balance_id"], "row_minor": 44_900, "entries_minor": 45_000}],
    )  # fmt: skip
    answer = await sales.call("GET", "/v1/liabilities/proofs", who="front_desk")
    assert answer.status_code == 403


async def test_the_job_logs_each_row_that_differs(sales: Sales) -> None:
    """N-01: the job, once due, says by name what differs; while it is not due it says nothing."""
    await holdings.define(sales)
    held = await holdings.sold(sales, SIX, await holdings.member(sales))
    await sales.owner.execute("UPDATE package_balance SET kept_minor = 100")
    with capture_logs() as quiet:
        await prove_owed(sales.runtime)
    await sales.owner.execute("ALTER TABLE balance_move DISABLE TRIGGER ALL")
    await sales.owner.execute("UPDATE balance_move SET recorded_at = recorded_at - interval '2 days'")
    with capture_logs() as said:
        await prove_owed(sales.runtime)
    errors = [(one["row"], one["expected_minor"], one["found_minor"]) for one in said if one["log_level"] == "error"]
    assert (quiet, errors) == ([], [(f"package {held['balance_id']}", 45_000, 44_900)])
