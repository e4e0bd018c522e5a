"""The catalog's table of contents: every route group, subscription and job."""

from lotwise.catalog.api import (
    batches,
    categories,
    category_prices,
    desk,
    discounts,
    exports,
    imports,
    packages,
    preferences,
    price_runs,
    prices,
    products,
    recipes,
    reviews,
    sites,
)
from lotwise.catalog.handlers import purchasing
from lotwise.catalog.jobs import FORGETTING, importing
from lotwise.catalog.operations.function_keys import tell_untold
from lotwise.catalog.operations.preferences import tell_first
from lotwise.catalog.settings import CatalogSettings
from lotwise.contracts.purchasing import CostUpdated, SupplierDefined
from lotwise.kit.inbox import Subscription
from lotwise.kit.service import Runtime, Service


async def tell_standing(runtime: Runtime) -> None:
    """Say what was never said: the chain's preferences at the first start, keys pinned before they were told."""
    async with runtime.db.transaction() as tx:
        await tell_first(tx)
        await tell_untold(tx)


SERVICE = Service(
    name="catalog",
    package="lotwise.catalog",
    settings=CatalogSettings,
    routers=(
        sites.router,
        categories.router,
        products.router,
        batches.router,
        exports.router,
        imports.router,
        prices.router,
        category_prices.router,
        price_runs.router,
        discounts.router,
        packages.router,
        recipes.router,
        reviews.router,
        desk.router,
        preferences.router,
    ),
    subscriptions=(
        Subscription(
            speaker="purchasing",
            handlers={CostUpdated: purchasing.on_costs, SupplierDefined: purchasing.on_suppliers},
        ),
    ),
    jobs=(importing(batches.read_row), FORGETTING),
    on_start=tell_standing,
)
