"""The only home of what was paid of charges, and of how payments are told: those of one commit in one lump.

A message per paid charge would double what a busy hour says; the charges of one commit are told together, in that
same commit. Later payments, refunds and voids are few and told one by one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import orjson

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import Payment, PaymentTaken
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.sales.domain import refunds
from lotwise.sales.domain.charges import Charge
from lotwise.sales.domain.tenders import Tender, by_kind, summed
from lotwise.sales.repository import payments as rows
from lotwise.sales.repository.charges import Void

QUARTER_SECONDS = 900


class Lump(NamedTuple):
    """Payments told together: of one site, till and currency, within a quarter of an hour of what happened.

    Every zone's days begin on a quarter of an hour, so that a lump belongs to one day of its site.
    """

    site: str
    till_id: UUID | None
    currency: str
    quarter: int
    actor: str


def lumps(charges: Sequence[Charge], tills: Mapping[UUID, UUID]) -> list[tuple[Lump, list[Charge]]]:
    """The charges with payments, by what is told together; `tills` names the till of each session."""
    found: dict[Lump, list[Charge]] = {}
    for charge in charges:
        if charge.tenders:
            till_id = tills.get(charge.session_id) if charge.session_id is not None else None
            quarter = int(charge.happened_at.timestamp()) // QUARTER_SECONDS
            key = Lump(charge.site, till_id, charge.currency, quarter, charge.actor)
            found.setdefault(key, []).append(charge)
    return list(found.items())


def lump_event(lump: Lump, charges: Sequence[Charge]) -> bytes:
    """PaymentTaken as JSON; of one charge it names that charge, of many the lump itself and how many they are."""
    payment_id = uuid7()
    taken = summed(by_kind(charge.total_minor, charge.tenders) for charge in charges)
    return orjson.dumps(
        {
            "site": lump.site,
            "payment_id": payment_id,
            "document_id": charges[0].charge_id if len(charges) == 1 else payment_id,
            "documents": len(charges),
            "till_id": lump.till_id,
            "payments": [{"kind": kind, "amount_minor": amount} for kind, amount in taken.items()],
            "currency": lump.currency,
            "happened_at": max(charge.happened_at for charge in charges),
            "actor": lump.actor,
        },
        default=str,
    )


def payment_event(
    site: str,
    document_id: UUID,
    taken: Mapping[str, int],
    *,
    payment_id: UUID,
    till_id: UUID | None,
    currency: str,
    happened_at: datetime,
    actor: str,
) -> PaymentTaken:
    """PaymentTaken of one document: a later payment, a refund or a void; below zero is what was paid out."""
    return PaymentTaken(
        site=site,
        payment_id=payment_id,
        document_id=document_id,
        till_id=till_id,
        payments=tuple(Payment(kind=kind, amount_minor=amount) for kind, amount in taken.items()),
        currency=currency,
        happened_at=happened_at,
        actor=actor,
    )


async def paid_of(tx: Tx, charges: Sequence[Charge]) -> dict[UUID, dict[str, int]]:
    """What stays of each charge's money by kind: payments less refunds; minor units."""
    ids = [charge.charge_id for charge in charges]
    later, back = await rows.of_charges(tx, ids), await rows.refunds_of(tx, ids)
    return {
        charge.charge_id: refunds.left_of(
            [
                (charge.total_minor, charge.tenders),
                *((one.due_minor, one.tenders) for one in later.get(charge.charge_id, ())),
                *((sum(t.amount_minor for t in given), given) for given in back.get(charge.charge_id, ())),
            ]
        )
        for charge in charges
    }


async def give_back(tx: Tx, charge: Charge, done: Void, till_id: UUID | None) -> None:
    """Pay out all that was paid of a charge, by the tenders it was paid with."""
    paid = (await paid_of(tx, [charge]))[charge.charge_id]
    back = {kind: -amount for kind, amount in paid.items()}
    if not back:
        return
    await rows.add_tenders(tx, done.void_id, [Tender(kind, amount) for kind, amount in back.items()])
    await tell(
        tx,
        payment_event(
            charge.site,
            charge.charge_id,
            back,
            payment_id=done.void_id,
            till_id=till_id,
            currency=charge.currency,
            happened_at=done.happened_at,
            actor=done.actor,
        ),
    )
