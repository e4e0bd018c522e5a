"""Stock's table of contents: every route group, subscription and job."""

from lotwise.kit.service import Service
from lotwise.stock.api import (
    adjustments,
    areas,
    cards,
    consignments,
    containers,
    count_lines,
    count_plans,
    counts,
    damages,
    differences,
    holds,
    letters,
    levels,
    lineage,
    lots,
    movements,
    moves,
    notes,
    proofs,
    quantities,
    reasons,
    recalls,
    receipts,
    reconciliation,
    resupply,
    risks,
    scans,
    splits,
    temporary_minimums,
    traces,
    transfers,
    treatments,
    trips,
)
from lotwise.stock.handlers.catalog import catalog
from lotwise.stock.handlers.purchasing import purchasing
from lotwise.stock.handlers.sales import sales
from lotwise.stock.jobs import jobs, on_start
from lotwise.stock.settings import StockSettings
from lotwise.values import currency_exponent

_settings = StockSettings()
_exponent = currency_exponent(_settings.currency)

SERVICE = Service(
    name="stock",
    package="lotwise.stock",
    settings=StockSettings,
    routers=(
        receipts.router,
        levels.router,
        lots.router,
        movements.router,
        adjustments.router,
        reasons.router,
        damages.router,
        cards.router,
        quantities.router,
        temporary_minimums.router,
        consignments.router,
        containers.router,
        treatments.router,
        holds.router,
        transfers.router,
        trips.router,
        resupply.router,
        moves.router,
        splits.router,
        notes.router,
        reconciliation.router,
        areas.router,
        counts.router,
        count_lines.router,
        count_plans.router,
        differences.router,
        scans.router,
        recalls.router,
        letters.router,
        traces.router,
        lineage.router,
        risks.router,
        proofs.router,
    ),
    subscriptions=(catalog(_exponent), sales(_exponent), purchasing(_exponent)),
    jobs=jobs(_settings),
    on_start=on_start,
)
