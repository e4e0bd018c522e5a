"""The only home of which instants may be entered: not in the future, and the past only with permission."""

from datetime import UTC, datetime, timedelta

from lotwise.kit.principal import Principal
from lotwise.stock.domain.refusals import BadDate

BACKDATE = "stock.backdate"
CLOCKS_DIFFER = timedelta(minutes=5)


def happened(given: datetime | None, who: Principal, site: str) -> datetime:
    """The instant something was true: now, or the one given.

    Raises BadDate for a future one, Forbidden for a past one without the permission `stock.backdate` at the site.
    """
    now = datetime.now(UTC)
    if given is None:
        return now
    if given > now + CLOCKS_DIFFER:
        raise BadDate("It cannot have happened in the future", field="happened_at", given=given.isoformat())
    if given < now - CLOCKS_DIFFER:
        who.at(BACKDATE, site)
    return min(given, now)
