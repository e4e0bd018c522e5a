"""The only home of the rules of variants: a base product groups them, and is itself neither sold nor kept (CAT-14)."""

from uuid import UUID

from lotwise.catalog.domain.products import NO_CONTAINER, Product
from lotwise.catalog.domain.refusals import BadVariant, BaseNotSold

_OWN_LIFE = ("reorder_at", "normal_order_quantity", "barcodes", "packs", "is_serialised", "add_on_kind", "add_ons")


def check_variant(product: Product, base: Product | None, variants_of_it: int) -> None:
    """Pass when the product may be a variant of the base. Raises BadVariant with the reason.

    A variant has no variants of its own, its base is no variant, and both are of one kind.
    """
    if product.variant_of is None:
        if product.variant_name:
            raise BadVariant("Only a variant has a variant's name.", field="variant_name")
        return
    reason = _reason(product, base, variants_of_it)
    if reason is not None:
        raise BadVariant(reason, field="variant_of")


def _reason(product: Product, base: Product | None, variants_of_it: int) -> str | None:
    if base is None:
        return f"There is no product {product.variant_of} to be a variant of."
    reasons = {
        f"{product.code} cannot be a variant of itself.": base.id == product.id,
        f"{base.code} is a variant already; a variant of a variant is not allowed.": base.variant_of is not None,
        f"{product.code} has {variants_of_it} variants of its own, so it cannot be a variant.": variants_of_it > 0,
        f"{base.code} is {base.kind} and {product.code} is {product.kind}; both must be the same.": (
            base.kind != product.kind
        ),
        f"{base.code} is archived; restore it first.": base.is_archived and product.revision == 0,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def check_base(base: Product, *, has_price: bool, used: tuple[str, ...] = ()) -> None:
    """Pass when a product that has variants is bare. Raises BaseNotSold with everything it has of its own."""
    found = [name for name in _OWN_LIFE if getattr(base, name)]
    found += ["container_rule"] if base.container_rule != NO_CONTAINER else []
    found += ["price"] if has_price else []
    if found or used:
        told = [*(name.replace("_", " ") for name in found), *used]
        raise BaseNotSold(
            f"{base.code} groups variants, so it is itself neither sold nor kept; it has: {', '.join(told)}.",
            field=found[0] if found else "variant_of",
            ways_out=("give this to its variants", "define a new product that only groups the variants"),
            has=told,
        )


def check_unpriced(product_id: UUID, code: str, variants_of_it: int) -> None:
    """Pass when a product may have a price: one that has variants may not. Raises BaseNotSold."""
    if variants_of_it:
        raise BaseNotSold(
            f"{code} groups {variants_of_it} variants and is not sold itself.",
            field="price",
            ways_out=("give the price to its variants",),
            product_id=str(product_id),
        )
