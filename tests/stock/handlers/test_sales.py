"""What charges do to stock, heard through the inbox as a consumer hears them."""

import asyncio
import random
from datetime import UTC, datetime

from tests.stock.chain import BOTOX, CREAM, SERVICE, Chain, line, product, returned, said, voided

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import (
    CostCorrected,
    ShortageRecorded,
    StockAdjusted,
    StockIssued,
    StockLevelChanged,
    StockReturned,
)


async def test_a_sale_takes_the_soonest_expiry_first(stock: Chain) -> None:
    """STK-13: given A exp 12-01 of 5, B exp 11-25 of 3, C without expiry of 10; when 10 are sold;
    then B 3, A 5, C 2.
    """
    for number, expires_on, quantity in (("A", "2026-12-01", "5"), ("B", "2026-11-25", "3"), ("C", None, "10")):
        await stock.receive(quantity, lot_number=number, expires_on=expires_on)
    sale = await stock.sell("10")
    (issued,) = await stock.told(StockIssued)
    assert issued.charge_id == sale.charge_id
    assert [(one.lot_number, one.quantity, one.cost_minor) for one in issued.taken] == [
        ("B", "3", 1500), ("A", "5", 2500), ("C", "2", 1000),
    ]  # fmt: skip
    assert await stock.on_hand() == "8"


async def test_one_sale_delivered_a_thousand_times_takes_effect_once(stock: Chain) -> None:
    """N-02: given 100 on hand; when one charge of 3 comes 1,000 times under new message ids, shuffled;
    then 97 remain.
    """
    await stock.receive("100")
    sale, other = stock.sale(line("3")), stock.sale(line("2"))
    messages = [said(sale) for _ in range(1000)] + [said(other) for _ in range(10)]
    random.Random(7).shuffle(messages)
    for start in range(0, len(messages), 253):
        await stock.hear(*messages[start : start + 253])
    await stock.hear(*messages[:50])
    assert await stock.on_hand() == "95"
    assert len(await stock.told(StockIssued)) == 2


async def test_a_batch_says_the_levels_of_a_site_at_once(stock: Chain) -> None:
    """STK-02: given two products; when 200 charges of both come in one batch; then one event says both levels."""
    await stock.receive("500")
    await stock.receive("500", CREAM)
    before = len(await stock.told(StockLevelChanged))
    await stock.hear(*(stock.sale(line("1"), line("2", CREAM, 2)) for _ in range(200)))
    assert [await stock.on_hand(), await stock.on_hand(CREAM)] == ["300", "100"]
    told = await stock.told(StockLevelChanged)
    assert len(told) == before + 1
    assert {(one.product_id, one.on_hand) for one in told[-1].levels} == {(BOTOX, "300"), (CREAM, "100")}


async def test_what_no_lot_covers_is_recorded_and_settled_by_the_next_receipt(stock: Chain) -> None:
    """DESIGN 3.7: given 4 at 5.00; when 10 are sold and 20 at 7.00 come later; then 6 were owed and 14 remain."""
    await stock.receive("4")
    await stock.sell("10")
    (shortage,) = await stock.told(ShortageRecorded)
    assert (shortage.quantity, shortage.product_id) == ("6", BOTOX)
    (issued,) = await stock.told(StockIssued)
    assert [(one.quantity, one.cost_minor, one.is_unattributed) for one in issued.taken] == [
        ("4", 2000, False),
        ("6", 3000, True),
    ]
    owed = await stock.level()
    assert (owed["on_hand"], owed["unattributed"]) == ("0", "-6")
    await stock.receive("20", unit_cost="7.00", lot_number="N2")
    settled = await stock.level()
    assert (settled["on_hand"], settled["unattributed"], settled["value_minor"]) == ("14", "0", 9800)
    (corrected,) = await stock.told(CostCorrected)
    assert (corrected.quantity, corrected.cost_minor) == ("6", 1200)


async def test_a_line_that_moves_nothing_moves_nothing(stock: Chain) -> None:
    """SAL-14: given a service and a line of effect none; when they are charged; then no movement and no StockIssued."""
    await stock.receive("5")
    await stock.hear(stock.sale(line("1", SERVICE), line("1", BOTOX, 2, effect="none")))
    assert await stock.on_hand() == "5"
    assert await stock.told(StockIssued) == []


async def test_a_return_goes_to_its_own_lot_at_the_issued_cost(stock: Chain) -> None:
    """SAL-19: given 3 of lot A at 5.00 and 7 of B at 9.00 sold; when 5 come back;
    then 3 go to A at 15.00, 2 to B at 18.00.
    """
    await stock.receive("3", lot_number="A", expires_on="2027-01-01")
    await stock.receive("7", lot_number="B", expires_on="2027-02-01", unit_cost="9.00")
    sale = await stock.sell("10")
    await stock.hear(returned("5", sale))
    (back,) = await stock.told(StockReturned)
    assert [(one.lot_number, one.quantity, one.cost_minor) for one in back.taken] == [
        ("A", "3", 1500),
        ("B", "2", 1800),
    ]
    assert back.disposition == "restock"
    assert (await stock.level())["value_minor"] == 3300


async def test_a_return_of_a_lot_that_is_expired_now_goes_to_quarantine(stock: Chain) -> None:
    """SAL-19: given a charge of a lot that expired since; when it comes back;
    then it lies in quarantine, not on the shelf.
    """
    await stock.receive("3", lot_number="A", expires_on="2026-06-01")
    sale = await stock.sell("3")
    await stock.hear(returned("2", sale))
    (back,) = await stock.told(StockReturned)
    assert back.disposition == "quarantine"
    level = await stock.level()
    assert (level["on_hand"], level["quarantined"]) == ("0", "2")


async def test_a_return_without_a_charge_enters_an_own_lot_at_the_last_cost(stock: Chain) -> None:
    """SAL-19: given a last cost of 5.00; when 2 of unknown origin come back; then an own lot holds 2 worth 10.00."""
    await stock.receive("3", lot_number="A")
    await stock.hear(returned("2"))
    own = [one for one in await stock.lots(product=str(BOTOX)) if one["origin"] == "returned"]
    assert [(one["quantity"], one["cost_minor"]) for one in own] == [("2", 1000)]


async def test_waste_and_treated_goods_do_not_reach_the_shelf(stock: Chain) -> None:
    """SAL-19: given a treated charge and a plain one; when both come back; then one is in quarantine, one wasted."""
    await stock.receive("10", lot_number="A")
    treated = stock.sale(line("2", treatment_id=uuid7()))
    plain = stock.sale(line("3"))
    await stock.hear(treated, plain)
    await stock.hear(returned("2", treated), returned("3", plain, disposition="waste"))
    assert sorted(one.disposition for one in await stock.told(StockReturned)) == ["quarantine", "waste"]
    level = await stock.level()
    assert (level["on_hand"], level["quarantined"]) == ("5", "2")


async def test_a_void_reverses_a_charge_once(stock: Chain) -> None:
    """SAL-16: given a charge of 4 of which 1 came back; when it is voided twice; then the other 3 come back once."""
    await stock.receive("10", lot_number="A")
    sale = await stock.sell("4")
    await stock.hear(returned("1", sale))
    await stock.hear(voided(sale))
    await stock.hear(voided(sale))
    assert await stock.on_hand() == "10"
    assert (await stock.level())["value_minor"] == 5000


async def test_a_void_that_comes_before_its_charge_waits_for_it(stock: Chain) -> None:
    """DESIGN 4, early is not poison: given a void heard first; when the charge comes; then both took effect."""
    await stock.receive("10")
    sale = stock.sale(line("4"))
    await stock.hear(voided(sale))
    assert await stock.bench.owner.fetchval("select count(*) from waiting where kind = 'charge'") == 1
    await stock.hear(sale)
    assert await stock.bench.owner.fetchval("select count(*) from waiting") == 0
    assert await stock.on_hand() == "10"


async def test_a_charge_of_an_unknown_product_waits_for_its_definition(stock: Chain) -> None:
    """DESIGN 4: given a charge with a product not heard of; when the product is defined;
    then the charge takes effect.
    """
    late = uuid7()
    await stock.hear(stock.sale(line("2", late)), stock.sale(line("1", CREAM)))
    assert await stock.bench.owner.fetchval("select count(*) from waiting where kind = 'product'") == 1
    await stock.hear(product(late, "LATE", "Late"))
    assert (await stock.level(late))["unattributed"] == "-2"


async def test_lines_of_one_charge_that_return_or_correct(stock: Chain) -> None:
    """E: given 10 on hand; when one charge returns 2 and writes off 3; then 9 remain, with both events."""
    await stock.receive("10")
    await stock.hear(stock.sale(line("-2", effect="return"), line("-3", BOTOX, 2, effect="adjustment")))
    assert await stock.on_hand() == "9"
    (adjusted,) = await stock.told(StockAdjusted)
    assert (adjusted.quantity, adjusted.cost_minor, adjusted.reason) == ("-3", -1500, "correction")
    assert len(await stock.told(StockReturned)) == 1


async def test_a_late_sale_takes_the_lot_that_expired_since(stock: Chain) -> None:
    """DESIGN 3.7, FEFO as of happened_at: given a lot swept after 10 May; when a sale of 4 May comes;
    then it took that lot.
    """
    from lotwise.stock.operations.expiry import sweep

    await stock.receive("5", lot_number="OLD", expires_on="2026-05-10")
    await stock.receive("5", lot_number="NEW", expires_on="2030-01-01")
    async with stock.bench.db.transaction() as tx:
        await sweep(tx, datetime.now(UTC), 100, 2)
    assert (await stock.level())["quarantined"] == "5"
    await stock.sell("2")
    (issued,) = await stock.told(StockIssued)
    assert [(one.lot_number, one.quantity) for one in issued.taken] == [("OLD", "2")]
    level = await stock.level()
    assert (level["on_hand"], level["quarantined"]) == ("5", "3")


async def test_one_bad_charge_of_a_batch_is_set_aside_alone(stock: Chain) -> None:
    """F7: given 20 charges of which one asks for half a unit; when they come as one batch;
    then 19 apply, one is dead.
    """
    await stock.receive("100")
    bad = stock.sale(line("0.5"))
    await stock.hear(*(stock.sale(line("1")) for _ in range(10)), bad, *(stock.sale(line("1")) for _ in range(9)))
    assert await stock.on_hand() == "81"
    dead = await stock.bench.owner.fetch("select reason, error from dead_letter")
    assert len(dead) == 1
    assert "more decimals" in dead[0]["error"]


async def test_a_hold_broken_while_its_charge_is_posted_is_given_back_once(stock: Chain) -> None:
    """I4: given holds that losses break while their charges are recorded; when all run at once;
    then nothing is held twice.
    """
    await stock.receive("60")
    sales = [stock.sale(line("2"), is_held=True) for _ in range(30)]
    holds = [
        {"hold_id": str(one.charge_id), "site": "harley", "lines": [{"product_id": str(BOTOX), "quantity": "2"}]}
        for one in sales
    ]
    await stock.bench.post("/v1/holds:batch", {"holds": holds}, who="service")
    loss = {"site": "harley", "product_id": str(BOTOX), "quantity": "-1", "reason": "loss"}
    losses = (stock.bench.call("POST", "/v1/adjustments", loss) for _ in range(10))
    await asyncio.gather(*(stock.hear(one) for one in sales), *losses)
    assert (await stock.level())["held"] == "0"
