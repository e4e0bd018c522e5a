"""The desk without its line: it goes on charging, keeps what it sold, and sends each charge once."""

from playwright.sync_api import Page, expect
from tests.backoffice.fakes import ALL_PRODUCTS, Chain
from tests.backoffice.fakes.ground import refusal
from tests.browser.conftest import scan
from tests.browser.line import HAS_BOOK, HAS_WORKER, Line, until


def sell_without_line(page: Page, wire: Line) -> None:
    """Two of the first product, scanned, paid by card."""
    wire.cut()
    for _ in range(2):
        scan(page, ALL_PRODUCTS[0]["barcodes"][0])
    expect(page.locator("#bill .qtykey")).to_have_text("2")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog h2")).to_have_text("Take payment")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog .receipt")).to_contain_text("Provisional receipt")
    page.keyboard.press("Enter")


def test_without_the_line_the_desk_goes_on_and_sends_each_charge_once(ready: Page, chain: Chain, wire: Line) -> None:
    """SAL-26: scanned, priced with tax and paid without a line; sent under its own id when the line is back."""
    sell_without_line(ready, wire)
    expect(ready.locator("#line-down")).to_contain_text("1 provisional charge waits")
    assert chain.did("POST", "sales/v1/charges") == []

    wire.mend()
    expect(ready.locator("#toasts")).to_contain_text("1 provisional charge was recorded", timeout=15_000)

    expect(ready.locator("#line-down")).not_to_be_visible()
    (sent,) = chain.did("POST", "sales/v1/charges")
    assert (sent["hold"], sent["is_provisional"]) == (False, True)
    assert [(line["quantity"], line["unit_price"]) for line in sent["lines"]] == [("2", "186.000000")]
    assert sent["tenders"] == [{"kind": "card", "amount_minor": 44640, "reference": ""}]


def test_a_reload_without_the_line_finds_the_desk(ready: Page, chain: Chain, wire: Line) -> None:
    """SAL-26: its page and its price book are kept: opened again it still sells, and keeps its queue."""
    until(ready, HAS_WORKER)
    ready.reload()
    ready.wait_for_function("() => Boolean(navigator.serviceWorker.controller)")
    sell_without_line(ready, wire)

    ready.reload()
    expect(ready.locator("#line-down")).to_contain_text("1 provisional charge waits")
    scan(ready, ALL_PRODUCTS[1]["barcodes"][0])
    expect(ready.locator("#bill [data-line]")).to_have_count(1)

    wire.mend()
    expect(ready.locator("#line-down")).not_to_be_visible(timeout=20_000)
    expect(ready.locator("#bill output")).to_have_text("$414.00")
    assert len(chain.did("POST", "sales/v1/charges")) == 1


def test_an_open_bill_outlives_a_reload_without_the_line(ready: Page, wire: Line) -> None:
    """SAL-26: what was on the bill when the page was opened again is on it still, under the same id."""
    until(ready, HAS_WORKER)
    ready.reload()
    ready.wait_for_function("() => Boolean(navigator.serviceWorker.controller)")
    until(ready, HAS_BOOK)
    scan(ready, ALL_PRODUCTS[0]["barcodes"][0])
    expect(ready.locator("#bill output")).to_have_text("$223.20")
    before = ready.locator("#bill [name=charge_id]").input_value()
    wire.cut()

    ready.reload()

    expect(ready.locator("#bill [data-line]")).to_have_count(1)
    expect(ready.locator("#bill output")).to_have_text("$223.20")
    assert ready.locator("#bill [name=charge_id]").input_value() == before


def test_a_desk_opened_again_sells_from_the_book_it_has(ready: Page, wire: Line) -> None:
    """SAL-26: the line goes while the new price book is still on its way: no scan is lost, the kept book prices it."""
    until(ready, HAS_WORKER)
    ready.route("**/charge/book?*", lambda _never_answered: None)
    ready.reload()
    sell_without_line(ready, wire)


def test_what_cannot_be_recorded_waits_under_parked(ready: Page, chain: Chain, wire: Line) -> None:
    """SAL-26: a provisional charge that sales refuses is listed with the reason, and is lost nowhere."""
    chain.overrides["POST", "sales/v1/charges"] = lambda _ask: refusal(409, "no-price", "It has no price.", title="No")
    try:
        sell_without_line(ready, wire)
        wire.mend()
        expect(ready.locator("#toasts")).to_contain_text("It has no price.", timeout=15_000)
    finally:
        del chain.overrides["POST", "sales/v1/charges"]

    expect(ready.locator("#parked")).to_be_visible()
    (waits,) = chain.parked
    assert waits["label"].endswith("It has no price.")
    chain.parked.clear()


def test_a_service_that_does_not_answer_is_a_line_that_is_down(ready: Page, chain: Chain) -> None:
    """SAL-26: while the office stands and sales does not, the desk goes on in the same way."""
    chain.down.add("sales")
    scan(ready, ALL_PRODUCTS[0]["barcodes"][0])
    expect(ready.locator("#bill [data-line]")).to_have_count(1)
    expect(ready.locator("#line-down")).to_be_visible()

    chain.down.clear()
    expect(ready.locator("#line-down")).not_to_be_visible(timeout=15_000)
    expect(ready.locator("#bill output")).to_have_text("$223.20")
