"""The only home of packages at work: sold by a line, redeemed by a line, given back, refunded, extended (SAL-08 to 10).

A redeemed line costs the member nothing; what it earns is its share of the package's price. Where the site taxes at
redemption, its taxes are those of that share.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.ids import named_id
from lotwise.kit.database import Tx
from lotwise.kit.principal import Principal
from lotwise.sales.domain import packages
from lotwise.sales.domain.balance_refusals import BalanceChanged, UnknownBalance
from lotwise.sales.domain.charges import Priced
from lotwise.sales.domain.definitions import Package as Definition
from lotwise.sales.domain.definitions import TaxSlots
from lotwise.sales.domain.liabilities import Deed
from lotwise.sales.domain.lines import ChargeLine
from lotwise.sales.domain.memberships import Membership, check_gives
from lotwise.sales.domain.packages import Item, Package, Use
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.domain.taxes import rates_of, tax_line
from lotwise.sales.operations.ledger import Ledger, Wanted
from lotwise.sales.operations.selling import Selling
from lotwise.sales.repository import charges as charge_rows
from lotwise.sales.repository import memberships as membership_rows
from lotwise.sales.repository import packages as rows


class Sale(NamedTuple):
    """Who bought a line where and when, in which charge."""

    charge_id: UUID
    site: str
    member_id: UUID
    at: datetime
    currency: str


def package_of(book: PriceBook, definition: Definition, line: ChargeLine, sale: Sale, exponent: int) -> Package:
    """The package that a line sells: its price shared among its products as the line's taxes were (CAT-64)."""
    site = book.sites[sale.site]
    return Package(
        named_id("package", sale.charge_id, line.line),
        line.product_id,
        None,
        sale.member_id,
        sale.site,
        sale.charge_id,
        line.line,
        "active",
        line.net_minor,
        0,
        0,
        0,
        0,
        line.tax_1_minor,
        line.tax_2_minor,
        site.package_tax_point == "sale",
        line.tax_inclusive,
        sale.at,
        packages.last_instant(sale.at, site.time_zone, definition.valid_days),
        definition.refund_rule,
        definition.redeem_at,
        sale.currency,
        1,
        items_of(book, line, sale, exponent),
    )


def items_of(book: PriceBook, line: ChargeLine, sale: Sale, exponent: int, *, is_free: bool = False) -> list[Item]:
    """What a line gives, each product once, with its share of the price (none when the price is earned by time).

    The shares are those that were taxed at the sale; where nothing was taxed, by what the products cost alone.
    """
    definition = book.packages[line.product_id]
    count = max(1, line.quantity // int(10**line.unit_decimals))
    worth = [_list(book, one.product_id, one.quantity * count, sale, exponent) for one in definition.items]
    values = [share.net_minor for share in line.more.shares]
    if len(values) != len(worth) or sum(values) != line.net_minor:
        values = packages.shares(line.net_minor, worth) if worth else []
    found: dict[UUID, Item] = {}
    for one, list_minor, value in zip(definition.items, worth, values, strict=True):
        item = Item(one.product_id, one.quantity * count, 0, 0 if is_free else value, 0, list_minor, one.is_unlimited)
        known = found.get(one.product_id)
        found[one.product_id] = item if known is None else _together(known, item)
    return list(found.values())


def _together(one: Item, other: Item) -> Item:
    return one._replace(
        quantity=one.quantity + other.quantity,
        value_minor=one.value_minor + other.value_minor,
        list_minor=one.list_minor + other.list_minor,
        is_unlimited=one.is_unlimited or other.is_unlimited,
    )


def _list(book: PriceBook, product_id: UUID, quantity: int, sale: Sale, exponent: int) -> int:
    price = book.price(product_id, sale.site, sale.at)
    return 0 if price is None else max(0, packages.list_minor(price.micros, quantity, exponent))


class Redeemer(NamedTuple):
    """Who redeems where and when, with which definitions."""

    book: PriceBook
    slots: TaxSlots
    site: str
    member_id: UUID | None
    at: datetime


class Redeemed(NamedTuple):
    """A line that was taken from a balance: the line with the taxes of its share, the package after it, the use."""

    line: ChargeLine
    package: Package
    used: Use


def redeem_line(who: Redeemer, line: ChargeLine, package: Package, memberships: Mapping[UUID, Membership]) -> Redeemed:
    """Take a line from a package. Raises OtherMember, BalanceClosed, BalanceExpired, NotRedeemableHere, NotInBalance,
    BalanceEmpty, MembershipResting.
    """
    field = f"lines.{line.line - 1}.redeem"
    packages.check_usable(package, who.member_id, who.site, who.at, field)
    if package.membership_id is not None and package.membership_id in memberships:
        check_gives(memberships[package.membership_id], field)
    item = packages.item_of(package, covered_by(who.book, line.product_id), field)
    after, used = packages.use(package, item, packages.smallest(line.quantity, line.unit_decimals), field)
    if package.taxed_at_sale or not used.value_minor:
        return Redeemed(line, after, used)
    product = who.book.products[line.product_id]
    tax_code, application_code = product.tax_codes_at(who.site)
    taxed = tax_line(used.value_minor, rates_of(who.slots, tax_code, application_code), inclusive=package.tax_inclusive)
    net = taxed.net - used.value_minor
    return Redeemed(line._replace(net_minor=net, tax_1_minor=taxed.tax_1, tax_2_minor=taxed.tax_2), after, used)


def covered_by(book: PriceBook, product_id: UUID) -> list[UUID]:
    """What a package may hold that covers a product: the product itself, or the base that it is a variant of."""
    product = book.products.get(product_id)
    if product is None or product.variant_of is None:
        return [product_id]
    return [product_id, product.variant_of]


def redeems(lines: Iterable[ChargeLine]) -> list[UUID]:
    """The balances that lines are taken from."""
    return [line.extra.redeems for line in lines if line.extra is not None and line.extra.redeems is not None]


async def prepared(selling: Selling, priced: Priced, member_id: UUID | None) -> Priced:
    """A priced charge whose redeemed lines were looked at and, where the site asks for it, taxed by their shares.

    Nothing is locked: what another till takes meanwhile is refused when the charge is recorded. Raises UnknownBalance
    and what `redeem_line` raises.
    """
    wanted = redeems(priced.lines)
    if not wanted:
        return priced
    async with selling.db.reading() as tx:
        found = await rows.load(tx, set(wanted))
        given_by = {one.membership_id for one in found.values() if one.membership_id is not None}
        memberships = await membership_rows.load(tx, given_by)
    who = Redeemer(selling.prices.book, priced.slots, priced.site.slug, member_id, priced.happened_at)
    lines = list(priced.lines)
    for index, line in enumerate(lines):
        balance_id = line.more.redeems
        if balance_id is None:
            continue
        if balance_id not in found:
            raise _unknown(balance_id, index)
        taken = redeem_line(who, line, found[balance_id], memberships)
        lines[index], found[balance_id] = taken.line, taken.package
    return with_lines(priced, lines)


def with_lines(priced: Priced, lines: Sequence[ChargeLine]) -> Priced:
    """The charge with other lines and their sums."""
    return priced._replace(
        lines=list(lines),
        net_minor=sum(line.net_minor for line in lines),
        tax_1_minor=sum(line.tax_1_minor for line in lines),
        tax_2_minor=sum(line.tax_2_minor for line in lines),
    )


def _unknown(balance_id: UUID, index: int) -> UnknownBalance:
    return UnknownBalance(
        f"no balance has the id {balance_id}",
        field=f"lines.{index}.redeem",
        ways_out=("look at the member's balances", "charge the line at its price"),
    )


def redeem(ledger: Ledger, who: Redeemer, line: ChargeLine, balance_id: UUID, charge_id: UUID) -> None:
    """Take a line of a charge from a locked package. Raises what `redeem_line` raises, UnknownBalance, and
    BalanceChanged when another till took from it since it was priced.
    """
    package = ledger.package(balance_id, f"lines.{line.line - 1}.redeem")
    taken = redeem_line(who, line, package, ledger.memberships)
    if taken.line != line:
        raise BalanceChanged(
            "the tax of the line is another one now",
            field=f"lines.{line.line - 1}.redeem",
            ways_out=("ask for the price again",),
            balance_id=str(balance_id),
        )
    ledger.redeem(taken.package, taken.used, charge_id, line.line)


async def refund(
    tx: Tx, balance_id: UUID, who: Principal, now: datetime, reason: str, *, onto_account: bool
) -> tuple[Ledger, Package, packages.Refund]:
    """Give a package back by its rule; the ledger is closed by the caller.

    The charge that sold it is locked first, as a void does, then the account that the money may go onto. Raises
    UnknownBalance, BalanceClosed, BalanceExpired, Forbidden.
    """
    sold = (await rows.load(tx, [balance_id])).get(balance_id)
    if sold is not None:
        await charge_rows.lock(tx, sold.charge_id)
    accounts = [sold.member_id] if sold is not None and onto_account else []
    ledger = await opened(tx, balance_id, who, "balance.write", now, reason, accounts)
    package = ledger.package(balance_id, "balance_id")
    if package.membership_id is not None:
        raise UnknownBalance(
            "what a membership gives is refunded with the membership", ways_out=("cancel the membership",)
        )
    closed, money = packages.refund(package)
    ledger.refund_package(closed, money)
    return ledger, closed, money


async def extend(
    tx: Tx, balance_id: UUID, last_day: date, book: PriceBook, who: Principal, now: datetime, reason: str
) -> Package:
    """Give a package until the end of a day at the site that sold it; what expiry earned is owed again.

    Raises UnknownBalance, BalanceClosed, BadExtension, Forbidden.
    """
    ledger = await opened(tx, balance_id, who, "balance.extend", now, reason)
    package = ledger.package(balance_id, "balance_id")
    site = book.sites.get(package.site)
    extended, again = packages.extend(package, last_day, "UTC" if site is None else site.time_zone, now)
    ledger.expire_package(extended, -again)
    ledger.note("package", balance_id, "new end", 0, site=package.site, member_id=package.member_id)
    await ledger.close()
    return extended


async def opened(
    tx: Tx,
    balance_id: UUID,
    who: Principal,
    permission: str,
    now: datetime,
    reason: str,
    accounts: Sequence[UUID] = (),
) -> Ledger:
    """The ledger of a deed on one package, for whoever may do it at its site. Raises UnknownBalance, Forbidden."""
    known = (await rows.load(tx, [balance_id])).get(balance_id)
    if known is None:
        raise UnknownBalance(f"no balance has the id {balance_id}", ways_out=("look at the member's balances",))
    who.at(permission, known.site)
    deed = Deed(known.site, now, now, who.actor, None, reason)
    return await Ledger.open(tx, Wanted(packages=[balance_id], accounts=accounts), deed, known.currency)
