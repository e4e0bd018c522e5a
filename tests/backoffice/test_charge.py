"""The charge desk: the bill lives in the page, is quoted at every change, and is recorded once."""

import re
from decimal import Decimal
from uuid import UUID

import httpx
import orjson
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, Chain
from tests.backoffice.fakes.ground import refusal
from tests.backoffice.office import find

from lotwise.backoffice.screens.bills import Bill, BillLine, amount_of, kept_fields, read_bill

A, B, FILLER = ALL_PRODUCTS[0], ALL_PRODUCTS[1], ALL_PRODUCTS[2]
DESK = {"site": "harley-street", "charge_id": "019a7c4e-8f00-7abc-8def-0123456789ab", "member_id": ""}


def lines_in(answer: httpx.Response) -> list[str]:
    """The lines as the page keeps them."""
    return [str(node.attributes["value"]) for node in LexborHTMLParser(answer.text).css("[name=line_of]")]


def own(product: dict[str, object], quantity: str = "1", key: str = "1", **said: object) -> str:
    """A line as the page keeps it."""
    return BillLine(key, str(product["product_id"]), Decimal(quantity), said).text


async def test_the_desk_opens_with_twelve_keys(page: httpx.AsyncClient) -> None:
    """WEB-02, CAT-46: F1 to F12 pick the first twelve, which are also tiles with price and what is left."""
    tree = LexborHTMLParser((await page.get("/charge?site=harley-street")).text)

    assert [node.text() for node in tree.css(".tile kbd")] == [f"F{i}" for i in range(1, 13)]
    assert "$186.00" in find(tree, ".tile").text()


async def test_codes_barcodes_tiles_and_names_all_add(htmx: httpx.AsyncClient) -> None:
    """SAL-01: a tile's id, a typed code, a scanned barcode and a name that only one product has each add a line."""
    first = await htmx.post("/charge/lines", data=DESK | {"code": A["product_id"], "quantity": "1"})
    second = await htmx.post("/charge/lines", data=DESK | {"code": "TOX-100", "line_of": lines_in(first)})
    third = await htmx.post(
        "/charge/lines", data=DESK | {"code": FILLER["barcodes"][0], "quantity": "2", "line_of": lines_in(second)}
    )
    fourth = await htmx.post("/charge/lines", data=DESK | {"code": "calcium", "line_of": lines_in(third)})

    assert lines_in(fourth) == [own(A), own(B, key="2"), own(FILLER, "2", "3"), own(ALL_PRODUCTS[4], key="4")]
    assert "scan-found" in fourth.headers["hx-trigger"]
    assert find(LexborHTMLParser(fourth.text), "output").text() == "$1,834.80"


async def test_words_that_fit_several_ask_which(htmx: httpx.AsyncClient) -> None:
    """SAL-01: a word that fits many opens a choice and leaves the bill; a word that fits none beeps."""
    many = await htmx.post("/charge/lines", data=DESK | {"code": "toxin"})
    none = await htmx.post("/charge/lines", data=DESK | {"code": "zzzz"})

    assert many.headers["hx-retarget"] == "#dialog"
    assert len(LexborHTMLParser(many.text).css("[data-code]")) == 3
    assert (none.status_code, none.headers["hx-trigger"]) == (404, "scan-missing")


async def test_a_charge_is_recorded_with_its_own_id_as_key(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-02: the charge's id is its key; goods are held first; the receipt shows change and the bill is new."""
    data = DESK | {"line_of": [own(A, "2")], "tender": "cash", "received": "500"}

    answer = await htmx.post("/charge", data=data)

    (sent,) = chain.did("POST", "sales/v1/charges")
    assert sent["charge_id"] == DESK["charge_id"]
    assert sent["hold"] is True
    assert sent["lines"] == [{"product_id": A["product_id"], "quantity": "2"}]
    assert sent["tenders"] == [{"kind": "cash", "amount_minor": 50000, "reference": ""}]
    tree = LexborHTMLParser(answer.text)
    assert "Receipt H-2031" in find(tree, ".receipt header").text()
    assert "$53.60" in re.sub(r"\s+", " ", find(tree, ".receipt").text())
    fresh = UUID(find(tree, "hx-partial [name=charge_id]").attributes["value"])
    assert str(fresh) != DESK["charge_id"]
    assert "charge-recorded" in answer.headers["hx-trigger"]


async def test_a_bill_is_paid_with_several_tenders(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-22: less than the total is one tender of several: the rest is asked for next, then all are recorded."""
    data = DESK | {"line_of": [own(A)], "tender": "cash", "received": "200"}
    first = await htmx.post("/charge", data=data)

    sheet = LexborHTMLParser(first.text)
    assert "$23.20" in find(sheet, ".sums").text()
    assert chain.did("POST", "sales/v1/charges") == []
    taken = str(find(sheet, "[name=taken]").attributes["value"])
    await htmx.post("/charge", data=DESK | {"line_of": [own(A)], "tender": "card", "taken": taken, "reference": "T-1"})

    (sent,) = chain.did("POST", "sales/v1/charges")
    assert sent["tenders"] == [
        {"kind": "cash", "amount_minor": 20000, "reference": ""},
        {"kind": "card", "amount_minor": 2320, "reference": "T-1"},
    ]


async def test_the_rest_may_stay_due(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-22: part payment is recorded when the desk says that the rest stays due."""
    await htmx.post("/charge", data=DESK | {"line_of": [own(A)], "tender": "card", "received": "100", "part": "true"})

    (sent,) = chain.did("POST", "sales/v1/charges")
    assert [tender["amount_minor"] for tender in sent["tenders"]] == [10000]


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"tender": "card", "received": "900"}, "received", "Only $223.20 is left to pay; change is given from cash."),
        ({"tender": "cash", "received": "much"}, "received", "Enter an amount, such as 50 or 50.00."),
        ({"tender": "cash", "received": "0"}, "received", "Enter an amount above zero."),
        ({"tender": "gift"}, "reference", "Scan or type the number of the certificate."),
    ],
)
async def test_a_tender_that_cannot_be_says_why(
    htmx: httpx.AsyncClient, chain: Chain, typed: dict[str, str], field: str, sentence: str
) -> None:
    """SAL-22: too much on a card, words, nothing, a gift without number: said at the field, not recorded."""
    answer = await htmx.post("/charge", data=DESK | {"line_of": [own(A)]} | typed)

    assert answer.status_code == 422
    assert find(LexborHTMLParser(answer.text), f"#{field}-note").text() == sentence
    assert chain.did("POST", "sales/v1/charges") == []


async def test_stock_too_low_names_the_numbers_and_the_ways_out(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-12: the refusal shows on hand, minimum and what is on its way, and four ways out; nothing was recorded."""
    answer = await htmx.post("/charge", data=DESK | {"line_of": [own(FILLER, "9")], "tender": "card"})

    words = LexborHTMLParser(answer.text)
    assert answer.status_code == 409
    assert find(words, "h2").text() == "Stock too low, can't create charge"
    facts = [node.text(strip=True) for node in words.css(".facts dt")]
    assert facts == ["Product", "Wanted", "On hand", "Available", "Minimum", "On its way"]
    ways = [node.text(strip=True) for node in words.css(".sheet > .cluster > *")]
    assert ways == ["Check stock and minimum", "Receive", "Lower the minimum", "Create purchase order"]
    assert chain.charges == {}


async def test_a_price_explains_itself(htmx: httpx.AsyncClient) -> None:
    """SAL-13: each line of the bill opens into the steps that led to its price."""
    answer = await htmx.post("/charge/lines", data=DESK | {"code": A["product_id"]})

    steps = [node.text() for node in LexborHTMLParser(answer.text).css("details p:not([hx-get])")]
    assert steps == ["List price 186.00 for the chain", "VAT 20 % on top"]


async def test_the_bill_the_browser_kept_comes_back(htmx: httpx.AsyncClient) -> None:
    """UI: after a reload or a restart what the browser kept is the bill again; rubbish is left out."""
    odd = own(B, "1", "2").replace('"1"', '"-1"')
    kept = orjson.dumps([["line_of", own(A, "2")], "nonsense", 7, ["line_of", odd], ["site", "soho"]]).decode()

    answer = await htmx.post("/charge/lines", data=DESK | {"kept": kept})

    assert lines_in(answer) == [own(A, "2")]


async def test_a_kept_bill_keeps_its_customer_its_discount_and_its_id(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """WEB-13 SAL-26: after a change of person or a reload the bill is whole: for the same member, with what was said of
    all of it, under its own id, so that what was recorded already is not recorded twice.
    """
    member, other = str(chain.members[0]["member_id"]), "019a7c4e-8f00-7abc-8def-0123456789ff"
    rows = [["line_of", own(A)], ["member_id", member], ["charge_id", other], ["cart", '{"coupons":["SPRING"]}']]
    answer = await htmx.post("/charge/lines", data=DESK | {"kept": orjson.dumps(rows).decode()})

    tree = LexborHTMLParser(answer.text)
    fields = {name: find(tree, f"[name={name}]").attributes["value"] for name in ("member_id", "charge_id", "cart")}
    assert fields == {"member_id": member, "charge_id": other, "cart": '{"coupons":["SPRING"]}'}
    assert chain.did("POST", "sales/v1/quotes")[-1]["coupons"] == ["SPRING"]


async def test_a_receipts_lines_add_up_as_prices_were_said(page: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-22: beside a line of a price without tax stands its net, as on the bill, beside one with tax inside its
    gross: 94.00 less 9.40 is 84.60.
    """
    line = {"name": "Serum", "quantity": "1", "unit_price": "94.00", "net_minor": 8460, "total_minor": 9211}
    off = [{"name": "Winter skin week", "minor": 940}]
    rows = [line | {"discounts": off}, line | {"tax_inclusive": True, "unit_price": "92.11"}]
    paper = {
        "site": "harley-street", "number": "H-1", "happened_at": "2026-07-01T12:00:00Z", "lines": rows,
        "net_minor": 16920, "tax_minor": 1502, "total_minor": 18422,
    }  # fmt: skip
    chain.overrides["GET", "sales/v1/charges/(?P<id>[^/:]+)/receipt"] = lambda _: (200, paper)

    tree = LexborHTMLParser((await page.get(f"/charges/{DESK['charge_id']}/receipt")).text)

    shown = [node.text() for node in tree.css(".receipt .lines .number:not(.muted)")]
    assert shown == ["$84.60", "$92.11"]


async def test_the_first_receipt_of_the_desk_is_the_original(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-22: printing at the desk is written down before it is printed; the next one says that it is a copy."""
    done = LexborHTMLParser((await htmx.post("/charge", data=DESK | {"line_of": [own(A)], "tender": "card"})).text)
    press = find(done, "[data-key=p]")
    path, vals = str(press.attributes["hx-post"]), orjson.loads(str(press.attributes["hx-vals"]))
    assert path == f"/charges/{DESK['charge_id']}/receipt"

    first = LexborHTMLParser((await htmx.post(path, data=vals)).text)
    second = LexborHTMLParser((await htmx.post(path, data=vals | {"key": "another"})).text)

    assert [body["way"] for body in chain.did("POST", f"sales/v1/charges/{DESK['charge_id']}/receipts")] == [
        "print"
    ] * 2
    for sheet in (first, second):
        assert find(sheet, ".sheet[data-print]")
        assert sheet.css("hx-partial") == []
    assert "Copy" not in find(first, ".receipt header").text()
    assert "Copy 1" in find(second, ".receipt header").text()


async def test_what_is_said_of_a_line_goes_with_it(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-03 SAL-04 SAL-22 SAL-23: minutes, performer, a discount with its reason go onto the line and to sales."""
    said = {
        "about": "line", "line": "1", "set_quantity": "3", "set_minutes": "45", "set_performer": "user:ann",
        "set_discount": "percent", "set_discount_value": "10", "set_discount_reason": "late start",
    }  # fmt: skip
    answer = await htmx.post("/charge/lines", data=DESK | {"line_of": [own(A)], "choose": "1"} | said)

    assert "dialog-close" in answer.headers["hx-trigger"]
    (line,) = chain.did("POST", "sales/v1/quotes")[-1]["lines"]
    assert line == {
        "product_id": A["product_id"], "quantity": "3", "performer": "user:ann", "minutes": 45,
        "discounts": [{"percent": "10", "reason": "late start"}],
    }  # fmt: skip


async def test_a_package_may_be_sold_instead(htmx: httpx.AsyncClient) -> None:
    """SAL-08: the line's sheet offers the packages that hold the service, with what they save."""
    sheet = await htmx.post("/charge/line", data=DESK | {"line_of": [own(A)], "line": "1"})

    offer = find(LexborHTMLParser(sheet.text), "[hx-vals*=drop]")
    assert "Six facials $725.00" in offer.text()
    answer = await htmx.post(
        "/charge/lines", data=DESK | {"line_of": [own(A)], "line": "1", "step": "drop", "code": B["product_id"]}
    )
    assert lines_in(answer) == [own(B)]


async def test_a_discount_without_a_reason_is_asked_again(htmx: httpx.AsyncClient) -> None:
    """SAL-04: a discount by hand says why; until then the sheet stays, the bill as it was."""
    said = {"about": "line", "line": "1", "set_discount": "percent", "set_discount_value": "x", "set_quantity": "0"}
    answer = await htmx.post("/charge/lines", data=DESK | {"line_of": [own(A)]} | said)

    assert (answer.status_code, answer.headers["hx-retarget"]) == (422, "#dialog")
    notes = [node.text() for node in LexborHTMLParser(answer.text).css("p.error")]
    assert notes == [
        "Enter a number above zero.",
        "Enter a percentage, such as 10.",
        "Say why: it stands on the charge.",
    ]


async def test_coupons_and_a_discount_of_the_whole_bill(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """CAT-13 SAL-04: coupons and a discount on everything are the bill's; an empty word takes them back."""
    whole = {"about": "whole", "set_coupons": "SPRING, SPRING ten", "set_discount": "", "choose": "1"}
    answer = await htmx.post("/charge/lines", data=DESK | {"line_of": [own(A)]} | whole)

    assert chain.did("POST", "sales/v1/quotes")[-1]["coupons"] == ["SPRING", "ten"]
    cart = str(find(LexborHTMLParser(answer.text), "[name=cart]").attributes["value"])
    await htmx.post("/charge/lines", data=DESK | {"line_of": [own(A)], "cart": cart} | whole | {"set_coupons": ""})
    assert "coupons" not in chain.did("POST", "sales/v1/quotes")[-1]


async def test_a_bill_is_parked_and_taken_up_again(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """Issue 4, desk: a parked bill empties the desk, waits under its label, and comes back as it was."""
    bill = {"line_of": [own(A, "2", redeem=B["product_id"])], "cart": '{"coupons":["SPRING"]}'}
    assert "Known by" in (await htmx.post("/charge/park", data=DESK | bill)).text
    done = await htmx.post("/charge/park", data=DESK | bill | {"label": "Blue coat"})
    assert "The bill is empty" in done.text

    (waiting,) = chain.parked
    assert waiting["label"] == "Blue coat"
    assert "Blue coat" in (await htmx.get("/charge/parked?site=harley-street")).text
    busy = await htmx.post(f"/charge/parked/{waiting['parked_id']}", data=DESK | {"line_of": [own(B)]})
    assert busy.status_code == 409
    back = await htmx.post(f"/charge/parked/{waiting['parked_id']}", data=DESK)
    assert lines_in(back) == bill["line_of"]
    assert find(LexborHTMLParser(back.text), "[name=cart]").attributes["value"] == bill["cart"]
    assert chain.parked == []


async def test_a_base_product_asks_for_its_variant(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-06 CAT-14: a product that comes in variants opens the choice of them, with what the shelf has."""
    variants = [{"product_id": B["product_id"], "name": B["name"], "price": "12.00", "kind": "physical"}]
    no = refusal(409, "choose-variant", "Choose a variant.", title="Which variant?", numbers={"variants": variants})
    chain.overrides["POST", "sales/v1/quotes"] = lambda _ask: no

    answer = await htmx.post("/charge/lines", data=DESK | {"code": A["product_id"]})

    assert answer.headers["hx-retarget"] == "#dialog"
    tree = LexborHTMLParser(answer.text)
    assert [node.attributes["data-code"] for node in tree.css("[data-code]")] == [B["product_id"]]
    assert "free" in find(tree, "[data-code]").text()


@pytest.mark.parametrize("code", ["name-needed", "minutes-needed", "performer-needed", "no-price"])
async def test_what_a_line_needs_is_asked_when_it_is_added(htmx: httpx.AsyncClient, chain: Chain, code: str) -> None:
    """SAL-14 SAL-03 CAT-57: what cannot be priced yet opens its sheet, with the new line in it; nothing is lost."""
    no = refusal(422, code, "it needs a name and a price", title="What is it?")
    chain.overrides["POST", "sales/v1/quotes"] = lambda _ask: no

    answer = await htmx.post("/charge/lines", data=DESK | {"line_of": [own(A)], "code": B["product_id"]})

    assert (answer.status_code, answer.headers["hx-retarget"]) == (422, "#dialog")
    assert lines_in(answer) == [own(A), own(B, key="2")]
    assert "it needs a name and a price" in find(LexborHTMLParser(answer.text), ".banner").text()


async def test_the_shelf_is_told_while_choosing(htmx: httpx.AsyncClient) -> None:
    """Issue 4, desk: a line's details say what this site has: on hand, held, free, what expires next."""
    answer = await htmx.get(f"/charge/shelf?product={A['product_id']}&site=harley-street")

    assert "on hand" in answer.text
    assert "free" in answer.text


@pytest.mark.parametrize(("word", "left"), [("more", "3"), ("less", "1"), ("drop", None)])
def test_a_line_is_stepped(word: str, left: str | None) -> None:
    """WEB-02: plus, minus and delete change the line in hand and no other."""
    lines = tuple(read_bill([own(A, "2"), own(B, "5", "2")]).lines)
    bill = Bill(lines, "1").step(word, "1")

    assert [line.text for line in bill.lines] == [*([own(A, left)] if left else []), own(B, "5", "2")]


def test_add_ons_go_with_their_service() -> None:
    """SAL-07: an add-on names its service's line by number, and leaves the bill with it."""
    bill = Bill().add(A["product_id"], Decimal(1)).add(B["product_id"], Decimal(1), add_on_to="1")

    assert bill.asked()[1]["add_on_to"] == 1
    assert bill.step("drop", "1").lines == ()


@pytest.mark.parametrize("text", ["0", "-1", "1e400", "NaN", "Infinity", "", "abc", "10000000"])
def test_odd_quantities_are_no_quantities(text: str) -> None:
    """Bad input: nothing, less than nothing and more than any shelf are not amounts of a bill."""
    assert amount_of(text) is None


def test_a_bill_is_read_back_as_it_was_written() -> None:
    """UI: the page's lines round-trip; broken JSON from the browser is an empty list."""
    bill = read_bill([own(A, "2.50", treatment_id="junk")])

    assert bill.asked() == [{"product_id": A["product_id"], "quantity": "2.5"}]
    assert kept_fields("{") == []
