"""The only home of units that travel: back with a void or a return, and between sites with a transfer (STK-21)."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.sales import SaleReturned, SaleVoided
from lotwise.contracts.stock import LotTaken
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message
from lotwise.kit.outbox import tell
from lotwise.stock.domain.refusals import SerialsDiffer, UnknownSerial
from lotwise.stock.domain.serials import IN_STOCK, IN_TRANSIT, LOST, SCRAPPED
from lotwise.stock.operations.serials import elsewhere, refuse_recalled_unit
from lotwise.stock.operations.shipping import Chosen
from lotwise.stock.operations.whereabouts import place
from lotwise.stock.repository import serials as rows
from lotwise.stock.repository.definitions import products_of
from lotwise.stock.repository.serials import Step
from lotwise.stock.repository.transfers import transfer_lines
from lotwise.values import format_quantity, parse_quantity


class Stop(NamedTuple):
    """A transfer where units get on or off: who lets them, when, and what of each lot moved."""

    transfer_id: UUID
    site: str
    actor: str
    at: datetime
    taken: Sequence[LotTaken] = ()


async def give_back(tx: Tx, messages: Sequence[Message[SaleVoided]]) -> list[UUID]:
    """Take back the units of voided charges: they are in stock again, or scrapped when the void says waste.

    Returns those that are recalled: once their goods are back they are to be set apart.

    Call it before the books are opened: units are locked before levels.
    """
    by_charge = {one.event.charge_id: one.event for one in messages}
    held = await rows.lock_where(tx, "charge_id", list(by_charge)) if by_charge else []
    steps = [_back(row, by_charge[row["charge_id"]], by_charge[row["charge_id"]].void_id) for row in held]
    if steps:
        await tell(tx, *await place(tx, steps, {row["id"]: row for row in held}))
    return [row["id"] for row in held if row["is_recalled"]]


async def take_back(tx: Tx, messages: Sequence[Message[SaleReturned]]) -> list[UUID]:
    """Take back units of charges whose returns bring all that are named; of a part nobody knows which it is.

    Returns those that are recalled: once their goods are back they are to be set apart. Otherwise a person says which
    unit came back (`find`). Call it before the books are opened.
    """
    charges = {one.event.charge_id for one in messages if one.event.charge_id}
    held = await rows.lock_where(tx, "charge_id", list(charges)) if charges else []
    if not held:
        return []
    products = await products_of(tx, {row["product_id"] for row in held})
    steps: list[Step] = []
    for event in (one.event for one in messages):
        for line in event.lines:
            mine = [row for row in held if (row["charge_id"], row["product_id"]) == (event.charge_id, line.product_id)]
            decimals = products[line.product_id].decimals if mine else 0
            if mine and line.moves_stock and abs(parse_quantity(line.quantity, decimals)) >= len(mine) * 10**decimals:
                steps += [_back(row, event, event.return_id, line.disposition) for row in mine]
    await tell(tx, *await place(tx, steps, {row["id"]: row for row in held}))
    came = {step.serial_id for step in steps}
    return [row["id"] for row in held if row["is_recalled"] and row["id"] in came]


def _back(row: Any, event: Any, cause_id: UUID, disposition: str = "") -> Step:
    state = SCRAPPED if (disposition or event.disposition) == "waste" else IN_STOCK
    return Step(
        row["id"], "brought back", state, event.site, "", cause_id, event.reason, event.actor or "sales",
        event.happened_at,
    )  # fmt: skip


async def chosen(tx: Tx, serials: Collection[UUID]) -> list[Any]:
    """The units that a transfer shall carry, locked before its books. Raises UnknownSerial."""
    found = await rows.lock_where(tx, "id", serials) if serials else []
    if len(found) < len(set(serials)):
        missing = set(serials) - {row["id"] for row in found}
        raise UnknownSerial("No serial has this id", field="serials", serial_id=str(min(missing)))
    return found


async def by_units(tx: Tx, transfer_id: UUID, lines: Sequence[Chosen], units: Sequence[Any]) -> Sequence[Chosen]:
    """What leaves of each line, with the lots of its units where all of them are named and no lot was chosen."""
    if not units:
        return lines
    products = await products_of(tx, {row["product_id"] for row in units})
    given = {one.line: one for one in lines}
    found = []
    for line in await transfer_lines(tx, transfer_id):
        product = products.get(line["product_id"])
        asked = line["quantity"] if line["approved"] is None else line["approved"]
        decimals = product.decimals if product else 0
        one = given.pop(line["line"], None) or Chosen(line["line"], format_quantity(asked, decimals))
        mine = [row for row in units if product and row["product_id"] == product.id and row["lot_id"]]
        counts = Counter(row["lot_id"] for row in mine)
        is_named = product is not None and one.quantity == format_quantity(len(mine) * 10**decimals, decimals)
        if is_named and not one.lots and line["lot_id"] is None:
            one = one._replace(lots=[(lot_id, str(count)) for lot_id, count in sorted(counts.items())])
        if product is not None or one.line in {given_.line for given_ in lines}:
            found.append(one)
    return [*found, *given.values()]


async def carried(tx: Tx, transfer_id: UUID) -> list[Any]:
    """The units on their way with a transfer, locked before its books."""
    return await rows.lock_where(tx, "transfer_id", [transfer_id])


async def get_on(tx: Tx, units: Sequence[Any], stop: Stop, to_site: str) -> None:
    """Units leave with what a transfer took of their lots. Raises LotIsRecalled, SerialMove or SerialsDiffer."""
    if not units:
        return
    left = await _by_lot(tx, stop.taken)
    for row in units:
        if row["is_recalled"]:
            await refuse_recalled_unit(tx, [row], ())
        if row["state"] != IN_STOCK or row["site"] != stop.site:
            raise elsewhere(row, f"only a unit in stock at {stop.site} leaves with it")
    for lot_id, count in Counter(row["lot_id"] for row in units).items():
        if count > left[lot_id]:
            raise SerialsDiffer(
                f"{count} units of a lot are named, {left[lot_id]} of it leave",
                field="serials",
                lot_id=str(lot_id),
                named=count,
                wanted=str(left[lot_id]),
                ways_out=("choose the lots of these units", "name units of the lots that leave"),
            )
    await _travel(tx, units, "shipped", IN_TRANSIT, stop._replace(site=to_site))


async def get_off(tx: Tx, units: Sequence[Any], named: Collection[UUID], stop: Stop, *, is_closed: bool) -> None:
    """Units arrive with their lots; of a lot that came in part they are named. What a closed transfer left is lost.

    Raises SerialsDiffer when nobody says which of them arrived, UnknownSerial for one that is not on its way with it.
    """
    strange = set(named) - {row["id"] for row in units}
    if strange:
        raise UnknownSerial("It is not on its way with this", field="serials", serial_id=str(min(strange)))
    came = await _by_lot(tx, stop.taken)
    arrived: list[Any] = []
    for lot_id in dict.fromkeys(row["lot_id"] for row in units):
        mine = [row for row in units if row["lot_id"] == lot_id]
        here = [row for row in mine if row["id"] in named]
        if came[lot_id] >= len(mine):
            here = mine
        elif len(here) != came[lot_id]:
            raise SerialsDiffer(
                f"{came[lot_id]} of {len(mine)} units arrived: say which",
                field="serials",
                lot_id=str(lot_id),
                named=len(here),
                wanted=str(came[lot_id]),
                ways_out=("name the units that arrived",),
            )
        arrived += here
    await _travel(tx, arrived, "arrived", IN_STOCK, stop)
    if is_closed:
        there = {row["id"] for row in arrived}
        await _travel(tx, [row for row in units if row["id"] not in there], "did not arrive", LOST, stop)


async def call_back(tx: Tx, units: Sequence[Any], stop: Stop) -> None:
    """A transfer was called off: its units are in stock again where they left."""
    await _travel(tx, units, "called back", IN_STOCK, stop)


async def _by_lot(tx: Tx, taken: Sequence[LotTaken]) -> Counter[UUID | None]:
    """Whole units that moved, by lot."""
    products = await products_of(tx, {one.product_id for one in taken})
    found: Counter[UUID | None] = Counter()
    for one in taken:
        decimals = products[one.product_id].decimals
        found[one.lot_id] += parse_quantity(one.quantity, decimals) // 10**decimals
    return found


async def _travel(tx: Tx, units: Sequence[Any], kind: str, state: str, stop: Stop) -> None:
    transfer_id = stop.transfer_id if state == IN_TRANSIT else None
    steps = [
        Step(row["id"], kind, state, stop.site, "", stop.transfer_id, "", stop.actor, stop.at, None, transfer_id)
        for row in units
    ]
    await tell(tx, *await place(tx, steps, {row["id"]: row for row in units}))
