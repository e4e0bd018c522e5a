"""The only home of charges that touch what members hold: locked, applied and recorded in one transaction, or not.

A line that sells a package, a membership, a gift certificate or money on account, a line that is taken from a balance,
a tender that spends a certificate or an account: a charge with any of these comes here. All others take the group
commit and know nothing of this.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.sales.domain import gifts as gift_rules
from lotwise.sales.domain import packages as package_rules
from lotwise.sales.domain.balance_refusals import MemberNeeded
from lotwise.sales.domain.charges import Charge
from lotwise.sales.domain.liabilities import Deed, Move
from lotwise.sales.domain.lines import ChargeLine
from lotwise.sales.domain.money_refusals import TillNotOpen
from lotwise.sales.domain.owing import AT_ONCE, Owing
from lotwise.sales.domain.packages import Refund, Use
from lotwise.sales.domain.tenders import Tender
from lotwise.sales.operations import gifts, memberships, packages
from lotwise.sales.operations.ledger import Ledger, Wanted
from lotwise.sales.operations.packages import Redeemer, Sale
from lotwise.sales.operations.recording import Ready, Recorded, Unseated, outcomes_of_known, record_within
from lotwise.sales.operations.selling import Selling
from lotwise.sales.repository import moves as move_rows
from lotwise.values import Refusal, site_day

TRIES = 3


async def record(selling: Selling, one: Ready, owing: Owing) -> Recorded:
    """Record a charge with all that it does to balances. Sent again, it is answered from the record.

    Raises DifferentBody, ChargeClosed, and what balances refuse; a refused charge changes nothing.
    """
    for _ in range(TRIES):
        try:
            async with selling.db.transaction() as tx:
                return await record_in(tx, selling, one, owing, datetime.now(UTC))
        except asyncpg.UniqueViolationError:
            continue
    raise ConnectionError("the database did not take the charge")


async def record_in(tx: Tx, selling: Selling, one: Ready, owing: Owing, now: datetime) -> Recorded:
    """As `record`, in a transaction that does other things too."""
    charge = one.charge
    known = (await outcomes_of_known(tx, [one])).get(charge.charge_id)
    if known is None:
        ledger = await Ledger.open(tx, wanted_of(one, owing), _deed(charge, now), charge.currency)
        applied = await apply(selling, ledger, charge, owing)
        await ledger.close()
        try:
            known = (await record_within(tx, [one._replace(charge=applied)], now))[charge.charge_id]
        except Unseated:
            raise TillNotOpen(
                "the till was counted or closed just now",
                field="till_id",
                ways_out=("open the till again", "choose another till"),
            ) from None
    if isinstance(known, Refusal):
        raise known
    return known


def _deed(charge: Charge, now: datetime) -> Deed:
    return Deed(charge.site, charge.happened_at, now, charge.actor, charge.charge_id)


def wanted_of(one: Ready, owing: Owing) -> Wanted:
    """What a charge touches. Raises BadCertificate for a number that none can have."""
    charge = one.charge
    numbers = [gift_rules.clean(text, f"lines.{line - 1}.gift_number") for line, text in owing.numbers.items()]
    for index, tender in enumerate(charge.tenders):
        if tender.kind == "gift":
            numbers.append(gift_rules.clean(tender.reference, f"tenders.{index}.reference"))
    needs_account = any(line.more.owed == "account" for line in charge.lines) or any(
        tender.kind == "account" for tender in charge.tenders
    )
    accounts = [charge.member_id] if needs_account and charge.member_id is not None else []
    return Wanted(packages=set(packages.redeems(charge.lines)), numbers=set(numbers), accounts=accounts)


async def apply(selling: Selling, ledger: Ledger, charge: Charge, owing: Owing) -> Charge:
    """Let lines, then tenders, do to the locked balances what they say. The charge as it is kept: numbers masked."""
    for line in charge.lines:
        if line.extra is not None:
            await _apply_line(selling, ledger, charge, line, owing)
    tenders = [_apply_tender(ledger, charge, index, tender, owing) for index, tender in enumerate(charge.tenders)]
    return charge._replace(tenders=tenders)


async def _apply_line(selling: Selling, ledger: Ledger, charge: Charge, line: ChargeLine, owing: Owing) -> None:
    more, book = line.more, selling.prices.book
    if more.redeems is not None:
        slots = book.slots(charge.site, site_day(charge.happened_at, book.sites[charge.site].time_zone))
        who = Redeemer(book, slots, charge.site, charge.member_id, charge.happened_at)
        packages.redeem(ledger, who, line, more.redeems, charge.charge_id)
    elif more.owed == "account":
        member_id = _member(charge, line)
        amount, why = line.net_minor, "received" if line.net_minor > 0 else "returned"
        ledger.move_account(member_id, amount, why, f"lines.{line.line - 1}", line=line.line, is_fact=owing.is_fact)
    elif line.quantity > 0 and line.effect in {"sale", "none"}:
        await _sell(selling, ledger, charge, line, owing)


async def _sell(selling: Selling, ledger: Ledger, charge: Charge, line: ChargeLine, owing: Owing) -> None:
    owed, book = line.more.owed, selling.prices.book
    if owed == "gift":
        zone = book.sites[charge.site].time_zone
        gifts.sell(ledger, line, owing.numbers.get(line.line), charge.member_id, zone, selling.gift_valid_days)
    elif owed in {"package", "membership"}:
        sale = Sale(charge.charge_id, charge.site, _member(charge, line), charge.happened_at, charge.currency)
        if owed == "membership":
            how = owing.joins.get(line.line, AT_ONCE)
            await memberships.join(ledger, book, line, sale, how, selling.exponent)
        else:
            definition = book.packages[line.product_id]
            ledger.sell_package(packages.package_of(book, definition, line, sale, selling.exponent))


def _member(charge: Charge, line: ChargeLine) -> UUID:
    if charge.member_id is None:
        raise MemberNeeded(
            f"line {line.line} belongs to a member",
            field="member_id",
            ways_out=("choose the member", "add a new member"),
            line=line.line,
        )
    return charge.member_id


def _apply_tender(ledger: Ledger, charge: Charge, index: int, tender: Tender, owing: Owing) -> Tender:
    field = f"tenders.{index}"
    if tender.kind == "gift":
        number = gift_rules.clean(tender.reference, f"{field}.reference")
        gifts.spend(ledger, number, tender.amount_minor, charge.charge_id, f"{field}.reference")
        return tender._replace(reference=gift_rules.masked(number))
    if tender.kind == "account":
        if charge.member_id is None:
            if owing.is_fact:
                return tender
            raise MemberNeeded("an account belongs to a member", field="member_id", ways_out=("choose the member",))
        ledger.move_account(charge.member_id, -tender.amount_minor, "spent", field, is_fact=owing.is_fact)
    return tender


async def void(tx: Tx, charge: Charge, deed: Deed) -> None:
    """Undo what a charge, and what was paid of it later, did to balances, where it is taken back whole.

    Raises BalanceUsed, BalanceClosed, AccountShort, MembershipCharge: then the charge stays as it is.
    """
    moves = await move_rows.of_charge(tx, charge.charge_id)
    if not moves:
        return
    ledger = await Ledger.open(tx, _wanted_by(moves), deed, charge.currency)
    for move in moves:
        await _undo(ledger, move, charge)
    await ledger.close()


def _wanted_by(moves: Sequence[Move]) -> Wanted:
    owners: dict[str, set[UUID]] = {}
    for move in moves:
        owners.setdefault(move.kind, set()).add(move.owner_id)
    return Wanted(
        packages=owners.get("package", ()),
        memberships=owners.get("membership", ()),
        certificates=owners.get("gift", ()),
        accounts=owners.get("account", ()),
    )


async def _undo(ledger: Ledger, move: Move, charge: Charge) -> None:
    if move.kind == "account":
        ledger.move_account(move.owner_id, -move.amount_minor, "reversed", "charge_id", line=move.line)
    elif move.kind == "gift":
        certificate = next(one for one in ledger.certificates.values() if one.certificate_id == move.owner_id)
        gifts.reverse(ledger, move, certificate, charge.charge_id)
    elif move.kind == "membership":
        await memberships.void_joining(ledger, move)
    elif move.why == "sold":
        package = ledger.packages[move.owner_id]
        closed = package_rules.take_sale_back(package)
        money = Refund(package.value_minor, package.tax_1_minor, package.tax_2_minor, 0)
        ledger.refund_package(closed, money, "voided")
    elif move.why == "redeemed" and move.product_id is not None:
        used = Use(move.product_id, move.quantity, -move.amount_minor)
        back = package_rules.give_back(ledger.packages[move.owner_id], used)
        ledger.redeem(back, used, charge.charge_id, move.line or 1, back=True)
