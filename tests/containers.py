"""The only home of the containers that stand in for the embedded servers when LOTWISE_TEST_BACKEND=containers."""

import os
import secrets
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")  # the fixtures stop what they start; no privileged helper

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

CONFIGURATION = """
listen: "0.0.0.0:4222"
http: "0.0.0.0:8222"
max_payload: 8MB
jetstream { store_dir: "/data", sync_interval: always }
"""


class PostgresInContainer:
    """PostgreSQL 18 in a container, with a random superuser password; `url` is the superuser's address."""

    def __init__(self) -> None:
        self._password = secrets.token_urlsafe(16)
        self._container = (
            DockerContainer("postgres:18")
            .with_env("POSTGRES_PASSWORD", self._password)
            .with_command(["postgres", "-c", "max_connections=200"])
            .with_exposed_ports(5432)
            .waiting_for(LogMessageWaitStrategy("ready to accept connections", times=2))
        )

    def __enter__(self) -> Self:
        """Start it and wait until it takes connections."""
        self._container.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it and forget its data."""
        self._container.stop()

    @property
    def url(self) -> str:
        """The superuser's address."""
        host, port = self._container.get_container_host_ip(), self._container.get_exposed_port(5432)
        return f"postgresql://postgres:{self._password}@{host}:{port}/postgres"


class NatsInContainer:
    """NATS 2.15 with JetStream in a container; the same face as the embedded server where tests use it."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="lotwise-nats-")
        conf = Path(self._folder.name) / "nats.conf"
        conf.write_text(CONFIGURATION)
        Path(self._folder.name).chmod(0o755)
        self._container = (
            DockerContainer("nats:2.15")
            .with_command(["-c", "/etc/lotwise/nats.conf"])
            .with_volume_mapping(self._folder.name, "/etc/lotwise", "ro")
            .with_exposed_ports(4222, 8222)
            .waiting_for(LogMessageWaitStrategy("Server is ready"))
        )

    def __enter__(self) -> Self:
        """Start it and wait until it takes connections."""
        self._container.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it and forget its data."""
        self._container.stop()
        self._folder.cleanup()

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"nats://{self._container.get_container_host_ip()}:{self._container.get_exposed_port(4222)}"

    @property
    def monitor_url(self) -> str:
        """The address of the monitoring pages."""
        return f"http://{self._container.get_container_host_ip()}:{self._container.get_exposed_port(8222)}"
