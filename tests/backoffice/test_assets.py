"""The pages of assets: the register, one unit, and what is done to it (STK-19 to 23)."""

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import Chain, ident
from tests.backoffice.fakes.assets import LASER
from tests.backoffice.office import find

UNIT = ident("serial", 1)


async def test_the_register_shows_place_and_what_is_due(htmx: httpx.AsyncClient) -> None:
    """STK-21, STK-22: each unit with its badges, only those that are due when asked; text of a serial is text."""
    answer = await htmx.get("/serials")
    tree = LexborHTMLParser(answer.text)
    first, second, _ = tree.css("#table tbody tr")
    assert "SN-001" in first.text()
    assert "due" in first.text()
    assert second.css_first(".code").text() == "<b>2</b>"  # type: ignore[union-attr]
    due = LexborHTMLParser((await htmx.get("/serials", params={"due": "true"})).text)
    assert len(due.css("#table tbody tr")) == 1


async def test_its_csv_cannot_be_a_formula(htmx: httpx.AsyncClient) -> None:
    """UI: the register as CSV; a serial that begins with = is text to a spreadsheet."""
    answer = await htmx.get("/serials", params={"format": "csv", "state": "all"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert "'=3+3" in answer.text


async def test_a_unit_shows_its_story_work_and_schedule(htmx: httpx.AsyncClient) -> None:
    """STK-21 to 23: one unit with where it is, its maintenance with costs and papers, and five rows of schedule."""
    answer = await htmx.get(f"/serials/{UNIT}")
    tree = LexborHTMLParser(answer.text)
    assert "Put to use" in find(tree, ".timeline").text()
    assert "R-2291" in tree.body.text()  # type: ignore[union-attr]
    assert len(tree.css("section[aria-labelledby=h-worth] tbody tr")) == 5
    assert find(tree, "section[aria-labelledby=h-worth] svg.chart").attributes["role"] == "img"
    plain = await htmx.get(f"/serials/{ident('serial', 2)}")
    assert "It keeps its cost" in plain.text
    csv = await htmx.get(f"/serials/{UNIT}", params={"csv": "schedule"})
    assert len(csv.text.strip().splitlines()) == 6


async def test_units_are_registered_one_a_line(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-19: lines become numbers, money minor units; a number that is taken stands at its field."""
    form = {"key": "k", "site": "bath", "product_id": LASER["product_id"], "serials": " A-1 \n\nA-2\n", "cost": "12.50"}
    answer = await htmx.post("/serials/register", data=form)
    assert answer.headers["hx-redirect"] == "/serials"
    (body,) = chain.did("POST", "stock/v1/serials")
    assert (body["serials"], body["cost_minor"], "lot_id" in body) == (["A-1", "A-2"], 1250, False)
    refused = await htmx.post("/serials/register", data=form | {"serials": "TAKEN"})
    assert refused.status_code == 422
    assert "Serial TAKEN is known" in find(LexborHTMLParser(refused.text), "#serials-note").text()


@pytest.mark.parametrize(
    "deed", ["move", "repair", "retire", "find", "work", "use", "plan", "warranty", "depreciation", "register"]
)
async def test_every_form_opens_as_a_dialog(htmx: httpx.AsyncClient, deed: str) -> None:
    """UI: each form is a sheet with its own key and a button that sends it."""
    where = "/serials/register" if deed == "register" else f"/serials/{UNIT}/{deed}"
    tree = LexborHTMLParser((await htmx.get(where)).text)
    assert find(tree, "form.sheet input[name=key]").attributes["value"]
    assert find(tree, "form.sheet footer button[type=submit]")


async def test_what_is_done_goes_to_stock(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-21 to 23: move, write off (asking why), work with its cost, and an edit at the revision that was read."""
    moved = await htmx.post(f"/serials/{UNIT}/move", data={"key": "k", "state": "in_use", "room": "3"})
    assert moved.headers["hx-redirect"] == f"/serials/{UNIT}"
    assert chain.did("POST", f"stock/v1/serials/{UNIT}:move") == [{"state": "in_use", "room": "3", "note": ""}]
    refused = await htmx.post(f"/serials/{UNIT}/retire", data={"key": "k", "state": "scrapped"})
    assert (refused.status_code, "asks for a note" in refused.text) == (422, True)
    await htmx.post(f"/serials/{UNIT}/work", data={"key": "k", "done_on": "2026-01-05", "work": "x", "cost": "450"})
    (work,) = chain.did("POST", f"stock/v1/serials/{UNIT}/works")
    assert (work["cost_minor"], work["done_on"]) == (45_000, "2026-01-05")
    worth = {"method": "declining_balance", "cost": "60000", "salvage": "6000", "life_months": "60", "factor": "1.5"}
    await htmx.post(f"/serials/{UNIT}/depreciation", data=worth | {"revision": "7"})
    (body,) = chain.did("PUT", f"stock/v1/serials/{UNIT}/depreciation")
    assert (body["factor"], body["cost_minor"], body["salvage_minor"]) == (1500, 6_000_000, 600_000)


async def test_the_page_has_totals_and_what_waits_for_its_serial(page: httpx.AsyncClient) -> None:
    """STK-19, STK-23: the whole page says what all units are worth, by site, and which goods have no serial yet."""
    text = LexborHTMLParser((await page.get("/serials")).text).body.text()  # type: ignore[union-attr]
    assert "76,800.00" in text
    assert "1 lot does not agree with the units that have a serial" in " ".join(text.split())


async def test_units_without_a_serial_are_one_banner(page: httpx.AsyncClient, chain: Chain) -> None:
    """STK-19: however many lots wait for names, one banner says how many and opens to a table with a button each."""
    row = {
        "site": "bath",
        "product_id": LASER["product_id"],
        "name": "Laser",
        "lot_number": "L",
        "on_hand": "2",
        "named": 0,
    }
    waiting = [row | {"lot_id": ident("lot", i)} for i in range(30)]
    chain.overrides["GET", "stock/v1/serials/unnamed"] = lambda _: (200, {"rows": waiting, "next": "more"})
    tree = LexborHTMLParser((await page.get("/serials")).text)
    (banner,) = tree.css("details.banner")
    assert "30+ lots do not agree" in find(banner, "summary").text()
    assert len(banner.css("tbody button")) == 30
