"""The only home of a recall's list of members: whom its lots reached, and whether somebody told them."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import CHUNK, Refused, Rows, Shape, or_else
from lotwise.backoffice.lists import Column
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Visitor, Who

screen = Screen()
CHANGED = ("live-stock",)
STATES = (
    ("to_contact", "To contact"),
    ("contacted", "Contacted"),
    ("acknowledged", "Acknowledged"),
    ("unreachable", "Unreachable"),
)
HOW = {"confirmed": "Confirmed", "assumed": "Assumed", "possible": "Possibly affected"}
TONES = {"confirmed": "danger", "assumed": "warning", "possible": ""}


class NoticeLot(Shape):
    """What a charge received."""

    lot_number: str = ""
    name: str
    unit: str = "piece"
    quantity: str


class Notice(Shape):
    """A charge on the list, with its member when sales told."""

    charge_id: UUID
    site: str
    happened_at: datetime
    how: str
    state: str
    note: str = ""
    changed_by: str = ""
    changed_at: datetime | None = None
    lots: tuple[NoticeLot, ...] = ()
    number: str = ""
    member_id: UUID | None = None
    name: str = ""
    phone: str = ""
    email: str = ""

    @property
    def received(self) -> str:
        """What it received, in short."""
        return ", ".join(f"{one.quantity} {one.name}, lot {one.lot_number or 'unknown'}" for one in self.lots)


class NoticeFilter(BaseModel):
    """How the list of members is asked for."""

    how: str = ""
    contact: str = ""
    after: str = ""
    format: str = ""


class NoticeForm(BaseModel):
    """Whether somebody reached them."""

    state: str = Field(pattern="^(to_contact|contacted|acknowledged|unreachable)$")
    note: str = Field(default="", max_length=2000)


NOTICE_COLUMNS = (
    Column("Member", lambda row: row.name),
    Column("Phone", lambda row: row.phone),
    Column("E-mail", lambda row: row.email),
    Column("Charge", lambda row: row.number or row.charge_id),
    Column("Site", lambda row: row.site),
    Column("When", lambda row: row.happened_at.isoformat()),
    Column("Received", lambda row: row.received),
    Column("How sure", lambda row: row.how),
    Column("State", lambda row: row.state),
    Column("Note", lambda row: row.note),
    Column("By", lambda row: row.changed_by),
    Column("", lambda _: ""),
)
SHOWN_COLUMNS = tuple(
    Column("Contact", column.read) if column.label == "Phone" else column
    for column in NOTICE_COLUMNS
    if column.label not in {"E-mail", "By"}
)
"""On the page phone and e-mail share a column, and who said so stands beside the note."""


async def notices_of(who: Visitor, recall_id: UUID, asked: NoticeFilter, limit: int = CHUNK) -> Rows[Notice]:
    """A chunk of the list, with the names for whoever may read members."""
    wanted = {"site": who.slug, "how": asked.how if asked.how in HOW else "", "state": asked.contact}
    found = await who.gateway.rows(
        Notice, "stock", f"/v1/recalls/{recall_id}/notices", limit=limit, after=asked.after, **wanted
    )
    if not found.rows or not who.can("member.read"):
        return found
    body = {"charges": [str(one.charge_id) for one in found.rows]}
    names = await or_else(who.gateway.post("sales", "/v1/charges:members", body, f"names-{recall_id}"), {"rows": []})
    of = {row["charge_id"]: row for row in names["rows"]}
    rows = [one.model_copy(update=_named(of.get(str(one.charge_id)))) for one in found.rows]
    return Rows(rows, found.next)


def _named(row: dict[str, Any] | None) -> dict[str, Any]:
    if row is None:
        return {}
    return {name: row.get(name) or "" for name in ("number", "name", "phone", "email")} | {
        "member_id": row.get("member_id")
    }


async def all_notices(who: Visitor, recall_id: UUID, asked: NoticeFilter) -> AsyncIterator[Notice]:
    """The whole list, chunk by chunk."""
    after: str | None = ""
    while after is not None:
        chunk = await notices_of(who, recall_id, asked.model_copy(update={"after": after}), limit=500)
        for one in chunk.rows:
            yield one
        after = chunk.next


@screen.get("/recalls/{recall_id}/notices/{charge_id}", permission="stock.recall")
async def notice_form(request: Request, who: Who, recall_id: UUID, charge_id: UUID, state: str = "") -> Response:
    """Ask whether the member of a charge was reached."""
    return _notice(request, who, recall_id, charge_id, {"state": state or "contacted"}, {})


@screen.post("/recalls/{recall_id}/notices/{charge_id}", permission="stock.recall")
async def tell_notice(request: Request, who: Who, recall_id: UUID, charge_id: UUID) -> Response:
    """Keep whether they were reached."""
    form = await form_of(request)
    given, errors = read_form(NoticeForm, form)
    if given is None:
        return _notice(request, who, recall_id, charge_id, form, errors)
    path = f"/v1/recalls/{recall_id}/notices/{charge_id}"
    try:
        await who.gateway.post("stock", path, given.model_dump(), form.get("key", ""))
    except Refused as no:
        return _notice(request, who, recall_id, charge_id, form, refused_fields(no, ("state", "note")))
    return done(request, "Kept.", f"/recalls/{recall_id}", stay=True, events=CHANGED)


def _notice(
    request: Request, who: Who, recall_id: UUID, charge_id: UUID, form: dict[str, str], errors: dict[str, str]
) -> Response:
    context: dict[str, Any] = {"recall_id": recall_id, "charge_id": charge_id, "form": form, "errors": errors}
    context |= {"states": STATES, "title": "Member reached?"}
    status = 422 if errors else 200
    return page(request, who, "screens/recall_notice.html", fragment="sheet", status=status, **context)
