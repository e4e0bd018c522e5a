"""Use cases of the price list."""

from datetime import datetime
from uuid import UUID

from lotwise.catalog.domain import prices, variants
from lotwise.catalog.domain.prices import BEGINNING, EVERYONE, Plan, Price
from lotwise.catalog.domain.products import micros
from lotwise.catalog.operations import products, sites, telling
from lotwise.catalog.repository import changes, locking
from lotwise.catalog.repository import prices as rows
from lotwise.catalog.repository.changes import Change
from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell


async def set_price(
    tx: Tx,
    product_id: UUID,
    price: str,
    at_site: str | None,
    period: tuple[datetime | None, datetime | None],
    who: str,
    audience: str = EVERYONE,
) -> list[Price]:
    """Put a price on the list of an audience, for the chain or one site, and give the list of that place.

    Without a beginning the first price is valid from the beginning of time and later ones from now.
    Raises Unknown, BadValue, PriceOverlap, BaseNotSold.
    """
    await locking.definitions(tx)
    shown = await products.load(tx, product_id)
    variants.check_unpriced(product_id, shown.product.code, shown.variants)
    if at_site is not None:
        await sites.load(tx, at_site)
    now = await rows.moment(tx)
    known = [
        row for row in (await rows.of_products(tx, [product_id]))[product_id] if row.shares_list(at_site, audience)
    ]
    begins = period[0] or (now if known else BEGINNING)
    wanted = Price(uuid7(), product_id, at_site, micros("price", price), begins, period[1], audience=audience)
    plan = prices.place(known, wanted, uuid7(), now)
    await store(tx, plan, who)
    return [row for row in (await rows.of_products(tx, [product_id]))[product_id] if row.shares_list(at_site, audience)]


async def store(tx: Tx, plan: Plan[Price], who: str) -> None:
    """Keep what became of the list, with its history and its events."""
    await rows.apply(tx, [plan])
    told = (*plan.changed, *plan.new)
    await changes.keep(tx, [Change(f"product:{row.product_id}", "price", None, row) for row in told], who)
    await tell(tx, *(telling.price_changed(row) for row in told))
