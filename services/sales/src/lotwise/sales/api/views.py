"""The only home of how records are shown: joined with names of today, and the refusals inside a batch."""

from collections.abc import Iterable
from datetime import tzinfo
from typing import Any, Protocol
from uuid import UUID

import orjson
from pydantic import ValidationError

from lotwise.kit.database import Tx
from lotwise.kit.principal import Principal
from lotwise.kit.problems import of_validation
from lotwise.sales.domain.charges import Charge, ChargeLine
from lotwise.sales.domain.definitions import NO_TAX, TaxSlots
from lotwise.sales.domain.explanations import percent_text
from lotwise.sales.domain.prices import slots_at
from lotwise.sales.domain.receipts import tax_totals
from lotwise.sales.domain.refusals import UnknownCharge
from lotwise.sales.operations.answers import charge_answer, payment_answer, return_answer, void_answer
from lotwise.sales.operations.selling import Selling
from lotwise.sales.repository import charges as rows
from lotwise.sales.repository import dispensed, payments
from lotwise.sales.repository import returns as return_rows
from lotwise.values import format_quantity, site_day

Json = dict[str, Any]


class Zones(Protocol):
    """Gives a time zone by its IANA name."""

    def __call__(self, name: str, /) -> tzinfo:
        """The zone."""


def refused(row_id: UUID, problem: Any) -> Json:
    """A row of a batch that changed nothing."""
    return {"id": row_id, "outcome": "refused", "number": None, "total_minor": None, "problem": problem}


def validation(error: ValidationError) -> Any:
    """The problem of a row that fits no shape."""
    return orjson.loads(of_validation(error.errors(include_url=False, include_context=False)).body)


async def charge(tx: Tx, selling: Selling, charge_id: UUID, who: Principal) -> Json:
    """A charge with names, reversal and returns. Raises UnknownCharge, also for one at a site out of reach."""
    kept = (await rows.load(tx, [charge_id])).get(charge_id)
    if kept is None or not who.allows("sales.read", kept.charge.site):
        raise UnknownCharge(f"no charge has the id {charge_id}")
    void = await rows.void_of(tx, charge_id)
    returned = await return_rows.returned(tx, [charge_id])
    back = await return_rows.load(tx, charge_id=charge_id)
    confirmed = await dispensed.of_charge(tx, charge_id)
    shown = charge_answer(kept.charge, kept.recorded_at, kept.charge.state)
    for row, line in zip(shown["lines"], kept.charge.lines, strict=True):
        product = selling.prices.book.products.get(line.product_id)
        row["code"] = None if product is None else product.code
        row["name"] = None if product is None else product.name
        row["tax_inclusive"] = line.tax_inclusive
        row["dispensed"] = confirmed.get(line.line)
        row["returned"] = format_quantity(returned.get((charge_id, line.line), 0), line.unit_decimals)
    shown["void"] = None if void is None else void_answer(void)
    shown["returns"] = [return_answer(one.back, one.recorded_at) for one in back]
    shown["payments"] = [payment_answer(one) for one in (await payments.of_charges(tx, [charge_id])).get(charge_id, ())]
    shown["session_id"] = kept.charge.session_id
    shown["due_minor"] = kept.charge.due_minor
    return shown


def receipt(selling: Selling, shown: Json, kept: Charge, slots: Iterable[TaxSlots], zone: Zones) -> Json:
    """A shown charge as it is printed: the site's name and clock, and each tax with its name and rate."""
    site = selling.prices.book.sites.get(kept.site)
    time_zone = "UTC" if site is None else site.time_zone
    in_force = slots_at(slots, site_day(kept.happened_at, time_zone))
    return {
        **shown,
        "site_name": kept.site if site is None else site.name,
        "local_time": kept.happened_at.astimezone(zone(time_zone)).strftime("%Y-%m-%d %H:%M"),
        "taxes": taxes(kept, in_force),
    }


def taxes(kept: Charge, slots: TaxSlots = NO_TAX) -> list[Json]:
    """Each tax of a charge with its name, its percent, what was taxed and the tax."""
    return tax_answers(kept.lines, slots)


def tax_answers(lines: Iterable[ChargeLine], slots: TaxSlots) -> list[Json]:
    """Each tax of lines with its name, its percent, what was taxed and the tax."""
    return [
        {"name": one.name, "percent": percent_text(one.rate), "base_minor": one.base_minor, "tax_minor": one.tax_minor}
        for one in tax_totals(lines, slots)
    ]
