"""The only home of the doors to what is done with members: consents, merge, erasure, export, sealed contacts."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast
from uuid import UUID

from starlette.requests import Request

from lotwise.kit import audit
from lotwise.kit.commands import Answer, Cmd, Read, Reading, dump
from lotwise.kit.database import Tx
from lotwise.kit.web import Router
from lotwise.sales.api.member_shapes import (
    ConsentOut,
    ConsentsIn,
    ConsentsOut,
    ContactOut,
    ErasedOut,
    EraseIn,
    MemberExport,
    MemberOut,
    MergeIn,
)
from lotwise.sales.domain.member_refusals import (
    BothHaveMembership,
    MemberErasedAlready,
    MemberGone,
    NoSealedContact,
    SameMember,
    SealBroken,
    StillOwed,
)
from lotwise.sales.domain.refusals import UnknownMember
from lotwise.sales.operations import member_deeds
from lotwise.sales.operations.sealing import Seal
from lotwise.sales.repository import member_deeds as rows

if TYPE_CHECKING:
    from lotwise.sales.settings import SalesSettings

router = Router(prefix="/v1", tags=["members"])
LIVING = (UnknownMember, MemberGone, MemberErasedAlready)


def settings_of(request: Request) -> "SalesSettings":
    """The settings of this process."""
    return cast("SalesSettings", request.app.state.runtime.settings)


def seal_of(request: Request) -> Seal:
    """What sealed contacts are closed and opened with; made once."""
    state = request.app.state.runtime.state
    if "seal" not in state:
        settings = settings_of(request)
        state["seal"] = Seal(settings.seal_key or settings.client_secret or settings.database_url)
    seal: Seal = state["seal"]
    return seal


@router.get("/members/{member_id}/consents", permission="member.read", site="chain", refusals=(UnknownMember,))
async def get_consents(member_id: UUID, read: Read) -> ConsentsOut:
    """What a member agreed to or refused; the look is logged."""
    async with read.connection() as tx:
        shown = await _consents(tx, member_id)
    await log_view(read, "member.read", "VIEW /v1/members/{member_id}/consents", str(member_id))
    return shown


@router.put("/members/{member_id}/consents", permission="member.write", site="chain", refusals=LIVING)
async def put_consents(member_id: UUID, body: ConsentsIn, cmd: Cmd) -> Answer[ConsentsOut]:
    """Write down what a member says now; who wrote it and when stays."""
    async with cmd.transaction() as tx:
        given = {str(kind): yes for kind, yes in body.consents.items()}
        await member_deeds.consent(tx, member_id, given, cmd.who.actor, datetime.now(UTC))
        return await cmd.answer(tx, await _consents(tx, member_id), target=member_id, details={"consents": given})


@router.post(
    "/members/{member_id}:merge",
    permission="member.write",
    site="chain",
    refusals=(*LIVING, SameMember, BothHaveMembership),
)
async def post_merge(member_id: UUID, body: MergeIn, cmd: Cmd) -> Answer[MemberOut]:
    """Make one record of two that mean one person; it cannot be taken back."""
    async with cmd.transaction() as tx:
        member = await member_deeds.merge(tx, member_id, body.gone_id, body.reason, cmd.who.actor, datetime.now(UTC))
        answer = MemberOut.model_validate(member._asdict())
        return await cmd.answer(
            tx,
            answer,
            target=member_id,
            reason=body.reason,
            revision=member.revision,
            details={"gone_id": str(body.gone_id)},
        )


@router.post("/members/{member_id}:erase", permission="member.erase", site="chain", refusals=(*LIVING, StillOwed))
async def post_erase(member_id: UUID, body: EraseIn, cmd: Cmd, request: Request) -> Answer[ErasedOut]:
    """Take a member's name out of all records; the ledger keeps the opaque id, a recall may reach them until a day."""
    now = datetime.now(UTC)
    async with cmd.transaction() as tx:
        _, contact = await member_deeds.erase(
            tx,
            member_id,
            seal_of(request),
            now,
            keep_days=settings_of(request).recall_contact_days,
            even_if_open=body.even_if_open,
        )
        until = None if contact is None else contact.keep_until
        answer = ErasedOut(member_id=member_id, erased_at=now, sealed_until=until)
        return await cmd.answer(tx, answer, target=member_id, reason=body.reason)


@router.get("/members/{member_id}/export", permission="member.export", site="chain", refusals=(UnknownMember,))
async def get_export(member_id: UUID, read: Read) -> Answer[MemberExport]:
    """All that is kept of a member, as a file for themselves; it is logged."""
    async with read.connection() as tx:
        found = await member_deeds.held(tx, member_id)
    await log_view(read, "member.export", "EXPORT /v1/members/{member_id}", str(member_id))
    headers = {"Content-Disposition": f'attachment; filename="member-{member_id}.json"'}
    return Answer(dump(found), headers=headers)


@router.get(
    "/members/{member_id}/sealed-contact",
    permission="stock.recall",
    site="chain",
    refusals=(UnknownMember, NoSealedContact, SealBroken),
)
async def get_sealed(member_id: UUID, read: Read, request: Request) -> ContactOut:
    """How an erased member can be reached for a recall; it is logged."""
    async with read.connection() as tx:
        contact = await member_deeds.contact(tx, member_id, seal_of(request), datetime.now(UTC))
    await log_view(read, "stock.recall", "VIEW /v1/members/{member_id}/sealed-contact", str(member_id))
    return ContactOut(member_id=member_id, **contact._asdict())


async def log_view(read: Reading, permission: str, action: str, target: str) -> None:
    """Put a look at a member into the audit trail: who, and which; never what they saw (WEB-09)."""
    async with read.runtime.db.transaction() as tx:
        await audit.record(tx, audit.Entry(read.who.actor, permission, action, None, target, {"count": 1}))


async def _consents(tx: Tx, member_id: UUID) -> ConsentsOut:
    await member_deeds.known(tx, member_id)
    now, before = await rows.consents(tx, member_id), await rows.history(tx, member_id)
    return ConsentsOut(
        member_id=member_id,
        consents=[ConsentOut.model_validate(one._asdict()) for one in now.values()],
        history=[ConsentOut.model_validate(one._asdict()) for one in before],
    )
