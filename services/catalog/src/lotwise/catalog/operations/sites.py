"""Use cases of sites and their taxes."""

from dataclasses import replace
from datetime import date
from typing import Any

from lotwise.catalog.domain import sites
from lotwise.catalog.domain.refusals import SiteTaken
from lotwise.catalog.domain.sites import Site, SiteTaxes, Slot
from lotwise.catalog.operations import telling
from lotwise.catalog.repository import changes, locking
from lotwise.catalog.repository import sites as rows
from lotwise.catalog.repository.changes import Change
from lotwise.kit.database import Tx
from lotwise.kit.etag import Expected
from lotwise.kit.outbox import tell
from lotwise.values import Unknown


async def load(tx: Tx, slug: str) -> Site:
    """The site. Raises Unknown."""
    site = await rows.find(tx, slug)
    if site is None:
        raise Unknown(f"There is no site {slug[:40]}.", field="slug")
    return site


async def create(tx: Tx, wanted: Site, who: str) -> Site:
    """Define a new site. Raises BadValue, SiteTaken."""
    await locking.definitions(tx)
    if await rows.find(tx, wanted.slug):
        raise SiteTaken(f"There is a site {wanted.slug} already.", field="slug")
    site = replace(sites.checked(wanted), revision=1)
    await rows.store(tx, site)
    await changes.keep(tx, [Change(f"site:{site.slug}", "created", None, site.name)], who)
    await tell(tx, telling.site_defined(site))
    return site


async def edit(tx: Tx, slug: str, wanted: dict[str, Any], expected: Expected, who: str) -> Site:
    """Change a site; an edit that changes nothing says nothing. Raises Unknown, Stale, BadValue."""
    await locking.definitions(tx)
    was = await load(tx, slug)
    expected.check(was.revision)
    site = sites.changed(was, sites.checked(replace(was, **wanted)))
    if site is None:
        return was
    await rows.store(tx, site)
    await changes.keep(tx, [Change(f"site:{slug}", *difference) for difference in sites.differences(was, site)], who)
    await tell(tx, telling.site_defined(site))
    return site


async def set_taxes(
    tx: Tx, slug: str, tax_1: Slot, tax_2: Slot, valid_from: date | None, today: date, who: str
) -> SiteTaxes:
    """Set a site's taxes from a day on: by default from the beginning for the first ones, then from today.

    The same taxes from the same day change nothing. Raises Unknown.
    """
    await locking.definitions(tx)
    await load(tx, slug)
    known = await rows.taxes(tx, slug)
    day = valid_from or (today if known else sites.BEGINNING)
    was = next((taxes for taxes in known if taxes.valid_from == day), None)
    if was is not None and (was.tax_1, was.tax_2) == (tax_1, tax_2):
        return was
    now = SiteTaxes(slug, day, tax_1, tax_2, was.revision + 1 if was else 1)
    await rows.store_taxes(tx, now)
    await changes.keep(tx, [Change(f"site:{slug}", f"tax from {day}", was, now)], who)
    await tell(tx, telling.tax_defined(now))
    return now
