"""The only home of the price book that a till keeps for the time when its line is down (SAL-26)."""

from datetime import UTC, datetime
from uuid import UUID

from pydantic import BaseModel
from starlette.requests import Request

from lotwise.contracts.fields import Slug
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.sales.api.charges import selling_of
from lotwise.sales.domain.definitions import Product, TaxSlots
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.domain.refusals import UnknownSite
from lotwise.sales.domain.taxes import rates_of
from lotwise.values import site_day

router = Router(prefix="/v1", tags=["desk"])


class BookRow(BaseModel):
    """A product that may be sold without asking anybody: its codes, its price now at the site, its taxes.

    `price_micros` per unit; `rates` are the two taxes in millionths of a percent, `is_compound` puts the second on the
    first.
    """

    product_id: UUID
    code: str
    name: str
    kind: str
    unit: str
    names: list[str]
    price_micros: int
    is_inclusive: bool
    rates: tuple[int, int]
    is_compound: bool


@router.get("/book", permission="charge.create", refusals=(UnknownSite,))
async def get_book(site: Slug, request: Request, after: After = None, limit: Limit = 500) -> Page[BookRow]:
    """What a till of the site may sell by itself, by code: goods and services with a price per unit.

    What asks for something more (a base of variants, a price by time or by hand, a package, a prescription and the
    licence to give it out) is left out: it waits until the line is back.
    """
    selling, now = selling_of(request), datetime.now(UTC)
    book = selling.prices.book
    here = book.sites.get(site)
    if here is None:
        raise UnknownSite(f"no site is called {site!r}", field="site")
    slots = book.slots(site, site_day(now, here.time_zone))
    cursor = cursor_decode(after, str)
    start = cursor[0] if cursor else ""
    codes = sorted(one.code for one in book.products.values() if one.code > start and _is_sold_alone(book, one))
    rows: list[BookRow] = []
    last = None
    for code in codes:
        if len(rows) == limit:
            last = rows[-1].code
            break
        row = _row(book, site, now, slots, code)
        if row is not None:
            rows.append(row)
    return Page(rows=rows, next=None if last is None else cursor_encode(last))


def _is_sold_alone(book: PriceBook, product: Product) -> bool:
    is_open = product.code.startswith((".UND", ".TIP", ".ROA", ".GIFT"))
    is_sold = not product.is_archived and product.purpose != "back_bar" and product.kind != "digital"
    is_free = product.drug_class == "otc" and not is_open
    return is_sold and is_free and product.price_per == "unit" and not book.variants_of(product.product_id)


def _row(book: PriceBook, site: str, now: datetime, slots: TaxSlots, code: str) -> BookRow | None:
    product = book.by_code(code)
    price = None if product is None else book.price(product.product_id, site, now)
    if product is None or price is None:
        return None
    rates = rates_of(slots, *product.tax_codes_at(site))
    return BookRow(
        product_id=product.product_id,
        code=product.code,
        name=product.name,
        kind=product.kind,
        unit=product.unit,
        names=[name for name in book.names_of(product.product_id) if name != product.code],
        price_micros=price.micros,
        is_inclusive=product.tax_inclusive,
        rates=(rates.first, rates.second),
        is_compound=rates.compound,
    )
