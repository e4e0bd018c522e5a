"""Tracing both ways: a lot to everything left and everyone reached, charges back to lots, notices and drills."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.stock.api.test_recalls import LATER, carry, recall
from tests.stock.chain import BOTOX, Chain, line, returned, voided

from lotwise.contracts.ids import uuid7
from lotwise.stock.jobs import follow_recalls
from lotwise.stock.repository import traces as sql

NOTHING = "00000000-0000-0000-0000-000000000000"


async def notices(stock: Chain, recall_id: str, **query: Any) -> dict[str, dict[str, Any]]:
    """A recall's list by charge."""
    found = await stock.bench.get(f"/v1/recalls/{recall_id}/notices", params=query)
    return {one["charge_id"]: one for one in found["rows"]}


async def test_a_lot_is_traced_to_all_that_is_left_and_all_it_reached(stock: Chain) -> None:
    """N-06: given 100 of A received, 20 carried to soho, 30 on their way, 2 sold by FEFO, 3 by naming it, 4 sold and
    brought back, 5 wasted; then every unit is traced: places, receipts, transfers, charges, confirmed or assumed.
    """
    made = await stock.receive("100", lot_number="A", expires_on=LATER, purchase_order="PO-7")
    await carry(stock, "20", made["lot_id"], receive=True)
    await carry(stock, "30", made["lot_id"])
    assumed = await stock.sell("2")
    named = stock.sale(line("3", lot_id=made["lot_id"]))
    await stock.hear(named)
    undone = await stock.sell("4")
    await stock.hear(voided(undone))
    body = {"site": "harley", "product_id": str(BOTOX), "quantity": "-5", "reason": "waste"}
    await stock.bench.post("/v1/adjustments", body)
    found = await stock.bench.get(f"/v1/lots/{made['lot_id']}/trace")
    (lot,) = found["lots"]
    figures = {name: lot[name] for name in ("received", "remaining", "charged", "wasted", "lost", "sent_back")}
    assert figures == {
        "received": "100", "remaining": "90", "charged": "5", "wasted": "5", "lost": "0", "sent_back": "0",
    }  # fmt: skip
    assert (lot["percent"], found["percent"], lot["unnamed"]) == (100.0, 100.0, "0")
    assert {(one["site"], one["state"]): one["quantity"] for one in found["places"]} == {
        ("harley", "shelf"): "40", ("soho", "shelf"): "20", ("soho", "transit"): "30",
    }  # fmt: skip
    assert [(one["site"], one["quantity"], one["cost_minor"]) for one in found["receipts"]] == [
        ("harley", "100", 50000)
    ]
    assert sorted((one["from_site"], one["to_site"], one["quantity"]) for one in found["transfers"]) == [
        ("harley", "soho", "20"), ("harley", "soho", "30"),
    ]  # fmt: skip
    assert {one["charge_id"]: one["how"] for one in found["charges"]} == {
        str(assumed.charge_id): "assumed",
        str(named.charge_id): "confirmed",
    }


async def test_a_sale_that_no_lot_covered_is_possibly_affected(stock: Chain) -> None:
    """STK-41: given 5 sold with 3 on the shelf, then 10 of A received which settle the debt; when A is recalled; then
    that sale is listed as possible, 2 of A are unnamed, and A is traced to 80 %.
    """
    await stock.receive("3", lot_number="Z", expires_on=LATER)
    sale = await stock.sell("5")
    await stock.receive("10", lot_number="A", expires_on=LATER)
    begun = await recall(stock, {"first": "A"})
    found = await stock.bench.get(f"/v1/recalls/{begun['recall_id']}/trace")
    (lot,) = found["lots"]
    assert (lot["remaining"], lot["unnamed"], lot["percent"]) == ("8", "2", 80.0)
    assert [(one["charge_id"], one["how"]) for one in found["charges"]] == [(str(sale.charge_id), "possible")]
    rows = await notices(stock, begun["recall_id"])
    assert [(one["how"], [lot["lot_number"] for lot in one["lots"]]) for one in rows.values()] == [("possible", [""])]


async def test_charges_lead_back_to_their_lots(stock: Chain) -> None:
    """N-06: given charges over two lots, one named, one of which came back in part; then each lot with what stayed."""
    one = await stock.receive("2", lot_number="A", expires_on=LATER)
    two = await stock.receive("9", lot_number="B", expires_on="2030-07-01")
    across = await stock.sell("5")
    named = stock.sale(line("1", lot_id=two["lot_id"]))
    await stock.hear(named)
    await stock.hear(returned("2", across))
    await recall(stock, {"first": "B"})
    body = {"charges": [str(across.charge_id), str(named.charge_id), str(uuid7())]}
    rows = (await stock.bench.post("/v1/trace:charges", body))["rows"]
    found = {(row["charge_id"], row["lot_number"]): (row["quantity"], row["how"], row["is_recalled"]) for row in rows}
    assert found == {
        (str(across.charge_id), "B"): ("3", "assumed", True),
        (str(named.charge_id), "B"): ("1", "confirmed", True),
    }
    assert one["lot_id"] != two["lot_id"]


async def test_members_are_told_one_by_one_and_the_list_remembers_who_did_it(stock: Chain) -> None:
    """N-06: given a recall with two charges; when one is contacted with a note, then acknowledged; then the list says
    who, when and what, filters by it, and counts; the audit keeps each step.
    """
    await stock.receive("9", lot_number="A", expires_on=LATER)
    first, second = await stock.sell("1"), await stock.sell("2")
    begun = await recall(stock, {"first": "A"})
    assert begun["notices"] == {"assumed": 2, "to_contact": 2}
    path = f"/v1/recalls/{begun['recall_id']}/notices/{first.charge_id}"
    await stock.bench.post(path, {"state": "contacted", "note": "left a message"})
    await stock.bench.post(path, {"state": "acknowledged", "note": "will come by"})
    told = (await notices(stock, begun["recall_id"]))[str(first.charge_id)]
    assert (told["state"], told["note"], told["changed_by"]) == ("acknowledged", "will come by", "user:owner")
    assert list(await notices(stock, begun["recall_id"], state="to_contact")) == [str(second.charge_id)]
    row = (await stock.bench.get("/v1/recalls"))["rows"][0]
    assert (row["lots"], row["blocked"], row["notices"], row["to_contact"]) == (1, 1, 2, 1)
    trail = await stock.bench.owner.fetch("select details from audit where action like '%notices%' order by id")
    assert [one["details"] for one in trail] == [
        {"was": "to_contact", "is": "contacted"}, {"was": "contacted", "is": "acknowledged"},
    ]  # fmt: skip


async def test_a_charge_that_comes_late_joins_the_list(stock: Chain) -> None:
    """STK-41: given a recall; when a charge that names the lot is recorded after it and the clock comes by; then its
    member is on the list, confirmed, and stays in the state a person gave.
    """
    made = await stock.receive("9", lot_number="A", expires_on=LATER)
    first = await stock.sell("1")
    begun = await recall(stock, {"first": "A"})
    path = f"/v1/recalls/{begun['recall_id']}/notices/{first.charge_id}"
    await stock.bench.post(path, {"state": "unreachable"})
    late = stock.sale(line("1", lot_id=made["lot_id"]))
    await stock.hear(late)
    await follow_recalls(stock.bench.runtime)
    found = {key: (one["how"], one["state"]) for key, one in (await notices(stock, begun["recall_id"])).items()}
    assert found == {
        str(first.charge_id): ("assumed", "unreachable"),
        str(late.charge_id): ("confirmed", "to_contact"),
    }


async def test_a_list_shows_only_the_sites_that_may_be_seen(stock: Chain) -> None:
    """F16: given charges at harley and soho; when the manager of harley looks; then soho's are not there."""
    await stock.receive("9", lot_number="A", expires_on=LATER)
    await stock.receive("9", lot_number="A", expires_on=LATER, site="soho")
    here = await stock.sell("1")
    await stock.sell("1", site="soho")
    begun = await recall(stock, {"first": "A"})
    found = await stock.bench.get(f"/v1/recalls/{begun['recall_id']}/notices", who="local")
    assert [one["charge_id"] for one in found["rows"]] == [str(here.charge_id)]
    traced = await stock.bench.get(f"/v1/recalls/{begun['recall_id']}/trace", who="local")
    assert {one["site"] for name in ("places", "receipts", "charges") for one in traced[name]} == {"harley"}
    answer = await stock.bench.call("GET", f"/v1/recalls/{begun['recall_id']}/notices?site=soho", who="local")
    assert answer.status_code == 403


async def test_a_drill_traces_and_blocks_nothing(stock: Chain) -> None:
    """N-06: given a lot sold and carried; when a recall of it is rehearsed; then what was traced, how completely and
    in how long is kept, and nothing is blocked, told or listed.
    """
    await stock.receive("10", lot_number="A", expires_on=LATER)
    await stock.sell("4")
    await carry(stock, "2", receive=True)
    told = len(await stock.bench.told())
    body = {"title": "spring drill", "lines": [{"product_id": str(BOTOX), "first": "A"}]}
    done = await stock.bench.post("/v1/recall-drills", body)
    assert done["took_ms"] >= 1
    figures = {name: done[name] for name in ("lots", "sites", "charges", "possible", "percent", "is_complete")}
    assert figures == {"lots": 1, "sites": 2, "charges": 1, "possible": 0, "percent": 100.0, "is_complete": True}
    assert len(await stock.bench.told()) == told
    assert await stock.on_hand() == "4"
    kept = (await stock.bench.get("/v1/recall-drills"))["rows"]
    assert [(one["drill_id"], one["title"], one["drilled_by"]) for one in kept] == [
        (done["drill_id"], "spring drill", "user:owner")
    ]


async def test_traces_find_their_rows_by_index(stock: Chain) -> None:
    """N-06: given 100,000 generated movements of other lots; when a lot is traced; then no plan scans the ledger."""
    made = await stock.receive("10", lot_number="A", expires_on=LATER)
    await stock.sell("1")
    owner = stock.bench.owner
    at = datetime.now(UTC) - timedelta(days=1)
    async with owner.transaction():
        await owner.execute(
            "insert into movement (id, recorded_at, happened_at, site, product_id, lot_id, from_location, to_location,"
            " quantity, cost_minor, actor, reason, cause_id, line, trace_id, content_hash)"
            " select uuidv7(), $1, $1, site, product_id, gen_random_uuid(), from_location, to_location, 1, 1, actor,"
            " reason, gen_random_uuid(), 0, '', content_hash"
            " from (select * from movement order by id limit 1), generate_series(1, 100000)",
            at,
        )
        await owner.execute("analyze movement")
        plans = await _plans(owner, [made["lot_id"]])
        await owner.execute("delete from movement where recorded_at = $1", at)
    full = f"Seq Scan on movement_p{at:%Y%m}"
    assert [plan for plan in plans if full in plan] == []


async def _plans(owner: Any, lots: list[str]) -> list[str]:
    found = []
    calls: list[tuple[str, list[Any]]] = [
        (sql._STORY, [lots, NOTHING]), (sql._PLACES, [lots]), (sql._POSSIBLE, [[str(BOTOX)], NOTHING]),
    ]  # fmt: skip
    for statement, arguments in calls:
        rows = await owner.fetch(f"explain {statement}", *arguments)
        found.append("\n".join(row[0] for row in rows))
    return found
