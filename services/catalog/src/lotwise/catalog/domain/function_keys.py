"""The only home of which product a function key picks: pinned ones at their places, the sorted list in between."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from lotwise.catalog.domain.products import Product
from lotwise.values import BadValue

KEYS = 12


def pinned(wanted: Sequence[tuple[int, UUID]], products: Mapping[UUID, Product]) -> dict[int, UUID]:
    """The keys of a site by number. Raises BadValue for a key or product twice, unknown or archived."""
    keys = dict(wanted)
    if len(keys) != len(wanted):
        raise BadValue("A key is pinned twice.", field="keys")
    if len(set(keys.values())) != len(keys):
        raise BadValue("A product is pinned to two keys.", field="keys")
    for key, product_id in keys.items():
        product = products.get(product_id)
        if product is None:
            raise BadValue(f"There is no product {product_id} for F{key}.", field="keys")
        if product.is_archived:
            raise BadValue(f"{product.code} is archived, so no key picks it.", field="keys")
    return keys


def filled(pins: Mapping[int, UUID], listed: Sequence[UUID]) -> dict[int, UUID]:
    """Key by number: pins stay where they are, the others are the first of the list that no key picks yet (CAT-46)."""
    taken = set(pins.values())
    rest = iter([product_id for product_id in listed if product_id not in taken])
    found: dict[int, UUID] = {}
    for key in range(1, KEYS + 1):
        product_id = pins.get(key) or next(rest, None)
        if product_id is not None:
            found[key] = product_id
    return found
