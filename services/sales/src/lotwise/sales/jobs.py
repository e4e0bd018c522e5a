"""Clock in: partitions of sales' lines are made before their month; the checkout queue follows the charges."""

from datetime import UTC, datetime
from typing import cast

import structlog

from lotwise.kit.jobs import Job
from lotwise.kit.service import Runtime
from lotwise.sales.domain.memberships import Patience
from lotwise.sales.operations import checkout, nightly
from lotwise.sales.operations import renewals as renewing
from lotwise.sales.operations.ledger import let_run_out
from lotwise.sales.repository import charges, gifts, member_deeds, packages
from lotwise.sales.settings import SalesSettings

log = structlog.get_logger(__name__)
HOUR_SECONDS = 3600.0
PROOF_SECONDS = 900.0
QUEUE_SECONDS = 300.0
BALANCES_SECONDS = 300.0
ENDED_AT_ONCE = 200


async def make_partitions(runtime: Runtime) -> None:
    """Make the partitions of this month and of the months ahead."""
    settings = cast("SalesSettings", runtime.settings)
    async with runtime.db.transaction() as tx:
        await charges.make_partitions(tx, settings.partition_months_ahead)


partitions = Job("partitions", 6 * HOUR_SECONDS, make_partitions)


async def settle_queue(runtime: Runtime) -> None:
    """Close what was charged while the process that charged it ended."""
    await checkout.settle_rest(runtime.db)


async def drop_contacts(runtime: Runtime) -> None:
    """Delete the sealed contacts of erased members whose day has passed (WEB-10)."""
    async with runtime.db.transaction() as tx:
        await member_deeds.drop_sealed(tx, datetime.now(UTC).date())


contacts = Job("sealed-contacts", 6 * HOUR_SECONDS, drop_contacts)
queue = Job("checkout", QUEUE_SECONDS, settle_queue)


async def renew_memberships(runtime: Runtime) -> None:
    """Renew, suspend, end, pause and resume what is due by each site's day."""
    settings = cast("SalesSettings", runtime.settings)
    patience = Patience(settings.membership_grace_days, settings.membership_end_days)
    await renewing.run(runtime.state["selling"], datetime.now(UTC), patience)


renewals = Job("memberships", BALANCES_SECONDS, renew_memberships)


async def end_balances(runtime: Runtime) -> None:
    """Let packages and certificates whose last day is over run out: what was owed is earned."""
    selling = runtime.state["selling"]
    while True:
        now = datetime.now(UTC)
        async with runtime.db.transaction() as tx:
            ended = await packages.ran_out(tx, now, ENDED_AT_ONCE)
            gone = await gifts.ran_out(tx, now, ENDED_AT_ONCE)
            await let_run_out(tx, ended, gone, now, selling.currency)
        if max(len(ended), len(gone)) < ENDED_AT_ONCE:
            return


endings = Job("endings", BALANCES_SECONDS, end_balances)


async def prove_owed(runtime: Runtime) -> None:
    """Prove what is owed to members once a night and keep the proof (N-01); what differs is an error in the log."""
    proof = await nightly.prove(runtime.db, datetime.now(UTC), cast("SalesSettings", runtime.settings).audit_hour)
    if proof is None:
        return
    log.info("what is owed was proven", entries=proof.entries)
    for one in proof.wrong:
        row = f"{one.kind} {one.owner_id}"
        log.error("what is owed differs", row=row, expected_minor=one.entries_minor, found_minor=one.row_minor)


proofs = Job("proof", PROOF_SECONDS, prove_owed)
