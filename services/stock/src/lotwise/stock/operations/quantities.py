"""The only home of saving a list of new quantities: all of them, exactly as the form showed, or none (STK-09)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.ids import named_id
from lotwise.kit.database import Tx
from lotwise.stock.domain.refusals import BadQuantity, UnknownProduct
from lotwise.stock.operations.adjustments import Adjusted, Adjustment, adjust
from lotwise.stock.repository.definitions import products_of
from lotwise.values import Refusal, format_quantity, parse_quantity


class NewQuantity(NamedTuple):
    """A product's new quantity, and the one the form was made from."""

    product_id: UUID
    expected: str
    quantity: str


class Form(NamedTuple):
    """A form as it is saved: one site, one reason, many products."""

    form_id: UUID
    site: str
    reason: str
    note: str
    actor: str
    trace_id: str = ""


async def save(tx: Tx, form: Form, rows: Sequence[NewQuantity], exponent: int) -> list[Adjusted]:
    """Correct every product to its new quantity in one batch; a saved form saved again changes nothing.

    Raises QuantityMoved when stock moved since the form was made, BadQuantity for a product named twice, and what an
    adjustment raises: then nothing of the form is saved.
    """
    products = await products_of(tx, {one.product_id for one in rows})
    if len({one.product_id for one in rows}) < len(rows):
        raise BadQuantity("A product stands twice in the form", field="rows")
    wanted: list[Adjustment] = []
    for one in rows:
        product = products.get(one.product_id)
        if product is None:
            raise UnknownProduct("No product has this id", field="product_id", product_id=str(one.product_id))
        expected, new = _read(one.expected, product.decimals), _read(one.quantity, product.decimals)
        if new < 0:
            raise BadQuantity(f"{product.name}: a quantity is not below zero", field="quantity")
        if new != expected:
            delta = format_quantity(new - expected, product.decimals)
            wanted.append(_row(form, one.product_id, delta, expected))
    outcomes = await adjust(tx, wanted, exponent) if wanted else []
    done: list[Adjusted] = []
    for outcome in outcomes:
        if isinstance(outcome, Refusal):
            raise outcome
        done.append(outcome)
    return done


def _read(text: str, decimals: int) -> int:
    try:
        return parse_quantity(text, decimals)
    except ValueError as error:
        raise BadQuantity(str(error), field="quantity", unit_decimals=decimals) from error


def _row(form: Form, product_id: UUID, delta: str, expected: int) -> Adjustment:
    adjustment_id = named_id("quantities", form.form_id, product_id)
    return Adjustment(
        adjustment_id, form.site, product_id, delta, form.reason, form.note, None, "", datetime.now(UTC), form.actor,
        form.trace_id, expected=expected,
    )  # fmt: skip
