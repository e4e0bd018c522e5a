"""Every form: what is wrong stands beside its field, what was typed is kept, and a deed is done once."""

import re
from typing import Any

import httpx
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, ORDERS, Chain, ident, refusal
from tests.backoffice.office import find

TOXIN = ALL_PRODUCTS[0]
HERE = f"/stock/bath/{TOXIN['product_id']}"


def hidden(answer: httpx.Response, name: str) -> str:
    """The value of a form's field."""
    found = find(LexborHTMLParser(answer.text), f"[name={name}]")
    return str(found.attributes.get("value"))


async def test_a_receipt_is_filled_and_posted_once(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-01: the dialog knows the last cost; sending it twice sends the same receipt id and the same key."""
    form = await htmx.get(f"{HERE}/receive")
    data = {
        "key": hidden(form, "key"),
        "site": "bath",
        "product_id": TOXIN["product_id"],
        "name": "Toxin",
        "quantity": "5",
        "unit_cost": "112.40",
        "lot_number": "L1",
        "expires_on": "2028-05-01",
    }

    first = await htmx.post("/stock/receive", data=data)
    await htmx.post("/stock/receive", data=data)

    assert hidden(form, "unit_cost") == "112.40"
    assert first.status_code == 200
    assert "dialog-close" in first.headers["hx-trigger"]
    assert "live-stock" in first.headers["hx-trigger"]
    sent = chain.did("POST", "stock/v1/receipts")
    assert [row["receipt_id"] for row in sent] == [data["key"]] * 2
    keys = [
        headers["idempotency-key"]
        for (m, w, _), headers in zip(chain.calls, chain.headers, strict=True)
        if w == "stock/v1/receipts"
    ]
    assert keys == [data["key"]] * 2


async def test_a_wrong_quantity_keeps_the_form_and_sends_nothing(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """Bad input: a quantity that is none: 422 beside its field, the lot still typed, nothing sent."""
    data = {"key": "k", "site": "bath", "product_id": TOXIN["product_id"], "quantity": "1e400", "lot_number": "L9"}

    answer = await htmx.post("/stock/receive", data=data)

    tree = LexborHTMLParser(answer.text)
    assert answer.status_code == 422
    assert find(tree, "#quantity-note").text() == "Enter a plain number, such as 2 or 2.5."
    assert find(tree, "#lot_number").attributes["value"] == "L9"
    assert hidden(answer, "key") == "k"
    assert chain.did("POST", "stock/.*") == []


async def test_a_refusal_of_a_service_stands_beside_its_field(htmx: httpx.AsyncClient) -> None:
    """CAT-03: a code that is taken is said beside the code, and the name that was typed stays."""
    answer = await htmx.post("/products", data={"key": "k", "code": "TOX-050", "name": "Another", "kind": "physical"})

    tree = LexborHTMLParser(answer.text)
    assert answer.status_code == 422
    assert find(tree, "#code-note").text() == "The code TOX-050 is taken."
    assert find(tree, "#name").attributes["value"] == "Another"


async def test_an_edit_names_the_revision_that_was_read(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """CAT-07: saving a product sends the revision of the form; a form that is older is refused and says so."""
    fresh = {"name": "Toxin 50", "code": "TOX-050", "kind": "physical", "unit": "vial"}

    kept = await htmx.post(f"/products/{TOXIN['product_id']}", data=fresh | {"revision": "3"})
    stale = await htmx.post(f"/products/{TOXIN['product_id']}", data=fresh | {"revision": "2"})

    assert kept.headers["hx-redirect"] == f"/products/{TOXIN['product_id']}"
    assert stale.status_code == 422
    assert "Somebody else changed it." in stale.text
    assert chain.did("PUT", "catalog/v1/products/.*")[0]["name"] == "Toxin 50"


async def test_a_gs1_scan_fills_product_lot_and_expiry(htmx: httpx.AsyncClient) -> None:
    """STK-11: scanning (01)(17)(10) opens receiving with its product, lot and day; the page beeps that it was found."""
    code = TOXIN["barcodes"][0].rjust(14, "0")

    answer = await htmx.get("/stock/receive", params={"data": f"(01){code}(17)280630(10)ABC123"})

    tree = LexborHTMLParser(answer.text)
    assert find(tree, "#lot_number").attributes["value"] == "ABC123"
    assert find(tree, "#expires_on").attributes["value"] == "2028-06-30"
    assert "Botulinum toxin 50 U" in find(tree, "header p").text()
    assert answer.headers["hx-trigger"] == "scan-found"


async def test_what_was_set_apart_can_be_written_off(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """D6: the lots of a write-off are those on the shelf and those set apart, which say so; one in transit is none."""
    lots = [
        {
            "lot_id": ident("lot", word),
            "lot_number": word.upper(),
            "received_at": "2026-11-01T09:00:00Z",
            "site": "bath",
        }
        | {"state": word, "product_id": TOXIN["product_id"], "name": "Toxin", "quantity": "4"}
        for word in ("shelf", "quarantine", "transit")
    ]
    chain.overrides["GET", "stock/v1/lots"] = lambda _: (200, {"rows": lots, "next": None})

    answer = await htmx.get(f"/stock/bath/{TOXIN['product_id']}/adjust")

    choices = LexborHTMLParser(answer.text).css("#lot_id option")
    named = [option.text(strip=True) for option in choices]
    assert named == ["The earliest expiry", "SHELF (4)", "QUARANTINE (4, set apart)"]


async def test_an_expired_lot_is_said_at_the_scan(htmx: httpx.AsyncClient) -> None:
    """N-09: the dialog of a box that is over warns before anything is received."""
    code = TOXIN["barcodes"][0].rjust(14, "0")

    answer = await htmx.get("/stock/receive", params={"data": f"(01){code}(17)200630(10)OLD"})

    assert find(LexborHTMLParser(answer.text), ".banner").text(strip=True) == "This lot is expired."


async def test_an_unknown_scan_beeps_and_opens_nothing(htmx: httpx.AsyncClient) -> None:
    """WEB-02: a code nobody knows leaves the page as it is and gives the low tone."""
    answer = await htmx.get("/stock/receive", params={"data": "0000000000"})

    assert answer.status_code == 404
    assert answer.headers["hx-reswap"] == "none"
    assert answer.headers["hx-trigger"] == "scan-missing"


async def test_the_minimum_is_set_at_the_revision_read(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-04: the minimum goes to stock as typed, with the level's revision as If-Match."""
    form = await htmx.get(f"{HERE}/minimum")

    answer = await htmx.post(
        f"{HERE}/minimum", data={"minimum": "7", "reorder_at": "", "revision": hidden(form, "revision")}
    )

    assert answer.status_code == 200
    assert chain.did("PUT", "stock/v1/levels/bath/.*") == [{"minimum": "7", "reorder_at": None}]
    assert chain.headers[-1]["if-match"] == '"4"'


async def test_a_write_off_is_signed(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-18: writing off three sends minus three with its reason."""
    await htmx.post(f"{HERE}/adjust", data={"key": "a1", "way": "out", "quantity": "3", "reason": "damage"})

    (sent,) = chain.did("POST", "stock/v1/adjustments")
    assert (sent["quantity"], sent["reason"], sent["adjustment_id"]) == ("-3", "damage", "a1")
    assert sent["serials"] == []
    units = {"key": "a2", "way": "in", "quantity": "2", "reason": "found", "serials": "SN-1\nSN-2"}
    await htmx.post(f"{HERE}/adjust", data=units)
    assert chain.did("POST", "stock/v1/adjustments")[-1]["serials"] == ["SN-1", "SN-2"]


async def test_a_delivery_is_confirmed_line_by_line(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """PUR-05: what came of each line goes with its cost, lot and expiry; a line of nought is left out."""
    one = ORDERS[1]
    data = {
        "key": "d1",
        "quantity_1": "5",
        "unit_cost_1": "198.10",
        "lot_number_1": "L7",
        "expires_on_1": "2028-01-31",
        "quantity_2": "0",
        "quantity_3": "",
    }

    answer = await htmx.post(f"/orders/{one['order_id']}/receive", data=data)

    assert answer.headers["hx-redirect"] == f"/orders/{one['order_id']}"
    (sent,) = chain.did("POST", "purchasing/v1/orders/.*:receive")
    assert sent["lines"] == [
        {"line": 1, "quantity": "5", "unit_cost": "198.10", "lot_number": "L7", "expires_on": "2028-01-31"}
    ]
    assert sent["confirm_over"] is False


async def test_a_delivery_line_is_split_over_lots_areas_and_sites(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-31: split asks for one more part and keeps what was typed; each part goes with its lot and area, and for the
    part of another site a transfer is drafted.
    """
    one = ORDERS[1]
    other = next(slug for slug in ("bath", "austin", "harley-street") if slug != one["site"])
    path = f"/orders/{one['order_id']}/receive"
    data = {"key": "d3", "quantity_1": "6", "unit_cost_1": "2.00", "lot_number_1": "A", "parts_1": "1"}

    tree = LexborHTMLParser((await htmx.post(path, data=data | {"split": "1"})).text)

    assert find(tree, "[name=quantity_1]").attributes["value"] == "6"
    assert find(tree, "[name=parts_1]").attributes["value"] == "2"
    assert find(tree, "[name=quantity_1_2]").attributes["value"] == ""
    assert chain.did("POST", "purchasing/v1/orders/.*:receive") == []

    second = {"parts_1": "2", "quantity_1_2": "4", "lot_number_1_2": "B", "area_1_2": "Fridge", "for_1_2": other}
    await htmx.post(path, data=data | second)

    (sent,) = chain.did("POST", "purchasing/v1/orders/.*:receive")
    assert sent["lines"] == [
        {"line": 1, "quantity": "6", "unit_cost": "2.00", "lot_number": "A"},
        {"line": 1, "quantity": "4", "lot_number": "B", "area": "Fridge"},
    ]
    (draft,) = chain.did("POST", "stock/v1/transfers")
    assert (draft["from_site"], draft["to_site"]) == (one["site"], other)
    assert draft["lines"] == [{"product_id": one["lines"][0]["product_id"], "quantity": "4"}]


async def test_an_order_of_what_a_store_supplies_offers_what_to_do_instead(
    htmx: httpx.AsyncClient, chain: Chain
) -> None:
    """STK-32: the no of purchasing comes with links: ask for a transfer, order for the store, see who supplies it."""
    numbers = {"product_id": TOXIN["product_id"], "site": "bath", "from_site": "central"}
    no = refusal(409, "centrally-supplied", "It comes to bath from central", numbers=numbers)
    chain.overrides["POST", "purchasing/v1/orders"] = lambda _: no

    answer = await htmx.post("/orders", data={"key": "o1", "supplier_id": "s", "site": "bath", "product": ""})

    tree = LexborHTMLParser(answer.text)
    assert answer.status_code == 422
    assert "It comes to bath from central" in find(tree, ".banner").text()
    links = [str(node.attributes["href"]) for node in tree.css("[aria-label='Ways out'] a")]
    asked = f"/transfers/new?ask=true&from_site=central&to_site=bath&product={TOXIN['product_id']}"
    assert links[:2] == [asked, f"/orders/new?site=central&product={TOXIN['product_id']}"]


async def test_terms_between_companies_are_read_and_set(
    page: httpx.AsyncClient, htmx: httpx.AsyncClient, chain: Chain
) -> None:
    """STK-38: every pair of companies is listed, as CSV too; the form sends percent and tax at its revision."""
    tree = LexborHTMLParser((await page.get("/settings/companies")).text)
    assert [row.text() for row in tree.css("tbody tr td:first-child")] == ["London Ltd", "Bath & Co"]
    assert "London Ltd,Bath & Co,7.5,VAT,20" in (await page.get("/settings/companies?format=csv")).text
    asked = {"from_entity": "London Ltd", "to_entity": "Bath & Co"}
    form = LexborHTMLParser((await htmx.get("/settings/companies/edit", params=asked)).text)
    assert find(form, "[name=markup_percent]").attributes["value"] == "7.5"
    assert find(form, "[name=revision]").attributes["value"] == "2"
    wrong = await htmx.post("/settings/companies", data=asked | {"markup_percent": "x", "revision": "2"})
    assert wrong.status_code == 422
    data = asked | {"markup_percent": "8", "tax_name": "VAT", "tax_percent": "20", "revision": "2"}
    await htmx.post("/settings/companies", data=data)
    assert chain.did("PUT", "stock/v1/company-terms") == [
        asked | {"markup_percent": "8", "tax_name": "VAT", "tax_percent": "20"}
    ]


async def test_more_than_ordered_is_refused_with_its_way_out(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """PUR-06: an over-delivery comes back into the dialog with the words of purchasing, the quantities still typed."""
    no = refusal(409, "over-delivery", "5 more came than were ordered.", ways_out=["Confirm it."])
    chain.overrides["POST", "purchasing/v1/orders/[^/]+:receive"] = lambda _: no

    answer = await htmx.post(f"/orders/{ORDERS[1]['order_id']}/receive", data={"key": "d2", "quantity_1": "15"})

    tree = LexborHTMLParser(answer.text)
    assert answer.status_code == 422
    assert "5 more came than were ordered. Confirm it." in find(tree, ".banner").text(strip=True)
    assert find(tree, "[name=quantity_1]").attributes["value"] == "15"


async def test_the_lines_of_a_draft_are_saved_and_nought_leaves(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """PUR-02: saving sends the quantities typed; a line of nought is gone."""
    one = ORDERS[0]
    ids = [line["product_id"] for line in one["lines"]]
    data: dict[str, Any] = {
        "product_id": ids,
        "quantity": ["4", "0", "6"],
        "unit_cost": ["1.50", "2.00", ""],
        "revision": "2",
    }

    answer = await htmx.post(f"/orders/{one['order_id']}", data=data)

    assert answer.status_code == 200
    (sent,) = chain.did("PUT", "purchasing/v1/orders/.*")
    assert sent["lines"] == [
        {"product_id": ids[0], "quantity": "4", "unit_cost": "1.50"},
        {"product_id": ids[2], "quantity": "6"},
    ]


async def test_an_order_prints_as_pdf(page: httpx.AsyncClient) -> None:
    """PUR-04: the paper of an order is a PDF with its number."""
    answer = await page.get(f"/orders/{ORDERS[1]['order_id']}/order.pdf")

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", answer.content)) == 1


async def test_an_alert_is_acknowledged_in_place(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """ALR-02: acknowledging answers with a word and wakes the list; the list is read anew, not the page."""
    answer = await htmx.post(f"/alerts/{ident('alert', 0)}/acknowledge", data={"key": "k1"})

    assert "live-alerts" in answer.headers["hx-trigger"]
    assert len(chain.did("POST", "alerts/v1/alerts/.*:acknowledge")) == 1


async def test_a_dead_letter_is_retried(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """N-16: a parked message is handed to its service again from the page."""
    answer = await htmx.post(f"/ops/alerts/dead-letters/{ident('letter')}/retry", data={"key": "k2"})

    assert answer.headers["hx-redirect"] == "/ops"
    assert len(chain.did("POST", "alerts/v1/ops/dead-letters/.*:retry")) == 1


async def test_a_new_key_is_shown_once(htmx: httpx.AsyncClient) -> None:
    """G: the secret of a new key stands in the answer to its form and nowhere in the list."""
    made = await htmx.post("/settings/keys", data={"key": "k3", "name": "Till", "role": "till", "site": "bath"})
    listed = await htmx.get("/settings/users")

    assert "ck_aB3dE5fG7hJ9_secret" in made.text
    assert "_secret" not in listed.text
