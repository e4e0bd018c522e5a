"""The only home of storage areas inside a site: a fridge, a room, a shelf (STK-42)."""

from collections.abc import Collection
from typing import NamedTuple

from lotwise.kit.database import Tx
from lotwise.stock.domain.refusals import AreaExists, UnknownSite
from lotwise.stock.domain.shelves import KINDS, RETAIL
from lotwise.stock.repository.areas import add_area, areas_of
from lotwise.stock.repository.definitions import sites_of


class Area(NamedTuple):
    """A storage area and what lies in it; the site's main shelf and back bar have no name. Cost in minor units."""

    location_id: int
    site: str
    purpose: str
    area: str
    lots: int
    value_minor: int


async def open_area(tx: Tx, site: str, area: str, purpose: str = RETAIL) -> Area:
    """Open an area for sale or at the back bar. Raises UnknownSite or AreaExists."""
    if site not in await sites_of(tx, [site]):
        raise UnknownSite("No site has this name", field="site", site=site)
    location_id = await add_area(tx, site, KINDS[purpose], area)
    if location_id is None:
        raise AreaExists(f"{site} has an area {area!r} already", field="area")
    return Area(location_id, site, purpose, area, 0, 0)


async def list_areas(tx: Tx, sites: Collection[str] | None) -> list[Area]:
    """The areas of these sites (None: of all), the main shelf of each first."""
    return [Area(*row) for row in await areas_of(tx, sites)]
