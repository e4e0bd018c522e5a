"""The shapes of looking back over HTTP: an instant on either clock, and a level's figures as they were."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query

from lotwise.contracts.fields import Instant
from lotwise.stock.domain.costs import unit_cost
from lotwise.stock.domain.moments import Moment
from lotwise.stock.operations.moments import Then
from lotwise.values import BadValue, format_quantity, price_text

AsOf = Annotated[Instant | None, Query(description="As it was: what had happened by this instant, inclusive.")]
KnownAt = Annotated[Instant | None, Query(description="As we knew it: what was recorded by this instant, inclusive.")]


def moment_of(as_of: datetime | None, known_at: datetime | None, **only_now: object) -> Moment:
    """The moment asked for. Raises BadValue when a filter that only the present has is asked with it."""
    moment = Moment(as_of, known_at)
    for name, value in only_now.items():
        if value and not moment.is_now:
            raise BadValue(f"{name} looks at the present: leave it out when you look back", field=name)
    return moment


def figures_then(then: Then, moment: Moment, decimals_of_money: int) -> dict[str, Any]:
    """The fields of a level as of a moment; what is not kept of the past (holds, minimums, alarms) is null."""
    cell, figures = then
    decimals = cell["unit_decimals"]

    def number(name: str) -> int:
        return int(figures[name]) if figures is not None else 0

    def text(name: str) -> str:
        return format_quantity(number(name), decimals)

    on_hand, value = number("on_hand"), number("value_minor")
    return {
        "site": cell["site"], "product_id": cell["product_id"], "code": cell["code"], "name": cell["name"],
        "category_id": cell["category_id"], "category_name": cell["category_name"], "purpose": cell["purpose"],
        "unit": cell["unit"], "unit_decimals": decimals, "on_hand": text("on_hand"), "held": None, "available": None,
        "quarantined": text("quarantined"), "in_transit": text("in_transit"), "unattributed": text("unattributed"),
        "minimum": None, "reorder_at": None, "own_reorder_at": None, "normal_order_quantity": None,
        "value_minor": value,
        "unit_cost": price_text(unit_cost(value, on_hand, decimals, decimals_of_money)) if on_hand else None,
        "last_cost": None, "next_expiry": figures["next_expiry"] if figures is not None else None,
        "lots": number("lots"), "is_below": False, "is_at_reorder": False, "is_out": on_hand <= 0,
        "shortage_id": None, "short_since": None, "is_archived": cell["is_archived"], "revision": 0,
        "setting_revision": 0, "as_of": moment.as_of, "known_at": moment.known_at,
    }  # fmt: skip
