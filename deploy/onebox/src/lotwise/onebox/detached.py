"""The only home of starting everything in the background."""

import subprocess
import sys
import time

from lotwise.onebox.chain import Chain
from lotwise.onebox.home import read_json
from lotwise.onebox.servers import ServerFailed


def run_detached(chain: Chain, arguments: list[str]) -> None:
    """Start everything in the background; returns when it is ready. Raises ServerFailed with what it said otherwise."""
    chain.home.make()
    if chain.home.is_locked():
        with chain.home.lock():
            pass
    log = chain.home.logs / "lotwise.log"
    with log.open("ab") as out:
        start = out.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "lotwise.onebox", "up", *arguments],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    while True:
        if process.poll() is not None:
            with log.open("rb") as file:
                file.seek(start)
                raise ServerFailed(file.read().decode(errors="replace").strip())
        note = read_json(chain.home.note_file)
        if note.get("phase") == "ready" and note.get("pid") == process.pid:
            return
        time.sleep(0.1)
