"""The only home of the copies of catalog's definitions: sites with their accounts, products, categories, barcodes."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.stock.domain.places import (
    BOUND,
    DAMAGED,
    EXPIRED,
    IN_USE,
    KINDS,
    QUARANTINE,
    RECALLED,
    Place,
    Product,
    Site,
)
from lotwise.stock.repository.day_openings import forget_openings_from
from lotwise.values import site_day

_SITES = """
select s.slug, s.time_zone, s.stock_policy, l.id, l.kind, l.area
from site s join location l on l.site = s.slug where s.slug = any($1::text[])
"""
_PRODUCTS = """
select id, code, name, kind, purpose, unit, unit_decimals as decimals, manufacturer, cost, reorder_at,
       normal_order_quantity, supplier_id, drug_class, container_rule, use_by_hours, container_sizes, confirm_lot,
       is_serialised
from product where id = any($1::uuid[])
"""
_SITE = """
insert into site as s (slug, name, time_zone, legal_entity, is_central_store, stock_policy, revision)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (slug) do update set name = excluded.name, time_zone = excluded.time_zone,
    legal_entity = excluded.legal_entity, is_central_store = excluded.is_central_store,
    stock_policy = excluded.stock_policy, revision = excluded.revision
where s.revision < excluded.revision
"""
_PLACES = """
insert into location (site, kind, area) select $1, kind, area from unnest($2::text[], $3::text[]) as a(kind, area)
on conflict do nothing
"""
_ZONE = """
insert into site_zone (site, since, zone)
select s.slug, case when z.zone is null then timestamptz '1970-01-01 00:00+00' else clock_timestamp() end, s.time_zone
from site s left join lateral (select zone from site_zone where site = s.slug order by since desc limit 1) z on true
where s.slug = $1 and s.time_zone is distinct from z.zone
"""
_CATEGORY = """
insert into category as c (id, name, revision) values ($1, $2, $3)
on conflict (id) do update set name = excluded.name, revision = excluded.revision where c.revision < excluded.revision
"""
_PRODUCT = """
insert into product as p (id, code, name, kind, purpose, category_id, category_name, unit, unit_decimals,
    manufacturer, cost,
    reorder_at, normal_order_quantity, supplier_id, is_serialised, confirm_lot, is_archived, revision, drug_class)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[],
    $9::smallint[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::uuid[], $15::bool[], $16::bool[],
    $17::bool[], $18::bigint[], $19::text[])
on conflict (id) do update set code = excluded.code, name = excluded.name, kind = excluded.kind,
    purpose = excluded.purpose,
    category_id = excluded.category_id, category_name = excluded.category_name,
    unit = excluded.unit, unit_decimals = excluded.unit_decimals, manufacturer = excluded.manufacturer,
    cost = excluded.cost, reorder_at = excluded.reorder_at, normal_order_quantity = excluded.normal_order_quantity,
    supplier_id = excluded.supplier_id, is_serialised = excluded.is_serialised, confirm_lot = excluded.confirm_lot,
    is_archived = excluded.is_archived, revision = excluded.revision, drug_class = excluded.drug_class
where p.revision < excluded.revision
returning id
"""
_CONTAINERS = """
update product p set container_rule = n.rule, use_by_hours = n.hours, container_sizes = n.sizes::bigint[]
from unnest($1::uuid[], $2::text[], $3::int[], $4::text[]) as n(id, rule, hours, sizes) where p.id = n.id
"""
_MOVED_DECIMALS = """
select p.id, p.unit_decimals from product p
where p.id = any($1::uuid[]) and exists (select from level l where l.product_id = p.id)
"""
_BARCODES_GONE = "delete from barcode where product_id = any($1::uuid[])"
_BARCODES = """
insert into barcode (code, product_id, units) select * from unnest($1::text[], $2::uuid[], $3::bigint[])
on conflict (code, product_id) do nothing
"""


async def sites_of(tx: Tx, slugs: Collection[str]) -> dict[str, Site]:
    """The known ones of these sites, with their accounts."""
    sites: dict[str, Site] = {}
    for slug, zone, policy, place_id, kind, area in await tx.fetch(_SITES, list(slugs)):
        site = sites.get(slug)
        if site is None:
            site = sites[slug] = Site(slug, zone, policy, {})
        site.places[kind, area] = Place(place_id, slug, kind, area)
    return sites


async def all_sites(tx: Tx) -> list[Site]:
    """Every site with its accounts, by slug."""
    slugs = [row["slug"] for row in await tx.fetch("select slug from site order by slug")]
    found = await sites_of(tx, slugs)
    return [found[slug] for slug in slugs]


async def products_of(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Product]:
    """The known ones of these products."""
    return {row[0]: Product(*row) for row in await tx.fetch(_PRODUCTS, list(ids))}


async def save_site(tx: Tx, site: tuple[str, str, str, str, bool, str, int]) -> None:
    """Keep a site if this revision is newer, and open its accounts, one of every kind."""
    await tx.execute(_SITE, *site)
    if await tx.execute(_ZONE, site[0]) != "INSERT 0 0":
        await forget_openings_from(tx, site[0], site_day(datetime.now(UTC), site[2]))
    apart = [EXPIRED, RECALLED, DAMAGED]
    kinds = [*KINDS, *[QUARANTINE] * len(apart)]
    await tx.execute(_PLACES, site[0], [*kinds, IN_USE], [*[""] * len(KINDS), *apart, BOUND])


async def save_category(tx: Tx, category_id: UUID, name: str, revision: int) -> None:
    """Keep a category if this revision is newer; its products show the new name."""
    await tx.execute(_CATEGORY, category_id, name, revision)
    await tx.execute(
        "update product p set category_name = c.name from category c where c.id = $1 and p.category_id = c.id"
        " and p.category_name is distinct from c.name",
        category_id,
    )


async def fixed_decimals(tx: Tx, ids: Collection[UUID]) -> dict[UUID, int]:
    """The decimals of those products that have a level already: they are fixed after the first movement."""
    return {row[0]: row[1] for row in await tx.fetch(_MOVED_DECIMALS, list(ids))}


async def save_products(
    tx: Tx, rows: Iterable[tuple[Any, ...]], barcodes: Iterable[tuple[str, UUID, int]]
) -> set[UUID]:
    """Keep products whose revision is newer, with their barcodes; returns the ids of those that were."""
    saved = {row[0] for row in await tx.fetch(_PRODUCT, *zip(*rows, strict=True))}
    if saved:
        await tx.execute(_BARCODES_GONE, list(saved))
        codes = [one for one in barcodes if one[1] in saved]
        if codes:
            await tx.execute(_BARCODES, *zip(*codes, strict=True))
    return saved


async def save_containers(tx: Tx, rows: Iterable[tuple[UUID, str, int | None, Collection[int]]]) -> None:
    """Keep how products are drawn: (product, rule, hours after opening, sizes with the largest first)."""
    texts = [(key, rule, hours, "{" + ",".join(map(str, sizes)) + "}") for key, rule, hours, sizes in rows]
    if texts:
        await tx.execute(_CONTAINERS, *zip(*texts, strict=True))


async def archive_product(tx: Tx, product_id: UUID, revision: int) -> None:
    """Mark a product as no longer offered, if this revision is newer."""
    await tx.execute(
        "update product set is_archived = true, revision = $2 where id = $1 and revision < $2", product_id, revision
    )


async def change_purpose(tx: Tx, product_id: UUID, purpose: str, revision: int) -> None:
    """Keep a product's new purpose, if this revision is newer; it counts for later receipts."""
    await tx.execute(
        "update product set purpose = $2, revision = $3 where id = $1 and revision < $3", product_id, purpose, revision
    )
