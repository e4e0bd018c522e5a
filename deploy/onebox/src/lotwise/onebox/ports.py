"""The only home of finding free ports on the loopback address, and of asking whether a service answers there."""

import http.client
import random
import socket
from collections.abc import Container

HOST = "127.0.0.1"
RANGE = range(20_000, 32_000)


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen on this TCP port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(host: str = HOST) -> int:
    """A TCP port that nobody listens on."""
    return free_ports(1, host)[0]


def free_ports(count: int, host: str = HOST, *, besides: Container[int] = ()) -> list[int]:
    """That many different ports that nobody listens on, none among `besides`. Raises OSError when all are taken.

    They lie below the range from which systems lend ports to outgoing connections: between choosing one and
    listening on it, no connection can be given it.
    """
    found: list[int] = []
    for port in random.sample(RANGE, len(RANGE)):
        if len(found) == count:
            return found
        if port not in besides and is_free(port, host):
            found.append(port)
    raise OSError("no free port on this machine")


def answers(port: int, path: str, seconds_max: float = 1.0) -> bool:
    """Whether a service on this machine answers 200."""
    connection = http.client.HTTPConnection(HOST, port, timeout=seconds_max)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
