"""The only home of the lines of a charge with more than plain sales: add-ons, lines for nothing, kits, packages."""

from collections.abc import Sequence
from typing import NamedTuple

from lotwise.sales.domain.definitions import Site, TaxSlots
from lotwise.sales.domain.drafts import Draft, Setting, line_of
from lotwise.sales.domain.kits import parts_of, unpacked, weights
from lotwise.sales.domain.limits import check_given_away
from lotwise.sales.domain.lines import LINES_MAX, AskedLine, ChargeLine, Share
from lotwise.sales.domain.pricing_refusals import AddOnWithoutService
from lotwise.sales.domain.refusals import BadQuantity
from lotwise.sales.domain.taxes import Rates, Taxable, Taxed, rates_of, tax_invoice, tax_line
from lotwise.values import spread

UNTAXED = Rates(0, 0, compound=False)


class Lines(NamedTuple):
    """The lines of a charge, of each what was asked for, and where that stands among what was asked."""

    lines: list[ChargeLine]
    asked: list[AskedLine]
    nths: list[int]


def special_lines(setting: Setting, site: Site, slots: TaxSlots, drafts: Sequence[Draft]) -> Lines:
    """Tax the drafts of a charge by what they are, kits as their components and packages by their shares.

    Raises AddOnWithoutService, BadQuantity for too many lines, and what `check_given_away` and `unpacked` raise.
    """
    drafts = attached(setting, drafts)
    check_given_away(setting, drafts)
    whole = unpacked(setting, drafts)
    if len(whole) > LINES_MAX:
        raise BadQuantity(
            f"with the parts of its kits the charge has {len(whole)} lines, more than {LINES_MAX}",
            field="lines",
            ways_out=("charge the kits apart",),
        )
    groups = [_taxables(setting, site, slots, draft) for draft in whole]
    flat = [one for group in groups for one in group.taxables]
    if site.tax_rounding == "invoice":
        taxed = iter(tax_invoice(flat))
    else:
        taxed = iter([tax_line(one.amount, one.rates, inclusive=one.inclusive) for one in flat])
    firsts: dict[int, int] = {}
    for number, draft in enumerate(whole, 1):
        firsts.setdefault(draft.nth, number)
    lines = []
    for number, (draft, group) in enumerate(zip(whole, groups, strict=True), 1):
        parts = [next(taxed) for _ in group.taxables]
        lines.append(_line(draft, number, group, parts, firsts))
    return Lines(lines, [draft.asked for draft in whole], [draft.nth for draft in whole])


def attached(setting: Setting, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts with each add-on tied to a service of the charge that offers it: the named line, else the first.

    A fact is taken as it is. Raises AddOnWithoutService.
    """
    return [_attached(setting, drafts, draft) for draft in drafts]


def _attached(setting: Setting, drafts: Sequence[Draft], draft: Draft) -> Draft:
    named = draft.asked.add_on_to
    if draft.product.add_on_kind is None and named is None:
        return draft
    offering = [
        one.nth
        for one in drafts
        if one.nth != draft.nth
        and named in {None, one.nth + 1}
        and any(add_on.product_id == draft.product.product_id for add_on in setting.book.add_ons_of(one.product))
    ]
    if offering:
        return draft._replace(extra=draft.more._replace(add_on_to=offering[0] + 1))
    if setting.is_fact:
        return draft
    product = draft.product
    services = [
        one for one in setting.book.products.values() if product.product_id in one.add_ons and not one.is_archived
    ]
    raise AddOnWithoutService(
        f"{product.name} is charged with a service that offers it",
        field=f"lines.{draft.nth}.add_on_to",
        ways_out=(
            *(f"add {one.name} ({one.code})" for one in sorted(services, key=lambda one: one.code)[:5]),
            "offer it with the service in the catalog",
        ),
        product_id=str(product.product_id),
    )


class _Group(NamedTuple):
    taxables: list[Taxable]
    shares: list[Share]


def _taxables(setting: Setting, site: Site, slots: TaxSlots, draft: Draft) -> _Group:
    if draft.more.owed in {"package", "membership"} and draft.more.redeems is None:
        package = setting.book.packages[draft.product.product_id]
        if site.package_tax_point == "redemption":
            return _Group([Taxable(draft.amount, UNTAXED, inclusive=False)], [])
        parts = parts_of(setting, package, draft.nth)
        taxables, shares = [], []
        for part, minor in zip(parts, spread(draft.amount, weights(parts)), strict=True):
            codes = part.product.tax_codes_at(setting.site)
            taxables.append(Taxable(minor, rates_of(slots, *codes), draft.is_inclusive))
            shares.append(Share(part.item.product_id, part.item.quantity, part.item.is_unlimited, 0, 0, 0, *codes))
        return _Group(taxables, shares)
    rates = rates_of(slots, draft.tax_code, draft.application_code)
    return _Group([Taxable(draft.amount, rates, draft.is_inclusive)], [])


def _line(draft: Draft, number: int, group: _Group, parts: Sequence[Taxed], firsts: dict[int, int]) -> ChargeLine:
    net, tax_1, tax_2 = (sum(amounts) for amounts in zip(*parts, strict=True))
    extra = draft.extra
    if extra is not None:
        shares = [
            share._replace(net_minor=tax.net, tax_1_minor=tax.tax_1, tax_2_minor=tax.tax_2)
            for share, tax in zip(group.shares, parts, strict=False)
        ]
        to = None if extra.add_on_to is None else firsts[extra.add_on_to - 1]
        extra = extra._replace(shares=shares, add_on_to=to)
    return line_of(draft._replace(extra=extra), number, Taxed(net, tax_1, tax_2))
