"""Sales' table of contents: every route group, subscription and job."""

import gc
from typing import cast

from lotwise.kit import straight
from lotwise.kit.service import Runtime, Service
from lotwise.sales.api import (
    accounts,
    appointments,
    balances,
    book,
    charges,
    checkout,
    desk,
    dispensed,
    liabilities,
    limits,
    member_charges,
    member_deeds,
    members,
    memberships,
    parked,
    payments,
    proofs,
    receipts,
    returns,
    tills,
    treatments,
    uses,
)
from lotwise.sales.handlers.catalog import catalog
from lotwise.sales.handlers.stock import stock
from lotwise.sales.handlers.till import till
from lotwise.sales.jobs import contacts, endings, partitions, queue, renewals
from lotwise.sales.jobs import proofs as nightly_proofs
from lotwise.sales.operations.dispensing import StockShelves
from lotwise.sales.operations.holding import HoldGroup
from lotwise.sales.operations.members import KnownMembers
from lotwise.sales.operations.price_book import LivePriceBook
from lotwise.sales.operations.recording import Recorder
from lotwise.sales.operations.selling import Selling
from lotwise.sales.settings import SalesSettings
from lotwise.values import currency_exponent


async def start(runtime: Runtime) -> None:
    """Load the price book and start the recorder."""
    settings = cast("SalesSettings", runtime.settings)
    prices = LivePriceBook(runtime.db)
    await prices.start()
    recorder = Recorder(runtime.db, settings.group_charges_max)
    recorder.start()
    holds = HoldGroup(runtime.client("stock"), settings.hold_deadline_ms / 1000, settings.hold_minutes)
    runtime.state["selling"] = Selling(
        runtime.db,
        prices,
        recorder,
        holds,
        KnownMembers(runtime.db),
        settings.currency,
        currency_exponent(settings.currency),
        settings.hold_left_seconds_min,
        StockShelves(runtime.client("stock"), settings.hold_deadline_ms / 1000),
        gift_valid_days=settings.gift_valid_days,
    )
    _leave_the_start_alone()


def _leave_the_start_alone() -> None:
    """What lives from the start on is never looked through again by the collector, and young things less often.

    A charge makes a few hundred short-lived values; looking through the app's object graph for each thousand of them
    was a quarter of the time of a charge.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def stop(runtime: Runtime) -> None:
    """Record what waits, then stop listening."""
    selling: Selling = runtime.state["selling"]
    await selling.recorder.stop()
    await selling.holds.stop()
    await selling.prices.stop()


SERVICE = Service(
    name="sales",
    package="lotwise.sales",
    settings=SalesSettings,
    routers=(
        charges.router,
        returns.router,
        desk.router,
        limits.router,
        appointments.router,
        treatments.router,
        checkout.router,
        dispensed.router,
        parked.router,
        payments.router,
        receipts.router,
        tills.router,
        book.router,
        members.router,
        member_charges.router,
        member_deeds.router,
        uses.router,
        proofs.router,
        balances.router,
        memberships.router,
        accounts.router,
        liabilities.router,
    ),
    subscriptions=(catalog, stock, till),
    jobs=(endings, renewals, partitions, queue, contacts, nightly_proofs),
    on_start=start,
    on_stop=stop,
    extend=straight.install,
)
