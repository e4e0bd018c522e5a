"""The only home of why a line costs what it costs (SAL-13, N-17): every rule that fired, and those that nearly did.

Rules come in the order in which the engine worked, each as a sentence with the id of its record.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from lotwise.sales.domain.charges import ChargeLine, Priced
from lotwise.sales.domain.definitions import Discount, Price, Product
from lotwise.sales.domain.discounts import BUNDLE, LINE, money
from lotwise.sales.domain.lines import Share
from lotwise.sales.domain.offers import why_not
from lotwise.sales.domain.prices import PriceBook, category_price_at
from lotwise.sales.domain.receipts import line_taxes
from lotwise.sales.domain.taxes import CODES
from lotwise.values import format_minor, format_quantity, site_day
from lotwise.values import price_text as written

SOON = timedelta(days=31)
"""How far ahead a price that is to come is told."""
MILLION = 1_000_000
FREE = {
    "touch_up": "a touch-up",
    "compensation": "a compensation",
    "training": "training",
    "tester": "a tester",
    "staff": "use by staff",
}
price_text = lru_cache(maxsize=4096)(written)


class Rule(NamedTuple):
    """One rule that priced a line, or that nearly did: its kind, its record, and a sentence about it."""

    rule: str
    is_applied: bool
    text: str
    record_id: UUID | None = None


class Near:
    """What is known beside the lines of a priced charge: the price book, and what its promotions need."""

    def __init__(self, priced: Priced, book: PriceBook, exponent: int = 2) -> None:
        self.priced = priced
        self.book = book
        self.exponent = exponent
        self.day = site_day(priced.happened_at, priced.site.time_zone)
        self._why: dict[UUID, str] = {}

    def why(self, discount: Discount, line: ChargeLine) -> str:
        """Why a promotion for a line's product took nothing from it."""
        if discount.scope == LINE and discount.discount_id not in self._why:
            found = why_not(discount, self.priced.site.slug, self.day, is_member=self.priced.is_member)
            if found is None:
                return _short([line], discount, self.exponent)
            self._why[discount.discount_id] = found
        elif discount.discount_id not in self._why:
            self._why[discount.discount_id] = why_not(
                discount, self.priced.site.slug, self.day, is_member=self.priced.is_member
            ) or _short(self._fitting(discount), discount, self.exponent)
        return self._why[discount.discount_id]

    def _fitting(self, discount: Discount) -> list[ChargeLine]:
        products = self.book.products
        return [one for one in self.priced.lines if (found := products.get(one.product_id)) and discount.fits(found)]


def explain(priced: Priced, line: ChargeLine, product: Product, exponent: int = 2) -> list[str]:
    """The steps from the list price to the line's total, a sentence each."""
    return [rule.text for rule in rules_of(priced, line, product, exponent)]


def rules_of(
    priced: Priced, line: ChargeLine, product: Product, exponent: int = 2, near: Near | None = None
) -> list[Rule]:
    """The rules of a line in the order in which they worked; with what is near also those that nearly did."""
    book = None if near is None else near.book
    return [
        *_price(priced, line, product, book),
        *(_other_prices(priced, line, product, book) if book is not None else ()),
        Rule("amount", is_applied=True, text=_charged(line, exponent)),
        *_discounts(line, exponent),
        *(_other_discounts(near, line, product) if near is not None else ()),
        *(Rule("tax", is_applied=True, text=text) for text in _taxes(priced, line, exponent)),
        Rule("total", is_applied=True, text=f"Line total {format_minor(line.total_minor, exponent)}."),
    ]


def _price(priced: Priced, line: ChargeLine, product: Product, book: PriceBook | None) -> Iterator[Rule]:
    more, unit = line.more, product.unit
    listed = None if line.list_price is None else price_text(line.list_price)
    if listed is None:
        yield Rule("price", is_applied=True, text="The price book has no price here; the price was given.")
        return
    price = _known_price(priced, line, product, book)
    whose = "" if price is None else _whose(price)
    if more.minutes is not None and product.price_per != "unit":
        text = f"List price {listed} for {more.minutes} minutes, by the {product.price_per}{whose}."
    else:
        text = f"List price {listed} per {unit}{whose}."
    if line.list_price == line.unit_price:
        yield Rule("price", is_applied=True, text=text, record_id=line.price_id)
        return
    charged = price_text(line.unit_price)
    yield Rule("price", is_applied=True, text=f"{text[:-1]}; charged {charged}.", record_id=line.price_id)
    if more.kit_id is not None:
        kit = book.products.get(more.kit_id) if book is not None else None
        name = "a kit" if kit is None else kit.name
        told = f"Part of {name}: its price is shared by what the parts cost alone."
        yield Rule("kit", is_applied=True, text=told, record_id=more.kit_id)
    if more.redeems is not None:
        yield Rule("balance", is_applied=True, text="Taken from a balance: nothing to pay.", record_id=more.redeems)
    if more.free_reason:
        yield Rule("free", is_applied=True, text=f"Given away as {FREE.get(more.free_reason, more.free_reason)}.")


def _known_price(priced: Priced, line: ChargeLine, product: Product, book: PriceBook | None) -> Price | None:
    if book is None:
        return None
    for price in book.prices.get(product.product_id, ()):
        if price.price_id == line.price_id:
            return price
    return book.price(product.product_id, priced.site.slug, priced.happened_at, is_member=priced.is_member)


def _whose(price: Price) -> str:
    if price.audience == "category":
        return ", from its category"
    members = " for members" if price.audience == "members" else ""
    return f"{members} at this site" if price.at_site is not None else members


def _other_prices(priced: Priced, line: ChargeLine, product: Product, book: PriceBook) -> Iterator[Rule]:
    """Prices that are in force and went behind another, or begin soon."""
    site, at = priced.site.slug, priced.happened_at
    for price in sorted(book.prices.get(product.product_id, ()), key=lambda one: (one.valid_from, one.price_id)):
        is_here = price.at_site is None or price.at_site == site
        is_over = price.valid_to is not None and price.valid_to <= at
        if price.price_id == line.price_id or not is_here or is_over or price.valid_from > at + SOON:
            continue
        text = f"{price_text(price.micros)}{_whose(price)}"
        if price.valid_from > at:
            day = site_day(price.valid_from, priced.site.time_zone).isoformat()
            told = f"From {day} on: {text}."
        elif price.audience == "members" and not priced.is_member:
            told = f"Not taken: {text}, for an active membership only."
        else:
            told = f"Not taken: {text}, another price goes first."
        yield Rule("price", is_applied=False, text=told, record_id=price.price_id)
    rules = book.category_prices.get(product.category_id, ()) if product.category_id is not None else ()
    by_category = category_price_at(rules, product, site, at)
    if by_category is not None and by_category.price_id != line.price_id:
        told = f"Not taken: {price_text(by_category.micros)} of its category; the product has a price of its own."
        yield Rule("price", is_applied=False, text=told, record_id=by_category.price_id)


def _charged(line: ChargeLine, exponent: int) -> str:
    quantity = format_quantity(line.quantity, line.unit_decimals)
    before = line.net_minor + (line.tax_1_minor + line.tax_2_minor if line.tax_inclusive else 0)
    before += sum(one.minor for one in line.more.discounts)
    inside = ", tax included" if line.tax_inclusive else ""
    return f"{quantity} at {price_text(line.unit_price)} = {format_minor(before, exponent)}{inside}."


def _discounts(line: ChargeLine, exponent: int) -> Iterator[Rule]:
    for one in line.more.discounts:
        why = f" ({one.reason})" if one.reason else ""
        text = f"{one.name}{why}: {format_minor(one.minor, exponent)} off."
        yield Rule("discount", is_applied=True, text=text, record_id=one.discount_id)


def _other_discounts(near: Near, line: ChargeLine, product: Product) -> Iterator[Rule]:
    """Promotions for this product that were not taken, and why."""
    more = line.more
    if line.net_minor <= 0 and not more.discounts:
        return
    known = {one.discount_id for one in more.discounts}
    kit = near.book.products.get(more.kit_id) if more.kit_id is not None else None
    is_given = kit is None and line.list_price is not None and line.list_price != line.unit_price
    for discount in near.book.automatic:
        if discount.discount_id in known or not discount.fits(kit or product):
            continue
        why = "is not taken from a price that was given" if is_given else near.why(discount, line)
        yield Rule(
            "discount", is_applied=False, text=f"Not taken: {discount.name} {why}.", record_id=discount.discount_id
        )


def _short(counted: Sequence[ChargeLine], discount: Discount, exponent: int) -> str:
    """Why a promotion in force took nothing from lines that it fits."""
    bought = sum(one.quantity * 10 ** (6 - one.unit_decimals) for one in counted)
    if bought < discount.min_quantity and (discount.scope == BUNDLE or discount.min_quantity > MILLION):
        size = format_quantity(discount.min_quantity, 6)
        return f"needs {size} bought together, here are {format_quantity(bought, 6)}"
    spent = sum(one.net_minor + sum(off.minor for off in one.more.discounts) for one in counted)
    least = money(discount.min_spend or 0, exponent)
    if spent < least:
        return f"needs {format_minor(least, exponent)} spent, here are {format_minor(spent, exponent)}"
    return "cannot be combined; what was taken is better"


def _taxes(priced: Priced, line: ChargeLine, exponent: int) -> list[str]:
    if line.more.shares:
        return _shared_taxes(priced, line.more.shares, exponent)
    slots = priced.slots
    one, two = CODES[line.tax_code]
    if line.more.owed in {"package", "membership"}:
        return ["No tax now: what it holds is taxed when it is used."]
    if not one and not two:
        return ["No tax (tax code 0)."]
    base = f"{slots.name_1 or 'Tax 1'} included" if one and line.application_code else "the price"
    rounding = "per line" if priced.site.tax_rounding == "line" else "once per invoice"
    return [
        f"{tax.name} {percent_text(tax.rate)} % on {base if slot == 2 else 'the price'}"
        f" = {format_minor(tax.tax_minor, exponent)}, rounded {rounding}."
        for slot, tax in line_taxes(line, slots)
    ] or ["No tax: this site has none."]


def _shared_taxes(priced: Priced, shares: Sequence[Share], exponent: int) -> list[str]:
    """A package's price is shared by what its products cost alone; each share has the taxes of its product."""
    names = (priced.slots.name_1 or "Tax 1", priced.slots.name_2 or "Tax 2")
    told = []
    for share in shares:
        quantity = format_quantity(share.quantity, 6)
        taxes = [
            f"{name} {format_minor(tax, exponent)}"
            for name, tax in zip(names, (share.tax_1_minor, share.tax_2_minor), strict=True)
            if tax
        ]
        with_tax = " and ".join(taxes) or "no tax"
        told.append(f"Of it {format_minor(share.net_minor, exponent)} for {quantity} of what it holds: {with_tax}.")
    return told


@lru_cache(maxsize=1024)
def percent_text(rate: int) -> str:
    """A rate in millionths of a percent as a decimal: 9_975_000 → "9.975", 5_000_000 → "5"."""
    return format_quantity(rate, 6)
