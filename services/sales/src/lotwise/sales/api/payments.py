"""The only home of the doors to later payments on a charge."""

from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request

from lotwise.kit.commands import Answer, Cmd
from lotwise.kit.web import Router
from lotwise.sales.api.charges import TILLS, selling_of
from lotwise.sales.api.shapes import PaymentOut
from lotwise.sales.api.till_shapes import PayIn
from lotwise.sales.domain import refusals
from lotwise.sales.domain.balance_refusals import SPENDING
from lotwise.sales.domain.money_refusals import ChargeIsVoid, NothingDue
from lotwise.sales.operations import payments
from lotwise.sales.operations.answers import payment_answer
from lotwise.sales.operations.payments import Payment

router = Router(prefix="/v1", tags=["payments"])


@router.post(
    "/charges/{charge_id}/payments",
    permission="charge.create",
    site="record",
    status_code=201,
    refusals=(
        refusals.UnknownCharge,
        ChargeIsVoid,
        NothingDue,
        refusals.BadTender,
        refusals.BadMoment,
        refusals.NotPermitted,
        *TILLS,
        *SPENDING,
    ),
)
async def post_payment(charge_id: UUID, body: PayIn, cmd: Cmd, request: Request) -> Answer[PaymentOut]:
    """Pay more of a charge, whole or in part; what is left stays due."""
    asked = Payment(body.tenders, body.till_id, body.happened_at, body.payment_id)
    async with cmd.transaction() as tx:
        paid = await payments.pay(selling_of(request), tx, charge_id, asked, cmd.who, datetime.now(UTC))
        answer = PaymentOut.model_validate(payment_answer(paid))
        return await cmd.answer(tx, answer, 201, site=paid.site, target=charge_id)
