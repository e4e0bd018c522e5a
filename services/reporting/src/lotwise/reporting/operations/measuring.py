"""The only home of what reporting tells dashboards about each site."""

import time
from typing import TYPE_CHECKING

from lotwise.kit import metrics
from lotwise.reporting.repository import sites

if TYPE_CHECKING:
    from lotwise.kit.service import Runtime

FRESH_SECONDS = 10.0


async def measure_sites(runtime: "Runtime") -> None:
    """Bring the figures of each site up to date, unless they were a few seconds ago."""
    if time.monotonic() - runtime.state.get("sites_measured", -FRESH_SECONDS) < FRESH_SECONDS:
        return
    runtime.state["sites_measured"] = time.monotonic()
    async with runtime.db.reading() as tx:
        rows = await sites.today(tx)
    metrics.site_figures({row["site"]: {name: row[name] for name in metrics.SITE_FIGURES} for row in rows})
