"""The only home of the units that a count found by their serial: what is not among them is lost, the rest is named.

Units are locked before the cells. A unit that moved after it was counted stays where it went: the count cannot know.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.kit.database import Tx
from lotwise.stock.domain import places
from lotwise.stock.domain.counts import Line
from lotwise.stock.domain.places import Product
from lotwise.stock.domain.refusals import SerialExists, SerialsDiffer
from lotwise.stock.domain.serials import IN_STOCK, IN_USE, LOST, repeated
from lotwise.stock.operations.serials import no_serials
from lotwise.stock.operations.whereabouts import place
from lotwise.stock.repository import counted_units as rows
from lotwise.stock.repository.serials import Draft, Step, add_serials, known_serials
from lotwise.values import format_quantity

STATES = {places.SHELF: IN_STOCK, places.BACK_BAR: IN_USE}


class Found(NamedTuple):
    """The units that the last pass over a line named, and the named units that should lie there, both locked."""

    line: int
    product_id: UUID
    lot_id: UUID
    state: str
    serials: Sequence[str]
    counted_by: str
    known: Mapping[str, Any]
    expected: Sequence[Any]


def must_fit(product: Product, quantity: int, serials: Sequence[str], line: int) -> None:
    """Pass when as many units are named as were counted. Raises SerialsDiffer or SerialExists."""
    if not product.is_serialised:
        raise no_serials(product)
    twice = repeated(serials)
    if twice is not None:
        raise SerialExists(f"Serial {twice} is named twice", field="serials", serial=twice, line=line)
    if quantity != len(serials) * 10**product.decimals:
        text = format_quantity(quantity, product.decimals)
        raise SerialsDiffer(
            f"{text} {product.unit} were counted, {len(serials)} serials are named",
            field="serials",
            line=line,
            wanted=text,
            named=len(serials),
            ways_out=("scan each unit", "count as many as are named"),
        )


async def units_found(tx: Tx, count_id: UUID, site: str, lines: Sequence[Line]) -> list[Found]:
    """What passes named, with its units locked; call it before the cells are locked."""
    named = {row["line"]: row for row in await rows.named_in(tx, count_id)}
    wanted = [one for one in lines if one.line in named and one.lot_id is not None]
    if not wanted:
        return []
    keys = {(one.product_id, number) for one in wanted for number in named[one.line]["serials"]}
    lots = {one.lot_id for one in wanted if one.lot_id}
    lying = await rows.lock_of_lots(tx, site, lots)
    known = {(row["product_id"], row["number"]): row for row in await known_serials(tx, keys, lock=True)}
    found = []
    for one in wanted:
        row = named[one.line]
        if one.lot_id is None or row["kind"] not in STATES:
            continue
        mine = {number: known[one.product_id, number] for number in row["serials"] if (one.product_id, number) in known}
        expected = [
            unit
            for unit in lying
            if unit["lot_id"] == one.lot_id
            and unit["state"] == STATES[row["kind"]]
            and not unit["is_recalled"]
            and unit["moved_at"] <= row["counted_at"]
        ]
        found.append(
            Found(
                one.line, one.product_id, one.lot_id, STATES[row["kind"]], row["serials"], row["counted_by"], mine,
                expected,
            )
        )  # fmt: skip
    return found


async def follow(tx: Tx, count_id: UUID, site: str, found: Sequence[Found], actor: str) -> list[Event]:
    """Let units go where the posted count found them: lost, here after all, or named now; returns what is told."""
    now = datetime.now(UTC)
    steps: list[Step] = []
    were: dict[UUID, Any] = {}
    for one in found:
        new = [number for number in one.serials if number not in one.known]
        drafts = [
            Draft(one.product_id, number, one.lot_id, site, one.state, "", None, 0, 0, now.date(), None, "")
            for number in new
        ]
        for row in await add_serials(tx, drafts, actor, now):
            were[row["id"]] = {**row, "site": site}
            steps.append(Step(row["id"], "counted", one.state, site, "", count_id, "", one.counted_by, now))
        for row in one.known.values():
            if row["state"] == LOST and row["site"] == site:
                were[row["id"]] = row
                steps.append(Step(row["id"], "found", one.state, site, "", count_id, "counted", actor, now))
        for row in one.expected:
            if row["number"] not in one.serials:
                were[row["id"]] = row
                steps.append(Step(row["id"], "lost", LOST, site, "", count_id, "not counted", actor, now))
    return await place(tx, steps, were) if steps else []
