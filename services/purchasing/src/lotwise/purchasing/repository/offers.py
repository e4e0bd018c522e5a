"""SQL of what suppliers offer, and of whom we prefer."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.purchasing.domain.products import Offer

_COLUMNS = "supplier_id, product_id, pack_name, pack_units, cost, lead_time_days, supplier_code, revision"
CHAIN = ""


@dataclass(frozen=True, slots=True)
class ShownOffer:
    """An offer with names, and where its supplier is preferred ("" is the chain)."""

    offer: Offer
    supplier_name: str
    product_code: str
    product_name: str
    unit: str
    unit_decimals: int
    preferred_at: tuple[str, ...]


async def find(tx: Tx, supplier_id: UUID, product_id: UUID) -> Offer | None:
    """The offer, or None."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM offer WHERE supplier_id = $1 AND product_id = $2", supplier_id, product_id
    )
    return None if row is None else Offer(**row)


async def of_supplier(tx: Tx, supplier_id: UUID, product_ids: Sequence[UUID]) -> dict[UUID, Offer]:
    """What a supplier offers of these products."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM offer WHERE supplier_id = $1 AND product_id = ANY($2)", supplier_id, list(product_ids)
    )
    return {row["product_id"]: Offer(**row) for row in rows}


async def shown(tx: Tx, product_id: UUID | None, supplier_id: UUID | None, limit: int) -> list[ShownOffer]:
    """Offers of a product or of a supplier, by product code and supplier number."""
    rows = await tx.fetch(
        f"""
        SELECT {", ".join("o." + name.strip() for name in _COLUMNS.split(","))}, s.name AS supplier_name,
               p.code AS product_code, p.name AS product_name, p.unit, p.unit_decimals,
               ARRAY(SELECT at_site FROM preferred f
                      WHERE f.product_id = o.product_id AND f.supplier_id = o.supplier_id ORDER BY 1) AS preferred_at
          FROM offer o JOIN supplier s ON s.id = o.supplier_id JOIN product p ON p.id = o.product_id
         WHERE ($1::uuid IS NULL OR o.product_id = $1) AND ($2::uuid IS NULL OR o.supplier_id = $2)
         ORDER BY p.code, s.number LIMIT $3
        """,
        product_id,
        supplier_id,
        limit,
    )
    names = [name.strip() for name in _COLUMNS.split(",")]
    return [
        ShownOffer(
            Offer(**{name: row[name] for name in names}),
            row["supplier_name"],
            row["product_code"],
            row["product_name"],
            row["unit"],
            row["unit_decimals"],
            tuple(row["preferred_at"]),
        )
        for row in rows
    ]


async def store(tx: Tx, offer: Offer) -> None:
    """Insert or update an offer."""
    await tx.execute(
        f"""
        INSERT INTO offer ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (supplier_id, product_id) DO UPDATE SET
            pack_name = excluded.pack_name, pack_units = excluded.pack_units, cost = excluded.cost,
            lead_time_days = excluded.lead_time_days, supplier_code = excluded.supplier_code,
            revision = excluded.revision
        """,
        *astuple(offer),
    )


async def learn_costs(tx: Tx, supplier_id: UUID, costs: Iterable[tuple[UUID, int]]) -> None:
    """Keep the costs (micros) that a delivery confirmed on the supplier's offers."""
    rows = sorted(costs)
    await tx.execute(
        """
        UPDATE offer SET cost = c.cost, revision = revision + 1
          FROM unnest($2::uuid[], $3::bigint[]) AS c(product_id, cost)
         WHERE offer.supplier_id = $1 AND offer.product_id = c.product_id AND offer.cost IS DISTINCT FROM c.cost
        """,
        supplier_id,
        [product_id for product_id, _ in rows],
        [cost for _, cost in rows],
    )


async def prefer(tx: Tx, supplier_id: UUID, product_id: UUID, places: Sequence[str]) -> None:
    """Prefer a supplier for a product at these places ("" is the chain); whoever was preferred there gives way."""
    await tx.execute(
        """
        INSERT INTO preferred (product_id, at_site, supplier_id) SELECT $2, place, $1 FROM unnest($3::text[]) AS place
        ON CONFLICT (product_id, at_site) DO UPDATE SET supplier_id = excluded.supplier_id
        """,
        supplier_id,
        product_id,
        list(places),
    )


async def unprefer(tx: Tx, supplier_id: UUID, product_id: UUID, keep: Sequence[str]) -> None:
    """Prefer a supplier for a product nowhere but at these places."""
    await tx.execute(
        "DELETE FROM preferred WHERE product_id = $2 AND supplier_id = $1 AND NOT at_site = ANY($3)",
        supplier_id,
        product_id,
        list(keep),
    )


async def preferred_places(tx: Tx, supplier_id: UUID, product_id: UUID) -> list[str]:
    """Where a supplier is preferred for a product."""
    rows = await tx.fetch(
        "SELECT at_site FROM preferred WHERE supplier_id = $1 AND product_id = $2 ORDER BY at_site",
        supplier_id,
        product_id,
    )
    return [row["at_site"] for row in rows]


async def has_preferred(tx: Tx, product_id: UUID) -> bool:
    """Whether the chain prefers anybody for the product."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT 1 FROM preferred WHERE product_id = $1 AND at_site = '')", product_id
    )
    return found


async def sources(tx: Tx, cells: Sequence[tuple[str, UUID]]) -> dict[tuple[str, UUID], Offer]:
    """Who supplies each (site, product): preferred at the site, by the chain, named by the catalog, or the only one.

    A supplier that the catalog names without an offer of its own counts with packs of one unit.
    """
    rows = await tx.fetch(
        """
        WITH cell AS (SELECT DISTINCT site, product_id FROM unnest($1::text[], $2::uuid[]) AS c(site, product_id)),
        choice AS (
            SELECT c.site, c.product_id, coalesce(
                       (SELECT supplier_id FROM preferred f JOIN supplier s ON s.id = f.supplier_id
                         WHERE f.product_id = c.product_id AND f.at_site = c.site AND NOT s.is_archived),
                       (SELECT supplier_id FROM preferred f JOIN supplier s ON s.id = f.supplier_id
                         WHERE f.product_id = c.product_id AND f.at_site = '' AND NOT s.is_archived),
                       (SELECT s.id FROM product p JOIN supplier s ON s.id = p.supplier_id
                         WHERE p.id = c.product_id AND NOT s.is_archived),
                       (SELECT min(o.supplier_id::text)::uuid FROM offer o JOIN supplier s ON s.id = o.supplier_id
                         WHERE o.product_id = c.product_id AND NOT s.is_archived HAVING count(*) = 1)
                   ) AS supplier_id
              FROM cell c
        )
        SELECT h.site, h.supplier_id, h.product_id, coalesce(o.pack_name, '') AS pack_name,
               coalesce(o.pack_units, 1) AS pack_units, o.cost, o.lead_time_days,
               coalesce(o.supplier_code, '') AS supplier_code, coalesce(o.revision, 0) AS revision
          FROM choice h LEFT JOIN offer o ON o.supplier_id = h.supplier_id AND o.product_id = h.product_id
         WHERE h.supplier_id IS NOT NULL
        """,
        [site for site, _ in cells],
        [product_id for _, product_id in cells],
    )
    names = [name.strip() for name in _COLUMNS.split(",")]
    return {(row["site"], row["product_id"]): Offer(**{name: row[name] for name in names}) for row in rows}
