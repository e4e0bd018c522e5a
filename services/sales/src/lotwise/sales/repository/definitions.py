"""The only home of SQL on what catalog told: sites, taxes, products, prices; only a newer revision replaces a row."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.domain.definitions import NOWHERE, Price, Product, Site, TaxSlots

CHANNEL = "sales_price_book"
_NOTIFIED_MAX = 150


class Named(NamedTuple):
    """A product with all that it may be scanned as."""

    product: Product
    names: Sequence[str]


async def put_sites(tx: Tx, sites: Iterable[Site]) -> None:
    """Keep the newest revision of each site."""
    await tx.execute(
        "insert into site (slug, name, time_zone, stock_unreachable, tax_rounding, revision, cash_rounding_minor,"
        " package_tax_point) select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],"
        " $6::int[], $7::int[], $8::text[]) order by 1"
        " on conflict (slug) do update set name = excluded.name, time_zone = excluded.time_zone,"
        " stock_unreachable = excluded.stock_unreachable, tax_rounding = excluded.tax_rounding,"
        " cash_rounding_minor = excluded.cash_rounding_minor, package_tax_point = excluded.package_tax_point,"
        " revision = excluded.revision where site.revision < excluded.revision",
        *zip(*_newest(sites, lambda site: site.slug, revision=lambda site: site.revision), strict=True),
    )


async def put_taxes(tx: Tx, taxes: Iterable[tuple[str, TaxSlots]]) -> None:
    """Keep the newest revision of each site's taxes, by the day they start."""
    rows = [(slug, *slots) for slug, slots in taxes]
    await tx.execute(
        "insert into site_tax (slug, valid_from, name_1, rate_1_1, rate_1_2, name_2, rate_2_1, rate_2_2, revision)"
        " select * from unnest($1::text[], $2::date[], $3::text[], $4::bigint[], $5::bigint[], $6::text[],"
        " $7::bigint[], $8::bigint[], $9::int[]) order by 1, 2"
        " on conflict (slug, valid_from) do update set name_1 = excluded.name_1, rate_1_1 = excluded.rate_1_1,"
        " rate_1_2 = excluded.rate_1_2, name_2 = excluded.name_2, rate_2_1 = excluded.rate_2_1,"
        " rate_2_2 = excluded.rate_2_2, revision = excluded.revision where site_tax.revision < excluded.revision",
        *zip(*_newest(rows, lambda row: (row[0], row[1])), strict=True),
    )


_PUT_PRODUCTS = """
insert into product (product_id, code, name, kind, purpose, category_name, unit, unit_decimals, tax_code,
    application_code, tax_inclusive, is_archived, revision, site_taxes, confirm_lot, drug_class, category_id,
    variant_of, variant_name, add_on_kind, add_ons, price_per, cost, duration_slots, names)
select p.product_id, p.code, p.name, p.kind, p.purpose, p.category_name, p.unit, p.unit_decimals, p.tax_code,
    p.application_code, p.tax_inclusive, p.is_archived, p.revision, p.site_taxes, p.confirm_lot, p.drug_class,
    p.category_id, p.variant_of, p.variant_name, p.add_on_kind, string_to_array(p.add_ons, ' ')::uuid[], p.price_per,
    p.cost, p.duration_slots, string_to_array(p.names, chr(31))
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::smallint[],
    $9::smallint[], $10::smallint[], $11::boolean[], $12::boolean[], $13::int[], $14::jsonb[], $15::boolean[],
    $16::text[], $17::uuid[], $18::uuid[], $19::text[], $20::text[], $21::text[], $22::text[], $23::bigint[],
    $24::int[], $25::text[]) as p(product_id, code, name, kind, purpose, category_name, unit, unit_decimals, tax_code,
    application_code, tax_inclusive, is_archived, revision, site_taxes, confirm_lot, drug_class, category_id,
    variant_of, variant_name, add_on_kind, add_ons, price_per, cost, duration_slots, names)
 order by 1
on conflict (product_id) do update set code = excluded.code, name = excluded.name, kind = excluded.kind,
    purpose = excluded.purpose, category_name = excluded.category_name, unit = excluded.unit,
    unit_decimals = excluded.unit_decimals, tax_code = excluded.tax_code,
    application_code = excluded.application_code, tax_inclusive = excluded.tax_inclusive,
    is_archived = excluded.is_archived, revision = excluded.revision, site_taxes = excluded.site_taxes,
    confirm_lot = excluded.confirm_lot, drug_class = excluded.drug_class, category_id = excluded.category_id,
    variant_of = excluded.variant_of, variant_name = excluded.variant_name, add_on_kind = excluded.add_on_kind,
    add_ons = excluded.add_ons, price_per = excluded.price_per, cost = excluded.cost,
    duration_slots = excluded.duration_slots, names = excluded.names
 where product.revision < excluded.revision
"""
_ADD_ONS = Product._fields.index("add_ons")


async def put_products(tx: Tx, products: Iterable[Named]) -> None:
    """Keep the newest revision of each product with the names it is known by."""
    newest = _newest(products, lambda named: named.product.product_id, revision=lambda named: named.product.revision)
    await tx.execute(_PUT_PRODUCTS, *zip(*[_product_row(*named) for named in newest], strict=True))


def _product_row(product: Product, names: Sequence[str]) -> tuple[object, ...]:
    row: list[object] = list(product)
    row[_ADD_ONS] = " ".join(map(str, product.add_ons))
    return (*row, "\x1f".join(names))


async def archive_products(tx: Tx, products: Sequence[tuple[UUID, int]]) -> None:
    """Mark products as archived, unless more is known; the definition of the same revision still counts as newer."""
    await tx.execute(
        "update product p set is_archived = true"
        " from unnest($1::uuid[], $2::int[]) as a(product_id, revision)"
        " where p.product_id = a.product_id and p.revision <= a.revision",
        [product_id for product_id, _ in products],
        [revision for _, revision in products],
    )


async def change_purposes(tx: Tx, changes: Sequence[tuple[UUID, str, int]]) -> None:
    """Keep what products are for: (product, purpose, revision), unless more is known."""
    newest = _newest(changes, lambda row: row[0])
    await tx.execute(
        "update product p set purpose = a.purpose"
        " from unnest($1::uuid[], $2::text[], $3::int[]) as a(product_id, purpose, revision)"
        " where p.product_id = a.product_id and p.revision <= a.revision",
        *zip(*newest, strict=True),
    )


async def put_prices(tx: Tx, prices: Sequence[tuple[UUID, Price, int]]) -> None:
    """Keep the newest revision of each price: (product, price, revision)."""
    rows = [(price.price_id, product_id, *price[1:], revision) for product_id, price, revision in prices]
    await tx.execute(
        "insert into price (price_id, product_id, at_site, micros, valid_from, valid_to, audience, revision)"
        " select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::timestamptz[], $6::timestamptz[],"
        " $7::text[], $8::int[]) order by 1"
        " on conflict (price_id) do update set product_id = excluded.product_id, at_site = excluded.at_site,"
        " micros = excluded.micros, valid_from = excluded.valid_from, valid_to = excluded.valid_to,"
        " audience = excluded.audience, revision = excluded.revision where price.revision < excluded.revision",
        *zip(*_newest(rows, lambda row: row[0]), strict=True),
    )


async def tell_price_books(tx: Tx, products: Sequence[UUID]) -> None:
    """Tell every process, once this commits, that these products changed; none means sites or taxes."""
    ids = list(dict.fromkeys(products))
    for start in range(0, max(1, len(ids)), _NOTIFIED_MAX):
        part = " ".join(map(str, ids[start : start + _NOTIFIED_MAX]))
        await tx.execute("select pg_notify($1, $2)", CHANNEL, part)


async def sites(tx: Tx) -> list[Site]:
    """Every site."""
    rows = await tx.fetch(
        "select slug, name, time_zone, stock_unreachable, tax_rounding, revision, cash_rounding_minor,"
        " package_tax_point from site"
    )
    return [Site(*row) for row in rows]


async def taxes(tx: Tx) -> dict[str, tuple[TaxSlots, ...]]:
    """Every site's taxes, by the day they start."""
    rows = await tx.fetch(
        "select slug, valid_from, name_1, rate_1_1, rate_1_2, name_2, rate_2_1, rate_2_2, revision"
        " from site_tax order by slug, valid_from"
    )
    found: dict[str, tuple[TaxSlots, ...]] = {}
    for slug, *slots in rows:
        found[slug] = (*found.get(slug, ()), TaxSlots(*slots))
    return found


_PRODUCT = (
    "p.product_id, p.code, p.name, p.kind, p.purpose, coalesce(c.name, p.category_name), p.unit, p.unit_decimals,"
    " p.tax_code, p.application_code, p.tax_inclusive, p.is_archived, p.revision, p.site_taxes, p.confirm_lot,"
    " p.drug_class, p.category_id, p.variant_of, p.variant_name, p.add_on_kind, p.add_ons, p.price_per, p.cost,"
    " p.duration_slots, p.names"
)


async def products(tx: Tx, ids: Sequence[UUID] | None) -> list[Named]:
    """The products of these ids, or all of them."""
    rows = await tx.fetch(
        f"select {_PRODUCT} from product p left join category c using (category_id)"
        " where $1::uuid[] is null or p.product_id = any($1)",
        ids,
    )
    return [_named(*row) for row in rows]


def _named(product_id: UUID, *row: Any) -> Named:
    (
        *plain,
        taxes,
        confirm_lot,
        drug_class,
        category,
        variant_of,
        variant_name,
        kind,
        add_ons,
        per,
        cost,
        slots,
        names,
    ) = row
    care = (_site_taxes(taxes), confirm_lot, drug_class, category and _uuid(category))
    group = (variant_of and _uuid(variant_of), variant_name, kind, tuple(_uuid(one) for one in add_ons))
    return Named(Product._make([_uuid(product_id), *plain, *care, *group, per, cost, slots]), names)


def _site_taxes(read: Mapping[str, Sequence[int]]) -> Mapping[str, tuple[int, int]]:
    return {site: (tax_code, application_code) for site, (tax_code, application_code) in read.items()} or NOWHERE


async def put_categories(tx: Tx, categories: Iterable[tuple[UUID, str, int]]) -> list[UUID]:
    """Keep the newest name of each category: (category, name, revision). Returns the products they hold."""
    rows = _newest(categories, lambda row: row[0])
    await tx.execute(
        "insert into category (category_id, name, revision) select * from unnest($1::uuid[], $2::text[], $3::int[])"
        " order by 1 on conflict (category_id) do update set name = excluded.name, revision = excluded.revision"
        " where category.revision < excluded.revision",
        *zip(*rows, strict=True),
    )
    held = await tx.fetch("select product_id from product where category_id = any($1)", [row[0] for row in rows])
    return [row["product_id"] for row in held]


async def products_by_names(tx: Tx, names: Sequence[str]) -> list[UUID]:
    """The products with any of these codes, barcodes or pack numbers."""
    rows = await tx.fetch("select product_id from product where names && $1::text[] order by product_id", names)
    return [row["product_id"] for row in rows]


async def services_among(tx: Tx, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these products are not goods."""
    rows = await tx.fetch("select product_id from product where product_id = any($1) and kind <> 'physical'", ids)
    return {row["product_id"] for row in rows}


async def product_by_name(tx: Tx, name: str) -> UUID | None:
    """The product with this code, or else with this barcode or pack number."""
    found: UUID | None = await tx.fetchval(
        "select product_id from product where names @> array[$1::text] order by code <> $1, is_archived,"
        " product_id limit 1",
        name,
    )
    return found


async def prices(tx: Tx, ids: Sequence[UUID] | None) -> dict[UUID, tuple[Price, ...]]:
    """The prices of these products, or all of them."""
    rows = await tx.fetch(
        "select product_id, price_id, at_site, micros, valid_from, valid_to, audience from price"
        " where $1::uuid[] is null or product_id = any($1)",
        ids,
    )
    found: dict[UUID, list[Price]] = {}
    for product_id, *price in rows:
        found.setdefault(product_id, []).append(Price(_uuid(price[0]), *price[1:]))
    return {_uuid(product_id): tuple(known) for product_id, known in found.items()}


class Tile(NamedTuple):
    """A product of the code-sorted list with stock's last figures at a site."""

    product_id: UUID
    on_hand: str | None
    available: str | None
    minimum: str | None


async def first_tiles(tx: Tx, site: str, count: int) -> list[Tile]:
    """The first products of the list sorted by code in ASCII (CAT-35, CAT-46); back bar is not for sale."""
    rows = await tx.fetch(
        "select p.product_id, l.on_hand, l.available, l.minimum from product p"
        " left join level l on l.product_id = p.product_id and l.site = $1"
        " where not p.is_archived and p.purpose is distinct from 'back_bar' order by p.code, p.product_id limit $2",
        site,
        count,
    )
    return [Tile(*row) for row in rows]


async def levels(tx: Tx, site: str, ids: Sequence[UUID]) -> dict[UUID, Tile]:
    """Stock's last figures of these products at a site."""
    rows = await tx.fetch(
        "select product_id, on_hand, available, minimum from level where site = $1 and product_id = any($2)", site, ids
    )
    return {row["product_id"]: Tile(*row) for row in rows}


class Level(NamedTuple):
    """A level as it was told, in the order of its columns."""

    site: str
    product_id: UUID
    on_hand: str
    available: str
    minimum: str | None
    revision: int


async def put_levels(tx: Tx, levels_told: Iterable[Level]) -> None:
    """Keep the newest figures of each site and product."""
    newest = _newest(levels_told, lambda level: (level.site, level.product_id))
    await tx.execute(
        "insert into level (site, product_id, on_hand, available, minimum, revision)"
        " select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[]) order by 1, 2"
        " on conflict (site, product_id) do update set on_hand = excluded.on_hand, available = excluded.available,"
        " minimum = excluded.minimum, revision = excluded.revision where level.revision < excluded.revision",
        *zip(*newest, strict=True),
    )


def _uuid(read: UUID) -> UUID:
    """The driver's UUID as the standard one, which is written as JSON in no time."""
    return UUID(int=read.int)


def _newest(rows: Iterable[Any], key: Any, revision: Any = lambda row: row[-1]) -> list[Any]:
    """One row a key, the one with the highest revision: a statement may touch a row once."""
    found: dict[Any, Any] = {}
    for row in rows:
        known = found.get(key(row))
        if known is None or revision(known) <= revision(row):
            found[key(row)] = row
    return list(found.values())
