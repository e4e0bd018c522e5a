"""Use cases of what suppliers offer, and of whom we prefer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.purchasing.domain.products import Offer, Product, must_be_orderable
from lotwise.purchasing.operations import shortages, suppliers
from lotwise.purchasing.repository import definitions, locking
from lotwise.purchasing.repository import offers as rows
from lotwise.purchasing.repository import shortages as shortage_rows
from lotwise.purchasing.repository.offers import CHAIN
from lotwise.values import BadValue, Unknown, parse_quantity


async def product_of(tx: Tx, product_id: UUID) -> Product:
    """Our copy of a product. Raises Unknown."""
    product = (await definitions.products(tx, [product_id])).get(product_id)
    if product is None:
        raise Unknown(f"There is no product {product_id}.", field="product_id")
    return product


async def define(
    tx: Tx,
    supplier_id: UUID,
    product_id: UUID,
    fields: Mapping[str, Any],
    preferred: tuple[bool | None, Sequence[str] | None],
    exponent: int,
) -> Offer:
    """Say what a supplier offers of a product, and where it is preferred: for the chain, and at which sites.

    A product's first supplier is preferred unless the request says no. Shortages that had no supplier get one.
    Raises Unknown, NotForOrdering, BadValue.
    """
    await locking.suppliers(tx)
    await suppliers.load(tx, supplier_id)
    product = await product_of(tx, product_id)
    must_be_orderable(product)
    was = await rows.find(tx, supplier_id, product_id) or Offer(supplier_id, product_id, pack_units=_one(product))
    told = dict(fields)
    if "pack_units" in told:
        told["pack_units"] = _pack_units(told["pack_units"], product)
    now = replace(was, **told)
    if now != was or was.revision == 0:
        now = replace(now, revision=was.revision + 1)
        await rows.store(tx, now)
    await _prefer(tx, supplier_id, product_id, *preferred)
    await shortages.answer_again(tx, await shortage_rows.unsourced(tx, product_id), exponent)
    return now


def _one(product: Product) -> int:
    one: int = 10**product.unit_decimals
    return one


def _pack_units(text: str, product: Product) -> int:
    try:
        units = parse_quantity(text, product.unit_decimals)
    except ValueError as problem:
        raise BadValue(str(problem), field="pack_units") from None
    if units <= 0:
        raise BadValue("A pack holds more than nothing.", field="pack_units")
    return units


async def _prefer(
    tx: Tx, supplier_id: UUID, product_id: UUID, is_preferred: bool | None, sites: Sequence[str] | None
) -> None:
    places = await rows.preferred_places(tx, supplier_id, product_id)
    if is_preferred is None:
        is_preferred = CHAIN in places or not await rows.has_preferred(tx, product_id)
    wanted = [place for place in places if place != CHAIN] if sites is None else sorted(set(sites))
    unknown = set(wanted) - await definitions.known_sites(tx, wanted)
    if unknown:
        raise Unknown(f"There is no site {min(unknown)}.", field="preferred_at")
    wanted += [CHAIN] if is_preferred else []
    await rows.unprefer(tx, supplier_id, product_id, wanted)
    await rows.prefer(tx, supplier_id, product_id, wanted)
