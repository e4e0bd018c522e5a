"""The only home of the stock card: a cell's movements with the balance after each, and why a charge took its lots."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.stock.domain.explanations import Candidate, Verdict, judge
from lotwise.stock.domain.refusals import UnknownCharge
from lotwise.stock.repository.cards import Cell, card_rows, charged, in_hand, lots_before
from lotwise.values import day_bounds, site_day

SCANNED_MAX = 2000
BATCH = 500


class Step(NamedTuple):
    """A movement on a card and what the site had in its hands after it (smallest units)."""

    row: Any
    balance: int


class Steps(NamedTuple):
    """Steps of a card, newest first, and where the next ones begin: a movement's id and the balance before it."""

    steps: list[Step]
    next: tuple[UUID, int] | None


class Reasoned(NamedTuple):
    """A product of a charge: the first of its movements, how much, and every lot with its verdict."""

    first: Any
    wanted: int
    missing: int
    verdicts: list[Verdict]


async def card(tx: Tx, cell: Cell, start: tuple[UUID, int] | None, limit: int, keep: Callable[[Any], bool]) -> Steps:
    """A page of a cell's card: the steps that `keep` lets through, each with the true balance after it.

    At most SCANNED_MAX movements are gone over: a page of a rare kind may come back short with a `next`.
    """
    before, balance = start or (UUID(int=2**128 - 1), await in_hand(tx, cell))
    steps: list[Step] = []
    scanned = 0
    while scanned < SCANNED_MAX:
        rows = await card_rows(tx, cell, before, BATCH)
        for row in rows:
            if keep(row):
                steps.append(Step(row, balance))
            before, balance = row["id"], balance - row["change"]
            if len(steps) == limit:
                return Steps(steps, (before, balance))
        scanned += BATCH
        if len(rows) < BATCH:
            return Steps(steps, None)
    return Steps(steps, (before, balance))


async def why_these_lots(tx: Tx, charge_id: UUID, sites: Collection[str] | None) -> list[Reasoned]:
    """Each product of a charge with the lots that lay there and why they were taken or not. Raises UnknownCharge."""
    rows = await charged(tx, charge_id, sites)
    if not rows:
        raise UnknownCharge("Stock moved nothing for a charge of this id", charge_id=str(charge_id))
    by_product: dict[tuple[str, UUID], list[Any]] = {}
    for row in rows:
        by_product.setdefault((row["site"], row["product_id"]), []).append(row)
    return [await _reason(tx, Cell(*key), moved) for key, moved in by_product.items()]


async def _reason(tx: Tx, cell: Cell, moved: Sequence[Any]) -> Reasoned:
    first = moved[0]
    zone = first["time_zone"]
    recorded_on = site_day(first["recorded_at"], zone)
    rows = await lots_before(tx, cell, first["id"], recorded_on, day_bounds(recorded_on, zone)[1])
    candidates = [
        Candidate(
            row["lot_id"], row["lot_number"], row["expires_on"], row["received_at"], row["kind"], row["area"],
            row["on_hand"], row["is_recalled"],
        )
        for row in rows
        if row["on_hand"] > 0
    ]  # fmt: skip
    taken: dict[UUID, int] = {}
    for row in moved:
        if row["lot_id"]:
            taken[row["lot_id"]] = taken.get(row["lot_id"], 0) + row["quantity"]
    covered, wanted = sum(taken.values()), sum(row["quantity"] for row in moved)
    day = site_day(first["happened_at"], zone)
    return Reasoned(first, wanted, wanted - covered, judge(candidates, taken, covered, day, first["happened_at"]))
