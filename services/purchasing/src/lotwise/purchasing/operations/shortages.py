"""Use cases of shortages: answered by one draft per supplier and site, and taken back when they are over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.kit.message import Message
from lotwise.kit.outbox import Told, tell
from lotwise.purchasing.domain import orders
from lotwise.purchasing.domain.orders import CANCELLED, DRAFT, Line, Order
from lotwise.purchasing.domain.products import Offer, Product
from lotwise.purchasing.domain.shortages import (
    COVERED,
    DRAFTED,
    NOT_ORDERED,
    NOTED,
    UNSOURCED,
    Need,
    level,
    order_quantity,
)
from lotwise.purchasing.operations import telling
from lotwise.purchasing.repository import definitions, locking, offers
from lotwise.purchasing.repository import orders as order_rows
from lotwise.purchasing.repository import shortages as rows
from lotwise.purchasing.repository.shortages import Shortage

Cell = tuple[str, UUID]
Causes = Mapping[UUID, Message[Any]]


@dataclass(slots=True)
class _Adding:
    """What one draft gains in this call: quantities by product, and the shortages they answer."""

    quantities: dict[UUID, int] = field(default_factory=dict)
    shortages: list[Shortage] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Market:
    """What the decisions of one call look at."""

    products: Mapping[UUID, Product]
    sources: Mapping[Cell, Offer]
    positions: dict[Cell, int]


async def answer(tx: Tx, heard: Sequence[Shortage], exponent: int, causes: Causes) -> None:
    """Answer shortages just heard of, each at most once whatever is said twice, late or out of order (PUR-05, PUR-19).

    All their products and sites are known. One that a central store covers is kept and not ordered for (STK-39).
    """
    await locking.shortages(tx)
    known = await rows.by_ids(tx, [row.id for row in heard])
    fresh: dict[UUID, Shortage] = {}
    for row in heard:
        standing = fresh.get(row.id) or known.get(row.id)
        if standing is None or (standing.restored_at is None and standing.decision != DRAFTED):
            fresh[row.id] = row if standing is None else replace(row, happened_at=standing.happened_at)
    central = [row for row in fresh.values() if row.decision == NOT_ORDERED]
    if central:
        await rows.store(tx, central)
    if len(central) < len(fresh):
        await _answer(tx, [row for row in fresh.values() if row.decision != NOT_ORDERED], exponent, causes)


async def answer_again(tx: Tx, standing: Sequence[Shortage], exponent: int) -> None:
    """Answer shortages again that had no supplier, or were covered by an order that will not bring what it should."""
    if standing:
        await locking.shortages(tx)
        await _answer(tx, standing, exponent, {})


async def _answer(tx: Tx, fresh: Sequence[Shortage], exponent: int, causes: Causes) -> None:
    cells = sorted({(row.site, row.product_id) for row in fresh})
    market = _Market(
        await definitions.products(tx, [product_id for _, product_id in cells]),
        await offers.sources(tx, cells),
        await order_rows.outstanding(tx, cells),
    )
    decided: list[Shortage] = []
    adding: dict[tuple[UUID, str], _Adding] = {}
    for row in fresh:
        decision, quantity = _decide(row, market)
        decided.append(replace(row, decision=decision))
        if decision == DRAFTED:
            cell = (row.site, row.product_id)
            market.positions[cell] = market.positions.get(cell, 0) + quantity
            one = adding.setdefault((market.sources[cell].supplier_id, row.site), _Adding())
            one.quantities[row.product_id] = one.quantities.get(row.product_id, 0) + quantity
            one.shortages.append(row)
    answered = await _draft(tx, adding, market, exponent, causes)
    await rows.store(tx, [replace(row, order_id=answered.get(row.id)) for row in decided])


def _decide(row: Shortage, market: _Market) -> tuple[str, int]:
    product = market.products[row.product_id]
    offer = market.sources.get((row.site, row.product_id))
    due_at = level(row.minimum, row.reorder_at)
    if due_at is None or row.usable > due_at:
        return NOTED, 0
    if product.is_archived or product.kind != "physical":
        return NOT_ORDERED, 0
    normal = row.normal if row.normal is not None else product.normal_order_quantity
    on_order = market.positions.get((row.site, row.product_id), 0)
    pack = offer.pack_units if offer else 1
    quantity = order_quantity(Need(row.usable, on_order, row.minimum, row.reorder_at, normal, pack))
    if quantity == 0:
        return COVERED, 0
    return (DRAFTED, quantity) if offer else (UNSOURCED, 0)


async def _draft(
    tx: Tx, adding: Mapping[tuple[UUID, str], _Adding], market: _Market, exponent: int, causes: Causes
) -> dict[UUID, UUID]:
    """Add to the one open draft of each supplier and site; gives the order of each shortage."""
    if not adding:
        return {}
    drafts = await _open_drafts(tx, adding)
    products = {product_id for one in adding.values() for product_id in one.quantities}
    standing = await order_rows.lines_of(tx, list(drafts.values()), list(products))
    last = await order_rows.figures(tx, list(drafts.values()), exponent)
    gained: dict[tuple[UUID, str], list[Line]] = {}
    for cell, one in adding.items():
        gained[cell] = _lines(drafts[cell], one, cell[1], market, standing, last[drafts[cell]][0])
        await order_rows.store_lines(tx, drafts[cell], gained[cell])
    loaded = await order_rows.next_revisions(tx, list(drafts.values()))
    totals = await order_rows.figures(tx, list(drafts.values()), exponent)
    told = [
        _told(loaded[drafts[cell]], gained[cell], one, market, totals[drafts[cell]][1], causes)
        for cell, one in adding.items()
    ]
    await tell(tx, *told)
    return {row.id: drafts[cell] for cell, one in adding.items() for row in one.shortages}


def _lines(
    order_id: UUID,
    adding: _Adding,
    site: str,
    market: _Market,
    standing: Mapping[tuple[UUID, UUID], Line],
    last: int,
) -> list[Line]:
    lines: list[Line] = []
    for product_id, quantity in adding.quantities.items():
        was = standing.get((order_id, product_id))
        if was is None:
            last += 1
            lines.append(Line(last, product_id, quantity, _cost(market, site, product_id)))
        else:
            lines.append(replace(was, quantity=was.quantity + quantity))
    return lines


def _cost(market: _Market, site: str, product_id: UUID) -> int:
    offer = market.sources[site, product_id]
    return offer.cost if offer.cost is not None else market.products[product_id].cost or 0


async def _open_drafts(tx: Tx, adding: Mapping[tuple[UUID, str], _Adding]) -> dict[tuple[UUID, str], UUID]:
    """The open draft of each supplier and site, made where there is none; a draft sent meanwhile is not one."""
    drafts = await order_rows.open_drafts(tx, list(adding))
    while missing := sorted(set(adding) - set(drafts), key=str):
        for cell in missing:
            at = max(row.happened_at for row in adding[cell].shortages)
            await _begin(tx, *cell, at)
        drafts = await order_rows.open_drafts(tx, list(adding))
    return drafts


async def _begin(tx: Tx, supplier_id: UUID, site: str, at: datetime) -> None:
    seq = await order_rows.next_number(tx)
    order = Order(uuid7(), orders.number_text(seq), supplier_id, site, DRAFT, "shortage", at, revision=0)
    await order_rows.insert(tx, order, seq)


def _told(
    order: Order, lines: Sequence[Line], adding: _Adding, market: _Market, total_minor: int, causes: Causes
) -> Told:
    at = max(row.happened_at for row in adding.shortages)
    answered = [row.id for row in adding.shortages]
    event = telling.drafted(order, lines, market.products, total_minor, at, answered)
    return Told(event, causes.get(adding.shortages[-1].id))


async def restore(tx: Tx, ended: Sequence[Shortage], exponent: int, causes: Causes) -> None:
    """Note that shortages are over; what an untouched draft line answered of them goes, and an empty draft with it.

    A shortage that is over before it was heard of is remembered, so that it will not be answered later.
    """
    await locking.shortages(tx)
    known = await rows.by_ids(tx, [row.id for row in ended])
    over = [
        replace(known.get(row.id, row), restored_at=row.restored_at)
        for row in {row.id: row for row in ended}.values()
        if row.id not in known or known[row.id].restored_at is None
    ]
    if not over:
        return
    await rows.store(tx, over)
    order_ids = sorted({row.order_id for row in over if row.order_id is not None})
    await locking.orders(tx, order_ids)
    answered = await rows.of_orders(tx, order_ids)
    for order in (await order_rows.by_ids(tx, order_ids)).values():
        if order.status == DRAFT:
            ids = {row.id for row in over if row.order_id == order.id}
            await _take_off(tx, order, answered[order.id], ids, exponent, causes)


async def _take_off(
    tx: Tx, order: Order, answered: Sequence[Shortage], ids: set[UUID], exponent: int, causes: Causes
) -> None:
    ended = {row.product_id for row in answered if row.id in ids}
    needed = {row.product_id for row in answered if row.restored_at is None}
    gone = [line for line in order.lines if line.product_id in ended - needed and not line.is_touched]
    if not gone:
        return
    await order_rows.delete_lines(tx, order.id, [line.line for line in gone])
    left = tuple(line for line in order.lines if line not in gone)
    at = max(row.restored_at for row in answered if row.id in ids and row.restored_at is not None)
    now = replace(order, lines=left, revision=order.revision + 1)
    cause = next((causes[row.id] for row in answered if row.id in ids and row.id in causes), None)
    if not left and order.origin == "shortage":
        now = replace(now, status=CANCELLED, closed_at=at)
        await order_rows.store(tx, now)
        await tell(tx, Told(telling.cancelled(now, "the shortage is over", at, sorted(ids)), cause))
        return
    await order_rows.store(tx, now)
    products = await definitions.products(tx, [line.product_id for line in gone])
    total = (await order_rows.figures(tx, [order.id], exponent))[order.id][1]
    off = [replace(line, quantity=0) for line in gone]
    await tell(tx, Told(telling.drafted(now, off, products, total, at), cause))
