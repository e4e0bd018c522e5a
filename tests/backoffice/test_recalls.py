"""The recall centre, lots and expiry: from a pasted letter to a member who was told."""

import csv
import io

import httpx
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, Chain, ident, refusal
from tests.backoffice.fakes.recalls import CHARGE, LOT, RECALL
from tests.backoffice.office import OpenDoor, find, person

TOXIN = ALL_PRODUCTS[0]["product_id"]
HERE = f"/recalls/{RECALL}"


def ticked(tree: LexborHTMLParser, name: str) -> list[str]:
    """The values of the ticked boxes of a name."""
    return [str(box.attributes["value"]) for box in tree.css(f"input[name={name}]") if "checked" in box.attributes]


def a_lot(chain: Chain) -> str:
    """The id of a lot that the fake stock knows."""
    answer = chain.answer(httpx.Request("GET", "http://stock/v1/lots", params={"product": TOXIN, "site": "bath"}))
    return next(str(row["lot_id"]) for row in answer.json()["rows"] if row["purchase_order"] == "PO-1042")


async def test_a_letter_becomes_candidates_that_a_person_confirms(page: httpx.AsyncClient, chain: Chain) -> None:
    """N-06: given a pasted letter; when it is read; what is sure is ticked, the rest is shown; when confirmed
    with one more number typed, then one recall with a line a number is begun under the form's own id.
    """
    read = await page.post("/recalls/read", data={"text": "Lot L-777, A1 to A9"})
    tree = LexborHTMLParser(read.text)
    assert (ticked(tree, "product"), ticked(tree, "number"), ticked(tree, "lot")) == ([TOXIN], ["lot|L-777|"], [LOT])
    assert "written otherwise" in read.text
    key = str(find(tree, "input[name=key]").attributes["value"])
    data = {
        "key": key, "text": "Lot L-777", "title": "Particles", "reason": "glass", "severity": "I", "source": "letter",
        "product": TOXIN, "number": "lot|L-777|", "lot": LOT, "numbers_typed": "B10 to B19, B77", "expires_from": "",
        "expires_until": "",
    }  # fmt: skip
    answer = await page.post("/recalls", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/recalls/{key}")
    (sent,) = chain.did("POST", "stock/v1/recalls")
    assert (sent["recall_id"], sent["lots"], sent["severity"]) == (key, [LOT], "I")
    assert [(line["kind"], line["first"], line["last"]) for line in sent["lines"]] == [
        ("lot", "L-777", ""), ("range", "B10", "B19"), ("lot", "B77", ""),
    ]  # fmt: skip


async def test_a_recall_without_words_or_goods_is_asked_again(page: httpx.AsyncClient, chain: Chain) -> None:
    """Bad input: no title, nothing chosen, no letter; then each is said, what was typed stays, nothing is begun."""
    empty = await page.post("/recalls/read", data={"text": "  "})
    assert (empty.status_code, "Paste the text" in empty.text) == (422, True)
    answer = await page.post("/recalls", data={"key": ident("k"), "text": "Lot 1", "title": "", "reason": "glass"})
    tree = LexborHTMLParser(answer.text)
    assert answer.status_code == 422
    assert "Choose the product it is about" in answer.text
    assert find(tree, "#title-note").text() == "This is needed."
    assert find(tree, "#reason").attributes["value"] == "glass"
    assert chain.did("POST", "stock/v1/recalls") == []


async def test_a_recall_shows_lots_places_and_members_and_gives_csv(page: httpx.AsyncClient, chain: Chain) -> None:
    """N-06: given a recall; then its page names lots, what is left where, and members; its CSV too; text is escaped."""
    shown = await page.get(HERE)
    for word in ("L777", "Written otherwise", "Amelia Hart", "Assumed", "A1 to A9", "&lt;b&gt;", "Return", "Destroy"):
        assert word in shown.text, word
    answer = await page.get(HERE, params={"format": "csv"})
    (head, row) = list(csv.reader(io.StringIO(answer.text)))
    told = dict(zip(head, row, strict=True))
    assert (told["Member"], told["Phone"], told["How sure"], told["State"]) == (
        "Amelia Hart", "'+44 1", "assumed", "to_contact",
    )  # fmt: skip
    assert "L777" in told["Received"]
    assert chain.did("POST", "sales/v1/charges:members") == [{"charges": [CHARGE]}] * 2


async def test_the_whole_list_is_printed(page: httpx.AsyncClient) -> None:
    """N-06: given a recall; then its paper has every member with what they received."""
    paper = await page.get(f"{HERE}/paper")
    for word in ("Amelia Hart", "L777", "Assumed", "To contact", 'data-action="print"'):
        assert word in paper.text, word


async def test_a_recalled_pack_cannot_be_scanned_into_a_charge(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """N-09: given a pack whose lot is recalled; when scanned at the desk; then it is said, nothing is added."""
    said = [{"code": "recalled", "text": "This lot is recalled: do not use it"}]
    chain.overrides["GET", "stock/v1/scan"] = lambda _ask: (200, {"products": [{"product_id": TOXIN}], "answers": said})
    data = {"site": "bath", "code": "(01)09506000134376(10)L777", "charge_id": ident("c")}
    answer = await htmx.post("/charge/lines", data=data)
    assert (answer.status_code, answer.headers["hx-trigger"]) == (409, "scan-missing")
    assert "This lot is recalled" in answer.text


async def test_names_are_for_those_who_may_read_members(page: httpx.AsyncClient, chain: Chain, door: OpenDoor) -> None:
    """WEB-09: given a buyer, who reads stock but no members; then the list has no names and sales is not asked."""
    door.who = person("buyer")
    shown = await page.get(HERE)
    assert shown.status_code == 200
    assert "Amelia Hart" not in shown.text
    assert "Not shown" in shown.text
    assert chain.did("POST", "sales/v1/charges:members") == []


async def test_a_member_who_was_reached_is_kept(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """N-06: given the dialog; when a state and a note are sent, stock keeps them; a strange state is asked again."""
    path = f"{HERE}/notices/{CHARGE}"
    form = await htmx.get(path)
    assert "Unreachable" in form.text
    wrong = await htmx.post(path, data={"key": "k", "state": "lost"})
    assert wrong.status_code == 422
    done = await htmx.post(path, data={"key": "k", "state": "contacted", "note": "left a message"})
    assert "dialog-close" in done.headers["hx-trigger"]
    assert chain.did("POST", r"stock/v1/recalls/.*/notices/.*") == [{"state": "contacted", "note": "left a message"}]


async def test_goods_are_destroyed_returned_and_released_with_a_reason(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-41: given the dialogs; when each is sent; stock is asked once for each; a no stands beside its field."""
    data = {"key": "k", "site": "bath", "lot": LOT, "reason": "box 7"}
    assert (await htmx.post(f"{HERE}/destroy", data=data | {"reason": ""})).status_code == 422
    await htmx.post(f"{HERE}/destroy", data=data | {"quantity": "2"})
    await htmx.post(f"{HERE}/return", data=data)
    await htmx.post(f"{HERE}/release", data={"key": "k", "reason": "withdrawn"})
    sent = chain.did("POST", r"stock/v1/recalls/.*:dispose")
    assert [(one["how"], one.get("quantity")) for one in sent] == [("destroy", "2"), ("return", None)]
    assert chain.did("POST", r"stock/v1/recalls/.*:release") == [{"reason": "withdrawn", "lots": []}]
    chain.overrides["POST", r"stock/v1/recalls/.*:dispose"] = lambda _ask: refusal(
        409, "not-enough-in-lot", "Only 1 vial lies apart here", field="quantity"
    )
    answer = await htmx.post(f"{HERE}/destroy", data=data | {"quantity": "9"})
    assert find(LexborHTMLParser(answer.text), "#quantity-note").text() == "Only 1 vial lies apart here"


async def test_a_drill_is_started_and_its_result_is_told(page: httpx.AsyncClient, chain: Chain) -> None:
    """N-06: given a lot number; when a drill is started; then its lots are traced; the list shows what drills found."""
    answer = await page.post("/recalls/drill", data={"key": "k", "title": "Autumn", "lot_number": "L1"})
    assert answer.status_code == 303
    assert "98.5" in answer.headers["set-cookie"]
    (sent,) = chain.did("POST", "stock/v1/recall-drills")
    assert (sent["title"], len(sent["lots"]) > 0) == ("Autumn", True)
    shown = await page.get("/recalls")
    assert "Spring drill" in shown.text
    assert "41 ms" in shown.text


async def test_a_lot_shows_its_source_and_is_corrected_merged_and_split(
    page: httpx.AsyncClient, htmx: httpx.AsyncClient, chain: Chain
) -> None:
    """STK-14, N-20: given a lot; then its order, trail and lineage are shown; each deed sends what was typed."""
    lot = a_lot(chain)
    shown = await page.get(f"/lots/{lot}")
    for word in ("PO-1042", "Received", "same box"):
        assert word in shown.text, word
    await htmx.post(f"/lots/{lot}/correct", data={"key": "k", "lot_number": "X", "expires_on": "", "reason": "label"})
    await htmx.post(f"/lots/{lot}/merge", data={"key": "k", "into": LOT, "reason": "same"})
    data = {"key": "k", "site": "bath", "quantity": "2", "lot_number": "Y", "reason": "two labels"}
    await htmx.post(f"/lots/{lot}/split", data=data)
    assert chain.did("POST", r"stock/v1/lots/.*:correct") == [
        {"lot_number": "X", "expires_on": None, "reason": "label"}
    ]
    assert chain.did("POST", r"stock/v1/lots/.*:merge") == [{"into": LOT, "reason": "same"}]
    assert [one["quantity"] for one in chain.did("POST", r"stock/v1/lots/.*:split")] == ["2"]
    wrong = await htmx.post(f"/lots/{lot}/split", data=data | {"quantity": "-2"})
    assert wrong.status_code == 422


async def test_money_at_risk_and_the_calendar_of_expiries(page: httpx.AsyncClient) -> None:
    """N-12, STK-15: given lots that expire; the page totals what is at risk, its CSV too; a month has its days."""
    shown = await page.get("/stock/lots/risk")
    assert "123.45" in shown.text
    table = (await page.get("/stock/lots/risk", params={"format": "csv"})).text
    assert table.splitlines()[0].startswith("Product,Lot,Site")
    month = await page.get("/stock/lots/calendar", params={"month": "2028-02"})
    assert "February 2028" in month.text
    assert '<time datetime="2028-02-29"' in month.text
    assert (await page.get("/stock/lots/calendar", params={"month": "nonsense"})).status_code == 200


async def test_a_members_lots_are_shown_with_what_is_recalled(page: httpx.AsyncClient, chain: Chain) -> None:
    """N-06: given a member with a charge; then the lots it received are shown, recalled ones marked."""
    member = chain.members[0]
    shown = await page.get(f"/members/{member['member_id']}/lots")
    for word in ("L777", "Recalled", "Confirmed", "88"):
        assert word in shown.text, word
    assert chain.did("POST", "stock/v1/trace:charges") == [{"charges": [CHARGE]}]


async def test_one_entry_of_the_menu_is_the_one_that_is_open(page: httpx.AsyncClient) -> None:
    """WEB-01: given pages under one another; then the nearest entry of the menu is marked, and it alone."""
    for path, expected in (("/stock/lots", "/stock/lots"), ("/stock", "/stock"), (HERE, "/recalls"), ("/", "/")):
        tree = LexborHTMLParser((await page.get(path)).text)
        marked = [link.attributes["href"] for link in tree.css("nav a[aria-current=page]")]
        assert marked == [expected], path


async def test_serials_are_recalled_and_released_by_themselves(
    page: httpx.AsyncClient, htmx: httpx.AsyncClient, chain: Chain
) -> None:
    """STK-41: typed serials become lines by serial, a range with both ends; a recalled unit is shown with where it is,
    and is released alone.
    """
    data = {
        "key": ident("k"), "text": "", "title": "Beam", "reason": "burns", "severity": "", "source": "",
        "product": TOXIN, "numbers_typed": "", "serials_typed": "SN-1 to SN-9, SN-20",
        "expires_from": "", "expires_until": "",
    }  # fmt: skip
    await htmx.post("/recalls", data=data)
    (sent,) = chain.did("POST", "stock/v1/recalls")
    assert [(line["kind"], line["first"], line["last"]) for line in sent["lines"]] == [
        ("serial", "SN-1", "SN-9"), ("serial", "SN-20", ""),
    ]  # fmt: skip
    unit = {"serial_id": ident("serial", 1), "serial": "SN-1", "name": "Laser", "site": "bath", "state": "in_stock"}
    shown = chain.answer(httpx.Request("GET", f"http://stock/v1/recalls/{RECALL}")).json()
    chain.overrides["GET", "stock/v1/recalls/[^/]+"] = lambda _: (200, shown | {"units": [unit]})
    units = find(LexborHTMLParser((await page.get(HERE)).text), "section[aria-labelledby=h-units]")
    assert find(units, "td.code a").text() == "SN-1"
    await htmx.post(f"{HERE}/release", data={"key": "k", "reason": "checked", "unit": unit["serial_id"]})
    assert chain.did("POST", r"stock/v1/recalls/.*:release") == [
        {"reason": "checked", "lots": [], "serials": [unit["serial_id"]]}
    ]
