"""What a line confirms before it is paid: lots and prescriptions, of a kit part by part."""

from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, Chain
from tests.backoffice.fakes.ground import Answer, Ask, ident
from tests.backoffice.fakes.sales import quote
from tests.backoffice.fakes.stock import lots_here
from tests.backoffice.office import OpenDoor, find

from lotwise.backoffice.screens.bills import BillLine

KIT, TOXIN, CREAM = ALL_PRODUCTS[0], ALL_PRODUCTS[1], ALL_PRODUCTS[2]
PART = f"set_part_{TOXIN['product_id']}"
LOT = ident("lot", "harley-street", TOXIN["product_id"], 1)
DESK = {"site": "harley-street", "charge_id": "019a7c4e-8f00-7abc-8def-0123456789ab", "member_id": ""}
SHEET = {"about": "line", "line": "1", "set_quantity": "1", "choose": "1"}


def own(**said: Any) -> str:
    """The kit's line as the page keeps it."""
    return BillLine("1", str(KIT["product_id"]), Decimal(1), said).text


@pytest.fixture(autouse=True)
def kit(chain: Chain) -> None:
    """The product is a kit of a prescription toxin that asks for its lot, and a cream."""

    def parts(ask: Ask) -> Answer:
        status, whole = quote(chain, ask)
        line = whole["lines"][0]
        toxin = line | {"asked": 1, "kit_name": "Kit", "product_id": TOXIN["product_id"], "name": TOXIN["name"]}
        cream = line | {"asked": 1, "kit_name": "Kit", "product_id": CREAM["product_id"], "name": CREAM["name"]}
        return status, whole | {"lines": [toxin | {"asks": ["lot", "prescription"]}, cream | {"asks": []}]}

    chain.overrides["POST", "sales/v1/quotes"] = parts


async def test_the_sheet_asks_for_the_lot_and_prescriber_of_each_part(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """CAT-19 STK-36 STK-40: the sheet asks for the toxin's lot (first to expire first) and prescription, not for the
    cream's; a lot number becomes its id on the line, and the charge carries both for the part.
    """
    sheet = LexborHTMLParser((await htmx.post("/charge/line", data=DESK | {"line_of": [own()], "line": "1"})).text)
    assert [node.text() for node in sheet.css("fieldset legend")] == [TOXIN["name"]]
    numbers = [str(node.attributes["value"]) for node in sheet.css(f"#lots-{TOXIN['product_id']} option")]
    assert f"First: {numbers[0]}" in find(sheet, f"#{PART}_lot_id-note").text()

    words = {f"{PART}_lot_id": numbers[1], f"{PART}_prescriber": "Dr Grey", f"{PART}_order_reference": "RX-7"}
    kept = await htmx.post("/charge/lines", data=DESK | SHEET | {"line_of": [own()]} | words)
    line = str(find(LexborHTMLParser(kept.text), "[name=line_of]").attributes["value"])
    await htmx.post("/charge", data=DESK | {"line_of": [line], "tender": "card"})

    (sent,) = chain.did("POST", "sales/v1/charges")
    prescription = {"prescriber": "Dr Grey", "order_reference": "RX-7"}
    here = [one for one in lots_here(chain, "harley-street", TOXIN["product_id"]) if one["state"] == "shelf"]
    assert [one["lot_number"] for one in here] == numbers
    assert sent["lines"] == [
        {"product_id": KIT["product_id"], "quantity": "1",
         "parts": [{"product_id": TOXIN["product_id"], "lot_id": here[1]["lot_id"], "prescription": prescription}]},
    ]  # fmt: skip
    again = await htmx.post("/charge/line", data=DESK | {"line_of": [line], "line": "1"})
    shown = LexborHTMLParser(again.text)
    assert find(shown, f"#{PART}_lot_id").attributes["value"] == numbers[1]
    assert find(shown, f"#{PART}_prescriber").attributes["value"] == "Dr Grey"


async def test_what_a_line_lacks_is_asked_before_the_payment(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-36 STK-40: the bill marks the line; payment opens its sheet first; with all said it asks how it is paid."""
    bill = await htmx.post("/charge/lines", data=DESK | {"line_of": [own()], "code": ""})
    assert "needs its lot and prescription" in find(LexborHTMLParser(bill.text), "[data-line]").text()

    asked = await htmx.post("/charge/pay", data=DESK | {"line_of": [own()]})
    words = find(LexborHTMLParser(asked.text), ".banner").text()
    assert (asked.status_code, words) == (422, f"Before it is paid, {TOXIN['name']} needs its lot and prescription.")
    prescription = {"prescriber": "Dr Grey", "order_reference": "RX-7"}
    said = own(parts=[{"product_id": TOXIN["product_id"], "lot_id": LOT}], prescription=prescription)
    ready = await htmx.post("/charge/pay", data=DESK | {"line_of": [said]})
    assert ready.status_code == 200
    assert find(LexborHTMLParser(ready.text), "h2").text() == "Take payment"
    assert chain.did("POST", "sales/v1/charges") == []


async def test_a_treated_line_is_asked_for_nothing(htmx: httpx.AsyncClient) -> None:
    """SAL-18: what a treatment recorded of lot and prescription counts; the desk does not ask again."""
    treated = own(treatment_id=ident("treatment"))
    assert (await htmx.post("/charge/pay", data=DESK | {"line_of": [treated]})).status_code == 200
    sheet = await htmx.post("/charge/line", data=DESK | {"line_of": [treated], "line": "1"})
    assert LexborHTMLParser(sheet.text).css("fieldset") == []


async def test_a_lot_that_does_not_lie_here_is_said_at_its_field(htmx: httpx.AsyncClient) -> None:
    """STK-36: a number of no lot here stays in the field with a sentence; the line keeps what it had."""
    words = {f"{PART}_lot_id": "NO-SUCH", f"{PART}_prescriber": "Dr Grey", f"{PART}_order_reference": "RX-7"}
    answer = await htmx.post("/charge/lines", data=DESK | SHEET | {"line_of": [own()]} | words)

    tree = LexborHTMLParser(answer.text)
    assert (answer.status_code, answer.headers["hx-retarget"]) == (422, "#dialog")
    assert find(tree, f"#{PART}_lot_id-note").text() == "No lot of this product has that number here."
    assert find(tree, f"#{PART}_lot_id").attributes["value"] == "NO-SUCH"
    line = orjson.loads(str(find(tree, "[name=line_of]").attributes["value"]))
    assert "lot_id" not in line["said"]["parts"][0]


async def test_a_person_without_a_licence_is_told_the_ways_out(htmx: httpx.AsyncClient, door: OpenDoor) -> None:
    """STK-40: who may not give out prescription goods is told so before the payment, with what to do."""
    door.__init__("front_desk")  # type: ignore[misc]
    answer = await htmx.post("/charge/pay", data=DESK | {"line_of": [own()]})

    words = find(LexborHTMLParser(answer.text), ".banner").text()
    assert words.startswith(f"{TOXIN['name']} is given out by a licensed person. Change the person (Alt U)")


async def test_a_refusal_of_a_part_asks_for_that_part(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-36: where sales alone knows that a lot is missing, its choice of lots is for the part of the right line."""
    numbers = {"product_id": TOXIN["product_id"], "lots": [{"lot_id": LOT, "lot_number": "B2", "quantity": "5", "expires_on": None}]}  # noqa: E501  # fmt: skip
    problem = {"type": "about:blank", "title": "Which lot?", "status": 409, "code": "lot-not-confirmed", "detail": "x", "numbers": numbers}  # noqa: E501  # fmt: skip
    chain.overrides["POST", "sales/v1/charges"] = lambda _ask: (409, problem)
    answer = await htmx.post("/charge", data=DESK | {"line_of": [own()], "tender": "card"})

    words = orjson.loads(str(find(LexborHTMLParser(answer.text), "[hx-vals]").attributes["hx-vals"]))
    assert words == {"line": "1", f"{PART}_lot_id": LOT, "code": "", "choose": "1"}
