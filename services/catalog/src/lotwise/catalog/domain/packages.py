"""The only home of what a package is and what it may hold (CAT-16 to CAT-20)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from lotwise.catalog.domain import codes
from lotwise.catalog.domain.products import Product
from lotwise.catalog.domain.refusals import BadPackage, PackageLoop
from lotwise.values import parse_quantity

TREATMENT, MEMBERSHIP, BUNDLE, SERVICES = "treatment", "membership", "bundle", "membership_services"
MEMBERSHIPS = frozenset({MEMBERSHIP, SERVICES})


@dataclass(frozen=True, slots=True)
class Item:
    """A quantity of a product in its smallest units, or as often as wanted."""

    product_id: UUID
    quantity: int
    is_unlimited: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item as somebody asks for it: the quantity as a decimal string in the product's unit."""

    product_id: UUID
    quantity: str
    is_unlimited: bool = False


@dataclass(frozen=True, slots=True)
class Package:
    """What a digital product gives whoever buys it, for how long, and where; no items: it was taken back."""

    product_id: UUID
    package_type: str
    items: tuple[Item, ...] = ()
    valid_days: int | None = None
    period: str | None = None
    rollover_periods: int = 0
    redeem_at: tuple[str, ...] = ()
    refund_rule: str = "pro_rata"
    revision: int = 0


FIELDS = tuple(field.name for field in fields(Package) if field.name not in {"product_id", "revision"})


def items_of(
    package_id: UUID, wanted: Sequence[Wanted], products: Mapping[UUID, Product], has_variants: Mapping[UUID, int]
) -> tuple[Item, ...]:
    """The items of a package, in the order given. Raises BadPackage or PackageLoop."""
    if not wanted:
        raise BadPackage("A package holds something.", field="items", ways_out=("take the package back instead",))
    if len({one.product_id for one in wanted}) != len(wanted):
        raise BadPackage("A product stands twice in the package.", field="items")
    return tuple(_item(package_id, one, products.get(one.product_id), has_variants) for one in wanted)


def _item(package_id: UUID, wanted: Wanted, product: Product | None, has_variants: Mapping[UUID, int]) -> Item:
    if product is None:
        raise BadPackage(f"There is no product {wanted.product_id}.", field="items")
    if product.id == package_id:
        raise PackageLoop(f"{product.code} cannot hold itself.", field="items")
    if product.kind == "digital":
        raise PackageLoop(
            f"{product.code} is a package or membership itself; in the end one could hold itself.",
            field="items",
            ways_out=(f"put what {product.code} holds into this package",),
        )
    if has_variants.get(product.id):
        raise BadPackage(f"{product.code} has variants; choose one of them.", field="items")
    shown = codes.item_type(product.code, product.kind, product.purpose)
    if product.kind == "service" and shown not in codes.TIMED:
        raise BadPackage(f"{product.code} is an entry of its own kind that no package can hold.", field="items")
    try:
        quantity = parse_quantity(wanted.quantity, product.unit_decimals)
    except ValueError as problem:
        raise BadPackage(str(problem), field="items") from None
    if quantity <= 0:
        raise BadPackage(f"A package holds more than nothing of {product.code}.", field="items")
    return Item(product.id, quantity, wanted.is_unlimited)


def check(package: Package, product: Product, products: Mapping[UUID, Product]) -> Package:
    """The package if its type allows what it says. Raises BadPackage with the field."""
    if product.kind != "digital":
        raise BadPackage(f"{product.code} is {product.kind}; only a digital product is a package.", field="product_id")
    kinds = {products[item.product_id].kind for item in package.items}
    if package.package_type == BUNDLE and kinds - {"physical"}:
        raise BadPackage("A product bundle holds physical products only.", field="items")
    if package.package_type == SERVICES and kinds - {"service"}:
        raise BadPackage("This kind of membership holds services only.", field="items")
    if package.package_type == BUNDLE:
        back_bar = [products[item.product_id] for item in package.items]
        if found := next((one.code for one in back_bar if one.purpose == "back_bar"), None):
            raise BadPackage(f"{found} is back bar, not for sale, so no bundle can hold it.", field="items")
    _check_time(package)
    return package


def _check_time(package: Package) -> None:
    is_membership = package.package_type in MEMBERSHIPS
    if is_membership and package.period is None:
        raise BadPackage("A membership renews every month or every year: say which.", field="period")
    if not is_membership and package.period is not None:
        raise BadPackage("Only a membership renews.", field="period")
    if not is_membership and package.rollover_periods:
        raise BadPackage("Only a membership keeps what was not used for another period.", field="rollover_periods")
    if not is_membership and any(item.is_unlimited for item in package.items):
        raise BadPackage("Only a membership gives something as often as wanted.", field="items")
    if package.package_type != TREATMENT and package.valid_days is not None:
        raise BadPackage("Only a treatment package runs out after days.", field="valid_days")


def differences(was: Package | None, now: Package) -> list[tuple[str, Any, Any]]:
    """The fields that changed, each with its old and new value."""
    pairs = ((name, getattr(was, name, None), getattr(now, name)) for name in FIELDS)
    return [pair for pair in pairs if pair[1] != pair[2]]
