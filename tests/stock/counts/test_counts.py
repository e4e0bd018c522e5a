"""Counts over HTTP: recorded against counted, a cause for each difference, who and when, and every no."""

from typing import Any

from tests.stock.chain import Chain
from tests.stock.counts.sheet import Sheet

from lotwise.contracts.stock import CountPosted, StockAdjusted


async def test_a_difference_is_seen_explained_and_posted(stock: Chain) -> None:
    """STK-05 to 07: given 10 recorded; when 8 are counted and damage is the cause;
    then the ledger says 8, with its cost, its cause, who and when.
    """
    await stock.receive("10", lot_number="A", expires_on="2030-01-01")
    sheet = await Sheet.open(stock)
    await sheet.count("8")
    (line,) = await sheet.lines()
    assert [line[name] for name in ("recorded", "counted", "difference", "cost_minor")] == ["10", "8", "-2", -1000]
    assert (line["counted_by"], line["lot_number"]) == ("user:owner", "A")
    assert (await sheet.explain(1, "damage")).json()["cause"] == "damage"
    done = await sheet.posted(None)
    assert (done["state"], done["loss_minor"], done["gain_minor"], done["differences"]) == ("posted", 1000, 0, 1)
    assert (done["counted_by"], done["closed_by"]) == (["user:owner"], "user:owner")
    assert done["counted_from"] == done["counted_until"] == line["counted_at"]
    assert await stock.on_hand() == "8"
    (told,) = await stock.told(StockAdjusted)
    assert (told.quantity, told.cost_minor, told.reason, told.actor) == ("-2", -1000, "damage", "user:owner")
    (posted,) = await stock.told(CountPosted)
    assert (posted.number, posted.counted_lines, posted.differences[0].cause) == ("C-1", 1, "damage")


async def test_what_is_sold_after_the_count_is_netted(stock: Chain) -> None:
    """N-15: given 10 recorded and 9 counted; when 3 more are sold before posting; then the ledger says 6."""
    await stock.receive("10", lot_number="A")
    sheet = await Sheet.open(stock)
    await sheet.count("9")
    await stock.sell("3", happened_at=_now())
    (line,) = await sheet.lines()
    assert (line["recorded"], line["difference"], line["late"]) == ("10", "-1", "0")
    await sheet.posted("loss")
    assert await stock.on_hand() == "6"


async def test_a_sale_from_before_the_count_that_is_told_late_is_no_difference(stock: Chain) -> None:
    """N-15, RELIABILITY 7: given 10 recorded, 9 lie there as one was sold; when the sale is told after the count;
    then nothing differs and the ledger says 9.
    """
    await stock.receive("10", lot_number="A")
    sheet = await Sheet.open(stock)
    await sheet.count("9")
    await stock.sell("1")
    (line,) = await sheet.lines()
    assert (line["recorded"], line["late"], line["difference"]) == ("9", "-1", "0")
    await sheet.posted(None)
    assert await stock.on_hand() == "9"
    assert await stock.told(StockAdjusted) == []


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)
