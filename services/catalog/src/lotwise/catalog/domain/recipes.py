"""The only home of the rules of recipes: what a service is expected to consume."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from lotwise.catalog.domain.products import Product
from lotwise.catalog.domain.refusals import RecipeNotAllowed
from lotwise.values import BadValue, Unknown, parse_quantity


@dataclass(frozen=True, slots=True)
class RecipeLine:
    """A quantity of a physical product, in its smallest units."""

    product_id: UUID
    quantity: int


def recipe_of(
    service: Product,
    wanted: Sequence[tuple[UUID, str]],
    products: Mapping[UUID, Product],
    bases: Collection[UUID] = (),
) -> tuple[RecipeLine, ...]:
    """The lines of a recipe from decimal strings, in the order given.

    `bases` are products that only group variants. Raises RecipeNotAllowed for a thing that is no service or a line
    that is not physical, groups variants or stands twice, Unknown for a product nobody defined, BadValue for a
    quantity that is not above zero in the product's decimals.
    """
    if service.kind != "service":
        raise RecipeNotAllowed(f"{service.code} is {service.kind}; only a service has a recipe.")
    if len({product_id for product_id, _ in wanted}) != len(wanted):
        raise RecipeNotAllowed("A product stands twice in the recipe.", field="lines")
    if found := next((products[product_id] for product_id, _ in wanted if product_id in bases), None):
        raise RecipeNotAllowed(
            f"{found.code} only groups variants; a recipe consumes one of them.", field="lines",
            ways_out=("choose one of its variants",),
        )  # fmt: skip
    return tuple(_line(product_id, text, products.get(product_id)) for product_id, text in wanted)


def _line(product_id: UUID, text: str, product: Product | None) -> RecipeLine:
    if product is None:
        raise Unknown(f"There is no product {product_id}.", field="lines")
    if product.kind != "physical":
        raise RecipeNotAllowed(f"{product.code} is {product.kind}; a recipe consumes physical products.", field="lines")
    try:
        quantity = parse_quantity(text, product.unit_decimals)
    except ValueError as problem:
        raise BadValue(str(problem), field="lines") from None
    if quantity <= 0:
        raise BadValue("A recipe consumes more than nothing.", field="lines")
    return RecipeLine(product_id, quantity)
