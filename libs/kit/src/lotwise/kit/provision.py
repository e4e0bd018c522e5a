"""The only owner of streams and durables: compares what the bus has with what the system wants, and mends it.

Services never declare any of this. Run as `python -m lotwise.kit.provision`, or `lotwise bus apply`.
"""

import asyncio
import os
import sys
from typing import Any

import httpx
import nats
import orjson
from nats.aio.client import Client
from nats.errors import Error
from nats.js.errors import Error as JetStreamError

from lotwise.contracts.envelope import SPEAKERS, stream_of
from lotwise.kit.bus import inbox_prefix
from lotwise.kit.topology import Durable, topology

NANO = 1_000_000_000
DAY = 24 * 3600 * NANO
DUPLICATE_WINDOW = 600 * NANO
MAX_AGE = 30 * DAY
ACK_WAIT = 30 * NANO
ACK_PENDING_MAX = 2000
TOTAL_BYTES = 7 << 30
SHARES = {"sales": 24, "stock": 40}
SHARE = 6
_API_SECONDS = 10.0
_NOT_FOUND = {10059, 10014}


class Unsafe(Exception):  # noqa: N818 - a sentence for a person
    """The server does not keep its promises: it would acknowledge before the data is on disk."""


def stream_config(speaker: str, *, replicas: int = 1, total_bytes: int = TOTAL_BYTES) -> dict[str, Any]:
    """What the stream of a speaker must be. A limit with `discard: new`: a full stream makes its outbox wait.

    `total_bytes` is what all streams may take together; a server refuses more than its own store has.
    """
    return {
        "name": stream_of(speaker),
        "description": f"Everything that {speaker} says",
        "subjects": [f"lotwise.*.{speaker}.>"],
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "max_age": MAX_AGE,
        "max_bytes": total_bytes * SHARES.get(speaker, SHARE) // 100,
        "max_msg_size": 1 << 20,
        "num_replicas": replicas,
        "duplicate_window": DUPLICATE_WINDOW,
        "compression": "s2",
        "deny_delete": True,
        "allow_direct": True,
        "allow_atomic": True,
    }


def consumer_config(durable: Durable, *, replicas: int = 0) -> dict[str, Any]:
    """What a durable must be. Deliveries have no limit: the hearer counts them and buries what cannot be applied."""
    return {
        "durable_name": durable.name,
        "description": f"What {durable.service} hears from {durable.speaker}",
        "deliver_policy": "all",
        "ack_policy": "explicit",
        "ack_wait": ACK_WAIT,
        "max_deliver": -1,
        "max_ack_pending": ACK_PENDING_MAX,
        "filter_subjects": list(durable.filters),
        "replay_policy": "instant",
        "num_replicas": replicas,
    }


async def apply(
    url: str,
    *,
    user: str | None = None,
    password: str | None = None,
    seed: str | None = None,
    replicas: int = 1,
    total_bytes: int = TOTAL_BYTES,
    monitor_url: str | None = None,
) -> list[str]:
    """Make or mend every stream and durable; what was done, a line each (empty: all was well).

    Safe to repeat. Raises Unsafe when the server does not sync on every acknowledgement (only its monitoring pages
    tell: give `monitor_url`); nats errors pass through.
    """
    options: dict[str, Any] = {"user": user, "password": password} if user else {}
    if seed:
        options["nkeys_seed_str"] = seed
    if monitor_url:
        await refuse_unsafe(monitor_url)
    connection = await nats.connect(
        url, inbox_prefix=inbox_prefix("ops"), connect_timeout=5, max_reconnect_attempts=5, **options
    )
    try:
        done = []
        for speaker in SPEAKERS:
            done += await _mend_stream(connection, stream_config(speaker, replicas=replicas, total_bytes=total_bytes))
        for durable in topology():
            done += await _mend_consumer(connection, durable, consumer_config(durable))
        done += await _report_strangers(connection)
        return done
    finally:
        await connection.close()


async def replay(url: str, name: str, *, user: str | None = None, password: str | None = None) -> None:
    """Let a durable hear its whole stream again: after its database was restored from an older copy.

    What was applied before is recognised by the inbox. Raises ValueError for a name that is no durable of ours.
    """
    durable = next((one for one in topology() if one.name == name), None)
    if durable is None:
        raise ValueError(f"{name!r} is no durable of this system")
    options = {"user": user, "password": password} if user else {}
    connection = await nats.connect(url, inbox_prefix=inbox_prefix("ops"), connect_timeout=5, **options)
    try:
        await _checked(connection, f"CONSUMER.DELETE.{durable.stream}.{name}", {})
        await _make_consumer(connection, durable, consumer_config(durable), "create")
    finally:
        await connection.close()


async def refuse_unsafe(monitor_url: str) -> None:
    """Raises Unsafe unless the server syncs each write before it acknowledges (`sync_interval: always`)."""
    async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
        try:
            config = (await http.get(f"{monitor_url.rstrip('/')}/jsz")).json().get("config", {})
        except (httpx.HTTPError, ValueError) as error:
            raise Unsafe(f"its monitoring page {monitor_url}/jsz does not answer: {error}") from error
    if config.get("sync_always") is not True:
        raise Unsafe("it would acknowledge before the data is on disk: set `sync_interval: always` under `jetstream`")


async def _api(connection: Client, call: str, request: dict[str, Any]) -> dict[str, Any]:
    reply = await connection.request(f"$JS.API.{call}", orjson.dumps(request), timeout=_API_SECONDS)
    answer: dict[str, Any] = orjson.loads(reply.data)
    return answer


async def _checked(connection: Client, call: str, request: dict[str, Any]) -> dict[str, Any]:
    answer = await _api(connection, call, request)
    if "error" in answer:
        raise JetStreamError(f"{call}: {answer['error'].get('description')}")
    return answer


def differences(wanted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What the server has otherwise than wanted, as `name: found → wanted`. A field left out is a zero."""
    lines = []
    for name, value in wanted.items():
        has = found.get(name, type(value)())
        same = sorted(has) == sorted(value) if isinstance(value, list) else has == value
        if not same:
            lines.append(f"{name}: {has} → {value}")
    return lines


async def _mend_stream(connection: Client, wanted: dict[str, Any]) -> list[str]:
    name = wanted["name"]
    answer = await _api(connection, f"STREAM.INFO.{name}", {})
    if "error" in answer:
        if answer["error"].get("err_code") not in _NOT_FOUND:
            raise JetStreamError(f"{name}: {answer['error'].get('description')}")
        await _checked(connection, f"STREAM.CREATE.{name}", wanted)
        return [f"stream {name}: made"]
    changes = differences(wanted, answer["config"])
    if changes:
        await _checked(connection, f"STREAM.UPDATE.{name}", answer["config"] | wanted)
    return [f"stream {name}: {change}" for change in changes]


async def _mend_consumer(connection: Client, durable: Durable, wanted: dict[str, Any]) -> list[str]:
    place = f"{durable.stream}.{durable.name}"
    answer = await _api(connection, f"CONSUMER.INFO.{place}", {})
    if "error" in answer:
        if answer["error"].get("err_code") not in _NOT_FOUND:
            raise JetStreamError(f"{durable.name}: {answer['error'].get('description')}")
        await _make_consumer(connection, durable, wanted, "create")
        return [f"durable {durable.name}: made"]
    found = answer["config"]
    if "filter_subject" in found:
        found["filter_subjects"] = [found.pop("filter_subject")]
    changes = differences(wanted, found)
    if changes:
        await _make_consumer(connection, durable, found | wanted, "update")
    return [f"durable {durable.name}: {change}" for change in changes]


async def _make_consumer(connection: Client, durable: Durable, config: dict[str, Any], action: str) -> None:
    request = {"stream_name": durable.stream, "config": config, "action": action}
    await _checked(connection, f"CONSUMER.CREATE.{durable.stream}.{durable.name}", request)


async def _report_strangers(connection: Client) -> list[str]:
    """Durables that nobody asked for: they are named, not deleted (somebody may be rebuilding)."""
    wanted = {durable.name for durable in topology()}
    lines = []
    for speaker in SPEAKERS:
        stream = stream_of(speaker)
        answer = await _checked(connection, f"CONSUMER.NAMES.{stream}", {})
        lines += [
            f"durable {name} on {stream}: unknown here" for name in answer["consumers"] or [] if name not in wanted
        ]
    return lines


def main() -> int:
    """Provision the bus of LOTWISE_NATS_URL; 0 when it is as wanted afterwards."""
    environment = os.environ
    try:
        done = asyncio.run(
            apply(
                environment.get("LOTWISE_NATS_URL", "nats://127.0.0.1:4222"),
                user=environment.get("LOTWISE_NATS_USER"),
                password=environment.get("LOTWISE_NATS_PASSWORD"),
                seed=environment.get("LOTWISE_NATS_SEED"),
                replicas=int(environment.get("LOTWISE_NATS_REPLICAS", "1")),
                total_bytes=int(environment.get("LOTWISE_NATS_STREAM_BYTES", TOTAL_BYTES)),
                monitor_url=environment.get("LOTWISE_NATS_MONITOR_URL"),
            )
        )
    except (Unsafe, Error, JetStreamError, OSError) as error:
        sys.stderr.write(f"The bus could not be provisioned: {error}\n")
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in done or ["The bus is as it should be."]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
