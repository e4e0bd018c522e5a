"""SQL of the lists that keep a catalog in order: prices to review, products to tidy up."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from lotwise.kit.database import Tx


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A product whose price somebody should look at; cost and prices in micros."""

    product_id: UUID
    code: str
    name: str
    category_name: str | None
    cost: int
    priced_cost: int | None
    price: int | None


@dataclass(frozen=True, slots=True)
class Untidy:
    """A product that is not described as it should be, with what is wrong and the names it could be mixed up with."""

    product_id: UUID
    code: str
    name: str
    category_name: str | None
    faults: tuple[str, ...]
    alike: tuple[str, ...]


async def prices(tx: Tx, target_micros: int, category_id: UUID | None, after: str | None, limit: int) -> list[Reviewed]:
    """Products for sale whose cost rose since their price was set, or whose margin is under the target, by code."""
    rows = await tx.fetch(
        """
        SELECT p.id AS product_id, p.code, p.name, c.name AS category_name, p.cost, p.priced_cost, r.price
          FROM product p
          LEFT JOIN category c ON c.id = p.category_id
          LEFT JOIN price r ON r.product_id = p.id AND r.at_site IS NULL AND r.audience = 'everyone'
               AND r.valid_from <= now() AND (r.valid_to IS NULL OR r.valid_to > now())
         WHERE NOT p.is_archived AND p.cost IS NOT NULL AND p.purpose IS DISTINCT FROM 'back_bar'
           AND (p.cost > p.priced_cost
                OR (r.price > 0 AND (r.price - p.cost)::numeric * 100000000 < $1::bigint * r.price::numeric))
           AND ($2::uuid IS NULL OR p.category_id = $2) AND ($3::text IS NULL OR p.code > $3)
         ORDER BY p.code LIMIT $4
        """,
        target_micros,
        category_id,
        after,
        limit,
    )
    return [Reviewed(**row) for row in rows]


_FAULTS = {
    "missing_description": "description = ''",
    "look_alike_name": "alike > 1",
    "all_capitals": "name ~ '[A-Z]{5}' AND name = upper(name)",
    "odd_spaces": r"name ~ '\s\s|^\s|\s$'",
    "unit_in_name": r"size = '' AND variant_name = '' AND name ~* '\m[0-9]+([.,][0-9]+)?\s?(ml|cl|l|mg|g|kg|oz)\M'",
}
FAULTS = tuple(_FAULTS)


async def untidy(tx: Tx, fault: str | None, category_id: UUID | None, after: str | None, limit: int) -> list[Untidy]:
    """Products that are not archived with a fault (or any), by code; `alike` are codes of the same name.

    Names count as alike however they are cased and spaced; variants of one product share theirs and do not.
    """
    marks = " || ".join(
        f"CASE WHEN {test} THEN ARRAY['{name}'] ELSE '{{}}'::text[] END" for name, test in _FAULTS.items()
    )
    rows = await tx.fetch(
        f"""
        WITH named AS (
            SELECT p.id, p.code, p.name, p.description, p.size, p.variant_name, p.category_id,
                   lower(btrim(regexp_replace(p.name, '\\s+', ' ', 'g'))) AS look,
                   coalesce(p.variant_of, p.id) AS family
              FROM product p WHERE NOT p.is_archived
        ), looks AS (
            SELECT look, count(DISTINCT family) AS alike, array_agg(code ORDER BY code) AS codes
              FROM named GROUP BY look
        ), marked AS (
            SELECT n.*, l.codes, {marks} AS faults FROM named n JOIN looks l USING (look)
        )
        SELECT m.id AS product_id, m.code, m.name, c.name AS category_name, m.faults,
               CASE WHEN 'look_alike_name' = ANY(m.faults) THEN array_remove(m.codes, m.code) END AS alike
          FROM marked m LEFT JOIN category c ON c.id = m.category_id
         WHERE m.faults <> '{{}}' AND ($1::text IS NULL OR $1 = ANY(m.faults))
           AND ($2::uuid IS NULL OR m.category_id = $2) AND ($3::text IS NULL OR m.code > $3)
         ORDER BY m.code LIMIT $4
        """,
        fault,
        category_id,
        after,
        limit,
    )
    return [
        Untidy(
            row["product_id"], row["code"], row["name"], row["category_name"],
            tuple(row["faults"]), tuple((row["alike"] or ())[:10]),
        )
        for row in rows
    ]  # fmt: skip


async def long_standing(tx: Tx, since: datetime, after: str | None, limit: int) -> list[tuple[UUID, str, str]]:
    """Physical products that are not archived and were not made since, by code: (id, code, name).

    Those that only group variants never move and are left out.
    """
    rows = await tx.fetch(
        """
        SELECT p.id, p.code, p.name FROM product p
         WHERE p.kind = 'physical' AND NOT p.is_archived AND ($2::text IS NULL OR p.code > $2)
           AND NOT EXISTS (SELECT FROM product v WHERE v.variant_of = p.id)
           AND NOT EXISTS (SELECT FROM change c WHERE c.subject = 'product:' || p.id AND c.field = 'created'
                                                  AND c.changed_at > $1)
         ORDER BY p.code LIMIT $3
        """,
        since,
        after,
        limit,
    )
    return [(row["id"], row["code"], row["name"]) for row in rows]
