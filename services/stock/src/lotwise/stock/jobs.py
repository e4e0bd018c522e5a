"""Clock in: the sweeps of expired lots and holds, warnings of coming expiries, the sealer, the ledger's partitions."""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import structlog

from lotwise.kit.client import Refused, Unreachable
from lotwise.kit.database import Tx
from lotwise.kit.jobs import Job
from lotwise.kit.outbox import tell
from lotwise.kit.service import Runtime
from lotwise.stock.operations.assets import tell_due
from lotwise.stock.operations.audit import prove_nightly
from lotwise.stock.operations.count_lates import net_late
from lotwise.stock.operations.count_plans import tell_overdue as overdue_counts
from lotwise.stock.operations.day_openings import open_day
from lotwise.stock.operations.expiry import sweep, warn
from lotwise.stock.operations.holds import release_holds
from lotwise.stock.operations.moments import open_month
from lotwise.stock.operations.overdue import tell_of_overdue
from lotwise.stock.operations.recalled_goods import clear, follow, gather_strays
from lotwise.stock.operations.recalled_units import gather_units
from lotwise.stock.operations.resupply import answer_shortages, next_over, withdraw
from lotwise.stock.operations.seals import catch_up, seal
from lotwise.stock.operations.sweeping import sweep_containers
from lotwise.stock.operations.temporary_minimums import return_minimums
from lotwise.stock.operations.witnessing import expire_deeds
from lotwise.stock.repository.count_lates import touched_counts, watched
from lotwise.stock.repository.holds import expired_holds
from lotwise.stock.settings import StockSettings
from lotwise.values import currency_exponent

log = structlog.get_logger(__name__)
RECORDED = "charge-recorded"


def _settings(runtime: Runtime) -> StockSettings:
    if not isinstance(runtime.settings, StockSettings):
        raise TypeError("stock runs with its own settings")
    return runtime.settings


async def sweep_lots(runtime: Runtime) -> None:
    """Quarantine lots whose last day is over at their site, batch by batch until none is left (STK-17)."""
    settings = _settings(runtime)
    exponent = currency_exponent(settings.currency)
    while True:
        async with runtime.db.transaction() as tx:
            swept = await sweep(tx, datetime.now(UTC), settings.expiry_sweep_rows_max, exponent)
        if not swept:
            return
        runtime.wake_relay()


async def sweep_opened(runtime: Runtime) -> None:
    """End opened containers at their use-by, batch by batch until none is due (N-07, STK-40)."""
    settings = _settings(runtime)
    exponent = currency_exponent(settings.currency)
    while True:
        async with runtime.db.transaction() as tx:
            closed = await sweep_containers(tx, datetime.now(UTC), settings.expiry_sweep_rows_max, exponent)
        if not closed:
            return
        runtime.wake_relay()


async def warn_of_expiries(runtime: Runtime) -> None:
    """Tell of lots that run out soon, once per threshold (ALR-03)."""
    settings = _settings(runtime)
    async with runtime.db.transaction() as tx:
        said = await warn(tx, datetime.now(UTC), settings.expiring_thresholds_days, settings.expiry_sweep_rows_max)
        await tell(tx, *said)
    if said:
        runtime.wake_relay()


async def sweep_holds(runtime: Runtime) -> None:
    """Release holds past their time, but only after sales has closed their charge for good; unreachable keeps them."""
    settings = _settings(runtime)
    async with runtime.db.reading() as tx:
        due = await expired_holds(tx, datetime.now(UTC), settings.hold_sweep_rows_max)
    closed: list[UUID] = []
    by_site: dict[str, list[UUID]] = defaultdict(list)
    for hold_id, site in due:
        by_site[site].append(hold_id)
    for site, ids in by_site.items():
        closed += [hold_id for hold_id in ids if await _abandoned(runtime, hold_id, site)]
    if closed:
        async with runtime.db.transaction() as tx:
            await release_holds(tx, closed, currency_exponent(settings.currency))
        runtime.wake_relay()


async def _abandoned(runtime: Runtime, hold_id: UUID, site: str) -> bool:
    """Whether sales closed the charge: a recorded one keeps its hold, its SaleRecorded is on the way."""
    try:
        await runtime.client("sales").post(
            f"/v1/charges/{hold_id}:abandon",
            json={"site": site, "reason": "the hold ran out", "release_hold": False},
            key=f"abandon-{hold_id}",
            timeout=_settings(runtime).abandon_timeout_seconds,
        )
    except Unreachable as error:
        log.info("hold kept", hold_id=str(hold_id), error=error.detail)
        return False
    except Refused as error:
        log.info("charge is not abandoned", hold_id=str(hold_id), code=error.code)
        return False
    return True


async def sweep_deeds(runtime: Runtime) -> None:
    """Close adjustments that nobody witnessed in time; each leaves a row in the audit trail (N-22)."""
    async with runtime.db.transaction() as tx:
        await expire_deeds(tx, datetime.now(UTC), _settings(runtime).expiry_sweep_rows_max)


async def end_temporary_minimums(runtime: Runtime) -> None:
    """Bring back the levels of temporary minimums whose last day is over (STK-46)."""
    settings = _settings(runtime)
    async with runtime.db.transaction() as tx:
        exponent = currency_exponent(settings.currency)
        ended = await return_minimums(tx, datetime.now(UTC), settings.expiry_sweep_rows_max, exponent)
    if ended:
        runtime.wake_relay()


async def seal_ledger(runtime: Runtime) -> None:
    """Chain what was written since the last block."""
    async with runtime.db.transaction() as tx:
        await seal(tx)


async def on_start(runtime: Runtime) -> None:
    """Before anything is written: number the ledger's transactions on from where a restored backup ended."""
    async with runtime.db.transaction() as tx:
        behind = await catch_up(tx)
    if behind:
        log.info("the ledger was restored into another cluster", transactions_behind=behind)


async def prove_books(runtime: Runtime) -> None:
    """Prove the books once a night and keep the proof (N-01); what does not agree is an error in the log."""
    proof = await prove_nightly(runtime.db, datetime.now(UTC), _settings(runtime).audit_hour)
    if proof is None:
        return
    log.info("books proven", seconds=round(proof.seconds, 1), rows_a_second=round(proof.rows_a_second), **proof.sizes)
    for one in proof.findings:
        log.error("the books differ", check=one.check, row=one.row, detail=one.detail)


async def make_partitions(runtime: Runtime) -> None:
    """Have the ledger's partitions of the next months ready."""
    async with runtime.db.transaction() as tx:
        await tx.fetchval("select movement_partitions(2)")


async def open_months(runtime: Runtime) -> None:
    """Keep the opening balances of every month that has begun: what looking back starts from (N-04)."""
    async for month in _one_by_one(runtime, open_month):
        log.info("opening balances kept", month=str(month))


async def open_days(runtime: Runtime) -> None:
    """Keep what sites began every day with that is over: what totals of the past start from (N-04)."""
    async for day in _one_by_one(runtime, open_day):
        log.info("openings of a day kept", day=str(day))


async def _one_by_one(
    runtime: Runtime, open_next: Callable[[Tx, datetime], Awaitable[date | None]]
) -> AsyncIterator[date]:
    """What is kept, each in a transaction of its own, until nothing is due."""
    while True:
        async with runtime.db.transaction() as tx:
            kept = await open_next(tx, datetime.now(UTC))
        if kept is None:
            return
        yield kept


async def follow_recalls(runtime: Runtime) -> None:
    """Set apart what of recalled lots reached a shelf, tell sites that are rid of one, add late receivers (N-06)."""
    settings = _settings(runtime)
    async with runtime.db.transaction() as tx:
        strays = await gather_strays(tx, settings.expiry_sweep_rows_max, currency_exponent(settings.currency))
        strays += await gather_units(tx, None, currency_exponent(settings.currency))
        cleared = await clear(tx)
        await follow(tx, datetime.now(UTC))
    if strays or cleared:
        runtime.wake_relay()


async def tell_overdue(runtime: Runtime) -> None:
    """Tell of transfers that are on their way for too long, each once (N-25)."""
    settings = _settings(runtime)
    async with runtime.db.transaction() as tx:
        told = await tell_of_overdue(tx, datetime.now(UTC), settings.transit_days_max, settings.resupply_rows_max)
    if told:
        runtime.wake_relay()


async def resupply_sites(runtime: Runtime) -> None:
    """Answer shortages of centrally supplied sites by requests, and take back those whose shortage is over."""
    settings = _settings(runtime)
    exponent = currency_exponent(settings.currency)
    async with runtime.db.transaction() as tx:
        moved = bool(await answer_shortages(tx, settings.resupply_rows_max, exponent))
    for _ in range(settings.resupply_rows_max):
        async with runtime.db.transaction() as tx:
            transfer_id = await next_over(tx)
            if transfer_id is None or not await withdraw(tx, transfer_id, exponent):
                break
        moved = True
    if moved:
        runtime.wake_relay()


async def tell_overdue_counts(runtime: Runtime) -> None:
    """Tell of planned counts whose due date is over at their site, once per due date (STK-45)."""
    settings = _settings(runtime)
    told = 0
    while True:
        async with runtime.db.transaction() as tx:
            found = await overdue_counts(tx, datetime.now(UTC), settings.count_plan_rows_max)
        told += len(found)
        if len(found) < settings.count_plan_rows_max:
            break
    if told:
        runtime.wake_relay()


async def net_late_facts(runtime: Runtime) -> None:
    """Net what happened before a posted count and came only after it, a count at a time (N-15, N-05)."""
    settings = _settings(runtime)
    since = datetime.now(UTC) - timedelta(days=settings.count_late_days)
    async with runtime.db.reading() as tx:
        found = await touched_counts(tx, since)
    for count_id in found:
        async with runtime.db.transaction() as tx:
            await net_late(tx, count_id, currency_exponent(settings.currency))
    async with runtime.db.transaction() as tx:
        await watched(tx, since, found)
    if found:
        runtime.wake_relay()


async def tell_assets(runtime: Runtime) -> None:
    """Tell of maintenance that is due and of warranties that end soon, once per due date (ALR-08)."""
    settings = _settings(runtime)
    told = 0
    while True:
        async with runtime.db.transaction() as tx:
            found = await tell_due(tx, datetime.now(UTC), settings.warranty_days, settings.asset_rows_max)
        told += found
        if found < settings.asset_rows_max:
            break
    if told:
        runtime.wake_relay()


def jobs(settings: StockSettings) -> tuple[Job, ...]:
    """All of stock's clockwork."""
    return (
        Job("expired-lots", settings.expiry_sweep_seconds, sweep_lots),
        Job("opened-containers", settings.expiry_sweep_seconds, sweep_opened),
        Job("expiring-lots", 60 * settings.expiry_sweep_seconds, warn_of_expiries),
        Job("expired-holds", settings.hold_sweep_seconds, sweep_holds),
        Job("temporary-minimums", settings.expiry_sweep_seconds, end_temporary_minimums),
        Job("unwitnessed-deeds", 2 * settings.expiry_sweep_seconds, sweep_deeds),
        Job("recalls", 2 * settings.expiry_sweep_seconds, follow_recalls),
        Job("seal", settings.seal_seconds, seal_ledger),
        Job("transfers-overdue", settings.transit_sweep_seconds, tell_overdue),
        Job("resupply", settings.resupply_seconds, resupply_sites),
        Job("counts-late-facts", settings.count_late_seconds, net_late_facts),
        Job("counts-overdue", settings.count_plan_seconds, tell_overdue_counts),
        Job("assets", settings.asset_seconds, tell_assets),
        Job("movement-partitions", 86_400, make_partitions),
        Job("openings", 3600, open_months),
        Job("day-openings", 3600, open_days),
        Job("proof", 900, prove_books),
    )
