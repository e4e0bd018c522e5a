"""HTTP of opened containers: open, draw, discard, and what they yielded."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from lotwise.contracts.fields import Day, Id, Instant, Note, PositiveQuantity, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Command, Read, visible
from lotwise.kit.database import Tx
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import ReasonText, Short, Strict, exponent, trace
from lotwise.stock.domain.containers import Visitor
from lotwise.stock.domain.refusals import (
    AnotherPatients,
    BadDate,
    BadLabel,
    BadQuantity,
    BadUseBy,
    ContainerClosed,
    ContainerOver,
    LotIsApart,
    LotIsExpired,
    LotIsRecalled,
    LotNotConfirmed,
    NotDrawn,
    NotEnoughLeft,
    NothingToOpen,
    NotKept,
    PatientNeeded,
    UnknownContainer,
    UnknownLot,
    UnknownProduct,
    UnknownSite,
    UseByNeedsApproval,
)
from lotwise.stock.operations import containers as deeds
from lotwise.stock.operations.containers import Pouring
from lotwise.stock.operations.dates import happened
from lotwise.stock.operations.openings import Opening, open_container
from lotwise.stock.repository import containers as rows_of
from lotwise.stock.repository.definitions import sites_of
from lotwise.stock.repository.yields import yields
from lotwise.values import day_bounds, format_quantity, site_day

router = Router(tags=["containers"])
LAST = UUID(int=2**128 - 1)
DAYS_MAX = 800
OPENING = (
    UnknownSite, UnknownProduct, UnknownLot, NotKept, NotDrawn, NothingToOpen, LotIsExpired, LotIsRecalled, LotIsApart,
    LotNotConfirmed, BadLabel, BadUseBy, UseByNeedsApproval, BadQuantity, BadDate,
)  # fmt: skip
DRAWING = (
    UnknownContainer, BadQuantity, BadDate, ContainerClosed, ContainerOver, LotIsRecalled, NotEnoughLeft,
    PatientNeeded, AnotherPatients,
)  # fmt: skip
State = Literal["open", "used_up", "discarded", "unopened"]
Why = Literal["waste", "damage", "expiry", "sample", "training"]


class ContainerIn(Strict):
    """A container that is opened. Without a lot FEFO proposes one, unless the product asks for its lot.

    `label` is its label quantity (the size that fits when empty); `use_by` beyond the label's needs `approved_by`.
    """

    container_id: Id | None = None
    site: Slug
    product_id: Id
    lot_id: Id | None = None
    label: PositiveQuantity | None = None
    use_by: Instant | None = None
    approved_by: Short = ""
    diluent: Short = ""
    note: Note = ""
    member_id: Id | None = None
    treatment_id: Id | None = None
    happened_at: Instant | None = None


class DrawIn(Strict):
    """Units drawn for a patient; `overfill` is what the container held above its label."""

    draw_id: Id | None = None
    quantity: PositiveQuantity
    overfill: PositiveQuantity | None = None
    member_id: Id | None = None
    treatment_id: Id | None = None
    practitioner: Short = ""
    happened_at: Instant | None = None


class DiscardIn(Strict):
    """Why the rest is thrown away."""

    reason: Why = "waste"
    note: Annotated[ReasonText, Field(max_length=200)]
    happened_at: Instant | None = None


class DrawOut(BaseModel):
    """One line of a container's story; below zero it was given back."""

    draw_id: UUID
    quantity: str
    cost_minor: int
    member_id: UUID | None
    visit_id: UUID | None
    practitioner: str
    reason: str
    cause_id: UUID
    actor: str
    happened_at: datetime


class ContainerOut(BaseModel):
    """An opened container as it stands: drawn + wasted + left = label + overfill.

    `waits_for` is the adjustment by which a witness confirms that its rest is thrown away (N-22).
    """

    container_id: UUID
    site: str
    product_id: UUID
    code: str
    name: str
    unit: str
    lot_id: UUID
    lot_number: str
    expires_on: date | None
    is_recalled: bool
    is_shared: bool
    state: State
    label: str
    overfill: str
    drawn: str
    wasted: str
    left: str
    cost_minor: int
    wasted_minor: int
    member_id: UUID | None
    visit_id: UUID | None
    opened_at: datetime
    opened_by: str
    use_by: datetime | None
    is_over: bool
    approved_by: str
    diluent: str
    note: str
    is_automatic: bool
    is_confirmed: bool
    proposed_lot_id: UUID | None
    closed_at: datetime | None
    closed_by: str
    close_reason: str
    revision: int
    waits_for: UUID | None = None
    draws: list[DrawOut] = []


class YieldOut(BaseModel):
    """What containers yielded: drawn of what they held, and what became waste with its cost."""

    product_id: UUID
    code: str
    name: str
    unit: str
    container_id: UUID | None
    lot_number: str
    practitioner: str
    containers: int
    label: str
    overfill: str
    drawn: str
    wasted: str
    wasted_minor: int
    yield_percent: str


class YieldsOut(BaseModel):
    """The containers closed at a site from a day through another."""

    site: str
    since: date
    until: date
    rows: list[YieldOut]


def container_out(row: Any, draws: Any = ()) -> ContainerOut:
    """A container in the API's words."""
    decimals = row["unit_decimals"]
    figures = {name: format_quantity(row[name], decimals) for name in ("label", "overfill", "drawn", "wasted")}
    left = row["label"] + row["overfill"] - row["drawn"] - row["wasted"]
    plain = {name: row[name] for name in ContainerOut.model_fields if name in row.keys() and name not in figures}  # noqa: SIM118 - a record's `in` looks at values
    return ContainerOut(
        **plain,
        **figures,
        container_id=row["id"],
        left=format_quantity(left if row["state"] != "unopened" else 0, decimals),
        is_over=row["state"] == "open" and row["use_by"] is not None and row["use_by"] <= datetime.now(UTC),
        draws=[
            DrawOut(
                draw_id=one["id"], quantity=format_quantity(one["quantity"], decimals), cost_minor=one["cost_minor"],
                member_id=one["member_id"], visit_id=one["visit_id"], practitioner=one["practitioner"],
                reason=one["reason"], cause_id=one["cause_id"], actor=one["actor"], happened_at=one["happened_at"],
            )
            for one in draws
        ],
    )  # fmt: skip


async def _loaded(tx: Tx, container_id: UUID) -> ContainerOut:
    row = await rows_of.container_row(tx, container_id)
    if row is None:
        raise UnknownContainer("No container has this id", container_id=str(container_id))
    return container_out(row, await rows_of.draws_of(tx, container_id))


async def _site_of(cmd: Command, tx: Tx, container_id: UUID) -> str:
    """The container's site, where the person must be allowed to use stock."""
    key = await rows_of.cell_of_container(tx, container_id)
    if key is None:
        raise UnknownContainer("No container has this id", container_id=str(container_id))
    cmd.who.at("stock.use", key[0])
    return key[0]


@router.post("/containers", permission="stock.use", status_code=201, refusals=OPENING)
async def open_one(cmd: Cmd, body: ContainerIn) -> Answer[ContainerOut]:
    """Open a container: it leaves the shelf, gets its own use-by and is drawn first (N-07, STK-37)."""
    container_id = body.container_id or uuid7()
    opening = Opening(
        container_id, body.site, body.product_id, body.lot_id, body.label, body.use_by, body.approved_by, body.diluent,
        body.note, Visitor(body.member_id, body.treatment_id), happened(body.happened_at, cmd.who, body.site),
        cmd.who.actor, trace(),
    )  # fmt: skip
    async with cmd.transaction() as tx:
        await open_container(tx, opening, exponent(cmd.runtime))
        shown = await _loaded(tx, container_id)
        return await cmd.answer(tx, shown, 201, target=container_id, reason=body.note or None)


@router.post("/containers/{container_id}:draw", permission="stock.use", refusals=DRAWING)
async def draw_one(cmd: Cmd, container_id: UUID, body: DrawIn) -> Answer[ContainerOut]:
    """Draw units for a patient; for a treatment they are its consumption, whatever was charged (N-07, DESIGN 3.8)."""
    async with cmd.transaction() as tx:
        site = await _site_of(cmd, tx, container_id)
        pouring = Pouring(
            body.draw_id or uuid7(), container_id, body.quantity, body.overfill,
            Visitor(body.member_id, body.treatment_id), body.practitioner or cmd.who.name,
            happened(body.happened_at, cmd.who, site), cmd.who.actor, trace(),
        )  # fmt: skip
        await deeds.draw_from(tx, pouring, exponent(cmd.runtime))
        return await cmd.answer(tx, await _loaded(tx, container_id), site=site, target=container_id)


@router.post("/containers/{container_id}:discard", permission="stock.use", refusals=(UnknownContainer, BadDate))
async def discard_one(cmd: Cmd, container_id: UUID, body: DiscardIn) -> Answer[ContainerOut]:
    """Throw away what is left, with its cost and reason; again it changes nothing.

    Where a second person is needed the container stays as it is and answers `waits_for` until a witness confirms.
    """
    async with cmd.transaction() as tx:
        site = await _site_of(cmd, tx, container_id)
        at = happened(body.happened_at, cmd.who, site)
        actor, decimals = cmd.who.actor, exponent(cmd.runtime)
        await deeds.discard_container(tx, container_id, body.reason, body.note, at, actor, decimals, trace())
        shown = await _loaded(tx, container_id)
        return await cmd.answer(tx, shown, site=site, target=container_id, reason=body.note)


@router.get("/containers", permission="stock.read")
async def containers(
    read: Read,
    site: str | None = None,
    product: UUID | None = None,
    state: State | None = "open",
    after: After = None,
    limit: Limit = 100,
) -> Page[ContainerOut]:
    """Containers: the open ones by use-by, soonest first (at most 500); of another state newest first."""
    keys = cursor_decode(after, UUID)
    sites = visible(read.who, "stock.read", site)
    async with read.connection() as tx:
        if state == "open":
            return Page(rows=[container_out(row) for row in await rows_of.open_page(tx, sites, product)])
        rows = await rows_of.containers_page(tx, sites, product, state, keys[0] if keys else LAST, limit)
    shown = [container_out(row) for row in rows]
    return Page(rows=shown, next=cursor_encode(shown[-1].container_id) if len(shown) == limit else None)


@router.get("/containers/{container_id}", permission="stock.read", refusals=(UnknownContainer,))
async def container(read: Read, container_id: UUID) -> ContainerOut:
    """One container with everything that was drawn from it."""
    async with read.connection() as tx:
        shown = await _loaded(tx, container_id)
    read.who.at("stock.read", shown.site)
    return shown


@router.get("/yields", permission="stock.read", refusals=(UnknownSite, BadDate))
async def container_yields(
    read: Read,
    site: str,
    since: Annotated[Day | None, Query(alias="from")] = None,
    until: Annotated[Day | None, Query(alias="to")] = None,
    by: Literal["product", "container", "practitioner"] = "product",
    product: UUID | None = None,
) -> YieldsOut:
    """What containers closed at a site yielded, 30 days unless asked otherwise; by vial and by practitioner too."""
    async with read.connection() as tx:
        zone = await zone_of(tx, site)
        last = until or site_day(datetime.now(UTC), zone)
        first = since or last - timedelta(days=29)
        check_days(first, last)
        begin, end = day_bounds(first, zone)[0], day_bounds(last, zone)[1]
        rows = await yields(tx, by, site, begin, end, product)
    return YieldsOut(site=site, since=first, until=last, rows=[_yield(row) for row in rows])


async def zone_of(tx: Tx, site: str) -> str:
    """The zone of a site. Raises UnknownSite."""
    found = (await sites_of(tx, [site])).get(site)
    if found is None:
        raise UnknownSite("No site has this name", field="site", site=site[:60])
    return found.zone


def check_days(first: date, last: date) -> None:
    """Pass an interval of days that is asked for. Raises BadDate."""
    if not 0 <= (last - first).days < DAYS_MAX:
        raise BadDate(f"Ask for 1 to {DAYS_MAX} days, the earlier day first", field="from")


def _yield(row: Any) -> YieldOut:
    decimals = row["unit_decimals"]
    held = row["drawn"] + row["wasted"]
    return YieldOut(
        **{name: row[name] for name in ("product_id", "code", "name", "unit", "container_id", "lot_number")},
        practitioner=row["practitioner"],
        containers=row["containers"],
        **{name: format_quantity(row[name], decimals) for name in ("label", "overfill", "drawn", "wasted")},
        wasted_minor=row["wasted_minor"],
        yield_percent=f"{row['drawn'] * 100 / held:.1f}" if held else "0.0",
    )
