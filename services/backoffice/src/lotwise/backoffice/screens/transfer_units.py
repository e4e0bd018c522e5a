"""The only home of the units that a transfer carries by their serial: ticked when they leave and when they come."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lotwise.backoffice.gateway import Refused, Rows, Shape, Unreachable, or_else
from lotwise.backoffice.screens.transfers import Transfer
from lotwise.backoffice.session import Visitor

PREFIX = "unit_"
UNITS_MAX = 200


class Unit(Shape):
    """A unit that may leave, or is on its way."""

    serial_id: UUID
    serial: str
    product_id: UUID | None = None
    lot_id: UUID | None = None
    lot_number: str = ""
    room: str = ""

    @property
    def field(self) -> str:
        """The box that it is ticked by."""
        return f"{PREFIX}{self.serial_id}"


async def leaving(who: Visitor, one: Transfer) -> dict[UUID, list[Unit]]:
    """The units with serials that may leave the sending site, by product; nothing when stock does not say."""
    products = sorted({str(line.product_id) for line in one.lines})
    try:
        found = await who.gateway.raw("stock", "/v1/serials/choices", site=one.from_site, product=products)
    except (Refused, Unreachable):
        return {}
    return {UUID(row["product_id"]): [Unit.model_validate(unit) for unit in row["units"]] for row in found["rows"]}


async def coming(who: Visitor, one: Transfer) -> dict[UUID, list[Unit]]:
    """The units with serials that are on their way with a transfer, by lot."""
    none: Rows[Unit] = Rows([])
    rows = who.gateway.rows(Unit, "stock", "/v1/serials", transfer=one.transfer_id, limit=UNITS_MAX)
    found: dict[UUID, list[Unit]] = {}
    for unit in (await or_else(rows, none)).rows:
        if unit.lot_id is not None:
            found.setdefault(unit.lot_id, []).append(unit)
    return found


def ticked(form: Mapping[str, str]) -> list[str]:
    """The ids of the units whose boxes are ticked."""
    return [name.removeprefix(PREFIX) for name in form if name.startswith(PREFIX)]


def all_ticked(units: Mapping[UUID, list[Unit]]) -> dict[str, Any]:
    """A form in which every unit is ticked."""
    return {unit.field: "true" for many in units.values() for unit in many}
