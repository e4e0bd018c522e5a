"""The only home of answers that a person sees: a page or a fragment of it, toasts, forms with errors by field."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote, unquote

import orjson
from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pydantic import BaseModel, ValidationError
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lotwise.backoffice.assets import assets
from lotwise.backoffice.formats import Formats, days_until
from lotwise.backoffice.gateway import Refused
from lotwise.backoffice.session import SITE_COOKIE, Visitor
from lotwise.contracts.ids import uuid7

M = TypeVar("M", bound=BaseModel)
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "HX-Request, Cookie",
}


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the menu, shown to whoever has the permission."""

    text: str
    path: str
    icon: str
    permission: str


MENU: tuple[tuple[str, tuple[Link, ...]], ...] = (
    (
        "",
        (
            Link("Today", "/", "house", "catalog.read"),
            Link("Charge desk", "/charge", "credit-card", "charge.create"),
            Link("Tills", "/tills", "banknote", "till.use"),
            Link("Appointments", "/appointments", "calendar-clock", "sales.read"),
            Link("Alerts", "/alerts", "bell", "alerts.read"),
        ),
    ),
    (
        "Inventory",
        (
            Link("Products", "/products", "package", "catalog.read"),
            Link("Stock", "/stock", "boxes", "stock.read"),
            Link("Adjustments", "/adjustments", "pencil", "stock.read"),
            Link("Counts", "/counts", "list", "stock.count"),
            Link("Assets", "/serials", "badge-check", "stock.read"),
            Link("Transfers", "/transfers", "arrow-left-right", "stock.transfer"),
            Link("Opened Vials", "/containers", "package-open", "stock.read"),
            Link("Lots & Expiry", "/stock/lots", "calendar-clock", "stock.read"),
            Link("Recalls", "/recalls", "triangle-alert", "stock.read"),
            Link("Packages", "/packages", "package-plus", "catalog.read"),
            Link("Members", "/members", "users", "member.read"),
            Link("Purchase Orders", "/orders", "clipboard-list", "purchasing.read"),
        ),
    ),
    (
        "Analytics",
        (
            Link("Sales", "/analytics/sales", "chart-column", "reporting.read"),
            Link("Waste", "/analytics/waste", "trash-2", "reporting.read"),
            Link("Liabilities", "/analytics/liabilities", "banknote", "reporting.read"),
            Link("Free Use", "/analytics/free-use", "percent", "reporting.read"),
            Link("Lot Deviations", "/analytics/deviations", "calendar-clock", "sales.read"),
            Link("Charges", "/charges", "receipt-text", "sales.read"),
            Link("Reconciliation", "/analytics/reconciliation", "layers", "stock.read"),
        ),
    ),
    (
        "Settings",
        (
            Link("Suppliers", "/suppliers", "truck", "purchasing.read"),
            Link("Categories", "/categories", "list", "catalog.read"),
            Link("Discounts", "/discounts", "percent", "catalog.read"),
            Link("Prices", "/prices", "tag", "catalog.price"),
            Link("Preferences", "/settings/preferences", "sliders-horizontal", "catalog.write"),
            Link("Function Keys", "/settings/function-keys", "keyboard", "catalog.write"),
            Link("Sites & Tax", "/settings/sites", "store", "catalog.write"),
            Link("Companies", "/settings/companies", "store", "stock.setting"),
            Link("Reasons & Witnesses", "/settings/reasons", "badge-check", "stock.setting"),
            Link("Tills", "/settings/tills", "banknote", "till.manage"),
            Link("Users & Keys", "/settings/users", "key-round", "user.manage"),
        ),
    ),
    (
        "Operations",
        (
            Link("Services", "/ops", "activity", "ops.read"),
            Link("About", "/about", "info", "catalog.read"),
        ),
    ),
)


@cache
def environment() -> Environment:
    """The templates, with what every one of them may use."""
    env = Environment(
        loader=PackageLoader("lotwise.backoffice", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        enable_async=False,
    )
    env.globals |= {
        "asset": assets().url,
        "icon": icon,
        "menu": MENU,
        "new_key": new_key,
        "new_id": lambda: str(uuid7()),
        "days_until": days_until,
        "plain": Formats(),
    }
    env.globals["kit"] = env.get_template("ui/kit.html").module
    env.filters["q"] = lambda value: quote(str(value), safe="")
    return env


def icon(name: str) -> Markup:
    """An icon of the sprite, silent to a screen reader."""
    return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        assets().url("icons.svg"), name
    )


def new_key() -> str:
    """An idempotency key, made with the form: a form sent twice is done once."""
    return secrets.token_urlsafe(18)


def is_fragment(request: Request) -> bool:
    """Whether htmx asked for a part of the page."""
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def page(
    request: Request,
    who: Visitor | None,
    template: str,
    *,
    fragment: str | None = None,
    status: int = 200,
    events: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """The page; or, when htmx asks, the named block of it (`fragment`). `events` are told to the page by HX-Trigger."""
    found = environment().get_template(template)
    given = _common(request, who) | context
    if is_fragment(request) and fragment:
        html = "".join(found.blocks[fragment](found.new_context(given)))
    else:
        html = found.render(given)
    answer = HTMLResponse(html, status, headers=SECURITY | _told(events) | dict(headers or {}))
    if who and (asked := request.query_params.get("site")) is not None:
        answer.set_cookie(
            SITE_COOKIE, asked, max_age=31_536_000, httponly=True, samesite="lax", secure=is_secure(request)
        )
    if "flash" in request.cookies and not is_fragment(request):
        answer.delete_cookie("flash", httponly=True, samesite="lax")
    return answer


def _common(request: Request, who: Visitor | None) -> dict[str, Any]:
    path = request.url.path
    flash = unquote(request.cookies.get("flash", ""))
    formats = who.formats if who else Formats()
    return {
        "request": request, "who": who, "f": formats, "path": path, "flash": flash, "query": request.query_params,
        "menu_at": menu_at(path),
    }  # fmt: skip


def menu_at(path: str) -> str:
    """The one entry of the menu that a path belongs to: the longest that leads to it; "" for none."""
    found = [link.path for _, links in MENU for link in links if f"{path}/".startswith(f"{link.path.rstrip('/')}/")]
    return max((one for one in found if one != "/" or path == "/"), key=len, default="")


def is_secure(request: Request) -> bool:
    """Whether the person came by HTTPS (told by the proxy or by the address)."""
    return request.url.scheme == "https"


def done(request: Request, text: str, back: str, *, events: Sequence[str] = (), stay: bool = False) -> Response:
    """The answer to a deed: go to `back` with a toast; with `stay`, close the dialog and say it where the person is."""
    if stay and is_fragment(request):
        return HTMLResponse(toast(text), headers=SECURITY | _told(["dialog-close", *events]))
    answer: Response
    if is_fragment(request):
        answer = Response(status_code=200, headers=SECURITY | {"HX-Redirect": back})
    else:
        answer = RedirectResponse(back, 303, headers=SECURITY)
    answer.set_cookie("flash", quote(text), max_age=20, samesite="lax", httponly=True)
    return answer


def toast(text: str, tone: str = "") -> str:
    """A passing word, as a partial that any answer may carry."""
    return environment().get_template("ui/toast.html").render(text=text, tone=tone)


async def form_of(request: Request) -> dict[str, str]:
    """The form that was sent: the first text of each field, without blanks around it."""
    form = await request.form()
    texts = [(name, value) for name, value in reversed(form.multi_items()) if isinstance(value, str)]
    return {name: value if name == "password" else value.strip() for name, value in texts}


def read_form(model: type[M], form: Mapping[str, Any]) -> tuple[M | None, dict[str, str]]:
    """The form as a model, or what is wrong with it by field, in words for a person."""
    try:
        return model.model_validate({name: value for name, value in form.items() if value != ""}), {}
    except ValidationError as error:
        return None, {".".join(map(str, e["loc"])): _words(e) for e in error.errors()}


def refused_fields(refusal: Refused, fields: Sequence[str]) -> dict[str, str]:
    """A service's no, by field where the form has it; what belongs to no field stands under ""."""
    found: dict[str, str] = {}
    for row in refusal.problem.get("errors") or [{"field": refusal.field, "message": refusal.detail}]:
        name = str(row.get("field") or "").split(".")[-1]
        found.setdefault(name if name in fields else "", row.get("message") or refusal.detail)
    return found


_SENTENCES = {
    "missing": "This is needed.",
    "greater_than": "Enter a number above {gt}.",
    "greater_than_equal": "Enter a number of at least {ge}.",
    "less_than_equal": "Enter a number of at most {le}.",
    "string_too_short": "This is needed.",
    "string_too_long": "At most {max_length} characters.",
    "date_from_datetime_parsing": "Enter a day.",
    "date_parsing": "Enter a day.",
    "int_parsing": "Enter a whole number.",
    "decimal_parsing": "Enter a number.",
    "uuid_parsing": "Choose one.",
    "literal_error": "Choose one.",
}


def _words(error: Any) -> str:
    sentence = _SENTENCES.get(error["type"])
    if sentence:
        return sentence.format(**(error.get("ctx") or {}))
    if error["type"] == "string_pattern_mismatch":
        return "Enter a plain number, such as 2 or 2.5."
    text = str(error["msg"]).removeprefix("Value error, ")
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _told(events: Sequence[str]) -> dict[str, str]:
    return {"HX-Trigger": ", ".join(events)} if events else {}


def told_with(values: Mapping[str, Any]) -> dict[str, str]:
    """HX-Trigger for events that carry a value."""
    return {"HX-Trigger": orjson.dumps(values).decode()}
