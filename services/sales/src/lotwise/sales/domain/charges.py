"""The only home of the engine that prices and taxes a charge: desk, tills, imports and quotes take this door."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from lotwise.sales.domain.definitions import Price, Product, Site, TaxSlots
from lotwise.sales.domain.lines import Asked, AskedLine, ChargeLine
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.domain.refusals import (
    AmountTooLarge,
    BadMoment,
    BadPrice,
    BadQuantity,
    NoPrice,
    NotForSale,
    NotPermitted,
    ProductIsArchived,
    UnknownProduct,
    UnknownSite,
)
from lotwise.sales.domain.taxes import Taxable, Taxed, rates_of, tax_invoice, tax_line
from lotwise.sales.domain.tenders import Tender
from lotwise.values import BIGINT_MAX, amount, parse_price, parse_quantity, site_day

__all__ = ["Asked", "AskedLine", "Charge", "ChargeLine", "Priced", "Rights", "check_moment", "price_charge"]
LINES_MAX = 500
CLOCK_SLACK = timedelta(minutes=5)
"""How far a caller's clock may differ from ours before a charge is in the future, or back-dated."""


class Rights(NamedTuple):
    """What the caller may do beyond charging: state facts and corrections, or set prices."""

    state_facts: bool
    set_prices: bool


class Priced(NamedTuple):
    """A charge priced at a site and instant, with the tax definition it used; totals in minor units."""

    site: Site
    slots: TaxSlots
    happened_at: datetime
    lines: list[ChargeLine]
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int

    @property
    def total_minor(self) -> int:
        """What is asked of the member: net and both taxes."""
        return self.net_minor + self.tax_1_minor + self.tax_2_minor


class Charge(NamedTuple):
    """A recorded charge in the order of its columns, then its lines and tenders.

    `session_id` is the day of the till it was charged at; `due_minor` what is still to be paid of a desk's charge
    (what an outside till took of its charges is not known here: it is none).
    """

    charge_id: UUID
    site: str
    number: int
    state: str
    member_id: UUID | None
    happened_at: datetime
    currency: str
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int
    is_held: bool
    source: str
    actor: str
    request_hash: bytes
    tax_from: date
    tax_revision: int
    tax_rounding: str
    lines: Sequence[ChargeLine]
    tenders: Sequence[Tender]
    session_id: UUID | None = None
    due_minor: int = 0

    @property
    def total_minor(self) -> int:
        """What is asked of the member: net and both taxes."""
        return self.net_minor + self.tax_1_minor + self.tax_2_minor


def check_moment(happened_at: datetime, now: datetime, *, may_backdate: bool) -> None:
    """Refuse a charge in the future (BadMoment), or in the past without the right to back-date (NotPermitted)."""
    if happened_at > now + CLOCK_SLACK:
        raise BadMoment("the charge lies in the future", field="happened_at", happened_at=happened_at.isoformat())
    if happened_at < now - CLOCK_SLACK and not may_backdate:
        raise NotPermitted("a charge in the past needs the permission charge.backdate", field="happened_at")


def price_charge(
    book: PriceBook,
    slug: str,
    asked: Sequence[AskedLine],
    at: datetime,
    rights: Rights,
    *,
    is_fact: bool,
    exponent: int = 2,
) -> Priced:
    """Price and tax the lines of a charge with the definitions in force at the site at that instant.

    A fact may name archived and back bar products: it happened. Raises UnknownSite, UnknownProduct, BadQuantity,
    BadPrice, NoPrice, ProductIsArchived, NotForSale, NotPermitted, AmountTooLarge.
    """
    site = book.sites.get(slug)
    if site is None:
        raise UnknownSite(f"no site is called {slug!r}", field="site")
    slots = book.slots(slug, site_day(at, site.time_zone))
    drafts = [
        _draft(book, slug, line, at, rights, is_fact=is_fact, exponent=exponent, index=i)
        for i, line in enumerate(asked)
    ]
    lines = _taxed(site, slots, drafts)
    net = tax_1 = tax_2 = 0
    for line in lines:
        net += line.net_minor
        tax_1 += line.tax_1_minor
        tax_2 += line.tax_2_minor
    if max(abs(net), abs(tax_1), abs(tax_2), abs(net + tax_1 + tax_2)) > BIGINT_MAX:
        raise AmountTooLarge("the charge adds up to more than money can be", field="lines")
    return Priced(site, slots, at, lines, net, tax_1, tax_2)


class _Draft(NamedTuple):
    line: int
    product: Product
    quantity: int
    unit_price: int
    price: Price | None
    amount: int
    tax_code: int
    application_code: int
    asked: AskedLine


def _draft(
    book: PriceBook,
    site: str,
    asked: AskedLine,
    at: datetime,
    rights: Rights,
    *,
    is_fact: bool,
    exponent: int,
    index: int,
) -> _Draft:
    product = find_product(book, asked, index)
    if not is_fact:
        _check_offered(product)
    quantity = _quantity(asked, product, index)
    price = book.price(product.product_id, site, at)
    unit_price = _unit_price(asked, product, price, rights, index)
    try:
        money = amount(unit_price, quantity, product.unit_decimals, exponent)
    except ValueError:
        raise AmountTooLarge("the line is too large to be money", field=f"lines.{index}") from None
    return _Draft(index + 1, product, quantity, unit_price, price, money, *product.tax_codes_at(site), asked)


def find_product(book: PriceBook, asked: AskedLine, index: int) -> Product:
    """The product a line names, by id or by code. Raises UnknownProduct."""
    if asked.product_id is not None:
        product = book.products.get(asked.product_id)
        named, field = str(asked.product_id), "product_id"
    else:
        product = book.by_code(asked.code or "")
        named, field = repr(asked.code), "code"
    if product is None:
        raise UnknownProduct(f"no product is known as {named}", field=f"lines.{index}.{field}")
    return product


def _check_offered(product: Product) -> None:
    if product.is_archived:
        raise ProductIsArchived(
            f"{product.name} is archived", ways_out=("restore the product",), code_of_product=product.code
        )
    if product.purpose == "back_bar":
        raise NotForSale(
            f"{product.name} is back bar: services consume it",
            ways_out=("change its type to retail", "charge the service"),
            code_of_product=product.code,
        )


def _quantity(asked: AskedLine, product: Product, index: int) -> int:
    try:
        quantity = parse_quantity(asked.quantity, product.unit_decimals)
    except ValueError as error:
        raise BadQuantity(str(error), field=f"lines.{index}.quantity") from None
    if quantity == 0:
        raise BadQuantity("a line needs a quantity other than zero", field=f"lines.{index}.quantity")
    if asked.effect == "sale" and quantity < 0:
        raise BadQuantity("a sale needs a quantity above zero", field=f"lines.{index}.quantity")
    if asked.effect in {"return", "adjustment"} and quantity > 0:
        raise BadQuantity(f"a line of kind {asked.effect} needs a quantity below zero", field=f"lines.{index}.quantity")
    return quantity


def _unit_price(asked: AskedLine, product: Product, price: Price | None, rights: Rights, index: int) -> int:
    if asked.effect != "sale" and not rights.state_facts:
        raise NotPermitted("corrections need the permission charge.backdate", field=f"lines.{index}.effect")
    if asked.unit_price is None:
        if price is None:
            raise NoPrice(
                f"{product.name} has no price at this site on that day",
                field=f"lines.{index}",
                ways_out=("set a price in the catalog", "give a price on the line"),
                code_of_product=product.code,
            )
        return price.micros
    micros = _given(asked.unit_price, index)
    if micros < 0 and asked.effect != "none":
        raise BadPrice("only a correction line may have a price below zero", field=f"lines.{index}.unit_price")
    if price is not None and micros != price.micros and not (rights.state_facts or rights.set_prices):
        raise NotPermitted(
            "another price than the price book's needs the permission catalog.price", field=f"lines.{index}.unit_price"
        )
    return micros


def _given(text: str, index: int) -> int:
    try:
        return parse_price(text)
    except ValueError as error:
        raise BadPrice(str(error), field=f"lines.{index}.unit_price") from None


def _taxed(site: Site, slots: TaxSlots, drafts: Sequence[_Draft]) -> list[ChargeLine]:
    if site.tax_rounding == "invoice":
        taxed = tax_invoice([_taxable(slots, draft) for draft in drafts])
        return [_line(draft, tax) for draft, tax in zip(drafts, taxed, strict=True)]
    return [
        _line(draft, tax_line(money, rates, inclusive=inside))
        for draft in drafts
        for money, rates, inside in (_taxable(slots, draft),)
    ]


def _taxable(slots: TaxSlots, draft: _Draft) -> Taxable:
    rates = rates_of(slots, draft.tax_code, draft.application_code)
    return Taxable(draft.amount, rates, draft.product.tax_inclusive)


def _line(draft: _Draft, tax: Taxed) -> ChargeLine:
    number, product, quantity, unit_price, price, _, tax_code, application_code, asked = draft
    return ChargeLine(
        number,
        product.product_id,
        product.revision,
        quantity,
        product.unit_decimals,
        asked.effect,
        unit_price,
        None if price is None else price.micros,
        None if price is None else price.price_id,
        tax.net,
        tax.tax_1,
        tax.tax_2,
        tax_code,
        application_code,
        product.tax_inclusive,
        asked.treatment_id,
        asked.lot_id,
        asked.description,
    )
