"""A crowd that does everything at once on few goods: nobody waits for ever, nobody breaks the books (RELIABILITY 7)."""

import asyncio
import os
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.stock.api.test_containers import SYRINGE, VIAL, products_of_clinic
from tests.stock.chain import BOTOX, CREAM, Chain, line, returned, voided

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import SaleRecorded, TreatmentCompleted, TreatmentLine
from lotwise.stock.jobs import follow_recalls, net_late_facts, sweep_lots, sweep_opened

PRODUCTS = (BOTOX, CREAM, VIAL, SYRINGE)
SITES = ("harley", "soho")
PERSONS = 8
DEEDS = 40
SEEDS = int(os.environ.get("LOTWISE_MACHINE_EXAMPLES", "3"))
JOBS = (follow_recalls, net_late_facts, sweep_lots, sweep_opened)


class Crowd:
    """Persons at two sites who know of the same lots, holds, transfers, counts, recalls and containers."""

    def __init__(self, stock: Chain, dice: random.Random) -> None:
        self.stock = stock
        self.dice = dice
        self.lots: list[tuple[UUID, str]] = []
        self.charges: list[SaleRecorded] = []
        self.ways: list[tuple[str, dict[str, Any]]] = []
        """What can be done to things that are there: paths with their bodies."""
        self.broken: list[str] = []
        self.done = 0

    async def person(self) -> None:
        """Do one thing after the other."""
        deeds = (
            self.receive, self.receive, self.sell, self.sell, self.sell, self.take_back, self.adjust, self.hold,
            self.transfer, self.transfer, self.count, self.quarantine, self.recall, self.lineage, self.open,
            self.treat, self.move, self.minimum, self.job, self.sign, self.follow, self.follow, self.follow,
            self.follow,
        )  # fmt: skip
        for _ in range(DEEDS):
            await self.dice.choice(deeds)()

    async def post(self, path: str, body: dict[str, Any], who: str = "owner", method: str = "POST") -> Any:
        """Try it: a refusal is an answer, whatever is 500 and above is not."""
        match = "*" if method == "PUT" else None
        answer = await self.stock.bench.call(method, path, body, who=who, match=match)
        if answer.status_code >= 500:
            self.broken.append(f"{method} {path} {body}: {answer.text}")
        self.done += answer.status_code < 300
        return answer.json() if answer.status_code < 300 else None

    def any(self) -> tuple[str, str]:
        """A site and a product."""
        return self.dice.choice(SITES), str(self.dice.choice(PRODUCTS))

    def lot(self) -> tuple[UUID, str]:
        """A product and a lot of it."""
        return self.dice.choice(self.lots)

    def later(self, *ways: tuple[str, dict[str, Any]]) -> None:
        """Leave something to do for anybody."""
        self.ways += ways

    async def follow(self) -> None:
        """Go on with something that anybody began."""
        if self.ways:
            await self.post(*self.ways.pop(self.dice.randrange(len(self.ways))))

    async def receive(self) -> None:
        """Goods of a lot that others receive too."""
        slug, product = self.any()
        body = {
            "site": slug, "product_id": product, "quantity": str(self.dice.choice((100, 200))), "unit_cost": "3.37",
            "lot_number": f"L{self.dice.randint(1, 4)}", "expires_on": "2031-01-01",
        }  # fmt: skip
        made = await self.post("/v1/receipts", body)
        if made:
            self.lots.append((UUID(product), made["lot_id"]))

    async def sell(self) -> None:
        """A charge of two products, of what was held for it or not."""
        slug = self.dice.choice(SITES)
        lines = [line(str(self.dice.randint(1, 9)), one, n) for n, one in enumerate(self.dice.sample(PRODUCTS, 2), 1)]
        sale = self.stock.sale(*lines, site=slug)
        self.charges.append(sale)
        await self.stock.hear(sale)

    async def take_back(self) -> None:
        """A charge voided, or a part of it returned."""
        if self.charges:
            sale = self.dice.choice(self.charges)
            back = returned("1", sale, sale.lines[0].product_id, site=sale.site)
            await self.stock.hear(self.dice.choice((back, voided(sale))))

    async def adjust(self) -> None:
        """Waste or a find."""
        slug, product = self.any()
        quantity, reason = self.dice.choice((("-3", "waste"), ("2", "found"), ("-1", "theft")))
        body = {"site": slug, "product_id": product, "quantity": quantity, "reason": reason}
        await self.post("/v1/adjustments", body)

    async def hold(self) -> None:
        """Promised to a cart, and given back."""
        slug = self.dice.choice(SITES)
        lines = [{"product_id": str(one), "quantity": "5"} for one in self.dice.sample(PRODUCTS, 3)]
        hold_id = str(uuid7())
        await self.post("/v1/holds", {"hold_id": hold_id, "site": slug, "lines": lines}, who="service")
        await self.post(f"/v1/holds/{hold_id}:void", {"site": slug}, who="service")

    async def transfer(self) -> None:
        """From one site to the other, by FEFO or by lot."""
        start, end = self.dice.sample(SITES, 2)
        lines: list[dict[str, Any]] = [
            {"product_id": str(one), "quantity": "10"} for one in self.dice.sample(PRODUCTS, 2)
        ]
        product, lot = self.lot()
        lines.append({"product_id": str(product), "quantity": "7", "lot_id": lot})
        made = await self.post("/v1/transfers", {"from_site": start, "to_site": end, "lines": lines})
        if not made:
            return
        path = f"/v1/transfers/{made['transfer_id']}"
        await self.post(f"{path}:ship", {})
        part = {"lines": [{"product_id": lines[0]["product_id"], "quantity": "1"}]}
        self.later((f"{path}:receive", {}), (f"{path}:receive", part), (f"{path}:cancel", {}))

    async def count(self) -> None:
        """A count of some products, of which one line is counted."""
        slug, product = self.any()
        made = await self.post("/v1/counts", {"site": slug, "kind": "cycle", "product_ids": [product, str(BOTOX)]})
        if made:
            path = f"/v1/counts/{made['count_id']}"
            await self.post(f"{path}:count", {"entries": [{"line": 1, "quantity": str(self.dice.randint(50, 300))}]})
            self.later((f"{path}:post", {"leave_uncounted": True, "cause_of_rest": "error"}))

    async def quarantine(self) -> None:
        """A lot set apart, to be released, or damaged."""
        _, lot = self.lot()
        slug = self.dice.choice(SITES)
        await self.post(f"/v1/lots/{lot}:quarantine", {"site": slug, "reason": "warm"})
        self.later((f"/v1/lots/{lot}:release", {"site": slug, "reason": "cold"}))

    async def recall(self) -> None:
        """A lot recalled everywhere, released at once or later."""
        _, lot = self.lot()
        begun = await self.post("/v1/recalls", {"title": "Glass", "reason": "glass", "lots": [lot]})
        if begun:
            release = f"/v1/recalls/{begun['recall_id']}:release", {"reason": "clean"}
            if self.dice.random() < 0.7:
                await self.post(*release)
            else:
                self.later(release)

    async def lineage(self) -> None:
        """A lot split, merged with another or renamed."""
        product, lot = self.lot()
        others = [one for key, one in self.lots if key == product]
        number = f"S{self.dice.randint(1, 4)}"
        way, body = self.dice.choice(
            [
                ("merge", {"into": self.dice.choice(others)}),
                ("split", {"site": self.dice.choice(SITES), "quantity": "2", "lot_number": number}),
                ("correct", {"lot_number": number, "expires_on": "2032-01-01"}),
            ]
        )  # fmt: skip
        made = await self.post(f"/v1/lots/{lot}:{way}", body | {"reason": "label"})
        if made and way == "split":
            self.lots.append((product, made["lot_id"]))

    async def open(self) -> None:
        """A container opened, drawn from and thrown away; some are over at once, for the clock to find."""
        slug, product = self.dice.choice(SITES), self.dice.choice((VIAL, SYRINGE))
        body = {"site": slug, "product_id": str(product)}
        if self.dice.random() < 0.4:
            body["use_by"] = (datetime.now(UTC) + timedelta(milliseconds=300)).isoformat()
        made = await self.post("/v1/containers", body)
        if made:
            path = f"/v1/containers/{made['container_id']}"
            await self.post(f"{path}:draw", {"quantity": "2", "member_id": str(uuid7())})
            self.later((f"{path}:draw", {"quantity": "3"}), (f"{path}:discard", {"note": "fell"}))

    async def treat(self) -> None:
        """A treatment that consumes its recipe, in which one part is twice."""
        first, second = self.dice.sample(PRODUCTS, 2)
        lines = [TreatmentLine(product_id=one, expected="2", drawn=None) for one in (first, second, first)]
        treated = TreatmentCompleted(
            site=self.dice.choice(SITES), treatment_id=uuid7(), service_id=uuid7(), practitioner="Dr Vega",
            member_id=uuid7(), happened_at=self.stock.sale().happened_at, lines=tuple(lines), revision=1,
        )  # fmt: skip
        await self.stock.hear(treated)

    async def move(self) -> None:
        """From the shelf to the back bar."""
        product, lot = self.lot()
        body = {"site": self.dice.choice(SITES), "product_id": str(product), "lot_id": lot, "quantity": "1"}
        await self.post("/v1/moves", body | {"source": {}, "target": {"purpose": "back_bar"}})

    async def minimum(self) -> None:
        """Another minimum."""
        slug, product = self.any()
        await self.post(f"/v1/levels/{slug}/{product}", {"minimum": str(self.dice.randint(0, 400))}, method="PUT")

    async def sign(self) -> None:
        """A second person confirms or declines what waits, while it may change under their hand."""
        waiting = (await self.stock.bench.get("/v1/adjustments", params={"state": "pending"}))["rows"]
        if waiting:
            deed = self.dice.choice(waiting)["adjustment_id"]
            word = self.dice.choice(("confirm", "confirm", "decline"))
            await self.post(f"/v1/adjustments/{deed}:{word}", {}, who="manager")

    async def job(self) -> None:
        """The clock comes by."""
        await self.dice.choice(JOBS)(self.stock.bench.runtime)


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_a_crowd_that_does_everything_at_once_breaks_nothing(stock: Chain, seed: int) -> None:
    """RELIABILITY 7, I2-I4: given eight persons who each do 40 of all deeds on the same few goods at once; when all are
    done; then every answer was a yes or a named no, no message is parked, and the books agree. Every second crowd works
    with controlled drugs, of which all that is thrown away waits for a witness.
    """
    drug_class = "controlled" if seed % 2 else "otc"
    await stock.hear(*(one.model_copy(update={"drug_class": drug_class}) for one in products_of_clinic()))
    crowd = Crowd(stock, random.Random(seed))
    for _ in range(12):
        await crowd.receive()
    await asyncio.gather(*(crowd.person() for _ in range(PERSONS)))
    assert crowd.broken == []
    assert crowd.done > PERSONS * DEEDS // 2
    assert await stock.bench.owner.fetch("select subject, error from dead_letter") == []
    await stock.must_balance()
