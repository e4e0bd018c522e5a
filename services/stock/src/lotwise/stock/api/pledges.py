"""HTTP of the units that a bill will hand out: which may be chosen, and which are promised to its charge (STK-19)."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from lotwise.contracts.fields import Id, Slug
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import SerialNumber, Strict
from lotwise.stock.domain.refusals import (
    LotIsExpired,
    LotIsRecalled,
    SerialExists,
    SerialMove,
    SerialsDiffer,
    UnknownProduct,
    UnknownSite,
)
from lotwise.stock.operations.pledges import pledge
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.pledges import free_units
from lotwise.stock.repository.serials import nameless
from lotwise.values import site_day

router = Router(tags=["serials"])
CHOICES_MAX = 500
NOBODY = UUID(int=0)


class PledgeLine(Strict):
    """The units of a product, by their serials."""

    product_id: Id
    serials: Annotated[tuple[SerialNumber, ...], Field(max_length=200)]


class PledgeIn(Strict):
    """The units that a charge will hand out; naming them anew replaces those named before."""

    site: Slug
    lines: Annotated[tuple[PledgeLine, ...], Field(max_length=200)]


class PledgedUnit(BaseModel):
    """A promised unit; its lot is unknown when it had no name so far."""

    product_id: UUID
    serial: str
    lot_id: UUID | None


class PledgeOut(BaseModel):
    """What is promised to the charge."""

    charge_id: UUID
    units: list[PledgedUnit]


class Choice(BaseModel):
    """A unit that may be handed out."""

    serial_id: UUID
    serial: str
    lot_id: UUID
    lot_number: str
    expires_on: date | None
    room: str


class Choices(BaseModel):
    """The units of a serialised product at a site, the earliest expiry first; `unnamed` ones have no serial yet."""

    product_id: UUID
    name: str
    units: list[Choice]
    unnamed: int


class ChoicesOut(BaseModel):
    """Of the asked products those that have serials."""

    rows: list[Choices]


@router.get("/serials/choices", permission="stock.read", refusals=(UnknownSite,))
async def choices(
    read: Read,
    site: Slug,
    product: Annotated[list[UUID], Query(min_length=1, max_length=200)],
    charge: UUID = NOBODY,
) -> ChoicesOut:
    """Which of these products have serials, and which units of them a charge may hand out here."""
    read.who.at("stock.read", site)
    now = datetime.now(UTC)
    async with read.connection() as tx:
        here = (await sites_of(tx, [site])).get(site)
        if here is None:
            raise UnknownSite("No site has this name", field="site", site=site)
        known = {key: one for key, one in (await products_of(tx, set(product))).items() if one.is_serialised}
        day = site_day(now, here.zone)
        found = await free_units(tx, site, known, day, now, charge, CHOICES_MAX) if known else []
        unnamed = Counter({key: await nameless(tx, site, key) for key in known})
    units: dict[UUID, list[Choice]] = defaultdict(list)
    for row in found:
        units[row["product_id"]].append(
            Choice(
                serial_id=row["id"],
                serial=row["number"],
                lot_id=row["lot_id"],
                lot_number=row["lot_number"],
                expires_on=row["expires_on"],
                room=row["room"],
            )
        )
    rows = [
        Choices(product_id=key, name=known[key].name, units=units[key], unnamed=unnamed[key])
        for key in dict.fromkeys(product)
        if key in known
    ]
    return ChoicesOut(rows=rows)


@router.post(
    "/charges/{charge_id}/serials:pledge",
    permission="charge.create",
    status_code=201,
    refusals=(
        UnknownSite, UnknownProduct, SerialsDiffer, SerialExists, SerialMove, LotIsRecalled, LotIsExpired,
    ),
)  # fmt: skip
async def pledge_serials(cmd: Cmd, charge_id: UUID, body: PledgeIn) -> Answer[PledgeOut]:
    """Name the units of a bill before its charge is recorded; the charge then hands them out, of their own lots."""
    cmd.who.at("charge.create", body.site)
    wanted: dict[UUID, list[str]] = defaultdict(list)
    for line in body.lines:
        wanted[line.product_id] += line.serials
    async with cmd.transaction() as tx:
        made = await pledge(tx, charge_id, body.site, wanted, cmd.who.actor)
        units = [PledgedUnit(product_id=one[0], serial=one[1], lot_id=one[2]) for one in made]
        return await cmd.answer(tx, PledgeOut(charge_id=charge_id, units=units), 201, site=body.site, target=charge_id)
