"""The only home of what a member is: a patient known to the chain, with a name that never leaves sales."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from lotwise.sales.domain.member_refusals import MemberErasedAlready, MemberGone, SameMember

CONSENTS = ("marketing_mail", "marketing_sms", "marketing_phone", "recall_contact", "photo")
"""What a member may agree to or refuse; a recall may reach who said nothing of it (WEB-10)."""
ERASED = "Erased member"
PHONE_MARKS = frozenset("+-()/. ")


class Member(NamedTuple):
    """A member as kept; `revision` grows with each change.

    `merged_into` is the record that took this one's place, `erased_at` when the name was taken out of it.
    """

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


class Consent(NamedTuple):
    """What a member said of a kind of contact, who wrote it down and when."""

    kind: str
    is_given: bool
    actor: str
    given_at: datetime


class Contact(NamedTuple):
    """How an erased member can be reached for a recall, and until which day that is kept."""

    name: str
    phone: str
    email: str
    keep_until: date


def check_living(member: Member) -> None:
    """Pass a record that stands for a person. Raises MemberGone, MemberErasedAlready."""
    if member.merged_into is not None:
        raise MemberGone(
            "this record was merged into another",
            ways_out=("use the record that it was merged into",),
            member_id=str(member.merged_into),
        )
    if member.erased_at is not None:
        raise MemberErasedAlready("this member was erased", erased_at=member.erased_at.isoformat())


def check_mergeable(kept: Member, gone: Member) -> None:
    """Pass two records of one person. Raises SameMember, MemberGone, MemberErasedAlready."""
    if kept.member_id == gone.member_id:
        raise SameMember("a record cannot be merged into itself", field="gone_id")
    check_living(kept)
    check_living(gone)


def merged(kept: Member, gone: Member) -> Member:
    """The record that stays: what it lacks is taken from the other one."""
    notes = [note for note in (kept.note, gone.note) if note]
    note = kept.note if kept.note == gone.note else "\n".join(notes)
    return kept._replace(
        phone=kept.phone or gone.phone,
        email=kept.email or gone.email,
        note=note[:2000],
        born_on=kept.born_on or gone.born_on,
    )


def words_of(search: str) -> list[str]:
    """The words to look for; one that is a phone number is looked for by its digits."""
    found = []
    for word in search.lower().split()[:8]:
        digits = "".join(letter for letter in word if letter.isdigit())
        is_phone = len(digits) >= 3 and all(letter.isdigit() or letter in PHONE_MARKS for letter in word)
        found.append(digits if is_phone else word)
    return found


def keeps_contact(member: Member, consents: Mapping[str, Consent], last_goods: datetime | None) -> bool:
    """Whether a recall must be able to reach them: goods went to them, they can be reached, and did not refuse."""
    said = consents.get("recall_contact")
    return last_goods is not None and bool(member.phone or member.email) and (said is None or said.is_given)


def kept_until(last_goods: datetime, days: int) -> date:
    """The day until which the sealed contact of somebody stays, whose last goods were given at that instant."""
    return (last_goods + timedelta(days=days)).date()
