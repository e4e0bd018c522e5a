"""The only home of counting on a tablet: scan, type, next; what is typed is kept when the line is down (N-15)."""

import re
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from lotwise.backoffice.gateway import Refused, or_else
from lotwise.backoffice.pages import SECURITY, form_of, page, read_form, toast
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.asset_deeds import lines_of
from lotwise.backoffice.screens.counts import Count, Line, PassForm, count_of, enter, line_of
from lotwise.backoffice.screens.shelf import Scanned
from lotwise.backoffice.session import Visitor, Who

screen = Screen()
GS1 = re.compile("[\\](\x1d]|01[0-9]{15}|.*\x1d")
"""How a scanned code begins that says more than a serial."""
KEYS = ("7", "8", "9", "4", "5", "6", "1", "2", "3", ".", "0", "back")


@screen.get("/counts/{count_id}/tablet", permission="stock.count")
async def tablet(request: Request, who: Who, count_id: UUID, line: int = 0) -> Response:
    """The page to count with: the named line, else the next one."""
    count = await count_of(who, count_id)
    return await _pad(request, who, count, await _wanted(who, count, line))


@screen.get("/counts/{count_id}/tablet/after", permission="stock.count")
async def after(request: Request, who: Who, count_id: UUID, line: int = 0) -> Response:
    """The next line that is not counted after this one: this one is left for later."""
    count = await count_of(who, count_id)
    return await _pad(request, who, count, await _next(who, count, line))


async def _wanted(who: Visitor, count: Count, line: int) -> Line | None:
    return await line_of(who, count.count_id, line) if line else await _next(who, count, 0)


async def _next(who: Visitor, count: Count, after_line: int) -> Line | None:
    """The next line without a count, then those to be counted again, beginning anew at the end of the sheet."""
    where = f"/v1/counts/{count.count_id}/lines"
    for state in ("uncounted", "recount"):
        first: Line | None = None
        async for line in who.gateway.all(Line, "stock", where, state=state):
            if line.line > after_line:
                return line
            first = first or line
        if first is not None and first.line != after_line:
            return first
    return None


@screen.get("/counts/{count_id}/tablet/scan", permission="stock.count")
async def scan(request: Request, who: Who, count_id: UUID, data: str = "") -> Response:
    """The line of what was scanned or typed; goods that are not on the sheet are offered to be added."""
    count = await count_of(who, count_id)
    try:
        read = await who.gateway.one(Scanned, "stock", "/v1/scan", data=data, site=count.site)
    except Refused as no:
        return _missing(no.detail)
    if not read.products:
        return _missing(f"No product has the code {read.gtin or data[:48]}.")
    product = read.products[0]
    where = f"/v1/counts/{count_id}/lines"
    asked = {"product": product["product_id"], "lot_number": read.lot_number or None}
    found = await who.gateway.rows(Line, "stock", where, limit=20, **asked)
    if len(found.rows) == 1:
        line = await line_of(who, count_id, found.rows[0].line)
        return await _pad(request, who, count, line, events=("scan-found",))
    context = _context(count, None) | {"choices": found.rows, "product": product, "scanned": read}
    return page(request, who, "screens/count_tablet.html", fragment="pad", events=("scan-found",), **context)


@screen.post("/counts/{count_id}/tablet/add", permission="stock.count")
async def add(request: Request, who: Who, count_id: UUID) -> Response:
    """Put scanned goods on the sheet; an unknown lot becomes a pending one."""
    form = await form_of(request)
    body = {
        "product_id": form.get("product_id"),
        "lot_number": form.get("lot_number", ""),
        "expires_on": form.get("expires_on") or None,
        "area": form.get("area", ""),
    }
    count = await count_of(who, count_id)
    try:
        answer = await who.gateway.post("stock", f"/v1/counts/{count_id}/lines", body, form.get("key", ""))
    except Refused as no:
        return _missing(no.detail)
    line = await line_of(who, count_id, int(answer["line"]["line"]))
    alike = ", ".join(answer.get("look_alikes") or ())
    return await _pad(request, who, count, line, warning=f"It looks like lot {alike}: read it again." if alike else "")


@screen.post("/counts/{count_id}/tablet/{line}", permission="stock.count")
async def keep(request: Request, who: Who, count_id: UUID, line: int) -> Response:
    """Keep what was typed and show the next line; a no leaves the line with what was typed."""
    form = await form_of(request)
    typed = form.get("quantity", "")
    errors: dict[str, str] = {}
    serials: list[str] | None = None
    if "serials" in form:
        typed = form["serials"]
        serials, errors = await _units(who, await line_of(who, count_id, line), typed)
        form["quantity"] = str(len(serials))
    given, wrong = read_form(PassForm, form)
    errors = errors or wrong
    if given is not None and not errors:
        try:
            await enter(who, count_id, line, given, form.get("key", ""), serials)
        except Refused as no:
            errors = {"quantity": no.detail}
    count = await count_of(who, count_id)
    if errors:
        again = await line_of(who, count_id, line)
        return await _pad(request, who, count, again, errors=errors, typed=typed)
    told = None if serials is None else await line_of(who, count_id, line)
    told = told if told is not None and told.units else None
    return await _pad(request, who, count, await _next(who, count, line), events=("count-kept",), told=told)


async def _units(who: Visitor, line: Line, text: str) -> tuple[list[str], dict[str, str]]:
    """The serials that were scanned or typed, one a line; a code that says its product must be the line's."""
    found: list[str] = []
    for one in lines_of(text):
        if not GS1.match(one):
            found.append(one)
            continue
        read = await or_else(who.gateway.one(Scanned, "stock", "/v1/scan", data=one), Scanned())
        names = {str(product["product_id"]): str(product["name"]) for product in read.products}
        if names and str(line.product_id) not in names:
            name = next(iter(names.values()))
            return found, {"quantity": f"{one} is {name}: take it out of the list and count it on its own line."}
        if names and not read.serial:
            return found, {"quantity": f"{one} says no serial: scan the code of the unit, not of its box."}
        found.append(read.serial or one)
    return found, {}


def _missing(text: str) -> Response:
    headers = SECURITY | {"HX-Reswap": "none", "HX-Trigger": "scan-missing"}
    return HTMLResponse(toast(text, "lasting"), 404, headers=headers)


def _context(count: Count, line: Line | None) -> dict[str, Any]:
    return {
        "count": count,
        "line": line,
        "keys": KEYS,
        "choices": (),
        "product": None,
        "scanned": None,
        "errors": {},
        "typed": "",
        "warning": "",
        "told": None,
        "title": f"Count {count.number}",
        "scan": f"/counts/{count.count_id}/tablet/scan",
    }


async def _pad(
    request: Request, who: Who, count: Count, line: Line | None, events: tuple[str, ...] = (), **more: Any
) -> Response:
    context = _context(count, line) | more
    status = 422 if context["errors"] else 200
    return page(request, who, "screens/count_tablet.html", fragment="pad", status=status, events=events, **context)
