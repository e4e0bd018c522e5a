"""HTTP of storage areas: a fridge, a room, a shelf; and setting apart all that lay in one."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from lotwise.contracts.fields import Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.paging import Page
from lotwise.kit.web import Router
from lotwise.stock.api.lots import ApartOut, apart_out
from lotwise.stock.api.shapes import AreaName, ReasonText, Strict, exponent, trace
from lotwise.stock.domain.movements import QUARANTINE, Entry
from lotwise.stock.domain.refusals import AreaExists, UnknownArea, UnknownSite
from lotwise.stock.operations.apart import set_area_apart
from lotwise.stock.operations.areas import Area, list_areas, open_area

router = Router(tags=["areas"])


class AreaIn(Strict):
    """A new storage area of a site: on its shelves for sale, or at its back bar."""

    site: Slug
    area: Annotated[AreaName, Field(min_length=1)]
    purpose: Literal["retail", "back_bar"] = "retail"


class AreaApartIn(Strict):
    """Which area, and what happened there."""

    site: Slug
    area: AreaName
    reason: ReasonText


class AreaOut(BaseModel):
    """A storage area; the main shelf and the main back bar of a site have no name. Cost in minor units."""

    site: str
    area: str
    purpose: str
    lots: int
    value_minor: int


class AreaApartOut(BaseModel):
    """All lots that were set apart."""

    site: str
    area: str
    lots: list[ApartOut]


def _out(area: Area) -> AreaOut:
    return AreaOut(**area._asdict())


@router.get("/areas", permission="stock.read")
async def areas(read: Read, site: str | None = None) -> Page[AreaOut]:
    """The storage areas of a site, or of all that may be seen."""
    async with read.connection() as tx:
        return Page(rows=[_out(area) for area in await list_areas(tx, visible(read.who, "stock.read", site))])


@router.post("/areas", permission="stock.adjust", status_code=201, refusals=(UnknownSite, AreaExists))
async def add_area(cmd: Cmd, body: AreaIn) -> Answer[AreaOut]:
    """Open a storage area inside a site."""
    async with cmd.transaction() as tx:
        return await cmd.answer(
            tx, _out(await open_area(tx, body.site, body.area, body.purpose)), 201, target=body.area
        )


@router.post("/areas:quarantine", permission="stock.quarantine", refusals=(UnknownSite, UnknownArea))
async def quarantine_area(cmd: Cmd, body: AreaApartIn) -> Answer[AreaApartOut]:
    """Set apart all lots of an area in one action: the temperature was wrong (STK-42)."""
    entry = Entry(datetime.now(UTC), cmd.who.actor, QUARANTINE, uuid7(), 0, trace())
    async with cmd.transaction() as tx:
        apart = await set_area_apart(tx, body.site, body.area, body.reason, entry, exponent(cmd.runtime))
        answer = AreaApartOut(site=body.site, area=body.area, lots=[apart_out(one) for one in apart])
        return await cmd.answer(tx, answer, target=body.area, reason=body.reason)
