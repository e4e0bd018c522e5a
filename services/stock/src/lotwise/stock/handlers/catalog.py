"""What stock hears from catalog: the definitions it keeps its own copies of."""

from functools import partial

from lotwise.contracts.catalog import (
    CategoryDefined,
    ProductArchived,
    ProductDefined,
    ProductPurposeChanged,
    SiteDefined,
)
from lotwise.kit.inbox import Subscription
from lotwise.stock.operations import definitions


def catalog(exponent: int) -> Subscription:
    """Sites, categories and products; `exponent` is the currency's decimals."""
    return Subscription(
        speaker="catalog",
        handlers={
            SiteDefined: definitions.define_sites,
            CategoryDefined: definitions.define_categories,
            ProductDefined: partial(definitions.define_products, exponent=exponent),
            ProductArchived: definitions.archive_products,
            ProductPurposeChanged: definitions.change_purposes,
        },
    )
