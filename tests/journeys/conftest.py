"""The only home of the chain that the journeys walk: every service as its own process, traced to a file."""

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from tests.onebox.conftest import Machine

from lotwise.contracts.ids import uuid7
from lotwise.kit.client import ServiceClient
from lotwise.onebox.access import access
from lotwise.onebox.account import open_home, server_account
from lotwise.onebox.home import Home


@dataclass
class TracedMachine(Machine):
    """A machine whose services write every span to one file."""

    def environment(self) -> dict[str, str]:
        """The environment of the command, with tracing of everything."""
        traced = {"LOTWISE_TRACE_FILE": str(self.spans_file), "LOTWISE_TRACE_SAMPLE_RATIO": "1"}
        return super().environment() | traced

    @property
    def spans_file(self) -> Path:
        """Where the spans go."""
        return self.home.parent / "spans.jsonl"

    def spans(self) -> list[dict[str, Any]]:
        """All spans so far."""
        return [json.loads(line) for line in self.spans_file.read_text().splitlines()]


class Clients(Protocol):
    """A client for every service."""

    def __getitem__(self, service: str) -> ServiceClient:
        """The client of a service."""


class Doors:
    """The doors of a running chain, used as the importer: what a setup or a till does."""

    def __init__(self, doors: Clients) -> None:
        self.doors = doors

    def __getitem__(self, service: str) -> ServiceClient:
        return self.doors[service]

    async def get(self, service: str, path: str, **parameters: Any) -> Any:
        """Read through a service's door."""
        return await self.doors[service].get(path, params=parameters, timeout=10)

    async def post(self, service: str, path: str, body: Any, key: str | None = None) -> Any:
        """Do something through a service's door."""
        return await self.doors[service].post(path, json=body, key=key or str(uuid7()), timeout=10)

    async def until(self, ask: Callable[[], Awaitable[Any]], seconds_max: float = 15) -> Any:
        """Ask again until the answer is truthy; the test fails when it does not become so in time."""
        end = time.monotonic() + seconds_max
        while not (answer := await ask()):
            assert time.monotonic() < end, "it did not come to hold in time"
            await asyncio.sleep(0.05)
        return answer


@pytest.fixture(scope="session")
def traced_machine(servers_home: Path) -> Iterator[TracedMachine]:
    """A running system without the demo."""
    folder = Path(tempfile.mkdtemp(dir=servers_home))
    open_home(folder, server_account())
    machine = TracedMachine(folder / "var")
    machine.up()
    yield machine
    machine.down()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def chain(traced_machine: TracedMachine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Doors]:
    """The chain's doors."""
    monkeypatch.setenv("LOTWISE_HOME", str(traced_machine.home))
    monkeypatch.setenv("LOTWISE_PORT", str(traced_machine.port))
    async with AsyncExitStack() as stack:
        yield Doors(await stack.enter_async_context(access("importer", Home(traced_machine.home))))
