"""The only home of the doors to members' accounts: the statement and the credit limit (SAL-25)."""

from uuid import UUID

from starlette.requests import Request

from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.paging import After, Limit, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.sales.api import balance_views as views
from lotwise.sales.api.balance_shapes import AccountOut, EntryOut, LimitIn, StatementOut
from lotwise.sales.api.charges import selling_of
from lotwise.sales.domain.refusals import UnknownMember
from lotwise.sales.repository import accounts, moves
from lotwise.sales.repository import members as member_rows

router = Router(prefix="/v1", tags=["accounts"])


@router.get("/members/{member_id}/account", permission="member.read", site="chain", refusals=(UnknownMember,))
async def get_account(
    member_id: UUID, read: Read, request: Request, after: After = None, limit: Limit = 50
) -> StatementOut:
    """A member's account with its entries, the newest first, each with the balance after it."""
    keys = cursor_decode(after, int)
    async with read.connection() as tx:
        if await member_rows.get(tx, member_id) is None:
            raise UnknownMember(f"no member has the id {member_id}")
        account = await accounts.get(tx, member_id)
        found = await moves.statement(tx, member_id, keys[0] if keys else None, limit)
    return StatementOut(
        account=views.account(selling_of(request), member_id, account),
        rows=[
            EntryOut.model_validate(views.move_json(one.move) | {"balance_minor": one.balance_minor}) for one in found
        ],
        next=cursor_encode(found[-1].seq) if len(found) == limit else None,
    )


@router.post("/members/{member_id}/account:limit", permission="balance.extend", site="chain", refusals=(UnknownMember,))
async def post_limit(member_id: UUID, body: LimitIn, cmd: Cmd, request: Request) -> Answer[AccountOut]:
    """How far below zero a member's account may go; 0 unless somebody says otherwise."""
    selling = selling_of(request)
    async with cmd.transaction() as tx:
        if await member_rows.get(tx, member_id) is None:
            raise UnknownMember(f"no member has the id {member_id}")
        known = (await accounts.open_for(tx, [member_id], selling.currency))[member_id]
        changed = known._replace(credit_minor=body.credit_minor)
        await accounts.save(tx, [changed])
        answer = views.account(selling, member_id, changed)
        details = {"credit_minor": [known.credit_minor, body.credit_minor]}
        return await cmd.answer(tx, answer, target=member_id, reason=body.reason, details=details)
