"""The only home of notes between legal entities: issued when goods leave for another one, credited when they return."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.stock.domain.notes import Sums, credited, credited_tax, price_of, sums_of, undone
from lotwise.stock.repository.notes import (
    Note,
    add_note,
    credits_of_transfer,
    entities_of,
    next_number,
    note_of_transfer,
    notes_crediting,
    shipped_lines,
)
from lotwise.values import format_quantity, half_up


async def bill_shipment(tx: Tx, transfer_id: UUID, at: datetime, actor: str) -> UUID | None:
    """Issue the note of a transfer that left for another legal entity, once; None within one entity.

    A return is no sale the other way: it credits the note of the transfer that it returns.
    """
    trip = await entities_of(tx, transfer_id)
    if trip.of_transfer is not None:
        original = await note_of_transfer(tx, trip.of_transfer)
        if original is not None:
            lines = await shipped_lines(tx, transfer_id)
            by_lot: dict[str, int] = {}
            for line in lines:
                by_lot[line["lot_id"]] = by_lot.get(line["lot_id"], 0) + line["units"]
            return await _credit(tx, original, transfer_id, _by_line(original, by_lot), at, actor)
        return None
    if trip.from_entity == trip.to_entity or not trip.from_entity or not trip.to_entity:
        return None
    if await note_of_transfer(tx, transfer_id) is not None:
        return None
    terms = await next_number(tx, trip.from_entity, trip.to_entity)
    lines = [
        {**line, "price_minor": price_of(line["cost_minor"], terms.markup)}
        for line in await shipped_lines(tx, transfer_id)
    ]
    note_id = uuid7()
    await add_note(
        tx,
        Note(
            note_id, trip.from_entity, trip.to_entity, terms.number, transfer_id, None, trip.from_site, trip.to_site,
            at, datetime.now(UTC), actor, terms.markup, terms.tax_name, terms.tax_percent,
            *sums_of(lines, terms.tax_percent), lines,
        ),
    )  # fmt: skip
    return note_id


def _by_line(original: Note, by_lot: dict[str, int]) -> dict[tuple[int, str], int]:
    """Spread quantities by lot over the note's lines of that lot, in order."""
    found = {}
    left = dict(by_lot)
    for line in original.lines:
        part = min(line["units"], left.get(line["lot_id"], 0))
        if part:
            found[line["line"], line["lot_id"]] = part
            left[line["lot_id"]] -= part
    return found


async def credit(
    tx: Tx, billed: UUID, transfer_id: UUID, lots: Iterable[tuple[int, UUID, int]], at: datetime, actor: str
) -> UUID | None:
    """Credit lots (line, lot, smallest units) of the transfer `billed`; `transfer_id` is what carries them back."""
    original = await note_of_transfer(tx, billed)
    if original is None:
        return None
    back: dict[tuple[int, str], int] = {}
    for line, lot_id, units in lots:
        key = (line, str(lot_id))
        back[key] = back.get(key, 0) + units
    return await _credit(tx, original, transfer_id, back, at, actor)


async def _credit(
    tx: Tx, original: Note, transfer_id: UUID, back: dict[tuple[int, str], int], at: datetime, actor: str
) -> UUID | None:
    terms = await next_number(tx, original.from_entity, original.to_entity)
    before = await notes_crediting(tx, original.id)
    lines = credited(original.lines, [line for note in before for line in note.lines], back)
    lines = [_shown(line) for line in lines if line["units"]]
    if not lines:
        return None
    price = sum(line["price_minor"] for line in lines)
    sums = Sums(original.cost_minor, original.price_minor, original.tax_minor)
    gone = [Sums(note.cost_minor, note.price_minor, note.tax_minor) for note in before]
    tax = credited_tax(sums, gone, price)
    note_id = uuid7()
    await add_note(
        tx,
        Note(
            note_id, original.from_entity, original.to_entity, terms.number, transfer_id, original.id,
            original.from_site, original.to_site, at, datetime.now(UTC), actor, original.markup,
            original.tax_name, original.tax_percent, sum(line["cost_minor"] for line in lines), price, tax, lines,
        ),
    )  # fmt: skip
    return note_id


def _shown(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "quantity": format_quantity(line["units"], line["decimals"])}


async def undo_shipment(
    tx: Tx, transfer_id: UUID, parts: Sequence[tuple[int, UUID, int]], at: datetime, actor: str
) -> None:
    """Take back what a transfer that is called off brings back: its note is credited, a credit it made is undone."""
    if not parts:
        return
    if await credit(tx, transfer_id, transfer_id, parts, at, actor) is not None:
        return
    by_lot: dict[str, int] = {}
    for _, lot_id, units in parts:
        by_lot[str(lot_id)] = by_lot.get(str(lot_id), 0) + units
    for made in await credits_of_transfer(tx, transfer_id):
        terms = await next_number(tx, made.from_entity, made.to_entity)
        lines = undone(made.lines, by_lot)
        sums = sums_of(lines, 0)
        tax = -half_up(made.tax_minor * sums.price, made.price_minor) if made.price_minor else 0
        await add_note(
            tx,
            made._replace(
                id=uuid7(), number=terms.number, happened_at=at, issued_at=datetime.now(UTC), issued_by=actor,
                cost_minor=sums.cost, price_minor=sums.price, tax_minor=-tax, lines=[_shown(line) for line in lines],
            ),
        )  # fmt: skip
