"""The whole loop on the real system: a stranger signs in, charges, and watches alert, order, delivery and report."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.browser.conftest import SCREENS
from tests.browser.loop import CODE, Walker
from tests.onebox.conftest import Machine

from lotwise.onebox.account import open_home, server_account


@pytest.fixture(scope="module")
def machine(servers_home: Path) -> Iterator[Machine]:
    """A system without the demo, started by the one command."""
    folder = Path(tempfile.mkdtemp(dir=servers_home))
    open_home(folder, server_account())
    one = Machine(folder / "var", extra={"STOCK_EXPIRY_SWEEP_SECONDS": "1"})
    one.up()
    yield one
    one.down()
    shutil.rmtree(folder, ignore_errors=True)


def bring_in_an_old_lot(machine: Machine) -> None:
    """Eight units that came forty days ago and whose last day was five days ago: the importer's back-dated door."""
    today = datetime.now(UTC).date()
    came, ended = today - timedelta(days=40), today - timedelta(days=5)
    file = machine.home.parent / "old.csv"
    file.write_text(
        f"site,code,quantity,unit_cost,lot_number,expires_on,received_on\nharley,{CODE},8,4.50,OLD,{ended},{came}\n"
    )
    done = machine.lotwise("import", "stock", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(300)
def test_a_person_walks_the_loop(chromium: Browser, machine: Machine) -> None:
    """D1 to D7, STK-17, SAL-12, WEB-01: from an empty system to one order received, each step on a page, no error."""
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
    person.expiry(lambda: bring_in_an_old_lot(machine))
    person.reports()
    person.live()

    context.close()
    assert wrong == []
