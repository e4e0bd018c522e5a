"""The only home of the units that a correction is about, by their serial: written off, or found again (STK-19)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.kit.database import Tx
from lotwise.stock.domain.places import Product
from lotwise.stock.domain.reasons import LOSS
from lotwise.stock.domain.refusals import SerialExists, SerialMove, SerialsDiffer
from lotwise.stock.domain.serials import IN_STOCK, LOST, SCRAPPED, repeated
from lotwise.stock.operations.serials import elsewhere, no_serials
from lotwise.stock.operations.whereabouts import place
from lotwise.stock.repository import serials as rows
from lotwise.stock.repository.serials import Draft, Step
from lotwise.values import format_quantity

Known = Mapping[tuple[UUID, str], Any]
"""The units of corrections by (product, number), locked."""


class Correction(NamedTuple):
    """A correction with its units: the signed quantity in smallest units, and the account of its reason."""

    adjustment_id: UUID
    site: str
    product: Product
    quantity: int
    account: str
    reason: str
    serials: Sequence[str]
    lot_id: UUID | None
    happened_at: datetime
    actor: str


async def lock_named(tx: Tx, wanted: set[tuple[UUID, str]]) -> Known:
    """The known units of these (product, number), locked; call it before the books are opened."""
    found = await rows.known_serials(tx, wanted, lock=True) if wanted else []
    return {(row["product_id"], row["number"]): row for row in found}


def lot_of_units(one: Correction, known: Known) -> UUID | None:
    """The lot that the named units decide; the given one when none are named.

    Raises SerialsDiffer when their number is not the quantity or they lie in several lots, SerialExists for one named
    twice, SerialMove for one that is not in stock here (written off) or is known and not lost (found).
    """
    if not one.serials:
        return one.lot_id
    _must_fit(one)
    units = [known.get((one.product.id, number)) for number in one.serials]
    for number, row in zip(one.serials, units, strict=True):
        if one.quantity > 0:
            if row is not None and (row["state"] != LOST or row["site"] != one.site):
                raise elsewhere(row, "only a lost unit, or one without a name, is found")
        elif row is None:
            raise SerialMove(
                f"Serial {number} is not known",
                field="serials",
                serial=number,
                site=one.site,
                ways_out=("read the number again", "leave the serials out and name the units on the Assets page"),
            )
        elif row["state"] != IN_STOCK or row["site"] != one.site or row["is_recalled"]:
            why = "only a unit in stock here is written off so; use the unit's own page"
            raise elsewhere(row, why)
    lots = {row["lot_id"] for row in units if row is not None and row["lot_id"]} | ({one.lot_id} - {None})
    if len(lots) > 1:
        raise SerialsDiffer(
            "These units lie in several lots",
            field="serials",
            lots=sorted(str(lot) for lot in lots),
            ways_out=("correct the units of each lot by themselves",),
        )
    return next(iter(lots), None)


def _must_fit(one: Correction) -> None:
    if not one.product.is_serialised:
        raise no_serials(one.product)
    twice = repeated(one.serials)
    if twice is not None:
        raise SerialExists(f"Serial {twice} is named twice", field="serials", serial=twice)
    if abs(one.quantity) != len(one.serials) * 10**one.product.decimals:
        text = format_quantity(abs(one.quantity), one.product.decimals)
        raise SerialsDiffer(
            f"{text} {one.product.unit} are corrected, {len(one.serials)} serials are named",
            field="serials",
            wanted=text,
            named=len(one.serials),
            ways_out=("name each unit", "correct as many as are named", "leave the serials out"),
        )


async def follow(tx: Tx, one: Correction, known: Known, lot_id: UUID | None, unit_cost: int) -> list[Event]:
    """Let the named units go where the books went: scrapped, lost, or in stock again; returns what is told."""
    if not one.serials:
        return []
    now = datetime.now(UTC)
    new = [number for number in one.serials if (one.product.id, number) not in known]
    drafts = [
        Draft(
            one.product.id, number, lot_id, one.site, IN_STOCK, "", None, 0, unit_cost, one.happened_at.date(), None, ""
        )
        for number in new
    ]  # fmt: skip
    made = [{**row, "site": one.site} for row in await rows.add_serials(tx, drafts, one.actor, now)]
    units = [known[one.product.id, number] for number in one.serials if number not in new] + made
    state = IN_STOCK if one.quantity > 0 else LOST if one.account == LOSS else SCRAPPED
    kind = "found" if one.quantity > 0 else "lost" if state == LOST else "written off"
    steps = [
        Step(row["id"], kind, state, one.site, "", one.adjustment_id, one.reason, one.actor, one.happened_at)
        for row in units
    ]
    return await place(tx, steps, {row["id"]: row for row in units})
