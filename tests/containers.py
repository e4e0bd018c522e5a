"""The only home of the NATS container that stands in for the embedded server when LOTWISE_TEST_BACKEND=containers."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from testcontainers.core.container import DockerContainer
from testcontainers.core.waiting_utils import wait_for_logs

CONFIGURATION = """
listen: "0.0.0.0:4222"
http: "0.0.0.0:8222"
max_payload: 8MB
jetstream { store_dir: "/data", sync_interval: always }
"""


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
        )

    def __enter__(self) -> Self:
        """Start it and wait until it takes connections."""
        self._container.start()
        wait_for_logs(self._container, "Server is ready", timeout=60)
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
