"""Both clocks of a day: Python's and PostgreSQL's know the same zones."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from lotwise.values import site_day

ZONES = ("America/Vancouver", "America/New_York", "America/Chicago", "Europe/London", "America/Toronto", "Asia/Tokyo")


@pytest.mark.parametrize("zone", ZONES)
async def test_a_site_has_the_same_day_in_both(postgres: Any, zone: str) -> None:
    """DESIGN 3.5: each half hour of a day in every month of two years lies on one day for the code and the database."""
    start = datetime(2026, 1, 15, tzinfo=UTC)
    instants = [start + timedelta(days=30 * month, minutes=30 * half) for month in range(24) for half in range(48)]
    connection = await asyncpg.connect(postgres.admin_url)
    try:
        rows = await connection.fetch(
            "select (at at time zone $2)::date as day from unnest($1::timestamptz[]) with ordinality as t(at, nth)"
            " order by nth",
            instants,
            zone,
        )
    finally:
        await connection.close()

    assert [row["day"] for row in rows] == [site_day(instant, zone) for instant in instants]
