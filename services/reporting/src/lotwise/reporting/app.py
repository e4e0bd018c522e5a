"""Reporting's table of contents: every route group, subscription and job."""

from lotwise.contracts.envelope import SPEAKERS
from lotwise.kit.inbox import Subscription
from lotwise.kit.service import Service
from lotwise.reporting.api import journeys, owed, rebuilds, sales, stock
from lotwise.reporting.handlers import on_events
from lotwise.reporting.jobs import JOBS
from lotwise.reporting.operations.measuring import measure_sites
from lotwise.reporting.settings import Settings

PAUSE_SECONDS = 0.2
"""Figures may be this much behind: ten sales in one transaction cost what one costs alone."""
SERVICE = Service(
    name="reporting",
    package="lotwise.reporting",
    settings=Settings,
    routers=(sales.router, stock.router, owed.router, journeys.router, rebuilds.router),
    subscriptions=tuple(
        Subscription(speaker=speaker, handlers={}, every=on_events, pause_seconds=PAUSE_SECONDS) for speaker in SPEAKERS
    ),
    jobs=JOBS,
    measure=measure_sites,
)
