"""The whole chain under random `kill -9` of services, NATS and PostgreSQL while tills sell; afterwards all is exact."""

import asyncio
import json
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest
from tests.speed.load import Connection
from tests.speed.system import SITES, System, furnish, running, site, system

from lotwise.contracts.ids import uuid7
from lotwise.kit.client import ServiceClient
from lotwise.onebox.access import access

SALES = int(os.environ.get("LOTWISE_CHAOS_SALES", "20000"))
STRIKES = int(os.environ.get("LOTWISE_CHAOS_STRIKES", "30"))
SEED = int(os.environ.get("LOTWISE_CHAOS_SEED", "20261122"))
TILLS = 16
OPENING = 1_000_000
PRICE_MINOR = 1250
SERVICES = ("catalog", "sales", "stock", "purchasing", "alerts", "reporting")
TARGETS = (
    *SERVICES,
    "sales",
    "stock",
    "stock",
    "reporting",
    "backoffice",
    "nats",
    "nats",
    "nats",
    "postgres",
    "postgres",
)
SETTLED_SECONDS = 60.0
RECORDED = "select count(*) from outbox where subject like '%.sales.sale-recorded.v1'"
LEDGER = """
select count(*) from (
  select location_id, product_id, lot_id, sum(quantity) as quantity from (
    select to_location as location_id, product_id, lot_id, quantity from movement
    union all select from_location, product_id, lot_id, -quantity from movement) legs
  group by 1, 2, 3) m
full join balance b using (location_id, product_id, lot_id)
join location l on l.id = coalesce(b.location_id, m.location_id)
where l.kind in ('shelf', 'quarantine', 'transit', 'in_use')
  and coalesce(m.quantity, 0) <> coalesce(b.on_hand, 0)
"""


@dataclass
class History:
    """What the tills were told and what was struck: the checker decides by it alone."""

    acknowledged: Counter[tuple[str, str]] = field(default_factory=Counter)
    charges: set[str] = field(default_factory=set)
    retries: Counter[str] = field(default_factory=Counter)
    strikes: list[str] = field(default_factory=list)


class Till:
    """Sells one charge after the other; an unanswered one is sent again with its key until it is answered."""

    def __init__(self, chain: System, history: History, products: list[dict[str, Any]], dice: random.Random) -> None:
        self.chain = chain
        self.history = history
        self.products = products
        self.dice = dice
        self.link: Connection | None = None

    async def sell(self, count: int) -> None:
        """Sell that many charges; each is acknowledged once in the end."""
        for _ in range(count):
            charge_id, slug = str(uuid7()), site(self.dice.randrange(SITES))
            product = self.dice.choice(self.products)["product_id"]
            line = {"product_id": product, "quantity": "1"}
            body = orjson.dumps({"charge_id": charge_id, "site": slug, "hold": False, "lines": [line]})
            await self._surely(charge_id, body)
            self.history.charges.add(charge_id)
            self.history.acknowledged[slug, product] += 1

    async def _surely(self, charge_id: str, body: bytes) -> None:
        while True:
            try:
                async with asyncio.timeout(15):
                    self.link = self.link or await self._connected()
                    status, answer = await self.link.send("POST", "/v1/charges", charge_id, body)
            except (OSError, EOFError, TimeoutError, httpx.HTTPError) as error:
                self._again(type(error).__name__)
            else:
                if status in {200, 201}:
                    return
                assert status in {401, 429, 503}, answer
                self._again(str(status))
            await asyncio.sleep(0.1)

    def _again(self, why: str) -> None:
        self.history.retries[why] += 1
        if self.link is not None:
            self.link.close()
        self.link = None

    async def _connected(self) -> Connection:
        token = await self.chain.doors.bearer()
        return await Connection("127.0.0.1", self.chain.port("sales"), token).open()

    def leave(self) -> None:
        """Hang up."""
        if self.link is not None:
            self.link.close()


async def strike_at_random(chain: System, history: History, dice: random.Random, is_sold: asyncio.Event) -> None:
    """Kill one process after the other, each time waiting a moment for the supervisor."""
    while len(history.strikes) < STRIKES:
        name = dice.choice(TARGETS)
        known = json.loads((chain.home.folder / "running.json").read_text())["processes"].get(name)
        try:
            os.kill(int(known["pid"]), signal.SIGKILL)
        except (ProcessLookupError, TypeError):
            await asyncio.sleep(0.2)
            continue
        history.strikes.append(name)
        await asyncio.sleep(dice.uniform(0.3, 2.0) if not is_sold.is_set() else 0.3)


async def at_rest(chain: System) -> float:
    """Seconds until every service answers, nothing waits in an outbox, no consumer lags and nothing is parked."""
    began = time.monotonic()
    quiet = 0
    while quiet < 3:
        assert time.monotonic() - began < SETTLED_SECONDS, await _restless(chain)
        quiet = quiet + 1 if not await _restless(chain) else 0
        await asyncio.sleep(0.3)
    return time.monotonic() - began


async def _restless(chain: System) -> list[str]:
    found = []
    for service in SERVICES:
        client: ServiceClient = chain.doors[service]
        try:
            status = await client.get("/v1/ops/status", timeout=5)
        except Exception as error:  # noqa: BLE001 - it is starting: ask again
            found.append(f"{service}: {type(error).__name__}")
            continue
        busy = [one["name"] for one in status["consumers"] if one["lag"] or one["in_hand"]]
        if status["outbox_depth"] or status["waiting"] or busy or not status["bus_connected"]:
            found.append(f"{service}: outbox {status['outbox_depth']}, waiting {status['waiting']}, busy {busy}")
    return found


@pytest.mark.slow
async def test_thirty_kills_leave_every_figure_exact() -> None:
    """F1, F2, I1, I2, I10: 20,000 charges under 30 kills: acknowledged = recorded = issued = reported, books agree."""
    dice, history = random.Random(SEED), History()
    with running() as home:
        async with system(home) as chain:
            products = (await furnish(chain, str(OPENING)))[:20]
            tills = [Till(chain, history, products, random.Random(dice.random())) for _ in range(TILLS)]
            is_sold = asyncio.Event()
            striking = asyncio.create_task(strike_at_random(chain, history, random.Random(SEED + 1), is_sold))
            began = time.monotonic()
            await asyncio.gather(*(till.sell(SALES // TILLS) for till in tills))
            is_sold.set()
            for till in tills:
                till.leave()
            sold_seconds = time.monotonic() - began
            await striking
            settled_seconds = await at_rest(chain)
            print(
                f"\nseed {SEED}: {SALES} charges in {sold_seconds:.0f} s under {len(history.strikes)} kills"
                f" ({', '.join(f'{name} {n}' for name, n in Counter(history.strikes).most_common())});"
                f" sent again: {dict(history.retries)}; settled in {settled_seconds:.1f} s"
            )
            await check(chain, history)


async def check(chain: System, history: History) -> None:
    """The checker: reads databases and doors, compares with the history alone."""
    count = SALES // TILLS * TILLS
    assert len(history.charges) == count
    assert await chain.number("sales", RECORDED) == count
    assert await chain.number("stock", "select count(*) from inbox where consumer = 'stock-sales'") == count
    assert await chain.number("stock", LEDGER) == 0
    for service in SERVICES:
        assert await chain.number(service, "select count(*) from dead_letter") == 0, service
        assert await chain.number(service, "select count(*) from outbox where published_at is null") == 0, service
    await _check_levels(chain, history)
    await _check_reports(chain, history, count)
    async with access("operator", chain.home) as doors:
        proof = await doors["stock"].get("/v1/audit", timeout=60)
    assert proof["is_clean"], proof["findings"]


async def _check_levels(chain: System, history: History) -> None:
    sold = Counter(history.acknowledged)
    for number in range(SITES):
        after: str | None = None
        while True:
            asked = {"site": site(number), "limit": 500} | ({"after": after} if after else {})
            page = await chain.doors["stock"].get("/v1/levels", params=asked, timeout=30)
            for row in page["rows"]:
                expected = 2 * OPENING - sold[site(number), row["product_id"]]
                assert row["on_hand"] == str(expected), (site(number), row["product_id"])
            after = page["next"]
            if after is None:
                break


async def _check_reports(chain: System, history: History, count: int) -> None:
    totals = await chain.doors["reporting"].get("/v1/totals", timeout=30)
    assert (totals["charges"], totals["net_units"]) == (count, str(count))
    assert totals["net_revenue"] == f"{count * PRICE_MINOR / 100:.2f}"
    by_site = await chain.doors["reporting"].get("/v1/sales/by-site", timeout=30)
    expected = Counter(slug for (slug, _), n in history.acknowledged.items() for _ in range(n))
    assert {row["site"]: int(row["units"]) for row in by_site["rows"] if row["units"] != "0"} == dict(expected)
