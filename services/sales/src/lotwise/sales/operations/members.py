"""The only home of keeping members: change one, and know which there are."""

from datetime import date
from uuid import UUID

from lotwise.kit.database import Database, Tx
from lotwise.kit.etag import Expected
from lotwise.sales.domain.members import Member, check_living
from lotwise.sales.domain.refusals import UnknownMember
from lotwise.sales.repository import members as rows

REMEMBERED_MAX = 50_000


class KnownMembers:
    """Which members exist, remembered: a member that was once kept stays."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[UUID, None] = {}

    async def check(self, member_id: UUID | None) -> None:
        """Pass when nobody is named or the member is kept here. Raises UnknownMember."""
        if member_id is None or member_id in self._known:
            return
        async with self._db.reading() as tx:
            if await rows.get(tx, member_id) is None:
                raise UnknownMember(f"no member has the id {member_id}", field="member_id")
        if len(self._known) >= REMEMBERED_MAX:
            self._known.clear()
        self._known[member_id] = None


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
    born_on: date | None = None,
) -> Member:
    """Replace what is kept of a member.

    Raises UnknownMember, Stale when it was changed in the meantime, MemberGone or MemberErasedAlready.
    """
    member = await rows.get(tx, member_id, lock=True)
    if member is None:
        raise UnknownMember(f"no member has the id {member_id}")
    expected.check(member.revision)
    check_living(member)
    return await rows.change(
        tx,
        member._replace(name=name, phone=phone, email=email, note=note, is_archived=is_archived, born_on=born_on),
    )
