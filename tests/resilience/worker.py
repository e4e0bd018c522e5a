"""One end of the bus as a process that can be killed: `python -m tests.resilience.worker speak|hear DATABASE NATS`."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

import asyncpg

from lotwise.contracts.sales import SaleRecorded
from lotwise.kit.bus import Bus
from lotwise.kit.database import Database, Tx
from lotwise.kit.inbox import Consumers, Message, Subscription
from lotwise.kit.relay import Relay


async def count(tx: Tx, messages: Sequence[Message[Any]]) -> None:
    """Each message counts once at its site."""
    await tx.execute(
        "insert into counter select site, count(*) from unnest($1::text[]) as u(site) group by site order by site"
        " on conflict (name) do update set amount = counter.amount + excluded.amount",
        [one.event.site for one in messages],
    )


async def main(role: str, database: str, nats: str) -> None:
    """Speak or hear until killed; the database may be away at the start."""
    while True:
        try:
            db = await Database.open(database, connections_max=3)
            break
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await asyncio.sleep(0.2)
    if role == "speak":
        await Relay(db, Bus("sales", nats), "sales", batch_max=100).run()
    else:
        consumers = Consumers(
            "stock", db, Bus("stock", nats), [Subscription("sales", {SaleRecorded: count})], batch_max=100
        )
        await consumers.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
