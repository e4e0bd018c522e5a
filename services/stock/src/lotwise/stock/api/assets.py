"""HTTP of what units are worth, covered by and due for: warranty, maintenance, depreciation, the register's totals."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.contracts.fields import Day, Id, Minor, Note, Text, Whole
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.etag import IfMatch
from lotwise.kit.web import Router
from lotwise.stock.api.serials import SerialOut, loaded
from lotwise.stock.api.shapes import Short, Strict
from lotwise.stock.domain.depreciation import DOUBLE, Use, schedule
from lotwise.stock.domain.refusals import BadDate, BadDepreciation, SerialMove, UnknownSerial
from lotwise.stock.domain.serials import Warranty
from lotwise.stock.operations import assets
from lotwise.stock.operations.assets import PERMISSION, Depreciation, Work
from lotwise.stock.repository import serials as rows

router = Router(tags=["assets"])
Method = Literal["", "straight_line", "declining_balance", "fixed_declining", "sum_of_years", "units_of_production"]
Money = Annotated[Minor, Field(ge=0)]
MONTHS = {"month": 1, "quarter": 3, "year": 12}


class WarrantyIn(Strict):
    """A warranty; without an end there is none."""

    starts_on: Day | None = None
    ends_on: Day | None = None
    terms: Note = ""
    note: Short = ""


class DepreciationIn(Strict):
    """How a unit loses its worth, "" for not at all; `factor` in thousandths, only for the declining balance."""

    method: Method
    cost_minor: Money
    salvage_minor: Money = 0
    in_service_on: Day | None = None
    life_months: Annotated[Whole, Field(ge=0, le=1200)] = 0
    factor: Annotated[Whole, Field(ge=0, le=100_000)] = DOUBLE
    units_total: Annotated[Whole, Field(ge=0, le=10**15)] = 0


class MaintenanceIn(Strict):
    """When maintenance is due next, and which; without a day never."""

    due_on: Day | None = None
    work: Short = ""


class WorkIn(Strict):
    """Maintenance that was done; `document` names its papers, `next_due_on` when it is due again."""

    work_id: Id | None = None
    done_on: Day
    work: Text
    cost_minor: Money = 0
    done_by: Short = ""
    document: Short = ""
    note: Note = ""
    next_due_on: Day | None = None
    next_work: Short = ""


class UseIn(Strict):
    """Units of work a device did since the last reading."""

    use_id: Id | None = None
    read_on: Day
    units: Annotated[Whole, Field(ge=1, le=10**12)]


class WarrantyOut(BaseModel):
    """Whether a unit is under warranty on a day; both ends are covered."""

    serial_id: UUID
    serial: str
    day: date
    coverage: Literal["none", "not_yet", "under", "over"]
    is_under_warranty: bool
    days_left: int | None
    starts_on: date | None
    ends_on: date | None
    terms: str


class WorkOut(BaseModel):
    """A row of the maintenance log; cost in minor units."""

    work_id: UUID
    done_on: date
    work: str
    cost_minor: int
    done_by: str
    document: str
    note: str
    next_due_on: date | None
    next_work: str
    entered_by: str
    entered_at: datetime


class WorksOut(BaseModel):
    """A unit's maintenance, the latest first, and what all of it cost."""

    rows: list[WorkOut]
    cost_minor: int


class WorthOut(BaseModel):
    """What a unit is worth at the end of a day, in minor units."""

    serial_id: UUID
    day: date
    cost_minor: int
    book_minor: int
    depreciated_minor: int


class PeriodOut(BaseModel):
    """A row of a schedule: `until` is the first day after it; money in minor units."""

    first: date
    until: date
    depreciation_minor: int
    accumulated_minor: int
    book_minor: int


class ScheduleOut(BaseModel):
    """How a unit loses its worth; empty when it does not."""

    serial_id: UUID
    method: str
    cost_minor: int
    salvage_minor: int
    rows: list[PeriodOut]


class SiteTotalOut(BaseModel):
    """A site's units that are ours: what they cost, what maintenance cost, what they are worth."""

    site: str
    units: int
    cost_minor: int
    spent_minor: int
    book_minor: int
    by_state: dict[str, int]


class TotalsOut(BaseModel):
    """The register's totals, by site and in all."""

    sites: list[SiteTotalOut]
    units: int
    cost_minor: int
    spent_minor: int
    book_minor: int


@router.get("/serials/{serial_id}/warranty", permission="stock.read", refusals=(UnknownSerial,))
async def warranty(read: Read, serial_id: UUID, on: Day | None = None) -> WarrantyOut:
    """Whether a unit is under warranty on a day, today at its site by default (STK-20)."""
    async with read.connection() as tx:
        unit = await loaded(tx, serial_id, read.who, "stock.read")
        day = on or await assets.today_at(tx, unit.site)
    found = Warranty(unit.warranty_starts_on, unit.warranty_ends_on, unit.warranty_terms)
    covered = found.on(day)
    return WarrantyOut(
        serial_id=serial_id,
        serial=unit.serial,
        day=day,
        coverage=covered,
        is_under_warranty=covered == "under",
        days_left=(found.ends_on - day).days if found.ends_on and covered == "under" else None,
        starts_on=found.starts_on,
        ends_on=found.ends_on,
        terms=found.terms,
    )


@router.put("/serials/{serial_id}/warranty", permission=PERMISSION, refusals=(UnknownSerial, BadDate))
async def set_warranty(cmd: Cmd, serial_id: UUID, body: WarrantyIn, expected: IfMatch) -> Answer[SerialOut]:
    """Enter, extend or correct a warranty; the alert of its end is over."""
    async with cmd.transaction() as tx:
        given = Warranty(body.starts_on, body.ends_on, body.terms)
        await assets.set_warranty(tx, serial_id, given, body.note, uuid7(), cmd.who, expected)
        unit = await loaded(tx, serial_id, cmd.who, PERMISSION)
        return await cmd.answer(tx, unit, site=unit.site, target=serial_id, revision=unit.revision)


@router.put("/serials/{serial_id}/maintenance", permission=PERMISSION, refusals=(UnknownSerial,))
async def plan_maintenance(cmd: Cmd, serial_id: UUID, body: MaintenanceIn, expected: IfMatch) -> Answer[SerialOut]:
    """Say when maintenance is due next, or that none is."""
    async with cmd.transaction() as tx:
        await assets.plan_maintenance(tx, serial_id, body.due_on, body.work, uuid7(), cmd.who, expected)
        unit = await loaded(tx, serial_id, cmd.who, PERMISSION)
        return await cmd.answer(tx, unit, site=unit.site, target=serial_id, revision=unit.revision)


@router.get("/serials/{serial_id}/works", permission="stock.read", refusals=(UnknownSerial,))
async def works(read: Read, serial_id: UUID) -> WorksOut:
    """The maintenance log of a unit: its latest 500 rows (STK-22)."""
    async with read.connection() as tx:
        unit = await loaded(tx, serial_id, read.who, "stock.read")
        found = await rows.works_of(tx, serial_id)
    names = set(WorkOut.model_fields) - {"work_id"}
    page = [WorkOut(work_id=row["id"], **{name: row[name] for name in names}) for row in found]
    return WorksOut(rows=page, cost_minor=unit.spent_minor)


@router.post(
    "/serials/{serial_id}/works",
    permission=PERMISSION,
    status_code=201,
    refusals=(UnknownSerial, BadDate, SerialMove),
)
async def record_work(cmd: Cmd, serial_id: UUID, body: WorkIn) -> Answer[SerialOut]:
    """Record maintenance: its alert is over, the next one is due as it says (STK-22)."""
    work = Work(
        body.work_id or uuid7(), serial_id, body.done_on, body.work, body.cost_minor, body.done_by, body.document,
        body.note, body.next_due_on, body.next_work,
    )  # fmt: skip
    async with cmd.transaction() as tx:
        await assets.record_work(tx, work, cmd.who)
        unit = await loaded(tx, serial_id, cmd.who, PERMISSION)
        return await cmd.answer(tx, unit, 201, site=unit.site, target=serial_id, revision=unit.revision)


@router.post(
    "/serials/{serial_id}/uses",
    permission=PERMISSION,
    status_code=201,
    refusals=(UnknownSerial, BadDate, SerialMove),
)
async def record_use(cmd: Cmd, serial_id: UUID, body: UseIn) -> Answer[SerialOut]:
    """Record units of work a device did: what units of production depreciate by (STK-23)."""
    async with cmd.transaction() as tx:
        await assets.record_use(tx, body.use_id or uuid7(), serial_id, body.read_on, body.units, cmd.who)
        unit = await loaded(tx, serial_id, cmd.who, PERMISSION)
        return await cmd.answer(tx, unit, 201, site=unit.site, target=serial_id, revision=unit.revision)


@router.put("/serials/{serial_id}/depreciation", permission=PERMISSION, refusals=(UnknownSerial, BadDepreciation))
async def set_depreciation(cmd: Cmd, serial_id: UUID, body: DepreciationIn, expected: IfMatch) -> Answer[SerialOut]:
    """Say how a unit loses its worth; its whole schedule follows the new words (STK-23)."""
    async with cmd.transaction() as tx:
        given = Depreciation(
            body.method, body.cost_minor, body.in_service_on, body.salvage_minor, body.life_months, body.factor,
            body.units_total,
        )  # fmt: skip
        await assets.set_depreciation(tx, serial_id, given, uuid7(), cmd.who, expected)
        unit = await loaded(tx, serial_id, cmd.who, PERMISSION)
        return await cmd.answer(tx, unit, site=unit.site, target=serial_id, revision=unit.revision)


@router.get("/serials/{serial_id}/worth", permission="stock.read", refusals=(UnknownSerial,))
async def worth(read: Read, serial_id: UUID, on: Day | None = None) -> WorthOut:
    """What a unit is worth at the end of a day, by its method; what became of it does not matter (STK-23)."""
    async with read.connection() as tx:
        unit = await loaded(tx, serial_id, read.who, "stock.read")
        row = dict(await rows.serial_row(tx, serial_id) or {}) | {"state": "in_use"}
        day = on or await assets.today_at(tx, unit.site)
        uses = (await rows.uses_of(tx, [serial_id])).get(serial_id, [])
    book = assets.worth(row, day, uses)
    return WorthOut(
        serial_id=serial_id,
        day=day,
        cost_minor=unit.cost_minor,
        book_minor=book,
        depreciated_minor=unit.cost_minor - book,
    )


@router.get("/serials/{serial_id}/schedule", permission="stock.read", refusals=(UnknownSerial,))
async def depreciation_schedule(
    read: Read, serial_id: UUID, by: Literal["year", "quarter", "month"] = "year"
) -> ScheduleOut:
    """How a unit loses its worth by calendar periods; all of them sum to its cost less what is left (STK-23)."""
    async with read.connection() as tx:
        unit = await loaded(tx, serial_id, read.who, "stock.read")
        plan = assets.plan_of(await rows.serial_row(tx, serial_id))
        uses = [Use(*one) for one in (await rows.uses_of(tx, [serial_id])).get(serial_id, [])]
    periods = [] if plan is None else schedule(plan, uses, months=MONTHS[by])
    return ScheduleOut(
        serial_id=serial_id,
        method=unit.method,
        cost_minor=unit.cost_minor,
        salvage_minor=unit.salvage_minor,
        rows=[
            PeriodOut(
                first=one.first,
                until=one.until,
                depreciation_minor=one.depreciation,
                accumulated_minor=one.accumulated,
                book_minor=one.book_value,
            )
            for one in periods
        ],
    )


@router.get("/assets/totals", permission="stock.read")
async def totals(read: Read, site: str | None = None, on: Day | None = None) -> TotalsOut:
    """The register's totals by site: units, cost, maintenance, worth on a day (today at each site by default)."""
    async with read.connection() as tx:
        found = await assets.totals(tx, visible(read.who, "stock.read", site), on)
    sites = [SiteTotalOut(**one._asdict()) for one in found]
    return TotalsOut(
        sites=sites,
        units=sum(one.units for one in sites),
        cost_minor=sum(one.cost_minor for one in sites),
        spent_minor=sum(one.spent_minor for one in sites),
        book_minor=sum(one.book_minor for one in sites),
    )
