"""HTTP of minimums that end by themselves."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from lotwise.contracts.fields import Day, Id, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import Quantity, ReasonText, Strict, exponent, text
from lotwise.stock.domain.refusals import (
    BadDate,
    LevelsCrossed,
    NotKept,
    NotPending,
    TemporaryExists,
    UnknownProduct,
    UnknownSite,
    UnknownTemporary,
)
from lotwise.stock.operations.temporary_minimums import LAST, Temporary, begin, end_now
from lotwise.stock.repository.temporary_minimums import temporaries_page

router = Router(tags=["temporary minimums"])
State = Literal["active", "ended", "superseded"]


class TemporaryIn(Strict):
    """Two levels that hold through a day, and why; null takes a level away for that time."""

    temporary_id: Id | None = None
    site: Slug
    product_id: Id
    minimum: Quantity | None = None
    reorder_at: Quantity | None = None
    ends_on: Day
    reason: ReasonText


class NothingIn(Strict):
    """A deed that needs no words."""


class TemporaryOut(BaseModel):
    """A temporary minimum; `was_*` is what comes back. `superseded`: somebody set the levels for good meanwhile."""

    temporary_id: UUID
    site: str
    product_id: UUID
    code: str
    name: str
    unit: str
    minimum: str | None
    reorder_at: str | None
    was_minimum: str | None
    was_reorder_at: str | None
    ends_on: date
    ends_at: datetime
    reason: str
    actor: str
    made_at: datetime
    state: State
    ended_at: datetime | None
    ended_by: str | None


def _out(row: Any) -> TemporaryOut:
    levels = {
        name: text(row[name], row["unit_decimals"])
        for name in ("minimum", "reorder_at", "was_minimum", "was_reorder_at")
    }
    plain = {name: row[name] for name in TemporaryOut.model_fields if name not in levels and name != "temporary_id"}
    return TemporaryOut(temporary_id=row["id"], **levels, **plain)


@router.post(
    "/temporary-minimums",
    permission="stock.minimum",
    status_code=201,
    refusals=(UnknownSite, UnknownProduct, NotKept, LevelsCrossed, BadDate, TemporaryExists),
)
async def set_temporary(cmd: Cmd, body: TemporaryIn) -> Answer[TemporaryOut]:
    """Set the minimum for some days; after the last one the levels from before come back by themselves (STK-46)."""
    wanted = Temporary(
        body.temporary_id or uuid7(), body.site, body.product_id, body.minimum, body.reorder_at, body.ends_on,
        body.reason, cmd.who.actor,
    )  # fmt: skip
    async with cmd.transaction() as tx:
        await begin(tx, wanted, exponent(cmd.runtime))
        row = (await temporaries_page(tx, None, None, None, wanted.temporary_id, LAST, 1))[0]
        details = body.model_dump(mode="json", include={"minimum", "reorder_at", "ends_on"})
        return await cmd.answer(
            tx, _out(row), 201, site=body.site, target=body.product_id, details=details, reason=body.reason
        )


@router.get("/temporary-minimums", permission="stock.read")
async def temporary_minimums(
    read: Read,
    site: str | None = None,
    product: UUID | None = None,
    state: State | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[TemporaryOut]:
    """Minimums for some days, newest first: those that hold now, and those that are over."""
    keys = cursor_decode(after, UUID) or (LAST,)
    async with read.connection() as tx:
        rows = await temporaries_page(tx, visible(read.who, "stock.read", site), product, state, None, keys[0], limit)
    return Page(rows=[_out(row) for row in rows], next=cursor_encode(rows[-1]["id"]) if len(rows) == limit else None)


@router.post(
    "/temporary-minimums/{temporary_id}:end", permission="stock.minimum", refusals=(UnknownTemporary, NotPending)
)
async def end_temporary(cmd: Cmd, temporary_id: UUID, _body: NothingIn) -> Answer[TemporaryOut]:
    """Bring the levels from before back now."""
    async with cmd.transaction() as tx:
        site = await end_now(tx, temporary_id, cmd.who, exponent(cmd.runtime))
        row = (await temporaries_page(tx, None, None, None, temporary_id, LAST, 1))[0]
        return await cmd.answer(tx, _out(row), site=site)
