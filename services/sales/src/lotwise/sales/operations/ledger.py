"""The only home of changing what members hold: all that a deed touches is locked in one order, moved in memory, kept.

Order of locks: accounts, certificates, memberships, packages, each by id. What was moved is written once at the end,
with its entries and its events, in the transaction of the deed.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import (
    AccountMoved,
    GiftCertificateExpired,
    GiftCertificateRedeemed,
    GiftCertificateSold,
    PackageExpired,
    PackageRedeemed,
    PackageRefunded,
    PackageSold,
)
from lotwise.contracts.sales import BalanceItem as SoldItem
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.sales.domain import accounts, gifts, packages
from lotwise.sales.domain.accounts import Account
from lotwise.sales.domain.balance_refusals import UnknownBalance
from lotwise.sales.domain.gifts import Certificate
from lotwise.sales.domain.liabilities import Deed, Move
from lotwise.sales.domain.memberships import Membership
from lotwise.sales.domain.packages import DECIMALS, Package, Refund, Use
from lotwise.sales.repository import accounts as account_rows
from lotwise.sales.repository import gifts as gift_rows
from lotwise.sales.repository import memberships as membership_rows
from lotwise.sales.repository import moves as move_rows
from lotwise.sales.repository import packages as package_rows
from lotwise.values import format_quantity


class Wanted(NamedTuple):
    """What a deed touches."""

    packages: Collection[UUID] = ()
    memberships: Collection[UUID] = ()
    numbers: Collection[str] = ()
    certificates: Collection[UUID] = ()
    accounts: Collection[UUID] = ()


class Ledger:
    """What a deed has locked, as it becomes; made by `open`, kept by `close`."""

    def __init__(self, tx: Tx, deed: Deed, currency: str) -> None:
        self.tx = tx
        self.deed = deed
        self.currency = currency
        self.packages: dict[UUID, Package] = {}
        self.memberships: dict[UUID, Membership] = {}
        self.certificates: dict[str, Certificate] = {}
        self.accounts: dict[UUID, Account] = {}
        self.events: list[Event] = []
        self._moves: list[Move] = []
        self._new: set[UUID] = set()
        self._changed: set[UUID] = set()

    @classmethod
    async def open(cls, tx: Tx, wanted: Wanted, deed: Deed, currency: str) -> Self:
        """Lock what a deed touches, always in the same order. What does not exist is left out."""
        self = cls(tx, deed, currency)
        given_by = await package_rows.memberships_of(tx, wanted.packages) if wanted.packages else {}
        self.accounts = await account_rows.open_for(tx, set(wanted.accounts), currency)
        found = await gift_rows.load(tx, numbers=wanted.numbers, ids=wanted.certificates, lock=True)
        self.certificates = {one.number: one for one in found}
        members = {*wanted.memberships, *given_by.values()}
        self.memberships = await membership_rows.load(tx, members, lock=True)
        self.packages = await package_rows.load(tx, wanted.packages, lock=True)
        return self

    async def close(self) -> None:
        """Keep what was moved, with its entries, and tell it when the transaction commits."""
        by_id = [*self.packages.values()]
        await package_rows.add(self.tx, [one for one in by_id if one.balance_id in self._new])
        await package_rows.save(self.tx, [one for one in by_id if one.balance_id in self._changed - self._new])
        cards = [*self.certificates.values()]
        await gift_rows.add(self.tx, [one for one in cards if one.certificate_id in self._new])
        await gift_rows.save(self.tx, [one for one in cards if one.certificate_id in self._changed - self._new])
        await account_rows.save(self.tx, [one for one in self.accounts.values() if one.member_id in self._changed])
        await move_rows.add(self.tx, self._moves)
        await tell(self.tx, *self.events)

    def note(
        self,
        kind: str,
        owner: UUID,
        why: str,
        amount: int,
        *,
        site: str,
        member_id: UUID | None,
        use: Use | None = None,
        line: int | None = None,
    ) -> UUID:
        """Enter a change of what is owed; the entry's id."""
        deed, entry_id = self.deed, uuid7()
        product, quantity = (None, 0) if use is None else (use.product_id, use.quantity)
        self._moves.append(
            Move(
                entry_id, kind, owner, why, amount, product, quantity, deed.charge_id, line, site, member_id,
                self.currency, deed.happened_at, deed.now, deed.reason, deed.actor,
            )
        )  # fmt: skip
        return entry_id

    def package(self, balance_id: UUID, field: str) -> Package:
        """A locked package. Raises UnknownBalance."""
        found = self.packages.get(balance_id)
        if found is None:
            raise UnknownBalance(
                f"no balance has the id {balance_id}",
                field=field,
                ways_out=("look at the member's balances", "charge the line at its price"),
            )
        return found

    def put(self, package: Package, *, is_new: bool = False) -> None:
        """Let a package be as it is now."""
        self.packages[package.balance_id] = package
        (self._new if is_new else self._changed).add(package.balance_id)

    def sell_package(self, package: Package) -> None:
        """A package was bought: its price is owed."""
        self.put(package, is_new=True)
        deed = self.deed
        self.note(
            "package", package.balance_id, "sold", package.value_minor,
            site=package.site, member_id=package.member_id, line=package.line,
        )  # fmt: skip
        items = tuple(
            SoldItem(
                product_id=item.product_id,
                quantity=format_quantity(item.quantity, DECIMALS),
                value_minor=item.value_minor,
                is_unlimited=item.is_unlimited,
            )
            for item in package.items
        )
        self.events.append(
            PackageSold(
                site=deed.site, balance_id=package.balance_id, product_id=package.package_id,
                charge_id=package.charge_id, line=package.line, member_id=package.member_id, items=items,
                value_minor=package.value_minor, currency=self.currency, happened_at=deed.happened_at,
                expires_at=package.expires_at, actor=deed.actor,
            )
        )  # fmt: skip

    def redeem(self, package: Package, used: Use, charge_id: UUID, line: int, *, back: bool = False) -> None:
        """A part of a package was used, or a use was taken back: `package` is as it is after it."""
        self.put(package)
        sign, deed = (-1 if back else 1), self.deed
        signed = used._replace(quantity=sign * used.quantity)
        self.note(
            "package", package.balance_id, "given back" if back else "redeemed", -sign * used.value_minor,
            site=package.site, member_id=package.member_id, use=signed, line=line,
        )  # fmt: skip
        self.events.append(
            PackageRedeemed(
                site=deed.site, balance_id=package.balance_id, package_id=package.package_id,
                product_id=used.product_id, quantity=format_quantity(signed.quantity, DECIMALS),
                value_minor=sign * used.value_minor, charge_id=charge_id, line=line, member_id=package.member_id,
                currency=self.currency, happened_at=deed.happened_at, actor=deed.actor,
            )
        )  # fmt: skip

    def refund_package(self, package: Package, refund: Refund, why: str = "refunded") -> None:
        """A package was given back, or its sale was voided: `package` is as it is after it."""
        self.put(package)
        deed, named = self.deed, {"site": package.site, "member_id": package.member_id}
        self.note("package", package.balance_id, why, -refund.net_minor, **named)  # type: ignore[arg-type]
        if refund.kept_minor:
            self.note("package", package.balance_id, "kept", -refund.kept_minor, **named)  # type: ignore[arg-type]
        self.events.append(
            PackageRefunded(
                site=deed.site, balance_id=package.balance_id, package_id=package.package_id,
                member_id=package.member_id, refund_minor=refund.net_minor, kept_minor=refund.kept_minor,
                currency=self.currency, happened_at=deed.happened_at, reason=deed.reason, actor=deed.actor,
            )
        )  # fmt: skip

    def expire_package(self, package: Package, breakage: int) -> None:
        """A package ran out, or (below zero) was extended: `package` is as it is after it."""
        self.put(package)
        if not breakage:
            return
        deed, why = self.deed, "expired" if breakage > 0 else "extended"
        self.note("package", package.balance_id, why, -breakage, site=package.site, member_id=package.member_id)
        self.events.append(
            PackageExpired(
                site=package.site, balance_id=package.balance_id, package_id=package.package_id,
                member_id=package.member_id, value_minor=breakage, currency=self.currency,
                happened_at=deed.happened_at, reason=deed.reason, actor=deed.actor,
            )
        )  # fmt: skip

    def certificate(self, number: str, field: str) -> Certificate:
        """A locked certificate by its clean number. Raises UnknownCertificate."""
        found = self.certificates.get(number)
        if found is None:
            raise gifts.unknown(number, field)
        return found

    def put_certificate(self, certificate: Certificate, *, is_new: bool = False) -> None:
        """Let a certificate be as it is now."""
        self.certificates[certificate.number] = certificate
        (self._new if is_new else self._changed).add(certificate.certificate_id)

    def sell_gift(self, certificate: Certificate, amount: int, line: int | None, *, is_new: bool = False) -> None:
        """A certificate was sold or topped up, or (below zero) its sale was taken back."""
        self.put_certificate(certificate, is_new=is_new)
        deed, why = self.deed, "sold" if amount > 0 else "voided"
        self.note(
            "gift", certificate.certificate_id, why, amount, site=certificate.site, member_id=certificate.member_id,
            line=line,
        )  # fmt: skip
        self.events.append(
            GiftCertificateSold(
                site=deed.site, certificate_id=certificate.certificate_id, charge_id=deed.charge_id,
                amount_minor=amount, currency=self.currency, happened_at=deed.happened_at,
                expires_at=certificate.expires_at, actor=deed.actor,
            )
        )  # fmt: skip

    def spend_gift(self, certificate: Certificate, amount: int, document_id: UUID) -> None:
        """A certificate paid, or (below zero) what it paid came back: `certificate` is as it is after it."""
        self.put_certificate(certificate)
        deed, why = self.deed, "spent" if amount > 0 else "given back"
        self.note(
            "gift", certificate.certificate_id, why, -amount, site=certificate.site, member_id=certificate.member_id
        )
        self.events.append(
            GiftCertificateRedeemed(
                site=deed.site, certificate_id=certificate.certificate_id, charge_id=document_id,
                amount_minor=amount, currency=self.currency, happened_at=deed.happened_at, actor=deed.actor,
            )
        )  # fmt: skip

    def expire_gift(self, certificate: Certificate, breakage: int) -> None:
        """A certificate ran out: `certificate` is as it is after it."""
        self.put_certificate(certificate)
        if not breakage:
            return
        self.note(
            "gift", certificate.certificate_id, "expired", -breakage, site=certificate.site,
            member_id=certificate.member_id,
        )  # fmt: skip
        self.events.append(
            GiftCertificateExpired(
                site=certificate.site, certificate_id=certificate.certificate_id, value_minor=breakage,
                currency=self.currency, happened_at=self.deed.happened_at,
            )
        )  # fmt: skip

    def move_account(
        self, member_id: UUID, amount: int, why: str, field: str, *, line: int | None = None, is_fact: bool = False
    ) -> None:
        """A member's account moved. Raises AccountShort."""
        if not amount:
            return
        deed = self.deed
        self.accounts[member_id] = accounts.move(self.accounts[member_id], amount, field, is_fact=is_fact)
        self._changed.add(member_id)
        entry_id = self.note("account", member_id, why, amount, site=deed.site, member_id=member_id, line=line)
        self.events.append(
            AccountMoved.model_validate(
                {
                    "site": deed.site, "entry_id": entry_id, "member_id": member_id, "amount_minor": amount,
                    "currency": self.currency, "why": why, "charge_id": deed.charge_id,
                    "happened_at": deed.happened_at, "actor": deed.actor,
                }
            )
        )  # fmt: skip


async def let_run_out(tx: Tx, ids: Sequence[UUID], gift_ids: Sequence[UUID], now: datetime, currency: str) -> None:
    """Let packages and certificates whose end has come run out, each at its own end; what was owed is earned."""
    deed = Deed("chain", now, now, "job:sales.expiry", reason="ran out")
    ledger = await Ledger.open(tx, Wanted(packages=ids, certificates=gift_ids), deed, currency)
    for package in list(ledger.packages.values()):
        ledger.deed = deed._replace(happened_at=package.expires_at or now)
        ledger.expire_package(*packages.expire(package))
    for certificate in list(ledger.certificates.values()):
        ledger.deed = deed._replace(happened_at=certificate.expires_at or now)
        ledger.expire_gift(*gifts.expire(certificate))
    await ledger.close()
