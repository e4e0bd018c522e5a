"""The only home of the doors between members and their charges: who stands behind charges, and what a member bought.

Stock knows the lots of charges and no member; the two meet at whoever may read members (N-06).
"""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from lotwise.contracts.fields import Id, Instant
from lotwise.kit import audit
from lotwise.kit.commands import Read, Reading
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.sales.api.member_deeds import seal_of
from lotwise.sales.domain.members import Contact
from lotwise.sales.domain.refusals import UnknownMember
from lotwise.sales.operations.member_deeds import contacts
from lotwise.sales.repository import member_charges, members

router = Router(prefix="/v1", tags=["members"])
LATEST = datetime.fromisoformat("9999-12-31T00:00:00+00:00")


class ChargesIn(BaseModel):
    """Charges of whom the members are asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    charges: Annotated[tuple[Id, ...], Field(min_length=1, max_length=500)]


class ChargeMember(BaseModel):
    """Who stands behind a charge; a charge without a member has none to tell.

    `is_sealed`: they were erased, and this is the contact kept for recalls, told to whoever may recall (WEB-10).
    """

    charge_id: UUID
    site: str
    number: str | None
    happened_at: datetime
    member_id: UUID | None
    name: str
    phone: str
    email: str
    is_sealed: bool = False


class ChargeMembers(BaseModel):
    """Those of the charges that are known here."""

    rows: list[ChargeMember]


class MemberCharge(BaseModel):
    """A charge of a member."""

    charge_id: UUID
    site: str
    number: str | None
    state: str
    happened_at: datetime


@router.post("/charges:members", permission="member.read", site="chain")
async def members_of_charges(body: ChargesIn, read: Read, request: Request) -> ChargeMembers:
    """Who received what these charges sold: for a recall's list; each look goes into the audit trail."""
    async with read.connection() as tx:
        rows = await member_charges.members_of(tx, body.charges)
        gone = list({row["member_id"] for row in rows if row["is_erased"]}) if read.who.allows("stock.recall") else []
        sealed = await contacts(tx, gone, seal_of(request), datetime.now(UTC)) if gone else {}
    found = [_stands_behind(row, sealed.get(row["member_id"])) for row in rows]
    await _log(read, "charges", len(found))
    return ChargeMembers(rows=found)


@router.get("/members/{member_id}/charges", permission="member.read", site="chain", refusals=(UnknownMember,))
async def charges_of_member(
    member_id: UUID,
    read: Read,
    since: Annotated[Instant | None, Query(description="Only charges that happened at or after this instant.")] = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[MemberCharge]:
    """A member's charges, the newest first."""
    keys = cursor_decode(after, datetime, UUID)
    before, before_id = keys or (LATEST, UUID(int=2**128 - 1))
    async with read.connection() as tx:
        if await members.get(tx, member_id) is None:
            raise UnknownMember(f"no member has the id {member_id}")
        rows = await member_charges.charges_of(tx, member_id, since, before, before_id, limit)
    await _log(read, str(member_id), len(rows))
    shown = [MemberCharge(**{**row, "number": _number(row)}) for row in rows]
    end = cursor_encode(shown[-1].happened_at, shown[-1].charge_id) if len(shown) == limit else None
    return Page(rows=shown, next=end)


def _stands_behind(row: Any, contact: Contact | None) -> ChargeMember:
    shown: Any = row if contact is None else contact._asdict()
    return ChargeMember(
        charge_id=row["charge_id"],
        site=row["site"],
        number=_number(row),
        happened_at=row["happened_at"],
        member_id=row["member_id"],
        name=shown["name"] or "",
        phone=shown["phone"] or "",
        email=shown["email"] or "",
        is_sealed=contact is not None,
    )


def _number(row: Any) -> str | None:
    return None if row["number"] is None else str(row["number"])


async def _log(read: Reading, target: str, count: int) -> None:
    entry = audit.Entry(read.who.actor, "member.read", "VIEW /v1/charges:members", None, target, {"count": count})
    async with read.runtime.db.transaction() as tx:
        await audit.record(tx, entry)
