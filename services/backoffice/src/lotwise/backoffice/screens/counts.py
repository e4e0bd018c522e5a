"""The only home of the office's pages of counts: the list, a new count, its lines with causes, posting, the paper."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Shape, or_else
from lotwise.backoffice.lists import Column
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.asset_deeds import numbers
from lotwise.backoffice.screens.categories import category_choices
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.session import Visitor, Who
from lotwise.contracts.ids import uuid7
from lotwise.values import currency_exponent

screen = Screen()
STATES = ("open", "posted", "cancelled")
SHOWN = {"": "All lines", "uncounted": "Not counted", "recount": "Count again", "different": "Differences"}
SHORT = (
    ("loss", "Lost"),
    ("theft", "Stolen"),
    ("damage", "Damaged"),
    ("waste", "Wasted"),
    ("expiry", "Expired"),
    ("sample", "Sample"),
    ("tester", "Tester"),
    ("training", "Training"),
    ("error", "Recorded wrongly"),
)
MORE = (("found", "Found"), ("error", "Recorded wrongly"))
REST = (("", "Each line has its own"), *SHORT)
CLASSES = (("A", "A: four fifths of the cost used"), ("B", "B: up to 95 %"), ("C", "C: the rest"))
AMOUNT = r"^[0-9]{1,19}(\.[0-9]{1,6})?$"
PERCENT = r"^[0-9]{1,3}(\.[0-9]{1,2})?$"
CHANGED = ("count-changed",)


class Count(Shape):
    """A count and how far it is."""

    count_id: UUID
    number: str
    site: str
    kind: str
    state: str
    area: str | None = None
    category_name: str | None = None
    abc_class: str | None = None
    plan_name: str | None = None
    is_blind: bool = False
    is_hidden: bool = False
    tolerance_percent: str | None = None
    tolerance_units: str | None = None
    witness_above_minor: int | None = None
    note: str = ""
    opened_at: datetime
    opened_by: str = ""
    closed_at: datetime | None = None
    closed_by: str | None = None
    counted_from: datetime | None = None
    counted_until: datetime | None = None
    counted_by: tuple[str, ...] = ()
    lines: int = 0
    counted: int = 0
    recounts: int = 0
    differences: int | None = None
    gain_minor: int | None = None
    loss_minor: int | None = None
    witness: str | None = None
    is_witnessed: bool = False
    revision: int = 1

    @property
    def part(self) -> str:
        """What of the site is counted, in words."""
        parts = [
            self.plan_name,
            None if self.area is None else (self.area or "Main shelf"),
            self.category_name,
            self.abc_class and f"class {self.abc_class}",
        ]
        return ", ".join(filter(None, parts)) or ("Everything" if self.kind == "full" else "Some products")


class Pass(Shape):
    """Who counted what when."""

    number: int
    counted: str
    recorded: str | None = None
    counted_at: datetime
    counted_by: str
    note: str = ""


class Line(Shape):
    """A line of the sheet; what is recorded is None where the count is blind for this person."""

    line: int
    product_id: UUID
    code: str = ""
    name: str
    unit: str = "piece"
    place: str = "shelf"
    area: str = ""
    lot_id: UUID | None = None
    lot_number: str = ""
    expires_on: date | None = None
    is_extra: bool = False
    is_pending: bool = False
    is_confirmed: bool = False
    passes: int = 0
    needs_recount: bool = False
    counted: str | None = None
    counted_at: datetime | None = None
    counted_by: str = ""
    note: str = ""
    recorded: str | None = None
    late: str | None = None
    difference: str | None = None
    came_late: str | None = None
    cost_minor: int | None = None
    cause: str | None = None
    cause_note: str = ""
    is_superseded: bool = False
    is_serialised: bool = False
    serials: tuple[str, ...] | None = None
    missing_serials: tuple[str, ...] = ()
    unexpected_serials: tuple[str, ...] = ()
    history: tuple[Pass, ...] = ()

    @property
    def units(self) -> str:
        """Which units lack and which should not lie there, in words; "" when those that should do."""
        lacks = f"not scanned: {', '.join(self.missing_serials)}" if self.missing_serials else ""
        more = f"not expected here: {', '.join(self.unexpected_serials)}" if self.unexpected_serials else ""
        return "; ".join(filter(None, (lacks, more)))

    @property
    def differs(self) -> bool:
        """Whether a cause is asked for."""
        return self.difference not in {None, "0"}

    @property
    def where(self) -> str:
        """The place in words."""
        return self.area or ("Back bar" if self.place == "back_bar" else "Main shelf")


class Said(Shape):
    """One reason in words."""

    kind: str
    text: str


class Moved(Shape):
    """All movements of one reason since the last count."""

    reason: str
    quantity: str
    movements: int


class Why(Shape):
    """Why what is counted differs from what is recorded (STK-33)."""

    since: datetime | None = None
    last_count: dict[str, Any] | None = None
    opening: str = "0"
    on_hand: str = "0"
    unit: str = "piece"
    sentences: tuple[Said, ...] = ()
    movements: tuple[Moved, ...] = ()


class Filter(BaseModel):
    """How the list of counts is asked for."""

    state: str = ""
    after: str = ""
    format: str = ""


class LineFilter(BaseModel):
    """How the lines of a count are asked for."""

    q: str = ""
    state: str = ""
    after: str = ""
    format: str = ""


class CountForm(BaseModel):
    """A new count."""

    site: str
    kind: str = "full"
    area: str | None = None
    category_id: UUID | None = None
    abc_class: str | None = None
    is_blind: bool = False
    tolerance_percent: str | None = Field(default=None, pattern=PERCENT)
    tolerance_units: str | None = Field(default=None, pattern=AMOUNT)
    witness_above: str | None = Field(default=None, pattern=AMOUNT)
    note: str = Field(default="", max_length=2000)


class PassForm(BaseModel):
    """What lies there."""

    quantity: str = Field(pattern=AMOUNT)
    seen: int | None = None
    counted_at: datetime | None = None
    note: str = Field(default="", max_length=2000)


COLUMNS = (
    Column("Count", lambda row: row.number),
    Column("Site", lambda row: row.site),
    Column("Part", lambda row: row.part),
    Column("State", lambda row: row.state),
    Column("Counted", lambda row: f"{row.counted} of {row.lines}", is_number=True),
    Column("Opened", lambda row: row.opened_at.isoformat()),
    Column("Closed", lambda row: row.closed_at.isoformat() if row.closed_at else ""),
    Column("Difference", lambda row: (row.gain_minor or 0) - (row.loss_minor or 0), is_number=True),
)
LINE_COLUMNS = (
    Column("Line", lambda row: row.line, is_number=True),
    Column("Place", lambda row: row.where),
    Column("Product", lambda row: row.name),
    Column("Code", lambda row: row.code),
    Column("Lot", lambda row: row.lot_number),
    Column("Expires", lambda row: row.expires_on),
    Column("Recorded", lambda row: row.recorded, is_number=True),
    Column("Counted", lambda row: row.counted, is_number=True),
    Column("Difference", lambda row: row.difference, is_number=True),
    Column("Value", lambda row: row.cost_minor, is_number=True),
    Column("Cause", lambda row: row.cause),
    Column("Note", lambda row: row.cause_note or row.note),
    Column("Counted by", lambda row: row.counted_by),
    Column("Counted at", lambda row: row.counted_at.isoformat() if row.counted_at else ""),
    Column("Passes", lambda row: row.passes, is_number=True),
    Column("Units", lambda row: row.units),
)


@screen.get("/counts", permission="stock.read")
async def counts(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The list, its next chunk, or its CSV."""
    wanted = {"site": who.slug, "state": asked.state if asked.state in STATES else ""}
    listed = Listed(request, who, asked, Count, "stock", "/v1/counts", COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("counts")
    return await listed.page("screens/counts.html", title="Counts", states=STATES)


@screen.get("/counts/new", permission="stock.count")
async def new_count(request: Request, who: Who) -> Response:
    """The form of a new count."""
    return await _form(request, who, {"site": who.a_site() or "", "kind": "full"}, {})


@screen.post("/counts", permission="stock.count")
async def begin(request: Request, who: Who) -> Response:
    """Open a count; nothing is blocked by it."""
    form = await form_of(request)
    given, errors = read_form(CountForm, form)
    if given is None:
        return await _form(request, who, form, errors)
    body = given.model_dump(mode="json", exclude={"witness_above"}) | {
        "count_id": form.get("key"),
        "witness_above_minor": minor_of(who, given.witness_above),
    }
    try:
        await who.gateway.post("stock", "/v1/counts", body, form.get("key", ""))
    except Refused as no:
        return await _form(request, who, form, refused_fields(no, tuple(CountForm.model_fields)))
    return done(request, "Open. The site goes on selling while it is counted.", f"/counts/{form.get('key')}")


def minor_of(who: Visitor, typed: str | None) -> int | None:
    """Money as it was typed, in minor units; None for nothing. What is finer than a minor unit is cut off."""
    return int(Decimal(typed).scaleb(currency_exponent(who.formats.currency))) if typed else None


def typed_of(who: Visitor, minor: int | None) -> str:
    """Minor units as a person types them."""
    return "" if minor is None else str(Decimal(minor).scaleb(-currency_exponent(who.formats.currency)))


async def areas_of(who: Visitor) -> list[tuple[str, str]]:
    """The storage areas of the sites in view, as a choice."""
    answer = await or_else(who.gateway.raw("stock", "/v1/areas", site=who.slug), {"rows": []})
    names = sorted({str(row["area"]) for row in answer["rows"] if row["area"]})
    return [(name, name) for name in names]


async def _form(request: Request, who: Who, form: dict[str, str], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {
        "form": form,
        "errors": errors,
        "count_id": form.get("key") or str(uuid7()),
        "places": [(site.slug, site.name) for site in who.sites],
        "areas": await areas_of(who),
        "categories": await category_choices(who),
        "classes": CLASSES,
        "title": "New count",
    }
    status = 422 if errors else 200
    return page(request, who, "screens/count_form.html", fragment="sheet", status=status, **context)


async def count_of(who: Visitor, count_id: UUID) -> Count:
    """One count."""
    return await who.gateway.one(Count, "stock", f"/v1/counts/{count_id}")


@screen.get("/counts/{count_id}", permission="stock.read")
async def one_count(request: Request, who: Who, count_id: UUID, asked: Annotated[LineFilter, Query()]) -> Response:
    """One count: its lines with recorded, counted, difference and cause; what posting still waits for."""
    where = f"/v1/counts/{count_id}/lines"
    wanted = {"state": asked.state if asked.state in SHOWN else "", "search": asked.q}
    count = await count_of(who, count_id)
    listed = Listed(request, who, asked, Line, "stock", where, LINE_COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv(f"count-{count.number}")
    context: dict[str, Any] = {"count": count, "shown": SHOWN, "errors": {}, "title": f"Count {count.number}"}
    return await listed.page("screens/count.html", fixed_site=True, **context)


@screen.post("/counts/{count_id}/lines/{line}", permission="stock.count")
async def count_line(request: Request, who: Who, count_id: UUID, line: int) -> Response:
    """Enter a quantity in the office; the row comes back with its difference."""
    form = await form_of(request)
    given, errors = read_form(PassForm, form)
    if given is not None:
        try:
            await enter(who, count_id, line, given, form.get("key", ""))
        except Refused as no:
            errors = {"quantity": no.detail}
    return await _row(request, who, count_id, line, errors, form.get("quantity", ""))


async def enter(
    who: Visitor, count_id: UUID, line: int, given: PassForm, key: str, serials: list[str] | None = None
) -> None:
    """Send one pass over a line, by its serials when they are given. Raises Refused."""
    entry: dict[str, Any] = {"line": line, "quantity": given.quantity, "note": given.note, "seen_passes": given.seen}
    if serials is not None:
        entry["serials"] = serials
    if given.counted_at is not None:
        entry["counted_at"] = given.counted_at.isoformat()
    await who.gateway.post("stock", f"/v1/counts/{count_id}:count", {"entries": [entry]}, key)


async def line_of(who: Visitor, count_id: UUID, line: int) -> Line:
    """One line with its passes."""
    return await who.gateway.one(Line, "stock", f"/v1/counts/{count_id}/lines/{line}")


async def _row(
    request: Request, who: Who, count_id: UUID, line: int, errors: dict[str, str], typed: str = ""
) -> Response:
    if "hx-request" not in request.headers and not errors:
        return done(request, "Counted.", f"/counts/{count_id}")
    context: dict[str, Any] = {
        "count": await count_of(who, count_id),
        "row": await line_of(who, count_id, line),
        "errors": errors,
        "typed": typed,
        "title": "Count",
    }
    return page(
        request,
        who,
        "screens/count_line.html",
        fragment="row",
        status=422 if errors else 200,
        **context,
    )


@screen.get("/counts/{count_id}/lines/{line}/units", permission="stock.count")
async def units_form(request: Request, who: Who, count_id: UUID, line: int) -> Response:
    """Ask for the serials of the units that lie there."""
    return await _units(request, who, count_id, line, {}, {})


@screen.post("/counts/{count_id}/lines/{line}/units", permission="stock.count")
async def count_units(request: Request, who: Who, count_id: UUID, line: int) -> Response:
    """Count a line by its serials: as many as are named lie there, and no other unit of the lot does."""
    form = await form_of(request)
    serials = await numbers(who, form.get("serials", ""))
    seen = int(form["seen"]) if form.get("seen", "").isdigit() else None
    entry = {"line": line, "quantity": str(len(serials)), "serials": serials, "seen_passes": seen}
    try:
        await who.gateway.post("stock", f"/v1/counts/{count_id}:count", {"entries": [entry]}, form.get("key", ""))
    except Refused as no:
        return await _units(request, who, count_id, line, form, refused_fields(no, ("serials",)))
    return done(request, f"{len(serials)} counted by serial.", f"/counts/{count_id}", stay=True, events=CHANGED)


async def _units(
    request: Request, who: Who, count_id: UUID, line: int, form: dict[str, str], errors: dict[str, str]
) -> Response:
    count, row = await count_of(who, count_id), await line_of(who, count_id, line)
    context: dict[str, Any] = {"count": count, "row": row, "form": form, "errors": errors, "title": "Count units"}
    status = 422 if errors else 200
    return page(request, who, "screens/count_units.html", fragment="sheet", status=status, **context)


@screen.get("/counts/{count_id}/lines/{line}/why", permission="stock.read")
async def why(request: Request, who: Who, count_id: UUID, line: int) -> Response:
    """Why does it differ: who counted what, what happened since the last count, and the cause to give."""
    return await _why(request, who, count_id, line, {}, {})


@screen.post("/counts/{count_id}/lines/{line}/why", permission="stock.count_post")
async def explain(request: Request, who: Who, count_id: UUID, line: int) -> Response:
    """Give the cause of a difference."""
    form = await form_of(request)
    body = {"cause": form.get("cause") or None, "note": form.get("note", "")}
    try:
        await who.gateway.post("stock", f"/v1/counts/{count_id}/lines/{line}:explain", body, form.get("key", ""))
    except Refused as no:
        return await _why(request, who, count_id, line, form, refused_fields(no, ("cause", "note")))
    return done(request, "Kept.", f"/counts/{count_id}", stay=True, events=CHANGED)


@screen.post("/counts/{count_id}/lines/{line}/confirm", permission="stock.count_post")
async def confirm(request: Request, who: Who, count_id: UUID, line: int) -> Response:
    """Vouch for an unknown lot."""
    form = await form_of(request)
    await who.gateway.post("stock", f"/v1/counts/{count_id}/lines/{line}:confirm_lot", {}, form.get("key", ""))
    text = "Its goods will lie on the shelf once the count is posted."
    return done(request, text, f"/counts/{count_id}", stay=True, events=CHANGED)


async def _why(
    request: Request, who: Who, count_id: UUID, line: int, form: dict[str, str], errors: dict[str, str]
) -> Response:
    count, row = await count_of(who, count_id), await line_of(who, count_id, line)
    found = Why()
    if not count.is_hidden:
        asked = {"site": count.site, "product": row.product_id}
        found = await or_else(who.gateway.one(Why, "stock", "/v1/explain/count", **asked), Why())
    is_more = bool(row.difference) and not str(row.difference).startswith("-")
    context: dict[str, Any] = {
        "count": count,
        "row": row,
        "why": found,
        "form": form or {"cause": row.cause or "", "note": row.cause_note},
        "errors": errors,
        "causes": MORE if is_more else SHORT,
        "title": "Why does it differ?",
    }
    status = 422 if errors else 200
    return page(request, who, "screens/count_why.html", fragment="sheet", status=status, **context)


@screen.get("/counts/{count_id}/post", permission="stock.count_post")
async def post_form(request: Request, who: Who, count_id: UUID) -> Response:
    """What posting asks: uncounted lines, a cause for the rest, the witness."""
    return _posting(request, who, await count_of(who, count_id), {}, {})


@screen.post("/counts/{count_id}/post", permission="stock.count_post")
async def post(request: Request, who: Who, count_id: UUID) -> Response:
    """Write the differences into the ledger, once."""
    form = await form_of(request)
    body = {
        "leave_uncounted": form.get("leave_uncounted") == "true",
        "cause_of_rest": form.get("cause_of_rest") or None,
    }
    try:
        await who.gateway.post("stock", f"/v1/counts/{count_id}:post", body, form.get("key", ""))
    except Refused as no:
        return _posting(request, who, await count_of(who, count_id), form, {"": no.detail})
    return done(request, "Posted: the ledger says what was counted.", f"/counts/{count_id}")


def _posting(request: Request, who: Who, count: Count, form: dict[str, str], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {"count": count, "form": form, "errors": errors, "causes": REST, "title": "Post count"}
    status = 422 if errors else 200
    return page(request, who, "screens/count_post.html", fragment="sheet", status=status, **context)


@screen.post("/counts/{count_id}/witness", permission="stock.witness")
async def witness(request: Request, who: Who, count_id: UUID) -> Response:
    """Confirm the figures that were on the page, as a second person."""
    form = await form_of(request)
    body = {"revision": int(form.get("revision") or 0)}
    await who.gateway.post("stock", f"/v1/counts/{count_id}:witness", body, form.get("key", ""))
    return done(request, "Confirmed. Another person may post it now.", f"/counts/{count_id}")


@screen.post("/counts/{count_id}/cancel", permission="stock.count_post")
async def cancel(request: Request, who: Who, count_id: UUID) -> Response:
    """Call it off; nothing is posted."""
    form = await form_of(request)
    await who.gateway.post("stock", f"/v1/counts/{count_id}:cancel", {}, form.get("key", ""))
    return done(request, "Called off. Nothing of it was posted.", f"/counts/{count_id}")


@screen.get("/counts/{count_id}/sheet", permission="stock.read")
async def sheet(request: Request, who: Who, count_id: UUID) -> Response:
    """The sheet to print and to write on; a blind one says nothing of what is recorded."""
    count = await count_of(who, count_id)
    lines = [line async for line in who.gateway.all(Line, "stock", f"/v1/counts/{count_id}/lines")]
    places: dict[str, list[Line]] = {}
    for line in lines:
        places.setdefault(line.where, []).append(line)
    context: dict[str, Any] = {
        "count": count,
        "places": places,
        "is_blind": count.is_blind or count.is_hidden,
        "title": f"Count {count.number}",
        "fixed_site": True,
    }
    return page(request, who, "screens/count_sheet.html", **context)
