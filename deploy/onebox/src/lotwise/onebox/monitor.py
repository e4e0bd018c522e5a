"""The only home of what the bus says about its streams and consumers over its monitoring page."""

import http.client
import json
from dataclasses import dataclass
from typing import Any

from lotwise.onebox.chain import Chain
from lotwise.onebox.ports import HOST


@dataclass(frozen=True)
class ConsumerState:
    """How far one service is behind one stream."""

    stream: str
    name: str
    pending: int
    unacknowledged: int
    redelivered: int

    @property
    def service(self) -> str:
        """The service that reads: consumers are named `<service>-<speaker>`."""
        return self.name.partition("-")[0]


def jetstream(chain: Chain, details: str = "") -> dict[str, Any]:
    """The monitoring page of JetStream; empty for a bus of one's own, or when it does not answer."""
    if chain.nats_url is not None:
        return {}
    connection = http.client.HTTPConnection(HOST, chain.ports["nats-monitor"], timeout=2)
    try:
        connection.request("GET", f"/jsz{details}")
        return dict(json.loads(connection.getresponse().read()))
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    finally:
        connection.close()


def streams(chain: Chain) -> list[dict[str, Any]]:
    """Every stream with its state, configuration and consumers."""
    page = jetstream(chain, "?streams=true&consumers=true&config=true")
    return [stream for account in page.get("account_details", []) for stream in account.get("stream_detail", [])]


def consumers(chain: Chain) -> list[ConsumerState]:
    """Every consumer of every stream."""
    return [
        ConsumerState(stream["name"], one["name"], one["num_pending"], one["num_ack_pending"], one["num_redelivered"])
        for stream in streams(chain)
        for one in stream.get("consumer_detail") or []
    ]
