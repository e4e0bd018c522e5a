"""HTTP of lots: what lies where until when, one lot with its trail, set apart and released."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.contracts.fields import PositiveQuantity, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Command, Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.past import AsOf, KnownAt, moment_of
from lotwise.stock.api.shapes import LotNumber, ReasonText, Strict, exponent, trace
from lotwise.stock.domain.costs import unit_cost
from lotwise.stock.domain.movements import QUARANTINE, Entry
from lotwise.stock.domain.refusals import (
    BadQuantity,
    LotIsExpired,
    LotIsRecalled,
    NotEnoughInLot,
    NothingToMove,
    UnknownLot,
    UnknownSite,
)
from lotwise.stock.operations.apart import Apart, release_lot, set_apart
from lotwise.stock.repository.lots import LotsAsked, list_lots, lot_balances, lot_row
from lotwise.stock.repository.moments import lots_at
from lotwise.values import BadValue, format_quantity, price_text

router = Router(tags=["lots"])
State = Literal["shelf", "quarantine", "transit", "in_use"]
NEVER = date(9999, 12, 31)
LOT_PLACES_MAX = 10_000
REFUSALS = (UnknownLot, UnknownSite, NothingToMove, NotEnoughInLot, BadQuantity)


class LotHere(BaseModel):
    """What lies of a lot at one place; `state` is the kind of the place, `area` its storage area."""

    lot_id: UUID
    lot_number: str
    manufacturer: str
    expires_on: date | None
    days_left: int | None
    received_at: datetime
    owner: str
    supplier_id: UUID | None
    purchase_order: str
    origin: str
    site: str
    state: str
    area: str
    product_id: UUID
    code: str
    name: str
    unit: str
    quantity: str
    cost_minor: int
    unit_cost: str


class LotPlace(BaseModel):
    """What lies of a lot at one place."""

    site: str
    state: str
    area: str
    quantity: str
    cost_minor: int


class LotOut(BaseModel):
    """One lot: where it comes from and where it lies (STK-14)."""

    lot_id: UUID
    lot_number: str
    manufacturer: str
    expires_on: date | None
    received_at: datetime
    owner: str
    supplier_id: UUID | None
    purchase_order: str
    origin: str
    product_id: UUID
    code: str
    name: str
    unit: str
    unit_cost: str
    places: list[LotPlace]


class ApartIn(Strict):
    """At which site, how much (all when empty) and why."""

    site: Slug
    quantity: PositiveQuantity | None = None
    reason: ReasonText


class ApartOut(BaseModel):
    """What was set apart or released."""

    lot_id: UUID
    lot_number: str
    product_id: UUID
    site: str
    quantity: str
    cost_minor: int


@router.get("/lots", permission="stock.read")
async def lots(
    read: Read,
    product: UUID | None = None,
    site: str | None = None,
    expires_within: Annotated[int | None, Query(ge=0, le=36500)] = None,
    state: State | None = None,
    number: LotNumber | None = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[LotHere]:
    """What lies where, soonest expiry first (STK-15); `expires_within` days counts expired lots too.

    `as_of` and `known_at` look back on either clock (N-04), at one site or for one product.
    """
    moment = moment_of(as_of, known_at)
    today = moment.day(datetime.now(UTC)).date()
    by = None if expires_within is None else today + timedelta(days=expires_within)
    keys = cursor_decode(after, date, UUID, int) or (date(1, 1, 1), UUID(int=0), 0)
    sites = visible(read.who, "stock.read", site)
    if not moment.is_now and site is None and product is None:
        raise BadValue("Looking back at lots needs a site or a product", field="site")
    async with read.connection() as tx:
        if moment.is_now:
            rows = await list_lots(tx, product, sites, LotsAsked(by, state, number or None, keys, limit))
        else:
            rows = await lots_at(tx, moment, sites, product, None, state, number or None, by, *keys, limit)
    decimals = exponent(read.runtime)
    shown = [_here(row, today, decimals) for row in rows]
    last = (
        cursor_encode(rows[-1]["expires_on"] or NEVER, rows[-1]["id"], rows[-1]["row_id"])
        if len(rows) == limit
        else None
    )
    return Page(rows=shown, next=last)


def _here(row: Any, today: date, money_decimals: int) -> LotHere:
    decimals, expires_on = row["unit_decimals"], row["expires_on"]
    return LotHere(
        lot_id=row["id"], lot_number=row["number"], manufacturer=row["manufacturer"], expires_on=expires_on,
        days_left=None if expires_on is None else (expires_on - today).days, received_at=row["received_at"],
        owner=row["owner"], supplier_id=row["supplier_id"], purchase_order=row["purchase_order"], origin=row["origin"],
        site=row["site"], state=row["kind"], area=row["area"], product_id=row["product_id"], code=row["code"],
        name=row["name"], unit=row["unit"], quantity=format_quantity(row["on_hand"], decimals),
        cost_minor=row["cost_minor"],
        unit_cost=price_text(unit_cost(row["cost_minor"], row["on_hand"], decimals, money_decimals)),
    )  # fmt: skip


@router.get("/lots/{lot_id}", permission="stock.read", refusals=(UnknownLot,))
async def lot(read: Read, lot_id: UUID, as_of: AsOf = None, known_at: KnownAt = None) -> LotOut:
    """One lot, its source, and where of it anything lies (or lay) among the sites that may be seen."""
    moment = moment_of(as_of, known_at)
    sites = read.who.sites("stock.read")
    async with read.connection() as tx:
        row = await lot_row(tx, lot_id)
        if row is None:
            raise UnknownLot("No lot has this id", lot_id=str(lot_id))
        if moment.is_now:
            places = await lot_balances(tx, lot_id)
        else:
            asked = (lot_id, None, None, None, date(1, 1, 1), UUID(int=0), 0, LOT_PLACES_MAX)
            places = await lots_at(tx, moment, None, row["product_id"], *asked)
    shown = [
        LotPlace(
            site=one["site"],
            state=one["kind"],
            area=one["area"],
            quantity=format_quantity(one["on_hand"], row["unit_decimals"]),
            cost_minor=one["cost_minor"],
        )
        for one in places
        if sites is None or one["site"] in sites
    ]
    return LotOut(
        lot_id=lot_id, lot_number=row["number"], manufacturer=row["manufacturer"], expires_on=row["expires_on"],
        received_at=row["received_at"], owner=row["owner"], supplier_id=row["supplier_id"],
        purchase_order=row["purchase_order"], origin=row["origin"], product_id=row["product_id"], code=row["code"],
        name=row["name"], unit=row["unit"], unit_cost=price_text(row["unit_cost"]), places=shown,
    )  # fmt: skip


def _entry(cmd: Command) -> Entry:
    return Entry(datetime.now(UTC), cmd.who.actor, QUARANTINE, uuid7(), 0, trace())


@router.post("/lots/{lot_id}:quarantine", permission="stock.quarantine", refusals=REFUSALS)
async def quarantine(cmd: Cmd, lot_id: UUID, body: ApartIn) -> Answer[ApartOut]:
    """Set a lot apart at a site: it is not usable until somebody releases it (STK-16)."""
    async with cmd.transaction() as tx:
        apart = await set_apart(tx, lot_id, body.site, body.quantity, body.reason, _entry(cmd), exponent(cmd.runtime))
        return await cmd.answer(tx, apart_out(apart), site=body.site, reason=body.reason)


@router.post("/lots/{lot_id}:release", permission="stock.quarantine", refusals=(*REFUSALS, LotIsExpired, LotIsRecalled))
async def release(cmd: Cmd, lot_id: UUID, body: ApartIn) -> Answer[ApartOut]:
    """Put a lot that was set apart back on the shelf; an expired one is refused."""
    async with cmd.transaction() as tx:
        apart = await release_lot(tx, lot_id, body.site, body.quantity, body.reason, _entry(cmd), exponent(cmd.runtime))
        return await cmd.answer(tx, apart_out(apart), site=body.site, reason=body.reason)


def apart_out(apart: Apart) -> ApartOut:
    """What was set apart, in the API's words."""
    return ApartOut(
        lot_id=apart.lot.id,
        lot_number=apart.lot.number,
        product_id=apart.product.id,
        site=apart.site,
        quantity=apart.quantity,
        cost_minor=apart.cost_minor,
    )
