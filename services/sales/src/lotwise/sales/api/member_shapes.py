"""The only home of the JSON of members at sales' HTTP border."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.contracts.fields import AsWritten, Flag, Id, Note, Text
from lotwise.sales.api.line_shapes import Short, Strict

Birthday = Annotated[date, AsWritten, Field(ge=date(1880, 1, 1), le=date(2200, 12, 31))]
ConsentKind = Literal["marketing_mail", "marketing_sms", "marketing_phone", "recall_contact", "photo"]


class ConsentsIn(Strict):
    """What a member agreed to (true) or refused, by kind; what is left out stays as it was said."""

    consents: Annotated[dict[ConsentKind, Flag], Field(min_length=1)]


class ConsentOut(BaseModel):
    """What a member said of a kind, who wrote it down and when."""

    kind: ConsentKind
    is_given: bool
    actor: str
    given_at: datetime


class ConsentsOut(BaseModel):
    """What counts now, and all that was said before."""

    member_id: UUID
    consents: list[ConsentOut]
    history: list[ConsentOut]


class MergeIn(Strict):
    """The record that goes into this one, and why."""

    gone_id: Id
    reason: Text


class EraseIn(Strict):
    """Why a member is erased; `even_if_open` though something is owed."""

    reason: Text
    even_if_open: Flag = False


class ErasedOut(BaseModel):
    """An erased member; `sealed_until` is the day until which a recall can still reach them."""

    member_id: UUID
    erased_at: datetime
    sealed_until: date | None


class ContactOut(BaseModel):
    """The sealed contact of an erased member."""

    member_id: UUID
    name: str
    phone: str
    email: str
    keep_until: date


class MemberExport(BaseModel):
    """All that is kept of a member, for themselves; money in minor units, quantities in smallest units."""

    member: dict[str, Any]
    consents: list[dict[str, Any]]
    charges: list[dict[str, Any]]
    returns: list[dict[str, Any]]
    appointments: list[dict[str, Any]]
    treatments: list[dict[str, Any]]
    packages: list[dict[str, Any]]
    memberships: list[dict[str, Any]]
    gift_certificates: list[dict[str, Any]]
    account: list[dict[str, Any]]


class MemberIn(Strict):
    """What is kept of a member."""

    member_id: Id | None = None
    name: Text
    phone: Short = ""
    email: Short = ""
    note: Note = ""
    born_on: Birthday | None = None


class MemberEdit(Strict):
    """What a member's record becomes."""

    name: Text
    phone: Short = ""
    email: Short = ""
    note: Note = ""
    born_on: Birthday | None = None
    is_archived: Flag = False


class MemberOut(BaseModel):
    """A member; `revision` is the ETag. `merged_into` is the record that took its place."""

    member_id: UUID
    name: str
    phone: str
    email: str
    note: str
    is_archived: bool
    revision: int
    created_at: datetime
    updated_at: datetime
    born_on: date | None = None
    merged_into: UUID | None = None
    erased_at: datetime | None = None


class MemberKept(Strict):
    """A member whom another system knows already: with an id of its own making, so that it is kept once."""

    member_id: Id
    name: Text
    phone: Short = ""
    email: Short = ""
    note: Note = ""
    born_on: Birthday | None = None


class MembersIn(Strict):
    """Up to 1,000 members in one call; a dry run says what would become of each and keeps none."""

    rows: Annotated[tuple[MemberKept, ...], Field(min_length=1, max_length=1000)]
    dry_run: Flag = False


class MemberRowOut(BaseModel):
    """What became of a row: `known` leaves the member as it is kept here, whatever the row says."""

    member_id: UUID
    outcome: Literal["created", "known"]


class MembersOut(BaseModel):
    """What became of each row, in the order of the call."""

    created: int
    known: int
    rows: list[MemberRowOut]
