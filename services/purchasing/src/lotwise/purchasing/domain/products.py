"""The only home of what purchasing knows of a product, a site and who supplies them."""

from dataclasses import dataclass
from uuid import UUID

from lotwise.purchasing.domain.refusals import NotForOrdering


@dataclass(frozen=True, slots=True)
class Product:
    """Our copy of a product; quantities in smallest units, cost in micros per unit."""

    id: UUID
    code: str
    name: str
    kind: str
    unit: str
    unit_decimals: int
    cost: int | None = None
    normal_order_quantity: int | None = None
    supplier_id: UUID | None = None
    supplier_code: str = ""
    is_archived: bool = False
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """What a supplier offers of a product: its pack (smallest units), cost (micros), lead time and own code."""

    supplier_id: UUID
    product_id: UUID
    pack_name: str = ""
    pack_units: int = 1
    cost: int | None = None
    lead_time_days: int | None = None
    supplier_code: str = ""
    revision: int = 0


def must_be_orderable(product: Product) -> None:
    """Pass for a physical product that is not archived. Raises NotForOrdering."""
    if product.kind != "physical":
        raise NotForOrdering(
            f"{product.code} is {product.kind}; only physical products are ordered.", code=product.code
        )
    if product.is_archived:
        raise NotForOrdering(f"{product.code} is archived.", ways_out=("restore it in the catalog",), code=product.code)
