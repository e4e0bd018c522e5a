"""The only home of the pages of tills: open, put in and take out, count blind, close, add up a day, set up."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, or_else
from lotwise.backoffice.lists import Column, csv_asked, listing
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Visitor, Who
from lotwise.values import currency_exponent, format_minor, parse_minor

screen = Screen()
KINDS = (
    ("cash", "Cash in the drawer"),
    ("card", "Card slips"),
    ("reward", "Manufacturers' rewards"),
    ("other", "Other"),
)
WORDS = {"account": "On account", "gift": "Gift certificates", "rounding": "Rounding", **dict(KINDS), "cash": "Cash"}


class Till(Shape):
    """A till with its open day."""

    till_id: UUID
    site: str
    name: str
    is_shared: bool = True
    is_archived: bool = False
    revision: int = 1
    session_id: UUID | None = None
    state: str = "closed"
    opened_by: str = ""
    opened_at: datetime | None = None


class Movement(Shape):
    """Cash put in or taken out."""

    amount_minor: int
    reason: str
    actor: str = ""
    happened_at: datetime


class Session(Shape):
    """A drawer from its opening to its close."""

    session_id: UUID
    till_id: UUID
    till_name: str = ""
    site: str
    number: int = 1
    day: date
    state: str
    opened_at: datetime
    opened_by: str = ""
    float_minor: int = 0
    counted: dict[str, int] | None = None
    expected: dict[str, int] | None = None
    differences: dict[str, int] = Field(default={})
    difference_minor: int = 0
    reason: str = ""
    counted_at: datetime | None = None
    counted_by: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""
    movements: tuple[Movement, ...] = ()


class Figures(Shape):
    """How many, and their money."""

    count: int = 0
    net_minor: int = 0
    tax_1_minor: int = 0
    tax_2_minor: int = 0
    total_minor: int = 0


class TenderSum(Shape):
    """What came in by a kind of payment."""

    kind: str
    charged_minor: int = 0
    paid_later_minor: int = 0
    refunded_minor: int = 0
    voided_minor: int = 0
    total_minor: int = 0


class Tip(Shape):
    """The tips of a person."""

    staff: str
    net_minor: int


class Owed(Shape):
    """What was sold that is owed."""

    owed: str
    net_minor: int


class Summary(Shape):
    """A day of a site or a till."""

    site: str
    day: date
    till_id: UUID | None = None
    is_blind: bool = False
    charges: Figures = Figures()
    voids: Figures = Figures()
    returns: Figures = Figures()
    net: Figures = Figures()
    tax_1_name: str = "Tax 1"
    tax_2_name: str = "Tax 2"
    tenders: tuple[TenderSum, ...] | None = None
    rounding_minor: int | None = None
    due_minor: int | None = None
    tips: tuple[Tip, ...] = ()
    owed: tuple[Owed, ...] = ()
    sessions: tuple[Session, ...] = ()


class TillForm(BaseModel):
    """What is written of a till."""

    name: str = Field(min_length=1, max_length=200)


class DayAsked(BaseModel):
    """Which day, and of which till."""

    day: str = ""
    till: str = ""


COLUMNS = (
    Column("Till", lambda row: row.name),
    Column("Site", lambda row: row.site),
    Column("State", lambda row: row.state),
    Column("Opened by", lambda row: row.opened_by),
    Column("", lambda _: ""),
)


@screen.get("/tills", permission="till.use")
async def tills(request: Request, who: Who) -> Response:
    """The tills of the site in view, and the days that were closed last."""
    found = await who.gateway.rows(Till, "sales", "/v1/tills", site=who.slug)
    none: Rows[Session] = Rows([])
    asked = who.gateway.rows(Session, "sales", "/v1/till-sessions", site=who.slug, state="closed", limit=12)
    last = await or_else(asked, none)
    if answer := csv_asked(request, tills=(Till, found.rows), days=(Session, last.rows)):
        return answer
    context: dict[str, Any] = {"list": listing(request, COLUMNS), "found": found.rows, "last": last.rows}
    return page(request, who, "screens/tills.html", title="Tills", **context)


@screen.get("/tills/day", permission="till.use")
async def day(request: Request, who: Who, asked: Annotated[DayAsked, Query()]) -> Response:
    """A day of the site in view added up, to look at and to print."""
    wanted: dict[str, Any] = {"site": who.a_site(), "till": asked.till}
    wanted["day"] = asked.day if _is_day(asked.day) else who.today.isoformat()
    shown = await who.gateway.one(Summary, "sales", "/v1/till-summary", **wanted)
    tenders = shown.tenders or ()
    if answer := csv_asked(request, tenders=(TenderSum, tenders), tips=(Tip, shown.tips), owed=(Owed, shown.owed)):
        return answer
    known = await who.gateway.rows(Till, "sales", "/v1/tills", site=wanted["site"])
    context: dict[str, Any] = {"day": shown, "words": WORDS, "tills": known.rows, "title": "Day at the till"}
    return page(request, who, "screens/till_day.html", **context)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@screen.get("/tills/{till_id}/open", permission="till.use")
async def open_form(request: Request, who: Who, till_id: UUID) -> Response:
    """Ask for the float."""
    return _sheet(request, who, "till_open", {"till": await _till(who, till_id)}, {"float": "0"}, {})


@screen.post("/tills/{till_id}/open", permission="till.use")
async def open_till(request: Request, who: Who, till_id: UUID) -> Response:
    """Open the drawer with its float."""
    form = await form_of(request)
    amount, errors = _amount(who, form, "float", least=0)
    if amount is not None:
        try:
            body = {"float_minor": amount}
            made = await who.gateway.post("sales", f"/v1/tills/{till_id}:open", body, form.get("key", ""))
            return done(request, "The till is open.", f"/till-sessions/{made['session_id']}")
        except Refused as no:
            errors = refused_fields(no, ("float",))
    return _sheet(request, who, "till_open", {"till": await _till(who, till_id)}, form, errors)


@screen.get("/till-sessions/{session_id}", permission="till.use")
async def session(request: Request, who: Who, session_id: UUID) -> Response:
    """One day of a till."""
    shown = await _session(who, session_id)
    if answer := csv_asked(request, movements=(Movement, shown.movements)):
        return answer
    context: dict[str, Any] = {"session": shown, "kinds": KINDS, "words": WORDS, "title": shown.till_name}
    return page(request, who, "screens/till_session.html", **context)


@screen.get("/till-sessions/{session_id}/move", permission="till.use")
async def move_form(request: Request, who: Who, session_id: UUID) -> Response:
    """Ask how much is put in or taken out, and why."""
    return _sheet(request, who, "till_move", {"session": await _session(who, session_id)}, {"way": "out"}, {})


@screen.post("/till-sessions/{session_id}/move", permission="till.use")
async def move(request: Request, who: Who, session_id: UUID) -> Response:
    """Put cash in or take it out."""
    form = await form_of(request)
    amount, errors = _amount(who, form, "amount", least=1)
    if not form.get("reason"):
        errors["reason"] = "This is needed."
    if amount is not None and not errors:
        signed = amount if form.get("way") == "in" else -amount
        try:
            body = {"amount_minor": signed, "reason": form["reason"]}
            await who.gateway.post("sales", f"/v1/till-sessions/{session_id}:move", body, form.get("key", ""))
            return done(request, "Written down.", f"/till-sessions/{session_id}")
        except Refused as no:
            errors = {"amount" if name == "amount_minor" else name: text for name, text in _no(no).items()}
    return _sheet(request, who, "till_move", {"session": await _session(who, session_id)}, form, errors)


@screen.get("/till-sessions/{session_id}/count", permission="till.close")
async def count_form(request: Request, who: Who, session_id: UUID) -> Response:
    """Ask what was counted, without a word of what is expected."""
    return _sheet(request, who, "till_count", {"session": await _session(who, session_id), "kinds": KINDS}, {}, {})


@screen.post("/till-sessions/{session_id}/count", permission="till.close")
async def count(request: Request, who: Who, session_id: UUID) -> Response:
    """Say what was counted; the page then shows what was expected."""
    form = await form_of(request)
    counted: dict[str, int] = {}
    errors: dict[str, str] = {}
    for kind, _ in KINDS:
        amount, wrong = _amount(who, {kind: form.get(kind) or "0"}, kind, least=0)
        counted[kind] = amount or 0
        errors |= wrong
    if not errors:
        try:
            where = f"/v1/till-sessions/{session_id}:count"
            await who.gateway.post("sales", where, {"counted": counted}, form.get("key", ""))
            return done(
                request, "Counted. Look at the difference, then close the till.", f"/till-sessions/{session_id}"
            )
        except Refused as no:
            errors = _no(no)
    return _sheet(
        request, who, "till_count", {"session": await _session(who, session_id), "kinds": KINDS}, form, errors
    )


@screen.get("/till-sessions/{session_id}/close", permission="till.close")
async def close_form(request: Request, who: Who, session_id: UUID) -> Response:
    """Ask why the drawer differs, if it does."""
    return _sheet(request, who, "till_close", {"session": await _session(who, session_id)}, {}, {})


@screen.post("/till-sessions/{session_id}/close", permission="till.close")
async def close(request: Request, who: Who, session_id: UUID) -> Response:
    """Close a counted drawer."""
    form = await form_of(request)
    try:
        body = {"reason": form.get("reason", "")}
        await who.gateway.post("sales", f"/v1/till-sessions/{session_id}:close", body, form.get("key", ""))
    except Refused as no:
        given = {"session": await _session(who, session_id)}
        return _sheet(request, who, "till_close", given, form, _no(no))
    return done(request, "The till is closed.", f"/till-sessions/{session_id}")


@screen.get("/settings/tills", permission="till.manage")
async def setup(request: Request, who: Who) -> Response:
    """All tills, to add and change."""
    found = await who.gateway.rows(Till, "sales", "/v1/tills", site=who.slug, archived=True)
    if answer := csv_asked(request, tills=(Till, found.rows)):
        return answer
    return page(request, who, "screens/till_setup.html", title="Set up", found=found.rows)


@screen.get("/settings/tills/new", permission="till.manage")
async def new_till(request: Request, who: Who) -> Response:
    """The form of a new till."""
    return _sheet(request, who, "till_form", {"till": None}, {"site": who.a_site() or "", "is_shared": "true"}, {})


@screen.post("/settings/tills", permission="till.manage")
async def add_till(request: Request, who: Who) -> Response:
    """Set up a till."""
    form = await form_of(request)
    given, errors = read_form(TillForm, form)
    if given is not None:
        body = {"site": form.get("site", ""), "name": given.name, "is_shared": "is_shared" in form}
        try:
            await who.gateway.post("sales", "/v1/tills", body, form.get("key", ""))
            return done(request, f"{given.name} was set up.", "/settings/tills")
        except Refused as no:
            errors = _no(no)
    return _sheet(request, who, "till_form", {"till": None}, form, errors)


@screen.get("/settings/tills/{till_id}", permission="till.manage")
async def edit_till(request: Request, who: Who, till_id: UUID) -> Response:
    """The form of a till, filled."""
    till = await _till(who, till_id)
    form = {"name": till.name} | ({"is_shared": "true"} if till.is_shared else {})
    return _sheet(request, who, "till_form", {"till": till}, form, {})


@screen.post("/settings/tills/{till_id}", permission="till.manage")
async def save_till(request: Request, who: Who, till_id: UUID) -> Response:
    """Change a till, or put it away."""
    form = await form_of(request)
    given, errors = read_form(TillForm, form)
    if given is not None:
        body = {"name": given.name, "is_shared": "is_shared" in form, "is_archived": "is_archived" in form}
        try:
            await who.gateway.put("sales", f"/v1/tills/{till_id}", body, form.get("revision"))
            return done(request, "Saved.", "/settings/tills")
        except Refused as no:
            errors = _no(no)
    return _sheet(request, who, "till_form", {"till": await _till(who, till_id)}, form, errors)


async def open_tills(who: Visitor, site: str) -> list[Till]:
    """The tills of a site that are open, for a payment or a refund."""
    none: Rows[Till] = Rows([])
    found = await or_else(who.gateway.rows(Till, "sales", "/v1/tills", site=site), none)
    return [till for till in found.rows if till.state == "open"]


async def _session(who: Visitor, session_id: UUID) -> Session:
    return await who.gateway.one(Session, "sales", f"/v1/till-sessions/{session_id}")


async def _till(who: Visitor, till_id: UUID) -> Till:
    found = await who.gateway.rows(Till, "sales", "/v1/tills", archived=True)
    return next((till for till in found.rows if till.till_id == till_id), Till(till_id=till_id, site="", name="Till"))


def _no(no: Refused) -> dict[str, str]:
    found = refused_fields(no, ("name", "reason", "amount_minor", "is_archived"))
    ways = " ".join(f"{way[:1].upper()}{way[1:]}." for way in no.ways_out)
    return {name: f"{text[:1].upper()}{text[1:]}. {ways}".replace("..", ".").strip() for name, text in found.items()}


def _amount(who: Visitor, form: dict[str, str], name: str, *, least: int) -> tuple[int | None, dict[str, str]]:
    """A typed amount in minor units, or what is wrong with it."""
    digits = currency_exponent(who.formats.currency)
    try:
        minor = parse_minor(form.get(name) or "", digits)
    except ValueError:
        return None, {name: "Enter an amount, such as 50 or 50.00."}
    if minor < least:
        return None, {name: f"Enter an amount of at least {format_minor(least, digits)}."}
    return minor, {}


def _sheet(
    request: Request, who: Visitor, name: str, given: dict[str, Any], form: dict[str, str], errors: dict[str, str]
) -> Response:
    sites = [(site.slug, site.name) for site in who.sites]
    context = given | {"form": form, "errors": errors, "title": "Till", "sites": sites}
    status = 422 if errors else 200
    return page(request, who, f"screens/{name}.html", fragment="sheet", status=status, **context)
