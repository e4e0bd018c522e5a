"""A visit walked through the real doors: booked, completed, consumed once, charged, voided."""

from typing import Any

from tests.journeys.conftest import Doors, TracedMachine

from lotwise.contracts.ids import uuid7
from lotwise.kit.client import Refused
from lotwise.onebox.access import access
from lotwise.onebox.home import Home

SITE = "treatment-rooms"


async def furnish(chain: Doors) -> dict[str, str]:
    """A site, a service that takes 20 U of a toxin, and 100 U of it on the shelf."""
    await chain.post("catalog", "/v1/sites", {"slug": SITE, "name": "Treatment rooms", "time_zone": "Europe/London"})
    rows: list[dict[str, Any]] = [
        {"code": "TRTOX", "name": "Toxin", "kind": "physical", "purpose": "retail", "unit": "U", "price": "10.00"},
        {"code": ".TRLIPS", "name": "Lips", "kind": "service", "price": "50.00"},
    ]
    made = await chain.post("catalog", "/v1/products:batch", {"rows": rows})
    toxin, service = (row["product_id"] for row in made["rows"])
    await chain["catalog"].put(
        f"/v1/services/{service}/recipe", json={"lines": [{"product_id": toxin, "quantity": "20"}]}, match="*"
    )

    async def known() -> bool:
        """Everybody knows the chain."""
        for name in ("stock", "sales"):
            status = await chain.get(name, "/v1/ops/status")
            if any(consumer["lag"] for consumer in status["consumers"]):
                return False
        tiles = (await chain.get("sales", "/v1/desk", site=SITE))["tiles"]
        return any(tile["product_id"] == toxin for tile in tiles)

    await chain.until(known)
    receipt = {"site": SITE, "product_id": toxin, "quantity": "100", "unit_cost": "4.50", "lot_number": "T1",
               "expires_on": "2031-01-31"}  # fmt: skip
    await chain.post("stock", "/v1/receipts", receipt)
    return {"toxin": toxin, "service": service}


async def test_a_visit_is_consumed_once_and_charged_once(chain: Doors, traced_machine: TracedMachine) -> None:
    """SAL-18 N-14: booked → completed: 20 U leave; charged 20: none; voided: it waits again; charged again: none.
    Charged 22 for another visit: 2 more leave; voided: those 2 are set apart; charged 20 instead: nothing moves.
    TreatmentConsumed is told once.
    """
    things = await furnish(chain)
    toxin = things["toxin"]
    first = await _visit(chain, things)
    await chain.until(lambda: _is(chain, toxin, "80"))

    (draft,) = (await chain.get("sales", "/v1/checkout", site=SITE))["rows"]
    assert [(line["code"], line["quantity"]) for line in draft["lines"]] == [(".TRLIPS", "1"), ("TRTOX", "20")]
    await _charge(chain, draft)
    await _settled(chain)
    assert await _on_hand(chain, toxin) == "80"
    assert (await chain.get("sales", "/v1/checkout", site=SITE))["rows"] == []

    await _void(chain, draft["charge_id"])
    await _settled(chain)
    assert await _on_hand(chain, toxin) == "80"
    (again,) = (await chain.get("sales", "/v1/checkout", site=SITE))["rows"]
    assert again["treatment_id"] == first
    await _charge(chain, again)
    await _settled(chain)
    assert await _on_hand(chain, toxin) == "80"
    assert await _uses(chain, first) == (("20", "20", "20"), [("20", "patient")])

    second = await _visit(chain, things)
    await chain.until(lambda: _is(chain, toxin, "60"))
    other = await chain.get("sales", f"/v1/checkout/{second}")
    lines = [line | {"quantity": "22"} if line["code"] == "TRTOX" else line for line in other["lines"]]
    await _charge(chain, other | {"lines": lines})
    await chain.until(lambda: _is(chain, toxin, "58"))
    await _void(chain, other["charge_id"])
    await _settled(chain)
    apart = [("2", "quarantine"), ("20", "patient")]
    assert await _uses(chain, second) == (("20", "20", "0"), apart)
    await _charge(chain, await chain.get("sales", f"/v1/checkout/{second}"))
    await _settled(chain)
    assert await _uses(chain, second) == (("20", "20", "20"), apart)
    assert await _on_hand(chain, toxin) == "58"
    await _told(traced_machine, chain, second)


async def _visit(chain: Doors, things: dict[str, str]) -> str:
    """A booked and completed visit; its treatment."""
    body = {
        "site": SITE,
        "service_id": things["service"],
        "practitioner": "Dr Grey",
        "starts_at": "2030-01-01T10:00:00Z",
    }
    before = await _on_hand(chain, things["toxin"])
    booked = await chain.post("sales", "/v1/appointments", body)
    assert await _on_hand(chain, things["toxin"]) == before
    treated = await chain.post("sales", f"/v1/appointments/{booked['appointment_id']}:complete", {})
    return str(treated["treatment_id"])


async def _uses(chain: Doors, treatment: str) -> tuple[tuple[str, str, str], list[tuple[str, str]]]:
    """What stock says of the one product of a treatment: consumed, expected and charged, and where its parts lie."""
    (use,) = (await chain.get("stock", f"/v1/treatments/{treatment}"))["uses"]
    parts = sorted((part["quantity"], part["place"]) for part in use["parts"])
    return (use["consumed"], use["expected"], use["charged"]), parts


async def _told(machine: TracedMachine, chain: Doors, treatment: str) -> None:
    async with access("operator", Home(machine.home)) as operator:

        async def told() -> Any:
            """The events that the journal has of the treatment."""
            try:
                steps = (await operator["reporting"].get(f"/v1/journey/{treatment}", timeout=10))["steps"]
            except Refused as no:
                if no.status != 404:
                    raise
                return None
            events = [step["event"] for step in steps]
            return events if {"treatment-completed", "treatment-consumed"} <= set(events) else None

        events = await chain.until(told)
    assert events.count("treatment-completed") == 1


async def _charge(chain: Doors, draft: dict[str, Any]) -> None:
    lines = [
        {"product_id": line["product_id"], "quantity": line["quantity"], "treatment_id": line["treatment_id"]}
        for line in draft["lines"]
    ]
    charged = await chain.post(
        "sales", "/v1/charges", {"charge_id": draft["charge_id"], "site": SITE, "lines": lines}, draft["charge_id"]
    )
    assert charged["state"] == "recorded"


async def _void(chain: Doors, charge_id: str) -> None:
    body = {"reason": "wrong bill", "disposition": "quarantine"}
    await chain.post("sales", f"/v1/charges/{charge_id}:void", body, str(uuid7()))


async def _on_hand(chain: Doors, product_id: str) -> str:
    return str((await chain.get("stock", f"/v1/levels/{SITE}/{product_id}"))["on_hand"])


async def _is(chain: Doors, product_id: str, quantity: str) -> bool:
    return await _on_hand(chain, product_id) == quantity


async def _settled(chain: Doors) -> None:
    """All that sales said so far was applied by stock."""

    async def quiet() -> bool:
        sales = await chain.get("sales", "/v1/ops/status")
        stock = await chain.get("stock", "/v1/ops/status")
        return not sales["outbox_depth"] and not any(one["lag"] or one["in_hand"] for one in stock["consumers"])

    await chain.until(quiet)
