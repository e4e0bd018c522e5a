"""What must be so before a start: each refusal says what to do."""

import shutil
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from lotwise.onebox.chain import Chain
from lotwise.onebox.ground import refuse_bad_ground, refuse_lost_data
from lotwise.onebox.home import Home, Refused, write_json
from lotwise.onebox.ports import free_port


@pytest.fixture
def chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chain:
    """An installation whose port is free and whose data folder is empty."""
    monkeypatch.setenv("LOTWISE_PORT", str(free_port()))
    monkeypatch.delenv("LOTWISE_POSTGRES_URL", raising=False)
    return Chain.of(Home(tmp_path))


def test_good_ground_is_not_refused(chain: Chain) -> None:
    """Given a free port, room and an empty folder, when looked at, then nothing is refused."""
    refuse_bad_ground(chain)
    refuse_lost_data(chain)


def test_a_full_disk_is_refused(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """RELIABILITY F9: given 100 MB left, when started, then the sentence names both figures and what to do."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100 << 20))
    with pytest.raises(Refused, match="only 100 MB free and Lotwise wants 512 MB: make room, or choose a folder"):
        refuse_bad_ground(chain)


def test_a_taken_port_is_refused(chain: Chain) -> None:
    """Given another program on the port, when started, then the sentence names the port and another one."""
    port = chain.ports["backoffice"]
    with socket.create_server(("127.0.0.1", port)), pytest.raises(Refused, match=f"LOTWISE_PORT={port + 1} make up"):
        refuse_bad_ground(chain)


def test_databases_that_are_gone_are_no_empty_system(chain: Chain) -> None:
    """Given a folder that was in use and has no databases now, when started, then it is refused, nothing made anew."""
    write_json(chain.home.prepared_file, {"fingerprint": "of an earlier start"})
    with pytest.raises(Refused, match=r"The databases of .* are gone"):
        refuse_lost_data(chain)
    assert not (chain.home.folder / "postgres").exists()
