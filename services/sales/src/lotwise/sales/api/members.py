"""The only home of the doors to members: the one place where a patient's name is read or written."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from lotwise.contracts.ids import uuid7
from lotwise.kit import audit
from lotwise.kit.commands import Answer, Cmd, Read, Reading
from lotwise.kit.etag import IfMatch, Stale
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.sales.api.member_shapes import MemberEdit, MemberIn, MemberOut, MemberRowOut, MembersIn, MembersOut
from lotwise.sales.domain.member_refusals import MemberErasedAlready, MemberGone
from lotwise.sales.domain.members import words_of
from lotwise.sales.domain.refusals import MemberTaken, UnknownMember
from lotwise.sales.operations import members
from lotwise.sales.repository import members as rows

router = Router(prefix="/v1", tags=["members"])


@router.post("/members", permission="member.write", site="chain", status_code=201, refusals=(MemberTaken,))
async def post_member(body: MemberIn, cmd: Cmd) -> Answer[MemberOut]:
    """Keep a new member."""
    async with cmd.transaction() as tx:
        member = await rows.add(
            tx, body.member_id or uuid7(), body.name, body.phone, body.email, body.note, body.born_on
        )
        if member is None:
            raise MemberTaken(f"a member with the id {body.member_id} is kept already", field="member_id")
        answer = MemberOut.model_validate(member._asdict())
        return await cmd.answer(tx, answer, 201, target=member.member_id, revision=member.revision)


@router.post("/members:batch", permission="member.write", site="chain")
async def post_members(body: MembersIn, cmd: Cmd) -> Answer[MembersOut]:
    """Keep members whom another system knows; who is kept already stays as they are, so a rerun changes nothing."""
    async with cmd.transaction() as tx:
        if body.dry_run:
            created = {one.member_id for one in body.rows} - await rows.known(tx, [one.member_id for one in body.rows])
        else:
            created = await rows.add_missing(tx, body.rows)
        results: list[MemberRowOut] = []
        for row in body.rows:
            results.append(
                MemberRowOut(member_id=row.member_id, outcome="created" if row.member_id in created else "known")
            )
            created.discard(row.member_id)
        many = sum(one.outcome == "created" for one in results)
        answer = MembersOut(created=many, known=len(results) - many, rows=results)
        return await cmd.answer(tx, answer, target=f"{many} members")


@router.get("/members", permission="member.read", site="chain")
async def list_members(
    read: Read,
    search: Annotated[str, Query(max_length=200, description="Words of the name, the phone or the e-mail.")] = "",
    after: After = None,
    limit: Limit = 50,
    archived: bool = False,
) -> Page[MemberOut]:
    """Members by name; each word searched for must occur."""
    async with read.connection() as tx:
        found = await rows.page(
            tx,
            words_of(search),
            after=cursor_decode(after, str, UUID),
            limit=limit,
            archived=archived,
        )
    await _log_view(read, "", len(found))
    last = cursor_encode(found[-1].name, found[-1].member_id) if len(found) == limit else None
    return Page(rows=[MemberOut.model_validate(one._asdict()) for one in found], next=last)


@router.get("/members/{member_id}", permission="member.read", site="chain", refusals=(UnknownMember,))
async def get_member(member_id: UUID, read: Read) -> Answer[MemberOut]:
    """A member."""
    async with read.connection() as tx:
        member = await rows.get(tx, member_id)
    if member is None:
        raise UnknownMember(f"no member has the id {member_id}")
    await _log_view(read, str(member_id), 1)
    shown = MemberOut.model_validate(member._asdict())
    return Answer(shown.model_dump_json(), headers={"ETag": f'"{member.revision}"'})


async def _log_view(read: Reading, target: str, count: int) -> None:
    """Each look at members goes into the audit trail: who, which or how many; never what was searched for (WEB-09)."""
    entry = audit.Entry(read.who.actor, "member.read", "VIEW /v1/members", None, target, {"count": count})
    async with read.runtime.db.transaction() as tx:
        await audit.record(tx, entry)


@router.put(
    "/members/{member_id}",
    permission="member.write",
    site="chain",
    refusals=(UnknownMember, Stale, MemberGone, MemberErasedAlready),
)
async def put_member(member_id: UUID, body: MemberEdit, cmd: Cmd, match: IfMatch) -> Answer[MemberOut]:
    """Change what is kept of a member."""
    async with cmd.transaction() as tx:
        member = await members.change(
            tx,
            member_id,
            match,
            name=body.name,
            phone=body.phone,
            email=body.email,
            note=body.note,
            is_archived=body.is_archived,
            born_on=body.born_on,
        )
        answer = MemberOut.model_validate(member._asdict())
        return await cmd.answer(tx, answer, target=member_id, revision=member.revision)
