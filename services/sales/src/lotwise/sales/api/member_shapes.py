"""The only home of the JSON of members at sales' HTTP border."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.contracts.fields import Flag, Id, Note, Text
from lotwise.sales.api.line_shapes import Short, Strict


class MemberIn(Strict):
    """What is kept of a member."""

    member_id: Id | None = None
    name: Text
    phone: Short = ""
    email: Short = ""
    note: Note = ""


class MemberEdit(Strict):
    """What a member's record becomes."""

    name: Text
    phone: Short = ""
    email: Short = ""
    note: Note = ""
    is_archived: Flag = False


class MemberOut(BaseModel):
    """A member; `revision` is the ETag."""

    member_id: UUID
    name: str
    phone: str
    email: str
    note: str
    is_archived: bool
    revision: int
    created_at: datetime
    updated_at: datetime


class MemberKept(Strict):
    """A member whom another system knows already: with an id of its own making, so that it is kept once."""

    member_id: Id
    name: Text
    phone: Short = ""
    email: Short = ""
    note: Note = ""


class MembersIn(Strict):
    """Up to 1,000 members in one call."""

    rows: Annotated[tuple[MemberKept, ...], Field(min_length=1, max_length=1000)]


class MemberRowOut(BaseModel):
    """What became of a row: `known` leaves the member as it is kept here, whatever the row says."""

    member_id: UUID
    outcome: Literal["created", "known"]


class MembersOut(BaseModel):
    """What became of each row, in the order of the call."""

    created: int
    known: int
    rows: list[MemberRowOut]
