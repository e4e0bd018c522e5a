"""The only home of what must be so before a start: a free port, room on the disk, databases where there were some."""

import shutil
from contextlib import suppress

import psutil

from lotwise.onebox.chain import Chain
from lotwise.onebox.home import Refused
from lotwise.onebox.ports import is_free

DISK_BYTES_MIN = 512 << 20


def refuse_bad_ground(chain: Chain) -> None:
    """Raise Refused when the port is taken or the disk is full: each with what to do."""
    port = chain.ports["backoffice"]
    if not is_free(port):
        raise Refused(
            f"Port {port} is taken{_holder(port)}. Stop that program, or give Lotwise another port: "
            f"LOTWISE_PORT={port + 1} make up"
        )
    free = shutil.disk_usage(chain.home.folder).free
    if free < DISK_BYTES_MIN:
        raise Refused(
            f"The disk of {chain.home.folder} has only {free >> 20} MB free and Lotwise wants "
            f"{DISK_BYTES_MIN >> 20} MB: make room, or choose a folder on another disk with LOTWISE_HOME."
        )


def refuse_lost_data(chain: Chain) -> None:
    """Raise Refused when this folder had databases and has none now: starting would look like an empty system."""
    cluster = chain.home.folder / "postgres" / "data" / "PG_VERSION"
    if chain.postgres_url is None and chain.home.prepared_file.exists() and not cluster.exists():
        raise Refused(
            f"The databases of {chain.home.folder} are gone ({cluster.parent} has none). Put them back, or restore a "
            "backup into an empty folder with `lotwise restore FILE`."
        )


def _holder(port: int) -> str:
    with suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    return " by another program"
