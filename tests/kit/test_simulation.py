"""A seeded simulation of hearing: a fake bus that drops, doubles and reorders, a process that dies anywhere (F14)."""

import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.kit.conftest import Shop, sale

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import SaleRecorded
from lotwise.kit.apply import Applier
from lotwise.kit.database import Tx
from lotwise.kit.dead_letters import dead_letters
from lotwise.kit.inbox import Message, NotYetKnown, redrive, waiting_messages

SITES = ("harley", "kings", "soho")
SUBJECT = "lotwise.{}.sales.sale-recorded.v1"


class Died(BaseException):
    """The process was killed."""


@dataclass
class World:
    """One run: what is on the bus, what was acknowledged, and the dice."""

    shop: Shop
    dice: random.Random
    messages: list[Message[Any]]
    unacknowledged: list[Message[Any]] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    async def handler(self, tx: Tx, messages: Sequence[Message[SaleRecorded]]) -> None:
        """Counts per site; a site that is not known yet makes its messages wait; at times the process dies."""
        for one in messages:
            if one.event.site not in self.known:
                raise NotYetKnown("site", one.event.site, one if self.dice.random() < 0.5 else None)
            if one.event.number == "poison":
                raise ValueError("cannot be applied")
        if self.dice.random() < 0.1:
            raise Died
        await tx.execute(
            "insert into counter select site, count(*) from unnest($1::text[]) as u(site) group by site order by site"
            " on conflict (name) do update set amount = counter.amount + excluded.amount",
            [one.event.site for one in messages],
        )

    async def deliver(self, applier: Applier) -> None:
        """A batch with doubles and strays; it may die before or after the commit, then nothing is acknowledged."""
        batch = self.dice.sample(self.unacknowledged, min(len(self.unacknowledged), self.dice.randint(1, 12)))
        batch += self.dice.sample(self.messages, self.dice.randint(0, 4))
        with suppress(Died):
            await applier.apply(batch)
            if self.dice.random() > 0.2:
                self.unacknowledged = [one for one in self.unacknowledged if one not in batch]

    async def learn(self, site: str) -> None:
        """The site's definition comes, and with it what waited for it; the first try may fail."""
        self.known.add(site)
        is_done = False
        while not is_done:
            with suppress(Died):
                async with self.shop.db.transaction() as tx:
                    await redrive(tx, "site", site)
                is_done = True


class Redriver:
    """What `redrive` finds the applier by."""

    def __init__(self, applier: Applier) -> None:
        self.one = applier

    async def redrive(self, tx: Tx, messages: Sequence[Message[Any]]) -> None:
        """Apply again, as `Consumers` does."""
        await self.one.again(tx, messages)


def message(place: int, dice: random.Random) -> Message[Any]:
    """A sale at a site; one in fifteen cannot be applied, one in twenty cannot be read."""
    number = "poison" if dice.random() < 1 / 15 else str(place)
    event = sale(site=dice.choice(SITES)).model_copy(update={"number": number})
    body = b"{" if dice.random() < 0.05 else event.model_dump_json().encode()
    return Message(
        id=uuid7(),
        subject=SUBJECT.format(event.site),
        body=body,
        headers={},
        stream="SALES",
        sequence=place,
        published_ns=place,
        consumer="stock-sales",
    )


async def test_whatever_the_bus_and_the_process_do_each_message_counts_once(shop: Shop) -> None:
    """F14: after drops, doubles, disorder and deaths, each took effect once or is one dead letter, in 25 seeds."""
    for seed in range(25):
        async with shop.db.transaction() as tx:
            for table in ("counter", "inbox", "waiting", "dead_letter"):
                await tx.execute(f"delete from {table}")
        await run(shop, seed)


async def run(shop: Shop, seed: int) -> None:
    """One life of a consumer; whatever fails names its seed."""
    dice = random.Random(seed)
    messages = [message(place, dice) for place in range(80)]
    world = World(shop, dice, messages, list(messages), known={"harley"})
    applier = Applier("stock-sales", shop.db, {SaleRecorded: world.handler})
    shop.db.redriver = Redriver(applier)
    steps = 0
    while world.unacknowledged:
        await world.deliver(applier)
        steps += 1
        if steps == 6:
            await world.learn("soho")
    await world.learn("kings")
    good = [one for one in messages if one.body != b"{" and one.event.number != "poison"]
    expected = {site: sum(one.event.site == site for one in good) for site in SITES}
    async with shop.db.reading() as tx:
        found = {row["name"]: row["amount"] for row in await tx.fetch("select name, amount from counter")}
        letters = await dead_letters(tx, limit=500)
        assert await waiting_messages(tx) == [], seed
    assert found == {site: count for site, count in expected.items() if count}, seed
    assert sorted(one.sequence for one in letters) == sorted(one.sequence for one in messages if one not in good), seed
