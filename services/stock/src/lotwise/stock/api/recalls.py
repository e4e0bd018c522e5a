"""HTTP of recalls: begun, looked at, released, their goods disposed of, their members told, and rehearsed."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.database import Tx
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.recall_shapes import (
    DisposedOut,
    DisposeIn,
    DrillIn,
    DrillOut,
    How,
    NoticeIn,
    NoticeLot,
    NoticeOut,
    NoticeState,
    RecallIn,
    RecallOut,
    RecallRow,
    RecallSite,
    RecallUnit,
    ReleaseIn,
    ScopeOut,
    recall_lot,
)
from lotwise.stock.api.shapes import exponent, trace
from lotwise.stock.domain.movements import RECALL, Entry
from lotwise.stock.domain.refusals import (
    BadQuantity,
    NotEnoughInLot,
    NothingToMove,
    RecallClosed,
    RecallNamesNothing,
    UnknownLot,
    UnknownNotice,
    UnknownProduct,
    UnknownRecall,
    UnknownSerial,
    UnknownSite,
)
from lotwise.stock.operations.recalled_goods import dispose
from lotwise.stock.operations.recalls import begin, release
from lotwise.stock.operations.traces import drill
from lotwise.stock.repository.recalled_units import recall_units
from lotwise.stock.repository.recalls import (
    RecallDraft,
    drills_page,
    recall_lines,
    recall_lots,
    recall_row,
    recall_sites,
    recalls_page,
)
from lotwise.stock.repository.traces import lots_of_charges, notice_counts, notice_row, notices_page, set_notice
from lotwise.values import format_quantity

router = Router(tags=["recalls"])
LAST = UUID(int=2**128 - 1)
FIRST = UUID(int=0)


async def _loaded(tx: Tx, recall_id: UUID, seen: Collection[str] | None = None) -> RecallOut:
    """The recall; `seen` are the sites whose part of it may be shown, None is every site."""
    row = await recall_row(tx, recall_id)
    if row is None:
        raise UnknownRecall("No recall has this id", recall_id=str(recall_id))
    lots = await recall_lots(tx, recall_id)
    units = [one for one in await recall_units(tx, recall_id) if seen is None or one["site"] in seen]
    decimals = {one["lot_id"]: one["unit_decimals"] for one in lots}
    sites = [
        RecallSite(**{**one, "quantity": format_quantity(one["quantity"], decimals[one["lot_id"]])})
        for one in await recall_sites(tx, recall_id)
        if seen is None or one["site"] in seen
    ]
    counts: dict[str, int] = {}
    for one in await notice_counts(tx, recall_id):
        for name in (one["how"], one["state"]):
            counts[name] = counts.get(name, 0) + one["charges"]
    plain = {name: row[name] for name in RecallOut.model_fields if name in row}
    return RecallOut(
        recall_id=recall_id,
        lines=[ScopeOut(**scope._asdict()) for scope in await recall_lines(tx, recall_id)],
        lots=[recall_lot(one) for one in lots],
        units=[RecallUnit(**dict(one)) for one in units],
        sites=sites,
        notices=counts,
        **plain,
    )


@router.post(
    "/recalls",
    permission="stock.recall",
    site="chain",
    status_code=201,
    refusals=(RecallNamesNothing, UnknownProduct, UnknownLot),
)
async def begin_recall(cmd: Cmd, body: RecallIn) -> Answer[RecallOut]:
    """Block lots at all sites in one action, and every later receipt the lines mean (STK-12, STK-41)."""
    recall_id = body.recall_id or uuid7()
    draft = RecallDraft(recall_id, body.title, body.severity, body.reason, body.source, body.notice_text, cmd.who.actor)
    scopes = [line.scope() for line in body.lines]
    async with cmd.transaction() as tx:
        begun = await begin(tx, draft, scopes, body.lots, exponent(cmd.runtime), trace())
        loaded = await _loaded(tx, recall_id, cmd.who.sites("stock.recall"))
        shown = loaded.model_copy(update={"is_repeat": begun.is_repeat})
        details = {"lots": len(shown.lots), "lines": len(shown.lines)}
        return await cmd.answer(tx, shown, 201, target=recall_id, reason=body.reason, details=details)


@router.get("/recalls", permission="stock.read", site="chain")
async def recalls(
    read: Read,
    state: Annotated[str | None, Query(pattern="^(active|released)$")] = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[RecallRow]:
    """Recalls, newest first."""
    keys = cursor_decode(after, UUID)
    async with read.connection() as tx:
        rows = await recalls_page(tx, state, keys[0] if keys else LAST, limit)
    shown = [_row(row) for row in rows]
    return Page(rows=shown, next=cursor_encode(shown[-1].recall_id) if len(shown) == limit else None)


def _row(row: Any) -> RecallRow:
    return RecallRow(recall_id=row["id"], **{name: row[name] for name in RecallRow.model_fields if name in row})


@router.get("/recalls/{recall_id}", permission="stock.read", site="chain", refusals=(UnknownRecall,))
async def recall(read: Read, recall_id: UUID) -> RecallOut:
    """One recall: what it names, which lots it blocks, which sites were told."""
    async with read.connection() as tx:
        return await _loaded(tx, recall_id, read.who.sites("stock.read"))


@router.post(
    "/recalls/{recall_id}:release",
    permission="stock.recall",
    site="record",
    refusals=(UnknownRecall, RecallClosed, UnknownLot, UnknownSerial),
)
async def release_recall(cmd: Cmd, recall_id: UUID, body: ReleaseIn) -> Answer[RecallOut]:
    """End a recall or its block of some lots, with who and why; only who may recall at every site it told (STK-41)."""
    async with cmd.transaction() as tx:
        before = await _loaded(tx, recall_id)
        for site in sorted({one.site for one in before.sites} | {one.site for one in before.units}):
            cmd.who.at("stock.recall", site)
        freed = await release(
            tx, recall_id, body.lots or None, cmd.who.actor, body.reason, exponent(cmd.runtime), body.serials
        )
        shown = await _loaded(tx, recall_id)
        details = {
            "released": [str(one) for one in freed.released],
            "freed": len(freed.freed),
            "units": len(freed.units),
        }
        return await cmd.answer(tx, shown, reason=body.reason, details=details)


@router.post(
    "/recalls/{recall_id}:dispose",
    permission="stock.recall",
    refusals=(UnknownRecall, UnknownLot, UnknownSite, NothingToMove, NotEnoughInLot, BadQuantity),
)
async def dispose_of_recalled(cmd: Cmd, recall_id: UUID, body: DisposeIn) -> Answer[DisposedOut]:
    """Destroy recalled goods, as waste with its cost, or return them to the supplier (STK-41)."""
    entry = Entry(datetime.now(UTC), cmd.who.actor, RECALL, uuid7(), 0, trace())
    async with cmd.transaction() as tx:
        done = await dispose(
            tx, recall_id, body.lot_id, body.site, body.quantity, body.how, body.note, entry, exponent(cmd.runtime)
        )
        answer = DisposedOut(
            lot_id=done.lot.id, lot_number=done.lot.number, product_id=done.product.id, site=done.site,
            quantity=done.quantity, cost_minor=done.cost_minor,
        )  # fmt: skip
        return await cmd.answer(tx, answer, site=body.site, reason=f"{body.how}: {body.note}")


@router.get("/recalls/{recall_id}/notices", permission="stock.read", refusals=(UnknownRecall,))
async def notices(
    read: Read,
    recall_id: UUID,
    site: str | None = None,
    state: NoticeState | None = None,
    how: How | None = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[NoticeOut]:
    """The charges whose members are to be told, with what they received; names are known to sales alone."""
    keys = cursor_decode(after, UUID)
    async with read.connection() as tx:
        if await recall_row(tx, recall_id) is None:
            raise UnknownRecall("No recall has this id", recall_id=str(recall_id))
        sites = visible(read.who, "stock.read", site)
        rows = await notices_page(tx, recall_id, keys[0] if keys else FIRST, state, how, sites, limit)
        lots = await recall_lots(tx, recall_id)
        scopes = await recall_lines(tx, recall_id)
        products = {one["product_id"] for one in lots} | {one.product_id for one in scopes if one.product_id}
        units = await recall_units(tx, recall_id)
        about = {one["lot_id"] for one in (*lots, *units) if one["lot_id"]}
        moved = await lots_of_charges(tx, [row["charge_id"] for row in rows], list(about), products)
    shown = [_notice(row, [one for one in moved if one["cause_id"] == row["charge_id"]]) for row in rows]
    return Page(rows=shown, next=cursor_encode(shown[-1].charge_id) if len(shown) == limit else None)


def _notice(row: Any, moved: list[Any]) -> NoticeOut:
    lots = [
        NoticeLot(
            lot_id=one["lot_id"], lot_number=one["number"] or "", product_id=one["product_id"], name=one["name"],
            unit=one["unit"], quantity=format_quantity(one["quantity"], one["unit_decimals"]),
        )
        for one in moved
    ]  # fmt: skip
    return NoticeOut(**{name: row[name] for name in NoticeOut.model_fields if name in row}, lots=lots)


@router.post(
    "/recalls/{recall_id}/notices/{charge_id}",
    permission="stock.recall",
    site="record",
    refusals=(UnknownRecall, UnknownNotice),
)
async def tell_notice(cmd: Cmd, recall_id: UUID, charge_id: UUID, body: NoticeIn) -> Answer[NoticeOut]:
    """Keep whether the member of a charge was reached: who says so, when, and a note."""
    async with cmd.transaction() as tx:
        row = await notice_row(tx, recall_id, charge_id)
        if row is None:
            raise UnknownNotice("This recall's list has no such charge", charge_id=str(charge_id))
        cmd.who.at("stock.recall", row["site"])
        await set_notice(tx, recall_id, charge_id, body.state, body.note, cmd.who.actor, datetime.now(UTC))
        after = await notice_row(tx, recall_id, charge_id)
        details = {"was": row["state"], "is": body.state}
        return await cmd.answer(tx, _notice(after, []), site=row["site"], reason=body.note or None, details=details)


@router.post("/recall-drills", permission="stock.recall", site="chain", status_code=201, refusals=(UnknownLot,))
async def drill_recall(cmd: Cmd, body: DrillIn) -> Answer[DrillOut]:
    """Rehearse a recall: the same trace, nothing is blocked, and the time it took is kept (N-06)."""
    async with cmd.transaction() as tx:
        done = await drill(tx, [line.scope() for line in body.lines], body.lots, body.title, cmd.who.actor)
        return await cmd.answer(tx, _drill(done.row), 201, target=done.drill_id)


@router.get("/recall-drills", permission="stock.read", site="chain")
async def drills(read: Read, after: After = None, limit: Limit = 50) -> Page[DrillOut]:
    """Rehearsals, newest first."""
    keys = cursor_decode(after, UUID)
    async with read.connection() as tx:
        rows = await drills_page(tx, keys[0] if keys else LAST, limit)
    shown = [_drill(row) for row in rows]
    return Page(rows=shown, next=cursor_encode(shown[-1].drill_id) if len(shown) == limit else None)


def _drill(row: Any) -> DrillOut:
    percent = round(100 * row["traced"] / row["received"], 1) if row["received"] else 100.0
    values = {name: row[name] for name in DrillOut.model_fields if name not in {"drill_id", "percent"}}
    return DrillOut(drill_id=row["id"], percent=percent, **values)
