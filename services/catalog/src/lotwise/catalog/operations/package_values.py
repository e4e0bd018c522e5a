"""The one reading of what a package saves against its parts, at a site on a day (CAT-21)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from lotwise.catalog.domain import prices as price_rules
from lotwise.catalog.domain.category_prices import CategoryPrice, price_by
from lotwise.catalog.domain.package_values import Part, Saving, saving_of
from lotwise.catalog.domain.periods import valid_at
from lotwise.catalog.domain.prices import Price
from lotwise.catalog.domain.products import MINUTES, Product
from lotwise.catalog.operations import sites
from lotwise.catalog.operations.packages import Held
from lotwise.catalog.repository import category_prices, preferences, prices
from lotwise.kit.database import Tx
from lotwise.values import amount, day_bounds, half_up


class PriceBook:
    """The list prices of some products at one place and instant, by the chain's rules."""

    def __init__(
        self,
        place: tuple[str | None, datetime],
        lists: tuple[Mapping[UUID, Sequence[Price]], Mapping[UUID, Sequence[CategoryPrice]]],
        slot_minutes: int,
        minor_exponent: int,
    ) -> None:
        self._site, self._instant = place
        self._prices, self._rules = lists
        self._slot_minutes = slot_minutes
        self._exponent = minor_exponent

    def price(self, product: Product) -> int | None:
        """The price in micros: the site's own, the chain's own, the category's at the site, the category's."""
        own = price_rules.valid_at(self._prices.get(product.id, ()), self._instant, self._site)
        if own is not None or product.category_id is None:
            return own.price if own is not None else None
        rule = valid_at(self._rules.get(product.category_id, ()), self._instant, self._site)
        return None if rule is None else price_by(rule, product.cost, self._exponent)

    def amount(self, product: Product, quantity: int) -> int | None:
        """What so many smallest units cost in minor units; what is priced by time takes its usual duration."""
        price = self.price(product)
        if price is None:
            return None
        if product.price_per in MINUTES:
            minutes = (product.duration_slots or 1) * self._slot_minutes
            price = half_up(price * minutes, MINUTES[product.price_per])
        return amount(price, quantity, product.unit_decimals, self._exponent)


async def price_book(
    tx: Tx, products: Sequence[Product], site: str | None, day: date | None, minor_exponent: int
) -> PriceBook:
    """The list prices of products at a site (or the chain's), now or at the beginning of a day. Raises Unknown."""
    instant = await prices.moment(tx)
    zone = (await sites.load(tx, site)).time_zone if site is not None else "UTC"
    if day is not None:
        instant = max(day_bounds(day, zone)[0], datetime(1970, 1, 1, tzinfo=UTC))
    own = await prices.of_products(tx, [row.id for row in products])
    rules = await category_prices.of_categories(tx, [row.category_id for row in products if row.category_id])
    slot_minutes = (await preferences.get(tx)).slot_minutes
    return PriceBook((site, instant), (own, rules), slot_minutes, minor_exponent)


def value_of(held: Held, book: PriceBook) -> tuple[Saving, dict[UUID, Part]]:
    """What a package saves, and what each thing it holds costs on its own.

    What is given as often as wanted counts with the quantity that the package names for it.
    """
    parts = {
        item.product_id: Part(item.product_id, book.amount(held.parts[item.product_id].product, item.quantity))
        for item in held.package.items
    }
    product = held.product.product
    return saving_of(book.amount(product, 10**product.unit_decimals), list(parts.values())), parts
