"""Somebody else's stock ledger with known answers, replayed through our doors."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from tests.stock.chain import Chain, product

from lotwise.contracts.ids import named_id

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "openlmis"
DEBITS = {"b5c27da7-bdda-4790-925a-9484c5dfb594"}
CREDITS = {"e3fc3cf3-da18-44b0-a220-77c985202e06", "313f2f5f-0c22-4626-8c49-3554ef763de3"}
"""Three reasons that their migrations add and the table does not have."""


class Step(NamedTuple):
    """One line of a stock card: by how much it changes the balance, or what it was counted to be."""

    day: str
    change: int | None
    counted: int


def rows(name: str) -> list[dict[str, str]]:
    """A table of theirs."""
    with (DATA / f"stockmanagement.{name}.csv").open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def cards() -> dict[str, list[Step]]:
    """Their ledger by stock card, in the order things happened."""
    kinds = {row["id"]: row["reasontype"] for row in rows("stock_card_line_item_reasons")}
    kinds |= dict.fromkeys(DEBITS, "DEBIT") | dict.fromkeys(CREDITS, "CREDIT")
    found: dict[str, list[Step]] = defaultdict(list)
    lines = rows("stock_card_line_items")
    for row in sorted(lines, key=lambda one: (one["occurredDate"], one["processedDate"])):
        quantity, kind = int(row["quantity"]), kinds.get(row["reasonId"], "")
        change = quantity if row["sourceId"] or kind == "CREDIT" else None
        if row["destinationId"] or (kind == "DEBIT" and not row["sourceId"]):
            change = -quantity
        found[row["stockCardId"]].append(Step(row["occurredDate"][:10], change, quantity))
    return found


def deeds(card: str, steps: list[Step]) -> Iterator[dict[str, Any]]:
    """The corrections that make the same card with us; a count posts its difference."""
    balance = 0
    for number, step in enumerate(steps):
        change = step.change if step.change is not None else step.counted - balance
        balance += change
        if change:
            yield {
                "adjustment_id": str(named_id("openlmis", card, number)), "site": "harley",
                "product_id": str(card_product(card)), "quantity": str(change),
                "reason": "count" if step.change is None else "correction", "happened_at": f"{step.day}T12:00:00Z",
            }  # fmt: skip


def card_product(card: str) -> UUID:
    """Each card is a product of ours."""
    return named_id("openlmis", card)


@pytest.mark.skipif(not DATA.exists(), reason="the OpenLMIS demo data is not beside the repository")
async def test_openlmis_2811_published_balances_with_shared_data(stock: Chain) -> None:
    """ORACLES 6.1: given 4,760 lines on 112 cards; when they are replayed, some twice;
    then all 2,811 daily balances are theirs.
    """
    ledger = cards()
    assert (sum(map(len, ledger.values())), len(ledger)) == (4760, 112)
    await stock.hear(*(product(card_product(card), card, card) for card in ledger))
    todo = [deed for card, steps in ledger.items() for deed in deeds(card, steps)]
    for start in range(0, len(todo), 400):
        body = {"adjustments": todo[start : start + 400] + todo[start : start + 50]}
        answer = await stock.bench.post("/v1/adjustments:batch", body, who="importer")
        assert answer["refused"] == 0
    ours = {card: await balances(stock, card, steps) for card, steps in ledger.items()}
    published = [
        row for row in rows("calculated_stocks_on_hand") if row["occurreddate"] in ours.get(row["stockcardid"], {})
    ]
    found = [ours[row["stockcardid"]][row["occurreddate"]] == row["stockonhand"] for row in published]
    assert (len(found), sum(found)) == (2811, 2811)


async def balances(stock: Chain, card: str, steps: list[Step]) -> dict[str, str]:
    """On hand at the end of each of a card's days, as our history says."""
    days = {step.day for step in steps}
    first, last = date.fromisoformat(min(days)), date.fromisoformat(max(days))
    found: dict[str, str] = {}
    while first <= last:
        until = min(last, first + timedelta(days=700))
        query = {"from": str(first), "to": str(until)}
        answer = await stock.bench.get(f"/v1/levels/harley/{card_product(card)}/history", params=query)
        found |= {one["day"]: one["on_hand"] for one in answer["days"] if one["day"] in days}
        first = until + timedelta(days=1)
    return found
