"""The only home of the engine that prices and taxes a charge: desk, tills, imports and quotes take this door."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from lotwise.sales.domain.definitions import Site, TaxSlots
from lotwise.sales.domain.drafts import NOTHING_KNOWN, Circumstances, Draft, Rights, Setting, draft, line_of
from lotwise.sales.domain.lines import Asked, AskedDiscount, AskedLine, ChargeLine
from lotwise.sales.domain.offers import discounted
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.domain.refusals import AmountTooLarge, BadMoment, NotPermitted, UnknownSite
from lotwise.sales.domain.special_lines import special_lines
from lotwise.sales.domain.taxes import Taxable, rates_of, tax_invoice, tax_line
from lotwise.sales.domain.tenders import Tender
from lotwise.values import BIGINT_MAX, site_day

__all__ = ["Asked", "AskedLine", "Charge", "ChargeLine", "Priced", "Rights", "check_moment", "price_charge"]
CLOCK_SLACK = timedelta(minutes=5)
"""How far a caller's clock may differ from ours before a charge is in the future, or back-dated."""


class Priced(NamedTuple):
    """A charge priced at a site and instant, with the tax definition it used; totals in minor units.

    `asked` is, line by line, what was asked for, and `nths` its place among what was asked, from 0: a kit has a line
    for each component.
    """

    site: Site
    slots: TaxSlots
    happened_at: datetime
    lines: list[ChargeLine]
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int
    asked: Sequence[AskedLine] = ()
    is_member: bool = False
    nths: Sequence[int] = ()

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
    cart: Sequence[AskedDiscount] = (),
    coupons: Sequence[str] = (),
    around: Circumstances = NOTHING_KNOWN,
) -> Priced:
    """Price and tax the lines of a charge with the definitions in force at the site at that instant.

    `cart` and `coupons` are the discounts that somebody named for the whole charge. A fact may name archived and back
    bar products: it happened. Raises UnknownSite, AmountTooLarge, and what `draft`, `discounted`, `attached`,
    `check_given_away` and `unpacked` raise.
    """
    site = book.sites.get(slug)
    if site is None:
        raise UnknownSite(f"no site is called {slug!r}", field="site")
    day = site_day(at, site.time_zone)
    slots = book.slots(slug, day)
    nths: Sequence[int]
    setting = Setting(book, slug, at, rights, is_fact, exponent, around)
    drafts = [draft(setting, line, i) for i, line in enumerate(asked)]
    is_special = True in [one.is_special for one in drafts]
    if is_special or cart or coupons or book.automatic:
        drafts = discounted(setting, site, day, drafts, cart, coupons)
    if is_special:
        lines, asked, nths = special_lines(setting, site, slots, drafts)
    else:
        lines, nths = _taxed(site, slots, drafts), range(len(drafts))
    net = tax_1 = tax_2 = 0
    for line in lines:
        net += line.net_minor
        tax_1 += line.tax_1_minor
        tax_2 += line.tax_2_minor
    if max(abs(net), abs(tax_1), abs(tax_2), abs(net + tax_1 + tax_2)) > BIGINT_MAX:
        raise AmountTooLarge("the charge adds up to more than money can be", field="lines")
    return Priced(site, slots, at, lines, net, tax_1, tax_2, asked, around.is_member, nths)


def _taxed(site: Site, slots: TaxSlots, drafts: Sequence[Draft]) -> list[ChargeLine]:
    if site.tax_rounding == "invoice":
        taxed = tax_invoice([_taxable(slots, draft) for draft in drafts])
        return [line_of(draft, i, tax) for i, (draft, tax) in enumerate(zip(drafts, taxed, strict=True), 1)]
    return [
        line_of(draft, i, tax_line(money, rates, inclusive=inside))
        for i, draft in enumerate(drafts, 1)
        for money, rates, inside in (_taxable(slots, draft),)
    ]


def _taxable(slots: TaxSlots, draft: Draft) -> Taxable:
    return Taxable(draft.amount, rates_of(slots, draft.tax_code, draft.application_code), draft.is_inclusive)
