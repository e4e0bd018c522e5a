"""The only home of the watch over the event loop: a thread that ends the process when the loop has frozen.

A frozen loop cannot answer /livez either; ending lets the supervisor start a fresh process.
"""

import asyncio
import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable

FROZEN_SECONDS = 20.0
BEAT_SECONDS = 1.0
EXIT_CODE = 70


class Watchdog:
    """Beats in the loop, watched from a thread. A process that was stopped as a whole is not taken for frozen."""

    def __init__(
        self,
        *,
        frozen_seconds: float = FROZEN_SECONDS,
        beat_seconds: float = BEAT_SECONDS,
        die: Callable[[], None] | None = None,
    ) -> None:
        self._frozen_seconds = frozen_seconds
        self._beat_seconds = beat_seconds
        self._die = die or _die
        self._beat_at = time.monotonic()
        self._stopping = threading.Event()
        self._beating: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to beat in the running loop and to watch from a thread."""
        self._beat_at = time.monotonic()
        self._beating = asyncio.create_task(self._beat(), name="watchdog")
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    async def stop(self) -> None:
        """Stop watching."""
        self._stopping.set()
        if self._beating is not None:
            self._beating.cancel()

    async def _beat(self) -> None:
        while True:
            self._beat_at = time.monotonic()
            await asyncio.sleep(self._beat_seconds)

    def _watch(self) -> None:
        looked_at = time.monotonic()
        while not self._stopping.wait(self._beat_seconds):
            now = time.monotonic()
            if now - looked_at > 3 * self._beat_seconds + 1:
                self._beat_at = now
            elif now - self._beat_at > self._frozen_seconds:
                self._die()
                return
            looked_at = now


def _die() -> None:
    sys.stderr.write('{"level":"critical","event":"the event loop is frozen; ending the process"}\n')
    faulthandler.dump_traceback(all_threads=True)
    os._exit(EXIT_CODE)
