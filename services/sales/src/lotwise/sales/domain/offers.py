"""The only home of which discounts a charge is offered: those in force by themselves, chosen ones, coupons, by hand."""

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from lotwise.sales.domain.definitions import Discount, Site
from lotwise.sales.domain.discounts import (
    AMOUNT,
    CART,
    LINE,
    PERCENT,
    WHOLE,
    Offer,
    Target,
    by_definition,
    money,
    take,
    targets,
)
from lotwise.sales.domain.drafts import Draft, Rights, Setting
from lotwise.sales.domain.lines import AskedDiscount
from lotwise.sales.domain.pricing_refusals import (
    BadDiscount,
    BeyondLimit,
    DiscountDoesNotFit,
    DiscountNotInForce,
    UnknownDiscount,
)
from lotwise.sales.domain.refusals import NotPermitted
from lotwise.values import format_minor, format_quantity, parse_price

BY_HAND = "By hand"


def discounted(
    setting: Setting,
    site: Site,
    day: date,
    drafts: list[Draft],
    cart: Sequence[AskedDiscount],
    coupons: Sequence[str],
) -> list[Draft]:
    """The drafts less what discounts take from them.

    Raises UnknownDiscount, DiscountNotInForce, DiscountDoesNotFit, BadDiscount, NotPermitted, BeyondLimit.
    """
    book, is_member = setting.book, setting.around.is_member
    own = book.in_force(site.slug, day, is_member=is_member)
    asked = [*_of_lines(setting, day, drafts), *_of_cart(setting, day, cart), *_of_coupons(setting, day, coupons)]
    if not own and not asked:
        return drafts
    lines = targets(drafts, is_fact=setting.is_fact)
    chosen = {one.discount.discount_id for one in asked if one.discount is not None and one.only is None}
    fitting = [one for one in own if one.discount_id not in chosen and any(one.fits(line.product) for line in lines)]
    if not fitting and not asked:
        return drafts
    for offer in asked:
        _check_fits(offer, lines, setting.exponent)
    offers = [*(by_definition(one, is_automatic=True) for one in fitting), *_without_doubles(asked, fitting)]
    taken = take(offers, lines, setting.exponent)
    found = [
        draft.less([offer.told(minor) for offer, minor in taken[place]]) if place in taken else draft
        for place, draft in enumerate(drafts)
    ]
    if any(one.discount is None for one in asked):
        _check_limit(setting, drafts, found)
    return found


def _without_doubles(asked: Sequence[Offer], automatic: Sequence[Discount]) -> Iterator[Offer]:
    """What was asked for, each defined discount once; one that applies by itself is not taken again by choice."""
    seen: set[tuple[UUID, int | None]] = set()
    by_itself = {one.discount_id for one in automatic}
    for offer in asked:
        if offer.discount is not None:
            key = (offer.discount.discount_id, offer.only)
            if key in seen or (offer.discount.discount_id in by_itself and offer.only is not None):
                continue
            seen.add(key)
        yield offer


def _of_lines(setting: Setting, day: date, drafts: Sequence[Draft]) -> Iterator[Offer]:
    for place, draft in enumerate(drafts):
        if draft.asked.is_plain:
            continue
        for i, asked in enumerate(draft.asked.discounts):
            field = f"lines.{draft.nth}.discounts.{i}"
            if asked.discount_id is None:
                yield _by_hand(setting.rights, asked, LINE, place, field, exponent=setting.exponent)
                continue
            discount = _defined(setting, day, asked.discount_id, field)
            if discount.scope != LINE:
                raise DiscountDoesNotFit(
                    f"{discount.name} is taken from the whole charge",
                    field=field,
                    ways_out=("choose it for the charge",),
                    discount_id=str(discount.discount_id),
                )
            yield by_definition(discount, only=place) if discount.fits(draft.product) else _misfit(discount, field)


def _of_cart(setting: Setting, day: date, cart: Sequence[AskedDiscount]) -> Iterator[Offer]:
    for i, asked in enumerate(cart):
        field = f"discounts.{i}"
        if asked.discount_id is None:
            yield _by_hand(setting.rights, asked, CART, None, field, exponent=setting.exponent)
        else:
            yield by_definition(_defined(setting, day, asked.discount_id, field))


def _of_coupons(setting: Setting, day: date, coupons: Sequence[str]) -> Iterator[Offer]:
    for i, coupon in enumerate(coupons):
        discount = setting.book.coupons.get(coupon.strip().casefold())
        if discount is None:
            raise UnknownDiscount(
                f"no discount has the coupon {coupon[:40]!r}",
                field=f"coupons.{i}",
                ways_out=("look at the spelling", "leave the coupon out"),
            )
        yield by_definition(_in_force(setting, day, discount, f"coupons.{i}"))


def _defined(setting: Setting, day: date, discount_id: UUID, field: str) -> Discount:
    discount = setting.book.discounts.get(discount_id)
    if discount is None:
        raise UnknownDiscount(
            f"no discount has the id {discount_id}", field=field, ways_out=("choose one of the list",)
        )
    return _in_force(setting, day, discount, field)


def _in_force(setting: Setting, day: date, discount: Discount, field: str) -> Discount:
    why = why_not(discount, setting.site, day, is_member=setting.around.is_member)
    if why is not None:
        raise DiscountNotInForce(
            f"{discount.name} {why}",
            field=field,
            ways_out=("leave it out", "choose another discount"),
            discount_id=str(discount.discount_id),
            day=day.isoformat(),
        )
    return discount


def why_not(discount: Discount, site: str, day: date, *, is_member: bool) -> str | None:
    """Why a discount is not in force at a site on its day; None when it is."""
    if discount.is_archived:
        return "is no longer offered"
    if discount.at_sites and site not in discount.at_sites:
        return f"is for other sites ({', '.join(sorted(discount.at_sites)[:5])})"
    if discount.starts_on is not None and day < discount.starts_on:
        return f"begins on {discount.starts_on.isoformat()}"
    if discount.ends_on is not None and day > discount.ends_on:
        return f"ended on {discount.ends_on.isoformat()}"
    if discount.audience == "members" and not is_member:
        return "is for members with an active membership"
    return None


def _misfit(discount: Discount, field: str) -> Offer:
    raise DiscountDoesNotFit(
        f"{discount.name} is for other products",
        field=field,
        ways_out=("leave it out", "choose a discount for this product"),
        discount_id=str(discount.discount_id),
    )


def _by_hand(rights: Rights, asked: AskedDiscount, scope: str, only: int | None, field: str, *, exponent: int) -> Offer:
    form, text = (PERCENT, asked.percent) if asked.percent is not None else (AMOUNT, asked.amount)
    try:
        value = parse_price(text or "")
    except ValueError as error:
        raise BadDiscount(str(error), field=f"{field}.{form}") from None
    if value <= 0 or (form == AMOUNT and money(value, exponent) <= 0):
        raise BadDiscount("a discount is above zero", field=f"{field}.{form}", value=text)
    if form == PERCENT and value > WHOLE:
        raise BadDiscount("a discount is at most 100 %", field=f"{field}.{form}", value=text)
    if not asked.reason.strip():
        raise BadDiscount("a discount by hand says why", field=f"{field}.reason")
    if not (rights.discount or rights.override or rights.state_facts):
        raise NotPermitted(
            "a discount by hand needs the permission charge.discount",
            field=field,
            ways_out=("choose a discount of the list", "let somebody who may give discounts do it"),
        )
    return Offer(None, scope, form, value, BY_HAND, asked.reason.strip(), only)


def _check_fits(offer: Offer, lines: Sequence[Target], exponent: int) -> None:
    """A discount that somebody named must be able to take something. Raises DiscountDoesNotFit."""
    discount = offer.discount
    if discount is None or take([offer], lines, exponent):
        return
    needs = []
    if discount.min_quantity > 10**6:
        needs.append(f"a quantity of {format_quantity(discount.min_quantity, 6)}")
    if discount.min_spend:
        needs.append(f"{format_minor(money(discount.min_spend, exponent), exponent)} spent")
    is_for = any(offer.fits(line) for line in lines)
    raise DiscountDoesNotFit(
        f"{discount.name} needs {' and '.join(needs)}" if is_for and needs else f"{discount.name} fits no line",
        field="discounts",
        ways_out=("leave it out", "add what it is for"),
        discount_id=str(discount.discount_id),
    )


def _check_limit(setting: Setting, before: Sequence[Draft], after: Sequence[Draft]) -> None:
    """What is given by hand stays within the chain's limit: a share of each line, an amount of the charge."""
    if setting.rights.override or setting.rights.state_facts:
        return
    limit = setting.book.limit("charge.discount")
    by_hand = [sum(one.minor for one in draft.more.discounts if one.discount_id is None) for draft in after]
    share = limit.percent
    for gross, given in zip(before, by_hand, strict=True):
        if share is not None and given and given * WHOLE >= gross.amount * share + WHOLE:
            raise BeyondLimit(
                f"by hand at most {format_quantity(share, 6)} % of a line may be taken off",
                field=f"lines.{gross.nth}",
                ways_out=("give less", "let somebody with charge.override charge it"),
                permission="charge.override",
                limit_percent=format_quantity(share, 6),
                given_minor=given,
                list_minor=gross.amount,
            )
    if limit.amount_minor is not None and sum(by_hand) > limit.amount_minor:
        raise BeyondLimit(
            f"by hand at most {format_minor(limit.amount_minor, setting.exponent)} of a charge may be taken off",
            field="lines",
            ways_out=("give less", "let somebody with charge.override charge it"),
            permission="charge.override",
            limit_minor=limit.amount_minor,
            given_minor=sum(by_hand),
        )
