"""The only home of what commands do with the bus: bring it to what the contracts want, and tell where it differs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import nats
import orjson
from nats.aio.client import Client
from nats.errors import Error
from nats.js.errors import Error as JetStreamError

from lotwise.contracts.envelope import SPEAKERS, stream_of
from lotwise.kit import provision
from lotwise.kit.bus import inbox_prefix
from lotwise.kit.topology import Durable, topology
from lotwise.onebox.chain import Chain
from lotwise.onebox.home import Refused
from lotwise.onebox.ports import HOST

OPERATOR = "ops"


async def apply(chain: Chain) -> list[str]:
    """Make and mend streams and durables; a line for each change, none when all was well."""
    user, password = chain.bus_login(OPERATOR)
    return await provision.apply(chain.bus_url(), user=user, password=password)


async def replay(chain: Chain, consumer: str) -> None:
    """Let a durable hear its whole stream again. Raises Refused for an unknown one, or when the bus does not answer."""
    user, password = chain.bus_login(OPERATOR)
    try:
        await provision.replay(chain.bus_url(), consumer, user=user, password=password)
    except ValueError:
        names = ", ".join(sorted(one.name for one in topology()))
        raise Refused(f"There is no consumer {consumer!r}; there are: {names}.") from None
    except JetStreamError as problem:
        raise Refused(f"The bus refused: {problem}. `lotwise bus apply` makes what is missing.") from None
    except (Error, OSError, TimeoutError) as problem:
        raise Refused(f"The bus does not answer ({type(problem).__name__}); see `lotwise status`.") from None


async def refuse_unsafe(chain: Chain) -> None:
    """Raise Refused unless the embedded bus has data on disk before it acknowledges (one's own is not asked)."""
    if chain.nats_url is not None:
        return
    try:
        await provision.refuse_unsafe(f"http://{HOST}:{chain.ports['nats-monitor']}")
    except provision.Unsafe as problem:
        raise Refused(f"NATS must not be used: {problem}") from None


async def drift(chain: Chain) -> list[str]:
    """What differs from the contracts; changes nothing. A bus that does not answer is a difference too."""
    try:
        async with _operator(chain) as client:
            found = {place: await _info(client, place) for place in _wanted()}
    except (Error, OSError, TimeoutError) as problem:
        return [f"the bus does not answer ({type(problem).__name__})"]
    return [line for place, wanted in _wanted().items() for line in _compare(place, wanted, found[place])]


@dataclass(frozen=True)
class ConsumerState:
    """How far a service is behind a speaker: messages to come, in hand, and handed out more than once."""

    name: str
    service: str
    pending: int
    unacknowledged: int
    redelivered: int


async def consumers(chain: Chain) -> list[ConsumerState]:
    """How far every durable is; empty when the bus does not answer."""
    try:
        async with _operator(chain) as client:
            return [_state(one, await _ask(client, f"CONSUMER.INFO.{one.stream}.{one.name}")) for one in topology()]
    except (Error, OSError, TimeoutError):
        return []


def _state(durable: Durable, info: dict[str, Any]) -> ConsumerState:
    counts = (int(info.get(name, 0)) for name in ("num_pending", "num_ack_pending", "num_redelivered"))
    return ConsumerState(durable.name, durable.service, *counts)


@asynccontextmanager
async def _operator(chain: Chain) -> AsyncIterator[Client]:
    user, password = chain.bus_login(OPERATOR)
    login = {"user": user, "password": password} if user else {}
    client = await nats.connect(
        chain.bus_url(), inbox_prefix=inbox_prefix(OPERATOR), allow_reconnect=False, error_cb=_quiet, **login
    )
    try:
        yield client
    finally:
        await client.close()


async def _quiet(_: Exception) -> None:
    """The refusal comes back to the caller as well; the library's own traceback helps nobody."""


def _wanted() -> dict[str, dict[str, Any]]:
    streams = {f"STREAM.INFO.{stream_of(speaker)}": provision.stream_config(speaker) for speaker in SPEAKERS}
    durables = {f"CONSUMER.INFO.{one.stream}.{one.name}": provision.consumer_config(one) for one in topology()}
    return streams | durables


async def _ask(client: Client, place: str) -> dict[str, Any]:
    reply = await client.request(f"$JS.API.{place}", b"", timeout=5)
    answer: dict[str, Any] = orjson.loads(reply.data)
    return answer


async def _info(client: Client, place: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = (await _ask(client, place)).get("config")
    if found is not None and "filter_subject" in found:
        found["filter_subjects"] = [found.pop("filter_subject")]
    return found


def _compare(place: str, wanted: dict[str, Any], found: dict[str, Any] | None) -> list[str]:
    name = place.split(".", 2)[2]
    if found is None:
        return [f"{name} is missing"]
    return [f"{name} {difference}" for difference in provision.differences(wanted, found)]
