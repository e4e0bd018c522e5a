"""The tablet in a real browser: keys, keypad and scanner; what is typed outlives a lost line."""

from playwright.sync_api import Page, expect
from tests.backoffice.fakes import Chain
from tests.backoffice.fakes.counts import COUNTS, LINES
from tests.browser.conftest import scan

TABLET = f"/counts/{COUNTS[0]['count_id']}/tablet"


def sent(chain: Chain) -> list[tuple[int, str]]:
    """The (line, quantity) of every count that went out."""
    bodies = chain.did("POST", "stock/v1/counts/.*:count")
    return [(one["entries"][0]["line"], one["entries"][0]["quantity"]) for one in bodies]


def test_a_line_is_counted_by_keyboard_and_by_keypad(page: Page, chain: Chain) -> None:
    """N-15: digits go to the quantity without a click, Enter keeps them and brings the next line; so does a keypad."""
    page.goto(TABLET)
    expect(page.locator("#pad-form")).to_have_attribute("data-line", "3")
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(page.locator("#pad-form")).to_have_attribute("data-line", "2")
    for key in ("4", "1", "back"):
        page.locator(f"[data-pad='{key}']").click()
    expect(page.locator("#quantity")).to_have_value("4")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#pad-form")).to_have_attribute("data-line", "3")
    assert sent(chain) == [(3, "12"), (2, "4")]


def test_a_scan_never_lands_in_the_quantity(page: Page, chain: Chain) -> None:
    """WEB-02: a box scanned while a quantity is half typed opens its line; nothing of the code is in the figure."""
    page.goto(TABLET)
    page.keyboard.type("7")
    page.wait_for_timeout(120)
    scan(page, str(LINES[1]["code"]))
    expect(page.locator("#pad-form")).to_have_attribute("data-line", "2")
    expect(page.locator("#quantity")).to_have_value("")
    assert sent(chain) == []


def keys_and_instants(chain: Chain) -> tuple[set[str], set[str | None]]:
    """The keys under which counts were sent, and the instants they claim."""
    asked = zip(chain.calls, chain.headers, strict=True)
    keys = {head["idempotency-key"] for (way, where, _), head in asked if way == "POST" and where.endswith(":count")}
    bodies = chain.did("POST", "stock/v1/counts/.*:count")
    return keys, {one["entries"][0].get("counted_at") for one in bodies}


def test_what_is_typed_outlives_a_lost_line_and_a_reload(page: Page, chain: Chain) -> None:
    """WEB-02: given a service that is away; when a quantity is sent and the page read anew; then it stands there still,
    and goes out under its first key with the instant it was typed.
    """
    page.goto(TABLET)
    chain.down.add("stock")
    page.keyboard.type("9")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("try again")
    expect(page.locator("#quantity")).to_have_value("9")
    chain.down.clear()
    page.reload()
    expect(page.locator("#quantity")).to_have_value("9")
    page.keyboard.press("Enter")
    expect(page.locator("#pad-form")).to_have_attribute("data-line", "2")
    expect(page.locator("#quantity")).to_have_value("")
    keys, instants = keys_and_instants(chain)
    assert len(keys) == len(instants) == 1
    assert None not in instants


def test_a_count_that_found_nobody_goes_again_by_itself(page: Page, chain: Chain) -> None:
    """WEB-02: given a service that is away for a moment; then the quantity goes again without a hand, once."""
    page.goto(TABLET)
    chain.down.add("stock")
    page.keyboard.type("8")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("try again")
    chain.down.clear()
    expect(page.locator("#pad-form")).to_have_attribute("data-line", "2", timeout=8000)
    keys, _ = keys_and_instants(chain)
    assert len(keys) == 1


def test_a_count_that_waits_is_not_lost_by_a_scan(page: Page, chain: Chain) -> None:
    """WEB-02: given a quantity that could not be sent; when another box is scanned and the line opened again; then what
    was typed stands there.
    """
    page.goto(TABLET)
    page.route("**/tablet/3", lambda route: route.abort())
    page.keyboard.type("6")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("try again")
    scan(page, str(LINES[1]["code"]))
    expect(page.locator("#pad-form")).to_have_attribute("data-line", "2")
    expect(page.locator("#quantity")).to_have_value("")
    page.goto(f"{TABLET}?line=3")
    expect(page.locator("#quantity")).to_have_value("6")


def test_units_are_scanned_into_their_line(page: Page, chain: Chain) -> None:
    """STK-19, N-15: on a line of a product with serials each scan is its next serial, without a click and however close
    upon the one before; what was scanned outlives a reload, and Next sends it.
    """
    line = LINES[2] | {"is_serialised": True}
    chain.overrides["GET", "stock/v1/counts/(?P<id>[^/]+)/lines/3"] = lambda _: (200, line)
    page.goto(f"{TABLET}?line=3")
    serials = page.locator("textarea[name=serials]")
    expect(serials).to_be_focused()
    scan(page, "SN-0001", "SN-0002")
    expect(serials).to_have_value("SN-0001\nSN-0002\n")
    page.reload()
    expect(serials).to_have_value("SN-0001\nSN-0002\n")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#pad-form")).to_have_attribute("data-line", "2")
    (body,) = chain.did("POST", "stock/v1/counts/.*:count")
    assert (body["entries"][0]["quantity"], body["entries"][0]["serials"]) == ("2", ["SN-0001", "SN-0002"])
