"""The only home of what a member is: a patient known to the chain, with a name that never leaves sales."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Member(NamedTuple):
    """A member as kept; `revision` grows with each change."""

    member_id: UUID
    name: str
    phone: str
    email: str
    note: str
    is_archived: bool
    revision: int
    created_at: datetime
    updated_at: datetime
