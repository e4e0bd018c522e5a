"""The only home of the doors that the charge desk opens first: its tiles, a code, a quote."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Query
from starlette.requests import Request

from lotwise.contracts.fields import Slug
from lotwise.kit.commands import Answer, Read
from lotwise.kit.web import PRINCIPAL, Router
from lotwise.sales.api import views
from lotwise.sales.api.balance_views import offered
from lotwise.sales.api.charges import PRICING, selling_of
from lotwise.sales.api.desk_shapes import DeskOut, ExplanationsOut, QuoteIn, QuoteOut, TaxesOut, TileOut
from lotwise.sales.api.offers import asks_for, choices, may, offers
from lotwise.sales.domain.balance_refusals import REDEEMING
from lotwise.sales.domain.charges import ChargeLine, Priced
from lotwise.sales.domain.definitions import Product, TaxSlots
from lotwise.sales.domain.explanations import Near, percent_text, rules_of
from lotwise.sales.domain.packages import smallest
from lotwise.sales.domain.prices import slots_at
from lotwise.sales.domain.refusals import UnknownCharge, UnknownProduct, UnknownSite
from lotwise.sales.operations import charges, function_keys
from lotwise.sales.operations.answers import line_answer
from lotwise.sales.operations.circumstances import look
from lotwise.sales.operations.offers import Offered
from lotwise.sales.operations.packages import prepared
from lotwise.sales.operations.selling import Selling
from lotwise.sales.repository import definitions
from lotwise.sales.repository.definitions import Tile
from lotwise.values import price_text, site_day

router = Router(prefix="/v1", tags=["desk"])


@router.get("/desk", permission="charge.create", refusals=(UnknownSite,))
async def get_desk(site: Slug, read: Read, request: Request) -> DeskOut:
    """F1 to F12: what the site pinned, in between the first by code, priced and with stock's figures; its settings."""
    selling, now = selling_of(request), datetime.now(UTC)
    book = selling.prices.book
    if site not in book.sites:
        raise UnknownSite(f"no site is called {site!r}", field="site")
    here = book.sites[site]
    async with read.connection() as tx:
        tiles = await function_keys.tiles(tx, site)
    shown = [_tile(selling, site, tile, now, f"F{key}") for key, tile in tiles.items()]
    return DeskOut(
        site=site,
        site_name=here.name,
        time_zone=here.time_zone,
        currency=selling.currency,
        tax_rounding=here.tax_rounding,
        stock_unreachable=here.stock_unreachable,
        cash_rounding_minor=here.cash_rounding_minor,
        taxes=_taxes(book.slots(site, site_day(now, here.time_zone))),
        discounts=choices(book, here, now, selling.exponent),
        may=may(book, request.scope[PRINCIPAL], site),
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
        price_per=product.price_per,
        asks=asks_for(selling.prices.book, product, site, now),
        variants=offers(selling.prices.book, selling.prices.book.variants_of(product.product_id), site, now),
        add_ons=offers(selling.prices.book, selling.prices.book.add_ons_of(product), site, now),
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


@router.post("/quotes", permission="charge.create", refusals=(*PRICING, *REDEEMING))
async def post_quote(body: QuoteIn, read: Read, request: Request) -> Answer[QuoteOut]:
    """What a customer would pay at a site on a day, without recording anything; each line explains itself (SAL-13)."""
    selling, who, now = selling_of(request), request.scope[PRINCIPAL], datetime.now(UTC)
    asked = charges.Question(
        body.site, body.happened_at, body.lines, body.member_id, discounts=body.discounts, coupons=body.coupons
    )
    around = await look(selling, asked)
    priced = await charges.known_definitions(
        selling,
        body.site,
        body.lines,
        lambda: charges.price(selling, asked, who, now, is_fact=False, around=around, is_quote=True),
    )
    priced = await prepared(selling, priced, body.member_id)
    wanted = [Offered(line.product_id, smallest(line.quantity, line.unit_decimals)) for line in priced.lines]
    async with read.connection() as tx:
        levels = await definitions.levels(tx, body.site, [line.product_id for line in priced.lines])
        held = await offered(tx, selling, body.member_id, body.site, wanted, priced.happened_at)
    near = Near(priced, selling.prices.book, selling.exponent)
    return Answer(
        orjson.dumps(
            {
                "site": body.site,
                "happened_at": priced.happened_at,
                "currency": selling.currency,
                "is_member": priced.is_member,
                "lines": [
                    {"asked": nth + 1, "balances": balances, **_quoted(near, line, levels)}
                    for nth, line, balances in zip(priced.nths, priced.lines, held, strict=True)
                ],
                "taxes": views.tax_answers(priced.lines, priced.slots),
                "net_minor": priced.net_minor,
                "tax_1_minor": priced.tax_1_minor,
                "tax_2_minor": priced.tax_2_minor,
                "tax_minor": priced.tax_1_minor + priced.tax_2_minor,
                "total_minor": priced.total_minor,
            },
            default=str,
        )
    )


def _quoted(near: Near, line: ChargeLine, levels: dict[UUID, Tile]) -> dict[str, Any]:
    book, site, at = near.book, near.priced.site.slug, near.priced.happened_at
    product = book.products[line.product_id]
    level = levels.get(line.product_id)
    base = book.variants_of(product.variant_of) if product.variant_of is not None else []
    return {
        **line_answer(line),
        "kit_name": None if line.more.kit_id is None else book.products[line.more.kit_id].name,
        "code": product.code,
        "name": product.name,
        "unit": product.unit,
        "kind": product.kind,
        "price_per": product.price_per,
        "asks": asks_for(book, product, site, at),
        "tax_inclusive": line.tax_inclusive,
        "on_hand": None if level is None else level.on_hand,
        "available": None if level is None else level.available,
        **explained(near, line),
        "add_ons": [one.model_dump() for one in offers(book, book.add_ons_of(product), site, at)],
        "variants": [one.model_dump() for one in offers(book, base, site, at)],
    }


def explained(near: Near, line: ChargeLine) -> dict[str, Any]:
    """Why a line costs what it costs: the rules, and their sentences by themselves."""
    rules = rules_of(near.priced, line, near.book.products[line.product_id], near.exponent, near)
    return {"explanation": [one.text for one in rules], "rules": [one._asdict() for one in rules]}


@router.get("/charges/{charge_id}/explanations", permission="sales.read", site="record", refusals=(UnknownCharge,))
async def get_explanations(charge_id: UUID, read: Read, request: Request) -> ExplanationsOut:
    """Why each line of a recorded charge cost what it cost: its amounts, and the rules of its day as known today."""
    selling = selling_of(request)
    async with read.connection() as tx:
        charge = await charges.load_one(tx, charge_id)
        slots = (await definitions.taxes(tx)).get(charge.site, ())
    if not read.who.allows("sales.read", charge.site):
        raise UnknownCharge(f"no charge has the id {charge_id}")
    book = selling.prices.book
    site = book.sites[charge.site]._replace(tax_rounding=charge.tax_rounding)
    in_force = slots_at(slots, site_day(charge.happened_at, site.time_zone))
    priced = Priced(
        site, in_force, charge.happened_at, list(charge.lines), charge.net_minor, charge.tax_1_minor, charge.tax_2_minor
    )
    near = Near(priced, book, selling.exponent)
    lines = [
        {"line": line.line, "product_id": line.product_id, **explained(near, line)}
        for line in charge.lines
        if line.product_id in book.products
    ]
    return ExplanationsOut.model_validate(
        {"charge_id": charge_id, "site": charge.site, "happened_at": charge.happened_at, "lines": lines}
    )
