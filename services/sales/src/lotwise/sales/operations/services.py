"""The only home of which products are services, and of the goods that a treatment may draw."""

from lotwise.sales.domain.definitions import Product
from lotwise.sales.domain.refusals import BadQuantity, NotAService, NotForSale, UnknownProduct
from lotwise.values import parse_quantity


def check_service(product: Product | None, named: object) -> Product:
    """The service that was named. Raises UnknownProduct, or NotAService for goods."""
    if product is None:
        raise UnknownProduct(f"no service is known as {str(named)[:64]!r}", field="service_id")
    if product.kind != "service":
        raise NotAService(
            f"{product.name} is not a service", field="service_id", ways_out=("choose a service", "charge the goods"),
            code_of_product=product.code,
        )  # fmt: skip
    return product


def check_drawn(product: Product | None, named: object, quantity: str | None, index: int) -> Product:
    """The goods that a treatment drew. Raises UnknownProduct, NotForSale for what has no stock, BadQuantity."""
    if product is None:
        raise UnknownProduct(f"no product is known as {str(named)[:64]!r}", field=f"lines.{index}.product_id")
    if product.kind != "physical":
        raise NotForSale(
            f"{product.name} has no stock to draw from", field=f"lines.{index}.product_id",
            ways_out=("name the goods that were used",), code_of_product=product.code,
        )  # fmt: skip
    if quantity is not None:
        try:
            drawn = parse_quantity(quantity, product.unit_decimals)
        except ValueError as error:
            raise BadQuantity(str(error), field=f"lines.{index}.drawn") from None
        if drawn < 0:
            raise BadQuantity("nothing can be drawn below zero", field=f"lines.{index}.drawn")
    return product
