"""A lot's identity: mistyped, written twice, or two lots in one box."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.stock.api.test_recalls import LATER, carry, places, recall
from tests.stock.chain import CREAM, Chain

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import LotCorrected, LotReleased, StockAdjusted
from lotwise.stock.jobs import sweep_lots


async def test_a_mistyped_number_and_expiry_are_corrected_with_who_and_why(stock: Chain) -> None:
    """N-20: given lot `L0T1` of 2026; when its label says `LOT1` of 2030; then it is that, told and audited."""
    made = await stock.receive("5", lot_number="L0T1", expires_on="2028-01-31")
    path = f"/v1/lots/{made['lot_id']}:correct"
    done = await stock.bench.post(path, {"lot_number": "LOT1", "expires_on": LATER, "reason": "typed wrong"})
    assert (done["was_number"], done["lot_number"], done["expires_on"]) == ("L0T1", "LOT1", LATER)
    (lot,) = await stock.lots()
    assert (lot["lot_number"], lot["expires_on"]) == ("LOT1", LATER)
    (told,) = await stock.told(LotCorrected)
    assert (told.was_number, told.lot_number, str(told.was_expires_on), told.reason, told.actor) == (
        "L0T1", "LOT1", "2028-01-31", "typed wrong", "user:owner",
    )  # fmt: skip
    (row,) = await stock.bench.owner.fetch("select reason, details from audit where action like '%correct'")
    assert (row["reason"], row["details"]["was_number"]) == ("typed wrong", "L0T1")


async def test_goods_set_apart_for_a_wrong_date_come_back(stock: Chain) -> None:
    """N-20: given a lot swept as expired yesterday; when its expiry is corrected to 2030; then it is on the shelf."""
    yesterday = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    made = await stock.receive("5", lot_number="A", expires_on=yesterday)
    await sweep_lots(stock.bench.runtime)
    assert await stock.on_hand() == "0"
    await stock.bench.post(f"/v1/lots/{made['lot_id']}:correct", {"expires_on": LATER, "reason": "read again"})
    assert await places(stock, "A") == {("harley", "shelf", ""): "5"}
    assert [(one.site, one.quantity) for one in await stock.told(LotReleased)] == [("harley", "5")]


async def test_a_lot_corrected_to_a_recalled_number_is_blocked(stock: Chain) -> None:
    """STK-41: given a recall of R9; when a lot turns out to be R9; then it is set apart at once."""
    made = await stock.receive("5", lot_number="R8", expires_on=LATER)
    await recall(stock, {"first": "R9"})
    await stock.bench.post(f"/v1/lots/{made['lot_id']}:correct", {"lot_number": "R9", "reason": "label"})
    assert await places(stock, "R9") == {("harley", "quarantine", "recalled"): "5"}


async def test_two_lots_that_are_one_become_one_with_their_cost(stock: Chain) -> None:
    """N-20: given `ab 1` (3 at 3.333333 and 2 at soho) and `AB1` (5 at 1.00); when the first is merged into the second;
    then quantity and cost are conserved to the cent, nothing is told as waste or loss, and the lineage stays.
    """
    one = await stock.receive("3", lot_number="ab 1", expires_on=LATER, unit_cost="3.333333")
    await stock.receive("2", lot_number="ab 1", expires_on=LATER, unit_cost="3.333333", site="soho")
    two = await stock.receive("5", lot_number="AB1", expires_on=LATER, unit_cost="1.00")
    value = (await stock.level())["value_minor"]
    done = await stock.bench.post(f"/v1/lots/{one['lot_id']}:merge", {"into": two["lot_id"], "reason": "same box"})
    parts = [(part["site"], part["quantity"], part["cost_minor"]) for part in done["parts"]]
    assert parts == [("harley", "3", 1000), ("soho", "2", 667)]
    rows = {(one["lot_number"], one["site"]): (one["quantity"], one["cost_minor"]) for one in await stock.lots()}
    assert rows == {("AB1", "harley"): ("8", 1500), ("AB1", "soho"): ("2", 667)}
    assert ((await stock.level())["value_minor"], await stock.told(StockAdjusted)) == (value, [])
    steps = (await stock.bench.get(f"/v1/lots/{two['lot_id']}/lineage"))["rows"]
    assert [(step["kind"], step["parent_number"], step["child_number"], step["quantity"]) for step in steps] == [
        ("merge", "ab 1", "AB1", "3"), ("merge", "ab 1", "AB1", "2"),
    ]  # fmt: skip


async def test_a_box_with_two_labels_becomes_two_lots(stock: Chain) -> None:
    """N-20: given 10 of A at 33.33 in all; when 4 bear B's label; then they are lot B with their share of the cost,
    A's supplier and order, and a recall of A takes both: they may have been mixed.
    """
    made = await stock.receive("10", lot_number="A", expires_on=LATER, unit_cost="3.333", purchase_order="PO-1")
    body = {"site": "harley", "quantity": "4", "lot_number": "B", "expires_on": "2031-01-31", "reason": "two labels"}
    child = await stock.bench.post(f"/v1/lots/{made['lot_id']}:split", body)
    here = await stock.lots()
    rows = {one["lot_number"]: (one["quantity"], one["cost_minor"], one["purchase_order"]) for one in here}
    assert rows == {"A": ("6", 2000, "PO-1"), "B": ("4", 1333, "PO-1")}
    begun = await recall(stock, {"first": "A"})
    assert {one["lot_number"]: one["match"] for one in begun["lots"]} == {"A": "exact", "B": "lineage"}
    assert child["parent_id"] == made["lot_id"]
    assert await stock.on_hand() == "0"


async def test_receiving_a_look_alike_warns(stock: Chain) -> None:
    """N-20: given lot `AB-12`; when `ab 12` and a 30-digit number are received; then the first warns, both are kept."""
    await stock.receive("1", lot_number="AB-12", expires_on=LATER)
    again = await stock.receive("1", lot_number="ab 12", expires_on=LATER)
    assert again["warnings"] == ["Looks like lot AB-12, which is known"]
    long = await stock.receive("1", lot_number="1" * 30, expires_on=LATER)
    assert (long["lot_number"], long["warnings"]) == ("1" * 30, [])
    assert len(await stock.lots()) == 3


async def test_a_lot_is_changed_only_where_it_makes_sense(stock: Chain) -> None:
    """N-20: given lots of two products, one on its way, one recalled; when changed wrongly; then named refusals and
    nothing changes.
    """
    one = await stock.receive("5", lot_number="A", expires_on=LATER)
    two = await stock.receive("5", lot_number="B", expires_on=LATER)
    cream = await stock.receive("5", CREAM, lot_number="C", expires_on=LATER)
    bad = await stock.receive("5", lot_number="R", expires_on=LATER)
    await recall(stock, {"first": "R"})
    await carry(stock, "1", two["lot_id"])
    part = {"site": "harley", "quantity": "1", "lot_number": "N", "reason": "why"}
    calls: list[tuple[str, str, dict[str, Any], str]] = [
        (str(uuid7()), "correct", {"reason": "why"}, "unknown-lot"),
        (one["lot_id"], "correct", {"lot_number": "B", "reason": "why"}, "lot-exists"),
        (one["lot_id"], "correct", {"lot_number": "N", "reason": ""}, "invalid"),
        (one["lot_id"], "merge", {"into": one["lot_id"], "reason": "why"}, "lots-differ"),
        (one["lot_id"], "merge", {"into": cream["lot_id"], "reason": "why"}, "lots-differ"),
        (one["lot_id"], "merge", {"into": str(uuid7()), "reason": "why"}, "unknown-lot"),
        (one["lot_id"], "merge", {"into": bad["lot_id"], "reason": "why"}, "lot-recalled"),
        (two["lot_id"], "merge", {"into": one["lot_id"], "reason": "why"}, "lots-differ"),
        (str(uuid7()), "split", part, "unknown-lot"),
        (bad["lot_id"], "split", part, "lot-recalled"),
        (one["lot_id"], "split", part | {"site": "nowhere"}, "unknown-site"),
        (one["lot_id"], "split", part | {"site": "sydney"}, "nothing-to-move"),
        (one["lot_id"], "split", part | {"quantity": "6"}, "not-enough-in-lot"),
        (one["lot_id"], "split", part | {"lot_number": "A"}, "lot-exists"),
        (one["lot_id"], "split", part | {"quantity": "0.5"}, "bad-quantity"),
    ]
    before = await stock.bench.state()
    for lot_id, deed, body, code in calls:
        answer = await stock.bench.call("POST", f"/v1/lots/{lot_id}:{deed}", body)
        assert answer.json()["code"] == code, (deed, answer.text)
    assert await stock.bench.state() == before
