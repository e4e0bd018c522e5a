"""The only home of the shapes that stock takes and gives over HTTP; quantities are decimals in the product's unit."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from lotwise.contracts.fields import Note, QuantityText
from lotwise.kit import context
from lotwise.kit.commands import Command
from lotwise.kit.service import Runtime
from lotwise.stock.domain.cells import Taken
from lotwise.stock.domain.places import Product
from lotwise.values import Refusal, currency_exponent, format_quantity

LotNumber = Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$", strip_whitespace=True)]
SerialNumber = Annotated[
    str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$", strip_whitespace=True)
]
Short = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$", strip_whitespace=True)]
AreaName = Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$", strip_whitespace=True)]
ReasonText = Annotated[Note, Field(min_length=1)]
Quantity = QuantityText


class Strict(BaseModel):
    """A request: unknown fields are refused, so that a typo is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ProblemOut(BaseModel):
    """A no inside of an answer about many: the same words as problem+json."""

    status: int
    code: str
    title: str
    detail: str
    field: str | None = None
    numbers: dict[str, Any] = {}
    ways_out: list[str] = []


class LotMoved(BaseModel):
    """A quantity of one lot that moved, with its cost in minor units."""

    product_id: UUID
    lot_id: UUID | None
    lot_number: str
    expires_on: date | None
    quantity: str
    cost_minor: int


def problem_of(refusal: Refusal) -> ProblemOut:
    """A refusal as a row of an answer."""
    return ProblemOut(
        status=refusal.status,
        code=refusal.code,
        title=refusal.title,
        detail=refusal.detail,
        field=refusal.field,
        numbers=dict(refusal.numbers),
        ways_out=list(refusal.ways_out),
    )


def moved(product: Product, one: Taken) -> LotMoved:
    """A taken quantity in the API's words."""
    return LotMoved(
        product_id=product.id,
        lot_id=one.lot.id if one.lot else None,
        lot_number=one.lot.number if one.lot else "",
        expires_on=one.lot.expires_on if one.lot else None,
        quantity=format_quantity(one.quantity, product.decimals),
        cost_minor=one.cost,
    )


def exponent(runtime: Runtime) -> int:
    """The decimals of the chain's currency."""
    return currency_exponent(runtime.settings.currency)


def trace() -> str:
    """The running request's trace id, "" without one: it goes into the ledger (N-18)."""
    parts = (context.current_traceparent() or "").split("-")
    return parts[1] if len(parts) == 4 else ""


def text(quantity: int | None, decimals: int) -> str | None:
    """A quantity as text, None as None."""
    return None if quantity is None else format_quantity(quantity, decimals)


def actor(cmd: Command) -> str:
    """Who does it, as the ledger keeps it."""
    return cmd.who.actor
