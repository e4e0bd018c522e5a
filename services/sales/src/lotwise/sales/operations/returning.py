"""The only home of what returns, refunds and later payments do to what members hold."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.kit.principal import Principal
from lotwise.sales.domain import gifts as gift_rules
from lotwise.sales.domain import packages as package_rules
from lotwise.sales.domain.balance_refusals import MemberNeeded
from lotwise.sales.domain.charges import Charge
from lotwise.sales.domain.gifts import Certificate
from lotwise.sales.domain.liabilities import Deed, Move
from lotwise.sales.domain.owing import TENDERS
from lotwise.sales.domain.packages import Use
from lotwise.sales.domain.returns import Return, ReturnLine
from lotwise.sales.domain.tenders import Tender
from lotwise.sales.operations import gifts
from lotwise.sales.operations.ledger import Ledger, Wanted
from lotwise.sales.repository import moves as move_rows
from lotwise.sales.repository import returns as return_rows

Counted = dict[tuple[UUID, int], int]


async def returned(tx: Tx, made: Sequence[Return], charges: Mapping[UUID, Charge], now: datetime) -> list[Return]:
    """Before returns are kept: what their lines used goes back to its balance, and refunds go onto certificates and
    accounts. The returns as they are kept: numbers masked. Raises MemberNeeded, UnknownCertificate, BalanceClosed.
    """
    before: Counted = {}
    touching = [one for one in made if _touches(one, charges)]
    if touching:
        ids = {one.charge_id for one in touching if one.charge_id is not None}
        before = await return_rows.returned(tx, sorted(ids))
    found = []
    for one in made:
        charge = charges.get(one.charge_id) if one.charge_id is not None else None
        found.append(await _returned(tx, one, charge, before, now) if one in touching else one)
    return found


def _touches(back: Return, charges: Mapping[UUID, Charge]) -> bool:
    if any(tender.kind in TENDERS for tender in back.tenders):
        return True
    charge = charges.get(back.charge_id) if back.charge_id is not None else None
    return charge is not None and bool(_uses(back, charge))


def _uses(back: Return, charge: Charge) -> list[tuple[ReturnLine, UUID]]:
    """The returned lines that were taken from balances, with those balances."""
    redeemed = {line.line: line.extra.redeems for line in charge.lines if line.extra is not None}
    found = [(line, redeemed.get(line.charge_line or 0)) for line in back.lines]
    return [(line, balance_id) for line, balance_id in found if balance_id is not None]


async def _returned(tx: Tx, back: Return, charge: Charge | None, before: Counted, now: datetime) -> Return:
    moves = [] if charge is None else await move_rows.of_charge(tx, charge.charge_id)
    uses = [] if charge is None else _uses(back, charge)
    deed = Deed(back.site, back.happened_at, now, back.actor, back.charge_id, back.reason)
    wanted = Wanted(
        packages={balance_id for _, balance_id in uses},
        numbers=_numbers(back.tenders),
        certificates=_paid_with(moves) if any(tender.kind == "gift" for tender in back.tenders) else (),
        accounts=_accounts(back),
    )
    ledger = await Ledger.open(tx, wanted, deed, back.currency)
    for line, balance_id in uses:
        _give_back(ledger, moves, line, balance_id, before, charge)
    tenders = [_refund(ledger, back, i, tender, moves) for i, tender in enumerate(back.tenders)]
    await ledger.close()
    return back._replace(tenders=tenders)


def _give_back(
    ledger: Ledger, moves: Iterable[Move], line: ReturnLine, balance_id: UUID, before: Counted, charge: Charge | None
) -> None:
    if charge is None or line.charge_line is None:
        return
    whole = next(one.quantity for one in charge.lines if one.line == line.charge_line)
    key = (charge.charge_id, line.charge_line)
    for move in moves:
        if move.why == "redeemed" and move.line == line.charge_line and move.product_id is not None:
            used = Use(move.product_id, move.quantity, -move.amount_minor)
            part = package_rules.part_of(used, line.quantity, before.get(key, 0), whole)
            package = package_rules.give_back(ledger.package(balance_id, "lines"), part)
            ledger.redeem(package, part, charge.charge_id, line.charge_line, back=True)
    before[key] = before.get(key, 0) + line.quantity


def _numbers(tenders: Sequence[Tender]) -> set[str]:
    """The numbers that gift tenders name; a masked or empty one means the certificate that paid."""
    return {
        gift_rules.clean(tender.reference, f"tenders.{i}.reference")
        for i, tender in enumerate(tenders)
        if tender.kind == "gift" and _is_named(tender)
    }


def _is_named(tender: Tender) -> bool:
    return bool(tender.reference.strip()) and "•" not in tender.reference


def _paid_with(moves: Iterable[Move]) -> set[UUID]:
    return {move.owner_id for move in moves if move.kind == "gift" and move.why == "spent"}


def _accounts(back: Return) -> list[UUID]:
    needs = any(tender.kind == "account" for tender in back.tenders)
    return [back.member_id] if needs and back.member_id is not None else []


def _refund(ledger: Ledger, back: Return, index: int, tender: Tender, moves: Sequence[Move]) -> Tender:
    field = f"tenders.{index}"
    if tender.kind == "account":
        if back.member_id is None:
            raise MemberNeeded(
                "an account belongs to a member", field="member_id", ways_out=("choose the member", "refund otherwise")
            )
        ledger.move_account(back.member_id, -tender.amount_minor, "returned", field)
    elif tender.kind == "gift":
        certificate = _certificate(ledger, tender, moves, field)
        gifts.put_on(ledger, certificate, -tender.amount_minor, back.charge_id or back.return_id)
        return tender._replace(reference=gift_rules.masked(certificate.number))
    return tender


def _certificate(ledger: Ledger, tender: Tender, moves: Sequence[Move], field: str) -> Certificate:
    """The certificate that a refund names, else the one that paid."""
    if _is_named(tender):
        return ledger.certificate(gift_rules.clean(tender.reference, f"{field}.reference"), f"{field}.reference")
    paid = _paid_with(moves)
    tail = tender.reference.strip()[-4:]
    for certificate in ledger.certificates.values():
        if certificate.certificate_id in paid and certificate.number.endswith(tail):
            return certificate
    raise gift_rules.unknown(tender.reference, f"{field}.reference")


async def take(tx: Tx, charge: Charge, tender: Tender, who: Principal, at: datetime, now: datetime) -> Tender:
    """Take a later payment on a charge out of a certificate or an account. The tender as it is kept.

    Raises MemberNeeded, AccountShort, UnknownCertificate, CertificateEmpty, CertificateClosed.
    """
    deed = Deed(charge.site, at, now, who.actor, charge.charge_id)
    if tender.kind == "account":
        if charge.member_id is None:
            raise MemberNeeded("an account belongs to a member", field="tenders", ways_out=("pay otherwise",))
        ledger = await Ledger.open(tx, Wanted(accounts=[charge.member_id]), deed, charge.currency)
        ledger.move_account(charge.member_id, -tender.amount_minor, "spent", "tenders")
        await ledger.close()
        return tender
    number = gift_rules.clean(tender.reference, "tenders.reference")
    ledger = await Ledger.open(tx, Wanted(numbers=[number]), deed, charge.currency)
    gifts.spend(ledger, number, tender.amount_minor, charge.charge_id, "tenders.reference")
    await ledger.close()
    return tender._replace(reference=gift_rules.masked(number))
