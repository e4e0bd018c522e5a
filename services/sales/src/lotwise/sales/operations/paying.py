"""The only home of what was paid of charges, and of how money that moves after the charge is told.

What was paid with a charge rides in its SaleRecorded. Later payments, refunds and voids are few and told one by one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from lotwise.contracts.sales import Payment, PaymentTaken
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.sales.domain import refunds
from lotwise.sales.domain.charges import Charge
from lotwise.sales.domain.tenders import Tender
from lotwise.sales.repository import payments as rows
from lotwise.sales.repository.charges import Void


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
