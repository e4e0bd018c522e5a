"""The only home of SQL on members."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.domain.members import Member

_COLUMNS = ", ".join(Member._fields)


async def add(
    tx: Tx, member_id: UUID, name: str, phone: str, email: str, note: str, born_on: date | None = None
) -> Member | None:
    """Keep a new member; None when the id is taken."""
    row = await tx.fetchrow(
        f"insert into member (member_id, name, phone, email, note, born_on) values ($1, $2, $3, $4, $5, $6)"
        f" on conflict do nothing returning {_COLUMNS}",
        member_id,
        name,
        phone,
        email,
        note,
        born_on,
    )
    return None if row is None else Member._make(row)


class Kept(Protocol):
    """A member to keep, with its id."""

    @property
    def member_id(self) -> UUID:
        """Who."""

    @property
    def name(self) -> str:
        """The name."""

    @property
    def phone(self) -> str:
        """The phone, or nothing."""

    @property
    def email(self) -> str:
        """The e-mail, or nothing."""

    @property
    def note(self) -> str:
        """What else there is to know."""

    @property
    def born_on(self) -> date | None:
        """The birthday, or nothing."""


async def add_missing(tx: Tx, members: Sequence[Kept]) -> set[UUID]:
    """Keep those whose ids are not taken (the first of each id) and give their ids; the others stay as they are."""
    ordered = sorted(members, key=lambda one: one.member_id)
    found = await tx.fetch(
        "insert into member (member_id, name, phone, email, note, born_on)"
        " select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[])"
        " on conflict do nothing returning member_id",
        [one.member_id for one in ordered],
        [one.name for one in ordered],
        [one.phone for one in ordered],
        [one.email for one in ordered],
        [one.note for one in ordered],
        [one.born_on for one in ordered],
    )
    return {row["member_id"] for row in found}


async def get(tx: Tx, member_id: UUID, *, lock: bool = False) -> Member | None:
    """A member by id."""
    row = await tx.fetchrow(
        f"select {_COLUMNS} from member where member_id = $1" + (" for update" if lock else ""), member_id
    )
    return None if row is None else Member(*row)


async def change(tx: Tx, member: Member) -> Member:
    """Replace what is kept of a member; its revision grows."""
    row = await tx.fetchrow(
        "update member set name = $2, phone = $3, email = $4, note = $5, is_archived = $6, born_on = $7,"
        " merged_into = $8, erased_at = $9, revision = revision + 1, updated_at = now()"
        f" where member_id = $1 returning {_COLUMNS}",
        member.member_id,
        member.name,
        member.phone,
        member.email,
        member.note,
        member.is_archived,
        member.born_on,
        member.merged_into,
        member.erased_at,
    )
    return Member._make(row or ())


async def page(
    tx: Tx, words: Sequence[str], *, after: tuple[str, UUID] | None, limit: int, archived: bool
) -> list[Member]:
    """Members whose name, phone (or its digits) or e-mail contains every word, by name; no merged records."""
    name, last = after or (None, None)
    patterns = [
        "%" + word.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" for word in words
    ]
    rows = await tx.fetch(
        f"select {_COLUMNS} from member where merged_into is null"
        " and (cardinality($1::text[]) = 0 or search like all ($1))"
        " and ($2::text is null or (name, member_id) > ($2, $3::uuid)) and (not is_archived or $5)"
        " order by name, member_id limit $4",
        patterns,
        name,
        last,
        limit,
        archived,
    )
    return [Member(*row) for row in rows]


async def known(tx: Tx, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these ids are taken."""
    rows = await tx.fetch("select member_id from member where member_id = any($1)", ids)
    return {row["member_id"] for row in rows}


async def names(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of those of these members that are kept."""
    rows = await tx.fetch("select member_id, name from member where member_id = any($1)", ids)
    return {row["member_id"]: row["name"] for row in rows}
