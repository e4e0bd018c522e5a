"""The only home of the periods of memberships: joined by a line, renewed on the due day, with what each gives (SAL-11).

A period is begun in the transaction that records the charge of its fee. What it gives is a balance like that of a
package, without a price of its own: the fee is earned by the days of the period.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from lotwise.contracts.ids import named_id
from lotwise.contracts.sales import MembershipEnded as MembershipEndedEvent
from lotwise.contracts.sales import MembershipEvent, MembershipRenewed
from lotwise.kit.database import Tx
from lotwise.sales.domain import memberships as rules
from lotwise.sales.domain.balance_refusals import (
    BalanceUsed,
    MembershipCharge,
    MembershipTaken,
    NotAMembership,
    UnknownMembership,
)
from lotwise.sales.domain.definitions import Package as Definition
from lotwise.sales.domain.liabilities import Move
from lotwise.sales.domain.lines import ChargeLine
from lotwise.sales.domain.memberships import Membership, Period
from lotwise.sales.domain.owing import AT_ONCE, Joining
from lotwise.sales.domain.packages import Package
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.domain.refusals import BadQuantity
from lotwise.sales.operations.ledger import Ledger
from lotwise.sales.operations.packages import Sale, items_of
from lotwise.sales.repository import memberships as rows
from lotwise.sales.repository import packages as package_rows
from lotwise.values import day_bounds, site_day

KINDS = ("membership", "membership_services")


def definition_of(book: PriceBook, product_id: UUID) -> Definition:
    """What a membership gives. Raises NotAMembership."""
    found = book.packages.get(product_id)
    if found is None or found.package_type not in KINDS or found.period is None:
        raise NotAMembership(
            "the product gives no membership",
            field="product_id",
            ways_out=("choose a membership", "define its period in the catalog"),
            product_id=str(product_id),
        )
    return found


async def join(
    ledger: Ledger, book: PriceBook, line: ChargeLine, sale: Sale, how: Joining, exponent: int
) -> Membership:
    """Begin a membership with the line of its first fee.

    Raises NotAMembership, MembershipTaken, BadDay, BadQuantity.
    """
    definition = definition_of(book, line.product_id)
    if line.quantity != 10**line.unit_decimals:
        raise BadQuantity("a membership is sold once a line", field=f"lines.{line.line - 1}.quantity")
    running = await rows.running_of(ledger.tx, sale.member_id, line.product_id)
    if running is not None:
        raise MembershipTaken(
            "the member holds this membership already",
            field=f"lines.{line.line - 1}",
            ways_out=("let it renew by itself", "cancel it first"),
            membership_id=str(running),
        )
    today = site_day(sale.at, book.sites[sale.site].time_zone)
    anchor = rules.anchor_of(today, definition.period or "month", how.anchor_day)
    if how.anchor_month is not None and anchor.month is not None:
        anchor = anchor._replace(month=how.anchor_month)
    membership = Membership(
        named_id("membership", sale.charge_id, line.line),
        line.product_id,
        sale.member_id,
        sale.site,
        "active",
        definition.period or "month",
        anchor.day,
        anchor.month,
        today,
        1,
        today,
        how.until or rules.period_end(anchor, today),
        how.paid_by,
        how.payment_reference,
        None,
        0,
        None,
        None,
        None,
        False,
        "",
        None,
        definition.refund_rule,
        definition.rollover_periods,
        definition.redeem_at,
        sale.currency,
        ledger.deed.actor,
        1,
    )
    await rows.add(ledger.tx, membership)
    await rows.put_moment(ledger.tx, membership.membership_id, sale.at, gives=True)
    ledger.memberships[membership.membership_id] = membership
    await begin_period(ledger, book, membership, line, sale, exponent, how)
    return membership


async def begin_period(
    ledger: Ledger,
    book: PriceBook,
    membership: Membership,
    line: ChargeLine,
    sale: Sale,
    exponent: int,
    how: Joining = AT_ONCE,
) -> Period:
    """Keep the present period of a membership with its fee, give what it gives, and tell it."""
    price = line.total_minor if line.tax_inclusive else line.net_minor
    period = Period(
        membership.membership_id,
        membership.period_no,
        membership.from_day,
        membership.to_day,
        (membership.to_day - membership.from_day).days + 1,
        max(0, price + how.credit_price),
        max(0, line.net_minor + how.credit_net),
        line.tax_1_minor,
        line.tax_2_minor,
        sale.charge_id,
        0,
        None,
    )
    await rows.add_period(ledger.tx, period)
    ledger.note(
        "membership", membership.membership_id, "sold", period.fee_minor,
        site=membership.site, member_id=membership.member_id, line=line.line,
    )  # fmt: skip
    given = given_by(book, membership, line, sale, exponent)
    if given.items:
        ledger.put(given, is_new=True)
    ledger.events.append(
        said(
            MembershipRenewed, membership, sale,
            period=membership.period_no, from_day=membership.from_day, to_day=membership.to_day,
            fee_minor=period.fee_minor, currency=sale.currency, charge_id=sale.charge_id,
        )
    )  # fmt: skip
    return period


def given_by(book: PriceBook, membership: Membership, line: ChargeLine, sale: Sale, exponent: int) -> Package:
    """What the present period of a membership gives, usable until it ends or rolled over (SAL-21)."""
    zone = book.sites[membership.site].time_zone
    until = rules.usable_until(membership.anchor, membership.to_day, membership.rollover_periods)
    return Package(
        named_id("entitlement", membership.membership_id, membership.period_no),
        membership.package_id,
        membership.membership_id,
        membership.member_id,
        membership.site,
        sale.charge_id,
        line.line,
        "active",
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        True,
        False,
        sale.at,
        day_bounds(until, zone)[1],
        membership.refund_rule,
        membership.redeem_at,
        sale.currency,
        1,
        items_of(book, line, sale, exponent, is_free=True),
    )


def said(kind: type[MembershipEvent], membership: Membership, sale: Any, **more: object) -> MembershipEvent:
    """An event of a membership as it now stands; `sale` has `at` (or `happened_at`) and the site of the deed."""
    at = getattr(sale, "at", None) or sale.happened_at
    return kind.model_validate(
        {
            "site": membership.site,
            "membership_id": membership.membership_id,
            "package_id": membership.package_id,
            "member_id": membership.member_id,
            "happened_at": at,
            "actor": getattr(sale, "actor", membership.actor),
            "revision": membership.revision,
            **more,
        }
    )


async def known(tx: Tx, membership_id: UUID) -> Membership:
    """A membership as it is before it is locked. Raises UnknownMembership."""
    found = (await rows.load(tx, [membership_id])).get(membership_id)
    if found is None:
        raise UnknownMembership(f"no membership has the id {membership_id}")
    return found


async def close_given(ledger: Ledger, membership_id: UUID) -> None:
    """What the periods of a membership gave is over."""
    for package in (await _given(ledger.tx, membership_id)).values():
        ledger.put(package._replace(state="expired"))


async def move_given(ledger: Ledger, membership_id: UUID, days: int, zone: str) -> None:
    """What the periods of a membership gave is usable so many days longer."""
    for package in (await _given(ledger.tx, membership_id)).values():
        if package.expires_at is not None:
            last = site_day(package.expires_at - timedelta(seconds=1), zone) + timedelta(days=days)
            ledger.put(package._replace(expires_at=day_bounds(last, zone)[1]))


async def _given(tx: Tx, membership_id: UUID) -> dict[UUID, Package]:
    ids = await package_rows.ids_of_membership(tx, membership_id)
    return await package_rows.load(tx, ids, lock=True)


async def period_of(tx: Tx, membership: Membership) -> Period:
    """The present period of a membership."""
    periods = (await rows.periods(tx, [membership.membership_id]))[membership.membership_id]
    return next(one for one in periods if one.period_no == membership.period_no)


async def kept(ledger: Ledger, membership: Membership, since: datetime | None = None) -> Membership:
    """Keep what became of a membership; its revision grows.

    Where it begins or ceases to give, that is kept with the moment (`since`, else that of the deed).
    """
    grown = membership._replace(revision=membership.revision + 1)
    await rows.save(ledger.tx, grown)
    before = ledger.memberships.get(grown.membership_id)
    if before is None or before.gives != grown.gives:
        at = since or ledger.deed.happened_at
        await rows.put_moment(ledger.tx, grown.membership_id, at, gives=grown.gives)
    ledger.memberships[grown.membership_id] = grown
    return grown


async def void_joining(ledger: Ledger, move: Move) -> None:
    """The charge of a fee is taken back: the joining with it, if it was just that and nothing was used.

    Raises MembershipCharge for the fee of a membership that goes on, BalanceUsed.
    """
    membership = ledger.memberships[move.owner_id]
    period = await period_of(ledger.tx, membership)
    if period.charge_id != move.charge_id or membership.period_no != 1 or membership.state == "ended":
        raise MembershipCharge(
            "the fee of a membership is not taken back by itself",
            ways_out=("cancel the membership", "refund it with the cancellation"),
            membership_id=str(membership.membership_id),
        )
    given = await _given(ledger.tx, membership.membership_id)
    if any(item.used for package in given.values() for item in package.items):
        raise BalanceUsed(
            "something of the membership was used already",
            ways_out=("void its uses first", "cancel the membership"),
            membership_id=str(membership.membership_id),
        )
    deed = ledger.deed
    zone_day = min(period.to_day, max(period.from_day, deed.happened_at.date()))
    await rows.save_period(ledger.tx, period._replace(refunded_minor=period.fee_minor, ended_on=period.from_day))
    ended = await kept(ledger, rules.end(membership, zone_day, "voided"))
    for package in given.values():
        ledger.put(package._replace(state="voided"))
    ledger.note(
        "membership", membership.membership_id, "voided", -period.fee_minor,
        site=membership.site, member_id=membership.member_id, line=move.line,
    )  # fmt: skip
    ledger.events.append(
        said(MembershipEndedEvent, ended, deed, on_day=zone_day, reason="voided", refunded_minor=period.fee_minor)
    )
