"""The only home of a member's lots: sales knows their charges, stock the lots of charges; they meet here (N-06)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from lotwise.backoffice.gateway import Shape
from lotwise.backoffice.pages import page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.members import Member
from lotwise.backoffice.screens.recall_notices import HOW, TONES
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import uuid7

screen = Screen()
PART = 500


class Charge(Shape):
    """A charge of the member."""

    charge_id: UUID
    number: str | None = None


class ChargedLot(Shape):
    """What a charge received of a lot."""

    charge_id: UUID
    site: str
    happened_at: datetime
    lot_id: UUID | None = None
    lot_number: str = ""
    expires_on: date | None = None
    product_id: UUID
    name: str
    unit: str = "piece"
    quantity: str
    is_recalled: bool = False
    how: str


@screen.get("/members/{member_id}/lots", permission="member.read")
async def member_lots(request: Request, who: Who, member_id: UUID) -> Response:
    """Every lot that a member received, the latest first, and which of them are recalled."""
    member = await who.gateway.one(Member, "sales", f"/v1/members/{member_id}")
    charges = [one async for one in who.gateway.all(Charge, "sales", f"/v1/members/{member_id}/charges")]
    found: list[ChargedLot] = []
    for start in range(0, len(charges), PART):
        body = {"charges": [str(one.charge_id) for one in charges[start : start + PART]]}
        answer = await who.gateway.post("stock", "/v1/trace:charges", body, str(uuid7()))
        found += [ChargedLot.model_validate(row) for row in answer["rows"]]
    numbers = {one.charge_id: one.number for one in charges}
    context: dict[str, Any] = {"member": member, "numbers": numbers, "how": HOW, "tones": TONES}
    context |= {"rows": sorted(found, key=lambda row: row.happened_at, reverse=True), "title": f"Lots of {member.name}"}
    return page(request, who, "screens/member_lots.html", **context)
