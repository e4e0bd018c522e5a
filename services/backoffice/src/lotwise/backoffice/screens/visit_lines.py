"""The only home of what a treatment drew as a form says it: quantities, lots by scan or number, prescriptions."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from lotwise.backoffice.gateway import Refused, Rows, Shape, Unreachable, or_else
from lotwise.backoffice.screens.bills import is_id
from lotwise.backoffice.session import Visitor


class Line(Shape):
    """A product that a treatment is expected to take."""

    product_id: UUID
    code: str = ""
    name: str = ""
    unit: str = "piece"
    expected: str = "0"
    confirm_lot: bool = False
    drug_class: str = "otc"


class LotHere(Shape):
    """A lot at the site."""

    lot_id: UUID
    lot_number: str = ""
    expires_on: date | None = None
    quantity: str = "0"
    state: str = "shelf"


async def lots_of(who: Visitor, site: str, product_id: UUID | str) -> list[LotHere]:
    """The usable lots of a product at a site, what is open first, then the soonest expiry; none when stock is away."""
    found: dict[UUID, LotHere] = {}
    for state in ("in_use", "shelf"):
        call = who.gateway.rows(LotHere, "stock", "/v1/lots", site=site, product=product_id, state=state, limit=20)
        for row in (await or_else(call, Rows([]))).rows:
            if row.expires_on is None or row.expires_on >= who.today:
                found.setdefault(row.lot_id, row)
    return list(found.values())


async def drawn_lines(
    who: Visitor, site: str, expected: Sequence[Line], form: dict[str, str]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The lines that a form says, in the words of sales, or what is wrong by field."""
    lines: list[dict[str, Any]] = []
    errors: dict[str, str] = {}
    for line in expected:
        one = line.product_id
        lot_id, wrong = await lot_meant(who, site, one, form.get(f"lot_{one}", ""))
        if wrong:
            errors[f"lot_{one}"] = wrong
        lines.append(
            {
                "product_id": str(one),
                "drawn": form.get(f"drawn_{one}") or None,
                "lot_id": lot_id,
                "prescriber": form.get(f"prescriber_{one}", ""),
                "order_reference": form.get(f"order_{one}", ""),
            }
        )
    return lines, errors


async def lot_meant(who: Visitor, site: str, product_id: UUID | str, typed: str) -> tuple[str | None, str]:
    """The lot that a scan, a lot number or an id means; or none and why."""
    if not typed or is_id(typed):
        return typed or None, ""
    for lot in await lots_of(who, site, product_id):
        if lot.lot_number == typed:
            return str(lot.lot_id), ""
    try:
        scan = await who.gateway.raw("stock", "/v1/scan", data=typed, site=site, product=product_id)
    except (Refused, Unreachable):
        return None, "No lot of this product has that number here."
    hits = [lot for lot in scan["lots"] if lot["product_id"] == str(product_id)]
    return (hits[0]["lot_id"], "") if hits else (None, "No lot of this product has that number here.")
