"""The only home of the price book: which product a code means, and what it costs at a site and instant."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from lotwise.sales.domain.definitions import NO_TAX, Price, Product, Site, TaxSlots


def price_at(prices: Iterable[Price], site: str, at: datetime) -> Price | None:
    """The price in force at a site: its own goes before the chain's, a later start before an earlier one."""
    best: Price | None = None
    for price in prices:
        if price.valid_from > at or (price.valid_to is not None and price.valid_to <= at):
            continue
        if price.at_site is not None and price.at_site != site:
            continue
        if best is None or _rank(price) > _rank(best):
            best = price
    return best


def _rank(price: Price) -> tuple[bool, datetime, UUID]:
    return price.at_site is not None, price.valid_from, price.price_id


def slots_at(slots: Iterable[TaxSlots], day: date) -> TaxSlots:
    """The taxes in force on a site's day (CAT-63); a site without any charges none."""
    started = [slot for slot in slots if slot.valid_from <= day]
    return max(started, key=lambda slot: slot.valid_from) if started else NO_TAX


class PriceBook:
    """Sales' own copy of the definitions, in memory: plain dictionaries of frozen values."""

    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}
        self.taxes: dict[str, tuple[TaxSlots, ...]] = {}
        self.products: dict[UUID, Product] = {}
        self.prices: dict[UUID, tuple[Price, ...]] = {}
        self.codes: dict[str, UUID] = {}
        self._names: dict[UUID, tuple[str, ...]] = {}

    def put_product(self, product: Product, names: Iterable[str]) -> None:
        """Keep a product under its id, and under its code, its barcodes and its packs' numbers."""
        product_id = product.product_id
        for name in self._names.get(product_id, ()):
            if self.codes.get(name) == product_id:
                del self.codes[name]
        self.products[product_id] = product
        self._names[product_id] = (product.code, *names)
        for name in self._names[product_id]:
            self.codes.setdefault(name, product_id)
        self.codes[product.code] = product_id

    def by_code(self, code: str) -> Product | None:
        """The product that a typed or scanned code means, case-sensitive."""
        product_id = self.codes.get(code)
        return None if product_id is None else self.products.get(product_id)

    def price(self, product_id: UUID, site: str, at: datetime) -> Price | None:
        """The price in force of a product at a site and instant."""
        return price_at(self.prices.get(product_id, ()), site, at)

    def slots(self, site: str, day: date) -> TaxSlots:
        """The taxes in force at a site on its day."""
        return slots_at(self.taxes.get(site, ()), day)
