"""The only home of gift certificates: their numbers, and what they may pay."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.sales.domain.balance_refusals import (
    BadCertificate,
    BalanceUsed,
    CertificateClosed,
    CertificateEmpty,
    UnknownCertificate,
)
from lotwise.values import BIGINT_MAX

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""31 signs (a prime) without those that are taken for one another."""

LENGTH = 16
GIVEN_MIN, GIVEN_MAX = 6, 40


class Certificate(NamedTuple):
    """A gift certificate in the order of its columns; minor units."""

    certificate_id: UUID
    number: str
    site: str
    member_id: UUID | None
    state: str
    sold_minor: int
    spent_minor: int
    expired_minor: int
    currency: str
    sold_at: datetime
    expires_at: datetime | None
    revision: int

    @property
    def balance_minor(self) -> int:
        """What it can still pay."""
        return self.sold_minor - self.spent_minor - self.expired_minor


def make_number(draws: Sequence[int]) -> str:
    """A number of 15 drawn signs and their check sign; each draw is a random whole number of at least 64 bits."""
    signs = [ALPHABET[draw % len(ALPHABET)] for draw in draws[: LENGTH - 1]]
    return "".join(signs) + _check_sign(signs)


def _check_sign(signs: Sequence[str]) -> str:
    """Differs when a sign is wrong or two neighbours are swapped: weights 1 to 15 modulo a prime."""
    total = sum(weight * ALPHABET.index(sign) for weight, sign in enumerate(signs, 1))
    return ALPHABET[total % len(ALPHABET)]


def is_mistyped(number: str) -> bool:
    """Whether a number looks like one of ours but its check sign does not fit."""
    if len(number) != LENGTH or any(sign not in ALPHABET for sign in number):
        return False
    return _check_sign(number[:-1]) != number[-1]


def clean(text: str, field: str) -> str:
    """A typed or scanned number without spaces and dashes, in capitals. Raises BadCertificate."""
    number = "".join(text.split()).replace("-", "").upper()
    if not GIVEN_MIN <= len(number) <= GIVEN_MAX or not number.isascii() or not number.isalnum():
        raise BadCertificate(
            f"a number has {GIVEN_MIN} to {GIVEN_MAX} letters and digits",
            field=field,
            ways_out=("scan it again", "leave it empty: a number is made"),
        )
    return number


def grouped(number: str) -> str:
    """A number as it is printed: groups of four."""
    return "-".join(number[i : i + 4] for i in range(0, len(number), 4))


def masked(number: str) -> str:
    """A number as it is shown where it must not be spent from: its last four signs."""
    return "••••" + number[-4:]


def unknown(number: str, field: str) -> UnknownCertificate:
    """The refusal of a number that nobody bought; a mistyped one is named as such."""
    ways = ("type the number again: a sign is wrong",) if is_mistyped(number) else ("scan it again", "pay otherwise")
    return UnknownCertificate("no gift certificate has this number", field=field, ways_out=ways)


def check_amount(amount: int) -> None:
    """A certificate is sold for an amount above zero. Raises BadCertificate."""
    if not 0 < amount <= BIGINT_MAX // 2:
        raise BadCertificate("a gift certificate is sold for an amount above zero", field="lines", amount_minor=amount)


def top_up(certificate: Certificate, amount: int) -> Certificate:
    """Add to a certificate. Raises CertificateClosed, BadCertificate."""
    check_amount(amount)
    _check_open(certificate, certificate.sold_at, "lines")
    if certificate.sold_minor + amount > BIGINT_MAX // 2:
        raise BadCertificate("so much fits no certificate", field="lines", amount_minor=amount)
    return certificate._replace(sold_minor=certificate.sold_minor + amount)


def spend(certificate: Certificate, amount: int, at: datetime, field: str) -> Certificate:
    """Pay with a certificate. Raises CertificateClosed, CertificateEmpty with what is left."""
    _check_open(certificate, at, field)
    if amount > certificate.balance_minor:
        raise CertificateEmpty(
            f"{certificate.balance_minor} minor units are left on the certificate",
            field=field,
            ways_out=("pay what is left with it and the rest otherwise",),
            balance_minor=certificate.balance_minor,
            wanted_minor=amount,
        )
    return certificate._replace(spent_minor=certificate.spent_minor + amount)


def _check_open(certificate: Certificate, at: datetime, field: str) -> None:
    expired = certificate.expires_at is not None and certificate.expires_at <= at
    if certificate.state == "active" and not expired:
        return
    state = "expired" if expired and certificate.state == "active" else certificate.state
    raise CertificateClosed(
        f"the gift certificate is {state}", field=field, ways_out=("pay otherwise", "sell a new one"), state=state
    )


def give_back(certificate: Certificate, amount: int) -> Certificate:
    """Put back what it paid: never more than was spent. An expired one is valid until the next look at the clock."""
    back = min(amount, certificate.spent_minor)
    return certificate._replace(spent_minor=certificate.spent_minor - back, state="active")


def put_on(certificate: Certificate, amount: int) -> Certificate:
    """Refund onto a certificate: what it paid first, the rest is sold anew onto it."""
    back = min(amount, certificate.spent_minor)
    return certificate._replace(
        spent_minor=certificate.spent_minor - back, sold_minor=certificate.sold_minor + amount - back, state="active"
    )


def take_sale_back(certificate: Certificate, amount: int) -> Certificate:
    """Undo a sale or top-up that was not spent. Raises BalanceUsed."""
    if amount > certificate.balance_minor or certificate.state != "active":
        raise BalanceUsed(
            "part of the gift certificate was spent already",
            ways_out=("void the charges that it paid first",),
            balance_minor=certificate.balance_minor,
            sold_minor=amount,
        )
    left = certificate.sold_minor - amount
    return certificate._replace(sold_minor=left, state="active" if left else "voided")


def expire(certificate: Certificate) -> tuple[Certificate, int]:
    """Let a certificate run out: what is left is earned (breakage)."""
    owed = certificate.balance_minor
    return certificate._replace(state="expired", expired_minor=certificate.expired_minor + owed), owed
