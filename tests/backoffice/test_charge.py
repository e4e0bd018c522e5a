"""The charge desk: the bill lives in the page, is quoted at every change, and is recorded once."""

import re
from decimal import Decimal
from uuid import UUID

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, Chain
from tests.backoffice.office import find

from lotwise.backoffice.screens.bills import Bill, BillLine, amount_of, kept_lines, read_bill

A, B, FILLER = ALL_PRODUCTS[0], ALL_PRODUCTS[1], ALL_PRODUCTS[2]
DESK = {"site": "harley-street", "charge_id": "019a7c4e-8f00-7abc-8def-0123456789ab", "member_id": ""}


def lines_in(answer: httpx.Response) -> list[str]:
    """The lines as the page keeps them."""
    return [str(node.attributes["value"]) for node in LexborHTMLParser(answer.text).css("[name=line_of]")]


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

    assert lines_in(fourth) == [
        f"{A['product_id']}|1",
        f"{B['product_id']}|1",
        f"{FILLER['product_id']}|2",
        f"{ALL_PRODUCTS[4]['product_id']}|1",
    ]
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
    data = DESK | {"line_of": [f"{A['product_id']}|2"], "tender": "cash", "received": "500"}

    answer = await htmx.post("/charge", data=data)

    (sent,) = chain.did("POST", "sales/v1/charges")
    assert sent["charge_id"] == DESK["charge_id"]
    assert sent["hold"] is True
    assert sent["lines"] == [{"product_id": A["product_id"], "quantity": "2"}]
    assert sent["tenders"] == [{"kind": "cash", "amount_minor": 50000}]
    tree = LexborHTMLParser(answer.text)
    assert "Receipt H-2031" in find(tree, ".receipt header").text()
    assert "$53.60" in re.sub(r"\s+", " ", find(tree, ".receipt").text())
    fresh = UUID(find(tree, "hx-partial [name=charge_id]").attributes["value"])
    assert str(fresh) != DESK["charge_id"]
    assert "charge-recorded" in answer.headers["hx-trigger"]


async def test_cash_that_does_not_reach_is_said_and_nothing_is_recorded(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-05: less cash than the total names what is missing; sales is not asked."""
    answer = await htmx.post(
        "/charge", data=DESK | {"line_of": [f"{A['product_id']}|1"], "tender": "cash", "received": "200"}
    )

    assert answer.status_code == 422
    assert find(LexborHTMLParser(answer.text), "#received-note").text() == "$23.20 is missing."
    assert chain.did("POST", "sales/v1/charges") == []


async def test_stock_too_low_names_the_numbers_and_the_ways_out(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-12: the refusal shows on hand, minimum and what is on its way, and four ways out; nothing was recorded."""
    answer = await htmx.post("/charge", data=DESK | {"line_of": [f"{FILLER['product_id']}|9"], "tender": "card"})

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

    steps = [node.text() for node in LexborHTMLParser(answer.text).css("details p")]
    assert steps == ["List price 186.00 for the chain", "VAT 20 % on top"]


async def test_the_bill_the_browser_kept_comes_back(htmx: httpx.AsyncClient) -> None:
    """UI: after a reload or a restart the lines that the browser kept are the bill again; rubbish is left out."""
    kept = f'["{A["product_id"]}|2", "nonsense", 7, "{B["product_id"]}|-1"]'

    answer = await htmx.post("/charge/lines", data=DESK | {"kept": kept})

    assert lines_in(answer) == [f"{A['product_id']}|2"]


@pytest.mark.parametrize(("word", "left"), [("more", "3"), ("less", "1"), ("drop", None)])
def test_a_line_is_stepped(word: str, left: str | None) -> None:
    """WEB-02: plus, minus and delete change the line in hand and no other."""
    bill = Bill((BillLine("a", Decimal(2)), BillLine("b", Decimal(5))), "a").step(word, "a")

    assert [line.text for line in bill.lines] == [*([f"a|{left}"] if left else []), "b|5"]


@pytest.mark.parametrize("text", ["0", "-1", "1e400", "NaN", "Infinity", "", "abc", "10000000"])
def test_odd_quantities_are_no_quantities(text: str) -> None:
    """Bad input: nothing, less than nothing and more than any shelf are not amounts of a bill."""
    assert amount_of(text) is None


def test_a_bill_is_read_back_as_it_was_written() -> None:
    """UI: the page's lines round-trip; broken JSON from the browser is an empty list."""
    bill = read_bill([f"{A['product_id']}|2.50"])

    assert bill.asked() == [{"product_id": A["product_id"], "quantity": "2.5"}]
    assert kept_lines("{") == []
