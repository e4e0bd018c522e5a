"""The only home of finding: the command bar (pages, products, orders, members) and what a scan means outside a form."""

import asyncio
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, Unreachable, or_else
from lotwise.backoffice.pages import MENU, SECURITY, page, toast
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.members import Member
from lotwise.backoffice.screens.products import Product
from lotwise.backoffice.session import Who

screen = Screen()
EACH_MAX = 5


@dataclass(frozen=True, slots=True)
class Hit:
    """A thing found: its text, what it is, where it is."""

    text: str
    kind: str
    path: str
    icon: str


class OrderHit(Shape):
    """An order by its number."""

    order_id: UUID
    number: str
    status: str = ""


@screen.get("/search", permission="catalog.read")
async def search(request: Request, who: Who, q: str = "") -> Response:
    """The command bar, or what fits the words typed so far."""
    hits = _pages(who, q) + (await _things(who, q) if len(q.strip()) > 1 else [])
    is_typing = "found" in request.headers.get("hx-target", "")
    fragment = "found" if is_typing else "sheet"
    return page(request, who, "screens/search.html", fragment=fragment, title="Search", q=q, hits=hits)


def _pages(who: Who, q: str) -> list[Hit]:
    links = [link for _, links in MENU for link in links if who.can(link.permission)]
    word = q.strip().lower()
    return [Hit(link.text, "Page", link.path, link.icon) for link in links if word in link.text.lower()]


async def _things(who: Who, q: str) -> list[Hit]:
    products: Rows[Product] = Rows([])
    members: Rows[Member] = Rows([])
    orders: Rows[OrderHit] = Rows([])
    found, known, ordered = await asyncio.gather(
        or_else(who.gateway.rows(Product, "catalog", "/v1/products", search=q, limit=EACH_MAX), products),
        _members(who, q, members),
        _orders(who, q, orders),
    )
    return [
        *(Hit(row.name, row.code, f"/products/{row.product_id}", "package") for row in found.rows),
        *(Hit(row.name, "Member", f"/members?q={quote(row.name)}", "user") for row in known.rows),
        *(Hit(row.number, "Order", f"/orders/{row.order_id}", "clipboard-list") for row in ordered.rows),
    ]


async def _members(who: Who, q: str, empty: Rows[Member]) -> Rows[Member]:
    if not who.can("member.read"):
        return empty
    return await or_else(who.gateway.rows(Member, "sales", "/v1/members", search=q, limit=EACH_MAX), empty)


async def _orders(who: Who, q: str, empty: Rows[OrderHit]) -> Rows[OrderHit]:
    if not who.can("purchasing.read"):
        return empty
    return await or_else(who.gateway.rows(OrderHit, "purchasing", "/v1/orders", number=q, limit=EACH_MAX), empty)


@screen.get("/scan", permission="catalog.read")
async def scan(who: Who, data: str, to: str = "stock") -> Response:
    """Go to what was scanned: its stock at the site in view, or its page; not found beeps and offers to add it."""
    product_id = await product_of(who, data)
    if product_id is None:
        headers = SECURITY | {"HX-Reswap": "none", "HX-Trigger": "scan-missing"}
        return HTMLResponse(toast(f"Nothing has the code {data[:48]}.", "lasting"), 404, headers=headers)
    site = who.a_site()
    path = f"/products/{product_id}" if to == "product" or not site else f"/stock/{site}/{product_id}"
    return HTMLResponse("", headers=SECURITY | {"HX-Redirect": path, "HX-Trigger": "scan-found"})


async def product_of(who: Who, data: str) -> str | None:
    """The product that a scan names: GS1 data by stock, anything else by the catalog; None for nothing known."""
    try:
        if data.startswith(("(", "]", "01")) and len(data) > 14:
            read = await who.gateway.raw("stock", "/v1/scan", data=data, site=who.a_site())
            return _id_of(read)
        answer = await who.gateway.raw("catalog", f"/v1/codes/{quote(data, safe='')}")
        return str(answer["product"]["product_id"])
    except (Refused, Unreachable):
        return None


def _id_of(read: dict[str, object]) -> str | None:
    products = read.get("products")
    return str(products[0]["product_id"]) if isinstance(products, list) and products else None
