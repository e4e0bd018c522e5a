"""The only home of stopping a system that runs in another process."""

import os
import signal
import time

from lotwise.onebox.home import Home, Refused

STOP_SECONDS_MAX = 120.0


def down(home: Home) -> str:
    """Stop what runs on this data folder and wait until it is gone; a sentence for the person. Raises Refused."""
    if not home.folder.exists() or not home.is_locked():
        return f"Nothing runs on {home.folder}."
    pid = home.note().get("pid")
    if pid is None:
        raise Refused(f"{home.folder} is in use (a backup or a restore?): try again when that is done.")
    os.kill(int(pid), signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while home.is_locked():
        if time.monotonic() > deadline:
            raise Refused(f"Process {pid} does not end: see {home.logs / 'lotwise.log'}.")
        time.sleep(0.05)
    return "Stopped."
