"""Use cases of recipes."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from lotwise.catalog.domain.products import Product
from lotwise.catalog.domain.recipes import RecipeLine, recipe_of
from lotwise.catalog.operations import products, telling
from lotwise.catalog.repository import changes, locking
from lotwise.catalog.repository import products as product_rows
from lotwise.catalog.repository import recipes as rows
from lotwise.catalog.repository.changes import Change
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe with the products its lines name."""

    service: Product
    lines: tuple[RecipeLine, ...]
    products: dict[UUID, Product]
    revision: int


async def load(tx: Tx, service_id: UUID) -> Recipe:
    """The recipe of a service; empty before the first. Raises Unknown."""
    service = (await products.load(tx, service_id)).product
    lines, revision = await rows.get(tx, service_id)
    return Recipe(service, lines, await _products(tx, [line.product_id for line in lines]), revision)


async def define(tx: Tx, service_id: UUID, wanted: Sequence[tuple[UUID, str]], who: str) -> Recipe:
    """Replace what a service consumes; the same recipe again says nothing.

    Raises Unknown, RecipeNotAllowed, BadValue.
    """
    await locking.definitions(tx)
    was = await load(tx, service_id)
    named = await _products(tx, [product_id for product_id, _ in wanted])
    bases = await product_rows.variants_of(tx, list(named))
    lines = recipe_of(was.service, wanted, named, bases)
    if lines == was.lines:
        return was
    now = Recipe(was.service, lines, named, was.revision + 1)
    await rows.store(tx, service_id, lines, now.revision)
    await changes.keep(tx, [Change(f"product:{service_id}", "recipe", was.lines, lines)], who)
    decimals = {product_id: product.unit_decimals for product_id, product in named.items()}
    await tell(tx, telling.recipe_defined(service_id, lines, decimals, now.revision))
    return now


async def _products(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Product]:
    return {product_id: shown.product for product_id, shown in (await product_rows.by_ids(tx, ids)).items()}
