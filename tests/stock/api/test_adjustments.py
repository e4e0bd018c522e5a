"""Corrections with managed reasons, the second person, and what the staff use (STK-08, STK-26, STK-34, N-22)."""

import asyncio
from typing import Any

import pytest
from tests.stock.chain import BOTOX, CREAM, Chain, product

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import StockAdjusted, StockIssued
from lotwise.stock.jobs import sweep_deeds

CONTROLLED = product(BOTOX, "BTX", "Botox Units", unit="U", cost="6.00", drug_class="controlled", revision=2)


def deed(quantity: str = "-1", **fields: Any) -> dict[str, Any]:
    """A correction of toxin at harley."""
    return {
        "adjustment_id": str(uuid7()), "site": "harley", "product_id": str(BOTOX), "quantity": quantity,
        "reason": "waste",
    } | fields  # fmt: skip


async def ruled(stock: Chain, scope: str = "chain", **rule: Any) -> None:
    """Set when a second person is needed."""
    await stock.bench.put(f"/v1/witness-rules/{scope}", rule, match="*")


async def listed(stock: Chain, **query: Any) -> list[dict[str, Any]]:
    """What was entered, newest first."""
    found: list[dict[str, Any]] = (await stock.bench.get("/v1/adjustments", params=query))["rows"]
    return found


async def test_a_reason_of_the_chain_counts_to_its_account(stock: Chain) -> None:
    """STK-26: given a reason "spill" added to the list with the account waste, which asks for a note;
    when 2 of 5 are written off with it; then they went to waste under that word, and without a note nothing moves.
    """
    await stock.receive("5", lot_number="A")
    added = await stock.bench.post(
        "/v1/reasons", {"code": "spill", "name": "Spilt", "account": "waste", "needs_note": True}
    )
    assert (added["revision"], added["account"]) == (1, "waste")
    before = await stock.bench.state()
    refused = await stock.bench.call("POST", "/v1/adjustments", deed("-2", reason="spill", note="  "))
    assert (refused.status_code, refused.json()["code"]) == (422, "note-missing")
    assert await stock.bench.state() == before
    done = await stock.bench.post("/v1/adjustments", deed("-2", reason="spill", note="knocked over"))
    assert (done["state"], done["cost_minor"]) == ("posted", -1000)
    (row,) = (await stock.bench.get("/v1/movements", params={"reason": "spill"}))["rows"]
    assert (row["source"]["kind"], row["target"]["kind"], row["quantity"]) == ("shelf", "waste", "2")
    (entered,) = await listed(stock, account="waste")
    assert (entered["note"], entered["quantity"], entered["cost_minor"], entered["actor"]) == (
        "knocked over", "-2", -1000, "user:owner",
    )  # fmt: skip


async def test_an_archived_reason_is_refused_and_its_history_stays(stock: Chain) -> None:
    """STK-26: given waste written off as a sample; when "sample" is archived; then it is offered and taken no more,
    what was entered keeps it, and an edit of an older revision is refused.
    """
    await stock.receive("5", lot_number="A")
    await stock.bench.post("/v1/adjustments", deed(reason="sample"))
    edit = {"name": "Sample", "is_archived": True}
    assert (await stock.bench.put("/v1/reasons/sample", edit, match='"1"'))["revision"] == 2
    stale = await stock.bench.call("PUT", "/v1/reasons/sample", edit, match='"1"')
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    codes = [one["code"] for one in (await stock.bench.get("/v1/reasons"))["rows"]]
    assert "sample" not in codes
    assert {"waste", "damage", "expiry", "loss", "theft", "found", "usage"} <= set(codes)
    before = await stock.bench.state()
    refused = await stock.bench.call("POST", "/v1/adjustments", deed(reason="sample"))
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown-reason")
    assert await stock.bench.state() == before
    assert [one["reason"] for one in await listed(stock)] == ["sample"]


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ({"code": "waste", "name": "Waste", "account": "waste"}, "reason-exists", 409),
        ({"code": "No Good", "name": "x", "account": "waste"}, "invalid", 422),
        ({"code": "gone", "name": "x", "account": "thin air"}, "invalid", 422),
        ({"code": "gone", "name": "", "account": "loss"}, "invalid", 422),
    ],
)
async def test_a_bad_reason_is_refused(stock: Chain, body: dict[str, Any], code: str, status: int) -> None:
    """STK-26, bad input: a code that is taken or malformed, an account that is none: refused, nothing stored."""
    before = await stock.bench.state()
    answer = await stock.bench.call("POST", "/v1/reasons", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await stock.bench.state() == before


@pytest.mark.parametrize(("quantity", "reason"), [("-1", "found"), ("1", "usage")])
async def test_a_reason_goes_one_way(stock: Chain, quantity: str, reason: str) -> None:
    """STK-08: what is found comes in and what is used goes out; the other way is refused and moves nothing."""
    await stock.receive("5")
    before = await stock.bench.state()
    answer = await stock.bench.call("POST", "/v1/adjustments", deed(quantity, reason=reason))
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-quantity")
    assert await stock.bench.state() == before


async def test_waste_above_the_threshold_waits_for_a_second_person(stock: Chain) -> None:
    """N-22: given a threshold of 20.00 and lots at 5.00; when 4 are wasted and then 5; then the 4 go at once, the 5
    move nothing and wait; when another person confirms, they go once, with both names, at their real cost.
    """
    await stock.receive("20", lot_number="A")
    await ruled(stock, above_minor=2000, classes=[], hours=8)
    assert (await stock.bench.post("/v1/adjustments", deed("-4")))["state"] == "posted"
    body = deed("-5", note="dropped the tray")
    waiting = await stock.bench.post("/v1/adjustments", body)
    assert (waiting["state"], waiting["needed"], waiting["cost_minor"], waiting["lots"]) == (
        "pending",
        "value",
        -2500,
        [],
    )
    assert await stock.on_hand() == "16"
    again = await stock.bench.post("/v1/adjustments", body)
    assert (again["is_repeat"], again["state"]) == (True, "pending")
    path = f"/v1/adjustments/{body['adjustment_id']}"
    done = await stock.bench.post(f"{path}:confirm", {"note": "I saw it"}, who="manager")
    assert (done["state"], done["cost_minor"], [one["quantity"] for one in done["lots"]]) == ("posted", -2500, ["5"])
    assert await stock.on_hand() == "11"
    told = await stock.told(StockAdjusted)
    assert [(one.quantity, one.actor, one.note) for one in told] == [
        ("-4", "user:owner", ""), ("-5", "user:owner", "dropped the tray"),
    ]  # fmt: skip
    shown = await stock.bench.get(path)
    assert (shown["state"], shown["actor"], shown["witness"], shown["witness_note"]) == (
        "posted", "user:owner", "user:manager", "I saw it",
    )  # fmt: skip
    twice = await stock.bench.call("POST", f"{path}:confirm", {}, who="manager")
    assert (twice.status_code, twice.json()["code"]) == (409, "not-pending")
    assert await stock.on_hand() == "11"


async def test_a_site_has_its_own_threshold(stock: Chain) -> None:
    """N-22: given a chain that asks above 1.00 and a site that never asks; then each site follows its own rule."""
    await stock.receive("9")
    await stock.receive("9", site="soho")
    await ruled(stock, above_minor=100, classes=[])
    await ruled(stock, "harley", above_minor=None, classes=[])
    assert (await stock.bench.post("/v1/adjustments", deed("-2")))["state"] == "posted"
    assert (await stock.bench.post("/v1/adjustments", deed("-2", site="soho")))["state"] == "pending"
    scopes = [(one["scope"], one["above_minor"]) for one in (await stock.bench.get("/v1/witness-rules"))["rows"]]
    assert scopes == [("chain", 100), ("harley", None)]


async def test_a_controlled_drug_is_never_wasted_alone(stock: Chain) -> None:
    """STK-40: given a controlled product and no rule of the chain's own; when 1 is wasted, or found; then it waits;
    a product over the counter does not.
    """
    await stock.hear(CONTROLLED)
    await stock.receive("9", lot_number="A")
    await stock.receive("9", CREAM)
    assert (await stock.bench.post("/v1/adjustments", deed()))["needed"] == "class"
    assert (await stock.bench.post("/v1/adjustments", deed("1", reason="found")))["needed"] == "class"
    assert (await stock.bench.post("/v1/adjustments", deed(product_id=str(CREAM))))["state"] == "posted"
    assert await stock.on_hand() == "9"


async def test_the_deeds_own_hand_cannot_witness_it(stock: Chain) -> None:
    """N-22: given waste that waits; when the same person confirms it, or one who may not; then each is refused by
    name and nothing moved; a person of another site may not either.
    """
    await stock.hear(CONTROLLED)
    await stock.receive("9", site="soho")
    body = deed(site="soho")
    await stock.bench.post("/v1/adjustments", body)
    path = f"/v1/adjustments/{body['adjustment_id']}:confirm"
    before = await stock.bench.state()
    calls = [("owner", 409, "same-witness"), ("front_desk", 403, "forbidden"), ("local", 403, "forbidden")]
    for who, status, code in calls:
        answer = await stock.bench.call("POST", path, {}, who=who)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    unknown = await stock.bench.call("POST", f"/v1/adjustments/{uuid7()}:confirm", {}, who="manager")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-adjustment")
    assert await stock.bench.state() == before


async def test_a_declined_deed_moves_nothing_for_good(stock: Chain) -> None:
    """N-22: given waste that waits; when the witness declines; then it stays in the list as declined, nothing moved,
    no event was told, and it cannot be confirmed any more.
    """
    await stock.hear(CONTROLLED)
    await stock.receive("9")
    body = deed("-3")
    await stock.bench.post("/v1/adjustments", body)
    path = f"/v1/adjustments/{body['adjustment_id']}"
    declined = await stock.bench.post(f"{path}:decline", {"note": "the vial was full"}, who="manager")
    assert (declined["state"], declined["witness"], declined["witness_note"]) == (
        "declined", "user:manager", "the vial was full",
    )  # fmt: skip
    late = await stock.bench.call("POST", f"{path}:confirm", {}, who="manager")
    assert (late.status_code, late.json()["code"], late.json()["numbers"]) == (
        409,
        "not-pending",
        {"state": "declined"},
    )
    assert await stock.on_hand() == "9"
    assert await stock.told(StockAdjusted) == []


async def test_a_deed_nobody_witnessed_runs_out(stock: Chain) -> None:
    """N-22: given waste that waits an hour; when the hour is over; then it is closed as expired with a row in the
    audit trail, and confirming it is refused, before the sweep as after it.
    """
    await stock.hear(CONTROLLED)
    await stock.receive("9")
    body = deed("-3")
    await stock.bench.post("/v1/adjustments", body)
    await stock.bench.owner.execute("update adjustment set expires_at = now() - interval '1 second'")
    path = f"/v1/adjustments/{body['adjustment_id']}"
    early = await stock.bench.call("POST", f"{path}:confirm", {}, who="manager")
    assert (early.status_code, early.json()["numbers"]) == (409, {"state": "expired"})
    await sweep_deeds(stock.bench.runtime)
    assert (await stock.bench.get(path))["state"] == "expired"
    (trail,) = await stock.bench.owner.fetch("select * from audit where action = 'expire adjustment'")
    assert (trail["site"], trail["target"], trail["actor"]) == ("harley", body["adjustment_id"], "service:stock")
    assert await stock.on_hand() == "9"


async def test_a_confirmed_deed_whose_goods_are_gone_stays_open(stock: Chain) -> None:
    """N-22: given waste of 9 that waits while 5 are sold; when it is confirmed; then it is refused with what is
    there, stays pending, and the witness's no changed nothing.
    """
    await stock.hear(CONTROLLED)
    await stock.receive("9")
    body = deed("-9")
    await stock.bench.post("/v1/adjustments", body)
    await stock.sell("5")
    path = f"/v1/adjustments/{body['adjustment_id']}"
    before = await stock.bench.state()
    refused = await stock.bench.call("POST", f"{path}:confirm", {}, who="manager")
    assert (refused.status_code, refused.json()["code"], refused.json()["numbers"]["on_hand"]) == (
        409, "not-enough-in-lot", "4",
    )  # fmt: skip
    assert await stock.bench.state() == before


async def test_a_batch_says_which_rows_wait(stock: Chain) -> None:
    """STK-08, N-22: given a threshold; when a batch has a small and a large write-off; then one is adjusted, the
    other pending, and the sums of the answer say so.
    """
    await stock.receive("20")
    await ruled(stock, above_minor=1000, classes=[])
    answer = await stock.bench.post("/v1/adjustments:batch", {"adjustments": [deed("-2"), deed("-3")]})
    assert [one["outcome"] for one in answer["results"]] == ["adjusted", "pending"]
    assert (answer["adjusted"], answer["pending"], answer["refused"]) == (1, 1, 0)
    assert await stock.on_hand() == "18"


async def test_what_the_staff_use_is_usage_not_sale_nor_waste(stock: Chain) -> None:
    """STK-34: given back bar goods of two lots; when 4 are used at work; then the soonest expiry went to the usage
    account at its cost, told as usage and not as a charge, once; and the list shows it apart from waste.
    """
    await stock.receive("3", CREAM, lot_number="A", expires_on="2030-01-01")
    await stock.receive("3", CREAM, lot_number="B", expires_on="2031-01-01", unit_cost="7.00")
    body = {"usage_id": str(uuid7()), "site": "harley", "product_id": str(CREAM), "quantity": "4", "note": "facials"}
    used = await stock.bench.post("/v1/usages", body)
    assert (used["quantity"], used["cost_minor"], [one["lot_number"] for one in used["lots"]]) == (
        "-4", -2200, ["A", "B"],
    )  # fmt: skip
    assert (await stock.bench.post("/v1/usages", body))["is_repeat"] is True
    rows = (await stock.bench.get("/v1/movements", params={"reason": "usage"}))["rows"]
    assert {(row["source"]["kind"], row["target"]["kind"]) for row in rows} == {("shelf", "usage")}
    (told,) = await stock.told(StockAdjusted)
    assert (told.reason, told.quantity, told.cost_minor) == ("usage", "-4", -2200)
    assert await stock.told(StockIssued) == []
    assert await listed(stock, account="waste") == []
    (entered,) = await listed(stock, account="usage")
    assert (entered["actor"], entered["note"]) == ("user:owner", "facials")


async def test_usage_takes_only_reasons_of_usage(stock: Chain) -> None:
    """STK-34: given the reason "waste" at the door of usage; then it is refused: usage hides no waste."""
    await stock.receive("3")
    before = await stock.bench.state()
    body = {"site": "harley", "product_id": str(BOTOX), "quantity": "1", "reason": "waste"}
    answer = await stock.bench.call("POST", "/v1/usages", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-reason")
    assert await stock.bench.state() == before


async def test_the_list_of_adjustments_pages_and_keeps_to_its_sites(stock: Chain) -> None:
    """STK-08, N-03: given three adjustments at two sites; then pages of one meet each once, newest first, and who
    works at harley sees harley alone.
    """
    await stock.receive("9")
    await stock.receive("9", site="soho")
    ids = []
    for site in ("harley", "soho", "harley"):
        body = deed(site=site)
        await stock.bench.post("/v1/adjustments", body)
        ids.append(body["adjustment_id"])
    seen: list[str] = []
    after = None
    while True:
        page = await stock.bench.get("/v1/adjustments", params={"limit": 1} | ({"after": after} if after else {}))
        seen += [row["adjustment_id"] for row in page["rows"]]
        after = page["next"]
        if not after:
            break
    assert seen == ids[::-1]
    local = await stock.bench.get("/v1/adjustments", who="local")
    assert {row["site"] for row in local["rows"]} == {"harley"}
    other = await stock.bench.call("GET", f"/v1/adjustments/{ids[1]}", who="local")
    assert other.status_code == 403


async def test_a_manager_of_one_site_sets_no_rule_of_the_chain(stock: Chain) -> None:
    """N-03: a manager of harley alone sets harley's rule and sees it beside the chain's; the chain's list of reasons,
    its rule and another site's are refused, and nothing changes.
    """
    await ruled(stock, "soho", above_minor=1, classes=[])
    await stock.bench.put("/v1/witness-rules/harley", {"above_minor": 5, "classes": []}, who="local")
    before = await stock.bench.state()
    calls = [
        ("POST", "/v1/reasons", {"code": "x", "name": "X", "account": "loss"}),
        ("PUT", "/v1/reasons/waste", {"name": "Bin"}),
        ("PUT", "/v1/witness-rules/chain", {"above_minor": 1}),
        ("PUT", "/v1/witness-rules/soho", {"above_minor": 1}),
    ]
    for method, path, body in calls:
        match = {"match": "*"} if method == "PUT" else {}
        answer = await stock.bench.call(method, path, body, who="local", **match)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert await stock.bench.state() == before
    seen = (await stock.bench.get("/v1/witness-rules", who="local"))["rows"]
    assert [(one["scope"], one["above_minor"]) for one in seen] == [("chain", None), ("harley", 5)]
    unknown = await stock.bench.call("PUT", "/v1/witness-rules/nowhere", {"above_minor": 1}, match="*")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-site")


async def test_many_witnesses_at_once_do_a_deed_once(stock: Chain) -> None:
    """N-22, race: given waste of 5 that waits; when ten confirmations and declines arrive at once; then exactly one is
    taken, the others hear that it waits no more, and the stock says what the one said.
    """
    await stock.hear(CONTROLLED)
    await stock.receive("9", lot_number="A")
    body = deed("-5")
    await stock.bench.post("/v1/adjustments", body)
    path = f"/v1/adjustments/{body['adjustment_id']}"
    words = ["confirm", "decline"] * 5
    calls = (stock.bench.call("POST", f"{path}:{word}", {}, who="manager") for word in words)
    answers = await asyncio.gather(*calls)
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    (done,) = [word for word, answer in zip(words, answers, strict=True) if answer.status_code == 200]
    assert await stock.on_hand() == ("4" if done == "confirm" else "9")
    assert len(await stock.told(StockAdjusted)) == (1 if done == "confirm" else 0)


async def test_the_same_waiting_deed_sent_at_once_is_one(stock: Chain) -> None:
    """N-22, race: the same adjustment sent eight times at once waits once; confirmed, it goes once."""
    await stock.hear(CONTROLLED)
    await stock.receive("9", lot_number="A")
    body = deed("-2")
    answers = await asyncio.gather(*(stock.bench.call("POST", "/v1/adjustments", body) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert sum(not answer.json()["is_repeat"] for answer in answers) == 1
    await stock.bench.post(f"/v1/adjustments/{body['adjustment_id']}:confirm", {}, who="manager")
    assert await stock.on_hand() == "7"


async def test_usage_takes_the_back_bar_first(stock: Chain) -> None:
    """STK-34, STK-44: given 5 creams on the shelf and 3 of a later expiry moved to the back bar; when 4 are used at
    work; then the 3 of the back bar go first and one of the shelf; waste still takes the shelf alone.
    """
    await stock.receive("5", CREAM, lot_number="A", expires_on="2030-01-01")
    await stock.receive("3", CREAM, lot_number="B", expires_on="2031-01-01")
    (late,) = [one for one in await stock.lots(product=str(CREAM)) if one["lot_number"] == "B"]
    move = {
        "site": "harley", "product_id": str(CREAM), "lot_id": late["lot_id"], "quantity": "3",
        "source": {"purpose": "retail"}, "target": {"purpose": "back_bar"},
    }  # fmt: skip
    await stock.bench.post("/v1/moves", move)
    used = await stock.bench.post("/v1/usages", {"site": "harley", "product_id": str(CREAM), "quantity": "4"})
    assert [(one["lot_number"], one["quantity"]) for one in used["lots"]] == [("B", "3"), ("A", "1")]
    waste = deed("-5", product_id=str(CREAM))
    refused = await stock.bench.call("POST", "/v1/adjustments", waste)
    assert (refused.status_code, refused.json()["numbers"]["on_hand"]) == (409, "4")
