"""The only home of taking discounts off: line percent, line amount, bundle, cart, never below nothing, before tax.

Percentages of one line follow on each other (10 % and 5 % of 150.00 leave 128.25); what is taken from several lines at
once is spread by largest remainder, ties to the first. A discount that cannot be combined stands alone on the lines it
touches and is taken where the customer pays less with it than with all the others together.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from lotwise.sales.domain.definitions import Discount, Product
from lotwise.sales.domain.drafts import Draft
from lotwise.sales.domain.lines import LineDiscount
from lotwise.values import half_up, spread

WHOLE = 100_000_000
"""100 % in millionths of a percent."""
MILLION = 1_000_000
PERCENT, AMOUNT = "percent", "amount"
LINE, BUNDLE, CART = "line", "bundle", "cart"
_ORDER = {(LINE, PERCENT): 0, (LINE, AMOUNT): 1, (BUNDLE, PERCENT): 2, (BUNDLE, AMOUNT): 2}


class Offer(NamedTuple):
    """A discount that is to be taken where it can: a defined one, or one by hand (without an id).

    `value` in millionths of a percent or in micros of money; `only` is the draft it is for, None for all that fit.
    """

    discount: Discount | None
    scope: str
    form: str
    value: int
    name: str
    reason: str = ""
    only: int | None = None
    is_automatic: bool = False

    @property
    def is_combinable(self) -> bool:
        """Whether others may be taken beside it; one by hand always."""
        return self.discount is None or self.discount.is_combinable

    @property
    def min_quantity(self) -> int:
        """How much must be bought, in millionths of a unit; the size of a full set for a bundle."""
        return MILLION if self.discount is None else self.discount.min_quantity

    @property
    def min_spend(self) -> int:
        """How much must be spent, in micros of money."""
        return 0 if self.discount is None else self.discount.min_spend or 0

    def fits(self, draft: "Target") -> bool:
        """Whether it may be taken from this line."""
        if self.only is not None:
            return draft.place == self.only
        if self.is_automatic and draft.has_given_price:
            return False
        return self.discount is None or self.discount.fits(draft.product)

    def told(self, minor: int) -> LineDiscount:
        """What it took, as the line keeps it."""
        discount_id: UUID | None = None if self.discount is None else self.discount.discount_id
        return LineDiscount(discount_id, self.name, minor, self.reason)


class Target(NamedTuple):
    """A line that discounts may be taken from; quantity in millionths of its unit, amount in minor units."""

    place: int
    product: Product
    quantity: int
    amount: int
    has_given_price: bool


Taken = dict[int, list[tuple[Offer, int]]]
"""What was taken, by place: the discounts in the order in which they were taken, minor units above zero."""


def by_definition(discount: Discount, *, only: int | None = None, is_automatic: bool = False) -> Offer:
    """A discount as the catalog defined it."""
    return Offer(
        discount, discount.scope, discount.form, discount.value, discount.name, only=only, is_automatic=is_automatic
    )


def targets(drafts: Sequence[Draft], *, is_fact: bool) -> list[Target]:
    """The lines that discounts may be taken from: what is sold at a price, no money, nothing that costs nothing.

    The price that a fact gives was taken, and one that differs from the price book's was agreed on.
    """
    found = []
    for place, draft in enumerate(drafts):
        more, asked, product = draft.more, draft.asked, draft.product
        if asked.effect != "sale" or draft.amount <= 0 or product.money_kind is not None:
            continue
        if more.redeems is not None or more.free_reason:
            continue
        quantity: int = draft.quantity * 10 ** (6 - product.unit_decimals)
        is_given = asked.unit_price is not None and (is_fact or draft.price is not None)
        found.append(Target(place, product, quantity, draft.amount, is_given))
    return found


def take(offers: Iterable[Offer], lines: Sequence[Target], exponent: int) -> Taken:
    """What discounts take from lines, so that the customer pays least of what the rules allow."""
    everything = list(offers)
    shared = sorted((one for one in everything if one.is_combinable), key=_rank)
    alone = sorted((one for one in everything if not one.is_combinable), key=_rank)
    best = _take(shared, lines, exponent)
    if not alone:
        return best
    locked = _line_by_line([one for one in alone if one.scope == LINE], lines, best, exponent)
    best, locks = _better(best, {}, shared, lines, locked, exponent)
    for offer in alone:
        if offer.scope != LINE:
            fitting = [line for line in lines if offer.fits(line)]
            own = _take([offer], fitting, exponent)
            others = {place: row for place, row in locks.items() if place not in {line.place for line in fitting}}
            best, locks = _better(best, locks, shared, lines, {**others, **_rows(fitting, own)}, exponent)
    return best


def _rank(offer: Offer) -> tuple[int, bool, str, str]:
    """Line percent, line amount, bundle, cart; what the catalog defined before what was given by hand."""
    own = "" if offer.discount is None else str(offer.discount.discount_id)
    return _ORDER.get((offer.scope, offer.form), 3), offer.discount is None, offer.name if own else "", own


def _rows(lines: Sequence[Target], taken: Taken) -> Taken:
    return {line.place: taken.get(line.place, []) for line in lines}


def _line_by_line(offers: Sequence[Offer], lines: Sequence[Target], best: Taken, exponent: int) -> Taken:
    """The lines of which one discount alone takes more than all others together, with what it takes."""
    found: Taken = {}
    for line in lines:
        most = sum(minor for _, minor in best.get(line.place, ()))
        for offer in offers:
            own = _take([offer], [line], exponent).get(line.place, [])
            if sum(minor for _, minor in own) > most:
                most, found[line.place] = own[0][1], own
    return found


def _better(
    best: Taken, locks: Taken, shared: Sequence[Offer], lines: Sequence[Target], locked: Taken, exponent: int
) -> tuple[Taken, Taken]:
    """The cheaper of two ways for the customer: as it is, or with some lines locked to what stands there alone."""
    if not locked:
        return best, locks
    free = [line for line in lines if line.place not in locked]
    other = {**_take(shared, free, exponent), **locked}
    return (other, locked) if total(other) > total(best) else (best, locks)


def total(taken: Mapping[int, Sequence[tuple[Offer, int]]]) -> int:
    """What was taken altogether, minor units."""
    return sum(minor for row in taken.values() for _, minor in row)


def _take(offers: Sequence[Offer], lines: Sequence[Target], exponent: int) -> Taken:
    left = {line.place: line.amount for line in lines}
    taken: Taken = {}
    for offer in offers:
        fitting = [line for line in lines if offer.fits(line) and left[line.place] > 0]
        for place, minor in _parts(offer, fitting, left, exponent):
            if minor > 0:
                left[place] -= minor
                taken.setdefault(place, []).append((offer, minor))
    return taken


def _parts(offer: Offer, lines: Sequence[Target], left: Mapping[int, int], exponent: int) -> list[tuple[int, int]]:
    if offer.scope == LINE:
        return [
            (line.place, _of(offer, left[line.place], exponent))
            for line in lines
            if enough(offer, line.quantity, left[line.place], exponent)
        ]
    if offer.scope == BUNDLE:
        return _bundle(offer, lines, left, exponent)
    amounts = [left[line.place] for line in lines]
    if not enough(offer, sum(line.quantity for line in lines), sum(amounts), exponent):
        return []
    shares = spread(_of(offer, sum(amounts), exponent), amounts)
    return [(line.place, share) for line, share in zip(lines, shares, strict=True)]


def enough(offer: Offer, quantity: int, spent: int, exponent: int) -> bool:
    """Whether enough is bought for a line's or a cart's discount."""
    if offer.min_quantity > MILLION and quantity < offer.min_quantity:
        return False
    return spent * MILLION >= offer.min_spend * int(10**exponent)


def money(micros: int, exponent: int) -> int:
    """Micros of money in minor units, half-up."""
    return half_up(micros * int(10**exponent), MILLION)


def _of(offer: Offer, base: int, exponent: int) -> int:
    """What is taken from an amount: a percentage of it half-up, or an amount but never more than there is."""
    if offer.form == PERCENT:
        return min(base, half_up(base * offer.value, WHOLE))
    return min(base, money(offer.value, exponent))


def _bundle(offer: Offer, lines: Sequence[Target], left: Mapping[int, int], exponent: int) -> list[tuple[int, int]]:
    """Of each full set: the dearest units make up the sets, the rest is not discounted."""
    size = offer.min_quantity
    spent = sum(left[line.place] for line in lines)
    sets = sum(line.quantity for line in lines) // size if size > 0 else 0
    if not sets or spent * MILLION < offer.min_spend * int(10**exponent):
        return []
    wanted = sets * size
    bases: dict[int, Fraction] = {}
    for line in sorted(lines, key=lambda one: Fraction(-left[one.place], one.quantity)):
        part = min(wanted, line.quantity)
        wanted -= part
        bases[line.place] = Fraction(left[line.place] * part, line.quantity)
    base = sum(bases.values(), Fraction(0))
    if offer.form == PERCENT:
        whole = half_up(base.numerator * offer.value, base.denominator * WHOLE)
    else:
        whole = min(sets * money(offer.value, exponent), int(base))
    places = [line.place for line in lines]
    return list(zip(places, _within(whole, [bases[one] for one in places], [left[one] for one in places]), strict=True))


def _within(whole: int, bases: Sequence[Fraction], room: Sequence[int]) -> list[int]:
    """Spread by largest remainder over exact bases; where rounding would take more than there is, the next gives."""
    scale = 1
    for base in bases:
        scale = scale * base.denominator // _gcd(scale, base.denominator)
    shares = spread(whole, [int(base * scale) for base in bases])
    over = 0
    for i, share in enumerate(shares):
        if share > room[i]:
            over, shares[i] = over + share - room[i], room[i]
    for i, share in enumerate(shares):
        more = min(over, room[i] - share)
        over, shares[i] = over - more, share + more
    return shares


def _gcd(one: int, other: int) -> int:
    while other:
        one, other = other, one % other
    return one
