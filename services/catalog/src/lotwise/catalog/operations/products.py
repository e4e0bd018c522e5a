"""Use cases of a product's life: archive, restore, delete, costs learnt by receiving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from lotwise.catalog.domain.products import Product
from lotwise.catalog.domain.uses import Uses, must_be_unused
from lotwise.catalog.operations import telling
from lotwise.catalog.repository import changes, locking, own_uses, packages
from lotwise.catalog.repository import products as rows
from lotwise.catalog.repository.changes import Change
from lotwise.catalog.repository.products import Shown
from lotwise.contracts.catalog import ProductArchived
from lotwise.kit.database import Tx
from lotwise.kit.outbox import Told, tell
from lotwise.values import Unknown


@dataclass(frozen=True, slots=True)
class Learnt:
    """A cost that receiving taught: micros, with the revision that orders such lessons, and the event to tell it by."""

    product_id: UUID
    cost: int
    revision: int


async def load(tx: Tx, product_id: UUID) -> Shown:
    """The product. Raises Unknown."""
    shown = (await rows.by_ids(tx, [product_id])).get(product_id)
    if shown is None:
        raise Unknown(f"There is no product {product_id}.")
    return shown


async def set_archived(tx: Tx, product_id: UUID, who: str, *, is_archived: bool) -> Shown:
    """Hide a product from selling and ordering, or show it again (CAT-23); as it already is, nothing happens."""
    await locking.definitions(tx)
    shown = await load(tx, product_id)
    if shown.product.is_archived == is_archived:
        return shown
    product = replace(shown.product, is_archived=is_archived, revision=shown.product.revision + 1)
    await rows.store(tx, [product])
    await changes.keep(tx, [Change(f"product:{product_id}", "is_archived", not is_archived, is_archived)], who)
    await tell(tx, telling.product_defined(product, shown.category_name))
    if is_archived:
        await tell(tx, ProductArchived(product_id=product_id, revision=product.revision))
    return replace(shown, product=product)


async def archive_warnings(tx: Tx, product: Product) -> list[tuple[str, str]]:
    """What a person should look at twice when a product is archived: the packages that are still sold with it."""
    if not product.is_archived:
        return []
    held = await packages.holding(tx, [product.id], live_only=True)
    return [
        ("in-live-package", f"The package {code} holds {product.code} and is still sold.")
        for code in held.get(product.id, ())
    ]


async def check_unused(tx: Tx, product_id: UUID, answers: Mapping[str, Uses | None]) -> Product:
    """The product if nobody uses it. Raises Unknown, ProductInUse with the reasons, UsesNotKnown."""
    product = (await load(tx, product_id)).product
    must_be_unused(product.code, answers, (await own_uses.of(tx, [product_id])).get(product_id, []))
    return product


async def delete(tx: Tx, product_id: UUID, answers: Mapping[str, Uses | None], who: str) -> Product:
    """Remove an archived product that all others answered not to use. Raises as check_unused."""
    await locking.definitions(tx)
    product = await check_unused(tx, product_id, answers)
    await rows.delete(tx, product_id)
    await changes.keep(tx, [Change(f"product:{product_id}", "deleted", product.code, None)], who)
    return product


async def learn_costs(tx: Tx, learnt: Sequence[tuple[Learnt, Told]], who: str) -> None:
    """Keep the newest cost of each product (CAT-54); older lessons and unchanged costs say nothing."""
    newest: dict[UUID, Learnt] = {}
    for one, _ in learnt:
        if one.product_id not in newest or newest[one.product_id].revision < one.revision:
            newest[one.product_id] = one
    changed = await rows.costs_learnt(tx, [(one.product_id, one.cost, one.revision) for one in newest.values()])
    products = await rows.by_ids(tx, [product_id for product_id, _ in changed])
    await changes.keep(
        tx, [Change(f"product:{product_id}", "cost", was, newest[product_id].cost) for product_id, was in changed], who
    )
    causes = {one.product_id: told.cause for one, told in learnt}
    told = [
        Told(telling.product_defined(shown.product, shown.category_name), causes[product_id])
        for product_id, shown in products.items()
    ]
    await tell(tx, *told)
