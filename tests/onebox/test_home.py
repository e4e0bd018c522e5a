"""The data folder: who may look into it, and what is said when it cannot be used."""

import os
import stat
from pathlib import Path

import pytest

from lotwise.onebox.account import reachable_home
from lotwise.onebox.chain import Chain, page_port
from lotwise.onebox.home import Home, Refused, Secrets, write_json


def test_nobody_else_may_look_into_the_data_folder(servers_home: Path) -> None:
    """DESIGN 7: given a new data folder, when made, then others may not enter; as root the servers' group may pass."""
    home = Home(servers_home / "var")
    home.make()
    mode = stat.S_IMODE(home.folder.stat().st_mode)
    assert mode == (0o710 if os.geteuid() == 0 else 0o700)
    assert stat.S_IMODE(home.logs.stat().st_mode) == 0o700


def test_a_secret_is_made_once_and_kept_for_us_alone(tmp_path: Path) -> None:
    """N-08: given a secret that was made, when asked again by another process, then it is the same, in a 0600 file."""
    file = tmp_path / "secrets.json"
    first = Secrets(file).once("database.stock.app")
    assert Secrets(file).once("database.stock.app") == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_damaged_secrets_are_told_and_never_replaced(tmp_path: Path) -> None:
    """Given a damaged secrets file, when it is read, then a sentence says to restore, and the file stays as it is."""
    file = tmp_path / "secrets.json"
    file.write_text('{"half')
    with pytest.raises(Refused, match="restore a backup into an empty folder"):
        Secrets(file)
    assert file.read_text() == '{"half'


def test_a_file_is_no_data_folder(tmp_path: Path) -> None:
    """Given a file where the data folder should be, when it is made, then a sentence names LOTWISE_HOME."""
    (tmp_path / "var").write_text("not a folder")
    with pytest.raises(Refused, match="is a file: choose another data folder with LOTWISE_HOME"):
        Home(tmp_path / "var").make()
    assert (tmp_path / "var").read_text() == "not a folder"


def test_a_data_folder_is_held_by_one_process(tmp_path: Path) -> None:
    """Given a held data folder, when it is taken a second time, then the sentence names process and address."""
    home = Home(tmp_path)
    with home.lock():
        write_json(home.note_file, {"pid": 4711, "address": "http://127.0.0.1:8080"})
        with pytest.raises(Refused, match=r"already runs on .* at http://127.0.0.1:8080 \(process 4711\)"), home.lock():
            pass
    assert not home.is_locked()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as another account")
def test_a_folder_that_the_servers_cannot_reach_is_replaced_with_a_sentence(tmp_path: Path) -> None:
    """DESIGN 7: given root and a folder closed to others, when the data folder is chosen, then another is, and told."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    folder, remark = reachable_home(closed / "var")
    assert folder.parent == Path("/var/lib")
    assert remark is not None
    assert "LOTWISE_HOME" in remark
    assert reachable_home(closed / "var")[0] == folder


@pytest.mark.parametrize("text", ["0", "65536", "http", "80 80", "-1"])
def test_a_port_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given nonsense in LOTWISE_PORT, when it is read, then a sentence says what a port is."""
    monkeypatch.setenv("LOTWISE_PORT", text)
    with pytest.raises(Refused, match="give a number from 1 to 65535"):
        page_port()


def test_whoever_asks_finds_the_pages_where_they_run(servers_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a system started on another port, when one asks without naming it, then its own note says where it is;
    when nothing runs, the port is the one asked for.
    """
    monkeypatch.setenv("LOTWISE_PORT", "9100")
    home = Home(servers_home / "asked")
    home.make()
    write_json(home.note_file, {"pid": 1, "address": "http://127.0.0.1:18765"})
    with home.lock():
        assert Chain.of(home).address == "http://127.0.0.1:18765"
    assert Chain.of(home).address == "http://127.0.0.1:9100"
