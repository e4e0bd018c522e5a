"""The only home of the small shop that the tests of pricing sell in: products at known prices, discounts to put up."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.ids import named_id
from lotwise.sales.domain.charges import Asked, Priced, price_charge
from lotwise.sales.domain.definitions import Discount, Package, PackageItem, Price, Product, Site, TaxSlots
from lotwise.sales.domain.drafts import NOTHING_KNOWN, Circumstances, Rights
from lotwise.sales.domain.prices import PriceBook

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=9)
PERSON = Rights(state_facts=False, set_prices=False, discount=True, free=True)
MANAGER = PERSON._replace(set_prices=True, override=True)
TILL = Rights(state_facts=True, set_prices=True)
SKIN, GOODS = named_id("skin"), named_id("goods")


class ByHand(NamedTuple):
    """A discount that somebody gives."""

    discount_id: UUID | None = None
    percent: str | None = None
    amount: str | None = None
    reason: str = "a regular"


def product(code: str, kind: str = "physical", **more: Any) -> Product:
    """A product known by its code, without tax unless it is said."""
    made = Product(
        named_id(code), code, code.title(), kind, "retail" if kind == "physical" else None, None, "piece", 0, 0, 0,
        tax_inclusive=False, is_archived=False, revision=1,
    )  # fmt: skip
    return made._replace(**more)


def discount(name: str, value: str, **more: Any) -> Discount:
    """An automatic discount of so many percent for everybody everywhere."""
    made = Discount(
        named_id("discount", name), name, "line", "percent", round(float(value) * 1_000_000), 1_000_000, None,
        frozenset(), frozenset(), frozenset(), None, None, is_automatic=True, is_combinable=True, audience="everyone",
        coupon="", is_archived=False,
    )  # fmt: skip
    return made._replace(**more)


def package(code: str, kind: str, *items: tuple[str, str]) -> Package:
    """A package of so many units of products, by their codes."""
    held = tuple(
        PackageItem(named_id(one), round(float(count) * 1_000_000), is_unlimited=False) for one, count in items
    )
    return Package(named_id(code), kind, tuple(held), None, None, 0, (), "pro_rata")


def shop(prices: Iterable[tuple[Product, str]], *discounts: Discount, **site: Any) -> PriceBook:
    """A book of one site (5 % and 7 %) with these prices and discounts."""
    book = PriceBook()
    book.sites["harley"] = Site("harley", "Harley", "Europe/London", "sell", "line", 1)._replace(**site)
    book.taxes["harley"] = (TaxSlots(date(2000, 1, 1), "GST", 5_000_000, 13_000_000, "PST", 7_000_000, 9_975_000, 2),)
    for one, price in prices:
        book.put_product(one, [one.code])
        if price:
            set_price(book, one, price)
    book.put_discounts(discounts)
    return book


def set_price(book: PriceBook, one: Product, price: str, **more: Any) -> Price:
    """Give a product one more price."""
    micros = round(float(price) * 1_000_000)
    made = Price(named_id("price", one.code, price, *more), None, micros, LONG_AGO, None)._replace(**more)
    book.prices[one.product_id] = (*book.prices.get(one.product_id, ()), made)
    return made


def line(code: str, quantity: str = "1", **more: Any) -> Asked:
    """A line asked for by its code."""
    return Asked(None, code, quantity)._replace(**more)


def charge(
    book: PriceBook,
    *lines: Asked,
    rights: Rights = PERSON,
    around: Circumstances = NOTHING_KNOWN,
    at: datetime = NOW,
    is_fact: bool = False,
    **more: Any,
) -> Priced:
    """Price lines at the shop now."""
    return price_charge(book, "harley", lines, at, rights, is_fact=is_fact, around=around, **more)


def nets(priced: Priced) -> list[int]:
    """What each line of a charge comes to, before tax."""
    return [one.net_minor for one in priced.lines]


def taken(priced: Priced) -> list[list[tuple[str, int]]]:
    """What discounts took from each line."""
    return [[(one.name, one.minor) for one in line.more.discounts] for line in priced.lines]
