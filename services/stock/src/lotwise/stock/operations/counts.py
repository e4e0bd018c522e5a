"""The only home of a count's life: opened over a part of a site, confirmed by a witness, called off (STK-05, N-15)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.stock.domain import counts, places
from lotwise.stock.domain.counts import Count, Rules
from lotwise.stock.domain.places import Site
from lotwise.stock.domain.refusals import (
    CountClosed,
    CountTooLarge,
    NothingToCount,
    NotKept,
    UnknownArea,
    UnknownCount,
    UnknownProduct,
    UnknownSite,
    WitnessNeeded,
)
from lotwise.stock.repository.counts import (
    CountDraft,
    add_count,
    add_lines,
    classes_of,
    close_count,
    is_category,
    lock_count,
    products_of_category,
    sheet_of,
    witness_count,
)
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.values import BadValue, site_day

LINES_MAX = 20_000


class Scope(NamedTuple):
    """The part of a site to count: an area, a category, a class, named products; all that is None is everything."""

    area: str | None = None
    category_id: UUID | None = None
    abc_class: str | None = None
    product_ids: Sequence[UUID] = ()


class Opening(NamedTuple):
    """A count as it is asked for."""

    count_id: UUID
    site: str
    kind: str
    scope: Scope
    rules: Rules
    note: str
    actor: str
    plan_id: UUID | None = None


async def open_count(tx: Tx, one: Opening) -> bool:
    """Write the sheet of a count: one line for each lot at each place in its scope; False when the count exists.

    Nothing is locked: the site goes on selling. Raises UnknownSite, UnknownArea, UnknownProduct, NotKept, BadValue,
    NothingToCount or CountTooLarge.
    """
    now = datetime.now(UTC)
    site = await checked_site(tx, one.site, one.scope)
    products = await _products(tx, site, one.scope, now)
    draft = CountDraft(
        one.count_id, one.site, one.kind, one.scope.area, one.scope.category_id, one.scope.abc_class, one.plan_id,
        one.rules, one.note, now, one.actor,
    )  # fmt: skip
    if not await add_count(tx, draft):
        return False
    sheet = await sheet_of(tx, one.site, one.scope.area, products, one.scope.product_ids, LINES_MAX)
    if not sheet:
        raise NothingToCount(
            "Nothing lies in that part of the site",
            ways_out=("choose another area or class", "name the products, to count what should not be there"),
        )
    if len(sheet) > LINES_MAX:
        raise CountTooLarge(
            f"One count holds {LINES_MAX} lines", ways_out=("count by area", "count by class"), lines_max=LINES_MAX
        )
    await add_lines(tx, one.count_id, [(number, uuid7(), line) for number, line in enumerate(sheet, start=1)])
    return True


async def checked_site(tx: Tx, slug: str, scope: Scope) -> Site:
    """The site, when the scope makes sense there. Raises what `open_count` raises of its scope."""
    site = (await sites_of(tx, [slug])).get(slug)
    if site is None:
        raise UnknownSite("No site has this name", field="site", site=slug)
    if scope.area is not None and (places.SHELF, scope.area) not in site.places:
        raise UnknownArea(f"{slug} has no storage area {scope.area!r}", field="area")
    if scope.category_id is not None and not await is_category(tx, scope.category_id):
        raise BadValue("No category has this id", field="category_id")
    found = await products_of(tx, set(scope.product_ids))
    for product_id in scope.product_ids:
        if product_id not in found:
            raise UnknownProduct("No product has this id", field="product_ids", product_id=str(product_id))
        if not found[product_id].is_kept:
            raise NotKept(f"{found[product_id].name} has no stock to count", field="product_ids")
    return site


async def _products(tx: Tx, site: Site, scope: Scope, now: datetime) -> set[UUID] | None:
    """The products of a scope, None for all."""
    parts: list[set[UUID]] = []
    if scope.category_id is not None:
        parts.append(await products_of_category(tx, scope.category_id))
    if scope.abc_class is not None:
        classes = await classes_of(tx, site.slug, site_day(now, site.zone))
        parts.append({product for product, letter in classes.items() if letter == scope.abc_class})
    if scope.product_ids:
        parts.append(set(scope.product_ids))
    return set.intersection(*parts) if parts else None


async def open_one(tx: Tx, count_id: UUID) -> Count:
    """The count under its lock, still open. Raises UnknownCount or CountClosed with who closed it and when."""
    count = await lock_count(tx, count_id)
    if count is None:
        raise UnknownCount("No count has this id", count_id=str(count_id))
    if count.state != counts.OPEN:
        raise CountClosed(
            f"{count.name} was {count.state} already",
            ways_out=("open a new count",),
            number=count.name,
            state=count.state,
            closed_at=count.closed_at.isoformat() if count.closed_at else "",
            closed_by=count.closed_by or "",
        )
    return count


async def cancel_count(tx: Tx, count_id: UUID, actor: str) -> None:
    """Call a count off: what was counted stays readable, nothing is posted. Raises UnknownCount or CountClosed."""
    count = await open_one(tx, count_id)
    await close_count(tx, count.id, counts.CANCELLED, datetime.now(UTC), actor)


async def witness(tx: Tx, count_id: UUID, revision: int, actor: str) -> None:
    """Confirm the figures of a count as a second person, at the revision that was looked at (N-22).

    Raises UnknownCount, CountClosed, or WitnessNeeded when the figures have changed since.
    """
    count = await open_one(tx, count_id)
    if count.revision != revision:
        raise WitnessNeeded(
            "The count has changed since you looked at it",
            ways_out=("look at it again",),
            seen=revision,
            revision=count.revision,
        )
    await witness_count(tx, count.id, actor, datetime.now(UTC), revision)
