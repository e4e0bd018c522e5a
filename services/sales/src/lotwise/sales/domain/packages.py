"""The only home of what a sold package still owes: its shares, its uses, what a refund gives and what expiry earns.

At every moment value = earned + refunded + kept + expired + outstanding, and nothing of it is below zero (SAL-20).
Quantities are millionths of a product's unit: a package may be told before its products.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from lotwise.sales.domain.balance_refusals import (
    BadExtension,
    BalanceClosed,
    BalanceEmpty,
    BalanceExpired,
    BalanceUsed,
    NotInBalance,
    NotRedeemableHere,
    OtherMember,
)
from lotwise.values import MICROS, day_bounds, format_quantity, half_up, site_day, spread

DECIMALS = 6
SCALE = 10**DECIMALS
TICK = timedelta(microseconds=1)
"""What lies between the end of a last day and the next one."""


class Item(NamedTuple):
    """What a package gives of a product, in the order of its columns; value, earned and list price in minor units.

    `list_minor` is what `quantity` costs by itself where and when the package was sold.
    """

    product_id: UUID
    quantity: int
    used: int
    value_minor: int
    earned_minor: int
    list_minor: int
    is_unlimited: bool

    @property
    def left(self) -> int:
        """What may still be used."""
        return max(0, self.quantity - self.used)

    def share(self, quantity: int) -> int:
        """What `quantity` more of it earns; the last one takes the rest, to the cent."""
        if self.is_unlimited or not self.quantity:
            return 0
        target = half_up(self.value_minor * min(self.used + quantity, self.quantity), self.quantity)
        return max(0, min(target, self.value_minor) - self.earned_minor)

    @property
    def used_list_minor(self) -> int:
        """What was used so far, at list price."""
        if not self.quantity:
            return 0
        return half_up(self.list_minor * self.used, self.quantity)


class Package(NamedTuple):
    """A package of a member, or what a period of a membership gives, in the order of its columns; then its items."""

    balance_id: UUID
    package_id: UUID
    membership_id: UUID | None
    member_id: UUID
    site: str
    charge_id: UUID
    line: int
    state: str
    value_minor: int
    earned_minor: int
    refunded_minor: int
    kept_minor: int
    expired_minor: int
    tax_1_minor: int
    tax_2_minor: int
    taxed_at_sale: bool
    tax_inclusive: bool
    sold_at: datetime
    expires_at: datetime | None
    refund_rule: str
    redeem_at: Sequence[str]
    currency: str
    revision: int
    items: Sequence[Item]

    @property
    def outstanding_minor(self) -> int:
        """What is still owed to the member."""
        return self.value_minor - self.earned_minor - self.refunded_minor - self.kept_minor - self.expired_minor

    @property
    def is_unused(self) -> bool:
        """Whether nothing of it was used, refunded or expired."""
        return not any(item.used for item in self.items) and self.outstanding_minor == self.value_minor


class Use(NamedTuple):
    """A part of a package that a line uses: which product of it, how much (millionths), and what that earns."""

    product_id: UUID
    quantity: int
    value_minor: int


class Refund(NamedTuple):
    """What a refund pays out (net and its taxes) and what of the debt is kept as earned; minor units."""

    net_minor: int
    tax_1_minor: int
    tax_2_minor: int
    kept_minor: int


def shares(value: int, weights: Sequence[int]) -> list[int]:
    """The price paid, spread over the items by what they cost by themselves; the sum is exact (CAT-64)."""
    return spread(value, weights)


def last_instant(sold_at: datetime, zone: str, valid_days: int | None) -> datetime | None:
    """When a package runs out: the site's midnight after `valid_days` whole days beyond the day of sale; None never."""
    if valid_days is None:
        return None
    return day_bounds(site_day(sold_at, zone) + timedelta(days=valid_days), zone)[1]


def smallest(quantity: int, unit_decimals: int) -> int:
    """A line's quantity in millionths of the unit."""
    return quantity * int(10 ** (DECIMALS - unit_decimals))


def left_text(item: Item) -> str:
    """What is left, as a person reads it."""
    return "unlimited" if item.is_unlimited else format_quantity(item.left, DECIMALS)


def check_usable(package: Package, member_id: UUID | None, site: str, at: datetime, field: str) -> None:
    """Pass if this member may use the package at this site now.

    Raises OtherMember, BalanceClosed, BalanceExpired, NotRedeemableHere, with the ways out.
    """
    named: dict[str, object] = {"balance_id": str(package.balance_id)}
    if package.member_id != member_id:
        raise OtherMember(
            "the balance belongs to another member",
            field=field,
            ways_out=("choose the member who holds it", "charge the line at its price"),
            **named,
        )
    if package.state in {"refunded", "voided"}:
        raise BalanceClosed(
            f"the balance was {package.state}",
            field=field,
            ways_out=("choose another balance", "charge the line at its price", "sell a new package"),
            state=package.state,
            **named,
        )
    if package.state == "expired" or (package.expires_at is not None and package.expires_at <= at):
        raise BalanceExpired(
            f"the balance ran out at {package.expires_at.isoformat() if package.expires_at else 'its end'}",
            field=field,
            ways_out=("ask a manager to extend it", "charge the line at its price", "sell a new package"),
            expires_at=None if package.expires_at is None else package.expires_at.isoformat(),
            **named,
        )
    if package.redeem_at and site not in package.redeem_at:
        raise NotRedeemableHere(
            f"the balance is redeemed at {', '.join(package.redeem_at)}",
            field=field,
            ways_out=("redeem it at one of these sites", "charge the line at its price"),
            sites=list(package.redeem_at),
            **named,
        )


def item_of(package: Package, product_ids: Sequence[UUID], field: str) -> Item:
    """The item that covers one of these products (a variant is covered by its base). Raises NotInBalance."""
    for product_id in product_ids:
        for item in package.items:
            if item.product_id == product_id:
                return item
    raise NotInBalance(
        "the balance holds other products",
        field=field,
        ways_out=("choose another balance", "charge the line at its price"),
        balance_id=str(package.balance_id),
        products=[str(item.product_id) for item in package.items],
    )


def use(package: Package, item: Item, quantity: int, field: str) -> tuple[Package, Use]:
    """Take `quantity` (millionths) of an item. Raises BalanceEmpty, with what is left and the ways out."""
    if not item.is_unlimited and quantity > item.left:
        raise BalanceEmpty(
            f"{left_text(item)} of {format_quantity(item.quantity, DECIMALS)} is left",
            field=field,
            ways_out=("use what is left and charge the rest", "choose another balance", "sell a new package"),
            balance_id=str(package.balance_id),
            left=left_text(item),
            wanted=format_quantity(quantity, DECIMALS),
        )
    value = item.share(quantity)
    taken = item._replace(used=item.used + quantity, earned_minor=item.earned_minor + value)
    return _with(package, taken, value), Use(item.product_id, quantity, value)


def give_back(package: Package, used: Use) -> Package:
    """Undo a use; a package that ran out is open until the next look at the clock.

    Raises BalanceClosed when the package was refunded since: its money went out.
    """
    if package.state in {"refunded", "voided"}:
        raise BalanceClosed(
            "the package was refunded after this use",
            ways_out=("return the line as money",),
            balance_id=str(package.balance_id),
            state=package.state,
        )
    item = item_of(package, [used.product_id], "lines")
    back = item._replace(used=item.used - used.quantity, earned_minor=item.earned_minor - used.value_minor)
    return _with(package, back, -used.value_minor)._replace(state="active")


def part_of(used: Use, quantity: int, before: int, whole: int) -> Use:
    """The part of a use that goes back with `quantity` of `whole`, after `before` went back; parts add up exactly."""
    after = before + quantity

    def cut(total: int) -> int:
        return half_up(total * after, whole) - half_up(total * before, whole)

    return Use(used.product_id, cut(used.quantity), cut(used.value_minor))


def _with(package: Package, item: Item, earned: int) -> Package:
    items = [item if one.product_id == item.product_id else one for one in package.items]
    return package._replace(items=items, earned_minor=package.earned_minor + earned)


def refund(package: Package) -> tuple[Package, Refund]:
    """Give a package back by its rule: what was paid less what was used at list price, or its unused share.

    Never more than is still owed; the rest of the debt is kept. Raises BalanceClosed, BalanceExpired.
    """
    if package.state in {"refunded", "voided"}:
        raise BalanceClosed(
            f"the package was {package.state} already",
            ways_out=("look at the refund in its history",),
            balance_id=str(package.balance_id),
            state=package.state,
        )
    if package.state == "expired":
        raise BalanceExpired(
            "the package has expired: nothing of it is owed any more",
            ways_out=("ask a manager to extend it first",),
            balance_id=str(package.balance_id),
        )
    owed = package.outstanding_minor
    net = min(owed, refundable(package))
    taxes = [
        half_up(tax * net, package.value_minor) if net else 0 for tax in (package.tax_1_minor, package.tax_2_minor)
    ]
    closed = package._replace(
        state="refunded",
        refunded_minor=package.refunded_minor + net,
        kept_minor=package.kept_minor + owed - net,
    )
    return closed, Refund(net, taxes[0], taxes[1], owed - net)


def refundable(package: Package) -> int:
    """What the rule of a package would give back now, net."""
    if package.refund_rule == "pro_rata":
        return package.outstanding_minor
    used = sum(item.used_list_minor for item in package.items)
    return max(0, min(package.outstanding_minor, package.value_minor - used))


def take_sale_back(package: Package) -> Package:
    """Undo the sale of a package of which nothing was used. Raises BalanceUsed."""
    if not package.is_unused or package.state != "active":
        raise BalanceUsed(
            "part of the package was used or refunded already",
            ways_out=("void its uses first", "refund the package"),
            balance_id=str(package.balance_id),
            used_minor=package.value_minor - package.outstanding_minor,
        )
    return package._replace(state="voided", refunded_minor=package.value_minor)


def expire(package: Package) -> tuple[Package, int]:
    """Let a package run out: what was still owed is earned (breakage)."""
    owed = package.outstanding_minor
    return package._replace(state="expired", expired_minor=package.expired_minor + owed), owed


def extend(package: Package, last_day: date, zone: str, now: datetime) -> tuple[Package, int]:
    """Give a package until the end of `last_day`; what its expiry earned is owed again (that amount is returned).

    Raises BalanceClosed, BadExtension.
    """
    if package.state in {"refunded", "voided"}:
        raise BalanceClosed(
            f"the package was {package.state}", ways_out=("sell a new package",), balance_id=str(package.balance_id)
        )
    until = day_bounds(last_day, zone)[1]
    if until <= now or (package.expires_at is not None and until <= package.expires_at):
        raise BadExtension(
            "the new last day must lie in the future and after the present one",
            field="last_day",
            last_day=last_day.isoformat(),
        )
    again = package.expired_minor
    return package._replace(state="active", expires_at=until, expired_minor=0), again


def list_minor(micros: int, quantity: int, exponent: int) -> int:
    """What so many millionths of a unit cost at a price per unit, in minor units."""
    result: int = half_up(micros * quantity * 10**exponent, MICROS * SCALE)
    return result
