"""The only home of how an asked line becomes a draft: its product, its quantity, its price, and what it is for.

What most lines are is settled here in a few lookups; the rest goes through `_peculiar`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.sales.domain.definitions import Price, Product
from lotwise.sales.domain.lines import NOTHING_MORE, AskedLine, ChargeLine, LineDiscount, LineExtra
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.domain.pricing_refusals import (
    BadMinutes,
    ChooseVariant,
    MinutesNeeded,
    NameNeeded,
    PerformerNeeded,
)
from lotwise.sales.domain.refusals import (
    AmountTooLarge,
    BadPrice,
    BadQuantity,
    NoPrice,
    NotForSale,
    NotPermitted,
    ProductIsArchived,
    UnknownProduct,
)
from lotwise.sales.domain.taxes import Taxed
from lotwise.values import BIGINT_MAX, amount, half_up, parse_price, parse_quantity, price_text

MINUTES_MAX = 1440
MINUTES_OF = {"minute": 1, "hour": 60}
UNDEFINED = ".UND"
NO_MINUTES: Mapping[UUID, int] = {}


class Rights(NamedTuple):
    """What the caller may do beyond charging: state facts, set prices, give discounts, give away, go beyond limits."""

    state_facts: bool
    set_prices: bool
    discount: bool = False
    free: bool = False
    override: bool = False


class Circumstances(NamedTuple):
    """What must be known beside the price book; nothing of it for most charges.

    `is_member`: the customer holds an active membership. `minutes`: how long the appointments of treatments were, by
    treatment.
    """

    is_member: bool = False
    minutes: Mapping[UUID, int] = NO_MINUTES


NOTHING_KNOWN = Circumstances()


class Setting(NamedTuple):
    """Where and when lines are priced, by whom, and what is known."""

    book: PriceBook
    site: str
    at: datetime
    rights: Rights
    is_fact: bool
    exponent: int
    around: Circumstances


class Draft(NamedTuple):
    """A line before discounts and tax: prices in micros per unit, `amount` in minor units, then what it lost.

    `nth` counts the asked lines from 0; a kit has several drafts of one asked line.
    """

    nth: int
    product: Product
    quantity: int
    unit_price: int
    price: Price | None
    amount: int
    tax_code: int
    application_code: int
    asked: AskedLine
    effect: str = "sale"
    extra: LineExtra | None = None
    is_inclusive: bool = False
    is_special: bool = False

    @property
    def more(self) -> LineExtra:
        """What it has beyond a plain sale, empty for most."""
        return self.extra or NOTHING_MORE

    def less(self, taken: list[LineDiscount]) -> "Draft":
        """The draft after discounts took their part."""
        rest = self.amount - sum(one.minor for one in taken)
        return self._replace(amount=rest, extra=self.more._replace(discounts=taken))


def draft(setting: Setting, asked: AskedLine, index: int) -> Draft:
    """Find and price what one line asks for.

    Raises UnknownProduct, BadQuantity, BadPrice, NoPrice, ProductIsArchived, NotForSale, NotPermitted, AmountTooLarge,
    ChooseVariant, MinutesNeeded, BadMinutes, NameNeeded, PerformerNeeded.
    """
    book, site, at, rights, is_fact, exponent, around = setting
    product = find_product(book, asked, index)
    if not is_fact:
        check_offered(product)
    quantity = _quantity(asked, product, index)
    if not asked.is_plain or product.code in book.peculiar or not book.has_price_tables(product):
        return _peculiar(setting, asked, index, product, quantity)
    price = book.price(product.product_id, site, at, is_member=around.is_member)
    unit_price = _unit_price(asked, product, price, rights, index)
    money = amount_of(unit_price, quantity, product, exponent, index)
    tax_code, application_code = product.tax_codes_at(site)
    return Draft(
        index, product, quantity, unit_price, price, money, tax_code, application_code, asked, asked.effect, None,
        product.tax_inclusive,
    )  # fmt: skip


def _peculiar(setting: Setting, asked: AskedLine, index: int, product: Product, quantity: int) -> Draft:
    book, site, at, rights, is_fact, exponent, around = setting
    if not is_fact:
        _check_chosen(setting, product, index)
    minutes = _minutes(setting, asked, product, index)
    price = book.price(product.product_id, site, at, is_member=around.is_member)
    if not book.has_price_tables(product):
        price = None
    if price is not None and product.price_per != "unit":
        is_told = minutes is None and asked.unit_price is not None and rights.state_facts
        price = None if is_told else _timed(price, product, minutes, index)
    unit_price = _peculiar_price(setting, asked, product, price, index)
    money = amount_of(unit_price, quantity, product, exponent, index)
    owed = owed_for(book, product) if asked.effect == "sale" else "none"
    tax_code, application_code = product.tax_codes_at(site)
    if owed in {"tip", "account"}:
        tax_code = application_code = 0
    extra = LineExtra(
        (), owed, None, asked.redeem, asked.seller, asked.performer, asked.free_reason or "", minutes, None, ()
    )
    effect = "none" if owed != "none" else asked.effect
    return Draft(
        index, product, quantity, unit_price, price, money, tax_code, application_code, asked, effect,
        None if extra == NOTHING_MORE else extra, product.tax_inclusive,
        not asked.is_plain or product.code in book.peculiar,
    )  # fmt: skip


def owed_for(book: PriceBook, product: Product) -> str:
    """What the money of a product is for where it is owed rather than earned (SAL-20): none for most."""
    if product.money_kind is not None:
        return product.money_kind
    package = book.packages.get(product.product_id)
    if package is None or package.package_type == "bundle":
        return "none"
    return "package" if package.package_type == "treatment" else "membership"


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


def check_offered(product: Product) -> None:
    """Pass if a product is for sale. Raises ProductIsArchived, NotForSale."""
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


def _check_chosen(setting: Setting, product: Product, index: int) -> None:
    variants = setting.book.variants_of(product.product_id)
    if not variants:
        return
    prices = [setting.book.price(one.product_id, setting.site, setting.at) for one in variants]
    raise ChooseVariant(
        f"{product.name} is sold as one of its variants",
        field=f"lines.{index}",
        ways_out=tuple(f"choose {one.variant_name or one.name} ({one.code})" for one in variants[:20]),
        variants=[
            {
                "product_id": str(one.product_id),
                "code": one.code,
                "name": one.variant_name or one.name,
                "price": None if price is None else price_text(price.micros),
            }
            for one, price in zip(variants, prices, strict=True)
        ],
    )


def _quantity(asked: AskedLine, product: Product, index: int) -> int:
    try:
        quantity = parse_quantity(asked.quantity, product.unit_decimals)
    except ValueError as error:
        raise BadQuantity(str(error), field=f"lines.{index}.quantity") from None
    if quantity == 0:
        raise BadQuantity("a line needs a quantity other than zero", field=f"lines.{index}.quantity")
    if asked.effect == "sale" and quantity < 0 and product.money_kind != "account":
        raise BadQuantity("a sale needs a quantity above zero", field=f"lines.{index}.quantity")
    if asked.effect in {"return", "adjustment"} and quantity > 0:
        raise BadQuantity(f"a line of kind {asked.effect} needs a quantity below zero", field=f"lines.{index}.quantity")
    return quantity


def _minutes(setting: Setting, asked: AskedLine, product: Product, index: int) -> int | None:
    """How long it took: said on the line, else the treatment's appointment, else the product's own duration."""
    if asked.minutes is not None:
        if not 1 <= asked.minutes <= MINUTES_MAX:
            raise BadMinutes(
                f"a treatment lasts from 1 to {MINUTES_MAX} minutes",
                field=f"lines.{index}.minutes",
                minutes=asked.minutes,
            )
        return asked.minutes
    if product.price_per == "unit":
        return None
    known = setting.around.minutes.get(asked.treatment_id) if asked.treatment_id is not None else None
    if known is not None:
        return known
    slots = product.duration_slots
    return None if slots is None else min(MINUTES_MAX, slots * setting.book.preferences.slot_minutes)


def _timed(price: Price, product: Product, minutes: int | None, index: int) -> Price:
    """The price of a unit that took so many minutes: 100 an hour is 75.00 for 45 minutes."""
    if minutes is None:
        raise MinutesNeeded(
            f"{product.name} is priced by the {product.price_per}",
            field=f"lines.{index}.minutes",
            ways_out=("say how many minutes it took", "charge the treatment of its appointment"),
            code_of_product=product.code,
        )
    micros = half_up(price.micros * minutes, MINUTES_OF[product.price_per])
    if micros > BIGINT_MAX:
        raise AmountTooLarge("the time costs more than money can be", field=f"lines.{index}.minutes")
    return price._replace(micros=micros)


def amount_of(unit_price: int, quantity: int, product: Product, exponent: int, index: int) -> int:
    """What a quantity costs, in minor units. Raises AmountTooLarge."""
    try:
        return amount(unit_price, quantity, product.unit_decimals, exponent)
    except ValueError:
        raise AmountTooLarge("the line is too large to be money", field=f"lines.{index}") from None


def _peculiar_price(setting: Setting, asked: AskedLine, product: Product, price: Price | None, index: int) -> int:
    given = None if asked.unit_price is None else _given(asked.unit_price, index)
    if asked.redeem is not None or asked.free_reason is not None:
        if given:
            raise BadPrice("a line that costs nothing has no price", field=f"lines.{index}.unit_price")
        if asked.redeem is not None and asked.free_reason is not None:
            raise BadPrice("a line is taken from a balance or given away, not both", field=f"lines.{index}.redeem")
        return 0
    money = product.money_kind
    if product.code == UNDEFINED and not setting.is_fact and (given is None or not asked.description.strip()):
        raise NameNeeded(
            "an undefined item needs its name and its price",
            field=f"lines.{index}.{'unit_price' if given is None else 'description'}",
            ways_out=("give a name as description and a unit_price",),
        )
    if money == "tip" and not setting.is_fact and not asked.performer.strip():
        raise PerformerNeeded(
            "a tip names whom it is for", field=f"lines.{index}.performer", ways_out=("choose the person",)
        )
    if money in {"tip", "account"} or product.code == UNDEFINED:
        price = None
    return _unit_price(asked, product, price, setting.rights, index)


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
        micros = parse_price(text)
    except ValueError as error:
        raise BadPrice(str(error), field=f"lines.{index}.unit_price") from None
    if abs(micros) > BIGINT_MAX:
        raise BadPrice("the price is too large", field=f"lines.{index}.unit_price")
    return micros


def line_of(draft: Draft, number: int, tax: Taxed) -> ChargeLine:
    """A draft as the numbered line of a charge, taxed."""
    _, product, quantity, unit_price, price, _, tax_code, application_code, asked, effect, extra, is_inclusive, _ = (
        draft
    )
    return ChargeLine(
        number,
        product.product_id,
        product.revision,
        quantity,
        product.unit_decimals,
        effect,
        unit_price,
        None if price is None else price.micros,
        None if price is None else price.price_id,
        tax.net,
        tax.tax_1,
        tax.tax_2,
        tax_code,
        application_code,
        is_inclusive,
        asked.treatment_id,
        asked.lot_id,
        asked.description,
        extra,
    )
