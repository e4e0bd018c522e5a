"""The only home of the pages of goods between sites: shipped, on their way, received, explained, returned, on paper."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.responses import HTMLResponse, Response

from lotwise.backoffice.gateway import CHUNK, Refused, Shape, or_else
from lotwise.backoffice.lists import Column, csv_answer, listing
from lotwise.backoffice.pages import SECURITY, done, form_of, page, toast
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.stock import Lot
from lotwise.backoffice.screens.transfer_units import Unit, all_ticked, coming, leaving, ticked
from lotwise.backoffice.screens.transfers import Carried, Transfer, transfer_of
from lotwise.backoffice.session import Visitor, Who

screen = Screen()
REASONS = (
    ("loss", "Lost"),
    ("theft", "Stolen"),
    ("damage", "Damaged"),
    ("waste", "Wasted"),
    ("returned", "Sent back"),
)
MISSING = (("", "Stays on its way"), *REASONS)
AGES = ((24, "Since today"), (72, "One to three days"), (120, "Up to five days"), (10**6, "Longer"))
"""Columns of the board: up to how many hours, and what they are called."""


class TransitSums(Shape):
    """What is on its way in all."""

    transfers: int = 0
    overdue: int = 0
    value_minor: int = 0


class Filter(BaseModel):
    """How the board is asked for."""

    after: str = ""
    owner: str = ""
    format: str = ""


COLUMNS = (
    Column("Number", lambda row: row.number),
    Column("Carries", lambda row: row.summary),
    Column("From", lambda row: row.from_site),
    Column("To", lambda row: row.to_site),
    Column("Owner", lambda row: row.owner),
    Column("Carrier", lambda row: row.carrier or row.shipped_by),
    Column("Hours on its way", lambda row: row.age_hours, is_number=True),
    Column("Late", lambda row: "late" if row.is_overdue else ""),
    Column("Value", lambda row: row.in_transit_minor, is_number=True),
)


@screen.get("/transit", permission="stock.read")
async def board(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """What is on its way by age, with owner and value: the board, or its CSV."""
    if asked.format == "csv":
        return csv_answer("in-transit", COLUMNS, who.gateway.all(Transfer, "stock", "/v1/transit", site=who.slug))
    found = await who.gateway.rows(Transfer, "stock", "/v1/transit", site=who.slug, limit=4 * CHUNK, after=asked.after)
    sums = await or_else(who.gateway.one(TransitSums, "stock", "/v1/transit/summary", site=who.slug), TransitSums())
    owners = sorted({row.owner for row in found.rows})
    rows = [row for row in found.rows if asked.owner in {"", row.owner}]
    context: dict[str, Any] = {"found": found, "rows": rows, "columns": _columns(rows), "sums": sums}
    context |= {"title": "In transit", "list": listing(request, COLUMNS), "owners": owners, "asked": asked}
    return page(request, who, "screens/transit.html", fragment="table", **context)


def _columns(rows: list[Transfer]) -> list[tuple[str, list[Transfer], int]]:
    found = []
    least = 0
    for most, name in AGES:
        mine = [row for row in rows if least <= (row.age_hours or 0) < most]
        found.append((name, mine, sum(row.in_transit_minor for row in mine)))
        least = most
    return found


def _number(text: str | None) -> Decimal:
    try:
        return Decimal(text or "0")
    except InvalidOperation:
        return Decimal(0)


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"


@screen.get("/transfers/{transfer_id}/ship", permission="stock.transfer")
async def ship_form(request: Request, who: Who, transfer_id: UUID, data: str = "") -> Response:
    """What leaves: by the earliest expiry, or the lots that are chosen or scanned."""
    one = await transfer_of(who, transfer_id)
    form = {name: value for name, value in request.query_params.items() if name != "data"}
    form = form or {f"quantity_{line.line}": line.approved or line.quantity for line in one.lines}
    lots = await _lots_of(who, one)
    if data:
        scan = await _scanned(who, one.from_site, data)
        keys = [
            (line, lot)
            for line in one.lines
            for lot in lots.get(line.line, [])
            if scan and str(line.product_id) == scan[0] and lot.lot_number == scan[1]
        ]
        if not keys:
            return _missing(data)
        line, lot = keys[0]
        name = f"lot_{line.line}_{lot.lot_id}"
        form[name] = _text(_number(form.get(name)) + _number(scan[2] if scan else "1"))
        return await _shipping(request, who, one, lots, form, {}, events=("scan-found",))
    return await _shipping(request, who, one, lots, form, {})


async def _lots_of(who: Visitor, one: Transfer) -> dict[int, list[Lot]]:
    """The lots on the sender's shelves by line, each once."""
    found = {}
    for line in one.lines:
        rows = await who.gateway.rows(
            Lot, "stock", "/v1/lots", site=one.from_site, product=line.product_id, state="shelf"
        )
        lots: dict[UUID, Lot] = {}
        for lot in rows.rows:
            before = lots.get(lot.lot_id)
            total = _text(_number(lot.quantity) + (_number(before.quantity) if before else 0))
            lots[lot.lot_id] = lot.model_copy(update={"quantity": total})
        found[line.line] = list(lots.values())
    return found


async def _scanned(who: Visitor, site: str, data: str) -> tuple[str, str, str] | None:
    """The product, lot number and quantity that a barcode names."""
    try:
        scan = await who.gateway.raw("stock", "/v1/scan", data=data, site=site)
    except Refused:
        return None
    products = scan.get("products") or []
    if not products:
        return None
    quantity = str(scan.get("count") or products[0].get("quantity") or "1")
    return str(products[0]["product_id"]), str(scan.get("lot_number") or ""), quantity


def _missing(data: str) -> Response:
    headers = SECURITY | {"HX-Reswap": "none", "HX-Trigger": "scan-missing"}
    return HTMLResponse(toast(f"No lot of this transfer is {data[:48]}.", "lasting"), 404, headers=headers)


async def _shipping(
    request: Request,
    who: Who,
    one: Transfer,
    lots: dict[int, list[Lot]],
    form: dict[str, str],
    errors: dict[str, str],
    events: tuple[str, ...] = (),
) -> Response:
    context: dict[str, Any] = {"transfer": one, "lots": lots, "form": form, "errors": errors, "title": "Ship"}
    context["units"] = await leaving(who, one)
    status = 422 if errors else 200
    return page(request, who, "screens/transfer_ship.html", fragment="sheet", status=status, events=events, **context)


@screen.post("/transfers/{transfer_id}/ship", permission="stock.transfer")
async def ship(request: Request, who: Who, transfer_id: UUID) -> Response:
    """Let it leave."""
    form = await form_of(request)
    one = await transfer_of(who, transfer_id)
    units, named = await leaving(who, one), set(ticked(form))
    lines = []
    for line in one.lines:
        prefix = f"lot_{line.line}_"
        chosen = {
            name.removeprefix(prefix): value
            for name, value in form.items()
            if name.startswith(prefix) and _number(value) > 0
        }
        total = sum((_number(value) for value in chosen.values()), Decimal(0))
        mine = sum(str(unit.serial_id) in named for unit in units.get(line.product_id, ()))
        typed = str(mine) if mine else form.get(f"quantity_{line.line}") or "0"
        quantity = _text(total) if chosen else typed
        lots = [{"lot_id": lot_id, "quantity": value} for lot_id, value in chosen.items()]
        lines.append({"line": line.line, "quantity": quantity, "lots": lots})
    body = {"lines": lines, "carrier": form.get("carrier", ""), "note": form.get("note", "")}
    body |= {"serials": sorted(named)}
    try:
        await who.gateway.post("stock", f"/v1/transfers/{transfer_id}:ship", body, form.get("key", ""))
    except Refused as no:
        return await _shipping(request, who, one, await _lots_of(who, one), form, {"": no.detail})
    return done(request, "Shipped: it is on its way. Print its packing list.", f"/transfers/{transfer_id}")


@screen.get("/transfers/{transfer_id}/receive", permission="stock.transfer")
async def receive_form(request: Request, who: Who, transfer_id: UUID, data: str = "", count: bool = False) -> Response:
    """What arrived of each lot: all of it, or counted from nothing by scanning."""
    one = await transfer_of(who, transfer_id)
    form = {name: value for name, value in request.query_params.items() if name not in {"data", "count"}}
    units = await coming(who, one)
    if not form:
        form = {f"arrived_{lot.key}": "0" if count else lot.in_transit for lot in _moving(one)}
        form |= {} if count else all_ticked(units)
    if data:
        scan = await _scanned(who, one.to_site, data)
        found = [
            lot for lot in _moving(one) if scan and str(lot.product_id) == scan[0] and lot.lot_number in {scan[1], ""}
        ]
        if not found:
            return _missing(data)
        name = f"arrived_{found[0].key}"
        form[name] = _text(_number(form.get(name)) + _number(scan[2] if scan else "1"))
        return _receiving(request, who, one, units, form, {}, events=("scan-found",))
    return _receiving(request, who, one, units, form, {})


def _moving(one: Transfer) -> list[Carried]:
    return [lot for lot in one.lots if _number(lot.in_transit) > 0]


def _receiving(
    request: Request,
    who: Who,
    one: Transfer,
    units: dict[UUID, list[Unit]],
    form: dict[str, str],
    errors: dict[str, str],
    events: tuple[str, ...] = (),
) -> Response:
    context: dict[str, Any] = {"transfer": one, "lots": _moving(one), "form": form, "errors": errors}
    context |= {"missing": MISSING, "title": "Receive transfer", "units": units}
    status = 422 if errors else 200
    return page(
        request, who, "screens/transfer_receive.html", fragment="sheet", status=status, events=events, **context
    )


@screen.post("/transfers/{transfer_id}/receive", permission="stock.transfer")
async def receive(request: Request, who: Who, transfer_id: UUID) -> Response:
    """Take it in; a difference stays on its way or is explained."""
    form = await form_of(request)
    one = await transfer_of(who, transfer_id)
    units, named = await coming(who, one), set(ticked(form))
    counted = [
        {
            "product_id": str(lot.product_id),
            "lot_id": str(lot.lot_id),
            "quantity": _came(lot, units.get(lot.lot_id, []), named) or form.get(f"arrived_{lot.key}") or "0",
            "missing_reason": form.get(f"reason_{lot.key}") or None,
        }
        for lot in _moving(one)
    ]
    try:
        body = {"lines": counted, "note": form.get("note", ""), "serials": sorted(named)}
        made = await who.gateway.post("stock", f"/v1/transfers/{transfer_id}:receive", body, form.get("key", ""))
    except Refused as no:
        return _receiving(request, who, one, units, form, {"": no.detail})
    return done(request, f"Received.{_waits(made)}", f"/transfers/{transfer_id}")


def _waits(made: dict[str, Any]) -> str:
    """What a person is told when missing goods wait for a witness."""
    return " What is missing waits for a second person." if made.get("waiting") else ""


def _came(lot: Carried, units: list[Unit], named: set[str]) -> str:
    """How many units of a lot are ticked, when each of them has its serial; "" when a quantity is typed."""
    if not units or _number(lot.in_transit) != len(units):
        return ""
    return str(sum(str(unit.serial_id) in named for unit in units))


Deed = Literal["explain", "found", "return"]
DEEDS: dict[str, tuple[str, str, str]] = {
    "explain": ("Explain what is missing", "Explain", "Each reason is told, and moves the goods in the books."),
    "found": ("Found again", "Back on the shelf", "What was called lost comes back at the cost it was lost with."),
    "return": ("Send goods back", "Draft return", "Nothing moves until the return ships."),
}


def _free(one: Transfer, deed: str) -> list[tuple[Carried, str]]:
    """The lots a deed is about, with the most that it may name."""
    most = [(lot, _most(lot, deed)) for lot in one.lots]
    return [(lot, _text(number)) for lot, number in most if number > 0]


def _most(lot: Carried, deed: str) -> Decimal:
    if deed == "explain":
        return _number(lot.in_transit)
    return _number(lot.received) if deed == "return" else _number(lot.lost) - _number(lot.found)


@screen.get("/transfers/{transfer_id}/packing-list", permission="stock.read")
async def packing_list(request: Request, who: Who, transfer_id: UUID) -> Response:
    """What is in the parcel, with expiries and lines to sign: made to be printed."""
    one = await transfer_of(who, transfer_id)
    context: dict[str, Any] = {"transfer": one, "title": f"Packing list {one.number}".strip(), "fixed_site": True}
    return page(request, who, "screens/packing_list.html", **context)


@screen.get("/transfers/{transfer_id}/{deed}", permission="stock.transfer")
async def deed_form(request: Request, who: Who, transfer_id: UUID, deed: Deed) -> Response:
    """Ask which lots, how much of each, and why."""
    one = await transfer_of(who, transfer_id)
    most = _free(one, deed)
    start = {f"quantity_{lot.key}": text for lot, text in most} if deed == "explain" else {}
    return _asking(request, who, one, deed, start, {})


def _asking(
    request: Request, who: Who, one: Transfer, deed: str, form: dict[str, str], errors: dict[str, str]
) -> Response:
    title, button, text = DEEDS[deed]
    context: dict[str, Any] = {"transfer": one, "deed": deed, "lots": _free(one, deed), "form": form, "errors": errors}
    context |= {"title": title, "button": button, "text": text, "reasons": REASONS}
    status = 422 if errors else 200
    return page(request, who, "screens/transfer_deed.html", fragment="sheet", status=status, **context)


@screen.post("/transfers/{transfer_id}/{deed}", permission="stock.transfer")
async def do_deed(request: Request, who: Who, transfer_id: UUID, deed: Deed) -> Response:
    """Explain what is missing, bring back what was found, or draft a return."""
    form = await form_of(request)
    one = await transfer_of(who, transfer_id)
    rows = []
    for lot, _ in _free(one, deed):
        quantity = form.get(f"quantity_{lot.key}") or "0"
        if _number(quantity) <= 0:
            continue
        row = {"product_id": str(lot.product_id), "lot_id": str(lot.lot_id), "quantity": quantity}
        if deed == "explain":
            row |= {"reason": form.get(f"reason_{lot.key}") or "loss", "note": form.get("note", "")}
        rows.append(row)
    if not rows:
        return _asking(request, who, one, deed, form, {"": "Say how much of at least one lot."})
    body: dict[str, Any] = {"differences": rows} if deed == "explain" else {"lines": rows}
    if deed == "return":
        body["note"] = form.get("note", "")
    try:
        made = await who.gateway.post("stock", f"/v1/transfers/{transfer_id}:{deed}", body, form.get("key", ""))
    except Refused as no:
        return _asking(request, who, one, deed, form, {"": no.detail})
    text = {"explain": f"Explained.{_waits(made)}", "found": "Back on the shelf.", "return": "The return is drafted."}[
        deed
    ]
    return done(request, text, f"/transfers/{made['transfer_id']}")


@screen.get("/company-notes/{note_id}", permission="stock.read")
async def note(request: Request, who: Who, note_id: UUID) -> Response:
    """A note between two companies, as it is printed."""
    found = await who.gateway.raw("stock", f"/v1/company-notes/{note_id}")
    title = f"{'Credit note' if found['credits'] else 'Intercompany note'} {found['number']}"
    return page(request, who, "screens/company_note.html", note=found, title=title, fixed_site=True)
