"""Purchasing's table of contents: every route group, subscription and job."""

from lotwise.contracts.catalog import ProductDefined, SiteDefined
from lotwise.kit.inbox import Subscription
from lotwise.kit.service import Service
from lotwise.purchasing.api import offers, orders, proofs, reads, receiving, suppliers
from lotwise.purchasing.handlers import catalog
from lotwise.purchasing.handlers.stock import stock
from lotwise.purchasing.jobs import jobs
from lotwise.purchasing.settings import PurchasingSettings
from lotwise.values import currency_exponent

_settings = PurchasingSettings()

SERVICE = Service(
    name="purchasing",
    package="lotwise.purchasing",
    settings=PurchasingSettings,
    routers=(suppliers.router, offers.router, orders.router, receiving.router, reads.router, proofs.router),
    subscriptions=(
        Subscription(speaker="catalog", handlers={SiteDefined: catalog.on_sites, ProductDefined: catalog.on_products}),
        stock(currency_exponent(_settings.currency)),
    ),
    jobs=jobs(_settings),
)
