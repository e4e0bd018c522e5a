"""The only home of what sales hears from catalog."""

from collections.abc import Sequence
from typing import TypeVar

from lotwise.contracts.catalog import (
    CategoryDefined,
    CategoryPriceChanged,
    DiscountDefined,
    FunctionKeysPinned,
    PackageDefined,
    PreferencesDefined,
    PriceChanged,
    ProductArchived,
    ProductDefined,
    ProductPurposeChanged,
    RecipeDefined,
    SiteDefined,
    TaxDefined,
)
from lotwise.contracts.envelope import Event
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, Subscription
from lotwise.sales.operations import definitions, function_keys

E = TypeVar("E", bound=Event)


def _events(messages: Sequence[Message[E]]) -> list[E]:
    return [message.event for message in messages]


async def on_sites(tx: Tx, messages: Sequence[Message[SiteDefined]]) -> None:
    """Sites exist or changed."""
    await definitions.define_sites(tx, _events(messages))


async def on_taxes(tx: Tx, messages: Sequence[Message[TaxDefined]]) -> None:
    """Taxes of sites changed from a day on."""
    await definitions.define_taxes(tx, _events(messages))


async def on_categories(tx: Tx, messages: Sequence[Message[CategoryDefined]]) -> None:
    """Categories exist or were renamed."""
    await definitions.define_categories(tx, _events(messages))


async def on_products(tx: Tx, messages: Sequence[Message[ProductDefined]]) -> None:
    """Products exist or changed."""
    await definitions.define_products(tx, _events(messages))


async def on_archived(tx: Tx, messages: Sequence[Message[ProductArchived]]) -> None:
    """Products are no longer offered."""
    await definitions.archive_products(tx, [(one.event.product_id, one.event.revision) for one in messages])


async def on_purposes(tx: Tx, messages: Sequence[Message[ProductPurposeChanged]]) -> None:
    """Products moved among retail, consigned and back bar."""
    await definitions.change_purposes(tx, _events(messages))


async def on_prices(tx: Tx, messages: Sequence[Message[PriceChanged]]) -> None:
    """Prices begin or end."""
    await definitions.define_prices(tx, _events(messages))


async def on_category_prices(tx: Tx, messages: Sequence[Message[CategoryPriceChanged]]) -> None:
    """Prices of categories begin or end."""
    await definitions.define_category_prices(tx, _events(messages))


async def on_discounts(tx: Tx, messages: Sequence[Message[DiscountDefined]]) -> None:
    """Discounts exist or changed."""
    await definitions.define_discounts(tx, _events(messages))


async def on_packages(tx: Tx, messages: Sequence[Message[PackageDefined]]) -> None:
    """Packages exist or changed."""
    await definitions.define_packages(tx, _events(messages))


async def on_preferences(tx: Tx, messages: Sequence[Message[PreferencesDefined]]) -> None:
    """The chain's preferences changed."""
    await definitions.define_preferences(tx, _events(messages))


async def on_function_keys(tx: Tx, messages: Sequence[Message[FunctionKeysPinned]]) -> None:
    """Sites pinned products to function keys."""
    await function_keys.pin(tx, _events(messages))


async def on_recipes(tx: Tx, messages: Sequence[Message[RecipeDefined]]) -> None:
    """What services consume was told."""
    await definitions.define_recipes(tx, _events(messages))


catalog = Subscription(
    "catalog",
    {
        SiteDefined: on_sites,
        TaxDefined: on_taxes,
        CategoryDefined: on_categories,
        ProductDefined: on_products,
        ProductArchived: on_archived,
        ProductPurposeChanged: on_purposes,
        PriceChanged: on_prices,
        CategoryPriceChanged: on_category_prices,
        DiscountDefined: on_discounts,
        PackageDefined: on_packages,
        PreferencesDefined: on_preferences,
        RecipeDefined: on_recipes,
        FunctionKeysPinned: on_function_keys,
    },
)
