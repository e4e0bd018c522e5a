"""Use cases of category prices."""

from datetime import datetime
from uuid import UUID

from lotwise.catalog.domain import periods
from lotwise.catalog.domain.category_prices import CategoryPrice, rule_of
from lotwise.catalog.domain.periods import BEGINNING, Plan
from lotwise.catalog.operations import sites, telling
from lotwise.catalog.repository import categories, changes, locking, prices
from lotwise.catalog.repository import category_prices as rows
from lotwise.catalog.repository.changes import Change
from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.values import Unknown


async def listed(tx: Tx, category_id: UUID) -> list[CategoryPrice]:
    """All rules a category had, has and will have. Raises Unknown."""
    if not await categories.known(tx, [category_id]):
        raise Unknown(f"There is no category {category_id}.")
    return (await rows.of_categories(tx, [category_id]))[category_id]


async def set_price(
    tx: Tx,
    category_id: UUID,
    rule: tuple[str | None, str | None],
    at_site: str | None,
    period: tuple[datetime | None, datetime | None],
    who: str,
) -> list[CategoryPrice]:
    """Put a rule (amount or mark-up, as decimal strings) on a category's list, for the chain or one site.

    Without a beginning the first rule is valid from the beginning of time and later ones from now.
    Raises Unknown, BadValue, PriceOverlap.
    """
    await locking.definitions(tx)
    known = [row for row in await listed(tx, category_id) if row.at_site == at_site]
    if at_site is not None:
        await sites.load(tx, at_site)
    now = await prices.moment(tx)
    begins = period[0] or (now if known else BEGINNING)
    wanted = CategoryPrice(uuid7(), category_id, at_site, *rule_of(*rule), begins, period[1])
    await _store(tx, periods.place(known, wanted, uuid7(), now), who)
    return [row for row in await listed(tx, category_id) if row.at_site == at_site]


async def load(tx: Tx, category_price_id: UUID) -> CategoryPrice:
    """The rule. Raises Unknown."""
    row = await rows.find(tx, category_price_id)
    if row is None:
        raise Unknown(f"There is no category price {category_price_id}.")
    return row


async def withdraw(tx: Tx, category_price_id: UUID, who: str) -> CategoryPrice:
    """End a rule now, or take back one that has not begun. Raises Unknown, BadValue for one that is over."""
    await locking.definitions(tx)
    row = periods.ended(await load(tx, category_price_id), await prices.moment(tx))
    await _store(tx, Plan(changed=(row,)), who)
    return row


async def _store(tx: Tx, plan: Plan[CategoryPrice], who: str) -> None:
    await rows.apply(tx, plan)
    told = (*plan.changed, *plan.new)
    await changes.keep(tx, [Change(f"category:{row.category_id}", "price", None, row) for row in told], who)
    await tell(tx, *(telling.category_price_changed(row) for row in told))
