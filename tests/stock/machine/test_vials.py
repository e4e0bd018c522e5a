"""Any order of deeds on opened vials and on units with serials against a plain model: nothing appears or vanishes."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from tests.catalog.harness import bench, said
from tests.stock.api.test_containers import ANNA, VIAL, products_of_clinic
from tests.stock.api.test_serials import LASER
from tests.stock.chain import Chain, line, product, voided

from lotwise.contracts.ids import uuid7
from lotwise.stock.app import SERVICE
from lotwise.stock.operations.sweeping import sweep_containers

SITES = ("harley", "soho")
EXAMPLES = int(os.environ.get("LOTWISE_MACHINE_EXAMPLES", "3"))
STEPS = 30


class Machine(RuleBasedStateMachine):
    """What both machines do their deeds with."""

    runner: asyncio.Runner
    stock: Chain

    def do(self, coming: Any) -> Any:
        """Run a deed to its end."""
        return self.runner.run(coming)

    def call(self, path: str, body: Any, **options: Any) -> Any:
        """A POST as the owner; the answer as it comes."""
        return self.do(self.stock.bench.call("POST", path, body, **options))

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of a reading."""
        return self.do(self.stock.bench.get(path, params=params))

    def prepare(self, *products: Any) -> None:
        """A chain without goods, and these products."""
        self.do(self.stock.bench.empty())
        self.do(self.stock.define())
        self.do(self.stock.hear(*products))


class Vials(Machine):
    """Receive, open, draw, charge, void, discard, let the use-by come, recall and release."""

    opened = Bundle("opened")
    recalls = Bundle("recalls")
    sales = Bundle("sales")
    drug_class = "otc"

    def __init__(self) -> None:
        super().__init__()
        self.net = 0

    @initialize()
    def begin(self) -> None:
        """A toxin in vials of 100 U for several patients, a day after opening."""
        self.prepare(*(one.model_copy(update={"drug_class": self.drug_class}) for one in products_of_clinic()))

    def open_rows(self) -> list[dict[str, Any]]:
        """The vials that are open."""
        rows: list[dict[str, Any]] = self.get("/v1/containers", site="harley", product=str(VIAL))["rows"]
        return rows

    def wasted(self, vials: list[dict[str, Any]], *, is_clock: bool = False) -> None:
        """The rest of these vials is thrown away, by a person or by the clock."""
        assert is_clock or len(vials) < 2
        self.net -= sum(int(one["left"]) for one in vials)

    def swept_rows(self) -> list[dict[str, Any]]:
        """The vials whose rest the sweep threw away."""
        asked = {"site": "harley", "product": str(VIAL), "state": "discarded", "limit": 500}
        rows: list[dict[str, Any]] = self.get("/v1/containers", **asked)["rows"]
        return [one for one in rows if one["close_reason"] == "use_by"]

    @rule(vials=st.integers(1, 3), lot=st.sampled_from("AB"))
    def receive(self, vials: int, lot: str) -> None:
        """Closed vials come."""
        day = {"A": "2030-01-31", "B": "2031-01-31"}[lot]
        self.do(self.stock.receive(str(100 * vials), VIAL, lot_number=lot, expires_on=day))
        self.net += 100 * vials

    @rule(target=opened)
    def open(self) -> Any:
        """A vial is opened when a whole one lies there, and then holds what its label says or what there was."""
        before = int(self.do(self.stock.level(VIAL))["on_hand"])
        answer = self.call("/v1/containers", {"site": "harley", "product_id": str(VIAL)})
        assert (answer.status_code == 201) == (before > 0), (before, answer.text)
        return answer.json()["container_id"] if answer.status_code == 201 else multiple()

    @rule(vial=opened, quantity=st.integers(1, 120))
    def draw(self, vial: str, quantity: int) -> None:
        """Units are drawn while the vial is open, within its use-by, not recalled, and holds them."""
        now = self.get(f"/v1/containers/{vial}")
        may = now["state"] == "open" and not now["is_over"] and not now["is_recalled"] and int(now["left"]) >= quantity
        answer = self.call(f"/v1/containers/{vial}:draw", {"quantity": str(quantity), "member_id": ANNA})
        assert (answer.status_code == 200) == may, (now, answer.text)
        if may:
            self.net -= quantity

    @rule(vial=opened)
    def discard(self, vial: str) -> None:
        """The rest is thrown away once."""
        now = self.get(f"/v1/containers/{vial}")
        assert self.call(f"/v1/containers/{vial}:discard", {"note": "dropped"}).status_code == 200
        self.wasted([now] if now["state"] == "open" else [])

    @rule(target=sales, quantity=st.integers(1, 150))
    def charge(self, quantity: int) -> Any:
        """A charge takes from what is open, opens the next vial, and owes the rest.

        The sweep looked ahead: what it threw away was still open when this charge happened, so that is drawn first.
        """
        swept = sum(int(one["wasted"]) for one in self.swept_rows() if not one["is_recalled"])
        sale = self.stock.sale(line(str(quantity), VIAL), happened_at=datetime.now(UTC))
        self.do(self.stock.hear(said(sale)))
        self.net -= quantity - min(quantity, swept)
        return (sale, quantity)

    @rule(sale=consumes(sales))
    def void(self, sale: Any) -> None:
        """A voided charge gives back what it took: apart when it came out of a vial."""
        charge, quantity = sale
        self.do(self.stock.hear(said(voided(charge))))
        self.net += quantity

    @rule(hours=st.integers(20, 30))
    def wait(self, hours: int) -> None:
        """Time passes for the sweep: what is open beyond its use-by becomes waste."""
        at = datetime.now(UTC) + timedelta(hours=hours)
        due = [one for one in self.open_rows() if one["use_by"] and datetime.fromisoformat(one["use_by"]) <= at]

        async def swept() -> None:
            """Sweep as of then."""
            async with self.stock.bench.db.transaction() as tx:
                await sweep_containers(tx, at, 100, 2)

        self.do(swept())
        self.wasted(due, is_clock=True)

    @rule(target=recalls, lot=st.sampled_from("AB"))
    def recall(self, lot: str) -> Any:
        """A recall reaches open vials too: nobody draws from one, and nothing is taken away."""
        scope = {"product_id": str(VIAL), "first": lot}
        answer = self.call("/v1/recalls", {"title": "Particles", "reason": "glass", "lines": [scope]})
        assert all(one["is_recalled"] for one in self.open_rows() if one["lot_number"] == lot)
        return answer.json()["recall_id"]

    @rule(recall=consumes(recalls))
    def release(self, recall: str) -> None:
        """A recall ends."""
        assert self.call(f"/v1/recalls/{recall}:release", {"reason": "cleared"}).status_code == 200

    @invariant()
    def nothing_appears_or_vanishes(self) -> None:
        """N-07, I2: shelf, quarantine, open rests and what is owed are what came less what was drawn or wasted."""
        if not hasattr(self.stock, "bench"):
            return
        level = self.do(self.stock.level(VIAL))
        rows = self.open_rows()
        stands = int(level["on_hand"]) + int(level["quarantined"]) + int(level["unattributed"])
        assert stands + sum(int(one["left"]) for one in rows) == self.net, (level, rows)
        for one in rows:
            assert int(one["drawn"]) + int(one["wasted"]) + int(one["left"]) == int(one["label"]) + int(one["overfill"])

    @invariant()
    def the_books_agree(self) -> None:
        """I2, I8: the audit of the whole ledger finds nothing."""
        self.do(self.stock.must_balance())


class Controlled(Vials):
    """The same with a controlled drug: what is thrown away waits for a witness, and is available to nobody."""

    drug_class = "controlled"

    def __init__(self) -> None:
        super().__init__()
        self.apart: set[str] = set()

    def wasted(self, vials: list[dict[str, Any]], *, is_clock: bool = False) -> None:
        """It is only written down; what the clock found over is set apart."""
        known = {one["container_id"]: one for one in self.open_rows()}
        for one in vials:
            assert known[one["container_id"]]["left"] == one["left"]
            assert known[one["container_id"]]["waits_for"]
            if is_clock:
                self.apart.add(one["container_id"])

    @rule(data=st.data())
    def witness(self, data: st.DataObject) -> None:
        """A second person signs what is still so, and is refused what is not."""
        waiting = self.get("/v1/adjustments", state="pending")["rows"]
        if not waiting:
            return
        deed = data.draw(st.sampled_from(waiting))
        left = {one["waits_for"]: int(one["left"]) for one in self.open_rows()}.get(deed["adjustment_id"])
        answer = self.call(f"/v1/adjustments/{deed['adjustment_id']}:confirm", {}, who="manager")
        assert (answer.status_code == 200) == (left == -int(deed["quantity"])), (deed, left, answer.text)
        self.net -= int(left or 0) if answer.status_code == 200 else 0

    @invariant()
    def what_is_apart_serves_nobody(self) -> None:
        """STK-40: what is open to anybody is the rest of the vials that neither wait nor are recalled."""
        if not hasattr(self.stock, "bench"):
            return
        free = [one for one in self.open_rows() if one["container_id"] not in self.apart and not one["is_recalled"]]
        level = self.do(self.stock.level(VIAL))
        assert int(level["opened"]) == sum(int(one["left"]) for one in free), (level, free)


class Units(Machine):
    """Receive by serial, promise and sell, void, lose and find, ship and take in, recall by serial and release."""

    trips = Bundle("trips")
    sales = Bundle("sales")
    recalls = Bundle("recalls")

    def __init__(self) -> None:
        super().__init__()
        self.made = 0

    @initialize()
    def begin(self) -> None:
        """A product whose units have serials."""
        self.prepare(product(LASER, "LSR", "Laser", cost="1000.00", is_serialised=True))

    def units(self, **query: Any) -> list[dict[str, Any]]:
        """The register."""
        rows: list[dict[str, Any]] = self.get("/v1/serials", limit=500, **query)["rows"]
        return rows

    @rule(site=st.sampled_from(SITES), many=st.integers(1, 3), lot=st.sampled_from("AB"))
    def receive(self, site: str, many: int, lot: str) -> None:
        """Units come with their serials; a number that a recall names is set apart."""
        serials = [f"SN-{self.made + number}" for number in range(many)]
        self.made += many
        body = {"site": site, "product_id": str(LASER), "quantity": str(many), "lot_number": lot, "serials": serials}
        assert self.call("/v1/receipts", body | {"unit_cost": "10.00"}).status_code == 201

    @rule(target=sales, data=st.data())
    def sell(self, data: st.DataObject) -> Any:
        """A unit is promised to a bill when it is in stock and not recalled, and leaves with its charge."""
        found = self.units()
        if not found:
            return multiple()
        unit = data.draw(st.sampled_from(found))
        sale = self.stock.sale(line("1", LASER), site=unit["site"], happened_at=datetime.now(UTC))
        body = {"site": unit["site"], "lines": [{"product_id": str(LASER), "serials": [unit["serial"]]}]}
        answer = self.call(f"/v1/charges/{sale.charge_id}/serials:pledge", body)
        assert (answer.status_code == 201) == (unit["state"] == "in_stock" and not unit["is_recalled"]), answer.text
        if answer.status_code != 201:
            return multiple()
        self.do(self.stock.hear(said(sale)))
        assert self.get(f"/v1/serials/{unit['serial_id']}")["state"] == "sold"
        return sale

    @rule(sale=consumes(sales))
    def void(self, sale: Any) -> None:
        """A voided charge brings its unit back."""
        self.do(self.stock.hear(said(voided(sale))))

    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        """A unit that is here is lost, or a lost one found."""
        found = self.units()
        if not found:
            return
        unit = data.draw(st.sampled_from(found))
        is_here = unit["state"] in {"in_stock", "in_use", "in_repair"}
        answer = self.call(f"/v1/serials/{unit['serial_id']}:retire", {"state": "lost"})
        assert (answer.status_code == 200) == is_here, answer.text
        if unit["state"] == "lost":
            assert self.call(f"/v1/serials/{unit['serial_id']}:find", {}).status_code == 200

    @rule(target=trips, data=st.data())
    def ship(self, data: st.DataObject) -> Any:
        """A unit leaves for the other site when it may."""
        found = [one for one in self.units() if one["state"] == "in_stock"]
        if not found:
            return multiple()
        unit = data.draw(st.sampled_from(found))
        target = SITES[1 - SITES.index(unit["site"])]
        lines = [{"product_id": str(LASER), "quantity": "1"}]
        made = self.call("/v1/transfers", {"from_site": unit["site"], "to_site": target, "lines": lines}).json()
        answer = self.call(f"/v1/transfers/{made['transfer_id']}:ship", {"serials": [unit["serial_id"]]})
        assert (answer.status_code == 200) == (not unit["is_recalled"]), answer.text
        return made["transfer_id"] if answer.status_code == 200 else multiple()

    @rule(trip=consumes(trips))
    def arrive(self, trip: str) -> None:
        """It is taken in, with its unit."""
        assert self.call(f"/v1/transfers/{trip}:receive", {}).status_code == 200

    @rule(target=recalls, first=st.integers(0, 6), many=st.integers(0, 3))
    def recall(self, first: int, many: int) -> Any:
        """A recall by serials blocks these units, here or to come."""
        scope = {"product_id": str(LASER), "kind": "serial", "first": f"SN-{first}", "last": f"SN-{first + many}"}
        body = {"recall_id": str(uuid7()), "title": "Beam", "reason": "burns", "lines": [scope]}
        assert self.call("/v1/recalls", body).status_code == 201
        return body["recall_id"]

    @rule(recall=consumes(recalls))
    def release(self, recall: str) -> None:
        """A recall ends."""
        assert self.call(f"/v1/recalls/{recall}:release", {"reason": "cleared"}).status_code == 200

    @invariant()
    def books_and_names_agree(self) -> None:
        """STK-19, STK-41: each unit in stock is in its site's books, and exactly those not recalled may be sold."""
        if not hasattr(self.stock, "bench"):
            return
        assert self.get("/v1/serials/unnamed")["rows"] == []
        for site in SITES:
            level = self.do(self.stock.level(LASER, site))
            here = [one for one in self.units(site=site) if one["state"] == "in_stock"]
            free = [one for one in here if not one["is_recalled"]]
            assert int(level["on_hand"]) == int(level["available"]) == len(free), (level, here)
            assert int(level["quarantined"]) == len(here) - len(free), (level, here)

    @invariant()
    def the_books_agree(self) -> None:
        """I2, I8: the audit of the whole ledger finds nothing."""
        self.do(self.stock.must_balance())


def _run(postgres: Any, kind: type[Machine]) -> None:
    with asyncio.Runner() as runner:

        async def opened() -> Any:
            door = bench(SERVICE, postgres)
            return door, await door.__aenter__()

        door, found = runner.run(opened())
        try:
            machine = type("Bound", (kind,), {"runner": runner, "stock": Chain(found)})
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None,
                    suppress_health_check=list(HealthCheck), print_blob=True, phases=(Phase.generate,), database=None,
                ),
            )  # fmt: skip
        finally:
            runner.run(door.__aexit__(None, None, None))


def test_any_order_of_deeds_on_vials_keeps_the_books(postgres: Any) -> None:
    """F13, N-07: given any order of receipts, openings, draws, charges, voids, discards, use-bys, recalls; then after
    each what stands is what came less what was drawn and thrown away, and the audit is clean.
    """
    _run(postgres, Vials)


def test_any_order_of_deeds_on_controlled_vials_keeps_the_books(postgres: Any) -> None:
    """F13, STK-40: the same with a controlled drug: a person or the clock throws away and another person signs."""
    _run(postgres, Controlled)


def test_any_order_of_deeds_on_units_keeps_names_and_books(postgres: Any) -> None:
    """F13, STK-19: given any order of receipts by serial, sales, voids, losses, finds, transfers and recalls by serial;
    then after each the named units are those in the books, and exactly the recalled ones lie apart.
    """
    _run(postgres, Units)
