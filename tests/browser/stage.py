"""A real server with the fake chain behind it, and the Chromium that looks at it; shared by the browser's tests."""

import asyncio
import contextlib
import os
import shutil
import threading
import time
from collections.abc import Iterator

import uvicorn
from tests.backoffice.fakes import Chain
from tests.backoffice.office import OpenDoor, office

from lotwise.onebox.ports import free_port

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
ARGUMENTS = [
    "--headless=new",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]


class Stage:
    """The running office: its address, its chain, its door and its app."""

    def __init__(self, chain: Chain | None = None, door: OpenDoor | None = None) -> None:
        self.chain = chain or Chain()
        self.door = door or OpenDoor()
        self.app = office(self.chain, self.door)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=self.port, log_level="warning", timeout_graceful_shutdown=1
        )
        self.server = uvicorn.Server(config)
        self.loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        loop = asyncio.new_event_loop()
        self.loop = loop
        loop.run_until_complete(self.server.serve())
        loop.run_until_complete(self.app.state.runtime.state["live"].stop())
        loop.close()

    def open(self) -> None:
        """Start, and wait until it answers."""
        self._thread.start()
        until = time.monotonic() + 10
        while not self.server.started and time.monotonic() < until:
            time.sleep(0.02)

    def close(self) -> None:
        """End every stream, then the server."""
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self.app.state.runtime.state["live"].close)
        self.server.should_exit = True
        self._thread.join(10)


@contextlib.contextmanager
def stage(chain: Chain | None = None, door: OpenDoor | None = None) -> Iterator[Stage]:
    """An office that is open within the block."""
    one = Stage(chain, door)
    one.open()
    try:
        yield one
    finally:
        one.close()
