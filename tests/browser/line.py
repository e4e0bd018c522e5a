"""A line between the browser and the office that a test can cut and mend."""

import contextlib
import socket
import threading
import time
from urllib.parse import urlsplit

from playwright.sync_api import Page

HAS_BOOK = """async () => {
  const at = performance.getEntriesByType('resource').find(({ name }) => name.includes('provisional.js'));
  if (!at) return false;
  const kept = await (await caches.open('desk')).match('/charge/offline?site=harley-street', { ignoreVary: true });
  return (await import(at.name)).book.rows.size > 0 && Boolean(kept && (await kept.text()).length);
}"""
HAS_WORKER = "async () => Boolean((await navigator.serviceWorker.ready).active)"


def until(page: Page, asked: str, seconds: float = 15) -> None:
    """Wait until a script answers yes; unlike the page's own waiting it waits for what the script waits for."""
    end = time.monotonic() + seconds
    while not page.evaluate(asked):
        assert time.monotonic() < end, f"never came true: {asked}"
        page.wait_for_timeout(20)


class Line:
    """Forwards every connection to the office; while it is cut each one ends at once."""

    def __init__(self, office: str) -> None:
        at = urlsplit(office)
        self._office = (at.hostname or "127.0.0.1", at.port or 80)
        self._open: set[socket.socket] = set()
        self._is_cut = False
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """End every connection, and each new one from now on."""
        self._is_cut = True
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    def close(self) -> None:
        """Listen no longer."""
        self.cut()
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._door.accept()
                if self._is_cut:
                    here.close()
                    continue
                there = socket.create_connection(self._office)
                for source, target in ((here, there), (there, here)):
                    self._open.add(source)
                    threading.Thread(target=self._forward, args=(source, target), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(65_536):
                target.sendall(part)
        self._open.discard(source)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        source.close()
