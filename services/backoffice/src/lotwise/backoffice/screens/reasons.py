"""The only home of the settings of corrections: the managed reasons, and when a second person is needed."""

from decimal import Decimal, InvalidOperation
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, or_else
from lotwise.backoffice.lists import Column, csv_answer, listing
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Who
from lotwise.values import currency_exponent

screen = Screen()
ACCOUNTS = (("waste", "Waste"), ("loss", "Loss"), ("found", "Found"), ("usage", "Usage"))
CLASSES = (("controlled", "Controlled drugs"), ("prescription", "Prescription drugs"), ("otc", "Everything else"))
CHAIN = "chain"


class Reason(Shape):
    """A reason of the managed list."""

    code: str
    name: str
    account: str
    needs_note: bool = False
    needs_witness: bool = False
    is_archived: bool = False
    revision: int = 1


class Rule(Shape):
    """When a second person is needed, for the chain or a site."""

    scope: str
    above_minor: int | None = None
    classes: tuple[str, ...] = ()
    hours: int = 24
    revision: int = 0


class ReasonForm(BaseModel):
    """What is written of a reason."""

    name: str = Field(min_length=1, max_length=200)
    needs_note: bool = False
    needs_witness: bool = False
    is_archived: bool = False


COLUMNS = (
    Column("Reason", lambda row: row.name),
    Column("Code", lambda row: row.code),
    Column("Counts as", lambda row: row.account),
    Column("Asks for", lambda row: asks_for(row)),
    Column("State", lambda row: "archived" if row.is_archived else "in use"),
    Column("", lambda _: ""),
)


def asks_for(row: Reason) -> str:
    """What a reason asks for, in words."""
    asked = [word for word, is_so in (("a note", row.needs_note), ("a witness", row.needs_witness)) if is_so]
    return " and ".join(asked)


async def reasons_of(who: Who, *accounts: str, way: str = "") -> list[tuple[str, str]]:
    """The reasons a person may choose, as (code, name): of some accounts, or for one way of a correction."""
    none: Rows[Reason] = Rows([])
    found = await or_else(who.gateway.rows(Reason, "stock", "/v1/reasons"), none)
    closed = {"out": {"found"}, "in": {"usage"}}.get(way, set())
    return [
        (row.code, row.name)
        for row in found.rows
        if (not accounts or row.account in accounts) and row.account not in closed
    ]


@screen.get("/settings/reasons", permission="stock.setting")
async def reasons(request: Request, who: Who, format: str = "") -> Response:  # noqa: A002 - the word in the address
    """All reasons, archived ones too, and the rules for witnesses."""
    if format == "csv":
        rows = who.gateway.all(Reason, "stock", "/v1/reasons", archived=True)
        return csv_answer("reasons", COLUMNS, rows)
    found = await who.gateway.rows(Reason, "stock", "/v1/reasons", archived=True)
    rules = await who.gateway.rows(Rule, "stock", "/v1/witness-rules")
    context: dict[str, Any] = {"list": listing(request, COLUMNS), "found": found, "rules": rules.rows}
    context |= {"classes": dict(CLASSES), "asks_for": asks_for, "title": "Reasons & Witnesses", "fixed_site": True}
    return page(request, who, "screens/reasons.html", **context)


@screen.get("/settings/reasons/new", permission="stock.setting")
async def new_reason(request: Request, who: Who) -> Response:
    """The form of a new reason."""
    return _form(request, who, None, {"account": "waste"}, {})


@screen.get("/settings/reasons/{code}/edit", permission="stock.setting")
async def edit_reason(request: Request, who: Who, code: str) -> Response:
    """The form of a reason, filled."""
    found = await who.gateway.rows(Reason, "stock", "/v1/reasons", archived=True)
    row = next((one for one in found.rows if one.code == code), None)
    return _form(request, who, row, row.model_dump() if row else {"account": "waste"}, {})


@screen.post("/settings/reasons", permission="stock.setting")
async def save_reason(request: Request, who: Who) -> Response:
    """Add a reason, or change one at the revision that was read."""
    form = await form_of(request)
    row = Reason(code=form["code"], name="", account=form.get("account", "")) if form.get("revision") else None
    given, errors = read_form(ReasonForm, form)
    if given is None:
        return _form(request, who, row, form, errors)
    try:
        if row:
            path = f"/v1/reasons/{form['code']}"
            await who.gateway.put("stock", path, given.model_dump(), form.get("revision"))
        else:
            body = given.model_dump(exclude={"is_archived"}) | {name: form.get(name) for name in ("code", "account")}
            await who.gateway.post("stock", "/v1/reasons", body, form.get("key", ""))
    except Refused as no:
        return _form(request, who, row, form, refused_fields(no, ("code", "name", "account")))
    return done(request, f"{given.name} is saved.", "/settings/reasons")


def _form(request: Request, who: Who, row: Reason | None, form: dict[str, Any], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {"row": row, "form": form, "errors": errors, "accounts": ACCOUNTS}
    title, status = "Edit reason" if row else "New reason", 422 if errors else 200
    return page(request, who, "screens/reason_form.html", fragment="sheet", status=status, title=title, **context)


@screen.get("/settings/witness/{scope}", permission="stock.setting")
async def witness_form(request: Request, who: Who, scope: str) -> Response:
    """The form of a scope's rule; a site without one starts from the chain's."""
    rules = {row.scope: row for row in (await who.gateway.rows(Rule, "stock", "/v1/witness-rules")).rows}
    rule = rules.get(scope) or rules.get(CHAIN) or Rule(scope=scope, classes=("controlled",))
    digits = currency_exponent(who.formats.currency)
    above = "" if rule.above_minor is None else str(Decimal(rule.above_minor).scaleb(-digits))
    filled = {"above": above, "hours": str(rule.hours), "revision": str(rules[scope].revision if scope in rules else 0)}
    return _witness(request, who, scope, filled | {f"class_{name}": "true" for name in rule.classes}, {})


@screen.post("/settings/witness/{scope}", permission="stock.setting")
async def save_witness(request: Request, who: Who, scope: str) -> Response:
    """Set when a second person is needed."""
    form = await form_of(request)
    above, errors = _minor(form.get("above", ""), who), {}
    if above is not None and above < 0:
        errors["above"] = "Enter an amount, or nothing."
    if not form.get("hours", "").isdigit():
        errors["hours"] = "Enter a whole number."
    if errors:
        return _witness(request, who, scope, form, errors)
    classes = [name for name, _ in CLASSES if form.get(f"class_{name}")]
    body = {"above_minor": above, "classes": classes, "hours": int(form["hours"])}
    try:
        await who.gateway.put("stock", f"/v1/witness-rules/{scope}", body, form.get("revision"))
    except Refused as no:
        return _witness(request, who, scope, form, refused_fields(no, ("above", "hours")))
    return done(request, "The rule is set.", "/settings/reasons")


def _minor(text: str, who: Who) -> int | None:
    """An amount as minor units; None for nothing, -1 for what is no amount."""
    if not text:
        return None
    try:
        minor = Decimal(text).scaleb(currency_exponent(who.formats.currency))
    except InvalidOperation:
        return -1
    return int(minor) if minor == minor.to_integral_value() and minor < 2**53 else -1


def _witness(request: Request, who: Who, scope: str, form: dict[str, Any], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {"scope": scope, "form": form, "errors": errors, "classes": CLASSES}
    status = 422 if errors else 200
    return page(
        request, who, "screens/witness_form.html", fragment="sheet", status=status, title="Second person", **context
    )
