"""Any order of deeds against a plain model: what stands at each site and on its way is what was brought and taken."""

import asyncio
import os
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.catalog.harness import bench, said
from tests.stock.chain import BOTOX, NOON, Chain, line, returned, voided
from tests.stock.counts.sheet import Sheet

from lotwise.stock.app import SERVICE
from lotwise.stock.operations.expiry import sweep

SITES = ("harley", "soho")
LOTS = {"A": "2030-01-31", "B": "2031-01-31", "C": "2026-12-31"}
"""Numbers and their last days; C ends when the clock of the sweep is moved into 2027."""
QUANTITY = st.integers(1, 30)
SITE = st.sampled_from(SITES)
EXAMPLES = int(os.environ.get("LOTWISE_MACHINE_EXAMPLES", "8"))
STEPS = 30


class Ledger(RuleBasedStateMachine):
    """Receive, sell, return, void, write off, hold, carry, count, recall, expire, come late, come twice."""

    runner: asyncio.Runner
    stock: Chain

    sales = Bundle("sales")
    trips = Bundle("trips")
    recalls = Bundle("recalls")
    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.net = dict.fromkeys(SITES, 0)
        self.on_the_way: dict[str, tuple[str, str, int]] = {}
        self.told: list[Any] = []
        self.gone: set[Any] = set()

    def do(self, coming: Any) -> Any:
        """Run a deed to its end."""
        return self.runner.run(coming)

    def call(self, path: str, body: Any, **options: Any) -> Any:
        """A POST as the owner unless said otherwise; the answer as it comes."""
        return self.do(self.stock.bench.call("POST", path, body, **options))

    def level(self, site: str) -> dict[str, Any]:
        """The figures of the toxin at a site."""
        return dict(self.do(self.stock.level(BOTOX, site)))

    def hear(self, message: Any) -> None:
        """Let stock hear a message, and remember it for later."""
        self.told.append(message)
        self.do(self.stock.hear(message))

    @initialize()
    def begin(self) -> None:
        """A chain without goods, in which a person may post any difference alone."""
        self.do(self.stock.bench.empty())
        self.do(self.stock.define())

    @rule(site=SITE, lot=st.sampled_from(sorted(LOTS)), quantity=QUANTITY)
    def receive(self, site: str, lot: str, quantity: int) -> None:
        """Goods come in; what was sold before they came is settled first."""
        made = self.do(self.stock.receive(str(quantity), site=site, lot_number=lot, expires_on=LOTS[lot]))
        assert made["quantity"] == str(quantity)
        self.net[site] += quantity

    @rule(target=sales, site=SITE, quantity=QUANTITY)
    def sell(self, site: str, quantity: int) -> Any:
        """A recorded sale is a fact: it takes what is there, the rest is owed."""
        sale = self.stock.sale(line(str(quantity)), site=site)
        self.hear(said(sale))
        self.net[site] -= quantity
        return (sale, quantity)

    @rule(data=st.data())
    @precondition(lambda self: self.told)
    def come_twice(self, data: st.DataObject) -> None:
        """A message again: by the bus, or said once more by its speaker under another id."""
        message = data.draw(st.sampled_from(self.told))
        self.do(self.stock.hear(message if data.draw(st.booleans()) else said(message.event)))

    @rule(sale=sales)
    def void(self, sale: Any) -> None:
        """A charge taken back whole gives its goods back, once, unless something of it was returned."""
        charge, quantity = sale
        if charge.charge_id in self.gone:
            return
        self.gone.add(charge.charge_id)
        self.hear(said(voided(charge)))
        self.net[charge.site] += quantity

    @rule(sale=sales, part=st.integers(1, 30), disposition=st.sampled_from(("restock", "quarantine", "waste")))
    def give_back(self, sale: Any, part: int, disposition: str) -> None:
        """A part comes back to the shelf, to quarantine or to waste."""
        charge, quantity = sale
        if charge.charge_id in self.gone:
            return
        self.gone.add(charge.charge_id)
        part = min(part, quantity)
        self.hear(said(returned(str(part), charge, site=charge.site, disposition=disposition)))
        if disposition != "waste":
            self.net[charge.site] += part

    @rule(site=SITE, quantity=QUANTITY, reason=st.sampled_from(("damage", "loss")))
    def write_off(self, site: str, quantity: int, reason: str) -> None:
        """A write-off takes from the shelf what is there, or is refused with the numbers."""
        there = int(self.level(site)["on_hand"])
        body = {"site": site, "product_id": str(BOTOX), "quantity": f"-{quantity}", "reason": reason, "note": "seen"}
        answer = self.call("/v1/adjustments", body)
        assert (answer.status_code == 201) == (quantity <= there), answer.text
        if answer.status_code == 201:
            self.net[site] -= quantity

    @rule(site=SITE, quantity=QUANTITY)
    def find(self, site: str, quantity: int) -> None:
        """Found goods come onto the shelf."""
        body = {"site": site, "product_id": str(BOTOX), "quantity": str(quantity), "reason": "found", "note": "seen"}
        assert self.call("/v1/adjustments", body).status_code == 201
        self.net[site] += quantity

    @rule(target=holds, site=SITE, quantity=QUANTITY)
    def hold(self, site: str, quantity: int) -> Any:
        """A hold is granted exactly when so much is available."""
        available = int(self.level(site)["available"])
        hold_id = str(uuid4())
        body = {"hold_id": hold_id, "site": site, "lines": [{"product_id": str(BOTOX), "quantity": str(quantity)}]}
        answer = self.call("/v1/holds", body, who="service")
        assert (answer.status_code == 201) == (quantity <= available), answer.text
        return (hold_id, site) if answer.status_code == 201 else multiple()

    @rule(hold=holds)
    def let_go(self, hold: tuple[str, str]) -> None:
        """A hold is given back; twice changes nothing."""
        assert self.call(f"/v1/holds/{hold[0]}:void", {"site": hold[1]}, who="service").status_code == 200

    @rule(target=trips, source=SITE, quantity=QUANTITY)
    def ship(self, source: str, quantity: int) -> Any:
        """Goods leave for the other site when they are there and nobody holds them."""
        target = SITES[1 - SITES.index(source)]
        before = self.level(source)
        lines = [{"product_id": str(BOTOX), "quantity": str(quantity)}]
        made = self.call("/v1/transfers", {"from_site": source, "to_site": target, "lines": lines}).json()
        path = f"/v1/transfers/{made['transfer_id']}"
        answer = self.call(f"{path}:ship", {})
        assert (answer.status_code == 200) == (quantity <= int(before["available"])), answer.text
        if answer.status_code != 200:
            return multiple()
        self.net[source] -= quantity
        self.on_the_way[path] = (source, target, quantity)
        return path

    @rule(trip=trips)
    def arrive(self, trip: str) -> None:
        """A transfer is received whole, once."""
        answer = self.call(f"{trip}:receive", {})
        assert (answer.status_code == 200) == (trip in self.on_the_way), answer.text
        if answer.status_code == 200:
            _, target, quantity = self.on_the_way.pop(trip)
            self.net[target] += quantity

    @rule(trip=trips)
    def turn_back(self, trip: str) -> None:
        """A transfer that is called off gives its goods back to where they left."""
        answer = self.call(f"{trip}:cancel", {})
        assert (answer.status_code == 200) == (trip in self.on_the_way), answer.text
        if answer.status_code == 200:
            source, _, quantity = self.on_the_way.pop(trip)
            self.net[source] += quantity

    @rule(site=SITE, off=st.integers(-3, 3))
    def count(self, site: str, off: int) -> None:
        """A count posts what is seen less what is recorded, and ends what is owed (DESIGN 3.7)."""
        before = self.level(site)
        opened = self.call("/v1/counts", {"site": site})
        if opened.status_code == 409:
            assert (opened.json()["code"], before["on_hand"]) == ("nothing-to-count", "0")
            return
        sheet = Sheet(self.stock, opened.json())
        lines = self.do(sheet.lines())
        seen = [max(0, int(one["recorded"]) + (off if at == 0 else 0)) for at, one in enumerate(lines)]
        self.do(sheet.count(*map(str, seen)))
        self.do(sheet.posted("loss" if off < 0 else "found" if off > 0 else "error"))
        self.net[site] += sum(seen) - sum(int(one["recorded"]) for one in lines) - int(before["unattributed"])

    @rule(target=recalls, lot=st.sampled_from(sorted(LOTS)))
    def recall(self, lot: str) -> Any:
        """A recall leaves nothing of its lot on a shelf, and takes nothing away."""
        scope = {"product_id": str(BOTOX), "first": lot}
        body = {"title": "Particles", "reason": "glass", "lines": [scope]}
        begun = self.do(self.stock.bench.post("/v1/recalls", body))
        rows = self.do(self.stock.lots(number=lot))
        assert [one for one in rows if one["state"] == "shelf" and one["quantity"] != "0"] == []
        return begun["recall_id"]

    @rule(recall=recalls)
    def release(self, recall: str) -> None:
        """A recall ends once."""
        assert self.call(f"/v1/recalls/{recall}:release", {"reason": "cleared"}).status_code in {200, 409}

    @rule()
    def expire(self) -> None:
        """Lot C reaches its end: what is left of it goes to quarantine at both sites."""

        async def swept() -> None:
            """Sweep as of 2027."""
            async with self.stock.bench.db.transaction() as tx:
                while await sweep(tx, NOON.replace(year=2027), 50, 50):
                    pass

        self.do(swept())

    @invariant()
    def sites_and_transit_are_the_chain(self) -> None:
        """I2, I3, N-25: shelf, quarantine and what is owed at a site, and what is on its way to it, are the model's."""
        if not hasattr(self.stock, "bench"):
            return
        for site in SITES:
            now = self.level(site)
            stands = int(now["on_hand"]) + int(now["quarantined"]) + int(now["unattributed"])
            assert stands == self.net[site], (site, now)
            coming = sum(quantity for _, target, quantity in self.on_the_way.values() if target == site)
            assert int(now["in_transit"]) == coming, (site, now)

    @invariant()
    def no_promise_is_broken_in_silence(self) -> None:
        """I4: what is held is there."""
        for site in SITES:
            now = self.level(site)
            assert 0 <= int(now["held"]) <= int(now["on_hand"]), (site, now)

    @invariant()
    def the_books_agree(self) -> None:
        """I2, I3, I8: the audit of the whole ledger finds nothing."""
        self.do(self.stock.must_balance())


def _run(postgres: Any, examples: int) -> None:
    with asyncio.Runner() as runner:

        async def opened() -> Any:
            door = bench(SERVICE, postgres)
            return door, await door.__aenter__()

        door, found = runner.run(opened())
        try:
            machine = type("Machine", (Ledger,), {"runner": runner, "stock": Chain(found)})
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=examples, stateful_step_count=STEPS, deadline=None,
                    suppress_health_check=list(HealthCheck), print_blob=True, phases=(Phase.generate,), database=None,
                ),
            )  # fmt: skip
        finally:
            runner.run(door.__aexit__(None, None, None))


def test_any_order_of_deeds_keeps_the_books(postgres: Any) -> None:
    """F13, N-08, N-25: given any order of receipts, sales, returns, voids, write-offs, finds, holds, transfers, counts,
    recalls, expiry and repeated messages; then after each the model and the ledger agree and the audit is clean.
    """
    _run(postgres, EXAMPLES)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_orders_of_deeds_keep_the_books(postgres: Any) -> None:
    """F13: the same with many more examples."""
    _run(postgres, max(EXAMPLES, 200))
