"""The only home of how what members hold is shown: joined with names of today, numbers masked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.api.balance_shapes import AccountOut, CertificateOut, MembershipOut, MoveOut, PackageOut
from lotwise.sales.domain import packages as rules
from lotwise.sales.domain.accounts import Account
from lotwise.sales.domain.gifts import Certificate, grouped, masked
from lotwise.sales.domain.liabilities import Move
from lotwise.sales.domain.memberships import Membership
from lotwise.sales.domain.packages import DECIMALS, Item, Package
from lotwise.sales.operations.offers import Offer, Offered, offers
from lotwise.sales.operations.selling import Selling
from lotwise.values import format_quantity, site_day


def _named(selling: Selling, product_id: UUID) -> dict[str, str]:
    product = selling.prices.book.products.get(product_id)
    return {"code": "" if product is None else product.code, "name": "" if product is None else product.name}


def zone_of(selling: Selling, slug: str) -> str:
    """The time zone of a site; UTC for one that is not known."""
    site = selling.prices.book.sites.get(slug)
    return "UTC" if site is None else site.time_zone


def package(selling: Selling, one: Package) -> PackageOut:
    """A package as it is shown."""
    return PackageOut.model_validate(package_json(selling, one))


def package_json(selling: Selling, one: Package) -> dict[str, Any]:
    """The fields of a package as it is shown."""
    last = one.expires_at
    return {
        **one._asdict(),
        **_named(selling, one.package_id),
        "redeem_at": list(one.redeem_at),
        "outstanding_minor": one.outstanding_minor,
        "refund_minor": rules.refundable(one) if one.state == "active" else 0,
        "last_day": None if last is None else site_day(last - rules.TICK, zone_of(selling, one.site)),
        "items": [item_json(selling, item) for item in one.items],
    }


def item_json(selling: Selling, item: Item) -> dict[str, Any]:
    """What a balance gives of a product, as it is shown."""
    product = selling.prices.book.products.get(item.product_id)
    return {
        **item._asdict(),
        **_named(selling, item.product_id),
        "unit": "" if product is None else product.unit,
        "quantity": format_quantity(item.quantity, DECIMALS),
        "used": format_quantity(item.used, DECIMALS),
        "left": rules.left_text(item),
    }


async def offered(
    tx: Tx, selling: Selling, member_id: UUID | None, site: str, lines: Sequence[Offered], at: datetime
) -> list[list[dict[str, Any]]]:
    """By line, the balances of a member that cover it, as they are shown; none without a member (SAL-24)."""
    if member_id is None:
        return [[] for _ in lines]
    found = await offers(tx, selling.prices.book, member_id, site, lines, at)
    return [[_offer(selling, one) for one in line] for line in found]


def _offer(selling: Selling, one: Offer) -> dict[str, Any]:
    package, last = one.package, one.package.expires_at
    return {
        "balance_id": package.balance_id,
        **_named(selling, package.package_id),
        "left": rules.left_text(one.item),
        "covers": format_quantity(one.covers, DECIMALS),
        "is_unlimited": one.item.is_unlimited,
        "last_day": None if last is None else site_day(last - rules.TICK, zone_of(selling, package.site)),
        "membership_id": package.membership_id,
    }


def membership(selling: Selling, one: Membership, fee_minor: int | None = None) -> MembershipOut:
    """A membership as it is shown."""
    return MembershipOut.model_validate(
        {**one._asdict(), **_named(selling, one.package_id), "due_on": one.due_on, "fee_minor": fee_minor}
    )


def certificate(one: Certificate, *, in_full: bool = False) -> CertificateOut:
    """A certificate as it is shown: its number masked, or in full for whoever hands it out."""
    number = grouped(one.number) if in_full else masked(one.number)
    return CertificateOut.model_validate({**one._asdict(), "number": number, "balance_minor": one.balance_minor})


def account(selling: Selling, member_id: UUID, one: Account | None) -> AccountOut:
    """An account as it is shown; one that never moved holds nothing."""
    known = one or Account(member_id, 0, 0, selling.currency, 1)
    return AccountOut.model_validate({**known._asdict(), "reach_minor": known.reach_minor})


def move(one: Move) -> MoveOut:
    """An entry as it is shown."""
    return MoveOut.model_validate(move_json(one))


def move_json(one: Move) -> dict[str, Any]:
    """The fields of an entry as it is shown."""
    return {**one._asdict(), "quantity": format_quantity(one.quantity, DECIMALS)}
