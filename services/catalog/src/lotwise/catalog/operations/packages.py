"""Use cases of packages: what a digital product gives, and what that saves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from lotwise.catalog.domain import packages
from lotwise.catalog.domain.packages import Package, Wanted
from lotwise.catalog.domain.products import Product
from lotwise.catalog.domain.refusals import BadPackage
from lotwise.catalog.operations import definitions, telling
from lotwise.catalog.operations import products as product_operations
from lotwise.catalog.operations.worlds import Wanted as WantedProduct
from lotwise.catalog.repository import changes, locking, sites
from lotwise.catalog.repository import packages as rows
from lotwise.catalog.repository import products as product_rows
from lotwise.catalog.repository.changes import Change
from lotwise.catalog.repository.products import Shown
from lotwise.kit.database import Tx
from lotwise.kit.etag import Expected
from lotwise.kit.outbox import tell
from lotwise.values import Unknown


@dataclass(frozen=True, slots=True)
class Held:
    """A package with its product and the products it holds."""

    package: Package
    product: Shown
    parts: Mapping[UUID, Shown]
    warnings: tuple[tuple[str, str], ...] = field(default=())


async def load(tx: Tx, product_id: UUID) -> Held:
    """The package. Raises Unknown for a product that is none (any more)."""
    package = await rows.find(tx, product_id)
    if package is None or not package.items:
        raise Unknown(f"The product {product_id} is no package.")
    return (await held(tx, [package]))[0]


async def held(tx: Tx, found: Sequence[Package]) -> list[Held]:
    """Packages with their products and what they hold."""
    ids = {one.product_id for one in found} | {item.product_id for one in found for item in one.items}
    shown = await product_rows.by_ids(tx, list(ids))
    return [
        Held(one, shown[one.product_id], parts := {item.product_id: shown[item.product_id] for item in one.items},
             tuple(_warnings(parts)))
        for one in found
    ]  # fmt: skip


def _warnings(parts: Mapping[UUID, Shown]) -> list[tuple[str, str]]:
    gone = [shown.product.code for shown in parts.values() if shown.product.is_archived]
    return [("archived-item", f"{code} is archived, and this package still holds it.") for code in gone]


async def create(
    tx: Tx, product: WantedProduct, items: Sequence[Wanted], told: Mapping[str, Any], who: str, *, currency: str
) -> Held:
    """Define a new digital product with what it gives. Raises what definitions raise, BadPackage, PackageLoop."""
    outcome = await definitions.define_one(tx, product, who, currency=currency)
    if outcome.product is None:
        raise Unknown("There is no product.")
    return await define(tx, outcome.product.id, items, told, Expected(None), who)


async def define(
    tx: Tx, product_id: UUID, items: Sequence[Wanted] | None, told: Mapping[str, Any], expected: Expected, who: str
) -> Held:
    """Define or change what a digital product gives; what is not sent stays, the same again says nothing.

    Raises Unknown, Stale, BadPackage, PackageLoop.
    """
    await locking.definitions(tx)
    product = (await product_operations.load(tx, product_id)).product
    was = await rows.find(tx, product_id)
    expected.check(was.revision if was else 0)
    if was is None and "package_type" not in told:
        raise BadPackage("Say which type of package it is.", field="package_type")
    base = was or Package(product_id, told["package_type"])
    if items is not None or was is None:
        base = replace(base, items=await _items(tx, product_id, items or (), base))
    now = await _checked(tx, replace(base, **_fields(told)), product)
    if was is not None and not packages.differences(was, now):
        return await load(tx, product_id)
    await _store(tx, was, replace(now, revision=(was.revision if was else 0) + 1), who)
    return await load(tx, product_id)


def _fields(told: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in told.items() if name in packages.FIELDS and name != "items"}
    if "redeem_at" in fields:
        fields["redeem_at"] = tuple(sorted(set(fields["redeem_at"])))
    return fields


async def _items(tx: Tx, package_id: UUID, wanted: Sequence[Wanted], was: Package) -> tuple[packages.Item, ...]:
    found = await product_rows.by_ids(tx, [one.product_id for one in wanted])
    known = {product_id: shown.product for product_id, shown in found.items()}
    held_before = {item.product_id for item in was.items}
    for product in known.values():
        if product.is_archived and product.id not in held_before:
            raise BadPackage(f"{product.code} is archived.", field="items", ways_out=(f"restore {product.code} first",))
    has_variants = {product_id: shown.variants for product_id, shown in found.items()}
    return packages.items_of(package_id, wanted, known, has_variants)


async def _checked(tx: Tx, package: Package, product: Product) -> Package:
    if missing := set(package.redeem_at) - await sites.known(tx, package.redeem_at):
        raise Unknown(f"There is no site {min(missing)[:40]}.", field="redeem_at")
    found = await product_rows.by_ids(tx, [item.product_id for item in package.items])
    known = {product_id: shown.product for product_id, shown in found.items()}
    if not package.items:
        raise BadPackage("A package holds something.", field="items", ways_out=("take the package back instead",))
    return packages.check(package, product, known)


async def withdraw(tx: Tx, product_id: UUID, who: str) -> Package:
    """Say that a product is no package any more; what was sold of it stays as it was told. Raises Unknown."""
    await locking.definitions(tx)
    was = (await load(tx, product_id)).package
    now = replace(was, items=(), revision=was.revision + 1)
    await _store(tx, was, now, who)
    return now


async def _store(tx: Tx, was: Package | None, now: Package, who: str) -> None:
    await rows.store(tx, now)
    differences = packages.differences(was, now)
    await changes.keep(
        tx, [Change(f"product:{now.product_id}", f"package {name}", old, new) for name, old, new in differences], who
    )
    found = await product_rows.by_ids(tx, [item.product_id for item in now.items])
    decimals = {product_id: shown.product.unit_decimals for product_id, shown in found.items()}
    await tell(tx, telling.package_defined(now, decimals))
