"""The only home of the pages of charges: the list, one charge with its lines and its story, its void, its receipt."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, or_else
from lotwise.backoffice.lists import Column, csv_asked
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.screens.members import Member
from lotwise.backoffice.screens.quotes import Receipt
from lotwise.backoffice.session import Visitor, Who

screen = Screen()
NOBODY = UUID(int=0)
DISPOSITIONS = (("restock", "Back on the shelf"), ("quarantine", "Into quarantine"), ("waste", "Written off"))


class ChargeRow(Shape):
    """A charge in the list."""

    charge_id: UUID
    number: str
    site: str
    state: str
    happened_at: datetime
    source: str = ""
    is_held: bool = False
    total_minor: int
    currency: str = ""
    due_minor: int = 0


class ChargeLine(Shape):
    """A line of a charge."""

    line: int
    product_id: UUID
    code: str | None = None
    name: str | None = None
    description: str = ""
    quantity: str
    unit_price: str
    net_minor: int
    tax_1_minor: int = 0
    tax_2_minor: int = 0
    total_minor: int
    returned: str = "0"


class Charge(Receipt):
    """A charge with what happened to it since."""

    charge_id: UUID
    member_id: UUID | None = None
    source: str = ""
    actor: str = ""
    is_held: bool = False
    recorded_at: datetime | None = None
    lines: tuple[ChargeLine, ...] = ()  # type: ignore[assignment]
    void: dict[str, Any] | None = None
    returns: tuple[dict[str, Any], ...] = ()
    payments: tuple[dict[str, Any], ...] = ()  # type: ignore[assignment]


class Filter(BaseModel):
    """How the list is asked for."""

    q: str = ""
    state: str = ""
    due: bool = False
    from_: str = Field(default="", alias="from")
    to: str = ""
    after: str = ""
    format: str = ""


class VoidForm(BaseModel):
    """Why a charge is taken back."""

    reason: str = Field(min_length=1, max_length=200)
    disposition: str = "restock"


COLUMNS = (
    Column("Charge", lambda row: row.number),
    Column("Site", lambda row: row.site),
    Column("When", lambda row: row.happened_at.isoformat()),
    Column("Source", lambda row: row.source),
    Column("State", lambda row: row.state),
    Column("Total", lambda row: row.total_minor, is_number=True),
    Column("Due", lambda row: row.due_minor, is_number=True),
)
STATES = (("", "Any state"), ("recorded", "Recorded"), ("voided", "Voided"))


@screen.get("/charges", permission="sales.read")
async def charges(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The list, its next chunk, or its CSV; words that are no number find the member of that name."""
    number = "".join(letter for letter in asked.q.rpartition("-")[2] if letter.isdigit())
    member = await _named(who, asked.q) if asked.q and not number else None
    wanted: dict[str, Any] = {
        "site": who.slug,
        "number": number or None,
        "member_id": member.member_id if member else (NOBODY if asked.q and not number else None),
        "state": asked.state if asked.state in dict(STATES) else "",
        "due": asked.due,
        "from": midnight(asked.from_, who.formats.zone),
        "to": midnight(asked.to, who.formats.zone, days=1),
    }
    listed = Listed(request, who, asked, ChargeRow, "sales", "/v1/charges", COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("charges")
    return await listed.page("screens/charges.html", title="Charges", member=member, states=STATES)


async def _named(who: Visitor, words: str) -> Member | None:
    """The first member of that name, phone or e-mail."""
    if not who.can("member.read"):
        return None
    none: Rows[Member] = Rows([])
    found = await or_else(who.gateway.rows(Member, "sales", "/v1/members", search=words, limit=1), none)
    return found.rows[0] if found.rows else None


def midnight(day: str, zone: str, days: int = 0) -> str | None:
    """The instant at which a typed day begins in a zone; None for what is no day."""
    try:
        start = date.fromisoformat(day) + timedelta(days=days)
    except ValueError:
        return None
    return datetime(start.year, start.month, start.day, tzinfo=ZoneInfo(zone)).isoformat()


@screen.get("/charges/{charge_id}", permission="sales.read")
async def charge(request: Request, who: Who, charge_id: UUID) -> Response:
    """One charge."""
    shown = await who.gateway.one(Charge, "sales", f"/v1/charges/{charge_id}")
    if answer := csv_asked(request, lines=(ChargeLine, shown.lines)):
        return answer
    return page(request, who, "screens/one_charge.html", title=shown.number, charge=shown)


@screen.get("/charges/{charge_id}/void", permission="charge.void")
async def void_form(request: Request, who: Who, charge_id: UUID) -> Response:
    """Ask why."""
    return await _void(request, who, charge_id, {"disposition": "restock"}, {})


@screen.post("/charges/{charge_id}/void", permission="charge.void")
async def void(request: Request, who: Who, charge_id: UUID) -> Response:
    """Take a charge back whole, once."""
    form = await form_of(request)
    given, errors = read_form(VoidForm, form)
    if given is None:
        return await _void(request, who, charge_id, form, errors)
    try:
        await who.gateway.post("sales", f"/v1/charges/{charge_id}:void", given.model_dump(), form.get("key", ""))
    except Refused as no:
        return await _void(request, who, charge_id, form, refused_fields(no, ("reason", "disposition")))
    return done(request, "Voided. Money and goods go back once.", f"/charges/{charge_id}")


async def _void(request: Request, who: Who, charge_id: UUID, form: dict[str, str], errors: dict[str, str]) -> Response:
    shown = await who.gateway.one(Charge, "sales", f"/v1/charges/{charge_id}")
    context: dict[str, Any] = {"charge": shown, "form": form, "errors": errors, "dispositions": DISPOSITIONS}
    status = 422 if errors else 200
    return page(request, who, "screens/void_form.html", fragment="sheet", status=status, title="Void charge", **context)
