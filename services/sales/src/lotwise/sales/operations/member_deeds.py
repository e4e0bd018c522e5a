"""The only home of what is done with members: write down consents, merge two records, erase, open a sealed contact."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from lotwise.contracts.sales import MemberErased, MemberMerged
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.sales.domain.member_refusals import BothHaveMembership, NoSealedContact, StillOwed
from lotwise.sales.domain.members import (
    ERASED,
    Consent,
    Contact,
    Member,
    check_living,
    check_mergeable,
    keeps_contact,
    kept_until,
    merged,
)
from lotwise.sales.domain.refusals import UnknownMember
from lotwise.sales.operations.sealing import Seal
from lotwise.sales.repository import member_deeds as rows
from lotwise.sales.repository import members

Mover = Callable[[Tx, UUID, UUID], Awaitable[object]]
"""Gives what belongs to the second id to the first; may refuse."""

MOVERS: list[Mover] = [rows.move_records, rows.move_balances, rows.move_consents]
"""What a merge moves; a module with rows of members enters its own."""


async def living(tx: Tx, member_id: UUID, *, lock: bool = False) -> Member:
    """A member who is neither merged nor erased. Raises UnknownMember, MemberGone, MemberErasedAlready."""
    member = await known(tx, member_id, lock=lock)
    check_living(member)
    return member


async def known(tx: Tx, member_id: UUID, *, lock: bool = False) -> Member:
    """A member, whatever became of them. Raises UnknownMember."""
    member = await members.get(tx, member_id, lock=lock)
    if member is None:
        raise UnknownMember(f"no member has the id {member_id}")
    return member


async def consent(tx: Tx, member_id: UUID, given: Mapping[str, bool], actor: str, now: datetime) -> dict[str, Consent]:
    """Write down what a member agreed to or refused; what they said before of the same is not written again.

    Raises UnknownMember, MemberGone, MemberErasedAlready.
    """
    await living(tx, member_id, lock=True)
    said = await rows.consents(tx, member_id)
    fresh = {kind: yes for kind, yes in given.items() if kind not in said or said[kind].is_given != yes}
    if fresh:
        await rows.add_consents(tx, member_id, fresh, actor, now)
    return await rows.consents(tx, member_id)


async def merge(tx: Tx, kept_id: UUID, gone_id: UUID, reason: str, actor: str, now: datetime) -> Member:
    """Make one record of two: all that belongs to `gone_id` belongs to `kept_id`, which fills its gaps from it.

    It cannot be taken back. Raises UnknownMember, SameMember, MemberGone, MemberErasedAlready, BothHaveMembership.
    """
    locked = {one: await known(tx, one, lock=True) for one in sorted({kept_id, gone_id})}
    kept, gone = locked[kept_id], locked[gone_id]
    check_mergeable(kept, gone)
    if twice := await rows.running_twice(tx, kept_id, gone_id):
        raise BothHaveMembership(
            "both records run a membership of the same package",
            field="gone_id",
            ways_out=("end one of the two memberships first",),
            packages=[str(one) for one in twice],
        )
    for move in MOVERS:
        await move(tx, kept_id, gone_id)
    await rows.move_account(tx, kept_id, gone_id, now, reason, actor)
    await members.change(
        tx, gone._replace(phone="", email="", note="", born_on=None, is_archived=True, merged_into=kept_id)
    )
    await tell(tx, MemberMerged(site="chain", member_id=kept_id, gone_id=gone_id, happened_at=now))
    return await members.change(tx, merged(kept, gone))


async def erase(
    tx: Tx, member_id: UUID, seal: Seal, now: datetime, *, keep_days: int, even_if_open: bool
) -> tuple[Member, Contact | None]:
    """Take the name out of a member's records; the ledger and the charges keep the opaque id.

    Who received goods, can be reached and did not refuse it stays reachable for a recall: sealed, `keep_days` from
    the last goods on. Raises UnknownMember, MemberGone, MemberErasedAlready, and StillOwed unless `even_if_open`.
    """
    member = await living(tx, member_id, lock=True)
    if not even_if_open and (what := await rows.open_with(tx, member_id)):
        raise StillOwed(
            f"something is still open: {', '.join(what)}",
            ways_out=("settle it first", "erase all the same (even_if_open)"),
            open=what,
        )
    last = await rows.last_goods(tx, member_id)
    contact = None
    if last is not None and keeps_contact(member, await rows.consents(tx, member_id), last):
        until = kept_until(last, keep_days)
        if until >= now.date():
            await rows.seal(tx, member_id, seal.close(member), until, now)
            contact = Contact(member.name, member.phone, member.email, until)
    await rows.forget(tx, member_id)
    for one in await rows.merged_ids(tx, member_id):
        await _blank(tx, await known(tx, one, lock=True), now)
    erased = await _blank(tx, member, now)
    await tell(tx, MemberErased(site="chain", member_id=member_id, happened_at=now))
    return erased, contact


async def _blank(tx: Tx, member: Member, now: datetime) -> Member:
    blank = member._replace(name=ERASED, phone="", email="", note="", born_on=None, is_archived=True, erased_at=now)
    return await members.change(tx, blank)


async def contacts(tx: Tx, ids: list[UUID], seal: Seal, now: datetime) -> dict[UUID, Contact]:
    """The sealed contacts of these members, opened."""
    found = await rows.sealed(tx, ids, now.date())
    return {member_id: seal.open(member_id, box, until) for member_id, (box, until) in found.items()}


async def contact(tx: Tx, member_id: UUID, seal: Seal, now: datetime) -> Contact:
    """The sealed contact of an erased member. Raises UnknownMember, NoSealedContact, SealBroken."""
    await known(tx, member_id)
    found = (await contacts(tx, [member_id], seal, now)).get(member_id)
    if found is None:
        raise NoSealedContact(f"no contact is sealed for {member_id}")
    return found


async def held(tx: Tx, member_id: UUID) -> dict[str, Any]:
    """All that is kept of a member, for themselves. Raises UnknownMember."""
    member = await known(tx, member_id)
    said = [one._asdict() for one in await rows.history(tx, member_id)]
    return {"member": member._asdict(), "consents": said, **await rows.held(tx, member_id)}
