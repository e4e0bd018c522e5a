"""Counts over HTTP: recorded against counted, a cause for each difference, who and when, and every no."""

from datetime import UTC, datetime

from tests.stock.chain import BOTOX, CREAM, SERUM, Chain, product
from tests.stock.counts.sheet import Sheet

from lotwise.contracts.catalog import CategoryDefined
from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import CountPosted, HoldBroken, LotQuarantined, StockAdjusted


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
    await stock.sell("3", happened_at=datetime.now(UTC))
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


async def test_two_passes_are_kept_with_who_and_when(stock: Chain) -> None:
    """STK-06: given a line counted by two persons; then both passes stand with who, when and what, the last counts."""
    await stock.receive("10", lot_number="A")
    sheet = await Sheet.open(stock)
    await sheet.count("7", who="front_desk", note="back row?")
    await sheet.count("9", who="manager")
    line = await sheet.line()
    assert [(one["counted"], one["recorded"], one["counted_by"]) for one in line["history"]] == [
        ("7", "10", "user:front_desk"),
        ("9", "10", "user:manager"),
    ]
    assert line["history"][0]["note"] == "back row?"
    assert (line["counted"], line["passes"], line["counted_by"]) == ("9", 2, "user:manager")
    assert (await sheet.shown())["counted_by"] == ["user:manager"]


async def test_lines_are_per_lot_and_place_and_nameless_goods_are_one_line(stock: Chain) -> None:
    """STK-45, STK-42: given two lots, one in a fridge, and two deliveries without a number; then each lot at each place
    has a line, what nobody can tell apart has one, and each is posted to its own place.
    """
    await stock.bench.post("/v1/areas", {"site": "harley", "area": "Fridge"})
    await stock.receive("5", lot_number="A", expires_on="2030-01-01")
    await stock.receive("6", lot_number="A", expires_on="2030-01-01", area="Fridge")
    await stock.receive("2", CREAM)
    await stock.receive("3", CREAM, unit_cost="9.00")
    sheet = await Sheet.open(stock)
    shown = [(one["area"], one["code"], one["lot_number"], one["recorded"]) for one in await sheet.lines()]
    assert shown == [("", "BTX", "A", "5"), ("", "CRM", "", "5"), ("Fridge", "BTX", "A", "6")]
    await sheet.count("5", "1", "7")
    await sheet.explain(2, "theft")
    await sheet.posted("error")
    lots = [(one["area"], one["code"], one["quantity"], one["cost_minor"]) for one in await stock.lots(site="harley")]
    assert sorted(lots) == [("", "BTX", "5", 2500), ("", "CRM", "1", 900), ("Fridge", "BTX", "7", 3500)]
    told = sorted((one.reason, one.quantity, one.cost_minor) for one in await stock.told(StockAdjusted))
    assert told == [("correction", "1", 500), ("theft", "-4", -2800)]


async def test_a_part_of_a_site_is_counted(stock: Chain) -> None:
    """STK-42, STK-45: given goods in two places; when an area, a list of products or a class is counted;
    then the sheet has these alone, a named product also when nothing lies there.
    """
    await stock.bench.post("/v1/areas", {"site": "harley", "area": "Fridge"})
    await stock.receive("500", unit_cost="5.00")
    await stock.receive("6", lot_number="A", area="Fridge")
    await stock.receive("4", CREAM)
    await stock.sell("400", happened_at=datetime.now(UTC))
    await stock.sell("1", CREAM, happened_at=datetime.now(UTC))

    async def codes(**fields: object) -> list[tuple[str, str]]:
        """The places and products of a sheet."""
        sheet = await Sheet.open(stock, kind="cycle", **fields)
        return [(one["area"], one["code"]) for one in await sheet.lines()]

    assert await codes(area="Fridge") == [("Fridge", "BTX")]
    assert await codes(area="") == [("", "BTX"), ("", "CRM")]
    assert await codes(product_ids=[str(CREAM), str(SERUM)]) == [("", "CRM"), ("", "SRM")]
    assert await codes(abc_class="A") == [("", "BTX"), ("Fridge", "BTX")]
    assert await codes(abc_class="C") == [("", "CRM")]


async def test_a_blind_count_hides_what_is_recorded_until_it_is_posted(stock: Chain) -> None:
    """N-15: given a blind count; then who may not post sees neither recorded nor difference nor value, in no answer;
    who may post sees them; once posted all see them.
    """
    await stock.receive("10", lot_number="A")
    sheet = await Sheet.open(stock, is_blind=True, tolerance_units="0")
    await sheet.count("8", who="front_desk")
    hidden = await sheet.line(who="front_desk")
    names = ("recorded", "late", "difference", "cost_minor")
    assert [hidden[name] for name in names] == [None] * 4
    assert (hidden["counted"], hidden["needs_recount"], hidden["history"][0]["recorded"]) == ("8", True, None)
    assert [one["recorded"] for one in await sheet.lines(who="front_desk", params={"state": "different"})] == [None]
    assert (await sheet.shown(who="front_desk"))["is_hidden"] is True
    assert [(await sheet.line())[name] for name in names] == ["10", "0", "-2", -1000]
    await sheet.count("8")
    await sheet.posted()
    assert [(await sheet.line(who="front_desk"))[name] for name in names] == ["10", "0", "-2", -1000]


async def test_a_large_difference_is_counted_again(stock: Chain) -> None:
    """N-15: given a tolerance of 5 percent or 2 units; when 3 of 10 are missing; then posting waits until a second pass
    finds the same difference, although something was sold between the passes.
    """
    await stock.receive("10", lot_number="A")
    sheet = await Sheet.open(stock, tolerance_percent="5", tolerance_units="2")
    assert (await sheet.count("7"))["recounts"] == 1
    before = await stock.bench.state()
    no = await sheet.post()
    assert (no.status_code, no.json()["code"], no.json()["numbers"]["first_lines"]) == (409, "recount-needed", [1])
    assert await stock.bench.state() == before
    assert (await sheet.count("6"))["recounts"] == 1
    await stock.sell("1", happened_at=datetime.now(UTC))
    assert (await sheet.count("5"))["recounts"] == 0
    await sheet.posted()
    assert await stock.on_hand() == "5"


async def test_within_the_tolerance_one_pass_is_enough(stock: Chain) -> None:
    """N-15: given 1,000 recorded and 5 percent; when 950 are counted; then once is enough; 949 is not."""
    await stock.receive("1000", lot_number="A")
    sheet = await Sheet.open(stock, tolerance_percent="5")
    assert (await sheet.count("950"))["recounts"] == 0
    assert (await sheet.count("949"))["recounts"] == 1


async def test_an_unknown_lot_is_pending_until_somebody_vouches_for_it(stock: Chain) -> None:
    """STK-45: given two lots nobody received; when they are found and one is vouched for;
    then that one lies on the shelf, the other in quarantine, and its setting apart is told.
    """
    await stock.receive("10", lot_number="AB01")
    sheet = await Sheet.open(stock)
    first = await sheet.add(lot_number="AB-O1", expires_on="2031-01-01")
    second = await sheet.add(lot_number="Z9", expires_on="2031-02-01")
    assert (first["is_new"], first["line"]["is_pending"], first["look_alikes"]) == (True, True, ["AB01"])
    assert (await sheet.add(lot_number="Z9"))["is_new"] is False
    await stock.bench.post(f"{sheet.path}/lines/2:confirm_lot")
    await sheet.count("10", "3", "4")
    await sheet.posted("found")
    level = await stock.level()
    assert (level["on_hand"], level["quarantined"]) == ("13", "4")
    (apart,) = await stock.told(LotQuarantined)
    assert (apart.lot_number, apart.quantity, apart.reason) == ("Z9", "4", "found by C-1")
    lot = await stock.bench.get(f"/v1/lots/{second['line']['lot_id']}")
    assert lot["origin"] == "count"


async def test_found_goods_that_are_expired_go_to_quarantine(stock: Chain) -> None:
    """STK-17: given goods of a lot that is over; when a count finds them on the shelf; then they are not sellable."""
    await stock.receive("10", lot_number="A")
    sheet = await Sheet.open(stock)
    await sheet.add(lot_number="OLD", expires_on="2020-01-01")
    await sheet.count("10", "2")
    await sheet.posted("found")
    level = await stock.level()
    assert (level["on_hand"], level["quarantined"]) == ("10", "2")


async def test_goods_sold_without_a_lot_explain_a_shortage(stock: Chain) -> None:
    """DESIGN 3.7: given an expired lot of 5 of which 2 were sold all the same; when 3 are counted; then the sale is
    settled from it, nobody is said to have lost anything, and nothing is owed.
    """
    await stock.receive("5", lot_number="A", expires_on="2026-05-01")
    await stock.sell("2")
    assert (await stock.level())["unattributed"] == "-2"
    sheet = await Sheet.open(stock)
    await sheet.count("3")
    done = await sheet.posted()
    level = await stock.level()
    assert (level["on_hand"], level["unattributed"], done["loss_minor"]) == ("3", "0", 0)
    assert (await sheet.line())["cause"] == "sold without a lot"
    assert await stock.told(StockAdjusted) == []


async def test_goods_that_were_never_on_record_are_found_and_sold(stock: Chain) -> None:
    """DESIGN 3.7: given 2 sold that no lot covered and nothing recorded; when 3 lie there;
    then 5 were found, 2 of them sold: the shelf says 3 and nothing is owed.
    """
    await stock.sell("2")
    sheet = await Sheet.open(stock, product_ids=[str(BOTOX)])
    await sheet.count("3")
    await sheet.posted("found")
    level = await stock.level()
    assert (level["on_hand"], level["unattributed"]) == ("3", "0")
    assert sorted(one.quantity for one in await stock.told(StockAdjusted)) == ["2", "3"]


async def test_goods_sold_since_the_count_come_from_what_it_found(stock: Chain) -> None:
    """N-15: given nothing recorded and 3 counted; when 2 are sold before posting; then 1 lies there, 0 owed."""
    sheet = await Sheet.open(stock, product_ids=[str(BOTOX)])
    await sheet.count("3")
    await stock.sell("2", happened_at=datetime.now(UTC))
    await sheet.posted("found")
    level = await stock.level()
    assert (level["on_hand"], level["unattributed"]) == ("1", "0")


async def test_a_hold_that_a_count_breaks_is_told(stock: Chain) -> None:
    """DESIGN 3.7: given 10 of which 4 are held; when 3 are counted; then the hold breaks and that is told."""
    await stock.receive("10", lot_number="A")
    hold = {"hold_id": str(uuid7()), "site": "harley", "lines": [{"product_id": str(BOTOX), "quantity": "4"}]}
    await stock.bench.post("/v1/holds", hold, who="service")
    sheet = await Sheet.open(stock)
    await sheet.count("3")
    await sheet.posted("theft")
    (broken,) = await stock.told(HoldBroken)
    assert (str(broken.hold_id), broken.quantity, broken.reason) == (hold["hold_id"], "4", "count")


async def test_of_two_counts_the_later_one_stands(stock: Chain) -> None:
    """N-15: given 10 recorded and two open counts; when the later pass says 9 and is posted first; then the earlier
    one posts no second difference for the same goods; the other way round the later one sees the first.
    """
    await stock.receive("10", lot_number="A")
    first, second = await Sheet.open(stock), await Sheet.open(stock)
    await first.count("9")
    await second.count("9")
    await second.posted("loss")
    await first.posted("loss")
    assert await stock.on_hand() == "9"
    assert (await first.line())["is_superseded"] is True
    third, fourth = await Sheet.open(stock), await Sheet.open(stock)
    await third.count("8")
    await fourth.count("8")
    await third.posted("loss")
    assert (await fourth.line())["difference"] == "0"
    await fourth.posted(None)
    assert await stock.on_hand() == "8"


async def test_a_count_typed_while_the_line_was_down_is_netted_too(stock: Chain) -> None:
    """WEB-02: given 9 of 10 counted at an instant, 2 sold and told after it; when the count arrives later with its
    instant; then one is missing, not minus one.
    """
    await stock.receive("10", lot_number="A")
    sheet = await Sheet.open(stock)
    typed = datetime.now(UTC)
    await stock.sell("2", happened_at=datetime.now(UTC))
    await sheet.count("9", counted_at=typed.isoformat())
    line = await sheet.line()
    assert (line["recorded"], line["difference"]) == ("10", "-1")
    await sheet.posted()
    assert await stock.on_hand() == "7"


async def test_a_category_is_counted(stock: Chain) -> None:
    """STK-45: given two products of which one is of a category; when that is counted; then the sheet has it alone."""
    skin = uuid7()
    await stock.hear(
        CategoryDefined(category_id=skin, name="Skin"),
        product(CREAM, "CRM", "Cream", cost="12.50", category_id=skin, category_name="Skin", revision=2),
    )
    await stock.receive("5", lot_number="A")
    await stock.receive("4", CREAM, lot_number="B")
    sheet = await Sheet.open(stock, kind="cycle", category_id=str(skin))
    assert [one["code"] for one in await sheet.lines()] == ["CRM"]
    assert (await sheet.shown())["category_name"] == "Skin"


async def test_found_goods_of_a_lot_that_was_set_apart_join_it(stock: Chain) -> None:
    """STK-42: given a lot of which all was set apart; when a count finds 2 more on a shelf; then nobody sells them."""
    lot = await stock.receive("5", lot_number="A")
    await stock.bench.post(f"/v1/lots/{lot['lot_id']}:quarantine", {"site": "harley", "reason": "warm"})
    sheet = await Sheet.open(stock, product_ids=[str(BOTOX)])
    line = (await sheet.add(lot_id=lot["lot_id"]))["line"]
    entries = [{"line": 1, "quantity": "0"}, {"line": line["line"], "quantity": "2"}]
    await stock.bench.post(f"{sheet.path}:count", {"entries": entries})
    await sheet.posted("found")
    level = await stock.level()
    assert (level["on_hand"], level["quarantined"]) == ("0", "7")


async def test_the_sheet_is_searched_and_paged(stock: Chain) -> None:
    """STK-05: given four lots; then the sheet comes in pages, by product, by lot, by name and by state."""
    for number in ("A", "B", "C"):
        await stock.receive("5", lot_number=number)
    await stock.receive("4", CREAM, lot_number="B")
    sheet = await Sheet.open(stock)
    first = await stock.bench.get(f"{sheet.path}/lines", params={"limit": 3})
    rest = await stock.bench.get(f"{sheet.path}/lines", params={"limit": 3, "after": first["next"]})
    assert [one["line"] for one in [*first["rows"], *rest["rows"]]] == [1, 2, 3, 4]
    await sheet.count("5", "4")

    async def found(**query: str) -> list[int]:
        """The lines that match."""
        return [one["line"] for one in await sheet.lines(params=query)]

    assert await found(product=str(CREAM)) == [4]
    assert await found(lot_number="B") == [2, 4]
    assert await found(search="crea") == [4]
    assert await found(search="%") == []
    assert await found(state="uncounted") == [3, 4]
    assert await found(state="counted") == [1, 2]
    assert await found(state="different") == [2]
