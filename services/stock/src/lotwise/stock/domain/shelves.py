"""The only home of where a lot may move within a site: shelves for sale, and the back bar for giving services."""

from lotwise.stock.domain.places import BACK_BAR, SHELF, Place, Site
from lotwise.stock.domain.refusals import UnknownArea

RETAIL = "retail"
KINDS = {RETAIL: SHELF, BACK_BAR: BACK_BAR}
"""The purposes of a place, and the kind of account that keeps them apart."""


def shelf_of(site: Site, purpose: str, area: str, field: str) -> Place:
    """The place of a site for a purpose, with a name or without. Raises UnknownArea."""
    found = site.places.get((KINDS[purpose], area))
    if found is None:
        words = "back bar" if purpose == BACK_BAR else "storage area"
        raise UnknownArea(f"{site.slug} has no {words} {area!r}", field=field, area=area)
    return found
