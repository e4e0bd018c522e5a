"""The only home of the rules of add-ons: what may be offered with a service (CAT-15)."""

from collections.abc import Mapping
from uuid import UUID

from lotwise.catalog.domain import codes
from lotwise.catalog.domain.products import Product
from lotwise.catalog.domain.refusals import BadAddOn

PRODUCT = "product"


def check_kind(product: Product) -> None:
    """Pass when the product may be the add-on it says it is. Raises BadAddOn.

    An add-on product is a physical one that is for sale; an upgrade or more time is a service.
    """
    if product.add_on_kind is None:
        return
    if product.add_on_kind == PRODUCT:
        if product.kind != "physical" or product.purpose == "back_bar":
            raise BadAddOn("An add-on product is a physical product that is for sale.", field="add_on_kind")
    elif product.kind != "service":
        raise BadAddOn("An upgrade or more time is a service.", field="add_on_kind")


def check_list(product: Product, known: Mapping[UUID, Product]) -> None:
    """Pass when everything offered with the product is an add-on. Raises BadAddOn naming the first that is not."""
    if not product.add_ons:
        return
    if codes.item_type(product.code, product.kind, product.purpose) not in codes.TIMED:
        raise BadAddOn(f"{product.code} is no service; add-ons are offered with services.", field="add_ons")
    if len(set(product.add_ons)) != len(product.add_ons):
        raise BadAddOn("An add-on stands twice in the list.", field="add_ons")
    for one in product.add_ons:
        offered = known.get(one)
        if one == product.id:
            raise BadAddOn(f"{product.code} cannot be offered with itself.", field="add_ons")
        if offered is None:
            raise BadAddOn(f"There is no product {one}.", field="add_ons")
        if offered.add_on_kind is None:
            raise BadAddOn(
                f"{offered.code} is no add-on.",
                field="add_ons",
                ways_out=(f"mark {offered.code} as an add-on first",),
            )
