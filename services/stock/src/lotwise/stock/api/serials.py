"""HTTP of units by their serial: named, listed, moved, written off, found, and where each of them has been (STK-21)."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, Field

from lotwise.contracts.fields import Day, Id, Instant, Minor, Note, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.database import Tx
from lotwise.kit.etag import etag
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.principal import Principal
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import AreaName, SerialNumber, Short, Strict, exponent, trace
from lotwise.stock.domain.movements import RECALL, Entry
from lotwise.stock.domain.refusals import (
    BadDate,
    LotIsExpired,
    LotIsRecalled,
    NoteMissing,
    NotEnoughInLot,
    NotEnoughStock,
    SerialExists,
    SerialMove,
    SerialsDiffer,
    UnknownCharge,
    UnknownLot,
    UnknownProduct,
    UnknownReason,
    UnknownSerial,
    UnknownSite,
    WitnessNeeded,
)
from lotwise.stock.domain.serials import State
from lotwise.stock.operations import whereabouts
from lotwise.stock.operations.assets import today_at, warranty_of, worth
from lotwise.stock.operations.dates import happened
from lotwise.stock.operations.recalled_units import gather_units, screen_units
from lotwise.stock.operations.serials import Naming, hand_out, register
from lotwise.stock.operations.whereabouts import Deed
from lotwise.stock.repository import serials as rows
from lotwise.stock.repository.locking import share_recalls
from lotwise.values import format_quantity

router = Router(tags=["serials"])
FIRST = UUID(int=0)
LAST_STEP = 2**63 - 1
Numbers = Annotated[tuple[SerialNumber, ...], Field(min_length=1, max_length=500)]
Here = Literal["in_stock", "in_use", "in_repair"]


class RegisterIn(Strict):
    """Units to be named. With `lot_id` they lie here in the books; without one they are assets from before them."""

    register_id: Id | None = None
    site: Slug
    product_id: Id
    serials: Numbers
    lot_id: Id | None = None
    state: Here = "in_stock"
    room: AreaName = ""
    cost_minor: Annotated[Minor, Field(ge=0)] | None = None
    acquired_on: Day | None = None
    supplier_id: Id | None = None
    note: Note = ""


class MoveSerialIn(Strict):
    """Where a unit goes at its site; another `site` only for one outside of the books."""

    move_id: Id | None = None
    state: Here
    site: Slug | None = None
    room: AreaName = ""
    note: Note = ""
    happened_at: Instant | None = None


class RetireIn(Strict):
    """How a unit is written off; `reason` is a managed one of waste (scrapped) or loss (lost).

    With `adjustment_id` the books wrote it off already: a posted (witnessed) adjustment gets its unit.
    """

    retire_id: Id | None = None
    state: Literal["scrapped", "lost", "returned"]
    reason: Short = ""
    adjustment_id: Id | None = None
    note: Note = ""
    happened_at: Instant | None = None


class FindIn(Strict):
    """A lost or sold unit that is here again."""

    find_id: Id | None = None
    room: AreaName = ""
    note: Note = ""


class HandOutIn(Strict):
    """The units of a product that a charge handed out."""

    product_id: Id
    serials: Numbers


class SerialOut(BaseModel):
    """One unit: where it is, what it cost, what it is worth today; money in minor units."""

    serial_id: UUID
    serial: str
    product_id: UUID
    code: str
    name: str
    site: str
    state: State
    room: str
    lot_id: UUID | None
    lot_number: str
    charge_id: UUID | None
    transfer_id: UUID | None
    supplier_id: UUID | None
    acquired_on: date
    cost_minor: int
    book_minor: int
    spent_minor: int
    coverage: Literal["none", "not_yet", "under", "over"]
    warranty_starts_on: date | None
    warranty_ends_on: date | None
    warranty_terms: str
    maintenance_due_on: date | None
    maintenance_work: str
    is_due: bool
    method: str
    in_service_on: date | None
    salvage_minor: int
    life_months: int
    factor: int
    units_total: int
    note: str
    registered_at: datetime
    registered_by: str
    is_recalled: bool
    revision: int


class SerialsOut(BaseModel):
    """Units by the numbers that were asked, in their order."""

    serials: list[SerialOut]


class StepOut(BaseModel):
    """A step of a unit's story and where it was after it."""

    step: int
    kind: str
    state: str
    site: str
    room: str
    cause_id: UUID
    note: str
    actor: str
    happened_at: datetime
    recorded_at: datetime


class UnnamedOut(BaseModel):
    """A lot of a serialised product at a site where the books hold more (or fewer) units than have their serial."""

    site: str
    product_id: UUID
    code: str
    name: str
    lot_id: UUID
    lot_number: str
    on_hand: str
    named: int


async def shown(tx: Tx, found: Any, days: dict[str, date] | None = None) -> list[SerialOut]:
    """Units in the API's words, with their worth and coverage on their site's day."""
    days = {} if days is None else days
    uses = await rows.uses_of(tx, [row["id"] for row in found if row["method"] == "units_of_production"])
    answer = []
    for row in found:
        if row["site"] not in days:
            days[row["site"]] = await today_at(tx, row["site"])
        answer.append(_out(row, days[row["site"]], uses.get(row["id"], [])))
    return answer


_SAME = (
    "product_id", "code", "name", "site", "state", "room", "lot_id", "charge_id", "transfer_id", "supplier_id",
    "acquired_on", "cost_minor", "spent_minor", "warranty_starts_on", "warranty_ends_on", "warranty_terms",
    "maintenance_due_on", "maintenance_work", "method", "in_service_on", "salvage_minor", "life_months", "factor",
    "units_total", "note", "registered_at", "registered_by", "is_recalled", "revision",
)  # fmt: skip


def _out(row: Any, day: date, uses: list[tuple[date, int]]) -> SerialOut:
    is_here = row["state"] in {"in_stock", "in_use", "in_repair"}
    due = row["maintenance_due_on"]
    return SerialOut(
        **{name: row[name] for name in _SAME},
        serial_id=row["id"],
        serial=row["number"],
        lot_number=row["lot_number"] or "",
        book_minor=worth(row, day, uses),
        coverage=warranty_of(row).on(day),
        is_due=is_here and due is not None and due <= day,
    )


async def loaded(tx: Tx, serial_id: UUID, who: Principal, permission: str) -> SerialOut:
    """One unit for those who may see its site. Raises UnknownSerial or Forbidden."""
    row = await rows.serial_row(tx, serial_id)
    if row is None:
        raise UnknownSerial("No serial has this id", serial_id=str(serial_id))
    who.at(permission, row["site"])
    return (await shown(tx, [row]))[0]


@router.get("/serials", permission="stock.read")
async def serials(
    read: Read,
    site: str | None = None,
    product: UUID | None = None,
    state: State | None = None,
    number: Annotated[str | None, Query(max_length=40)] = None,
    search: Annotated[str | None, Query(max_length=80)] = None,
    lot: UUID | None = None,
    charge: UUID | None = None,
    transfer: UUID | None = None,
    under_warranty_on: Day | None = None,
    due_by: Day | None = None,
    is_ours: bool | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[SerialOut]:
    """The asset register: by number, place, state, warranty on a day, maintenance due by a day (STK-20 to 22)."""
    keys = cursor_decode(after, UUID)
    words = (search or "").strip().lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    filters: dict[str, object] = {
        "sites": visible(read.who, "stock.read", site),
        "product": product,
        "state": state,
        "number": number,
        "search": f"%{words}%" if words else None,
        "lot": lot,
        "charge": charge,
        "transfer": transfer,
        "warranty_on": under_warranty_on,
        "due_by": due_by,
        "is_here": is_ours,
    }
    async with read.connection() as tx:
        found = await rows.serials_page(tx, keys[0] if keys else FIRST, limit, filters)
        page = await shown(tx, found)
    return Page(rows=page, next=cursor_encode(page[-1].serial_id) if len(page) == limit else None)


@router.post(
    "/serials",
    permission="stock.asset",
    status_code=201,
    refusals=(UnknownSite, UnknownProduct, UnknownLot, SerialsDiffer, SerialExists, SerialMove, NotEnoughInLot),
)
async def register_serials(cmd: Cmd, body: RegisterIn) -> Answer[SerialsOut]:
    """Name units that lie here without their serial, or assets from before the books (STK-19)."""
    naming = Naming(
        body.register_id or uuid7(), body.site, body.product_id, body.serials, body.lot_id, body.state, body.room,
        body.cost_minor, body.acquired_on, body.supplier_id, body.note, cmd.who.actor,
    )  # fmt: skip
    async with cmd.transaction() as tx:
        await share_recalls(tx)
        made = await register(tx, naming, exponent(cmd.runtime))
        named = Entry(datetime.now(UTC), cmd.who.actor, RECALL, naming.cause_id, 0, trace())
        await screen_units(tx, made, exponent(cmd.runtime), named)
        units = [await loaded(tx, one, cmd.who, "stock.asset") for one in made]
        return await cmd.answer(tx, SerialsOut(serials=units), 201, site=body.site, target=naming.cause_id)


@router.get("/serials/unnamed", permission="stock.read")
async def unnamed(read: Read, site: str | None = None, after: After = None, limit: Limit = 50) -> Page[UnnamedOut]:
    """Where the books and the named units differ: goods that came without a serial, or were counted away."""
    keys = cursor_decode(after, str, UUID, UUID) or ("", FIRST, FIRST)
    async with read.connection() as tx:
        found = await rows.unnamed_page(tx, visible(read.who, "stock.read", site), keys, limit)
    page = [
        UnnamedOut(
            **{name: row[name] for name in ("site", "product_id", "code", "name", "lot_id", "lot_number", "named")},
            on_hand=format_quantity(row["on_hand"], row["unit_decimals"]),
        )
        for row in found
    ]
    last = cursor_encode(page[-1].site, page[-1].product_id, page[-1].lot_id) if len(page) == limit else None
    return Page(rows=page, next=last)


@router.get("/serials/{serial_id}", permission="stock.read", refusals=(UnknownSerial,))
async def serial(read: Read, response: Response, serial_id: UUID) -> SerialOut:
    """One unit: its place, its warranty, what it is worth today; its ETag is what an edit starts from."""
    async with read.connection() as tx:
        found = await loaded(tx, serial_id, read.who, "stock.read")
    response.headers["ETag"] = etag(found.revision)
    return found


@router.get("/serials/{serial_id}/steps", permission="stock.read", refusals=(UnknownSerial,))
async def steps(read: Read, serial_id: UUID, after: After = None, limit: Limit = 50) -> Page[StepOut]:
    """Where a unit has been and what was done to it, newest first, with who and when (STK-21)."""
    keys = cursor_decode(after, int)
    async with read.connection() as tx:
        await loaded(tx, serial_id, read.who, "stock.read")
        found = await rows.steps_of(tx, serial_id, keys[0] if keys else LAST_STEP, limit)
    names = ("kind", "state", "site", "room", "cause_id", "note", "actor", "happened_at", "recorded_at")
    page = [StepOut(step=row["id"], **{name: row[name] for name in names}) for row in found]
    return Page(rows=page, next=cursor_encode(page[-1].step) if len(page) == limit else None)


@router.post(
    "/serials/{serial_id}:move",
    permission="stock.asset",
    site="record",
    refusals=(
        UnknownSerial, UnknownSite, SerialMove, BadDate, LotIsExpired, LotIsRecalled, NotEnoughInLot, NotEnoughStock,
    ),
)  # fmt: skip
async def move_serial(cmd: Cmd, serial_id: UUID, body: MoveSerialIn) -> Answer[SerialOut]:
    """Put a unit to stock, to use in a room or into repair; the books follow to shelf, back bar or quarantine."""
    async with cmd.transaction() as tx:
        at = await _at(cmd, tx, serial_id, body.happened_at)
        deed = Deed(
            body.move_id or uuid7(), serial_id, body.state, body.site, body.room, "", body.note, at, trace(),
        )  # fmt: skip
        await whereabouts.move(tx, deed, cmd.who, exponent(cmd.runtime))
        return await _done(cmd, tx, serial_id, body.note)


@router.post(
    "/serials/{serial_id}:retire",
    permission="stock.asset",
    refusals=(
        UnknownSerial,
        SerialMove,
        SerialsDiffer,
        BadDate,
        UnknownReason,
        NoteMissing,
        WitnessNeeded,
        NotEnoughInLot,
    ),
)
async def retire_serial(cmd: Cmd, serial_id: UUID, body: RetireIn) -> Answer[SerialOut]:
    """Write a unit off: scrapped, lost, or returned to its supplier; the books write it off at its cost."""
    async with cmd.transaction() as tx:
        at = await _at(cmd, tx, serial_id, body.happened_at)
        deed = Deed(
            body.retire_id or uuid7(), serial_id, body.state, None, "", body.reason, body.note, at, trace(),
            body.adjustment_id,
        )  # fmt: skip
        await whereabouts.retire(tx, deed, cmd.who, exponent(cmd.runtime))
        return await _done(cmd, tx, serial_id, body.note)


@router.post("/serials/{serial_id}:find", permission="stock.asset", refusals=(UnknownSerial, SerialMove))
async def find_serial(cmd: Cmd, serial_id: UUID, body: FindIn) -> Answer[SerialOut]:
    """A lost unit turned up, or one that a charge handed out came back: it is in stock again."""
    async with cmd.transaction() as tx:
        at = await _at(cmd, tx, serial_id, None)
        deed = Deed(body.find_id or uuid7(), serial_id, "in_stock", None, body.room, "", body.note, at, trace())
        await whereabouts.find(tx, deed, cmd.who, exponent(cmd.runtime))
        await gather_units(tx, [serial_id], exponent(cmd.runtime))
        return await _done(cmd, tx, serial_id, body.note)


@router.post(
    "/charges/{charge_id}/serials",
    permission="charge.create",
    refusals=(UnknownCharge, SerialsDiffer, SerialExists, SerialMove, LotIsRecalled),
)
async def hand_out_serials(cmd: Cmd, charge_id: UUID, body: HandOutIn) -> Answer[SerialsOut]:
    """Say which units a charge handed out: who has which serial is what a recall asks (STK-19, N-09)."""
    async with cmd.transaction() as tx:
        given = await hand_out(tx, charge_id, body.product_id, body.serials, cmd.who, "charge.create")
        found = [row for one in given if (row := await rows.serial_row(tx, one))]
        units = await shown(tx, found)
        return await cmd.answer(tx, SerialsOut(serials=units), site=units[0].site, target=charge_id)


async def _at(cmd: Cmd, tx: Tx, serial_id: UUID, given: datetime | None) -> datetime:
    row = await whereabouts.locked(tx, serial_id, cmd.who, "stock.asset")
    return happened(given, cmd.who, row["site"])


async def _done(cmd: Cmd, tx: Tx, serial_id: UUID, note: str) -> Answer[SerialOut]:
    unit = (await shown(tx, [await rows.serial_row(tx, serial_id)]))[0]
    return await cmd.answer(tx, unit, site=unit.site, target=serial_id, reason=note or None, revision=unit.revision)
