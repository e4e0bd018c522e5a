"""HTTP of recipes: what a service consumes."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.catalog.api.shapes import Shape
from lotwise.catalog.domain.refusals import RecipeNotAllowed
from lotwise.catalog.operations import recipes
from lotwise.catalog.operations.recipes import Recipe
from lotwise.contracts.fields import Id, PositiveQuantity
from lotwise.kit.commands import Answer, Cmd, Read, dump
from lotwise.kit.etag import etag
from lotwise.kit.web import Router
from lotwise.values import Unknown, format_quantity

router = Router(tags=["recipes"])


class RecipeLineShape(Shape):
    """A quantity of a product in its unit."""

    product_id: Id
    quantity: PositiveQuantity


class RecipeFields(Shape):
    """All lines of a recipe; none takes it back."""

    lines: Annotated[list[RecipeLineShape], Field(max_length=100)]


class RecipeLineOut(BaseModel):
    """A line as lists show it."""

    product_id: UUID
    code: str
    name: str
    quantity: str
    unit: str


class RecipeOut(BaseModel):
    """What a service consumes."""

    service_id: UUID
    lines: list[RecipeLineOut]
    revision: int


def _recipe(recipe: Recipe) -> RecipeOut:
    lines = [(line, recipe.products[line.product_id]) for line in recipe.lines]
    return RecipeOut(
        service_id=recipe.service.id,
        lines=[
            RecipeLineOut(
                product_id=product.id,
                code=product.code,
                name=product.name,
                quantity=format_quantity(line.quantity, product.unit_decimals),
                unit=product.unit,
            )
            for line, product in lines
        ],
        revision=recipe.revision,
    )


@router.get("/services/{service_id}/recipe", permission="catalog.read", refusals=(Unknown,), site="chain")
async def get_recipe(read: Read, service_id: UUID) -> Answer[RecipeOut]:
    """What a service consumes; no lines before the first recipe."""
    async with read.connection() as tx:
        recipe = await recipes.load(tx, service_id)
    return Answer(dump(_recipe(recipe)), headers={"ETag": etag(recipe.revision)})


@router.put(
    "/services/{service_id}/recipe", permission="catalog.write", refusals=(Unknown, RecipeNotAllowed), site="chain"
)
async def define_recipe(cmd: Cmd, service_id: UUID, body: RecipeFields) -> Answer[RecipeOut]:
    """Replace what a service consumes; the same again changes nothing."""
    async with cmd.transaction() as tx:
        lines = [(line.product_id, line.quantity) for line in body.lines]
        recipe = await recipes.define(tx, service_id, lines, cmd.who.actor)
        return await cmd.answer(tx, _recipe(recipe), revision=recipe.revision)
