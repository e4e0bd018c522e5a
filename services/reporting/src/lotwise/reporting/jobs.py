"""Clock in: the journal's next months get their partitions; figures that an upgrade added are made by themselves."""

from typing import TYPE_CHECKING

import structlog

from lotwise.kit.jobs import Job
from lotwise.reporting.operations.rebuild import rebuild_if_due
from lotwise.reporting.repository import journal

if TYPE_CHECKING:
    from lotwise.kit.service import Runtime

log = structlog.get_logger(__name__)


async def make_months(runtime: "Runtime") -> None:
    """Make the journal's partitions of this month to two months ahead."""
    async with runtime.db.transaction() as tx:
        await journal.make_months(tx)


async def make_due_figures(runtime: "Runtime") -> None:
    """Make all figures anew, once, when an upgrade left a rebuild due; until then the standing ones are shown."""
    done = await rebuild_if_due(runtime.db)
    if done is not None:
        log.info("figures were made anew after an upgrade", events=done.events, differing=done.differing)


JOBS = (Job("journal-months", 6 * 3600, make_months), Job("due-rebuild", 60, make_due_figures))
