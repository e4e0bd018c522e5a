"""The only home of following lots: from a lot to everything left and everyone reached, and how complete that is."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import SaleRecorded, TreatmentCompleted
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message
from lotwise.stock.domain import places
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.recalls import Scope
from lotwise.stock.domain.refusals import UnknownLot
from lotwise.stock.domain.stories import Flow, flows, receipts, transfers
from lotwise.stock.operations.recalls import meant
from lotwise.stock.repository.lots import lots_of
from lotwise.stock.repository.recalls import add_drill, name_lots
from lotwise.stock.repository.traces import places_of, possible_charges, receivers, story_of


class Figures(NamedTuple):
    """What became of a lot, in smallest units; `unnamed` went to sales that no lot covered when they happened."""

    received: int = 0
    found: int = 0
    remaining: int = 0
    charged: int = 0
    wasted: int = 0
    lost: int = 0
    sent_back: int = 0
    unnamed: int = 0

    @property
    def came(self) -> int:
        """All that ever came in."""
        return self.received + self.found

    @property
    def traced(self) -> int:
        """What of it is known by place or by charge."""
        return self.remaining + self.charged + self.wasted + self.lost + self.sent_back

    @property
    def percent(self) -> float:
        """How much of what came in is traced, in percent to one decimal; 100 when nothing came."""
        return round(100 * self.traced / self.came, 1) if self.came else 100.0


class Trace(NamedTuple):
    """Everything a recall must know of its lots."""

    known: dict[UUID, Lot]
    figures: dict[UUID, Figures]
    places: Sequence[asyncpg.Record]
    receipts: Sequence[dict[str, Any]]
    transfers: Sequence[dict[str, Any]]
    charges: Sequence[dict[str, Any]]
    possible: Sequence[asyncpg.Record]


async def trace(tx: Tx, lots: Collection[UUID], products: Collection[UUID] = ()) -> Trace:
    """Follow lots to all that is left and all that received them; `products` adds whose unnamed sales count."""
    known = await lots_of(tx, lots)
    about = {lot.product_id for lot in known.values()} | set(products)
    here = await places_of(tx, lots)
    story = await story_of(tx, lots)
    moved: dict[UUID, dict[Flow, int]] = {lot_id: {} for lot_id in known}
    for key, quantity in flows(story).items():
        moved[key[0]][key] = quantity
    left = dict.fromkeys(known, 0)
    for row in here:
        left[row["lot_id"]] += row["on_hand"]
    figures = {lot_id: _figures(moved[lot_id], left[lot_id]) for lot_id in known}
    return Trace(
        known,
        figures,
        here,
        receipts(story),
        transfers(story),
        await receivers(tx, story),
        await possible_charges(tx, about) if about else [],
    )


def _figures(moved: Mapping[Flow, int], remaining: int) -> Figures:
    net: dict[str, int] = {}
    for (_, from_kind, to_kind), quantity in moved.items():
        net[to_kind] = net.get(to_kind, 0) + quantity
        net[from_kind] = net.get(from_kind, 0) - quantity
    came = sum(quantity for (_, kind, _), quantity in moved.items() if kind == places.SUPPLIER)
    back = sum(quantity for (_, _, kind), quantity in moved.items() if kind == places.SUPPLIER)
    lost = net.get(places.LOST_AND_FOUND, 0)
    patient, unnamed = net.get(places.PATIENT, 0), net.get(places.UNATTRIBUTED, 0)
    return Figures(
        received=came,
        found=max(0, -lost) + max(0, -patient),
        remaining=remaining,
        charged=max(0, patient),
        wasted=net.get(places.WASTE, 0),
        lost=max(0, lost),
        sent_back=back,
        unnamed=unnamed,
    )


class Drill(NamedTuple):
    """A rehearsal of a recall: what was traced, how completely, and the time it took in milliseconds."""

    drill_id: UUID
    trace: Trace
    lots: dict[UUID, str]
    took_ms: int
    row: dict[str, Any]


async def drill(tx: Tx, scopes: Sequence[Scope], lots: Collection[UUID], title: str, actor: str) -> Drill:
    """Trace as a recall would, block nothing, and keep how long it took and how complete it was (N-06).

    Raises UnknownLot when the lines and ids name no lot of ours: there is nothing to rehearse with.
    """
    began = perf_counter()
    found = await meant(tx, scopes, lots)
    if not found or set(lots) - (await lots_of(tx, lots)).keys():
        raise UnknownLot("Nothing of ours is meant by that", field="lots")
    traced = await trace(tx, found)
    took_ms = max(1, round(1000 * (perf_counter() - began)))
    figures = traced.figures.values()
    rows: list[Any] = [*traced.places, *traced.receipts, *traced.charges]
    sites = {row["site"] for row in rows}
    row: dict[str, Any] = {
        "id": uuid7(), "drilled_at": datetime.now(UTC), "drilled_by": actor, "title": title, "lots": len(found),
        "sites": len(sites), "charges": len(traced.charges), "possible": len(traced.possible),
        "received": sum(one.came for one in figures), "traced": sum(one.traced for one in figures),
        "is_complete": all(one.traced == one.came for one in figures), "took_ms": took_ms,
    }  # fmt: skip
    await add_drill(tx, row)
    return Drill(row["id"], traced, found, took_ms, row)


async def remember_named(tx: Tx, messages: Sequence[Message[SaleRecorded]]) -> None:
    """Remember the lots that lines of charges named: their members are confirmed receivers, not assumed ones."""
    rows = [
        (one.event.charge_id, line.line, line.lot_id)
        for one in messages
        for line in one.event.lines
        if line.lot_id is not None and line.effect == "sale"
    ]
    await name_lots(tx, rows)


async def remember_treated(tx: Tx, messages: Sequence[Message[TreatmentCompleted]]) -> None:
    """Remember the lots that lines of treatments named: what is drawn from another one is a deviation (STK-36)."""
    rows = [
        (one.event.treatment_id, number, line.lot_id)
        for one in messages
        for number, line in enumerate(one.event.lines, start=1)
        if line.lot_id is not None
    ]
    await name_lots(tx, rows)
