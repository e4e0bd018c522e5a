"""The whole loop on the real system: a stranger signs in, charges, and watches alert, order, delivery and report."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.browser.conftest import SCREENS
from tests.browser.loop import Walker
from tests.onebox.conftest import Machine

from lotwise.onebox.account import open_home, server_account


@pytest.fixture(scope="module")
def machine(servers_home: Path) -> Iterator[Machine]:
    """A system without the demo, started by the one command."""
    folder = Path(tempfile.mkdtemp(dir=servers_home))
    open_home(folder, server_account())
    one = Machine(folder / "var")
    one.up()
    yield one
    one.down()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_a_person_walks_the_loop(chromium: Browser, machine: Machine) -> None:
    """D1 to D7, SAL-12, WEB-01: from an empty system to one order received, each step on a page, no error."""
    password = json.loads((machine.home / "secrets.json").read_text())["sign-in.owner"]
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, base_url=f"http://127.0.0.1:{machine.port}")
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 500 else None)
    person = Walker(page, SCREENS)

    person.sign_in("owner@lotwise.example", password)
    person.catalog()
    person.shelf()
    person.desk()
    person.short()
    person.shortage()
    person.reports()
    person.live()

    context.close()
    assert wrong == []
