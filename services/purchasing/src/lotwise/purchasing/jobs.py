"""Purchasing's clockwork: contracts that end soon."""

from datetime import UTC, datetime

from lotwise.kit.jobs import Job
from lotwise.kit.service import Runtime
from lotwise.purchasing.operations.contracts import tell_ending
from lotwise.purchasing.settings import PurchasingSettings


def _settings(runtime: Runtime) -> PurchasingSettings:
    settings = runtime.settings
    if not isinstance(settings, PurchasingSettings):
        raise TypeError("purchasing runs with its own settings")
    return settings


async def tell_contracts(runtime: Runtime) -> None:
    """Tell of contracts that end within their notice, once per end (ALR-08)."""
    settings, now = _settings(runtime), datetime.now(UTC)
    told = 0
    while True:
        async with runtime.db.transaction() as tx:
            found = await tell_ending(tx, now.date(), now, settings.contract_rows_max)
        told += found
        if found < settings.contract_rows_max:
            break
    if told:
        runtime.wake_relay()


def jobs(settings: PurchasingSettings) -> tuple[Job, ...]:
    """All of purchasing's clockwork."""
    return (Job("contracts", settings.contract_seconds, tell_contracts),)
