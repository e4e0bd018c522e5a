"""Streams, durables and permissions: made by one hand, mended when they differ, and each user held to its own."""

import asyncio
from pathlib import Path
from typing import Any

import nkeys
import pytest
from nats.aio.client import Client
from nats.errors import Error
from nats.js.api import ConsumerConfig
from tests.kit.conftest import PASSWORDS, connect, until

from lotwise.contracts.envelope import SPEAKERS, stream_of
from lotwise.kit.bus import Bus
from lotwise.kit.nats_config import USERS, permissions_of, server_configuration, users_configuration
from lotwise.kit.provision import Unsafe, apply, refuse_unsafe
from lotwise.kit.topology import SERVICES, streams, topology, unknown_events
from lotwise.onebox.servers import NatsServer

ROOT = Path(__file__).parents[2]


class CarelessNats(NatsServer):
    """A server that acknowledges before the data is on disk."""

    def _configuration(self) -> str:
        return super()._configuration().replace("sync_interval: always", "sync_interval: 2m")


async def provision(server: NatsServer) -> list[str]:
    """Provision as the only user who may."""
    return await apply(server.url, user="ops", password=PASSWORDS["ops"], monitor_url=server.monitor_url)


async def test_a_second_provisioning_changes_nothing(ops: Client, guarded_nats: NatsServer) -> None:
    """All streams and durables stand as RELIABILITY 5 lays them out; applying again does nothing."""
    assert await provision(guarded_nats) == []
    assert streams() == ("CATALOG", "SALES", "STOCK", "PURCHASING", "ALERTS", "REPORTING", "BACKOFFICE", "TILLS")
    for speaker in SPEAKERS:
        config = (await ops.jetstream().stream_info(stream_of(speaker))).config
        assert config.subjects == [f"lotwise.*.{speaker}.>"]
        assert (config.max_age, config.duplicate_window) == (30 * 86400, 600)
        assert (config.deny_delete, config.discard, str(config.compression)) == (True, "new", "s2")
        assert config.max_bytes
    info = await ops.jetstream().consumer_info("SALES", "stock-sales")
    assert (info.config.ack_wait, info.config.max_ack_pending, info.config.ack_policy) == (30, 2000, "explicit")
    assert info.config.filter_subjects == [
        "lotwise.*.sales.sale-recorded.*", "lotwise.*.sales.sale-returned.*", "lotwise.*.sales.sale-voided.*",
        "lotwise.*.sales.treatment-completed.*",
    ]  # fmt: skip


async def test_drift_is_named_and_mended(ops: Client, guarded_nats: NatsServer) -> None:
    """A stream or durable that somebody changed or deleted is put right, and the change is said in words."""
    jetstream = ops.jetstream()
    config = (await jetstream.stream_info("SALES")).config
    config.max_age = 3600
    await jetstream.update_stream(config)
    durable = (await jetstream.consumer_info("SALES", "stock-sales")).config
    durable.filter_subjects, durable.ack_wait = ["lotwise.*.sales.>"], 5
    await jetstream.add_consumer("SALES", durable)
    await jetstream.delete_consumer("CATALOG", "stock-catalog")
    await jetstream.add_consumer("SALES", ConsumerConfig(durable_name="rebuild-1"))
    lines = await provision(guarded_nats)
    assert lines[0] == "stream SALES: max_age: 3600000000000 → 2592000000000000"
    assert "durable stock-catalog: made" in lines
    assert "durable stock-sales: ack_wait: 5000000000 → 30000000000" in lines
    assert any(line.startswith("durable stock-sales: filter_subjects: ['lotwise.*.sales.>'] →") for line in lines)
    assert lines[-1] == "durable rebuild-1 on SALES: unknown here"
    assert await provision(guarded_nats) == ["durable rebuild-1 on SALES: unknown here"]


async def test_a_careless_server_is_refused(servers_home: Path, guarded_nats: NatsServer) -> None:
    """A server that would acknowledge before its data is on disk is not used; a silent one neither (RELIABILITY 5)."""
    await refuse_unsafe(guarded_nats.monitor_url)
    server = CarelessNats(servers_home / "careless")
    server.start()
    with pytest.raises(Unsafe, match="sync_interval"):
        await apply(server.url, monitor_url=server.monitor_url)
    server.stop()
    with pytest.raises(Unsafe, match="does not answer"):
        await refuse_unsafe(server.monitor_url)


def test_every_name_in_the_topology_is_a_contract() -> None:
    """Who hears whom names only events that exist; each durable has a name of its own."""
    assert unknown_events() == []
    names = [durable.name for durable in topology()]
    assert len(names) == len(set(names))


def test_the_shipped_configuration_is_the_generated_one() -> None:
    """`deploy/nats/nats-server.conf` is what the code says: permissions cannot drift from the topology."""
    assert (ROOT / "deploy/nats/nats-server.conf").read_text() == server_configuration()
    assert 'password: "a\\"b"' in users_configuration(dict.fromkeys(USERS, 'a"b'))
    with pytest.raises(KeyError):
        users_configuration({})
    with pytest.raises(ValueError, match="no user of the bus"):
        permissions_of("mallory")


def _forbidden_to_publish(user: str) -> list[str]:
    others = [speaker for speaker in SPEAKERS if speaker != user]
    heard = {durable.name for durable in topology() if durable.service == user}
    return [
        *(f"lotwise.harley.{speaker}.thing-happened.v1" for speaker in others),
        *(f"$JS.API.STREAM.{verb}.{stream}" for verb in ("DELETE", "PURGE", "UPDATE") for stream in streams()),
        *(f"$JS.API.STREAM.MSG.DELETE.{stream}" for stream in streams()),
        *(f"$JS.API.CONSUMER.CREATE.{stream}.x" for stream in streams()),
        *(f"$JS.API.CONSUMER.DELETE.{one.stream}.{one.name}" for one in topology()),
        *(f"$JS.API.CONSUMER.MSG.NEXT.{one.stream}.{one.name}" for one in topology() if one.name not in heard),
        *(f"$JS.ACK.{one.stream}.{one.name}.1.1.1.1.1" for one in topology() if one.name not in heard),
        *(f"_INBOX_{other}.x" for other in USERS if other != user),
        "$SYS.REQ.SERVER.PING",
        "lotwise.anything",
    ]


def _forbidden_to_hear(user: str) -> list[str]:
    return ["lotwise.>", ">", "$JS.>", "$SYS.>", "_INBOX.>", *(f"_INBOX_{other}.>" for other in USERS if other != user)]


@pytest.mark.parametrize("user", [user for user in USERS if user != "ops"])
async def test_each_user_is_held_to_its_own(user: str, ops: Client, guarded_nats: NatsServer) -> None:
    """F18: every forbidden subject of every user is refused under the shipped permissions, and the client is told."""
    told: list[str] = []

    async def remember(error: Exception) -> None:
        """Keep what the server said."""
        told.append(str(error))

    connection = await connect(guarded_nats, user, error_cb=remember)
    forbidden, deaf = _forbidden_to_publish(user), _forbidden_to_hear(user)
    for subject in forbidden:
        await connection.publish(subject, b"{}")
    for subject in deaf:
        await connection.subscribe(subject)
    await connection.flush()

    async def all_told() -> bool:
        """Whether each refusal was said."""
        return len(told) >= len(forbidden) + len(deaf)

    await until(all_told)
    text = "\n".join(told)
    for subject in forbidden:
        assert f'permissions violation for publish to "{subject.lower()}"' in text
    for subject in deaf:
        assert f'permissions violation for subscription to "{subject.lower()}"' in text
    await connection.close()
    for stream in streams():
        info = await ops.jetstream().stream_info(stream)
        assert info.state.messages == 0


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_may_do_its_work(service: str, ops: Client, guarded_nats: NatsServer) -> None:
    """F18, the other side: a service may speak on its stream and take from each of its durables."""
    connection = await connect(guarded_nats, service)
    ack = await connection.jetstream().publish(f"lotwise.chain.{service}.thing-happened.v1", b"{}", timeout=5)
    assert ack.stream == stream_of(service)
    for durable in topology():
        if durable.service == service:
            info = await connection.jetstream().consumer_info(durable.stream, durable.name)
            assert info.name == durable.name
    await connection.close()


async def refused(server: NatsServer, **who: Any) -> None:
    """The server does not let them in; the half-open connection is closed."""

    async def silent(_: Exception) -> None:
        """Say nothing."""
        await asyncio.sleep(0)

    client = Client()
    with pytest.raises(Error):
        await client.connect(server.url, allow_reconnect=False, error_cb=silent, connect_timeout=2, **who)
    await client.close()


@pytest.mark.parametrize(
    "who",
    [{}, {"user": "stock", "password": "wrong"}, {"user": "mallory", "password": "x"}],
    ids=["nobody", "wrong", "?"],
)
async def test_strangers_are_refused(who: dict[str, str], guarded_nats: NatsServer) -> None:
    """Nobody connects without a name and its password."""
    await refused(guarded_nats, **who)


async def test_a_service_may_come_with_a_key_instead_of_a_password(servers_home: Path) -> None:
    """A user named by its public nkey signs in with its seed, with the same permissions; another seed is refused."""
    seeds = [nkeys.encode_seed(bytes([number]) * 32, nkeys.PREFIX_BYTE_USER).decode() for number in (1, 2)]
    public = nkeys.from_seed(seeds[0].encode()).public_key.decode()
    passwords = {user: password for user, password in PASSWORDS.items() if user != "stock"}
    server = NatsServer(servers_home / "keys", authorization=users_configuration(passwords, nkeys={"stock": public}))
    server.start()
    await apply(server.url, user="ops", password=PASSWORDS["ops"])
    bus = Bus("stock", server.url, seed=seeds[0])
    connection = await bus.connect()
    assert (await connection.jetstream().consumer_info("SALES", "stock-sales")).name == "stock-sales"
    await bus.close()
    await refused(server, nkeys_seed_str=seeds[1])
    server.stop()
