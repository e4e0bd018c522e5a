"""The pages of corrections: adjustments and their witness, quantities, the stock card, damages, consigned, labels."""

import csv
import io

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, ORDERS, TRANSFERS, Chain, ident, refusal
from tests.backoffice.fakes.corrections import ADJUSTMENTS, CONSIGNED, DAMAGE
from tests.backoffice.office import OpenDoor, find, person

TOXIN, FILLER = ALL_PRODUCTS[0], ALL_PRODUCTS[2]
HERE = f"/stock/bath/{TOXIN['product_id']}"
WAITING = ADJUSTMENTS[0]["adjustment_id"]
DAMAGED = f"/stock/damages/{DAMAGE['damage_id']}/{DAMAGE['lot_id']}"
CONSIGNED_LOT = f"/stock/consigned/{CONSIGNED['lot_id']}"
PAGES = [
    "/adjustments", "/adjustments?state=pending", f"/adjustments/{WAITING}/confirm", "/stock/quantities",
    "/stock/quantities?way=add&value=3", f"{HERE}/card", f"{HERE}/controlled", f"{HERE}/use", f"{HERE}/damage",
    f"{HERE}/temporary", "/stock/damages", f"{DAMAGED}/scrap?open=3", "/stock/consigned", "/stock/liabilities",
    f"{CONSIGNED_LOT}/buy-out?site=bath", "/settings/reasons", "/settings/reasons/new",
    "/settings/reasons/waste/edit", "/settings/witness/chain", "/settings/witness/bath",
    f"/explain/lots/{ident('charge', 'old', 1)}",
]  # fmt: skip
LISTS = [
    "/adjustments", "/stock/quantities", f"{HERE}/card", f"{HERE}/controlled", "/stock/damages", "/stock/consigned",
    "/stock/liabilities", "/settings/reasons",
]  # fmt: skip


def parsed(answer: httpx.Response) -> LexborHTMLParser:
    """The answer as a tree."""
    return LexborHTMLParser(answer.text)


def hidden(answer: httpx.Response, name: str) -> str:
    """The value of a form's field."""
    return str(find(parsed(answer), f"[name={name}]").attributes.get("value"))


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_opens_whole_and_keeps_to_its_policy(page: httpx.AsyncClient, path: str) -> None:
    """WEB-01: each page and dialog opens by a plain address, with a title and no inline code."""
    answer = await page.get(path)

    assert answer.status_code == 200, answer.text[:800]
    tree = parsed(answer)
    assert find(tree, "h1").text(strip=True)
    assert not [node for node in tree.css("script") if not node.attributes.get("src")]
    assert not tree.css("[style], [onclick], [hx-on]")


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_is_given_as_csv(page: httpx.AsyncClient, path: str) -> None:
    """UI rule: every table has its CSV under the same address and filters: a line per row, a cell per column."""
    answer = await page.get(path, params={"format": "csv"})

    lines = list(csv.reader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(lines) > 1
    assert {len(line) for line in lines} == {len(lines[0])}
    table = parsed(await page.get(path))
    assert "format=csv" in str(find(table, ".tablefoot a[download]").attributes["href"])


async def test_a_csv_runs_no_formula(page: httpx.AsyncClient) -> None:
    """Security: a note that begins like a formula stands in the CSV with an apostrophe before it."""
    answer = await page.get("/adjustments", params={"format": "csv"})

    assert "'=1+1" in answer.text
    assert ",=1+1" not in answer.text


async def test_a_witness_confirms_once_and_never_their_own(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """N-22: what another person entered can be confirmed, with the note, once under its key; what one entered oneself
    offers no button.
    """
    listed = parsed(await htmx.get("/adjustments?state=pending"))
    form = await htmx.get(f"/adjustments/{WAITING}/confirm")
    answer = await htmx.post(f"/adjustments/{WAITING}/confirm", data={"key": hidden(form, "key"), "note": "I saw it"})

    offered = {str(node.attributes["data-get"]) for node in listed.css("button[data-get]")}
    assert offered == {f"/adjustments/{WAITING}/confirm", f"/adjustments/{WAITING}/decline"}
    assert "dialog-close" in answer.headers["hx-trigger"]
    assert chain.did("POST", f"stock/v1/adjustments/{WAITING}:confirm") == [{"note": "I saw it"}]
    assert "fridge failed" in form.text


async def test_what_the_clock_lets_wait_is_signed_and_never_declined(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-40: the rest of a controlled vial beyond its use-by stands in the list as the clock's, without an end; it
    offers to sign and not to decline, and the form says what to do.
    """
    deed = ADJUSTMENTS[0] | {"actor": "stock", "expires_at": None, "needed": "class", "reason": "use_by", "note": ""}
    chain.overrides["GET", "stock/v1/adjustments"] = lambda _: (200, {"rows": [deed], "next": None})
    chain.overrides["GET", "stock/v1/adjustments/(?P<id>[^/]+)"] = lambda _: (200, deed)

    listed = parsed(await htmx.get("/adjustments?state=pending"))
    form = await htmx.get(f"/adjustments/{WAITING}/confirm")

    text = find(listed, "#table tbody tr").text()
    assert "The clock" in text
    assert "until somebody signs" in text
    offered = [str(node.attributes["data-get"]) for node in listed.css("button[data-get]")]
    assert offered == [f"/adjustments/{WAITING}/confirm"]
    assert "use-by has come: 6 vial are left" in form.text
    assert "needed for the class of the drug" in form.text


async def test_today_tells_a_witness_what_waits(page: httpx.AsyncClient, door: OpenDoor) -> None:
    """N-22: the first page lists what others entered and this person may witness, and nothing to who may not."""
    mine = parsed(await page.get("/"))
    door.who = person("front_desk", ("bath",))
    theirs = parsed(await page.get("/"))

    links = [node.text() for node in mine.css("a[href='/adjustments?state=pending']")]
    assert len(links) == 1
    assert "Witness -6 vial" in links[0]
    assert not theirs.css("a[href='/adjustments?state=pending']")


async def test_a_witness_who_is_refused_is_told_why(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """N-22: the service's no stands in the dialog, and the note that was typed stays."""
    chain.overrides["POST", f"stock/v1/adjustments/{WAITING}:confirm"] = lambda _: refusal(
        409, "not-enough-in-lot", "Only 2 vial are here"
    )

    answer = await htmx.post(f"/adjustments/{WAITING}/confirm", data={"key": "k", "note": "I saw it"})

    assert answer.status_code == 422
    assert "Only 2 vial are here" in find(parsed(answer), ".banner").text()
    assert hidden(answer, "note") == "I saw it"


async def test_apply_changes_the_form_and_save_makes_it_permanent(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-09, WEB-03: Apply shows the new quantities with a mark that they are unsaved, and sends nothing; Save sends
    those that differ, with what they were made from, once under one form id.
    """
    product = {"product": TOXIN["product_id"], "site": "bath"}
    applied = await htmx.get("/stock/quantities", params=product | {"way": "add", "value": "3"})

    was = int(chain.levels["bath", TOXIN["product_id"]]["on_hand"])
    assert hidden(applied, f"new_{TOXIN['product_id']}") == str(was + 3)
    assert "nothing is changed until you save" in applied.text
    assert "Unsaved" in find(parsed(applied), "footer .badge").text()
    assert chain.did("POST", "stock/.*") == []

    fields = {
        str(node.attributes["name"]): str(node.attributes.get("value") or "")
        for node in parsed(applied).css("form[method=post] input[name]")
    }
    saved = await htmx.post("/stock/quantities", data=fields | {"reason": "correction", "note": "after the count"})
    assert saved.headers["hx-redirect"].startswith("/stock/quantities")
    (body,) = chain.did("POST", "stock/v1/quantities")
    row = {"product_id": TOXIN["product_id"], "expected": str(was), "quantity": str(was + 3)}
    assert (body["rows"], body["site"], body["note"], body["form_id"]) == (
        [row], "bath", "after the count", fields["form_id"],
    )  # fmt: skip


async def test_a_form_that_moved_stays_and_says_so(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-09: when stock moved meanwhile nothing is saved: the form comes back with its numbers and the reason why."""
    chain.overrides["POST", "stock/v1/quantities"] = lambda _: refusal(409, "quantity-moved", "4 then, 3 now")
    key = f"new_{TOXIN['product_id']}"
    data = {"form_id": "f", "key": "k", "site": "bath", "reason": "correction", "product": TOXIN["product_id"]}

    answer = await htmx.post("/stock/quantities", data=data | {key: "9", key.replace("new", "was"): "4"})

    assert answer.status_code == 422
    assert "4 then, 3 now" in find(parsed(answer), ".banner").text()
    assert hidden(answer, key) == "9"


async def test_a_form_without_a_change_is_not_sent(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-09: saving what equals on hand sends nothing and says so."""
    key = f"new_{TOXIN['product_id']}"
    data = {
        "form_id": "f",
        "key": "k",
        "site": "bath",
        "reason": "correction",
        key: "4",
        key.replace("new", "was"): "4",
    }

    answer = await htmx.post("/stock/quantities", data=data)

    assert answer.status_code == 422
    assert chain.did("POST", "stock/.*") == []


async def test_the_card_tells_figures_steps_and_why(page: httpx.AsyncClient) -> None:
    """N-17: the card has the chart, the lots with their labels, each step with the balance after it, the block's chain,
    the ways out, the temporary minimum and the other sites.
    """
    answer = await page.get(f"{HERE}/card")

    tree = parsed(answer)
    assert find(tree, "svg.chart .line")
    first = [node.text(strip=True) for node in find(tree, "#table tbody tr").css("td")]
    assert first[3:6] == ["Quarantine", "0", "24"]
    assert "create a purchase order" in answer.text
    assert "a delivery is late" in find(tree, ".banner").text()
    assert [node.attributes["href"] for node in tree.css("a[href^='/labels/lots/']")]
    assert any("/card" in str(node.attributes["href"]) for node in tree.css("ul.plain a"))


async def test_the_form_of_a_correction_offers_the_managed_reasons(page: httpx.AsyncClient, chain: Chain) -> None:
    """STK-26: the adjust dialog lists the chain's reasons, no archived one and none of usage; one that has to wait for
    a witness says so.
    """
    form = parsed(await page.get(f"{HERE}/adjust"))
    chain.overrides["POST", "stock/v1/adjustments"] = lambda _: (201, {"state": "pending"})
    answer = await page.post(f"{HERE}/adjust", data={"key": "k", "quantity": "9", "reason": "waste", "way": "out"})

    offered = [node.attributes["value"] for node in find(form, "#reason").css("option")]
    assert offered == ["waste", "scrap", "loss", "correction", "found"]
    assert "waits" in answer.cookies["flash"]


async def test_usage_is_sent_as_usage(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-34: what the staff use goes to the door of usage, once, and never as an adjustment."""
    form = await htmx.get(f"{HERE}/use")
    await htmx.post(f"{HERE}/use", data={"key": hidden(form, "key"), "quantity": "2", "reason": "usage"})
    wrong = await htmx.post(f"{HERE}/use", data={"key": "k", "quantity": "two"})

    (sent,) = chain.did("POST", "stock/v1/usages")
    assert (sent["usage_id"], sent["quantity"], sent["site"]) == (hidden(form, "key"), "2", "bath")
    assert chain.did("POST", "stock/v1/adjustments") == []
    assert wrong.status_code == 422


async def test_damaged_goods_go_their_ways(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-24, STK-25: marking sends the damage; scrapping without saying how stays in the dialog; one that waits for a
    witness says so.
    """
    await htmx.post(f"{HERE}/damage", data={"key": "k", "quantity": "2", "is_defective": "true"})
    refused = await htmx.post(f"{DAMAGED}/scrap", data={"key": "k", "quantity": "1"})
    waits = await htmx.post(f"{DAMAGED}/scrap", data={"key": "k", "quantity": "1", "note": "incinerated"})
    await htmx.post(f"{DAMAGED}/repair", data={"key": "k"})

    (marked,) = chain.did("POST", "stock/v1/damages")
    assert (marked["damage_id"], marked["is_defective"], marked["quantity"]) == ("k", True, "2")
    assert refused.status_code == 422
    assert find(parsed(refused), "#note-note").text() == "Scrapped asks for a note."
    assert "waits for a second person" in waits.text
    assert chain.did("POST", "stock/v1/damages/.*:repair")[0]["lot_id"] == DAMAGE["lot_id"]


async def test_consigned_goods_are_bought_or_sent_back(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-43: buying names its reason, sending back none; both name the lot and the site."""
    await htmx.post(f"{CONSIGNED_LOT}/buy-out", data={"key": "k", "site": "bath", "reason": "contract_end"})
    await htmx.post(f"{CONSIGNED_LOT}/return", data={"key": "k", "site": "bath", "quantity": "2"})

    (bought,), (back,) = (chain.did("POST", f"stock/v1/consignments:{way}") for way in ("buy-out", "return"))
    assert (bought["reason"], bought["quantity"], bought["lot_id"]) == ("contract_end", None, CONSIGNED["lot_id"])
    assert "reason" not in back
    assert back["quantity"] == "2"


async def test_a_minimum_for_some_days_is_sent_with_its_last_day(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-46: the form sends levels, last day and why; without a day it stays."""
    wrong = await htmx.post(f"{HERE}/temporary", data={"key": "k", "minimum": "2", "reason": "late"})
    data = {"key": "k", "minimum": "2", "ends_on": "2026-12-24", "reason": "late"}
    await htmx.post(f"{HERE}/temporary", data=data)

    assert wrong.status_code == 422
    (sent,) = chain.did("POST", "stock/v1/temporary-minimums")
    assert (sent["minimum"], sent["reorder_at"], sent["ends_on"], sent["temporary_id"]) == (
        "2",
        None,
        "2026-12-24",
        "k",
    )


async def test_reasons_and_rules_are_saved(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-26, N-22: a new reason, an edit at its revision, a code that is taken beside its field; a rule in minor
    units, and an amount that is none beside its field.
    """
    made = {"key": "k", "code": "spill", "name": "Spilt", "account": "waste", "needs_note": "true"}
    await htmx.post("/settings/reasons", data=made)
    taken = await htmx.post("/settings/reasons", data=made | {"code": "waste"})
    await htmx.post("/settings/reasons", data={"code": "waste", "account": "waste", "name": "Bin", "revision": "1"})
    rule = {"above": "125.50", "hours": "8", "revision": "2", "class_controlled": "true"}
    await htmx.post("/settings/witness/chain", data=rule)
    wrong = await htmx.post("/settings/witness/chain", data=rule | {"above": "a lot"})

    assert chain.did("POST", "stock/v1/reasons")[0] == {
        "code": "spill", "name": "Spilt", "account": "waste", "needs_note": True, "needs_witness": False,
    }  # fmt: skip
    assert find(parsed(taken), "#code-note").text() == "'waste' is in the list."
    assert chain.did("PUT", "stock/v1/reasons/waste")[0]["name"] == "Bin"
    assert chain.did("PUT", "stock/v1/witness-rules/chain") == [
        {"above_minor": 12_550, "classes": ["controlled"], "hours": 8}
    ]
    assert find(parsed(wrong), "#above-note").text() == "Enter an amount, or nothing."


async def test_who_may_not_correct_sees_no_tools(page: httpx.AsyncClient, door: OpenDoor) -> None:
    """N-03: a front desk reads adjustments and cards, but has no quantity tool, no settings, no witness."""
    door.who = person("front_desk", ("bath",))

    assert (await page.get("/adjustments")).status_code == 200
    for path in ("/stock/quantities", "/settings/reasons", f"/adjustments/{WAITING}/confirm"):
        assert (await page.get(path)).status_code == 403


TABLES = [
    ("/settings/sites", "sites", "Slug"),
    ("/settings/users", "persons", "Id"),
    ("/settings/users", "keys", "Id"),
    ("/ops", "services", "Service"),
    (f"/orders/{ORDERS[0]['order_id']}", "lines", "Line"),
    (f"/transfers/{TRANSFERS[0]['transfer_id']}", "lines", "Line"),
    (f"/charges/{ident('charge', 'old', 1)}", "lines", "Line"),
    (f"/products/{TOXIN['product_id']}?tab=stock", "levels", "Site"),
    (f"/products/{TOXIN['product_id']}?tab=pricing", "prices", ""),
    (HERE, "lots", "Lot id"),
]


@pytest.mark.parametrize(("path", "name", "first"), TABLES)
async def test_a_table_of_a_page_is_given_as_csv(page: httpx.AsyncClient, path: str, name: str, first: str) -> None:
    """UI rule: a table inside a page has its CSV beside it: the link stands on the page, a line per row."""
    joint = "&" if "?" in path else "?"
    answer = await page.get(f"{path}{joint}csv={name}")
    links = [str(node.attributes["href"]) for node in parsed(await page.get(path)).css("a[download]")]

    assert any(link.endswith(f"csv={name}") for link in links), links
    assert answer.headers["content-type"].startswith("text/csv")
    lines = list(csv.reader(io.StringIO(answer.text)))
    assert len(lines) > 1
    assert {len(line) for line in lines} == {len(lines[0])}
    assert not first or lines[0][0] == first


async def test_what_no_lot_covers_stands_on_the_line_and_its_card(
    page: httpx.AsyncClient, chain: Chain, door: OpenDoor
) -> None:
    """STK-46, N-17: given an empty shelf of which a till sold 21 while it was offline; when the line and the card are
    looked at; then both say so and offer to receive; nothing is offered to who may not, and an even line is silent.
    """
    for path in (HERE, f"{HERE}/card"):
        assert "no lot covers" not in (await page.get(path)).text
    chain.levels["bath", TOXIN["product_id"]] |= {"on_hand": "0", "available": "0", "unattributed": "-21"}
    for path in (HERE, f"{HERE}/card"):
        banner = find(parsed(await page.get(path)), "main .banner")
        assert "21 vial sold here that no lot covers." in banner.text()
        assert find(banner, "button").attributes["data-get"] == f"{HERE}/receive"
    door.who = person("auditor", ("*",))
    assert not find(parsed(await page.get(HERE)), "main .banner").css("button")
