"""The only home of what a code means at the desk: a tile, a typed code, a scan, words that fit several products."""

import asyncio
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import quote

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, Unreachable, or_else
from lotwise.backoffice.pages import SECURITY, page, toast
from lotwise.backoffice.screens.bills import amount_of, is_id
from lotwise.backoffice.session import Visitor
from lotwise.values import Refusal

STOPS = frozenset({"recalled", "expired", "quarantined"})
PICKED_MAX = 12


class Found(NamedTuple):
    """A product that a code means, how much of it, and the lot or serial that the code named."""

    product_id: str
    quantity: Decimal
    lot_id: str = ""
    serial: str = ""


class Shelf(Shape):
    """What stock says of a product at the site while one chooses."""

    product_id: str
    on_hand: str
    held: str = "0"
    available: str = "0"
    minimum: str | None = None
    next_expiry: str | None = None
    opened: str | int | None = None
    unit: str = ""


class Stopped(Refusal):
    """What was scanned must not be charged: its lot is recalled, expired or set apart (N-09)."""

    code = "lot-stopped"
    title = "This lot must not be charged"


async def find(request: Request, who: Visitor, form: dict[str, str]) -> Found | Response:
    """The product that a code, a scan or typed words mean; or what to show when it is none or many."""
    code, amount = form["code"], amount_of(form.get("quantity", "1")) or Decimal(1)
    if is_id(code):
        return Found(code, amount)
    try:
        known = await _known(who, code, form["site"])
    except Stopped as stop:
        return missing(stop.detail, 409)
    if known is not None:
        return known._replace(quantity=amount * known.quantity)
    some = await who.gateway.raw("catalog", "/v1/products", search=code, limit=PICKED_MAX)
    hits = [row for row in some["rows"] if row.get("purpose") != "back_bar"]
    if len(hits) == 1:
        return Found(hits[0]["product_id"], amount)
    if not hits:
        return missing(f"Nothing is called {code}.", 404)
    return await pick(request, who, form["site"], hits, "Which one?", f"“{code}” fits several")


def missing(text: str, status: int, event: str = "scan-missing") -> Response:
    """A beep (or another event) and a sentence; the bill stays as it is."""
    headers = SECURITY | {"HX-Reswap": "none", "HX-Trigger": event}
    return HTMLResponse(toast(text, "lasting"), status, headers=headers)


async def pick(
    request: Request, who: Visitor, site: str, hits: list[dict[str, Any]], title: str, text: str
) -> Response:
    """Ask which of several products is meant, with what the shelf of this site has of each."""
    shelves = await on_shelves(who, site, [row["product_id"] for row in hits if row.get("kind") == "physical"])
    headers = {"HX-Retarget": "#dialog", "HX-Reswap": "innerHTML"}
    shown: dict[str, Any] = {"hits": hits, "text": text, "title": title, "shelves": shelves}
    return page(request, who, "screens/charge_pick.html", fragment="sheet", headers=headers, **shown)


async def on_shelves(who: Visitor, site: str, product_ids: list[str]) -> dict[str, Shelf]:
    """What the site's shelves have of these products, by product; nothing while stock does not answer."""
    none: Rows[Shelf] = Rows([])
    found = await asyncio.gather(
        *(or_else(who.gateway.rows(Shelf, "stock", "/v1/levels", site=site, product=one), none) for one in product_ids)
    )
    return {row.product_id: row for some in found for row in some.rows}


async def _known(who: Visitor, code: str, site: str) -> Found | None:
    """The product of a code, and how many units its pack holds; GS1 data is read by stock.

    Raises Stopped for a lot that must not be charged.
    """
    try:
        if code.startswith(("(", "]", "01")) and len(code) > 14:
            return await _scanned(who, code, site)
        answer = await who.gateway.raw("catalog", f"/v1/codes/{quote(code, safe='')}")
    except Refused:
        return None
    except Unreachable:
        own = await who.gateway.raw("sales", f"/v1/codes/{quote(code, safe='')}", site=site)
        return Found(own["product_id"], Decimal(1))
    packs = {pack["name"]: Decimal(pack["units"]) for pack in answer["product"].get("packs", ())}
    return Found(answer["product"]["product_id"], packs.get(answer.get("pack") or "", Decimal(1)))


async def _scanned(who: Visitor, code: str, site: str) -> Found | None:
    """What a GS1 code names: scanning confirms the one lot that it fits (STK-36) and the serial it carries."""
    scan = await who.gateway.raw("stock", "/v1/scan", data=code, site=site, purpose="charge")
    said = [one["text"] for one in scan.get("answers", ()) if one["code"] in STOPS]
    if said:
        raise Stopped(f"{said[0]}.")
    if not scan["products"]:
        return None
    hit = scan["products"][0]
    lots = [lot["lot_id"] for lot in scan.get("lots", ()) if lot["product_id"] == hit["product_id"]]
    return Found(
        hit["product_id"], Decimal(hit["quantity"]), lots[0] if len(lots) == 1 else "", scan.get("serial") or ""
    )
