"""A second person for every way of waste: a container's rest, what a transfer did not bring, what a return throws away.

Each waits in the list of adjustments until a witness confirms it; nothing moves before (N-22, STK-40).
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.stock.api.test_adjustments import CONTROLLED
from tests.stock.api.test_containers import ANNA, SYRINGE, VIAL, clinic, drawn, opened, refused
from tests.stock.api.test_serials import LASER, body, one, units
from tests.stock.api.test_transfers import sent, where
from tests.stock.chain import BOTOX, SERVICE, Chain, line, product, returned, voided

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import TreatmentCompleted, TreatmentLine
from lotwise.contracts.stock import ContainerDiscarded, StockAdjusted, StockReturned
from lotwise.stock.jobs import sweep_deeds, sweep_opened

__all__ = ["clinic"]
CONTROLLED_VIAL = product(
    VIAL, "TOX", "Toxin", use_by_hours=24, cost="5.00", unit="U", container_rule="multi_patient",
    container_units="100", drug_class="controlled", revision=2,
)  # fmt: skip


async def waiting(stock: Chain) -> list[dict[str, Any]]:
    """What waits for a witness."""
    found: list[dict[str, Any]] = (await stock.bench.get("/v1/adjustments", params={"state": "pending"}))["rows"]
    return found


async def confirm(stock: Chain, deed: dict[str, Any]) -> dict[str, Any]:
    """The manager saw it too."""
    path = f"/v1/adjustments/{deed['adjustment_id']}:confirm"
    found: dict[str, Any] = await stock.bench.post(path, {"note": "seen"}, who="manager")
    return found


async def above(stock: Chain, minor: int) -> None:
    """Let one person write off no more than this alone."""
    await stock.bench.put("/v1/witness-rules/chain", {"above_minor": minor, "classes": ["controlled"]}, match="*")


async def test_the_rest_of_a_container_waits_for_a_witness(clinic: Chain) -> None:
    """N-22: given a vial with 80 U for 400.00 left and 100.00 the most for one person; when its rest is discarded,
    twice; then one deed waits, the vial is still open and nothing moved; the first hand cannot witness it; once
    confirmed it is waste with its cost, told once.
    """
    await clinic.receive("100", VIAL)
    vial = await opened(clinic)
    await drawn(clinic, vial, "20", member_id=str(uuid7()))
    await above(clinic, 10_000)
    path = f"/v1/containers/{vial['container_id']}:discard"
    first = await clinic.bench.post(path, {"reason": "waste", "note": "dropped"})
    again = await clinic.bench.post(path, {"reason": "waste", "note": "dropped"})
    (deed,) = await waiting(clinic)
    assert first["waits_for"] == again["waits_for"] == deed["adjustment_id"]
    assert (first["state"], first["left"], deed["quantity"], deed["cost_minor"], deed["needed"]) == (
        "open", "80", "-80", -40_000, "value",
    )  # fmt: skip
    assert await clinic.told(ContainerDiscarded) == []
    no = await refused(clinic, f"/v1/adjustments/{deed['adjustment_id']}:confirm", {})
    assert no["code"] == "same-witness"
    done = await confirm(clinic, deed)
    assert (done["state"], done["cost_minor"]) == ("posted", -40_000)
    shown = await clinic.bench.get(f"/v1/containers/{vial['container_id']}")
    assert (shown["state"], shown["wasted"], shown["waits_for"]) == ("discarded", "80", None)
    assert [event.quantity for event in await clinic.told(ContainerDiscarded)] == ["80"]
    assert [event.quantity for event in await clinic.told(StockAdjusted)] == ["-80"]


async def test_a_container_drawn_from_meanwhile_is_not_what_was_seen(clinic: Chain) -> None:
    """N-22: given 100 U that wait to be thrown away; when 5 are drawn first; then the confirmation is refused with
    both figures and nothing moved; what costs less than the threshold needs nobody.
    """
    await clinic.receive("200", VIAL)
    await above(clinic, 10_000)
    vial = await opened(clinic)
    await clinic.bench.post(f"/v1/containers/{vial['container_id']}:discard", {"note": "dropped"})
    (deed,) = await waiting(clinic)
    await drawn(clinic, vial, "5", member_id=str(uuid7()))
    no = await refused(clinic, f"/v1/adjustments/{deed['adjustment_id']}:confirm", {}, who="manager")
    assert (no["code"], no["numbers"]["wanted"], no["numbers"]["left"]) == ("not-enough-left", "100", "95")
    await drawn(clinic, vial, "80", member_id=str(uuid7()))
    await clinic.bench.post(f"/v1/adjustments/{deed['adjustment_id']}:decline", {}, who="manager")
    done = await clinic.bench.post(f"/v1/containers/{vial['container_id']}:discard", {"note": "small rest"})
    assert (done["state"], done["wasted"], done["waits_for"]) == ("discarded", "15", None)


async def over(clinic: Chain, vial: dict[str, Any]) -> None:
    """Its use-by came an hour ago, and the clock comes by twice."""
    await clinic.bench.owner.execute(
        "update container set opened_at = now() - interval '3 hours', use_by = now() - interval '1 hour' where id = $1",
        UUID(vial["container_id"]),
    )
    await sweep_opened(clinic.bench.runtime)
    await sweep_opened(clinic.bench.runtime)


async def figures(clinic: Chain, vial: dict[str, Any]) -> tuple[str, ...]:
    """A vial's state and figures, and what of the toxin is open to anybody and available."""
    shown = await clinic.bench.get(f"/v1/containers/{vial['container_id']}")
    level = await clinic.level(VIAL)
    return (*(shown[name] for name in ("state", "drawn", "wasted", "left")), level["opened"], level["available"])


async def test_what_the_clock_throws_away_of_a_controlled_drug_waits(clinic: Chain) -> None:
    """STK-40, N-22: given a vial of a controlled drug with 70 left whose use-by came; when the clock comes by; then one
    deed waits without end, nothing is waste, and the rest is available to nobody; it can be declined by nobody; signed
    it is waste of its use-by, with its cost and the witness.
    """
    await clinic.hear(CONTROLLED_VIAL)
    await clinic.receive("200", VIAL)
    vial = await opened(clinic)
    await drawn(clinic, vial, "30")
    assert await figures(clinic, vial) == ("open", "30", "0", "70", "70", "170")
    await over(clinic, vial)
    assert await figures(clinic, vial) == ("open", "30", "0", "70", "0", "100")
    (deed,) = await waiting(clinic)
    assert [deed[name] for name in ("quantity", "cost_minor", "reason", "needed", "expires_at")] == [
        "-70", -35_000, "use_by", "class", None,
    ]  # fmt: skip
    assert await clinic.told(ContainerDiscarded) == []
    await sweep_deeds(clinic.bench.runtime)
    path = f"/v1/adjustments/{deed['adjustment_id']}"
    no = await refused(clinic, f"{path}:decline", {}, who="manager")
    assert (no["code"], len(no["ways_out"])) == ("use-by-passed", 2)
    later = await refused(clinic, f"/v1/containers/{vial['container_id']}:draw", {"quantity": "5"})
    assert later["code"] == "container-over"
    await confirm(clinic, deed)
    assert await figures(clinic, vial) == ("discarded", "30", "70", "0", "0", "100")
    (told,) = await clinic.told(ContainerDiscarded)
    assert (told.quantity, told.cost_minor, told.reason, told.happened_at) == (
        "70", 35_000, "use_by", datetime.fromisoformat(deed["happened_at"]),
    )  # fmt: skip
    assert [event.quantity for event in await clinic.told(StockAdjusted)] == ["-70"]
    await over(clinic, vial)
    assert await waiting(clinic) == []
    await clinic.must_balance()


async def test_what_was_drawn_in_time_is_told_late_and_the_rest_waits_anew(clinic: Chain) -> None:
    """STK-40, N-05: given a vial of a controlled drug that waits with 100; when a charge of 20 from before its use-by
    comes and the clock after it; then 20 were drawn from it, no other vial is opened, and one deed waits about 80.
    """
    await clinic.hear(CONTROLLED_VIAL)
    await clinic.receive("200", VIAL)
    vial = await opened(clinic)
    await over(clinic, vial)
    await clinic.sell("20", VIAL, happened_at=datetime.now(UTC) - timedelta(hours=2))
    assert await figures(clinic, vial) == ("open", "20", "0", "80", "0", "100")
    (old,) = await waiting(clinic)
    no = await refused(clinic, f"/v1/adjustments/{old['adjustment_id']}:confirm", {}, who="manager")
    assert (no["code"], no["numbers"]["left"]) == ("not-enough-left", "80")
    await sweep_opened(clinic.bench.runtime)
    (deed,) = await waiting(clinic)
    assert (deed["quantity"], deed["adjustment_id"] != old["adjustment_id"]) == ("-80", True)
    await confirm(clinic, deed)
    assert await figures(clinic, vial) == ("discarded", "20", "80", "0", "0", "100")
    await clinic.must_balance()


async def test_nothing_is_signed_of_a_vial_that_was_used_up(clinic: Chain) -> None:
    """N-22, N-05: given a vial that waits with 100; when late charges took all of it; then signing is refused and
    nothing moved; the clock takes the deed off the list, and the audit trail says why.
    """
    await clinic.hear(CONTROLLED_VIAL)
    await clinic.receive("200", VIAL)
    vial = await opened(clinic)
    await over(clinic, vial)
    (deed,) = await waiting(clinic)
    await clinic.sell("100", VIAL, happened_at=datetime.now(UTC) - timedelta(hours=2))
    assert (await figures(clinic, vial))[0] == "used_up"
    no = await refused(clinic, f"/v1/adjustments/{deed['adjustment_id']}:confirm", {}, who="manager")
    assert (no["code"], no["numbers"]["left"]) == ("not-enough-left", "0")
    await sweep_opened(clinic.bench.runtime)
    assert await waiting(clinic) == []
    said = await clinic.bench.owner.fetchval(
        "select reason from audit where target = $1 and action = 'expire adjustment'", deed["adjustment_id"]
    )
    assert said == "nothing of it is left"


async def test_a_persons_deed_is_the_one_that_waits_when_the_clock_comes(clinic: Chain) -> None:
    """N-22: given a rest that a person threw away and that waits; when its use-by comes; then that deed waits alone,
    and the rest is available to nobody; without a need of a witness the clock throws away at once.
    """
    await clinic.hear(CONTROLLED_VIAL)
    await clinic.receive("200", VIAL)
    vial = await opened(clinic)
    await clinic.bench.post(f"/v1/containers/{vial['container_id']}:discard", {"note": "dropped"})
    (deed,) = await waiting(clinic)
    await over(clinic, vial)
    assert await waiting(clinic) == [deed]
    assert await figures(clinic, vial) == ("open", "0", "0", "100", "0", "100")
    await clinic.bench.put("/v1/witness-rules/chain", {"above_minor": None, "classes": []}, match="*")
    other = await opened(clinic)
    await over(clinic, other)
    assert (await figures(clinic, other))[:4] == ("discarded", "0", "100", "0")


async def test_the_rest_of_a_visit_of_a_controlled_drug_waits_too(clinic: Chain) -> None:
    """STK-37, STK-40: given a filler that is controlled, opened for Anna's treatment; when that took 4 of 10 and is
    over; then the other 6 serve nobody, not Anna either, and wait; a correction to 5 draws from them still; signed,
    5 are waste.
    """
    await clinic.hear(
        product(SYRINGE, "FIL", "Filler", cost="8.00", unit="U", use_by_hours=4, container_rule="single_patient",
                container_units="10", drug_class="controlled", revision=2)
    )  # fmt: skip
    await clinic.receive("20", SYRINGE)
    treatment = uuid7()
    now = datetime.now(UTC) - timedelta(minutes=5)
    for revision, quantity in ((1, "4"), (2, "5")):
        said = TreatmentLine(product_id=SYRINGE, expected="4", drawn=quantity)
        await clinic.hear(
            TreatmentCompleted(
                site="harley", treatment_id=treatment, service_id=SERVICE, member_id=UUID(ANNA), lines=(said,),
                happened_at=now, practitioner="Dr Vega", revision=revision,
            )
        )  # fmt: skip
        await sweep_opened(clinic.bench.runtime)
        (deed,) = await waiting(clinic)
        assert (deed["quantity"], deed["needed"]) == (f"-{10 - int(quantity)}", "class")
    (vial,) = (await clinic.bench.get("/v1/containers", params={"product": str(SYRINGE)}))["rows"]
    path = f"/v1/containers/{vial['container_id']}:draw"
    assert (await refused(clinic, path, {"quantity": "1", "member_id": ANNA}))["code"] == "container-over"
    assert await clinic.told(StockAdjusted) == []
    await confirm(clinic, deed)
    assert [(one.quantity, one.cost_minor) for one in await clinic.told(StockAdjusted)] == [("-5", -2_500)]
    assert (await clinic.level(SYRINGE))["on_hand"] == "10"
    await clinic.must_balance()


@pytest.mark.parametrize("way", ["receive", "explain"])
async def test_what_a_transfer_did_not_bring_waits_for_a_witness(stock: Chain, way: str) -> None:
    """N-22, STK-29: given 6 of a controlled drug shipped; when 1 of them is said to be stolen; then it stays on its
    way and waits, said again it waits once; confirmed it is a loss told with both names and the transfer closes.
    """
    await stock.hear(CONTROLLED)
    await stock.receive("10")
    transfer = await sent(stock)
    five = [{"product_id": str(BOTOX), "quantity": "5"}]
    stolen = {"differences": [{"product_id": str(BOTOX), "quantity": "1", "reason": "theft", "note": "van opened"}]}
    if way == "receive":
        shown = await stock.bench.post(f"/v1/transfers/{transfer}:receive", {"lines": five, "missing_reason": "theft"})
    else:
        await stock.bench.post(f"/v1/transfers/{transfer}:receive", {"lines": five})
        shown = await stock.bench.post(f"/v1/transfers/{transfer}:explain", stolen)
    assert (shown["state"], shown["waiting"], await where(stock)) == ("shipped", 1, ["4", "1", "5"])
    await stock.bench.post(f"/v1/transfers/{transfer}:explain", stolen)
    (deed,) = await waiting(stock)
    assert (deed["site"], deed["quantity"], deed["reason"], deed["needed"]) == ("soho", "-1", "theft", "class")
    assert await stock.told(StockAdjusted) == []
    await confirm(stock, deed)
    closed = await stock.bench.get(f"/v1/transfers/{transfer}")
    assert (closed["state"], closed["waiting"], closed["lots"][0]["lost"]) == ("received", 0, "1")
    (lost,) = await stock.told(StockAdjusted)
    assert (lost.site, lost.quantity, lost.reason) == ("soho", "-1", "theft")
    assert await where(stock) == ["4", "0", "5"]


async def test_a_missing_unit_is_lost_once_it_is_witnessed(stock: Chain) -> None:
    """N-22, STK-19: given two lasers on their way of which one came; when its loss is confirmed; then that unit is."""
    await stock.hear(product(LASER, "LSR", "Laser", cost="1000.00", is_serialised=True))
    await stock.bench.post("/v1/receipts", body("A-1", "A-2"))
    keys = {row["serial"]: row["serial_id"] for row in await units(stock)}
    lines = [{"product_id": str(LASER), "quantity": "2"}]
    made = await stock.bench.post("/v1/transfers", {"from_site": "harley", "to_site": "soho", "lines": lines})
    key = made["transfer_id"]
    await stock.bench.post(f"/v1/transfers/{key}:ship", {"serials": list(keys.values())})
    await above(stock, 50_000)
    came = {"lines": [{"product_id": str(LASER), "quantity": "1"}], "serials": [keys["A-1"]], "missing_reason": "loss"}
    await stock.bench.post(f"/v1/transfers/{key}:receive", came)
    assert (await one(stock, "A-2"))["state"] == "in_transit"
    (deed,) = await waiting(stock)
    await confirm(stock, deed)
    assert {row["serial"]: row["state"] for row in await units(stock)} == {"A-1": "in_stock", "A-2": "lost"}


@pytest.mark.parametrize("way", ["return", "void", "unknown"])
async def test_what_a_return_throws_away_waits_for_a_witness(stock: Chain, way: str) -> None:
    """N-22, SAL-19: given 4 of a controlled drug that come back to be thrown away; when stock hears of it; then they
    lie apart as damaged and their scrapping waits; confirmed they are waste; declined they stay apart.
    """
    await stock.hear(CONTROLLED)
    await stock.receive("10", lot_number="A")
    sale = await stock.sell("4", happened_at=datetime.now(UTC))
    if way == "void":
        await stock.hear(voided(sale, disposition="waste"))
    else:
        await stock.hear(returned("4", sale if way == "return" else None, disposition="waste"))
    level = await stock.level()
    assert (level["on_hand"], level["quarantined"]) == ("6", "4")
    assert [event.disposition for event in await stock.told(StockReturned)] == ["quarantine"]
    (deed,) = await waiting(stock)
    assert (deed["quantity"], deed["reason"], deed["needed"]) == ("-4", "scrap", "class")
    (damage,) = (await stock.bench.get("/v1/damages"))["rows"]
    assert damage["open"] == "4"
    await confirm(stock, deed)
    level = await stock.level()
    assert (level["on_hand"], level["quarantined"]) == ("6", "0")
    assert (await stock.told(StockAdjusted))[-1].quantity == "-4"


async def test_units_are_named_in_a_correction(stock: Chain) -> None:
    """STK-19: given three lasers in two lots; when one is written off as lost by its serial, its lot goes and the unit
    is lost; when it is found, it is in stock again; a new number found is named; what does not fit is refused.
    """
    await stock.hear(product(LASER, "LSR", "Laser", cost="1000.00", is_serialised=True))
    await stock.bench.post("/v1/receipts", body("A-1", "A-2", expires_on="2030-01-01"))
    await stock.bench.post("/v1/receipts", body("B-1", lot_number="L2", expires_on="2031-01-01"))
    deed = {"site": "harley", "product_id": str(LASER), "quantity": "-1", "reason": "loss", "serials": ["B-1"]}
    done = await stock.bench.post("/v1/adjustments", deed)
    assert [lot["lot_number"] for lot in done["lots"]] == ["L2"]
    assert (await one(stock, "B-1"))["state"] == "lost"
    found = deed | {"quantity": "1", "reason": "found"}
    await stock.bench.post("/v1/adjustments", found)
    assert (await one(stock, "B-1"))["state"] == "in_stock"
    await stock.bench.post("/v1/adjustments", found | {"serials": ["NEW-1"]})
    assert (await one(stock, "NEW-1"))["state"] == "in_stock"
    assert (await stock.bench.get("/v1/serials/unnamed"))["rows"] == []
    nos = [
        (deed | {"serials": ["A-1", "B-1"]}, "serials-differ"), (deed | {"serials": ["X"]}, "serial-move"),
        (deed | {"quantity": "-2", "serials": ["A-1", "B-1"]}, "serials-differ"),
        (deed | {"quantity": "-2", "serials": ["A-1", "A-1"]}, "serial-exists"),
        (found | {"serials": ["A-1"]}, "serial-move"),
        (deed | {"product_id": str(BOTOX), "serials": ["A-1"]}, "serials-differ"),
    ]  # fmt: skip
    for given, code in nos:
        assert (await refused(stock, "/v1/adjustments", given))["code"] == code
    await above(stock, 50_000)
    await stock.bench.post("/v1/adjustments", deed | {"serials": ["A-1"], "reason": "damage"})
    assert (await one(stock, "A-1"))["state"] == "in_stock"
    (pending,) = await waiting(stock)
    await confirm(stock, pending)
    assert (await one(stock, "A-1"))["state"] == "scrapped"
    await stock.hear(stock.sale(line("1", LASER), happened_at=datetime.now(UTC)))
