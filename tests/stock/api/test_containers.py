"""Opened containers over HTTP and the bus: opened, drawn, discarded, swept; what comes out is what the label says."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.stock.chain import BOTOX, CREAM, SERVICE, Chain, line, product, returned, voided

from lotwise.contracts.catalog import Pack, ProductDefined
from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import (
    ContainerDiscarded,
    ContainerOpened,
    StockAdjusted,
    StockBelowMin,
    StockIssued,
    StockLevelChanged,
    StockOut,
    StockReturned,
    TreatmentConsumed,
)
from lotwise.stock.jobs import sweep_opened

VIAL = UUID("00000000-0000-7000-8000-0000000000a1")
SYRINGE = UUID("00000000-0000-7000-8000-0000000000a2")
ANNA, BEA = "00000000-0000-7000-8000-0000000000b1", "00000000-0000-7000-8000-0000000000b2"


def products_of_clinic() -> list[ProductDefined]:
    """A toxin in vials of 100 and 50 U for several patients, 24 h after opening, and a filler for one patient."""
    packs = (Pack(name="box", units="1000"), Pack(name="half", units="50"))
    return [
        product(VIAL, "TOX", "Toxin", packs=packs, use_by_hours=24, cost="5.00", unit="U",
                container_rule="multi_patient", container_units="100"),
        product(SYRINGE, "FIL", "Filler", cost="8.00", unit="U", use_by_hours=4, container_rule="single_patient",
                container_units="10"),
    ]  # fmt: skip


@pytest.fixture
async def clinic(stock: Chain) -> Chain:
    """The chain with a toxin and a filler that are drawn from containers."""
    await stock.hear(*products_of_clinic())
    return stock


async def opened(clinic: Chain, product_id: UUID = VIAL, **fields: Any) -> dict[str, Any]:
    """A container opened at harley now."""
    body = {"site": "harley", "product_id": str(product_id)} | fields
    found: dict[str, Any] = await clinic.bench.post("/v1/containers", body)
    return found


async def drawn(clinic: Chain, container: dict[str, Any], quantity: str, **fields: Any) -> dict[str, Any]:
    """Units drawn from a container."""
    path = f"/v1/containers/{container['container_id']}:draw"
    found: dict[str, Any] = await clinic.bench.post(path, {"quantity": quantity} | fields)
    return found


async def refused(clinic: Chain, path: str, body: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The no of a deed that changed nothing."""
    before = await clinic.bench.state()
    answer = await clinic.bench.call("POST", path, body, **options)
    assert answer.status_code in {403, 404, 409, 422}, answer.text
    assert await clinic.bench.state() == before
    found: dict[str, Any] = answer.json()
    return found


async def test_opening_moves_a_vial_from_the_shelf_and_dates_it(clinic: Chain) -> None:
    """N-07, STK-37: given 200 U; when a vial is opened with its diluent; then 100 are on hand and 100 open beside,
    use-by in 24 h; the opening is told with who and when.
    """
    await clinic.receive("200", VIAL, lot_number="A", expires_on="2030-01-01")
    vial = await opened(clinic, diluent="NaCl 0.9 % 2.5 ml")
    assert (vial["label"], vial["left"], vial["cost_minor"], vial["diluent"]) == (
        "100", "100", 50_000, "NaCl 0.9 % 2.5 ml",
    )  # fmt: skip
    use_by = datetime.fromisoformat(vial["use_by"]) - datetime.fromisoformat(vial["opened_at"])
    assert use_by == timedelta(hours=24)
    level = await clinic.level(VIAL)
    assert (level["on_hand"], level["opened"], level["available"]) == ("100", "100", "200")
    (told,) = await clinic.told(ContainerOpened)
    assert (told.quantity, told.cost_minor, told.lot_number, told.actor) == ("100", 50_000, "A", "user:owner")
    (changed,) = (await clinic.told(StockLevelChanged))[-1].levels
    assert (changed.on_hand, changed.opened, changed.available) == ("100", "100", "200")


async def test_drawn_and_wasted_is_the_label(clinic: Chain) -> None:
    """STK-37, N-07: given a vial of 100 U at 500.00; when 20 and 35 are drawn and the rest is discarded;
    then 55 were drawn, 45 wasted with their cost, told as waste.
    """
    await clinic.receive("100", VIAL)
    vial = await opened(clinic)
    await drawn(clinic, vial, "20", practitioner="Dr Vega", member_id=ANNA)
    await drawn(clinic, vial, "35", practitioner="Dr Vega", member_id=BEA)
    path = f"/v1/containers/{vial['container_id']}:discard"
    closed = await clinic.bench.post(path, {"reason": "waste", "note": "end of day"})
    assert [closed[name] for name in ("drawn", "wasted", "left", "wasted_minor", "cost_minor", "state")] == [
        "55", "45", "0", 22_500, 0, "discarded",
    ]  # fmt: skip
    (discarded,) = await clinic.told(ContainerDiscarded)
    assert (discarded.quantity, discarded.cost_minor, discarded.reason) == ("45", 22_500, "waste")
    (adjusted,) = await clinic.told(StockAdjusted)
    assert (adjusted.quantity, adjusted.cost_minor, adjusted.note) == ("-45", -22_500, "end of day")
    consumed = await clinic.told(TreatmentConsumed)
    assert [one.taken[0].cost_minor for one in consumed] == [10_000, 17_500]
    again = await clinic.bench.post(path, {"reason": "waste", "note": "again"})
    assert again["wasted"] == "45"
    assert len(await clinic.told(ContainerDiscarded)) == 1


async def test_overfill_is_stated_and_came_for_nothing(clinic: Chain) -> None:
    """STK-37: given a vial with 5 left of which 8 come out; when the overfill of 3 is stated; then drawn is 103."""
    await clinic.receive("100", VIAL)
    vial = await opened(clinic)
    await drawn(clinic, vial, "95")
    path = f"/v1/containers/{vial['container_id']}:draw"
    no = await refused(clinic, path, {"quantity": "8"})
    assert (no["code"], no["numbers"]["left"], no["numbers"]["wanted"]) == ("not-enough-left", "5", "8")
    done = await drawn(clinic, vial, "8", overfill="3")
    assert (done["drawn"], done["overfill"], done["state"], done["cost_minor"]) == ("103", "3", "used_up", 0)
    assert [(one.quantity, one.cost_minor, one.reason) for one in await clinic.told(StockAdjusted)] == [
        ("3", 0, "overfill")
    ]
    other = await refused(clinic, path, {"quantity": "1", "overfill": "200"})
    assert other["code"] == "container-closed"


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ({"product_id": str(uuid7())}, "unknown-product", 404),
        ({"site": "nowhere"}, "unknown-site", 404),
        ({"lot_id": str(uuid7())}, "unknown-lot", 404),
        ({"product_id": str(SERVICE)}, "not-kept", 409),
        ({"product_id": str(CREAM)}, "not-drawn", 409),
        ({"product_id": str(SYRINGE)}, "nothing-to-open", 409),
        ({"label": "70"}, "bad-label", 422),
        ({"label": "1000"}, "bad-label", 422),
        ({"use_by": "2020-01-01T00:00:00Z"}, "bad-use-by", 422),
        ({"use_by": "2150-01-01T00:00:00Z"}, "bad-use-by", 422),
        ({"happened_at": "2199-01-01T00:00:00Z"}, "bad-date", 422),
        ({"label": "1e9"}, "invalid-request", 422),
    ],
)
async def test_an_opening_that_cannot_be_is_refused(
    clinic: Chain, body: dict[str, Any], code: str, status: int
) -> None:
    """STK-37, bad input: each no has its name and numbers, and nothing changed."""
    await clinic.receive("60", VIAL, lot_number="A", expires_on="2100-01-01")
    await clinic.receive("9", CREAM)
    no = await refused(clinic, "/v1/containers", {"site": "harley", "product_id": str(VIAL)} | body)
    assert no["status"] == status, no
    if code != "invalid-request":
        assert no["code"] == code


async def test_lots_that_may_not_be_used_are_not_opened(clinic: Chain) -> None:
    """STK-37: given an expired lot, one set apart and one of which nothing is here; when they are scanned to be opened;
    then each is refused with what helps, and nothing changed.
    """
    for number, expires_on in (("OLD", "2026-03-01"), ("APART", None), ("GONE", None)):
        await clinic.receive("100", VIAL, lot_number=number, expires_on=expires_on)
    ids = {one["lot_number"]: one["lot_id"] for one in await clinic.lots(product=str(VIAL))}
    await clinic.bench.post(f"/v1/lots/{ids['APART']}:quarantine", {"site": "harley", "reason": "warm"})
    gone = {"site": "harley", "product_id": str(VIAL), "quantity": "-100", "reason": "loss", "lot_id": ids["GONE"]}
    await clinic.bench.post("/v1/adjustments", gone)
    found = {}
    for number, lot_id in ids.items():
        body = {"site": "harley", "product_id": str(VIAL), "lot_id": lot_id}
        found[number] = await refused(clinic, "/v1/containers", body)
    assert {number: no["code"] for number, no in found.items()} == {
        "OLD": "lot-expired", "APART": "lot-set-apart", "GONE": "nothing-to-open",
    }  # fmt: skip
    assert found["APART"]["numbers"]["quarantined"] == "100"
    assert found["OLD"]["numbers"]["expires_on"] == "2026-03-01"


async def test_a_recalled_lot_is_neither_opened_nor_drawn(clinic: Chain) -> None:
    """STK-37, STK-12: given an open vial of a lot that is recalled; when it is drawn or another opened; then no."""
    await clinic.receive("200", VIAL, lot_number="BAD")
    vial = await opened(clinic)
    await clinic.bench.owner.execute("update lot set is_recalled = true where id = $1", UUID(vial["lot_id"]))
    path = f"/v1/containers/{vial['container_id']}:draw"
    assert (await refused(clinic, path, {"quantity": "5"}))["code"] == "lot-recalled"
    body = {"site": "harley", "product_id": str(VIAL), "lot_id": vial["lot_id"]}
    assert (await refused(clinic, "/v1/containers", body))["code"] == "lot-recalled"
    del body["lot_id"]
    assert (await refused(clinic, "/v1/containers", body))["code"] == "nothing-to-open"


async def test_a_later_use_by_needs_another_persons_name(clinic: Chain) -> None:
    """STK-37: given 24 h on the label; when 48 h are wanted; then only with an approver who is not the opener."""
    await clinic.receive("200", VIAL)
    wanted = (datetime.now(UTC) + timedelta(hours=48)).isoformat()
    body = {"site": "harley", "product_id": str(VIAL), "use_by": wanted}
    no = await refused(clinic, "/v1/containers", body)
    assert (no["code"], no["numbers"]["use_by"]) == ("use-by-needs-approval", wanted)
    assert no["numbers"]["label_use_by"] < wanted
    assert (await refused(clinic, "/v1/containers", body | {"approved_by": "user:owner"}))["code"] == no["code"]
    vial = await opened(clinic, use_by=wanted, approved_by="Dr Vega")
    assert (vial["use_by"][:16], vial["approved_by"]) == (wanted[:16], "Dr Vega")


async def test_a_product_that_confirms_its_lot_is_scanned_to_open(clinic: Chain) -> None:
    """STK-36: given a product that asks for its lot; when it is opened without; then FEFO proposes and refuses;
    when another lot is chosen, the deviation is kept.
    """
    await clinic.hear(
        product(VIAL, "TOX", "Toxin", unit="U", confirm_lot=True, container_rule="multi_patient",
                container_units="100", revision=9)
    )  # fmt: skip
    await clinic.receive("100", VIAL, lot_number="SOON", expires_on="2030-01-01")
    await clinic.receive("100", VIAL, lot_number="LATE", expires_on="2031-01-01")
    no = await refused(clinic, "/v1/containers", {"site": "harley", "product_id": str(VIAL)})
    assert (no["code"], no["numbers"]["proposed_lot"]) == ("lot-not-confirmed", "SOON")
    ids = {one["lot_number"]: one["lot_id"] for one in await clinic.lots(product=str(VIAL))}
    late = await opened(clinic, lot_id=ids["LATE"])
    assert (late["is_confirmed"], late["proposed_lot_id"]) == (True, ids["SOON"])
    soon = await opened(clinic, lot_id=ids["SOON"])
    assert (soon["is_confirmed"], soon["proposed_lot_id"]) == (True, None)


async def test_drawing_that_cannot_be_is_refused(clinic: Chain) -> None:
    """STK-37: given a filler opened for Anna; when Bea is drawn from it, or nobody is named, or it is over;
    then no, with numbers; nothing changed.
    """
    await clinic.receive("20", SYRINGE)
    mine = await opened(clinic, SYRINGE, member_id=ANNA)
    path = f"/v1/containers/{mine['container_id']}:draw"
    other = await refused(clinic, path, {"quantity": "2", "member_id": BEA})
    assert (other["code"], other["numbers"]["left"]) == ("another-patients", "10")
    assert (await refused(clinic, path, {"quantity": "2"}))["code"] == "patient-needed"
    assert (await refused(clinic, path, {"quantity": "0.5", "member_id": ANNA}))["code"] == "bad-quantity"
    missing = f"/v1/containers/{uuid7()}:draw"
    assert (await refused(clinic, missing, {"quantity": "2"}))["code"] == "unknown-container"
    overfull = {"quantity": "2", "overfill": "1", "member_id": ANNA}
    assert (await refused(clinic, path, overfull))["code"] == "bad-quantity"
    await clinic.bench.owner.execute("update container set use_by = now() - interval '1 minute'")
    over = await refused(clinic, path, {"quantity": "2", "member_id": ANNA})
    assert (over["code"], over["numbers"]["left"]) == ("container-over", "10")
    past = {"quantity": "2", "member_id": ANNA, "happened_at": "2026-01-05T10:00:00Z"}
    assert (await refused(clinic, path, past, who="importer"))["code"] == "bad-date"


async def test_another_sites_people_do_not_draw(clinic: Chain) -> None:
    """N-03: given a vial at soho; when a manager of harley draws, discards or opens; then 403, nothing changed."""
    await clinic.receive("100", VIAL, site="soho")
    vial = await clinic.bench.post("/v1/containers", {"site": "soho", "product_id": str(VIAL)})
    path = f"/v1/containers/{vial['container_id']}"
    for where, body in (
        (f"{path}:draw", {"quantity": "1"}),
        (f"{path}:discard", {"note": "x"}),
        ("/v1/containers", {"site": "soho", "product_id": str(VIAL)}),
    ):
        assert (await refused(clinic, where, body, who="local"))["status"] == 403
    assert (await clinic.bench.call("GET", path, who="local")).status_code == 403


async def test_a_draw_and_an_opening_sent_twice_happen_once(clinic: Chain) -> None:
    """Exactly once: given a client-made id; when an opening and a draw are sent twice; then each took effect once."""
    await clinic.receive("300", VIAL)
    container_id, draw_id = str(uuid7()), str(uuid7())
    first = await opened(clinic, container_id=container_id)
    await opened(clinic, container_id=container_id)
    await drawn(clinic, first, "10", draw_id=draw_id)
    done = await drawn(clinic, first, "10", draw_id=draw_id)
    assert (done["drawn"], (await clinic.level(VIAL))["on_hand"]) == ("10", "200")


async def test_a_charge_draws_from_what_is_open_and_opens_the_next(clinic: Chain) -> None:
    """CAT-62, N-07: given an open 50 U vial with 12 left and a closed one of 100; when 20 are charged; then 12 + 8,
    told as the charge's lots, and the level has the rest of the second vial beside.
    """
    await clinic.receive("50", VIAL, lot_number="HALF", expires_on="2029-01-01")
    await clinic.receive("100", VIAL, lot_number="FULL", expires_on="2030-01-01")
    half = await opened(clinic)
    assert half["label"] == "50"
    await drawn(clinic, half, "38")
    await clinic.sell("20", VIAL, happened_at=datetime.now(UTC))
    (issued,) = await clinic.told(StockIssued)
    assert [(one.lot_number, one.quantity) for one in issued.taken] == [("HALF", "12"), ("FULL", "8")]
    level = await clinic.level(VIAL)
    assert (level["on_hand"], level["opened"], level["available"]) == ("0", "92", "92")
    rows = (await clinic.bench.get("/v1/containers", params={"site": "harley"}))["rows"]
    assert [(one["left"], one["is_automatic"]) for one in rows] == [("92", True)]


async def test_a_hold_may_take_what_is_open(clinic: Chain) -> None:
    """N-07, SAL-12: given nothing on the shelf and 92 in an open vial; when 90 are held and charged; then they are.

    A hold of 3 more is refused with what is available.
    """
    await clinic.receive("100", VIAL)
    await drawn(clinic, await opened(clinic), "8")
    sale = clinic.sale(line("90", VIAL), happened_at=datetime.now(UTC), is_held=True)
    hold = {"hold_id": str(sale.charge_id), "site": "harley", "lines": [{"product_id": str(VIAL), "quantity": "90"}]}
    await clinic.bench.post("/v1/holds", hold, who="service")
    no = await clinic.bench.call("POST", "/v1/holds", hold | {"hold_id": str(uuid7())}, who="service")
    assert (no.status_code, no.json()["numbers"]["available"]) == (409, "2")
    await clinic.hear(sale)
    level = await clinic.level(VIAL)
    assert (level["opened"], level["held"], level["available"]) == ("2", "0", "2")


async def test_what_is_open_is_part_of_what_may_be_charged(clinic: Chain) -> None:
    """N-17, N-07: given 100 U on the shelf and 92 in an open vial; when 150 are asked about; then the chain of
    reasons names what is open, and 192 may be charged; 193 may not, by the explanation as by the hold.
    """
    await clinic.receive("200", VIAL)
    await drawn(clinic, await opened(clinic), "8")
    asked = {"site": "harley", "product": str(VIAL)}
    why = await clinic.bench.get("/v1/explain/block", params=asked | {"quantity": "150"})
    assert (why["is_blocked"], why["grantable"]) == (False, "192")
    assert why["chain"] == [
        "100 U on hand", "92 U in opened vials beside", "0 U held for other charges", "so 192 U can be charged",
    ]  # fmt: skip
    over = await clinic.bench.get("/v1/explain/block", params=asked | {"quantity": "193"})
    assert over["is_blocked"]
    lines = [{"product_id": str(VIAL), "quantity": "193"}]
    hold = {"hold_id": str(uuid7()), "site": "harley", "lines": lines}
    no = await clinic.bench.call("POST", "/v1/holds", hold, who="service")
    assert no.json()["numbers"]["available"] == "192"


async def test_opening_the_last_vial_is_no_stock_out(clinic: Chain) -> None:
    """DESIGN 3.11: given a minimum of 60 and one vial of 100; when it is opened nothing is crossed; when 50 are drawn
    the level is under its minimum; when it is empty the product is out.
    """
    await clinic.receive("100", VIAL)
    await clinic.bench.put(f"/v1/levels/harley/{VIAL}", {"minimum": "60"})
    vial = await opened(clinic)
    assert (await clinic.told(StockBelowMin), await clinic.told(StockOut)) == ([], [])
    await drawn(clinic, vial, "50")
    assert [one.on_hand for one in await clinic.told(StockBelowMin)] == ["50"]
    await drawn(clinic, vial, "50")
    assert len(await clinic.told(StockOut)) == 1


async def test_at_its_use_by_the_rest_becomes_waste(clinic: Chain) -> None:
    """N-07: given a vial with 70 left whose use-by came; when the clock comes by twice; then 70 are waste once, with
    their cost, dated at the use-by; a vial still in time stays.
    """
    await clinic.receive("200", VIAL)
    over, fresh = await opened(clinic), await opened(clinic)
    await drawn(clinic, over, "30")
    await clinic.bench.owner.execute(
        "update container set use_by = opened_at + interval '1 millisecond' where id = $1", UUID(over["container_id"])
    )
    await sweep_opened(clinic.bench.runtime)
    await sweep_opened(clinic.bench.runtime)
    (told,) = await clinic.told(ContainerDiscarded)
    assert (told.quantity, told.cost_minor, told.reason) == ("70", 35_000, "use_by")
    swept = await clinic.bench.get(f"/v1/containers/{over['container_id']}")
    assert (swept["state"], swept["drawn"], swept["wasted"], swept["close_reason"]) == (
        "discarded", "30", "70", "use_by",
    )  # fmt: skip
    assert swept["closed_at"] == swept["use_by"]
    assert (await clinic.bench.get(f"/v1/containers/{fresh['container_id']}"))["state"] == "open"


async def test_a_late_charge_drew_from_what_was_open_then(clinic: Chain) -> None:
    """DESIGN 3.7: given a vial with 70 left that was swept at its use-by; when a charge of 20 from before that comes;
    then 50 of it were waste after all, told as such, and no other vial is opened; one of afterwards opens the next.
    """
    await clinic.receive("200", VIAL)
    vial = await opened(clinic)
    await drawn(clinic, vial, "30")
    await clinic.bench.owner.execute(
        "update container set opened_at = now() - interval '3 hours', use_by = now() - interval '1 hour'"
    )
    await sweep_opened(clinic.bench.runtime)
    now = datetime.now(UTC)
    await clinic.sell("20", VIAL, happened_at=now - timedelta(hours=2))
    shown = await clinic.bench.get(f"/v1/containers/{vial['container_id']}")
    assert (shown["drawn"], shown["wasted"], shown["wasted_minor"]) == ("50", "50", 25_000)
    assert [(one.quantity, one.reason) for one in await clinic.told(StockAdjusted)] == [
        ("-70", "use_by"), ("20", "use_by"),
    ]  # fmt: skip
    assert (await clinic.level(VIAL))["on_hand"] == "100"
    await clinic.sell("5", VIAL, happened_at=now - timedelta(minutes=30))
    level = await clinic.level(VIAL)
    assert (level["on_hand"], level["opened"]) == ("0", "95")


@pytest.mark.parametrize("way", ["void", "return"])
async def test_what_a_late_charge_drew_comes_back_apart(clinic: Chain, way: str) -> None:
    """SAL-19: given a late charge of 20 from a vial that was swept since; when it is voided or returned; then those 20
    lie apart as all that came out of a vial does, at their cost, and never on the shelf.
    """
    await clinic.receive("200", VIAL)
    await opened(clinic)
    await clinic.bench.owner.execute(
        "update container set opened_at = now() - interval '3 hours', use_by = now() - interval '1 hour'"
    )
    await sweep_opened(clinic.bench.runtime)
    sale = await clinic.sell("20", VIAL, happened_at=datetime.now(UTC) - timedelta(hours=2))
    await clinic.hear(voided(sale) if way == "void" else returned("20", sale, VIAL))
    level = await clinic.level(VIAL)
    assert (level["on_hand"], level["quarantined"], level["opened"]) == ("100", "20", "0")
    (told,) = await clinic.told(StockReturned)
    assert (told.disposition, [(one.quantity, one.cost_minor) for one in told.taken]) == (
        "quarantine", [("20", 10_000)],
    )  # fmt: skip
    await clinic.must_balance()


async def test_two_hands_in_one_vial_never_draw_more_than_it_holds(clinic: Chain) -> None:
    """RELIABILITY 7: given a vial of 100; when ten draws of 15 and five charges of 4 meet at once; then six draws or
    fewer pass, none takes what is not there, and the books agree.
    """
    await clinic.receive("100", VIAL)
    vial = await opened(clinic)
    path = f"/v1/containers/{vial['container_id']}:draw"
    draws = [clinic.bench.call("POST", path, {"quantity": "15"}) for _ in range(10)]
    charges = [clinic.sell("4", VIAL, happened_at=datetime.now(UTC)) for _ in range(5)]
    answers = await asyncio.gather(*draws, *charges)
    codes = [one.status_code for one in answers if isinstance(one, httpx.Response)]
    assert set(codes) <= {200, 409}
    shown = await clinic.bench.get(f"/v1/containers/{vial['container_id']}")
    owed = -int((await clinic.level(VIAL))["unattributed"])
    assert int(shown["drawn"]) + owed == 15 * codes.count(200) + 20
    assert int(shown["drawn"]) <= 100


async def test_what_was_charged_from_a_vial_does_not_return_to_a_shelf(clinic: Chain) -> None:
    """SAL-19: given 20 U charged out of a vial; when they come back, or the charge is voided; then in quarantine."""
    await clinic.receive("100", VIAL)
    sale = await clinic.sell("20", VIAL, happened_at=datetime.now(UTC))
    await clinic.hear(returned("5", sale, VIAL))
    await clinic.hear(voided(sale))
    level = await clinic.level(VIAL)
    assert (level["on_hand"], level["opened"], level["quarantined"]) == ("0", "80", "20")


async def test_what_no_vial_covers_is_a_shortage(clinic: Chain) -> None:
    """DESIGN 3.7: given one vial of 100; when 130 are charged; then 30 are owed, and a plain product is as ever."""
    await clinic.receive("100", VIAL)
    await clinic.receive("10", BOTOX)
    await clinic.hear(clinic.sale(line("130", VIAL), line("4", BOTOX, 2), happened_at=datetime.now(UTC)))
    level = await clinic.level(VIAL)
    assert (level["on_hand"], level["opened"], level["unattributed"]) == ("0", "0", "-30")
    assert await clinic.on_hand(BOTOX) == "6"


async def test_yields_by_vial_and_practitioner(clinic: Chain) -> None:
    """N-07: given two vials closed of which 80 and 50 were drawn; then the yield is 65 %, by vial 80 and 50 %, and by
    practitioner each has their share of the waste.
    """
    await clinic.receive("200", VIAL)
    for parts in ((("Vega", "60"), ("Roth", "20")), (("Vega", "50"),)):
        vial = await opened(clinic)
        for who, quantity in parts:
            await drawn(clinic, vial, quantity, practitioner=who)
        await clinic.bench.post(f"/v1/containers/{vial['container_id']}:discard", {"note": "evening"})

    async def rows(by: str) -> list[dict[str, Any]]:
        """The yields in one grouping."""
        answer = await clinic.bench.get("/v1/yields", params={"site": "harley", "by": by})
        found: list[dict[str, Any]] = answer["rows"]
        return found

    (whole,) = await rows("product")
    assert [whole[name] for name in ("containers", "label", "drawn", "wasted", "wasted_minor", "yield_percent")] == [
        2, "200", "130", "70", 35_000, "65.0",
    ]  # fmt: skip
    assert sorted(one["yield_percent"] for one in await rows("container")) == ["50.0", "80.0"]
    by_whom = {one["practitioner"]: (one["drawn"], one["wasted"]) for one in await rows("practitioner")}
    assert by_whom == {"Roth": ("20", "5"), "Vega": ("110", "65")}
    bad = {"site": "harley", "from": "2026-05-02", "to": "2026-05-01"}
    assert (await clinic.bench.call("GET", "/v1/yields", params=bad)).json()["code"] == "bad-date"
    assert (await clinic.bench.call("GET", "/v1/yields", params={"site": "nowhere"})).status_code == 404


async def test_containers_are_listed_and_shown(clinic: Chain) -> None:
    """N-07: given an open vial, a discarded one and two draws; then the open list, the closed list and one with its
    draws say so.
    """
    await clinic.receive("300", VIAL)
    first, second = await opened(clinic), await opened(clinic)
    await drawn(clinic, first, "10", practitioner="Vega", member_id=ANNA)
    await drawn(clinic, first, "5", practitioner="Roth")
    await clinic.bench.post(f"/v1/containers/{second['container_id']}:discard", {"note": "dropped", "reason": "damage"})
    closed = await clinic.bench.get("/v1/containers", params={"site": "harley", "state": "discarded", "limit": 1})
    assert [one["container_id"] for one in closed["rows"]] == [second["container_id"]]
    more = await clinic.bench.get("/v1/containers", params={"state": "discarded", "after": closed["next"]})
    assert (more["rows"], more["next"]) == ([], None)
    shown = await clinic.bench.get(f"/v1/containers/{first['container_id']}")
    assert [(one["quantity"], one["practitioner"]) for one in shown["draws"]] == [("10", "Vega"), ("5", "Roth")]
    assert (await clinic.bench.call("GET", f"/v1/containers/{uuid7()}")).status_code == 404
