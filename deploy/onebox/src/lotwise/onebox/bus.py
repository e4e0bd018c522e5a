"""The only home of what commands do with the bus: bring it to what the contracts want, and tell where it differs."""

from typing import Any

import nats
import orjson
from nats.aio.client import Client
from nats.errors import Error

from lotwise.contracts.envelope import SPEAKERS, stream_of
from lotwise.kit import provision
from lotwise.kit.bus import inbox_prefix
from lotwise.kit.topology import topology
from lotwise.onebox.chain import Chain

OPERATOR = "ops"


async def apply(chain: Chain) -> list[str]:
    """Make and mend streams and durables; a line for each change, none when all was well."""
    user, password = chain.bus_login(OPERATOR)
    return await provision.apply(chain.bus_url(), user=user, password=password)


async def drift(chain: Chain) -> list[str]:
    """What differs from the contracts; changes nothing. A bus that does not answer is a difference too."""
    user, password = chain.bus_login(OPERATOR)
    try:
        client = await nats.connect(
            chain.bus_url(), user=user, password=password, inbox_prefix=inbox_prefix(OPERATOR), allow_reconnect=False
        )
    except (Error, OSError, TimeoutError) as problem:
        return [f"the bus does not answer ({type(problem).__name__})"]
    try:
        return [
            line for place, wanted in _wanted().items() for line in _compare(place, wanted, await _info(client, place))
        ]
    finally:
        await client.close()


def _wanted() -> dict[str, dict[str, Any]]:
    streams = {f"STREAM.INFO.{stream_of(speaker)}": provision.stream_config(speaker) for speaker in SPEAKERS}
    durables = {f"CONSUMER.INFO.{one.stream}.{one.name}": provision.consumer_config(one) for one in topology()}
    return streams | durables


async def _info(client: Client, place: str) -> dict[str, Any] | None:
    reply = await client.request(f"$JS.API.{place}", b"", timeout=5)
    found: dict[str, Any] | None = orjson.loads(reply.data).get("config")
    if found is not None and "filter_subject" in found:
        found["filter_subjects"] = [found.pop("filter_subject")]
    return found


def _compare(place: str, wanted: dict[str, Any], found: dict[str, Any] | None) -> list[str]:
    name = place.split(".", 2)[2]
    if found is None:
        return [f"{name} is missing"]
    return [f"{name} {difference}" for difference in provision.differences(wanted, found)]
