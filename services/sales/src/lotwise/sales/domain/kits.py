"""The only home of what a kit and a package are made of when they are sold: components, and shares of the price.

A kit (CAT-19) becomes lines of its components, whose sum is the kit's price to the cent. A package stays one line whose
price is shared among its products by what they cost alone, each share taxed by its own code (CAT-64).
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from lotwise.sales.domain.definitions import Package, PackageItem, Price, Product
from lotwise.sales.domain.drafts import Draft, Setting, check_offered
from lotwise.sales.domain.lines import Asked, AskedPart, LineDiscount
from lotwise.sales.domain.pricing_refusals import PartNotInKit
from lotwise.sales.domain.refusals import BadQuantity, UnknownProduct
from lotwise.values import BIGINT_MAX, MICROS, half_up, spread

MILLION = 1_000_000


class Part(NamedTuple):
    """A product of a package: `quantity` in millionths of its unit, what that costs alone as exact minor units."""

    item: PackageItem
    product: Product
    price: Price | None
    worth: Fraction


def parts_of(setting: Setting, package: Package, index: int) -> list[Part]:
    """The products of a package with what they cost alone at the site. Raises UnknownProduct."""
    found = []
    for item in package.items:
        product = setting.book.products.get(item.product_id)
        if product is None:
            raise UnknownProduct(
                f"the package holds a product that is not known yet: {item.product_id}", field=f"lines.{index}"
            )
        price = setting.book.price(item.product_id, setting.site, setting.at)
        micros = 0 if price is None else max(0, price.micros)
        worth = Fraction(micros * item.quantity * 10**setting.exponent, MICROS * MILLION)
        found.append(Part(item, product, price, worth))
    return found


def weights(parts: Sequence[Part]) -> list[int]:
    """What the parts of a package weigh: what they cost alone, in whole numbers of one measure."""
    return [int(part.worth * MICROS * MILLION) for part in parts]


def unpacked(setting: Setting, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts with each kit replaced by its components; the others as they are.

    Raises UnknownProduct, ProductIsArchived, NotForSale, BadQuantity, PartNotInKit.
    """
    packages = setting.book.packages
    found: list[Draft] = []
    for draft in drafts:
        package = packages.get(draft.product.product_id)
        if package is None or package.package_type != "bundle" or draft.asked.effect != "sale":
            _check_parts(setting, draft, None)
            found.append(draft)
        else:
            _check_parts(setting, draft, package)
            found += _components(setting, draft, package)
    return found


def _check_parts(setting: Setting, draft: Draft, kit: Package | None) -> None:
    """What is said of parts is said of parts that the line has; a fact is taken as it is."""
    held = set() if kit is None else {item.product_id for item in kit.items}
    for i, part in enumerate(draft.asked.parts):
        if part.product_id not in held and not setting.is_fact:
            raise PartNotInKit(
                f"{draft.product.name} has no part {part.product_id}",
                field=f"lines.{draft.nth}.parts.{i}.product_id",
                ways_out=("leave the part out", "take the line off and add it again"),
                product_id=str(part.product_id),
            )


def _components(setting: Setting, kit: Draft, package: Package) -> list[Draft]:
    parts = parts_of(setting, package, kit.nth)
    discounts = kit.more.discounts
    gross = kit.amount + sum(one.minor for one in discounts)
    left = spread(gross, weights(parts))
    taken: list[list[LineDiscount]] = [[] for _ in parts]
    whole = list(left)
    for discount in discounts:
        for i, minor in enumerate(spread(discount.minor, left)):
            if minor:
                taken[i].append(discount._replace(minor=minor))
                left[i] -= minor
    return [_component(setting, kit, part, whole[i], left[i], taken[i]) for i, part in enumerate(parts)]


def _component(setting: Setting, kit: Draft, part: Part, gross: int, net: int, taken: list[LineDiscount]) -> Draft:
    product, asked = part.product, kit.asked
    if not setting.is_fact:
        check_offered(product)
    quantity = _quantity(kit, part)
    tax_code, application_code = product.tax_codes_at(setting.site)
    said: AskedPart | None = next((one for one in asked.parts if one.product_id == product.product_id), None)
    lot_id, prescription = (None, None) if said is None else (said.lot_id, said.prescription)
    own = Asked(
        product.product_id, None, str(quantity), asked.effect, None, asked.description, asked.treatment_id, lot_id,
        prescription or asked.prescription,
    )  # fmt: skip
    extra = kit.more._replace(discounts=taken, kit_id=kit.product.product_id)
    unit_price = half_up(gross * MICROS * 10**product.unit_decimals, quantity * 10**setting.exponent)
    return Draft(
        kit.nth, product, quantity, min(unit_price, BIGINT_MAX), part.price, net, tax_code, application_code, own,
        "sale", extra, kit.product.tax_inclusive,
    )  # fmt: skip


def _quantity(kit: Draft, part: Part) -> int:
    """How much of a component so many kits hold, in its smallest units."""
    exact = Fraction(part.item.quantity * kit.quantity, 10**kit.product.unit_decimals) * Fraction(
        10**part.product.unit_decimals, MILLION
    )
    if exact.denominator != 1 or not 0 < exact.numerator <= BIGINT_MAX:
        raise BadQuantity(
            f"so many kits do not hold a whole quantity of {part.product.name}", field=f"lines.{kit.nth}.quantity"
        )
    return exact.numerator
