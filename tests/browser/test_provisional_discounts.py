"""Discounts by hand while the line is down: the same figures as sales', within the person's limit, sent as shown."""

import itertools
import random

import pytest
from playwright.sync_api import Page, expect
from tests.backoffice.fakes import ALL_PRODUCTS, Chain
from tests.browser.conftest import scan
from tests.browser.line import Line
from tests.sales.domain.shop import NOW, TILL, ByHand, charge, line, product, shop

from lotwise.sales.domain.taxes import rates_of
from lotwise.values import site_day

MODULE = "import(performance.getEntriesByType('resource').find(({ name }) => name.includes('provisional.js')).name)"
PRICES = ("186", "345", "12.34", "0.99", "19.995", "1000", "7.5")


def discount(page: Page, keys: str, kind: str, value: str, reason: str) -> None:
    """Give a discount by hand in the sheet that the keys open."""
    page.keyboard.press(keys)
    expect(page.locator("#dialog #value")).to_be_focused()
    page.locator("#dialog #form").select_option(kind)
    page.locator("#dialog #value").fill(value)
    page.locator("#dialog #reason").fill(reason)
    page.locator("#dialog #reason").press("Enter")


def test_discounts_by_hand_are_shown_charged_and_sent(ready: Page, chain: Chain, wire: Line) -> None:
    """SAL-26 SAL-04: twice 186.00 less 10 %, 345.00, then 5.00 off the bill: 332.34 + 342.46 and 20 % tax are 809.76;
    sent with both discounts and their reasons; the next bill has neither.
    """
    wire.cut()
    for at in (0, 0, 1):
        scan(ready, ALL_PRODUCTS[at]["barcodes"][0])
    expect(ready.locator("#bill .qtykey")).to_have_text(["2", "1"])
    ready.locator("#bill [data-line]").first.click()
    discount(ready, "Alt+l", "percent", "10", "late start")
    expect(ready.locator("#dialog")).not_to_be_visible()
    expect(ready.locator("#bill [data-line]").first).to_contain_text("$37.20")
    discount(ready, "Alt+d", "amount", "5", "a regular")
    expect(ready.locator("#bill output")).to_have_text("$809.76")
    ready.locator("#code").focus()
    ready.keyboard.press("Enter")
    expect(ready.locator("#dialog [data-total]")).to_have_text("$809.76")
    expect(ready.locator("#dialog [autofocus]")).to_be_focused()
    ready.keyboard.press("Enter")
    expect(ready.locator("#dialog .receipt")).to_contain_text("$809.76")
    expect(ready.locator("#bill [name=cart]")).to_have_value("{}")

    wire.mend()
    expect(ready.locator("#line-down")).not_to_be_visible(timeout=15_000)
    (sent,) = chain.did("POST", "sales/v1/charges")
    assert [one.get("discounts") for one in sent["lines"]] == [[{"percent": "10", "reason": "late start"}], None]
    assert sent["discounts"] == [{"amount": "5", "reason": "a regular"}]
    assert sent["tenders"] == [{"kind": "card", "amount_minor": 80976, "reference": ""}]


@pytest.mark.parametrize(
    ("kind", "value", "reason", "words"),
    [
        ("percent", "25", "a friend", "At most 20 % of a line may be taken off by hand."),
        ("percent", "10", " ", "Say why: it stands on the charge."),
        ("amount", "0.001", "a friend", "That is no discount."),
    ],
)
def test_what_goes_too_far_is_said_at_once(
    ready: Page, wire: Line, kind: str, value: str, reason: str, words: str
) -> None:
    """SAL-22 SAL-26: beyond the person's limit, without a reason, or of nothing: said in the sheet, the bill stays."""
    wire.cut()
    scan(ready, ALL_PRODUCTS[0]["barcodes"][0])
    expect(ready.locator("#bill output")).to_have_text("$223.20")
    discount(ready, "Alt+l", kind, value, reason)

    expect(ready.locator("#dialog [role=alert]")).to_have_text(words)
    expect(ready.locator("#bill output")).to_have_text("$223.20")


def test_the_till_reckons_as_sales_does(ready: Page) -> None:
    """ORACLES Discounts: 10.00 over 40/30/20, 100 over 3 and 150.00 less 10 % then 20 off come out as they are printed;
    two hundred other bills of every tax, with discounts of lines and bill, come out as the engine of sales has them.
    """
    assert ready.evaluate(f"async () => (await {MODULE}).spread(1000, [4000, 3000, 2000])") == [445, 333, 222]
    assert ready.evaluate(f"async () => (await {MODULE}).spread(10000, [1, 1, 1])") == [3334, 3333, 3333]
    chance = random.Random(26)
    goods = [
        (product(f"P{i}", tax_code=code, application_code=way, tax_inclusive=inside), price)
        for i, (price, code, way, inside) in enumerate(
            zip(itertools.cycle(PRICES), [0, 1, 5, 7, 8] * 4, [0, 1] * 10, [False, False, True] * 7, strict=False)
        )
    ]
    book = shop([*goods, (product("SET", tax_code=0), "150")])
    slots = book.slots("harley", site_day(NOW, "Europe/London"))
    known = {one.code: (one, round(float(price) * 1_000_000)) for one, price in [*goods, (product("SET"), "150")]}
    rows = []
    for code, (one, micros) in known.items():
        rates = rates_of(slots, one.tax_code, one.application_code)
        told = {"price_micros": micros, "rates": rates[:2], "is_compound": rates.compound}
        rows.append([code, told | {"is_inclusive": one.tax_inclusive}])
    bills = [([("SET", "1", [ByHand(percent="10")])], [ByHand(amount="20")])]
    for _ in range(200):
        asked = [
            (chance.choice(goods)[0].code, str(chance.randint(1, 7)), _some(chance))
            for _ in range(chance.randint(1, 6))
        ]
        bills.append((asked, _some(chance)))
    shown = ready.evaluate(
        f"async ([rows, bills]) => {{ const till = await {MODULE}; till.book.rows = new Map(rows); return bills.map("
        "([lines, discounts]) => till.figures(lines, { discounts }).map(({ net, tax, less }) => [net, tax, less])); }",
        [rows, [[[_line(*one) for one in lines], [_told(one) for one in cart]] for lines, cart in bills]],
    )
    for (lines, cart), figures in zip(bills, shown, strict=True):
        asked_of_sales = [
            line(code, quantity, unit_price=f"{known[code][1] / 1_000_000:.6f}", discounts=tuple(given))
            for code, quantity, given in lines
        ]
        priced = charge(book, *asked_of_sales, rights=TILL, is_fact=True, cart=cart)
        assert figures == [
            [one.net_minor, one.tax_1_minor + one.tax_2_minor, sum(off.minor for off in one.more.discounts)]
            for one in priced.lines
        ]
    assert [net for net, *_ in shown[0]] == [11500]


def _some(chance: random.Random) -> list[ByHand]:
    if chance.random() < 0.4:
        return []
    if chance.random() < 0.5:
        return [ByHand(percent=chance.choice(("5", "10", "33.3", "100")))]
    return [ByHand(amount=chance.choice(("0.01", "5", "20", "99.99")))]


def _told(one: ByHand) -> dict[str, str]:
    return {name: text for name, text in one._asdict().items() if text is not None}


def _line(code: str, quantity: str, given: list[ByHand]) -> dict[str, object]:
    return {"k": "1", "p": code, "q": quantity, "said": {"discounts": [_told(one) for one in given]}}
