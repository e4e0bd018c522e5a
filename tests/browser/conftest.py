"""The browser of these tests: one Chromium, one office, a fresh page for each; skipped where there is no Chromium."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.backoffice.fakes import Chain
from tests.browser.line import HAS_BOOK, Line, until
from tests.browser.stage import ARGUMENTS, CHROMIUM, Stage, stage

SCREENS = Path("var/screens")
DESK = "/charge?site=harley-street"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here needs a browser."""
    for item in items:
        if "tests/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def office() -> Iterator[Stage]:
    """The office that is looked at."""
    with stage() as one:
        yield one


@pytest.fixture
def chain(office: Stage) -> Chain:
    """The services behind the pages, with their book of calls emptied."""
    office.chain.calls.clear()
    office.chain.headers.clear()
    office.chain.down.clear()
    return office.chain


@pytest.fixture
def page(chromium: Browser, office: Stage, chain: Chain) -> Iterator[Page]:
    """A page on a desk of 1280 by 800; an error in a script or a breach of the policy fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, base_url=office.url)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    context.close()
    assert wrong == []


@pytest.fixture
def wire(office: Stage) -> Iterator[Line]:
    """The line between the desk and the office."""
    one = Line(office.url)
    yield one
    one.close()


@pytest.fixture
def ready(page: Page, wire: Line) -> Page:
    """A desk that has its price book, at the end of its line."""
    page.goto(wire.url + DESK)
    until(page, HAS_BOOK)
    return page


def scan(page: Page, *codes: str) -> None:
    """What a scanner does: keys four milliseconds apart, then Enter, code upon code; told so, however busy the
    machine is.
    """
    wire = page.context.new_cdp_session(page)
    at = time.time()
    for code in codes:
        for sign in code:
            key = {"key": sign, "timestamp": at}
            wire.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": sign, **key})
            wire.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})
            at += 0.004
        last = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "timestamp": at}
        wire.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": "\r", **last})
        wire.send("Input.dispatchKeyEvent", {"type": "keyUp", **last})
        at += 0.004
    wire.detach()
