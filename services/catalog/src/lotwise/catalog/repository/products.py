"""SQL of products: their definition, packs, barcodes and taxes by site, and the lists people search."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from asyncpg import Record

from lotwise.catalog.domain.products import Pack, Product, SiteTax, all_barcodes
from lotwise.kit.database import Tx

_COLUMNS = (
    "id", "code", "name", "description", "kind", "purpose", "category_id", "unit", "unit_decimals", "manufacturer",
    "size", "size_unit", "tax_code", "application_code", "tax_inclusive", "cost", "markup", "reorder_at",
    "normal_order_quantity", "supplier_id", "supplier_code", "duration_slots", "is_serialised", "confirm_lot",
    "container_rule", "container_units", "use_by_hours", "drug_class", "variant_of", "variant_name", "add_on_kind",
    "price_per", "is_archived", "revision",
)  # fmt: skip
_LIST = ", ".join(_COLUMNS)
_SELECT = f"""
    SELECT {", ".join(f"p.{name}" for name in _COLUMNS)}, c.name AS category_name, now_price.price AS price,
           now_price.member_price AS member_price, base.code AS base_code,
           (SELECT count(*) FROM product v WHERE v.variant_of = p.id) AS variants,
           s.name AS supplier_name, s.number AS supplier_number,
           coalesce(packs.rows, '[]') AS packs, coalesce(codes.rows, '{{}}') AS barcodes,
           coalesce(taxes.rows, '[]') AS site_taxes, coalesce(offered.rows, '{{}}') AS add_ons
      FROM product p
      LEFT JOIN product base ON base.id = p.variant_of
      LEFT JOIN category c ON c.id = p.category_id
      LEFT JOIN supplier s ON s.id = p.supplier_id
      LEFT JOIN LATERAL (
           SELECT max(price) FILTER (WHERE audience = 'everyone') AS price,
                  max(price) FILTER (WHERE audience = 'members') AS member_price FROM price
            WHERE product_id = p.id AND at_site IS NULL
              AND valid_from <= now() AND (valid_to IS NULL OR valid_to > now())
      ) now_price ON true
      LEFT JOIN LATERAL (
           SELECT array_agg(add_on_id ORDER BY position) AS rows FROM product_add_on WHERE product_id = p.id
      ) offered ON true
      LEFT JOIN LATERAL (
           SELECT jsonb_agg(jsonb_build_object('name', k.name, 'units', k.units, 'gtin', b.barcode)
                            ORDER BY k.units, k.name) AS rows
             FROM product_pack k LEFT JOIN product_barcode b ON b.product_id = k.product_id AND b.pack = k.name
            WHERE k.product_id = p.id
      ) packs ON true
      LEFT JOIN LATERAL (
           SELECT array_agg(barcode ORDER BY barcode COLLATE "C") AS rows FROM product_barcode
            WHERE product_id = p.id AND pack IS NULL
      ) codes ON true
      LEFT JOIN LATERAL (
           SELECT jsonb_agg(jsonb_build_object(
                      'site', site, 'tax_code', tax_code, 'application_code', application_code) ORDER BY site) AS rows
             FROM product_site_tax WHERE product_id = p.id
      ) taxes ON true
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A product with what lists show beside it: its category, the chain's prices now (micros), its supplier.

    `variants` is how many variants it groups, `base_code` the code of the product whose variant it is.
    """

    product: Product
    category_name: str | None
    price: int | None
    supplier_name: str | None = None
    supplier_number: int | None = None
    member_price: int | None = None
    variants: int = 0
    base_code: str | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of products is narrowed to; None means everything. `is_add_on`: those offered with others."""

    search: str | None = None
    kind: str | None = None
    purpose: str | None = None
    category_id: UUID | None = None
    is_archived: bool | None = False
    variant_of: UUID | None = None
    supplier_id: UUID | None = None
    is_add_on: bool | None = None


_BESIDE = (
    "category_name", "price", "supplier_name", "supplier_number", "member_price", "variants", "base_code",
)  # fmt: skip


def _shown(row: Record) -> Shown:
    product = Product(
        **{name: row[name] for name in _COLUMNS},
        packs=tuple(Pack(**pack) for pack in row["packs"]),
        barcodes=tuple(row["barcodes"]),
        site_taxes=tuple(SiteTax(**tax) for tax in row["site_taxes"]),
        add_ons=tuple(row["add_ons"]),
    )
    return Shown(product, **{name: row[name] for name in _BESIDE})


async def by_ids(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Shown]:
    """The products of these ids."""
    rows = await tx.fetch(f"{_SELECT} WHERE p.id = ANY($1)", list(ids))
    return {row["id"]: _shown(row) for row in rows}


async def by_codes(tx: Tx, codes: Sequence[str]) -> dict[str, Shown]:
    """The products of these very codes."""
    rows = await tx.fetch(f"{_SELECT} WHERE p.code = ANY($1)", list(codes))
    return {row["code"]: _shown(row) for row in rows}


async def by_scan(tx: Tx, scanned: str) -> tuple[Shown, str | None] | None:
    """The product that a typed or scanned text means, and the pack its barcode stands on.

    Its own code first, then a barcode (a GTIN counts with or without leading zeros), then a service typed without
    its period.
    """
    hit = await tx.fetchrow(
        """
        SELECT id, NULL AS pack, 1 AS rank FROM product WHERE code = $1
         UNION ALL
        SELECT product_id, pack, CASE WHEN barcode = $1 THEN 2 ELSE 3 END FROM product_barcode
         WHERE barcode = ANY($2)
         UNION ALL
        SELECT id, NULL, 4 FROM product WHERE code = '.' || $1
         ORDER BY rank LIMIT 1
        """,
        scanned,
        _gtin_forms(scanned),
    )
    if hit is None:
        return None
    return (await by_ids(tx, [hit["id"]]))[hit["id"]], hit["pack"]


def _gtin_forms(scanned: str) -> list[str]:
    if not (scanned.isascii() and scanned.isdigit() and len(scanned) in {8, 12, 13, 14}):
        return [scanned]
    bare = scanned.lstrip("0")
    return [bare.zfill(length) for length in (8, 12, 13, 14) if len(bare) <= length]


async def listing(tx: Tx, wanted: Filter, after: str | None, limit: int) -> list[Shown]:
    """Products in the order of their codes (bytes), beginning after a code; first only their ids are looked for."""
    if wanted.search:
        ids = await _searched(tx, wanted, after, limit)
    else:
        conditions, values = _after(conditions_of(wanted), after)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        sql = f"SELECT p.id FROM product p {where} ORDER BY p.code LIMIT ${len(values) + 1}"
        ids = [row["id"] for row in await tx.fetch(sql, *values, limit)]
    found = await by_ids(tx, ids)
    return [found[product_id] for product_id in ids]


_EARLY = 4000


async def _searched(tx: Tx, wanted: Filter, after: str | None, limit: int) -> list[UUID]:
    """The ids of a search, planned each time by how rare its words are.

    A frequent word fills the page with the next few thousand codes; only a rarer one is looked for in the whole
    index, whose finds are then sorted. Either alone is slow for the other: a word that stands in late codes only
    would make an ordered walk pass nearly everything.
    """
    conditions, values = _after(conditions_of(wanted, await _scanned(tx, wanted.search)), after)
    tests, place = " AND ".join(conditions), f"${len(values) + 1}"
    begins = f"WHERE code > ${len(values)}" if after is not None else ""
    await tx.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    early = f"SELECT * FROM product {begins} ORDER BY code LIMIT {_EARLY}"
    rows = await tx.fetch(f"SELECT p.id FROM ({early}) p WHERE {tests} ORDER BY p.code LIMIT {place}", *values, limit)
    if len(rows) < limit:
        every = f"WITH hit AS MATERIALIZED (SELECT p.id, p.code FROM product p WHERE {tests})"
        rows = await tx.fetch(f"{every} SELECT id FROM hit ORDER BY code LIMIT {place}", *values, limit)
    await tx.execute("SET LOCAL plan_cache_mode = auto")
    return [row["id"] for row in rows]


def _after(asked: tuple[list[str], list[Any]], after: str | None) -> tuple[list[str], list[Any]]:
    conditions, values = asked
    if after is None:
        return conditions, values
    return [*conditions, f"p.code > ${len(values) + 1}"], [*values, after]


async def _scanned(tx: Tx, search: str | None) -> list[UUID]:
    """The products whose barcode is what was searched for."""
    if not search or " " in search:
        return []
    rows = await tx.fetch(
        "SELECT DISTINCT product_id FROM product_barcode WHERE barcode = ANY($1)", _gtin_forms(search)
    )
    return [row["product_id"] for row in rows]


def conditions_of(wanted: Filter, scanned: Sequence[UUID] = ()) -> tuple[list[str], list[Any]]:
    """What a row `p` of product must fulfil, as SQL over the values given beside it.

    Every word of a search stands in the code, the name or the variant's name; one or two letters begin a word there.
    `scanned` are products that a search found by their barcode.
    """
    values: list[Any] = []
    conditions: list[str] = []
    if wanted.is_add_on is not None:
        conditions.append(f"(p.add_on_kind IS NOT NULL) = {wanted.is_add_on}")
    for name in ("kind", "purpose", "category_id", "is_archived", "variant_of", "supplier_id"):
        if (value := getattr(wanted, name)) is not None:
            values.append(value)
            conditions.append(f"p.{name} = ${len(values)}")
    if wanted.search:
        tests = []
        for word in wanted.search.split():
            values.append(_like(word))
            tests.append(f"p.find LIKE lower(${len(values)})")
        found = " AND ".join(tests)
        if scanned:
            values.append(list(scanned))
            found = f"({found}) OR p.id = ANY(${len(values)})"
        conditions.append(f"({found})")
    return conditions, values


def _like(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%" if len(word) > 2 else f"% {escaped}%"


async def codes_of(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The codes of products by their ids."""
    if not ids:
        return {}
    rows = await tx.fetch("SELECT id, code FROM product WHERE id = ANY($1)", list(ids))
    return {row["id"]: row["code"] for row in rows}


async def codes_looking_like(tx: Tx, looks: Sequence[str]) -> dict[str, list[str]]:
    """All codes, by what they look like, of the looks given."""
    rows = await tx.fetch("SELECT look, code FROM product WHERE look = ANY($1) ORDER BY code", list(looks))
    found: dict[str, list[str]] = {look: [] for look in looks}
    for row in rows:
        found[row["look"]].append(row["code"])
    return found


async def barcode_owners(tx: Tx, barcodes: Sequence[str]) -> dict[str, UUID]:
    """Whose the barcodes are."""
    rows = await tx.fetch("SELECT barcode, product_id FROM product_barcode WHERE barcode = ANY($1)", list(barcodes))
    return {row["barcode"]: row["product_id"] for row in rows}


async def store(tx: Tx, products: Sequence[Product]) -> None:
    """Insert or update definitions with their packs, barcodes and taxes by site."""
    if not products:
        return
    await tx.execute(
        f"""
        INSERT INTO product ({_LIST}) SELECT {_LIST} FROM jsonb_populate_recordset(NULL::product, $1::jsonb)
        ON CONFLICT (id) DO UPDATE SET ({_LIST}) = ROW({", ".join(f"excluded.{name}" for name in _COLUMNS)})
        """,
        [{name: value for name, value in asdict(row).items() if name in _COLUMNS} for row in products],
    )
    await _store_parts(tx, products)


async def _store_parts(tx: Tx, products: Sequence[Product]) -> None:
    ids = [row.id for row in products]
    for part in ("product_barcode", "product_pack", "product_site_tax", "product_add_on"):
        await tx.execute(f"DELETE FROM {part} WHERE product_id = ANY($1)", ids)
    parts = {
        "product_pack": [
            {"product_id": row.id, "name": pack.name, "units": pack.units} for row in products for pack in row.packs
        ],
        "product_barcode": [
            {"barcode": barcode, "product_id": row.id, "pack": pack}
            for row in products
            for barcode, pack in all_barcodes(row).items()
        ],
        "product_site_tax": [
            {"product_id": row.id, **asdict(site_tax)} for row in products for site_tax in row.site_taxes
        ],
        "product_add_on": [
            {"product_id": row.id, "add_on_id": add_on, "position": position}
            for row in products
            for position, add_on in enumerate(row.add_ons, 1)
        ],
    }
    for part, rows in parts.items():
        if rows:
            await tx.execute(
                f"INSERT INTO {part} SELECT * FROM jsonb_populate_recordset(NULL::{part}, $1::jsonb)", rows
            )


async def costs_learnt(tx: Tx, costs: Sequence[tuple[UUID, int, int]]) -> list[tuple[UUID, int | None]]:
    """Write costs (product, micros, revision; one row a product) that are newer than what was learnt before.

    Gives the products whose cost really changed, with the cost before.
    """
    rows = await tx.fetch(
        """
        UPDATE product SET cost = c.cost, cost_revision = c.revision,
               revision = product.revision + (product.cost IS DISTINCT FROM c.cost)::int
          FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS c(id, cost, revision)
          JOIN product was ON was.id = c.id
         WHERE product.id = c.id AND product.cost_revision < c.revision
        RETURNING product.id, was.cost AS was, product.cost AS now
        """,
        *map(list, zip(*costs, strict=True)),
    )
    return [(row["id"], row["was"]) for row in rows if row["was"] != row["now"]]


async def known(tx: Tx, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the products that exist."""
    return {row["id"] for row in await tx.fetch("SELECT id FROM product WHERE id = ANY($1)", list(ids))}


async def variants_of(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many variants each of the products groups; products without any are left out."""
    rows = await tx.fetch(
        "SELECT variant_of, count(*) AS variants FROM product WHERE variant_of = ANY($1) GROUP BY variant_of", list(ids)
    )
    return {row["variant_of"]: row["variants"] for row in rows}


async def group_counts(tx: Tx) -> dict[str, int]:
    """How many products that are not archived there are of each kind."""
    rows = await tx.fetch("SELECT kind, count(*) AS products FROM product WHERE NOT is_archived GROUP BY kind")
    return {row["kind"]: row["products"] for row in rows}


_OWN_ROWS = (
    "recipe_line WHERE service_id",
    "recipe WHERE service_id",
    "package_item WHERE package_id",
    "package WHERE product_id",
    "product_add_on WHERE product_id",
    "function_key WHERE product_id",
    "price WHERE product_id",
    "product_barcode WHERE product_id",
    "product_pack WHERE product_id",
    "product_site_tax WHERE product_id",
    "product WHERE id",
)


async def delete(tx: Tx, product_id: UUID) -> None:
    """Remove a product that nobody uses, with its prices, its own recipe and what it held as a package."""
    for part in _OWN_ROWS:
        await tx.execute(f"DELETE FROM {part} = $1", product_id)
