"""The only home of what a change of a product looks like to a person: the columns of a file, before and after."""

from collections.abc import Sequence

from lotwise.catalog.domain import prices
from lotwise.catalog.domain.prices import Price
from lotwise.catalog.domain.products import Product
from lotwise.catalog.domain.sheets import COLUMNS, row_of
from lotwise.catalog.operations.worlds import Changes, World


def changes(world: World, before: tuple[Product, Sequence[Price]], now: Product) -> Changes:
    """The columns that differ, each with its text before and after; prices are the chain's at this moment."""
    was = _row(world, *before)
    then = _row(world, now, world.prices.get(now.id, []))
    return tuple((name, was[name], then[name]) for name in COLUMNS if was[name] != then[name])


def _row(world: World, product: Product, listed: Sequence[Price]) -> dict[str, str]:
    category = world.category_names.get(product.category_id) if product.category_id else None
    standing = [prices.valid_at(listed, world.now, None, audience) for audience in (prices.EVERYONE, prices.MEMBERS)]
    told = [None if price is None else price.price for price in standing]
    numbers = {supplier: number for number, supplier in world.supplier_numbers.items()}
    base = world.by_id.get(product.variant_of) if product.variant_of else None
    return row_of(
        product,
        category,
        (told[0], told[1]),
        numbers.get(product.supplier_id) if product.supplier_id else None,
        base.code if base else None,
        tuple(world.by_id[one].code if one in world.by_id else "…" for one in product.add_ons),
    )
