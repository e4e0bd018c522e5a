"""The server programs: copied into the data folder when their account cannot reach the packages."""

import os
import subprocess
from pathlib import Path

import pytest

from lotwise.onebox import binaries
from lotwise.onebox.account import Account, server_account


def test_programs_that_cannot_be_reached_are_copied_and_run(
    servers_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DESIGN 7: given packages out of reach and a strict umask, when asked for, then copies run as the account."""
    monkeypatch.setattr(binaries, "can_search", lambda _folder, _account: False)
    account = server_account()
    before = os.umask(0o077)
    try:
        postgres = binaries.postgres_bin(servers_home, account) / "postgres"
        nats = binaries.nats_program(servers_home, account)
    finally:
        os.umask(before)
    assert postgres.is_relative_to(servers_home)
    assert nats.is_relative_to(servers_home)
    assert said(account, postgres, "-V").startswith("postgres (PostgreSQL) 18")
    assert said(account, nats, "-v").startswith("nats-server: v2.15")


def said(account: Account, program: Path, flag: str) -> str:
    """What a program says when the account runs it."""
    done = subprocess.run([program, flag], capture_output=True, text=True, check=True, **account.popen())  # type: ignore[call-overload]
    return str(done.stdout)
