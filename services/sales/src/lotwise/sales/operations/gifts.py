"""The only home of gift certificates at work: sold by a `.GIFT` line, spent by a tender, refunded onto (SAL-20)."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from lotwise.contracts.ids import named_id
from lotwise.sales.domain import gifts
from lotwise.sales.domain.gifts import Certificate
from lotwise.sales.domain.liabilities import Move
from lotwise.sales.domain.lines import ChargeLine
from lotwise.sales.operations.ledger import Ledger
from lotwise.values import day_bounds, half_up, site_day

BITS = 64


def sell(
    ledger: Ledger, line: ChargeLine, number: str | None, member_id: UUID | None, zone: str, valid_days: int
) -> None:
    """Sell what a `.GIFT` line is for: onto the certificate of the number given, known or new, else one new
    certificate for each unit of the line. A discount on the line is the chain's gift: the certificate has its face
    value. Raises BadCertificate, CertificateClosed.
    """
    amount = line.net_minor + sum(one.minor for one in line.more.discounts)
    field = f"lines.{line.line - 1}.gift_number"
    gifts.check_amount(amount)
    if number:
        clean = gifts.clean(number, field)
        known = ledger.certificates.get(clean)
        if known is not None:
            ledger.sell_gift(gifts.top_up(known, amount), amount, line.line)
            return
        ledger.sell_gift(
            _new(ledger, line, 0, clean, amount, member_id, zone, valid_days), amount, line.line, is_new=True
        )
        return
    count = max(1, line.quantity // int(10**line.unit_decimals))
    for nth in range(count):
        part = half_up(amount * (nth + 1), count) - half_up(amount * nth, count)
        gifts.check_amount(part)
        made = gifts.make_number([secrets.randbits(BITS) for _ in range(gifts.LENGTH)])
        certificate = _new(ledger, line, nth, made, part, member_id, zone, valid_days)
        ledger.sell_gift(certificate, part, line.line, is_new=True)


def _new(
    ledger: Ledger,
    line: ChargeLine,
    nth: int,
    number: str,
    amount: int,
    member_id: UUID | None,
    zone: str,
    valid_days: int,
) -> Certificate:
    deed = ledger.deed
    return Certificate(
        named_id("gift", deed.charge_id, line.line, nth),
        number,
        deed.site,
        member_id,
        "active",
        amount,
        0,
        0,
        ledger.currency,
        deed.happened_at,
        ends_at(deed.happened_at, zone, valid_days),
        1,
    )


def ends_at(sold_at: datetime, zone: str, valid_days: int) -> datetime | None:
    """When a certificate runs out: the site's midnight after so many whole days; 0 never."""
    if not valid_days:
        return None
    return day_bounds(site_day(sold_at, zone) + timedelta(days=valid_days), zone)[1]


def spend(ledger: Ledger, number: str, amount: int, document_id: UUID, field: str) -> None:
    """Pay with a certificate, or (below zero) refund onto it. Raises UnknownCertificate, CertificateClosed,
    CertificateEmpty.
    """
    certificate = ledger.certificate(number, field)
    if amount < 0:
        put_on(ledger, certificate, -amount, document_id)
        return
    ledger.spend_gift(gifts.spend(certificate, amount, ledger.deed.happened_at, field), amount, document_id)


def put_on(ledger: Ledger, certificate: Certificate, amount: int, document_id: UUID) -> None:
    """Refund onto a certificate: what it paid comes back, more than that is sold onto it anew."""
    back = min(amount, certificate.spent_minor)
    after = gifts.put_on(certificate, amount)
    if back:
        ledger.spend_gift(after, -back, document_id)
    if amount > back:
        ledger.sell_gift(after, amount - back, None)


def reverse(ledger: Ledger, move: Move, certificate: Certificate, document_id: UUID) -> None:
    """Undo what a charge did with a certificate. Raises BalanceUsed."""
    if move.why == "sold":
        ledger.sell_gift(gifts.take_sale_back(certificate, move.amount_minor), -move.amount_minor, move.line)
    elif move.amount_minor < 0:
        ledger.spend_gift(gifts.give_back(certificate, -move.amount_minor), move.amount_minor, document_id)
