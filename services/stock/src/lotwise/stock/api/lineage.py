"""HTTP of a lot's identity: corrected, merged, split, and what it came from and became (N-20)."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from lotwise.contracts.fields import Day, Id, PositiveQuantity, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Command, Read
from lotwise.kit.database import Tx
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import LotNumber, ReasonText, Strict, exponent, trace
from lotwise.stock.domain.movements import RELEASE, Entry
from lotwise.stock.domain.refusals import (
    BadQuantity,
    LotExists,
    LotIsRecalled,
    LotsDiffer,
    NotEnoughInLot,
    NothingToMove,
    UnknownLot,
    UnknownSite,
)
from lotwise.stock.operations.lineage import Part, correct, merge, split
from lotwise.stock.repository.lineage import sites_holding, steps_of
from lotwise.stock.repository.lots import lot_row
from lotwise.values import format_quantity

router = Router(tags=["lots"])


class CorrectIn(Strict):
    """What stands on the label; a field that is not sent stays as it is, `expires_on: null` means no expiry."""

    lot_number: LotNumber | None = None
    expires_on: Day | None = None
    reason: ReasonText


class MergeIn(Strict):
    """Which lot it really is."""

    into: Id
    reason: ReasonText


class SplitIn(Strict):
    """How much of it, at which site, bears another label."""

    site: Slug
    quantity: PositiveQuantity
    lot_number: LotNumber
    expires_on: Day | None = None
    reason: ReasonText


class CorrectedOut(BaseModel):
    """What the lot was called and is called now."""

    lot_id: UUID
    was_number: str
    lot_number: str
    was_expires_on: date | None
    expires_on: date | None


class MergedPart(BaseModel):
    """What became the other lot at a site."""

    site: str
    quantity: str
    cost_minor: int


class MergedOut(BaseModel):
    """What was merged into which lot."""

    lot_id: UUID
    into: UUID
    parts: list[MergedPart]


class SplitOut(BaseModel):
    """The lot that was split off."""

    lot_id: UUID
    parent_id: UUID
    lot_number: str
    expires_on: date | None
    site: str
    quantity: str


class LineageStep(BaseModel):
    """A quantity of the parent that became the child."""

    kind: str
    parent_id: UUID
    parent_number: str
    child_id: UUID
    child_number: str
    site: str
    quantity: str
    cost_minor: int
    happened_at: datetime
    actor: str
    reason: str


class LineageOut(BaseModel):
    """What a lot came from and became, oldest first."""

    rows: list[LineageStep]


def _entry(cmd: Command) -> Entry:
    return Entry(datetime.now(UTC), cmd.who.actor, RELEASE, uuid7(), 0, trace())


async def _may(cmd: Command, tx: Tx, *lots: UUID) -> None:
    """Who changes what a lot is must be allowed to at every site that holds it."""
    for site in await sites_holding(tx, lots):
        cmd.who.at("stock.quarantine", site)


@router.post("/lots/{lot_id}:correct", permission="stock.quarantine", site="record", refusals=(UnknownLot, LotExists))
async def correct_lot(cmd: Cmd, lot_id: UUID, body: CorrectIn) -> Answer[CorrectedOut]:
    """Correct a mistyped number or expiry, with who and why; others hear of it."""
    async with cmd.transaction() as tx:
        await _may(cmd, tx, lot_id)
        now = await correct(
            tx, lot_id, body.lot_number, body.expires_on, keeps_expiry="expires_on" not in body.model_fields_set,
            reason=body.reason, entry=_entry(cmd), exponent=exponent(cmd.runtime),
        )  # fmt: skip
        answer = CorrectedOut(
            lot_id=lot_id, was_number=now.was_number, lot_number=now.number, was_expires_on=now.was_expires_on,
            expires_on=now.expires_on,
        )  # fmt: skip
        return await cmd.answer(tx, answer, reason=body.reason, details=answer.model_dump(mode="json"))


@router.post(
    "/lots/{lot_id}:merge",
    permission="stock.quarantine",
    site="record",
    refusals=(UnknownLot, LotsDiffer, LotIsRecalled),
)
async def merge_lot(cmd: Cmd, lot_id: UUID, body: MergeIn) -> Answer[MergedOut]:
    """Make one of two lots that are one: quantity and cost go over, the lineage stays."""
    async with cmd.transaction() as tx:
        await _may(cmd, tx, lot_id, body.into)
        moved = await merge(tx, lot_id, body.into, body.reason, _entry(cmd), exponent(cmd.runtime))
        row = await lot_row(tx, lot_id)
        decimals = row["unit_decimals"] if row else 0
        parts = [
            MergedPart(site=site, quantity=format_quantity(quantity, decimals), cost_minor=cost)
            for site, quantity, cost in moved
        ]
        answer = MergedOut(lot_id=lot_id, into=body.into, parts=parts)
        return await cmd.answer(tx, answer, reason=body.reason, details=answer.model_dump(mode="json"))


@router.post(
    "/lots/{lot_id}:split",
    permission="stock.quarantine",
    status_code=201,
    refusals=(UnknownLot, UnknownSite, LotExists, LotIsRecalled, NothingToMove, NotEnoughInLot, BadQuantity),
)
async def split_lot(cmd: Cmd, lot_id: UUID, body: SplitIn) -> Answer[SplitOut]:
    """Make a lot of its own of a quantity that bears another label."""
    part = Part(body.site, body.quantity, body.lot_number, body.expires_on)
    async with cmd.transaction() as tx:
        child = await split(tx, lot_id, part, body.reason, _entry(cmd), exponent(cmd.runtime))
        answer = SplitOut(
            lot_id=child.id, parent_id=lot_id, lot_number=child.number, expires_on=child.expires_on, site=body.site,
            quantity=body.quantity,
        )  # fmt: skip
        return await cmd.answer(tx, answer, 201, site=body.site, reason=body.reason)


@router.get("/lots/{lot_id}/lineage", permission="stock.read", site="chain", refusals=(UnknownLot,))
async def lineage(read: Read, lot_id: UUID) -> LineageOut:
    """What a lot came from and became."""
    async with read.connection() as tx:
        if await lot_row(tx, lot_id) is None:
            raise UnknownLot("No lot has this id", lot_id=str(lot_id))
        rows = await steps_of(tx, lot_id)
    sites = read.who.sites("stock.read")
    return LineageOut(rows=[_step(row) for row in rows if sites is None or row["site"] in sites])


def _step(row: Any) -> LineageStep:
    values = {name: row[name] for name in LineageStep.model_fields if name != "quantity"}
    return LineageStep(quantity=format_quantity(row["quantity"], row["unit_decimals"]), **values)
