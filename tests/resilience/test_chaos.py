"""The whole chain under random `kill -9` of services, NATS and PostgreSQL while tills sell; afterwards all is exact."""

import asyncio
import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from tests.resilience.deeds import Caller, Porter, Taker
from tests.resilience.hands import Hand, History
from tests.speed.system import LOTWISE, SITES, System, furnish, running, site, system

from lotwise.contracts.ids import uuid7
from lotwise.kit.client import ServiceClient
from lotwise.onebox.access import Access, access

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
RECALLED = 4
TOLD = "select count(*) from outbox where subject like '%.stock.{}.v%'"
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


class Till(Hand):
    """Sells one charge after the other."""

    async def sell(self, count: int, products: Sequence[dict[str, Any]]) -> None:
        """Sell that many charges; each is acknowledged once in the end."""
        for _ in range(count):
            charge_id, slug = str(uuid7()), site(self.dice.randrange(SITES))
            product = self.dice.choice(products)["product_id"]
            line = {"product_id": product, "quantity": "1"}
            body = {"charge_id": charge_id, "site": slug, "hold": False, "lines": [line]}
            await self.surely("/v1/charges", body, charge_id)
            self.history.charges.add(charge_id)
            self.history.acknowledged[slug, product] += 1


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
    """F1, F2, I1, I2, I3, I10: 20,000 charges, transfers, counts and recalls under 30 kills: acknowledged = recorded =
    issued = reported, every transfer and count took effect once, and `lotwise audit` finds the books clean.
    """
    dice, history = random.Random(SEED), History()
    with running() as home:
        async with system(home) as chain, access("operator", home) as owner:
            products = (await furnish(chain, str(OPENING)))[:20]
            bearer, port = chain.doors.bearer, chain.port("sales")
            tills = [Till(port, bearer, history, random.Random(dice.random())) for _ in range(TILLS)]
            is_sold, is_over = asyncio.Event(), asyncio.Event()
            striking = asyncio.create_task(strike_at_random(chain, history, random.Random(SEED + 1), is_sold))
            working = asyncio.create_task(work(chain, owner, history, products, is_over))
            began = time.monotonic()
            await asyncio.gather(*(till.sell(SALES // TILLS, products) for till in tills))
            is_sold.set()
            for till in tills:
                till.leave()
            sold_seconds = time.monotonic() - began
            await striking
            is_over.set()
            await working
            settled_seconds = await at_rest(chain)
            print(
                f"\nseed {SEED}: {SALES} charges in {sold_seconds:.0f} s under {len(history.strikes)} kills"
                f" ({', '.join(f'{name} {n}' for name, n in Counter(history.strikes).most_common())});"
                f" deeds: {dict(history.deeds)};"
                f" sent again: {dict(history.retries)}; settled in {settled_seconds:.1f} s"
            )
            await check(chain, history)


async def work(
    chain: System, owner: Access, history: History, products: Sequence[dict[str, Any]], is_over: asyncio.Event
) -> None:
    """Transfers, counts and recalls until it is over; a product's second lot is either counted or recalled."""
    dice = [random.Random(SEED + number) for number in range(2, 6)]
    given = (chain.port("stock"), owner.bearer, history)
    porters = [Porter(*given, one) for one in dice[:2]]
    counter, caller = Taker(*given, dice[2]), Caller(*given, dice[3])
    await asyncio.gather(
        *(porter.work(products, is_over) for porter in porters),
        counter.work(products[:-RECALLED], OPENING, is_over),
        caller.work(products[-RECALLED:], is_over),
    )
    for hand in (*porters, counter, caller):
        hand.leave()


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
    await _check_deeds(chain, history.deeds)
    await _check_levels(chain, history)
    await _check_reports(chain, history, count)
    audit = await asyncio.to_thread(subprocess.run, [LOTWISE, "audit"], capture_output=True, text=True, check=False)
    assert audit.returncode == 0, audit.stdout + audit.stderr


async def _check_deeds(chain: System, done: Counter[str]) -> None:
    """Each transfer, count and recall that was answered took effect once, and none besides them."""
    assert min(done[one] for one in ("received", "short", "cancelled", "counted", "recalled")) > 0, done
    received = done["received"] + done["short"]
    transfers = received + done["cancelled"]
    sums = {
        "select count(*) from transfer": transfers,
        "select count(*) from transfer where state = 'received'": received,
        "select count(*) from transfer where state = 'cancelled'": done["cancelled"],
        TOLD.format("transfer-shipped"): transfers,
        TOLD.format("transfer-received"): received,
        "select count(*) from stock_count where state = 'posted'": done["counted"],
        "select count(*) from stock_count": done["counted"],
        "select sum(quantity) from movement where reason = 'theft'": done["stolen"],
        "select sum(quantity) from movement where reason = 'loss'": done["short"],
        "select count(*) from recall": done["recalled"],
        "select count(*) from recall where state = 'active'": 1,
    }
    assert {sql: await chain.number("stock", sql) for sql in sums} == sums


async def _check_levels(chain: System, history: History) -> None:
    sold = Counter(history.acknowledged)
    for number in range(SITES):
        after: str | None = None
        while True:
            asked = {"site": site(number), "limit": 500} | ({"after": after} if after else {})
            page = await chain.doors["stock"].get("/v1/levels", params=asked, timeout=30)
            for row in page["rows"]:
                cell = site(number), row["product_id"]
                apart = OPENING if row["product_id"] in history.blocked else 0
                expected = 2 * OPENING + history.moved[cell] - sold[cell] - apart
                figures = (row["on_hand"], row["quarantined"], row["in_transit"])
                assert figures == (str(expected), str(apart), "0"), cell
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
