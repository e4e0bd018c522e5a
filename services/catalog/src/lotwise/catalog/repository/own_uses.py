"""SQL of where the catalog itself uses a product, in words for a person."""

from collections.abc import Sequence
from uuid import UUID

from lotwise.catalog.repository import discounts, packages
from lotwise.kit.database import Tx


async def of(tx: Tx, product_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Why each product is in use here: recipes, packages, add-on lists, discounts, variants; unused ones left out."""
    found: dict[UUID, list[str]] = {}
    for row in await tx.fetch(_RECIPES_AND_LISTS, list(product_ids)):
        found.setdefault(row["product_id"], []).append(row["reason"])
    for product_id, codes in (await packages.holding(tx, product_ids)).items():
        found.setdefault(product_id, []).extend(f"it is in the package {code}" for code in codes)
    for product_id, names in (await discounts.naming(tx, product_ids)).items():
        found.setdefault(product_id, []).extend(f"the discount {name} names it" for name in names)
    return found


_RECIPES_AND_LISTS = """
    SELECT l.product_id, 'it stands in the recipe of ' || p.code AS reason, 1 AS part, p.code AS code
      FROM recipe_line l JOIN product p ON p.id = l.service_id WHERE l.product_id = ANY($1)
     UNION ALL
    SELECT a.add_on_id, 'it is an add-on of ' || p.code, 2, p.code
      FROM product_add_on a JOIN product p ON p.id = a.product_id WHERE a.add_on_id = ANY($1)
     UNION ALL
    SELECT v.variant_of, 'its variant is ' || v.code, 3, v.code FROM product v WHERE v.variant_of = ANY($1)
     ORDER BY part, code
"""
