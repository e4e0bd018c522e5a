"""HTTP of following lots: of a recall, of one lot, and from charges back to their lots (N-06)."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from lotwise.kit.commands import Read
from lotwise.kit.database import Tx
from lotwise.kit.web import Router
from lotwise.stock.api.recall_shapes import (
    ChargedLots,
    ChargesIn,
    How,
    TracedCharge,
    TracedLot,
    TracedPlace,
    TracedReceipt,
    TracedTransfer,
    TraceOut,
    charged_lot,
    seen,
)
from lotwise.stock.domain.recalls import ASSUMED, CONFIRMED
from lotwise.stock.domain.refusals import UnknownLot, UnknownRecall
from lotwise.stock.operations.traces import Figures, trace
from lotwise.stock.repository.definitions import products_of
from lotwise.stock.repository.lots import lots_of
from lotwise.stock.repository.recalls import family, recall_lines, recall_lots, recall_row
from lotwise.stock.repository.traces import lots_of_charges
from lotwise.values import format_quantity

router = Router(tags=["traces"])
_FIGURES = ("received", "found", "remaining", "charged", "wasted", "lost", "sent_back", "unnamed")


@router.get("/recalls/{recall_id}/trace", permission="stock.read", site="chain", refusals=(UnknownRecall,))
async def trace_of_recall(read: Read, recall_id: UUID) -> TraceOut:
    """Everything that is left of a recall's lots and every charge that received them, now."""
    async with read.connection() as tx:
        if await recall_row(tx, recall_id) is None:
            raise UnknownRecall("No recall has this id", recall_id=str(recall_id))
        lots = {row["lot_id"] for row in await recall_lots(tx, recall_id)}
        products = {one.product_id for one in await recall_lines(tx, recall_id) if one.product_id}
        return await _shown(tx, lots, products, read.who.sites("stock.read"))


@router.get("/lots/{lot_id}/trace", permission="stock.read", site="chain", refusals=(UnknownLot,))
async def trace_of_lot(read: Read, lot_id: UUID) -> TraceOut:
    """Everything that is left of a lot (and of those it was merged with or split from) and who received it."""
    async with read.connection() as tx:
        if not await lots_of(tx, [lot_id]):
            raise UnknownLot("No lot has this id", lot_id=str(lot_id))
        return await _shown(tx, await family(tx, [lot_id]), (), read.who.sites("stock.read"))


async def _shown(tx: Tx, lots: Collection[UUID], products: Collection[UUID], sites: Collection[str] | None) -> TraceOut:
    found = await trace(tx, lots, products)
    known = found.known
    of = await products_of(tx, {lot.product_id for lot in known.values()})
    decimals = {lot.id: of[lot.product_id].decimals for lot in known.values()}

    def told(row: Any, *names: str) -> dict[str, Any]:
        values = {name: row[name] for name in ("lot_id", *names)}
        return values | {"quantity": format_quantity(row["quantity"], decimals[row["lot_id"]])}

    places = [
        TracedPlace(
            lot_id=row["lot_id"], site=row["site"], state=row["kind"], area=row["area"],
            quantity=format_quantity(row["on_hand"], decimals[row["lot_id"]]), cost_minor=row["cost_minor"],
        )
        for row in seen(found.places, sites, "site")
    ]  # fmt: skip
    receipts = [
        TracedReceipt(receipt_id=row["cause_id"], **told(row, "site", "happened_at", "cost_minor"))
        for row in seen(found.receipts, sites, "site")
    ]
    transfers = [
        TracedTransfer(transfer_id=row["cause_id"], **told(row, "from_site", "to_site", "happened_at"))
        for row in seen(found.transfers, sites, "from_site", "to_site")
    ]
    charges = [
        _charge(row, CONFIRMED if row["is_confirmed"] else ASSUMED) for row in seen(found.charges, sites, "site")
    ]
    sure = {one.charge_id for one in charges}
    charges += [_charge(row, "possible") for row in seen(found.possible, sites, "site") if row["cause_id"] not in sure]
    figures = found.figures
    came, traced = sum(one.came for one in figures.values()), sum(one.traced for one in figures.values())
    rows = [_lot(known[one], of[known[one].product_id], figures[one]) for one in sorted(known)]
    return TraceOut(
        lots=rows, places=places, receipts=receipts, transfers=transfers, charges=charges,
        percent=round(100 * traced / came, 1) if came else 100.0,
    )  # fmt: skip


def _charge(row: Any, how: Any) -> TracedCharge:
    sure: How = how
    return TracedCharge(charge_id=row["cause_id"], site=row["site"], happened_at=row["happened_at"], how=sure)


def _lot(lot: Any, product: Any, figures: Figures) -> TracedLot:
    texts = {name: format_quantity(getattr(figures, name), product.decimals) for name in _FIGURES}
    return TracedLot(
        lot_id=lot.id, lot_number=lot.number, product_id=product.id, name=product.name, unit=product.unit,
        percent=figures.percent, **texts,
    )  # fmt: skip


@router.post("/trace:charges", permission="stock.read", site="chain")
async def lots_behind_charges(read: Read, body: ChargesIn) -> ChargedLots:
    """The lots that charges received, each marked confirmed or assumed: from a member to their lots."""
    sites = read.who.sites("stock.read")
    async with read.connection() as tx:
        rows = await lots_of_charges(tx, body.charges)
    return ChargedLots(rows=[charged_lot(row) for row in seen(rows, sites, "site") if row["quantity"] > 0])
