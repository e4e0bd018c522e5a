"""The catalog's table of contents: every route group, subscription and job."""

from lotwise.catalog.api import batches, categories, desk, preferences, prices, products, recipes, sites
from lotwise.catalog.handlers import purchasing
from lotwise.catalog.settings import CatalogSettings
from lotwise.contracts.purchasing import CostUpdated, SupplierDefined
from lotwise.kit.inbox import Subscription
from lotwise.kit.service import Service

SERVICE = Service(
    name="catalog",
    package="lotwise.catalog",
    settings=CatalogSettings,
    routers=(
        sites.router,
        categories.router,
        products.router,
        batches.router,
        prices.router,
        recipes.router,
        desk.router,
        preferences.router,
    ),
    subscriptions=(
        Subscription(
            speaker="purchasing",
            handlers={CostUpdated: purchasing.on_costs, SupplierDefined: purchasing.on_suppliers},
        ),
    ),
)
