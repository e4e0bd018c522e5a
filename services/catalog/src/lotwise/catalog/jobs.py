"""Clock in: imports of products go on step by step; those of a month ago are forgotten."""

from typing import TYPE_CHECKING

from lotwise.catalog.domain.imports import KEPT_DAYS
from lotwise.catalog.operations.importing import Importing, ReadRow
from lotwise.catalog.repository import imports as rows
from lotwise.kit.jobs import Job

if TYPE_CHECKING:
    from lotwise.kit.service import Runtime

_STATE = "importing"


def importing(read: ReadRow) -> Job:
    """The job that works on imports; `read` makes a definition of a row's body."""

    async def work(runtime: "Runtime") -> None:
        """Work until no import waits."""
        found: Importing | None = runtime.state.get(_STATE)
        if found is None:
            found = runtime.state[_STATE] = Importing(runtime.db, runtime.settings.currency, read)
        while await found.step():
            pass

    return Job("imports", 1.0, work)


async def forget_imports(runtime: "Runtime") -> None:
    """Forget imports of long ago."""
    async with runtime.db.transaction() as tx:
        await rows.forget_old(tx, KEPT_DAYS)


FORGETTING = Job("old-imports", 6 * 3600, forget_imports)
