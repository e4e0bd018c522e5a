"""Use cases of discounts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from lotwise.catalog.domain import discounts
from lotwise.catalog.domain.discounts import Discount
from lotwise.catalog.domain.refusals import CouponTaken
from lotwise.catalog.operations import telling
from lotwise.catalog.repository import categories, changes, locking, products, sites
from lotwise.catalog.repository import discounts as rows
from lotwise.catalog.repository.changes import Change
from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.kit.etag import Expected
from lotwise.kit.outbox import tell
from lotwise.values import Unknown


async def load(tx: Tx, discount_id: UUID) -> Discount:
    """The discount. Raises Unknown."""
    discount = await rows.find(tx, discount_id)
    if discount is None:
        raise Unknown(f"There is no discount {discount_id}.")
    return discount


async def create(tx: Tx, told: Mapping[str, Any], minor_exponent: int, who: str) -> Discount:
    """Define a new discount. Raises BadDiscount, CouponTaken, Unknown."""
    await locking.definitions(tx)
    blank = Discount(uuid7(), "", 0)
    return await _keep(tx, blank, discounts.define(blank, told, minor_exponent), who)


async def edit(
    tx: Tx, discount_id: UUID, told: Mapping[str, Any], minor_exponent: int, expected: Expected, who: str
) -> Discount:
    """Change a discount; an edit that changes nothing says nothing. Raises as create, and Stale."""
    await locking.definitions(tx)
    was = await load(tx, discount_id)
    expected.check(was.revision)
    return await _keep(tx, was, discounts.define(was, told, minor_exponent), who)


async def set_archived(tx: Tx, discount_id: UUID, who: str, *, is_archived: bool) -> Discount:
    """Take a discount back, or offer it again. Raises Unknown, CouponTaken."""
    await locking.definitions(tx)
    was = await load(tx, discount_id)
    return await _keep(tx, was, replace(was, is_archived=is_archived), who)


async def _keep(tx: Tx, was: Discount, wanted: Discount, who: str) -> Discount:
    now = discounts.changed(was, wanted)
    if now is None:
        return was
    await _check_named(tx, was, now)
    await rows.store(tx, now)
    subject = f"discount:{now.id}"
    if was.revision == 0:
        await changes.keep(tx, [Change(subject, "created", None, now.name)], who)
    else:
        await changes.keep(tx, [Change(subject, *one) for one in discounts.differences(was, now)], who)
    await tell(tx, telling.discount_defined(now))
    return now


async def _check_named(tx: Tx, was: Discount, now: Discount) -> None:
    """Pass when everything the discount newly names exists and nobody else has its coupon."""
    for field, known in (("product_ids", products.known), ("category_ids", categories.known)):
        named = set(getattr(now, field)) - set(getattr(was, field))
        if missing := named - set(await known(tx, list(named))):
            raise Unknown(f"There is no {field.removesuffix('_ids')} {min(map(str, missing))}.", field=field)
    if missing_sites := set(now.at_sites) - await sites.known(tx, now.at_sites):
        raise Unknown(f"There is no site {min(missing_sites)[:40]}.", field="at_sites")
    if now.coupon and not now.is_archived and (other := await rows.coupon_owner(tx, now.coupon, now.id)):
        raise CouponTaken(
            f"The discount {other.name} has the coupon {other.coupon} already.",
            field="coupon",
            ways_out=("choose another coupon", f"archive {other.name} first"),
            discount_id=str(other.id),
        )
