"""Clock in: the journal's next months get their partitions ahead of time."""

from typing import TYPE_CHECKING

from lotwise.kit.jobs import Job
from lotwise.reporting.repository import journal

if TYPE_CHECKING:
    from lotwise.kit.service import Runtime


async def make_months(runtime: "Runtime") -> None:
    """Make the journal's partitions of this month to two months ahead."""
    async with runtime.db.transaction() as tx:
        await journal.make_months(tx)


JOBS = (Job("journal-months", 6 * 3600, make_months),)
