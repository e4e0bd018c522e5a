"""The only home of the doors that the charge desk opens first: its tiles, a code, a quote."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.requests import Request

from lotwise.contracts.fields import Slug
from lotwise.kit.commands import Read
from lotwise.kit.web import PRINCIPAL, Router
from lotwise.sales.api.charges import PRICING, selling_of
from lotwise.sales.api.desk_shapes import DeskOut, QuoteIn, QuoteOut, TaxesOut, TileOut
from lotwise.sales.domain.charges import Priced
from lotwise.sales.domain.definitions import Product, TaxSlots
from lotwise.sales.domain.explanations import explain, percent_text
from lotwise.sales.domain.receipts import tax_totals
from lotwise.sales.domain.refusals import UnknownProduct, UnknownSite
from lotwise.sales.operations import charges
from lotwise.sales.operations.answers import line_answer
from lotwise.sales.operations.selling import Selling
from lotwise.sales.repository import definitions
from lotwise.sales.repository.definitions import Tile
from lotwise.values import price_text, site_day

router = Router(prefix="/v1", tags=["desk"])
KEYS = 12


@router.get("/desk", permission="charge.create", refusals=(UnknownSite,))
async def get_desk(site: Slug, read: Read, request: Request) -> DeskOut:
    """F1 to F12: the first twelve of the list sorted by code, with prices and stock's figures; the site's settings."""
    selling, now = selling_of(request), datetime.now(UTC)
    book = selling.prices.book
    if site not in book.sites:
        raise UnknownSite(f"no site is called {site!r}", field="site")
    here = book.sites[site]
    async with read.connection() as tx:
        tiles = await definitions.first_tiles(tx, site, KEYS)
    shown = [_tile(selling, site, tile, now, f"F{i}") for i, tile in enumerate(tiles, 1)]
    return DeskOut(
        site=site,
        site_name=here.name,
        time_zone=here.time_zone,
        currency=selling.currency,
        tax_rounding=here.tax_rounding,
        stock_unreachable=here.stock_unreachable,
        taxes=_taxes(book.slots(site, site_day(now, here.time_zone))),
        tiles=[tile for tile in shown if tile is not None],
    )


def _taxes(slots: TaxSlots) -> TaxesOut:
    return TaxesOut(
        valid_from=slots.valid_from,
        name_1=slots.name_1,
        rate_1_1=percent_text(slots.rate_1_1),
        rate_1_2=percent_text(slots.rate_1_2),
        name_2=slots.name_2,
        rate_2_1=percent_text(slots.rate_2_1),
        rate_2_2=percent_text(slots.rate_2_2),
    )


def _tile(selling: Selling, site: str, tile: Tile, now: datetime, key: str | None = None) -> TileOut | None:
    product = selling.prices.book.products.get(tile.product_id)
    if product is None:
        return None
    price = selling.prices.book.price(tile.product_id, site, now)
    return TileOut(
        key=key,
        product_id=product.product_id,
        code=product.code,
        name=product.name,
        kind=product.kind,
        unit=product.unit,
        unit_decimals=product.unit_decimals,
        category_name=product.category_name,
        price=None if price is None else price_text(price.micros),
        tax_inclusive=product.tax_inclusive,
        on_hand=tile.on_hand,
        available=tile.available,
        minimum=tile.minimum,
    )


@router.get("/codes/{code}", permission="charge.create", site="query", refusals=(UnknownProduct,))
async def get_code(
    code: str, read: Read, request: Request, site: Annotated[Slug | None, Query(description="Prices here.")] = None
) -> TileOut:
    """What a typed or scanned code means (code, barcode or pack number, case-sensitive), from sales' own copy."""
    selling = selling_of(request)
    product = selling.prices.book.by_code(code)
    if product is None:
        await selling.prices.look_again(site or "", set(), {code})
        product = selling.prices.book.by_code(code)
    if product is None:
        raise UnknownProduct(f"no product has the code {code[:64]!r}", field="code")
    tile = await _level(read, site, product)
    shown = _tile(selling, site or "", tile, datetime.now(UTC))
    if shown is None:
        raise UnknownProduct(f"no product has the code {code[:64]!r}", field="code")
    return shown


async def _level(read: Read, site: str | None, product: Product) -> Tile:
    if site is None:
        return Tile(product.product_id, None, None, None)
    async with read.connection() as tx:
        levels = await definitions.levels(tx, site, [product.product_id])
    return levels.get(product.product_id, Tile(product.product_id, None, None, None))


@router.post("/quotes", permission="charge.create", refusals=PRICING)
async def post_quote(body: QuoteIn, read: Read, request: Request) -> QuoteOut:
    """Price and tax lines without recording anything; each line explains itself (SAL-13)."""
    selling, who, now = selling_of(request), request.scope[PRINCIPAL], datetime.now(UTC)
    asked = charges.Question(body.site, body.happened_at, body.lines)
    priced = await charges.known_definitions(
        selling, body.site, body.lines, lambda: charges.price(selling, asked, who, now, is_fact=False)
    )
    async with read.connection() as tx:
        levels = await definitions.levels(tx, body.site, [line.product_id for line in priced.lines])
    return QuoteOut.model_validate(
        {
            "site": body.site,
            "happened_at": priced.happened_at,
            "currency": selling.currency,
            "lines": [_quoted(selling, priced, i, levels) for i in range(len(priced.lines))],
            "taxes": [
                {"name": t.name, "percent": percent_text(t.rate), "base_minor": t.base_minor, "tax_minor": t.tax_minor}
                for t in tax_totals(priced.lines, priced.slots)
            ],
            "net_minor": priced.net_minor,
            "tax_1_minor": priced.tax_1_minor,
            "tax_2_minor": priced.tax_2_minor,
            "tax_minor": priced.tax_1_minor + priced.tax_2_minor,
            "total_minor": priced.total_minor,
        }
    )


def _quoted(selling: Selling, priced: Priced, index: int, levels: dict[UUID, Tile]) -> dict[str, Any]:
    line = priced.lines[index]
    product = selling.prices.book.products[line.product_id]
    level = levels.get(line.product_id)
    return {
        **line_answer(line),
        "code": product.code,
        "name": product.name,
        "unit": product.unit,
        "kind": product.kind,
        "tax_inclusive": line.tax_inclusive,
        "on_hand": None if level is None else level.on_hand,
        "available": None if level is None else level.available,
        "explanation": explain(priced, line, product, selling.exponent),
    }
