"""The office in Chromium: scanning anywhere, keys, dialogs, live figures, rough days."""

import time

import orjson
from playwright.sync_api import Page, Route, expect
from tests.backoffice.fakes import ALL_PRODUCTS, Chain
from tests.browser.conftest import scan
from tests.browser.stage import Stage

TOXIN = ALL_PRODUCTS[0]
GS1 = f"(01){TOXIN['barcodes'][0].rjust(14, '0')}(17)280630(10)ABC123"


def test_a_scan_anywhere_on_stock_opens_receiving_filled(page: Page, chain: Chain) -> None:
    """STK-11, UI 1: no click first; product, lot and expiry are there; Enter receives; the row shows the new figure."""
    page.goto("/stock?site=bath&q=toxin+50")
    row = page.locator(f"#onhand-bath-{TOXIN['product_id']}")
    before = int(row.inner_text().split()[0])

    scan(page, GS1)
    expect(page.locator("#lot_number")).to_have_value("ABC123")
    expect(page.locator("#expires_on")).to_have_value("2028-06-30")
    page.locator("#quantity").fill("7")
    page.keyboard.press("Enter")

    expect(page.locator(".toast")).to_contain_text("Received 7")
    expect(page.locator("#dialog")).not_to_be_visible()
    page.reload()
    expect(row).to_contain_text(str(before + 7))


def test_a_scan_restores_the_search_it_ran_through(page: Page) -> None:
    """UI 3: with the cursor in the search, the code does not stay in it."""
    page.goto("/stock?site=bath")
    page.locator("input[name=q]").fill("vita")

    scan(page, GS1)

    expect(page.locator("#lot_number")).to_have_value("ABC123")
    expect(page.locator("input[name=q]")).to_have_value("vita")


def test_search_filters_as_one_types_and_the_address_follows(page: Page) -> None:
    """UI: the table alone is read anew; filters live in the address."""
    page.goto("/products")
    page.keyboard.press("/")
    page.keyboard.type("cannula", delay=60)

    expect(page.locator("#table tbody tr")).to_have_count(1)
    page.wait_for_url("**/products?*q=cannula*")


def test_the_command_bar_goes_anywhere(page: Page) -> None:
    """UI: Ctrl K finds pages and things; arrows choose, Enter goes."""
    page.goto("/")
    page.keyboard.press("Control+k")
    page.locator(".palette input").fill("retinol")
    expect(page.locator("#found a")).to_have_count(1)

    page.keyboard.press("Enter")

    page.wait_for_url("**/products/*")
    expect(page.locator("h1")).to_contain_text("Retinol night cream 50 ml")


def test_the_keys_of_a_page_are_listed(page: Page) -> None:
    """UI: ? lists what the page can do by key."""
    page.goto("/stock")
    page.locator("h1").click()
    page.keyboard.press("?")

    expect(page.locator("#dialog")).to_contain_text("Lots by expiry")


def test_a_wrong_form_keeps_its_text_and_shows_where(page: Page) -> None:
    """UI: the dialog stays, the field in error has the focus, what was typed is there."""
    page.goto(f"/stock/bath/{TOXIN['product_id']}")
    page.get_by_role("button", name="Receive").click()
    page.locator("#quantity").fill("many")
    page.locator("#lot_number").fill("L77")
    page.keyboard.press("Enter")

    expect(page.locator("#quantity-note")).to_have_text("Enter a plain number, such as 2 or 2.5.")
    expect(page.locator("#quantity")).to_be_focused()
    expect(page.locator("#lot_number")).to_have_value("L77")


def test_a_double_click_sends_one_receipt(page: Page, chain: Chain) -> None:
    """UI: a form pressed twice is one receipt."""
    page.goto(f"/stock/bath/{TOXIN['product_id']}")
    page.get_by_role("button", name="Receive").click()
    page.locator("#quantity").fill("1")
    page.locator("#dialog button[type=submit]").dblclick()

    expect(page.locator(".toast").first).to_contain_text("Received 1")
    assert len({row["receipt_id"] for row in chain.did("POST", "stock/v1/receipts")}) == 1


def test_a_level_that_changes_elsewhere_changes_here(page: Page, office: Stage) -> None:
    """UI: an event of the bus reaches the open page within a second, in its own cell."""
    page.goto("/stock?site=bath&q=toxin+50")
    expect(page.locator("#live[data-state=on]")).to_have_text("Live")
    live = office.app.state.runtime.state["live"]
    event = {"product_id": TOXIN["product_id"], "on_hand": "4321", "available": "4320", "minimum": "5"}
    body = orjson.dumps({"levels": [event]})

    page.wait_for_timeout(300)
    assert office.loop is not None
    office.loop.call_soon_threadsafe(live.hear, "lotwise.bath.stock.stock-level-changed.v2", body, "e1")

    expect(page.locator(f"#onhand-bath-{TOXIN['product_id']}")).to_have_text("4,321")
    expect(page.locator(f"#available-bath-{TOXIN['product_id']}")).to_have_text("4,320")


def test_a_live_figure_leaves_the_cursor_where_one_types(page: Page, office: Stage) -> None:
    """UI: a level that changes behind an open dialog moves neither the cursor nor a letter of what is typed."""
    page.goto("/stock?site=bath&q=toxin+50")
    expect(page.locator("#live[data-state=on]")).to_have_text("Live")
    page.locator("#table").get_by_role("button", name="Receive").first.click()
    page.locator("#lot_number").focus()
    page.keyboard.type("A-")
    live = office.app.state.runtime.state["live"]
    event = {"product_id": TOXIN["product_id"], "on_hand": "5432", "available": "5431", "minimum": "5"}

    assert office.loop is not None
    office.loop.call_soon_threadsafe(
        live.hear, "lotwise.bath.stock.stock-level-changed.v2", orjson.dumps({"levels": [event]}), "typed"
    )
    expect(page.locator(f"#onhand-bath-{TOXIN['product_id']}")).to_have_text("5,432")
    page.keyboard.type("17")

    expect(page.locator("#lot_number")).to_have_value("A-17")


def test_what_happens_while_a_page_travels_is_shown_on_it(page: Page, office: Stage) -> None:
    """UI: an event between the reading of a page and the first word of its stream still reaches it."""
    live = office.app.state.runtime.state["live"]
    cell = page.locator(f"#onhand-bath-{TOXIN['product_id']}")
    page.goto("/products")
    expect(page.locator("#live[data-state=on]")).to_have_text("Live")
    page.wait_for_timeout(300)
    event = {"product_id": TOXIN["product_id"], "on_hand": "6543", "available": "1", "minimum": "5"}
    body = orjson.dumps({"levels": [event]})

    def happens(route: Route) -> None:
        """The goods come when the page is on its way and nobody hears for it yet."""
        assert office.loop is not None
        office.loop.call_soon_threadsafe(live.hear, "lotwise.bath.stock.stock-level-changed.v2", body, "meanwhile")
        time.sleep(0.6)
        route.continue_()

    page.context.route("**/ui.js", happens)
    page.goto("/stock?site=bath&q=toxin+50")

    expect(cell).to_have_text("6,543")


def test_nine_tabs_share_one_stream(page: Page) -> None:
    """UI: nine tabs of one browser all open; each says Live."""
    for _ in range(9):
        tab = page.context.new_page()
        tab.goto("/products")
        expect(tab.locator("#live[data-state=on]")).to_have_text("Live")


def test_a_service_that_is_away_loses_no_form(page: Page, chain: Chain) -> None:
    """N-08: stock is down while one receives: the dialog stays as typed, a word says so; then it works."""
    page.goto(f"/stock/bath/{TOXIN['product_id']}")
    page.get_by_role("button", name="Receive").click()
    page.locator("#quantity").fill("3")
    chain.down = {"stock"}
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("kept")
    expect(page.locator("#quantity")).to_have_value("3")

    chain.down = set()
    page.locator("#dialog button[type=submit]").click()

    expect(page.locator(".toast").last).to_contain_text("Received 3")


def test_the_theme_is_kept(page: Page) -> None:
    """UI: light or dark is chosen once and stays through a reload."""
    page.goto("/")
    page.locator("[popovertarget=person]").click()
    page.get_by_role("button", name="Light or dark").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"

    page.reload()

    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"


def test_the_first_row_comes_within_its_budget(page: Page, office: Stage) -> None:
    """UI 5: cold, the first stock row is on the screen within half a second on loopback (three tries, the best)."""
    paint = "performance.getEntriesByType('paint').find((p) => p.name === 'first-contentful-paint').startTime"
    browser = page.context.browser
    assert browser is not None
    times = []
    for _ in range(3):
        context = browser.new_context(base_url=office.url)
        tab = context.new_page()
        tab.goto("/stock")
        tab.locator("#table tbody tr").first.wait_for()
        times.append(tab.evaluate(paint))
        context.close()

    assert min(times) < 500
