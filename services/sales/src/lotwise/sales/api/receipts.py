"""The only home of the doors to receipts that are given: printed or mailed, a second one marked as a copy."""

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field
from starlette.requests import Request

from lotwise.kit.commands import Answer, Cmd
from lotwise.kit.database import Tx
from lotwise.kit.web import Router
from lotwise.sales.api import views
from lotwise.sales.api.charges import selling_of
from lotwise.sales.api.line_shapes import Short, Strict
from lotwise.sales.api.member_deeds import settings_of
from lotwise.sales.api.shapes import ReceiptOut
from lotwise.sales.domain import receipt_text
from lotwise.sales.domain.money_refusals import BadAddress, MailNotSent, MailNotSet
from lotwise.sales.domain.refusals import UnknownCharge
from lotwise.sales.operations import charges
from lotwise.sales.operations.mailing import Mailer
from lotwise.sales.repository import definitions, members, receipts

router = Router(prefix="/v1", tags=["receipts"])


class GiveIn(Strict):
    """How a receipt is given; a mail goes to the member's address unless another is named, which is not kept.

    `staff` are the names of those who sold and performed, by their actor, as they stand on the paper.
    """

    way: Literal["print", "mail"] = "print"
    to: Short = ""
    staff: dict[str, Short] = Field(default={}, max_length=200)


class GivenOut(BaseModel):
    """A receipt that was given: `copy_no` 0 is the original."""

    charge_id: UUID
    way: Literal["print", "mail"]
    copy_no: int
    receipt: ReceiptOut


class MailOut(BaseModel):
    """Whether receipts can be mailed here."""

    is_set: bool


def mailer_of(request: Request) -> Mailer:
    """The way to the mail server; made once."""
    state = request.app.state.runtime.state
    if "mailer" not in state:
        settings = settings_of(request)
        state["mailer"] = Mailer(settings.smtp_url, settings.mail_from)
    mailer: Mailer = state["mailer"]
    return mailer


@router.get("/receipt-mail", permission="sales.read", site="chain")
async def get_mail(request: Request) -> MailOut:
    """Whether a mail server is set, so that a page may say how to set one."""
    return MailOut(is_set=mailer_of(request).is_set)


@router.post(
    "/charges/{charge_id}/receipts",
    permission="sales.read",
    site="record",
    status_code=201,
    refusals=(UnknownCharge, MailNotSet, MailNotSent, BadAddress),
)
async def post_receipt(charge_id: UUID, body: GiveIn, cmd: Cmd, request: Request) -> Answer[GivenOut]:
    """Print a receipt or mail it; all but the first are marked as copies."""
    async with cmd.transaction() as tx:
        shown, to = await _receipt(tx, request, charge_id, body, cmd)
    if body.way == "mail":
        words = (receipt_text.plain, receipt_text.page)
        text, html = (write(shown, selling_of(request).exponent) for write in words)
        await mailer_of(request).send(to, receipt_text.subject(shown), text, html)
    async with cmd.transaction() as tx:
        number = await receipts.add(tx, charge_id, body.way, cmd.who.actor, datetime.now(UTC))
        receipt = ReceiptOut.model_validate(shown | {"copy_no": number - 1})
        answer = GivenOut(charge_id=charge_id, way=body.way, copy_no=number - 1, receipt=receipt)
        return await cmd.answer(tx, answer, 201, site=shown["site"], target=charge_id, details={"way": body.way})


async def _receipt(tx: Tx, request: Request, charge_id: UUID, body: GiveIn, cmd: Cmd) -> tuple[dict[str, Any], str]:
    """The receipt as it is given now, and the address it goes to. Raises UnknownCharge, MailNotSet, BadAddress."""
    selling = selling_of(request)
    shown = await views.charge(tx, selling, charge_id, cmd.who)
    charge = await charges.load_one(tx, charge_id)
    slots = (await definitions.taxes(tx)).get(charge.site, ())
    found = views.receipt(selling, shown, charge, slots, ZoneInfo)
    for line in found["lines"]:
        for part in ("seller", "performer"):
            line[f"{part}_name"] = body.staff.get(line.get(part) or "", "")
    found["copy_no"] = await receipts.given(tx, charge_id)
    if body.way == "print":
        return found, ""
    mailer_of(request).check()
    member = None if charge.member_id is None else await members.get(tx, charge.member_id)
    to = receipt_text.address_of(body.to or ("" if member is None else member.email))
    if to is None:
        raise BadAddress("there is no mail address to send it to", field="to", ways_out=("enter one", "print it"))
    return found, to
