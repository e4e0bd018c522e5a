"""The quantity tool: Apply shows, Save makes permanent, and leaving without Save changes nothing (STK-09)."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stock.chain import BOTOX, CREAM, SERUM, Chain

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import StockAdjusted
from lotwise.stock.domain.quantities import changed
from lotwise.stock.domain.refusals import BadQuantity


async def applied(stock: Chain, **query: Any) -> dict[str, dict[str, Any]]:
    """What the form would show, by code."""
    rows = (await stock.bench.get("/v1/quantities", params={"site": "harley"} | query))["rows"]
    return {row["code"]: row for row in rows}


def form(*rows: tuple[Any, str, str], **fields: Any) -> dict[str, Any]:
    """A form as it is saved: rows of (product, expected, new quantity)."""
    lines = [{"product_id": str(key), "expected": was, "quantity": now} for key, was, now in rows]
    return {"form_id": str(uuid7()), "site": "harley", "reason": "correction", "rows": lines} | fields


@pytest.mark.parametrize(
    ("query", "new", "serum"),
    [
        ({"way": "set", "value": "7"}, "7", "7"),
        ({"way": "add", "value": "-3"}, "7", "2"),
        ({"way": "percent", "value": "-25"}, "8", "3.8"),
        ({"way": "percent", "value": "100"}, "20", "10"),
        ({}, "10", "5"),
    ],
)
async def test_apply_shows_and_changes_nothing(stock: Chain, query: dict[str, str], new: str, serum: str) -> None:
    """STK-09: given 10 U and 5.0 ml; when a change is applied to the list; then the new quantities are shown in each
    product's own unit, half-up, and nothing is stored or told.
    """
    await stock.receive("10")
    await stock.receive("5", SERUM)
    before = await stock.bench.state()
    shown = await applied(stock, **query)
    assert (shown["BTX"]["quantity"], shown["SRM"]["quantity"]) == (new, serum)
    assert shown["BTX"]["on_hand"] == "10"
    assert await stock.bench.state() == before


async def test_apply_says_what_cannot_be(stock: Chain) -> None:
    """STK-09: given 10 and none; when 3 are taken from each, or half a piece is set; then the row that cannot be says
    why and keeps its quantity; a filter narrows the form to its products.
    """
    await stock.receive("10")
    shown = await applied(stock, way="add", value="-3")
    assert (shown["BTX"]["quantity"], shown["BTX"]["problem"]) == ("7", "")
    assert (shown["CRM"]["quantity"], shown["CRM"]["problem"]) == ("0", "That is less than nothing")
    assert (await applied(stock, way="set", value="0.5"))["BTX"]["problem"]
    assert set(await applied(stock, search="botox")) == {"BTX"}
    assert set(await applied(stock, product=str(CREAM))) == {"CRM"}


async def test_save_makes_the_form_permanent_in_one_batch(stock: Chain) -> None:
    """STK-09: given 10 U, 4 creams and no serum; when the form sets 7, 9 and leaves the serum; then both are corrected
    by what differs, each told with the reason, the unchanged one is not touched, and saving again changes nothing.
    """
    await stock.receive("10")
    await stock.receive("4", CREAM)
    body = form((BOTOX, "10", "7"), (CREAM, "4", "9"), (SERUM, "0", "0"), note="after the flood")
    saved = await stock.bench.post("/v1/quantities", body)
    assert (saved["adjusted"], saved["pending"]) == (2, 0)
    assert (await stock.on_hand(), await stock.on_hand(CREAM)) == ("7", "9")
    assert sorted((one.quantity, one.reason, one.note) for one in await stock.told(StockAdjusted)) == [
        ("-3", "correction", "after the flood"), ("5", "correction", "after the flood"),
    ]  # fmt: skip
    again = await stock.bench.post("/v1/quantities", body)
    assert [one["is_repeat"] for one in again["adjustments"]] == [True, True]
    assert (await stock.on_hand(), await stock.on_hand(CREAM)) == ("7", "9")


async def test_a_form_is_saved_whole_or_not_at_all(stock: Chain) -> None:
    """STK-09: given a form of two products; when 1 of the second is sold before Save; then Save is refused with both
    figures, and the first product is not corrected either.
    """
    await stock.receive("10")
    await stock.receive("4", CREAM)
    body = form((BOTOX, "10", "7"), (CREAM, "4", "9"))
    await stock.sell("1", CREAM)
    before = await stock.bench.state()
    refused = await stock.bench.call("POST", "/v1/quantities", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "quantity-moved")
    assert (refused.json()["numbers"]["expected"], refused.json()["numbers"]["on_hand"]) == ("4", "3")
    assert await stock.bench.state() == before


@pytest.mark.parametrize(
    ("rows", "fields", "code"),
    [
        ([(BOTOX, "10", "-1")], {}, "bad-quantity"),
        ([(BOTOX, "10", "7"), (BOTOX, "10", "8")], {}, "bad-quantity"),
        ([(uuid7(), "0", "1")], {}, "unknown-product"),
        ([(BOTOX, "10", "7")], {"site": "nowhere"}, "unknown-site"),
        ([(BOTOX, "10", "7")], {"reason": "mood"}, "unknown-reason"),
        ([(BOTOX, "10", "7.5")], {}, "bad-quantity"),
        ([], {}, "invalid"),
    ],
)
async def test_a_bad_form_changes_nothing(
    stock: Chain, rows: list[tuple[Any, str, str]], fields: dict[str, Any], code: str
) -> None:
    """STK-09, bad input: below zero, a product twice, unknown product, site or reason: refused, nothing stored."""
    await stock.receive("10")
    before = await stock.bench.state()
    answer = await stock.bench.call("POST", "/v1/quantities", form(*rows, **fields))
    assert answer.json()["code"] == code
    assert await stock.bench.state() == before


async def test_two_forms_at_once_do_not_add_up(stock: Chain) -> None:
    """STK-09, race: given two persons who both set 10 to 12; when both save at once; then one is saved and the other is
    told that stock moved: on hand is 12, not 14.
    """
    await stock.receive("10")
    forms = [form((BOTOX, "10", "12")) for _ in range(2)]
    answers = await asyncio.gather(*(stock.bench.call("POST", "/v1/quantities", one) for one in forms))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await stock.on_hand() == "12"


@given(st.integers(0, 10**12), st.integers(-1000, 1000), st.integers(0, 6))
def test_a_percentage_is_exact(on_hand: int, percent: int, decimals: int) -> None:
    """STK-09, N-08: by any percentage the new quantity is half-up in smallest units, and never below zero."""
    exact = on_hand * (100 + percent)
    if exact < 0 and abs(exact) * 2 >= 100:
        with pytest.raises(BadQuantity):
            changed(on_hand, "percent", str(percent), decimals)
    else:
        assert changed(on_hand, "percent", str(percent), decimals) == (2 * exact + 100) // 200
