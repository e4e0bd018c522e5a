"""Clock in: partitions of sales' lines are made before their month; the checkout queue follows the charges."""

from typing import cast

from lotwise.kit.jobs import Job
from lotwise.kit.service import Runtime
from lotwise.sales.operations import checkout
from lotwise.sales.repository import charges
from lotwise.sales.settings import SalesSettings

HOUR_SECONDS = 3600.0
QUEUE_SECONDS = 300.0


async def make_partitions(runtime: Runtime) -> None:
    """Make the partitions of this month and of the months ahead."""
    settings = cast("SalesSettings", runtime.settings)
    async with runtime.db.transaction() as tx:
        await charges.make_partitions(tx, settings.partition_months_ahead)


partitions = Job("partitions", 6 * HOUR_SECONDS, make_partitions)


async def settle_queue(runtime: Runtime) -> None:
    """Close what was charged while the process that charged it ended."""
    await checkout.settle_rest(runtime.db)


queue = Job("checkout", QUEUE_SECONDS, settle_queue)
