"""How far a consumer says it is behind: what nobody applied counts, whoever has it (I10)."""

import asyncio

from nats.aio.client import Client
from tests.kit.conftest import Heard, Shop, until
from tests.kit.test_consumers import applied, hearing, publish, sales, settled

from lotwise.kit.service import behind
from lotwise.onebox.servers import NatsServer


async def test_what_a_dead_process_took_along_is_still_behind(
    shop: Shop, ops: Client, guarded_nats: NatsServer
) -> None:
    """F1: given 5 messages of which 3 were delivered to a process that died without a word; when another asks how far
    it is behind; then 3 are, nothing in hand, until they come again and are applied: then 0.
    """
    await publish(ops, *sales(3))
    config = (await ops.jetstream().consumer_info("SALES", "stock-sales")).config
    config.ack_wait = 2
    await ops.jetstream().add_consumer("SALES", config)
    dead = await ops.jetstream().pull_subscribe_bind("stock-sales", "SALES")
    assert len(await dead.fetch(3, timeout=5)) == 3
    await publish(ops, *sales(2))
    async with hearing(shop, guarded_nats, Heard()) as consumers:
        await until(applied(shop, 2))
        await asyncio.sleep(0.2)
        (status,) = await consumers.lag()
        now = behind(status)
        assert (status.lag, now.lag, now.in_hand) == (0, 3, 0)
        await until(applied(shop, 5))
        await until(lambda: settled(ops))
        (status,) = await consumers.lag()
        assert (behind(status).lag, behind(status).redelivered) == (0, 0)
