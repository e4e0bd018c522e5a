"""The only home of the pages of labels: a lot's and a shelf's, as a sheet to print, or as one symbol."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from lotwise.backoffice.gateway import Shape
from lotwise.backoffice.labels import COPIES_MAX, PER_SHEET, Label, element_string, internal, sheet, symbol_png
from lotwise.backoffice.pages import page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.products import Product
from lotwise.backoffice.session import Visitor, Who

screen = Screen()
Copies = Annotated[int, Query(ge=1, le=COPIES_MAX)]


class Lot(Shape):
    """A lot as its label names it."""

    lot_id: UUID
    lot_number: str = ""
    expires_on: date | None = None
    product_id: UUID
    code: str = ""
    name: str


def gtin_of(product: Product) -> str:
    """The product's own trade item number: its first barcode that is one, else a pack's; "" when there is none."""
    codes = [*product.barcodes, *(str(pack.get("gtin") or "") for pack in product.packs)]
    return next((code for code in codes if code.isdigit() and len(code) in {8, 12, 13, 14}), "")


async def _lot(who: Who, lot_id: UUID) -> tuple[Lot, str]:
    """The lot and what its symbol holds. Raises ValueError when the standard has no room for it."""
    lot = await who.gateway.one(Lot, "stock", f"/v1/lots/{lot_id}")
    product = await who.gateway.one(Product, "catalog", f"/v1/products/{lot.product_id}")
    gtin = gtin_of(product)
    if not gtin:
        raise ValueError(f"{lot.name} has no trade item number (GTIN): add its barcode under Products first.")
    return lot, element_string(gtin, lot.lot_number, lot.expires_on)


@screen.get("/labels/lots/{lot_id}", permission="stock.read")
async def lot_labels(
    request: Request,
    who: Who,
    lot_id: UUID,
    copies: Copies = PER_SHEET,
    format: str = "pdf",  # noqa: A002 - the word in the address
) -> Response:
    """A sheet of a lot's labels (01, 17, 10), or its symbol alone as an image for a label printer."""
    try:
        lot, gs1 = await _lot(who, lot_id)
    except ValueError as error:
        return _cannot(request, who, str(error))
    if format == "png":
        return Response(symbol_png(gs1), media_type="image/png", headers=_headers(f"lot-{lot_id}.png"))
    ends = f"Use by {who.formats.day(lot.expires_on)}" if lot.expires_on else "No expiry"
    label = Label(gs1, lot.name, (lot.code, f"Lot {lot.lot_number or 'without a number'}", ends))
    return _paper([label] * copies, f"Lot {lot.lot_number}", f"lot-{lot_id}.pdf")


@screen.get("/labels/shelf/{site}/{product_id}", permission="stock.read")
async def shelf_labels(request: Request, who: Who, site: str, product_id: UUID, copies: Copies = 1) -> Response:
    """A shelf's labels: the product, its code and the minimum to keep there; without a GTIN our own code is drawn."""
    product = await who.gateway.one(Product, "catalog", f"/v1/products/{product_id}")
    level: dict[str, Any] = await who.gateway.raw("stock", f"/v1/levels/{site}/{product_id}")
    gtin = gtin_of(product)
    try:
        gs1 = element_string(gtin) if gtin else internal(product.code)
    except ValueError as error:
        return _cannot(request, who, str(error))
    minimum = who.formats.quantity(level.get("minimum"), level.get("unit", "")) or "none"
    label = Label(gs1, product.name, (product.code, who.site_name(site), f"Minimum {minimum}"))
    return _paper([label] * copies, f"Shelf label {product.code}", f"shelf-{product.code}.pdf")


def _paper(labels: list[Label], title: str, name: str) -> Response:
    return Response(sheet(labels, title), media_type="application/pdf", headers=_headers(name))


def _headers(name: str) -> dict[str, str]:
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-.") else "-" for letter in name)
    return {"Content-Disposition": f'inline; filename="{plain}"', "Cache-Control": "no-store"}


def _cannot(request: Request, who: Visitor, text: str) -> Response:
    return page(request, who, "error.html", status=422, title="No label", detail=text, ways_out=())
