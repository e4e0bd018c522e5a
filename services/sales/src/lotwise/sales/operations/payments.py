"""The only home of paying the rest of a charge later, and of what was paid of it so far."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.kit.principal import Principal
from lotwise.sales.domain.charges import Charge, check_moment
from lotwise.sales.domain.money_refusals import ChargeIsVoid, NothingDue
from lotwise.sales.domain.owing import TENDERS
from lotwise.sales.domain.refusals import BadTender
from lotwise.sales.domain.tenders import Tender, by_kind, round_cash, settle
from lotwise.sales.operations.charges import TenderAsked, load_one
from lotwise.sales.operations.paying import payment_event
from lotwise.sales.operations.renewals import paid_now
from lotwise.sales.operations.returning import take
from lotwise.sales.operations.selling import Selling
from lotwise.sales.operations.tills import held_seat
from lotwise.sales.repository import charges as charge_rows
from lotwise.sales.repository import payments as rows
from lotwise.sales.repository.payments import Paid


class Payment(NamedTuple):
    """A later payment as it was asked for."""

    tenders: Sequence[TenderAsked]
    till_id: UUID | None = None
    happened_at: datetime | None = None
    payment_id: UUID | None = None


async def pay(selling: Selling, tx: Tx, charge_id: UUID, asked: Payment, who: Principal, now: datetime) -> Paid:
    """Pay more of a charge, whole or in part. Raises UnknownCharge, ChargeIsVoid, NothingDue, BadTender,
    what `seat` raises, and what the balance raises that a tender is taken from.
    """
    charge = await load_one(tx, charge_id, lock=True)
    who.at("charge.create", charge.site)
    _check_due(charge)
    at = now if asked.happened_at is None else asked.happened_at.astimezone(UTC)
    check_moment(at, now, may_backdate=who.allows("charge.backdate", charge.site))
    session_id = None if asked.till_id is None else await held_seat(tx, asked.till_id, charge.site, who)
    site = selling.prices.book.sites.get(charge.site)
    given = [Tender(one.kind, one.amount_minor, one.reference) for one in asked.tenders]
    tenders = round_cash(charge.due_minor, given, 1 if site is None else site.cash_rounding_minor)
    if not tenders:
        raise BadTender("a payment needs a tender", field="tenders")
    settled = settle(charge.due_minor, tenders)
    payment_id = asked.payment_id or uuid7()
    tenders = [await take(tx, charge, tender, who, at, now) if tender.kind in TENDERS else tender for tender in tenders]
    paid = Paid(
        payment_id, charge_id, charge.site, session_id, charge.due_minor, charge.currency, at, now, who.actor, tenders
    )
    await rows.add(tx, paid)
    await charge_rows.set_due(tx, {charge_id: settled.due_minor})
    await tell(
        tx,
        payment_event(
            charge.site,
            charge_id,
            by_kind(charge.due_minor, tenders),
            payment_id=payment_id,
            till_id=asked.till_id,
            currency=charge.currency,
            happened_at=at,
            actor=who.actor,
        ),
    )
    if not settled.due_minor:
        await paid_now(selling, tx, charge, who, now)
    return paid


def _check_due(charge: Charge) -> None:
    if charge.state == "voided":
        raise ChargeIsVoid("a voided charge takes no payment", ways_out=("make a new charge",))
    if not charge.due_minor:
        raise NothingDue("the charge is paid", ways_out=("look at its payments",))
