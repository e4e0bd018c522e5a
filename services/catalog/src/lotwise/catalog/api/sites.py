"""HTTP of sites and their taxes."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import Path
from pydantic import BaseModel, Field

from lotwise.catalog.api.shapes import Shape, Word
from lotwise.catalog.domain import sites as rules
from lotwise.catalog.domain.refusals import SiteTaken
from lotwise.catalog.domain.sites import Site, SiteTaxes, Slot
from lotwise.catalog.operations import sites
from lotwise.catalog.repository import sites as rows
from lotwise.contracts.fields import Day, Flag, PriceText, Text, Whole
from lotwise.kit.commands import Answer, Cmd, Read, dump
from lotwise.kit.etag import IfMatch, etag
from lotwise.kit.paging import Page
from lotwise.kit.web import Router
from lotwise.values import Unknown

router = Router(tags=["sites"])
SlugPath = Annotated[str, Path(max_length=40, pattern=r"^[a-z0-9-]{1,40}$")]


class SiteFields(Shape):
    """What of a site can be written; cash is rounded to so many minor units, packages are taxed when sold or used."""

    name: Text
    time_zone: Text
    legal_entity: Word = ""
    is_central_store: Flag = False
    stock_policy: Literal["warn", "block_at_zero", "block_at_minimum"] = "block_at_zero"
    stock_unreachable: Literal["sell", "refuse"] = "sell"
    tax_rounding: Literal["line", "invoice"] = "line"
    cash_rounding_minor: Annotated[Whole, Field(ge=1, le=1000)] = 1
    package_tax_point: Literal["sale", "redemption"] = "sale"


class SiteNew(SiteFields):
    """A new site; the slug is its identity for ever."""

    slug: Text


class SiteOut(SiteFields):
    """A site as it stands."""

    slug: str
    revision: int


class SlotShape(Shape):
    """One tax: its name and its two rates in percent."""

    name: Word = ""
    rate_1: PriceText = "0"
    rate_2: PriceText = "0"


class TaxFields(Shape):
    """The two taxes of a site, from a day on (today; for the first ones: from the beginning)."""

    tax_1: SlotShape = SlotShape()
    tax_2: SlotShape = SlotShape()
    valid_from: Day | None = None


class TaxOut(BaseModel):
    """The two taxes of a site from a day on."""

    slug: str
    valid_from: date
    tax_1: SlotShape
    tax_2: SlotShape
    revision: int


class TaxesOut(BaseModel):
    """All taxes of a site by the day they begin, and those of today."""

    today: TaxOut | None
    rows: list[TaxOut]


def _site(site: Site) -> SiteOut:
    return SiteOut.model_validate(asdict(site))


def _slot(slot: Slot) -> SlotShape:
    return SlotShape(name=slot.name, rate_1=rules.rate_text(slot.rate_1), rate_2=rules.rate_text(slot.rate_2))


def _taxes(taxes: SiteTaxes) -> TaxOut:
    return TaxOut(
        slug=taxes.slug,
        valid_from=taxes.valid_from,
        tax_1=_slot(taxes.tax_1),
        tax_2=_slot(taxes.tax_2),
        revision=taxes.revision,
    )


def _today(site: Site) -> date:
    return datetime.now(UTC).astimezone(ZoneInfo(site.time_zone)).date()


@router.get("/sites", permission="catalog.read")
async def list_sites(read: Read) -> Page[SiteOut]:
    """All sites, by slug."""
    async with read.connection() as tx:
        return Page(rows=[_site(site) for site in await rows.every(tx)])


@router.post("/sites", permission="catalog.site", status_code=201, refusals=(SiteTaken,))
async def create_site(cmd: Cmd, body: SiteNew) -> Answer[SiteOut]:
    """Define a new site."""
    async with cmd.transaction() as tx:
        site = await sites.create(tx, Site(**body.model_dump()), cmd.who.actor)
        return await cmd.answer(tx, _site(site), 201, target=site.slug, revision=site.revision)


@router.get("/sites/{slug}", permission="catalog.read", refusals=(Unknown,), site="chain")
async def get_site(read: Read, slug: SlugPath) -> Answer[SiteOut]:
    """One site."""
    async with read.connection() as tx:
        site = await sites.load(tx, slug)
    return Answer(dump(_site(site)), headers={"ETag": etag(site.revision)})


@router.put("/sites/{slug}", permission="catalog.site", refusals=(Unknown,))
async def edit_site(cmd: Cmd, slug: SlugPath, body: SiteFields, expected: IfMatch) -> Answer[SiteOut]:
    """Change a site."""
    cmd.who.at("catalog.site", slug)
    async with cmd.transaction() as tx:
        site = await sites.edit(tx, slug, body.model_dump(exclude_unset=True), expected, cmd.who.actor)
        return await cmd.answer(tx, _site(site), revision=site.revision)


@router.get("/sites/{slug}/tax", permission="catalog.read", refusals=(Unknown,), site="chain")
async def get_taxes(read: Read, slug: SlugPath) -> TaxesOut:
    """The taxes of a site: all over time, and today's."""
    async with read.connection() as tx:
        site = await sites.load(tx, slug)
        known = await rows.taxes(tx, slug)
    valid = [taxes for taxes in known if taxes.valid_from <= _today(site)]
    return TaxesOut(today=_taxes(valid[-1]) if valid else None, rows=[_taxes(taxes) for taxes in known])


@router.put("/sites/{slug}/tax", permission="catalog.site", refusals=(Unknown,))
async def set_taxes(cmd: Cmd, slug: SlugPath, body: TaxFields) -> Answer[TaxOut]:
    """Set the taxes of a site from a day on; the same again changes nothing."""
    cmd.who.at("catalog.site", slug)
    slots = [rules.slot_of(slot.name, slot.rate_1, slot.rate_2) for slot in (body.tax_1, body.tax_2)]
    async with cmd.transaction() as tx:
        today = _today(await sites.load(tx, slug))
        taxes = await sites.set_taxes(tx, slug, slots[0], slots[1], body.valid_from, today, cmd.who.actor)
        return await cmd.answer(tx, _taxes(taxes), revision=taxes.revision)
