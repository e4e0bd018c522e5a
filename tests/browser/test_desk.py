"""The charge desk in Chromium: scanner, keys and hands, in any order, with nothing lost."""

import re

from playwright.sync_api import Page, expect
from tests.backoffice.fakes import ALL_PRODUCTS, Chain
from tests.backoffice.fakes.ground import Answer, Ask
from tests.backoffice.fakes.sales import quote
from tests.browser.conftest import DESK, scan


def test_keyboard_alone_from_the_desk_to_the_receipt(page: Page, chain: Chain) -> None:
    """WEB-02, SAL-01: F-keys pick, Enter pays, Enter records, Enter begins anew; no mouse."""
    page.goto(DESK)
    page.keyboard.press("F1")
    expect(page.locator("#bill [data-line]")).to_have_count(1)
    page.keyboard.type("2")
    page.keyboard.press("F6")
    expect(page.locator("#bill [data-line]")).to_have_count(2)
    expect(page.locator("#bill output")).to_have_text("$436.80")

    page.keyboard.press("Enter")
    expect(page.locator("#dialog h2")).to_have_text("Take payment")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog .receipt")).to_contain_text("Receipt H-")
    expect(page.locator("#dialog [autofocus]")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#dialog")).not_to_be_visible()
    expect(page.locator("#bill")).to_contain_text("The bill is empty")
    expect(page.locator("#code")).to_be_focused()
    assert len(chain.did("POST", "sales/v1/charges")) == 1


def test_enter_pressed_before_the_line_arrives_pays_the_whole_bill(page: Page, chain: Chain) -> None:
    """WEB-02: keys faster than the line lose nothing: payment waits for what was picked before it."""
    page.goto(DESK)
    page.keyboard.press("F1")
    page.keyboard.type("2")
    page.keyboard.press("F6")
    page.keyboard.press("Enter")

    expect(page.locator("#dialog h2")).to_have_text("Take payment")
    expect(page.locator("#dialog dd.grand")).to_have_text("$436.80")
    page.get_by_role("button", name=re.compile("Record charge")).click()
    expect(page.locator("#dialog .receipt")).to_be_visible()
    expect(page.locator("#dialog [autofocus]")).to_be_focused()
    (sent,) = chain.did("POST", "sales/v1/charges")
    assert [line["quantity"] for line in sent["lines"]] == ["1", "2"]


def test_a_press_on_payment_waits_for_the_last_pick(page: Page) -> None:
    """WEB-02: a hand that is faster than the line pays the bill with its last pick in it."""
    page.goto(DESK)
    page.keyboard.press("F1")
    expect(page.locator("#bill output")).not_to_have_text("$0.00")

    page.evaluate("document.querySelectorAll('.tile')[5].click(); document.querySelector('#pay').click()")

    expect(page.locator("#dialog h2")).to_have_text("Take payment")
    expect(page.locator("#dialog [name=line_of]")).to_have_count(2)


def test_typing_right_after_a_receipt_is_not_lost(page: Page) -> None:
    """UI 1: the cursor is in the field the moment the receipt closes, and keys that find it nowhere go there."""
    page.goto(DESK)
    page.keyboard.press("F1")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog h2")).to_have_text("Take payment")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog .receipt")).to_be_visible()
    expect(page.locator("#dialog [autofocus]")).to_be_focused()

    page.keyboard.press("Enter")
    page.keyboard.type("12")
    expect(page.locator("#code")).to_have_value("12")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type("3")

    expect(page.locator("#code")).to_have_value("123")


def test_ten_fast_scans_lose_nothing_and_keep_their_order(page: Page) -> None:
    """UI 2: scans 60 ms apart all arrive, in order; the field's own text stays what it was."""
    page.goto(DESK)
    page.locator("#code").fill("half typed")
    codes = [product["barcodes"][0] for product in ALL_PRODUCTS[:5]] * 2

    for code in codes:
        scan(page, code)
        page.wait_for_timeout(60)

    expect(page.locator("#bill .qtykey")).to_have_text(["2"] * 5)
    assert page.locator("#code").input_value() == "half typed"


def test_a_scan_presses_no_focused_button(page: Page) -> None:
    """UI 3: with the cursor on a button, a scan adds its product and presses nothing."""
    page.goto(DESK)
    page.keyboard.press("F1")
    expect(page.locator("#bill [data-line]")).to_have_count(1)
    page.locator("#bill [data-step=more]").focus()

    scan(page, ALL_PRODUCTS[1]["barcodes"][0])

    expect(page.locator("#bill [data-line]")).to_have_count(2)
    expect(page.locator("#bill .qtykey").first).to_have_text("1")


def test_plus_minus_and_delete_change_the_line_in_hand(page: Page) -> None:
    """WEB-02: with an empty field the keys step the last line."""
    page.goto(DESK)
    page.keyboard.press("F1")
    expect(page.locator("#bill [data-line]")).to_have_count(1)

    page.keyboard.press("+")
    expect(page.locator("#bill .qtykey")).to_have_text("2")
    page.keyboard.press("-")
    expect(page.locator("#bill .qtykey")).to_have_text("1")
    page.keyboard.press("Delete")

    expect(page.locator("#bill")).to_contain_text("The bill is empty")


def test_stock_too_low_leads_to_receiving_and_back(page: Page) -> None:
    """SAL-12: the refusal shows its numbers; receiving opens from it; the bill is still there."""
    page.goto(DESK)
    page.keyboard.type("50")
    page.keyboard.press("F10")
    expect(page.locator("#bill .badge.danger")).to_contain_text("left")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog h2")).to_have_text("Take payment")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog h2")).to_have_text("Stock too low, can't create charge")

    page.get_by_role("button", name="Receive").click()

    expect(page.locator("#dialog h2")).to_have_text("Receive stock")
    expect(page.locator("#bill [data-line]")).to_have_count(1)


def test_a_bill_keeps_what_was_said_of_it_and_its_id(page: Page) -> None:
    """WEB-13: after a change of person the page is a new one: discount of the whole and the bill's own id are there."""
    page.goto(DESK)
    page.keyboard.press("F2")
    expect(page.locator("#bill [data-line]")).to_have_count(1)
    page.keyboard.press("Alt+d")
    page.locator("#set_coupons").fill("SPRING")
    page.keyboard.press("Enter")
    expect(page.locator("#bill .sums")).to_contain_text("SPRING")
    before = page.locator("#bill [name=charge_id]").input_value()

    page.reload()

    expect(page.locator("#bill .sums")).to_contain_text("SPRING")
    expect(page.locator("#bill [name=charge_id]")).to_have_value(before)


def test_printing_at_the_desk_is_written_down_once(page: Page, chain: Chain) -> None:
    """SAL-22: p prints the original and writes it down; the bill behind it is the new one; Enter goes on."""
    page.add_init_script("window.printed = 0; window.print = () => { window.printed += 1; };")
    page.goto(DESK)
    page.keyboard.press("F2")
    expect(page.locator("#bill [data-line]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#dialog h2")).to_have_text("Take payment")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog .receipt")).to_be_visible()
    expect(page.locator("#dialog [autofocus]")).to_be_focused()
    fresh = page.locator("#bill [name=charge_id]").input_value()

    page.keyboard.press("p")

    expect(page.get_by_role("button", name="Copy")).to_be_visible()
    page.wait_for_function("window.printed === 1")
    expect(page.locator("#dialog .receipt")).not_to_contain_text("Copy")
    assert len(chain.did("POST", "sales/v1/charges/[^/]+/receipts")) == 1
    assert page.locator("#bill [name=charge_id]").input_value() == fresh
    expect(page.locator("#dialog [autofocus]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).not_to_be_visible()


def test_a_scan_fills_the_lot_of_the_open_sheet(page: Page, chain: Chain) -> None:
    """STK-36: a line that needs its lot opens before the payment with the cursor in it; a scan goes there."""

    def asking(ask: Ask) -> Answer:
        status, whole = quote(chain, ask)
        return status, whole | {"lines": [line | {"asks": ["lot"]} for line in whole["lines"]]}

    chain.overrides["POST", "sales/v1/quotes"] = asking
    try:
        page.goto(DESK)
        page.keyboard.press("F2")
        expect(page.locator("#bill .badge.warning")).to_have_text("needs its lot")
        page.keyboard.press("Enter")
        expect(page.locator("#set_lot_id")).to_be_focused()
        number = str(page.locator("#dialog datalist option").first.get_attribute("value"))

        scan(page, number)

        expect(page.locator("#set_lot_id")).to_have_value(number)
        page.keyboard.press("Enter")
        expect(page.locator("#dialog")).not_to_be_visible()
        expect(page.locator("#bill .badge.warning")).to_have_count(0)
        page.keyboard.press("Enter")
        expect(page.locator("#dialog h2")).to_have_text("Take payment")
    finally:
        del chain.overrides["POST", "sales/v1/quotes"]


def test_a_bill_outlives_a_reload(page: Page) -> None:
    """UI 1: the bill lives in the browser; a reload, as after a restart, brings it back."""
    page.goto(DESK)
    page.keyboard.press("F2")
    expect(page.locator("#bill [data-line]")).to_have_count(1)

    page.reload()

    expect(page.locator("#bill [data-line]")).to_have_count(1)
    page.keyboard.press("Delete")
    expect(page.locator("#bill")).to_contain_text("The bill is empty")


def test_a_member_is_chosen_by_typing(page: Page, chain: Chain) -> None:
    """SAL-01: Alt M, a few letters, a press: the charge is the member's."""
    page.goto(DESK)
    page.keyboard.press("F1")
    expect(page.locator("#bill [data-line]")).to_have_count(1)
    page.keyboard.press("Alt+m")
    page.locator("#dialog input").fill("raman")
    expect(page.locator("#found li")).to_have_count(1)
    page.locator("#found button").click()
    expect(page.locator("#bill h2")).to_have_text("Priya Raman")
    expect(page.locator("#dialog")).not_to_be_visible()

    page.locator("#pay").click()
    page.get_by_role("button", name=re.compile("Record charge")).click()

    expect(page.locator("#dialog .receipt")).to_be_visible()
    expect(page.locator("#dialog [autofocus]")).to_be_focused()
    (sent,) = chain.did("POST", "sales/v1/charges")
    assert sent["member_id"]


def test_a_bill_is_parked_and_paid_in_parts_by_keyboard(page: Page, chain: Chain) -> None:
    """SAL-22, issue 4: Alt K parks, Alt R takes up again, less than the total asks for the rest; no mouse."""
    page.goto(DESK)
    page.keyboard.press("F1")
    expect(page.locator("#bill [data-line]")).to_have_count(1)
    page.keyboard.press("Alt+k")
    expect(page.locator("#dialog h2")).to_have_text("Park the bill")
    page.keyboard.type("Blue coat", delay=60)
    page.keyboard.press("Enter")
    expect(page.locator("#bill")).to_contain_text("The bill is empty")
    expect(page.locator("#parked")).to_contain_text("1")

    page.keyboard.press("Alt+r")
    expect(page.locator("#dialog h2")).to_have_text("Parked bills")
    page.keyboard.press("Enter")
    expect(page.locator("#bill [data-line]")).to_have_count(1)
    expect(page.locator("#parked")).not_to_be_visible()

    page.keyboard.press("Enter")
    expect(page.locator("#dialog h2")).to_have_text("Take payment")
    page.keyboard.press("Alt+2")
    expect(page.locator("#received")).to_be_focused()
    page.keyboard.type("100", delay=60)
    page.keyboard.press("Enter")
    expect(page.locator("#dialog .sums")).to_contain_text("$123.20")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog .receipt")).to_be_visible()
    expect(page.locator("#dialog [autofocus]")).to_be_focused()
    (sent,) = chain.did("POST", "sales/v1/charges")
    assert [tender["amount_minor"] for tender in sent["tenders"]] == [10000, 12320]


def test_a_sheet_is_gone_before_the_bill_changes(page: Page) -> None:
    """UI 5: the next key, pressed the moment the bill has changed, is pressed at the desk and not in the old sheet."""
    page.goto(DESK)
    page.keyboard.press("F1")
    expect(page.locator("#bill [data-line]")).to_have_count(1)
    page.keyboard.press("Alt+l")
    expect(page.locator("#dialog h2")).to_be_visible()
    page.evaluate(
        "() => { const next = new MessageChannel();"
        " next.port1.onmessage = () => { window.wasOpen ??= document.querySelector('#dialog').open; };"
        " new MutationObserver(() => next.port2.postMessage(0))"
        ".observe(document.querySelector('#bill'), { childList: true }); }"
    )

    page.keyboard.press("Enter")

    page.wait_for_function("() => window.wasOpen !== undefined")
    assert page.evaluate("() => window.wasOpen") is False


def test_what_is_typed_after_an_amount_was_typed_arrives(page: Page) -> None:
    """UI 1: after a payment whose amount was typed the next words go into the field at once."""
    page.goto(DESK)
    page.keyboard.press("F1")
    expect(page.locator("#bill [data-line]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#dialog h2")).to_have_text("Take payment")
    page.keyboard.press("Alt+2")
    page.keyboard.type("400", delay=60)
    page.keyboard.press("Enter")
    expect(page.locator("#dialog .receipt")).to_be_visible()
    expect(page.locator("#dialog [autofocus]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).not_to_be_visible()

    page.keyboard.type("calcium", delay=60)

    expect(page.locator("#code")).to_have_value("calcium")


def test_three_hundred_milliseconds_lose_no_keystroke(page: Page) -> None:
    """Issue 4, desk: over a line that answers 300 ms late keys, scans and payment come out as on a quick one."""
    page.goto(DESK)
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    slow = {"offline": False, "latency": 300, "downloadThroughput": -1, "uploadThroughput": -1}
    wire.send("Network.emulateNetworkConditions", slow)
    page.keyboard.press("F1")
    for product in ALL_PRODUCTS[1:4]:
        scan(page, product["barcodes"][0])
        page.wait_for_timeout(60)
    page.keyboard.type("2")
    page.keyboard.press("F6")
    page.keyboard.press("Enter")

    expect(page.locator("#dialog h2")).to_have_text("Take payment", timeout=15_000)
    expect(page.locator("#dialog [name=line_of]")).to_have_count(5)
    expect(page.locator("#bill .qtykey").last).to_have_text("2")
