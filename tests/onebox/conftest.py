"""The only home of the running system that the tests of the onebox share, and of the command line that drives it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lotwise.onebox.account import open_home, server_account
from lotwise.onebox.ports import free_port


@dataclass
class Machine:
    """A data folder and a port of its own, and the `lotwise` command on them."""

    home: Path
    port: int = field(default_factory=free_port)
    extra: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The environment of the command."""
        clean = {key: text for key, text in os.environ.items() if not key.startswith("LOTWISE_")}
        return clean | self.extra | {"LOTWISE_HOME": str(self.home), "LOTWISE_PORT": str(self.port), "COLUMNS": "200"}

    def lotwise(self, *arguments: str, seconds_max: float = 240) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "lotwise.onebox", *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=seconds_max,
            check=False,
        )

    def up(self) -> float:
        """Start in the background without the demo; how many seconds until everything answered."""
        began = time.monotonic()
        done = self.lotwise("up", "--detach", "--no-demo")
        assert done.returncode == 0, done.stdout + done.stderr
        return time.monotonic() - began

    def down(self) -> None:
        """Stop it."""
        done = self.lotwise("down")
        assert done.returncode == 0, done.stdout + done.stderr

    def note(self) -> dict[str, Any]:
        """What the running system says about itself."""
        return dict(json.loads((self.home / "running.json").read_text()))

    def pid(self, name: str) -> int:
        """The process of a server or a service."""
        return int(self.note()["processes"][name]["pid"])


@pytest.fixture
def new_machine(servers_home: Path) -> Iterator[Machine]:
    """An empty data folder where nothing runs; whatever a test starts there is stopped."""
    folder = Path(tempfile.mkdtemp(dir=servers_home))
    open_home(folder, server_account())
    machine = Machine(folder / "var")
    yield machine
    machine.lotwise("down")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def machine(servers_home: Path) -> Iterator[Machine]:
    """A running system without demo, shared by the tests that leave it running."""
    folder = Path(tempfile.mkdtemp(dir=servers_home))
    open_home(folder, server_account())
    machine = Machine(folder / "var")
    seconds = machine.up()
    print(f"\nfirst start: {seconds:.1f} s")
    yield machine
    machine.down()
    shutil.rmtree(folder, ignore_errors=True)
