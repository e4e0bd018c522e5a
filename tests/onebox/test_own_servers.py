"""Servers of one's own: the same system on a PostgreSQL and a NATS that Lotwise did not start."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.onebox.conftest import Machine

from lotwise.onebox.servers import NatsServer, PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def own_servers(servers_home: Path) -> Iterator[dict[str, str]]:
    """A PostgreSQL and a NATS beside the system, as the two variables that name them."""
    postgres, nats = PostgresServer(servers_home / "own"), NatsServer(servers_home / "own")
    postgres.start()
    nats.start()
    yield {"LOTWISE_POSTGRES_URL": postgres.url(), "LOTWISE_NATS_URL": nats.url}
    nats.stop()
    postgres.stop()


def test_it_runs_on_servers_of_ones_own(new_machine: Machine, own_servers: dict[str, str]) -> None:
    """DESIGN 7: given the addresses of both, when started, then no server of ours runs, and all is well."""
    new_machine.extra = own_servers
    new_machine.up()
    assert set(new_machine.note()["processes"]).isdisjoint({"postgres", "nats"})
    findings = json.loads(new_machine.lotwise("doctor", "--json").stdout)
    assert [row for row in findings if row["verdict"] == "bad"] == []
    assert new_machine.lotwise("backup").returncode == 0
    new_machine.down()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"LOTWISE_POSTGRES_URL": "postgresql://a:b@127.0.0.1:1/postgres"}, "is LOTWISE_POSTGRES_URL right?"),
        ({"LOTWISE_NATS_URL": "nats://127.0.0.1:1"}, "is LOTWISE_NATS_URL right"),
    ],
)
def test_a_server_that_does_not_answer_is_named(new_machine: Machine, wrong: dict[str, str], sentence: str) -> None:
    """Given an address where nothing listens, when started, then the last sentence names the variable."""
    new_machine.extra = wrong
    done = new_machine.lotwise("up", "--no-demo")
    assert done.returncode == 1
    assert sentence in done.stderr.splitlines()[-1]
