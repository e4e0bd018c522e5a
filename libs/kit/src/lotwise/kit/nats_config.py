"""The only home of the bus's configuration text: one user per service, each allowed exactly what its work needs.

`python -m lotwise.kit.nats_config` prints the configuration of a server of one's own, with passwords from the
environment (`$NATS_STOCK_PASSWORD` …).
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from lotwise.contracts.envelope import SPEAKERS, stream_of
from lotwise.kit.bus import inbox_prefix
from lotwise.kit.topology import OVERHEARS, SERVICES, topology

OPS = "ops"
TILL = "till"
USERS = (*SERVICES, TILL, OPS)
"""Every user of the bus: the services, the outside tills, and the provisioner."""


@dataclass(frozen=True)
class Permissions:
    """The subjects a user may publish to and listen to; everything else is refused."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def permissions_of(user: str) -> Permissions:
    """What a service, `till` or `ops` may do on the bus. Raises ValueError for anybody else."""
    if user == OPS:
        return Permissions((">",), (">",))
    if user not in USERS:
        raise ValueError(f"{user!r} is no user of the bus")
    publish = [f"lotwise.*.{user}.>"]
    if user in SPEAKERS and user != TILL:
        publish.append(f"$JS.API.STREAM.INFO.{stream_of(user)}")
    for durable in topology():
        if durable.service == user:
            place = f"{durable.stream}.{durable.name}"
            publish += [f"$JS.API.CONSUMER.INFO.{place}", f"$JS.API.CONSUMER.MSG.NEXT.{place}", f"$JS.ACK.{place}.>"]
    overheard = (f"lotwise.*.{speaker}.>" for speaker in OVERHEARS.get(user, ()))
    return Permissions(tuple(publish), (f"{inbox_prefix(user)}.>", *overheard))


def users_configuration(passwords: Mapping[str, str], *, nkeys: Mapping[str, str] | None = None) -> str:
    """The `authorization` block. A user is named by its public nkey in `nkeys`, else it needs one of the passwords.

    A password may be a reference to the environment ("$NATS_STOCK_PASSWORD"). Raises KeyError when one is missing.
    """
    lines = ["authorization {", "  timeout: 5", "  users = ["]
    for user in USERS:
        allowed = permissions_of(user)
        key = (nkeys or {}).get(user)
        who = f"nkey: {key}" if key else f"user: {user}, password: {_quoted(passwords[user])}"
        lines += [
            f"    {{ {who}, permissions: {{",
            f"      publish: {{ allow: [{_list(allowed.publish)}] }}",
            f"      subscribe: {{ allow: [{_list(allowed.subscribe)}] }}",
            "    } }",
        ]
    return "\n".join([*lines, "  ]", "}", ""])


def _quoted(password: str) -> str:
    if password.startswith("$"):
        return password
    escaped = password.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _list(subjects: tuple[str, ...]) -> str:
    return ", ".join(f'"{subject}"' for subject in subjects)


def server_configuration(
    *,
    store: str = "/data",
    listen: str = "0.0.0.0:4222",
    monitor: str = "0.0.0.0:8222",
    store_bytes_max: int = 16 << 30,
) -> str:
    """A whole configuration for a server in a container: durable acknowledgements, passwords from outside."""
    passwords = {user: f"$NATS_{user.upper()}_PASSWORD" for user in USERS}
    return (
        "# Made by `python -m lotwise.kit.nats_config`; a test compares.\n"
        f'server_name: lotwise\nlisten: "{listen}"\nhttp: "{monitor}"\nmax_payload: 8MB\nwrite_deadline: 10s\n'
        f'jetstream {{\n  store_dir: "{store}"\n  max_memory_store: 16MB\n  max_file_store: {store_bytes_max}\n'
        "  sync_interval: always\n}\n" + users_configuration(passwords)
    )


if __name__ == "__main__":
    sys.stdout.write(server_configuration())
