"""The report of lots: which charged lines took another lot than the first to expire, and its CSV (STK-36)."""

import csv
import io
from typing import Any

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, Chain, ident, refusal

PATH = "/analytics/deviations"


@pytest.fixture(autouse=True)
def lots(chain: Chain) -> None:
    """Stock knows the lot that was taken, not the other one."""

    def one(ask: Any) -> Any:
        """A lot's number."""
        known = ask.id == ident("lot", "taken")
        return (200, {"lot_number": "B2"}) if known else refusal(404, "unknown-lot", "No lot has this id")

    chain.overrides["GET", "stock/v1/lots/(?P<id>[^/]+)"] = one


async def test_a_deviation_names_both_lots_and_who(page: httpx.AsyncClient) -> None:
    """STK-36: each line with its charge, product, lot taken, lot that expires first and person; it opens its charge."""
    tree = LexborHTMLParser((await page.get(f"{PATH}?days=7")).text)
    rows = [[cell.text(strip=True) for cell in row.css("td")] for row in tree.css("tbody tr")]
    assert [row[1] for row in rows] == ["H-2030", "H-2029", "H-2028"]
    assert rows[0][2:8] == ["Harley Street", ALL_PRODUCTS[0]["name"], ALL_PRODUCTS[0]["code"], "2", "B2", "not known"]
    assert tree.css("tbody tr")[0].attributes["data-href"] == f"/charges/{ident('charge', 'old', 0)}"


async def test_the_csv_has_the_same_lines(page: httpx.AsyncClient) -> None:
    """UI rule: the list leaves as CSV with its filters, lots by number."""
    found = list(csv.DictReader(io.StringIO((await page.get(f"{PATH}?days=7&format=csv")).text)))
    assert [row["Charge"] for row in found] == ["H-2030", "H-2029", "H-2028"]
    assert (found[0]["Lot taken"], found[0]["First to expire"], found[0]["State"]) == ("B2", "not known", "recorded")


async def test_another_choice_without_lines_says_so(page: httpx.AsyncClient, htmx: httpx.AsyncClient) -> None:
    """STK-36: assumed lots are asked for by name; a range without any says what would stand there."""
    answer = await page.get(f"{PATH}?choice=assumed")
    assert "No such line in this range" in answer.text
    part = LexborHTMLParser((await htmx.get(f"{PATH}?choice=nonsense")).text)
    assert (len(part.css("tbody tr")), part.css("nav")) == (3, [])


@pytest.mark.parametrize(("choice", "head"), [("opened", "First to expire"), ("drawn", "Lot named")])
async def test_opened_vials_stand_in_the_same_report(page: httpx.AsyncClient, choice: str, head: str) -> None:
    """STK-36: vials opened against FEFO, or drawn from another lot than named, with both lots and who; each opens its
    vial, and leaves as CSV.
    """
    tree = LexborHTMLParser((await page.get(f"{PATH}?days=7&choice={choice}")).text)
    (row,) = tree.css("tbody tr")
    assert row.attributes["data-href"] == f"/containers/{ident('container', 1)}"
    cells = [cell.text(strip=True) for cell in row.css("td")]
    assert cells[1:9] == [
        "Opened vial", "Bath Spa", ALL_PRODUCTS[1]["name"], ALL_PRODUCTS[1]["code"], "100", "L41281", "L41280",
        "user amara",
    ]  # fmt: skip
    assert [node.text(strip=True) for node in tree.css("thead th")][7] == head
    (line,) = csv.DictReader(io.StringIO((await page.get(f"{PATH}?days=7&choice={choice}&format=csv")).text))
    assert (line["Lot taken"], line[head]) == ("L41281", "L41280")
