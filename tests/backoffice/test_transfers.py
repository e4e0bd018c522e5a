"""The pages of transfers: asked for, approved, shipped by scanning, received in parts, explained, printed."""

import csv
import io
from typing import Any

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, TRANSFERS, Chain, ident, refusal
from tests.backoffice.office import OpenDoor, find, person

TOXIN = ALL_PRODUCTS[0]
MOVING, DRAFT, DONE, ASKED, LATE = (f"/transfers/{one['transfer_id']}" for one in TRANSFERS)
AT = f"/stock/bath/{TOXIN['product_id']}"
LOT = TRANSFERS[0]["lots"][0]
KEY = f"1_{LOT['lot_id']}"
PAGES = [
    "/transit", f"{MOVING}/packing-list", f"{MOVING}/receive", f"{MOVING}/explain", f"{DONE}/found", f"{DONE}/return",
    f"{DRAFT}/ship", f"{DRAFT}/edit", f"{ASKED}/approve", ASKED, DONE, LATE, "/transfers/new?ask=true",
    f"/company-notes/{ident('note', 1)}", "/analytics/reconciliation", f"{AT}/resupply", f"{AT}/move", f"{AT}/split",
]  # fmt: skip


def tree(answer: httpx.Response) -> LexborHTMLParser:
    """The answer as a tree."""
    return LexborHTMLParser(answer.text)


def sent(chain: Chain, deed: str) -> dict[str, Any]:
    """The one body that was sent to a transfer's deed."""
    (body,) = chain.did("POST", f"stock/v1/transfers/[^/:]+:{deed}")
    found: dict[str, Any] = body
    return found


@pytest.mark.parametrize("path", PAGES)
async def test_each_page_opens_whole_and_as_a_fragment(
    page: httpx.AsyncClient, htmx: httpx.AsyncClient, path: str
) -> None:
    """WEB-01: each page and dialog opens by a plain address, and as a fragment without the shell."""
    whole, part = await page.get(path), await htmx.get(path)
    assert (whole.status_code, part.status_code) == (200, 200), whole.text[:400]
    assert find(tree(whole), "h1").text(strip=True)
    assert not tree(whole).css("[style], [onclick], [hx-on]")


async def test_a_request_is_asked_for_and_decided(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-27: asking goes to the request door; approving sends each line's quantity, declining its reason."""
    form = {"key": ident("k"), "ask": "true", "from_site": "central", "to_site": "bath", "code_0": TOXIN["code"]}
    answer = await htmx.post("/transfers", data=form | {"quantity_0": "4"})
    assert answer.headers["hx-redirect"] == f"/transfers/{ident('k')}"
    (body,) = chain.did("POST", "stock/v1/transfers:request")
    assert (body["from_site"], body["to_site"], body["lines"][0]["quantity"]) == ("central", "bath", "4")
    await htmx.post(f"{ASKED}/approve", data={"key": "k", "quantity_1": "8", "decision": "approve", "note": ""})
    assert sent(chain, "approve") == {"lines": [{"line": 1, "quantity": "8"}], "note": ""}
    await htmx.post(f"{ASKED}/approve", data={"key": "k2", "decision": "decline", "note": "none left"})
    assert sent(chain, "decline") == {"reason": "none left"}


async def test_an_edit_names_the_revision_that_was_read(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-27: the form carries revision 3; an older one is refused in words and the lines stay typed."""
    form = tree(await htmx.get(f"{DRAFT}/edit"))
    assert find(form, "[name=revision]").attributes["value"] == "3"
    fields = {"code_0": TOXIN["code"], "quantity_0": "7", "note": "less"}
    stale = await htmx.post(f"{DRAFT}/edit", data=fields | {"revision": "2"})
    assert stale.status_code == 422
    assert find(tree(stale), "[name=quantity_0]").attributes["value"] == "7"
    good = await htmx.post(f"{DRAFT}/edit", data=fields | {"revision": "3"})
    assert good.headers["hx-redirect"] == DRAFT
    assert chain.did("PUT", "stock/v1/transfers/[^/]+")[-1]["lines"][0]["quantity"] == "7"


async def test_lots_are_chosen_by_hand_or_left_to_the_earliest_expiry(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-27: lots that are filled in leave exactly, their sum is what leaves; without any only the quantity goes."""
    form = tree(await htmx.get(f"{DRAFT}/ship"))
    name = str(find(form, "input[name^=lot_1_]").attributes["name"])
    await htmx.post(f"{DRAFT}/ship", data={"key": "k", "quantity_1": "12", name: "2", "carrier": "Van 3"})
    lot = name.removeprefix("lot_1_")
    assert sent(chain, "ship") == {
        "lines": [{"line": 1, "quantity": "2", "lots": [{"lot_id": lot, "quantity": "2"}]}],
        "carrier": "Van 3",
        "note": "",
        "serials": [],
    }
    chain.calls.clear()
    await htmx.post(f"{DRAFT}/ship", data={"key": "k", "quantity_1": "12", name: ""})
    assert sent(chain, "ship")["lines"] == [{"line": 1, "quantity": "12", "lots": []}]


async def test_units_are_ticked_when_they_leave_and_when_they_come(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-19, N-25: of a line with serials the ticked units leave, and their number is what leaves; on arrival every
    unit is ticked, and of those that are not ticked none came.
    """
    key = ident("serial", 5)
    draft = TRANSFERS[1]
    product = draft["lines"][0]["product_id"]
    units = [
        {"serial_id": key, "serial": "SN-005", "lot_number": "L1"},
        {"serial_id": ident("serial", 6), "serial": "SN-006"},
    ]
    chain.overrides["GET", "stock/v1/serials/choices"] = lambda _: (
        200, {"rows": [{"product_id": product, "name": "Laser", "units": units}]},
    )  # fmt: skip
    form = tree(await htmx.get(f"{DRAFT}/ship"))
    assert [node.attributes["name"] for node in form.css("[name^=unit_]")] == [
        f"unit_{key}",
        f"unit_{ident('serial', 6)}",
    ]
    await htmx.post(f"{DRAFT}/ship", data={"key": "k", "quantity_1": "12", f"unit_{key}": "true"})
    body = sent(chain, "ship")
    assert (body["lines"][0]["quantity"], body["serials"]) == ("1", [key])
    moving = [
        {"serial_id": ident("serial", i), "serial": f"SN-{i}", "product_id": LOT["product_id"], "lot_id": LOT["lot_id"]}
        for i in range(int(LOT["in_transit"]))
    ]
    chain.overrides["GET", "stock/v1/serials"] = lambda _: (200, {"rows": moving, "next": None})
    boxes = tree(await htmx.get(f"{MOVING}/receive")).css("[name^=unit_]")
    assert len(boxes) == len(moving)
    assert all("checked" in box.attributes for box in boxes)
    came = moving[0]["serial_id"]
    await htmx.post(f"{MOVING}/receive", data={"key": "k", f"arrived_{KEY}": "9", f"unit_{came}": "true"})
    body = sent(chain, "receive")
    assert (body["lines"][0]["quantity"], body["serials"]) == ("1", [came])


async def test_a_refused_departure_keeps_the_form(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-12: too little on the shelf is said in the service's words, and what was typed stays."""
    chain.overrides["POST", "stock/v1/transfers/[^/:]+:ship"] = lambda _: refusal(
        409, "not-enough-stock", "3 can leave"
    )
    answer = await htmx.post(f"{DRAFT}/ship", data={"key": "k", "quantity_1": "12", "carrier": "Van 9"})
    assert answer.status_code == 422
    assert "3 can leave" in answer.text
    assert find(tree(answer), "[name=carrier]").attributes["value"] == "Van 9"


async def test_what_came_is_counted_by_scanning_and_the_rest_explained(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-29: from nothing, a scan of the lot counts one more and keeps what is typed; a foreign box is named."""
    chain.overrides["GET", "stock/v1/scan"] = lambda ask: (
        200,
        {
            "products": [{"product_id": LOT["product_id"], "quantity": "1"}],
            "lot_number": ask.params["data"],
            "count": None,
        },
    )
    start = tree(await htmx.get(f"{MOVING}/receive?count=true"))
    assert find(start, f"[name=arrived_{KEY}]").attributes["value"] == "0"
    path = f"{MOVING}/receive?arrived_{KEY}=4&reason_{KEY}=loss&key=mine&data={LOT['lot_number']}"
    again = await htmx.get(path)
    assert "scan-found" in again.headers["hx-trigger"]
    assert find(tree(again), f"[name=arrived_{KEY}]").attributes["value"] == "5"
    assert find(tree(again), "[name=key]").attributes["value"] == "mine"
    missing = await htmx.get(f"{MOVING}/receive?data=OTHER1")
    assert (missing.status_code, missing.headers["hx-reswap"]) == (404, "none")
    await htmx.post(f"{MOVING}/receive", data={"key": "k", f"arrived_{KEY}": "5", f"reason_{KEY}": "loss"})
    (line,) = sent(chain, "receive")["lines"]
    assert (line["quantity"], line["missing_reason"], line["lot_id"]) == ("5", "loss", LOT["lot_id"])


async def test_missing_goods_are_explained_found_and_sent_back(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-29: each deed names its lots and quantities; without any it asks again and sends nothing."""
    data = {"key": "k", f"quantity_{KEY}": "2", f"reason_{KEY}": "damage", "note": "wet"}
    await htmx.post(f"{MOVING}/explain", data=data)
    (row,) = sent(chain, "explain")["differences"]
    assert (row["quantity"], row["reason"], row["note"]) == ("2", "damage", "wet")
    done_key = f"1_{TRANSFERS[2]['lots'][0]['lot_id']}"
    await htmx.post(f"{DONE}/found", data={"key": "k", f"quantity_{done_key}": "1"})
    assert sent(chain, "found")["lines"][0]["quantity"] == "1"
    await htmx.post(f"{DONE}/return", data={"key": "k", f"quantity_{done_key}": "9", "note": "wrong"})
    assert (sent(chain, "return")["note"], sent(chain, "return")["lines"][0]["quantity"]) == ("wrong", "9")
    empty = await htmx.post(f"{MOVING}/explain", data={"key": "k2"})
    assert (empty.status_code, len(chain.did("POST", "stock/v1/transfers/[^/:]+:explain"))) == (422, 1)


async def test_the_board_shows_age_owner_and_value(page: httpx.AsyncClient, htmx: httpx.AsyncClient) -> None:
    """N-25: what is on its way by age, each with owner, carrier and value; late is said in words; the whole as CSV."""
    shown = tree(await page.get("/transit"))
    assert [node.text() for node in shown.css("#table h2")] == ["Since today", "Longer"]
    text = find(shown, "#table").text()
    assert ("Lotwise Ltd" in text, "Van 3" in text, "Late" in text, "$960.00" in text) == (True, True, True, True)
    table = list(csv.DictReader(io.StringIO((await htmx.get("/transit?format=csv")).text)))
    assert [(row["Number"], row["Owner"], row["Late"]) for row in table] == [
        ("T-00000", "Lotwise Ltd", ""), ("T-00004", "Lotwise Ltd", "late"),
    ]  # fmt: skip


async def test_papers_are_made_to_be_printed(page: httpx.AsyncClient) -> None:
    """STK-27, STK-38: the packing list has lots, expiries and lines to sign; the note has price, tax and total."""
    paper = find(tree(await page.get(f"{MOVING}/packing-list")), "main").text()
    assert ("L41088" in paper, "Received by" in paper, "Packed by" in paper) == (True, True, True)
    note = tree(await page.get(f"/company-notes/{ident('note', 1)}"))
    assert find(note, "[data-action=print]")
    assert [node.text(strip=True) for node in note.css("tfoot td.number")][-3:] == ["$1,056.00", "$211.20", "$1,267.20"]
    shown = find(tree(await page.get(MOVING)), "main").text()
    assert ("IC-00007" in shown, "Shipped, 1 lot" in shown) == (True, True)


async def test_who_may_do_what_sees_it(page: httpx.AsyncClient, door: OpenDoor) -> None:
    """N-03: a buyer of bath may not approve what central is asked for, and sees no button for it."""
    door.who = person("buyer", ("bath",))
    shown = tree(await page.get(ASKED))
    texts = {node.text(strip=True) for node in shown.css(".top button")}
    assert "Change" in texts
    assert not {"Approve or decline", "Ship"} & texts


async def test_the_statement_adds_up_on_the_page_and_as_csv(page: httpx.AsyncClient, htmx: httpx.AsyncClient) -> None:
    """STK-30, REP-15: each site and the chain, each product, in words whether it adds up; both tables as CSV."""
    shown = tree(await page.get("/analytics/reconciliation?since=2026-01-01&until=2026-01-31"))
    assert "Adds up" in find(shown, "#table [role=status]").text()
    assert len(shown.css("section[aria-labelledby=h-sites] tbody tr")) == 5
    table = list(csv.DictReader(io.StringIO((await htmx.get("/analytics/reconciliation?format=csv")).text)))
    assert (table[0]["Opening"], table[0]["Adjusted"], table[0]["Closing, value"]) == ("50", "-2", "522500")
    sites = (await page.get("/analytics/reconciliation?csv=sites")).text.splitlines()
    assert len(sites) == 7


async def test_resupply_back_bar_and_split_are_set_in_dialogs(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-31, STK-32, STK-44: each dialog sends what it shows, keeps what is wrong, and stays where the person is."""
    done = await htmx.post(f"{AT}/resupply", data={"from_site": "central", "revision": "2"})
    assert "dialog-close" in done.headers["hx-trigger"]
    assert chain.did("PUT", "stock/v1/resupply/.*") == [{"mode": "central", "from_site": "central"}]
    lot = str(find(tree(await htmx.get(f"{AT}/move")), "[name=lot_id] option").attributes["value"])
    await htmx.post(f"{AT}/move", data={"key": ident("m"), "lot_id": lot, "quantity": "2", "way": "out"})
    (moved,) = chain.did("POST", "stock/v1/moves")
    assert (moved["source"], moved["target"], moved["quantity"]) == (
        {"purpose": "retail"}, {"purpose": "back_bar"}, "2",
    )  # fmt: skip
    shares = {"key": ident("s"), "quantity": "10", "unit_cost": "5", "share_bath": "6", "share_austin": "3"}
    wrong = await htmx.post(f"{AT}/split", data=shares)
    assert (wrong.status_code, "9 of 10" in wrong.text) == (422, True)
    assert find(tree(wrong), "[name=share_austin]").attributes["value"] == "3"
    await htmx.post(f"{AT}/split", data=shares | {"share_austin": "4"})
    body = chain.did("POST", "stock/v1/receipts:split")[-1]
    assert body["shares"] == [{"site": "bath", "quantity": "6"}, {"site": "austin", "quantity": "4"}]
    assert (body["mode"], body["site"], body["split_id"]) == ("transfer", "bath", ident("s"))
