"""The only home of the doors to what members hold: balances, refunds and extensions of packages, certificates."""

from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request

from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.web import Router
from lotwise.sales.api import balance_views as views
from lotwise.sales.api.balance_shapes import (
    BalancesOut,
    CertificateOut,
    ExtendIn,
    NumberIn,
    PackageOut,
    PackageView,
    RefundIn,
    RefundOut,
    SoldOut,
)
from lotwise.sales.api.charges import TILLS, selling_of
from lotwise.sales.api.shapes import ReturnOut
from lotwise.sales.domain import balance_refusals as noes
from lotwise.sales.domain import gifts as gift_rules
from lotwise.sales.domain import refusals
from lotwise.sales.domain.money_refusals import RefundElsewhere, RefundTooLarge
from lotwise.sales.operations import charges, packages
from lotwise.sales.operations.answers import return_answer
from lotwise.sales.operations.membership_life import RefundAsked, refund_of
from lotwise.sales.operations.returns import MoneyBack, give_money_back
from lotwise.sales.repository import accounts, gifts, memberships, moves
from lotwise.sales.repository import members as member_rows
from lotwise.sales.repository import packages as rows

router = Router(prefix="/v1", tags=["balances"])
REFUNDING = (
    refusals.BadTender, refusals.UnknownCharge, RefundElsewhere, RefundTooLarge, noes.MemberNeeded,
    noes.UnknownCertificate, *TILLS,
)  # fmt: skip


@router.get("/members/{member_id}/balances", permission="member.read", site="chain", refusals=(refusals.UnknownMember,))
async def get_balances(member_id: UUID, read: Read, request: Request) -> BalancesOut:
    """All that a member holds: packages with what is left of them, memberships, certificates bought, the account."""
    selling = selling_of(request)
    async with read.connection() as tx:
        if await member_rows.get(tx, member_id) is None:
            raise refusals.UnknownMember(f"no member has the id {member_id}")
        held = await rows.of_member(tx, member_id)
        joined = await memberships.of_member(tx, member_id)
        periods = await memberships.periods(tx, [one.membership_id for one in joined])
        bought = await gifts.of_member(tx, member_id)
        account = await accounts.get(tx, member_id)
    fees = {one.membership_id: of[-1].fee_minor for one in joined if (of := periods.get(one.membership_id))}
    return BalancesOut(
        member_id=member_id,
        packages=[views.package(selling, one) for one in held],
        memberships=[views.membership(selling, one, fees.get(one.membership_id)) for one in joined],
        certificates=[views.certificate(one) for one in bought],
        account=views.account(selling, member_id, account),
    )


@router.get(
    "/charges/{charge_id}/balances", permission="charge.create", site="record", refusals=(refusals.UnknownCharge,)
)
async def get_sold(charge_id: UUID, read: Read, request: Request) -> SoldOut:
    """What a charge sold to be used later; the numbers of its certificates in full, for whoever hands them out."""
    selling = selling_of(request)
    async with read.connection() as tx:
        charge = await charges.load_one(tx, charge_id)
        if not read.who.allows("charge.create", charge.site):
            raise refusals.UnknownCharge(f"no charge has the id {charge_id}")
        sold = [one for one in await moves.of_charge(tx, charge_id) if one.why == "sold"]
        by_kind = {kind: {one.owner_id for one in sold if one.kind == kind} for kind in ("package", "gift")}
        held = await rows.load(tx, by_kind["package"])
        cards = await gifts.load(tx, ids=by_kind["gift"])
        joined = await memberships.load(tx, {one.owner_id for one in sold if one.kind == "membership"})
    return SoldOut(
        charge_id=charge_id,
        packages=[views.package(selling, one) for one in held.values()],
        memberships=[views.membership(selling, one) for one in joined.values()],
        certificates=[views.certificate(one, in_full=True) for one in cards],
    )


@router.get("/packages/{balance_id}", permission="sales.read", site="record", refusals=(noes.UnknownBalance,))
async def get_package(balance_id: UUID, read: Read, request: Request) -> PackageView:
    """A package with its history."""
    selling = selling_of(request)
    async with read.connection() as tx:
        found = (await rows.load(tx, [balance_id])).get(balance_id)
        if found is None or not read.who.allows("sales.read", found.site):
            raise noes.UnknownBalance(f"no balance has the id {balance_id}")
        history = await moves.of_owner(tx, balance_id)
    shown = views.package_json(selling, found)
    return PackageView.model_validate(shown | {"moves": [views.move_json(one) for one in history]})


@router.post(
    "/packages/{balance_id}:refund",
    permission="balance.write",
    site="record",
    refusals=(noes.UnknownBalance, noes.BalanceClosed, noes.BalanceExpired, *REFUNDING),
)
async def post_refund(balance_id: UUID, body: RefundIn, cmd: Cmd, request: Request) -> Answer[RefundOut]:
    """Give a package back by its rule: what was paid less what was used at list price, or its unused share."""
    selling, now = selling_of(request), datetime.now(UTC)
    asked = RefundAsked(body.reason, body.tenders, body.till_id, body.is_to_originals)
    async with cmd.transaction() as tx:
        ledger, package, money = await packages.refund(
            tx, balance_id, cmd.who, now, body.reason, onto_account=asked.may_use_account
        )
        document = None
        if money.net_minor:
            back = MoneyBack(uuid7(), package.charge_id, package.line, *money[:3])
            refund = refund_of(package.site, package.charge_id, asked)
            kept = await give_money_back(selling, tx, back, refund, cmd.who, now)
            document = ReturnOut.model_validate(return_answer(kept, now))
        await ledger.close()
        answer = RefundOut(
            package=views.package(selling, package),
            refund_minor=money.net_minor,
            tax_minor=money.tax_1_minor + money.tax_2_minor,
            kept_minor=money.kept_minor,
            document=document,
        )
        return await cmd.answer(tx, answer, site=package.site, target=balance_id, reason=body.reason)


@router.post(
    "/packages/{balance_id}:extend",
    permission="balance.extend",
    site="record",
    refusals=(noes.UnknownBalance, noes.BalanceClosed, noes.BadExtension),
)
async def post_extend(balance_id: UUID, body: ExtendIn, cmd: Cmd, request: Request) -> Answer[PackageOut]:
    """Give a package, expired or not, until the end of another day; what its expiry earned is owed again (SAL-24)."""
    selling = selling_of(request)
    async with cmd.transaction() as tx:
        package = await packages.extend(
            tx, balance_id, body.last_day, selling.prices.book, cmd.who, datetime.now(UTC), body.reason
        )
        answer = views.package(selling, package)
        return await cmd.answer(tx, answer, site=package.site, target=balance_id, reason=body.reason)


@router.post(
    "/certificates:lookup", permission="charge.create", refusals=(noes.UnknownCertificate, noes.BadCertificate)
)
async def post_lookup(body: NumberIn, read: Read) -> CertificateOut:
    """What is left on a gift certificate; its number travels in the body, so that no log of addresses holds it."""
    number = gift_rules.clean(body.number, "number")
    async with read.connection() as tx:
        found = await gifts.load(tx, numbers=[number])
    if not found:
        raise gift_rules.unknown(number, "number")
    return views.certificate(found[0])
