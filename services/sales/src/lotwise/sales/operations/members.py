"""The only home of keeping members: add, change."""

from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.kit.etag import Expected
from lotwise.sales.domain.members import Member
from lotwise.sales.domain.refusals import UnknownMember
from lotwise.sales.repository import members as rows


async def change(
    tx: Tx,
    member_id: UUID,
    expected: Expected,
    *,
    name: str,
    phone: str,
    email: str,
    note: str,
    is_archived: bool,
) -> Member:
    """Replace what is kept of a member. Raises UnknownMember, or Stale when it was changed in the meantime."""
    member = await rows.get(tx, member_id, lock=True)
    if member is None:
        raise UnknownMember(f"no member has the id {member_id}")
    expected.check(member.revision)
    return await rows.change(tx, member_id, name, phone, email, note, is_archived=is_archived)
