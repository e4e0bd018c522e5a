"""The only home of what a treatment takes: its recipe times its sessions, and what was drawn where somebody said so."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from lotwise.sales.domain.refusals import BadMoment, BadQuantity, DuplicateLine, NotPermitted
from lotwise.values import BIGINT_MAX, parse_quantity

DECIMALS = 6
"""Quantities of treatments are kept in millionths of the product's unit: a recipe may be known before its product."""
SLACK = timedelta(minutes=5)
LATE = timedelta(days=7)
"""How late a person may record a treatment."""


class TreatmentLine(NamedTuple):
    """A product of a treatment in the order of its columns; quantities in millionths of the unit."""

    product_id: UUID
    expected: int
    drawn: int | None
    lot_id: UUID | None
    prescriber: str
    order_reference: str

    @property
    def used(self) -> int:
        """What it took as far as sales knows: what was drawn, else what was expected."""
        return self.expected if self.drawn is None else self.drawn


class Treatment(NamedTuple):
    """A treatment in the order of its columns, then its lines."""

    treatment_id: UUID
    site: str
    appointment_id: UUID | None
    service_id: UUID
    member_id: UUID | None
    practitioner: str
    happened_at: datetime
    sessions: int
    recipe_revision: int
    source: str
    revision: int
    actor: str
    is_licensed: bool
    recorded_at: datetime
    updated_at: datetime
    lines: Sequence[TreatmentLine]

    @property
    def said(self) -> tuple[object, ...]:
        """What was said of it: the same under one id is the same treatment."""
        return (*self[1:8], tuple(self.lines))


class Drawn(NamedTuple):
    """What somebody recorded of a product: the drawn quantity as text in its unit, the lot, the prescription."""

    product_id: UUID
    drawn: str | None
    lot_id: UUID | None
    prescriber: str
    order_reference: str


def check_moment(happened_at: datetime, now: datetime, *, may_backdate: bool) -> None:
    """Refuse a treatment in the future (BadMoment), or one recorded later than a week after (NotPermitted)."""
    if happened_at > now + SLACK:
        raise BadMoment("the treatment lies in the future", field="happened_at", happened_at=happened_at.isoformat())
    if happened_at < now - LATE and not may_backdate:
        raise NotPermitted("a treatment of more than 7 days ago needs the permission charge.backdate")


def expected(recipe: Iterable[tuple[UUID, str]], sessions: int) -> dict[UUID, int]:
    """What a recipe takes for so many sessions, by product. Raises BadQuantity beyond what can be kept."""
    found: dict[UUID, int] = {}
    for product_id, quantity in recipe:
        found[product_id] = found.get(product_id, 0) + max(0, parse_quantity(quantity, DECIMALS)) * sessions
    if any(quantity > BIGINT_MAX for quantity in found.values()):
        raise BadQuantity("so many sessions take more than any stock", field="sessions", sessions=sessions)
    return found


def lines_of(recipe: Iterable[tuple[UUID, str]], sessions: int, drawn: Sequence[Drawn]) -> list[TreatmentLine]:
    """The recipe's products and those drawn beside it, in that order. Raises BadQuantity and DuplicateLine."""
    wanted = expected(recipe, sessions)
    said: dict[UUID, Drawn] = {}
    for index, one in enumerate(drawn):
        if one.product_id in said:
            raise DuplicateLine("name each product once", field=f"lines.{index}.product_id")
        said[one.product_id] = one
    found = []
    for product_id in dict.fromkeys((*wanted, *said)):
        one = said.get(product_id) or Drawn(product_id, None, None, "", "")
        quantity = None if one.drawn is None else _quantity(one.drawn, list(said).index(product_id))
        found.append(
            TreatmentLine(
                product_id, wanted.get(product_id, 0), quantity, one.lot_id, one.prescriber, one.order_reference
            )
        )
    return found


def _quantity(text: str, index: int) -> int:
    try:
        quantity = parse_quantity(text, DECIMALS)
    except ValueError as error:
        raise BadQuantity(str(error), field=f"lines.{index}.drawn") from None
    if quantity < 0:
        raise BadQuantity("nothing can be drawn below zero", field=f"lines.{index}.drawn")
    return quantity
