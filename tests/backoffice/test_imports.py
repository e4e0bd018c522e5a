"""The pages that bring products in from a file: what is told, what is asked, what is refused."""

import base64

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import Chain, refusal
from tests.backoffice.fakes.imports import IMPORT, told
from tests.backoffice.office import OpenDoor, find, person

PAGE = f"/products/import/{IMPORT}"


def words(answer: httpx.Response, selector: str = "main") -> str:
    """What a part of the page says, blanks evened."""
    return " ".join(find(LexborHTMLParser(answer.text), selector).text(separator=" ").split())


async def test_the_way_to_the_import_is_on_the_list(page: httpx.AsyncClient, door: OpenDoor) -> None:
    """WEB-08: whoever may write the catalog finds Import… on the list of products; others neither see nor open it."""
    assert find(LexborHTMLParser((await page.get("/products")).text), "a[href='/products/import']").text().strip()
    assert words(await page.get("/products/import"), "h1") == "Products Import products"
    door.who = person("front_desk")
    assert not LexborHTMLParser((await page.get("/products")).text).css("a[href='/products/import']")
    for method, path in (("GET", "/products/import"), ("POST", "/products/import:upload"), ("GET", PAGE)):
        assert (await page.request(method, path)).status_code == 403


async def test_a_file_is_sent_as_it_is(page: httpx.AsyncClient, chain: Chain) -> None:
    """WEB-08: the file goes to the catalog byte by byte under the form's key; the page goes on to what it would do."""
    content = b"code,name\nA,Cr\xe8me\n"
    answer = await page.post(
        "/products/import:upload", data={"key": "k1"}, files={"file": ("my list.csv", content, "text/csv")}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    (sent,) = chain.did("POST", "catalog/v1/product-imports:upload")
    assert (sent["name"], base64.b64decode(sent["content"])) == ("my list.csv", content)
    assert chain.headers[-1]["idempotency-key"] == "k1"


async def test_what_is_no_file_is_said_at_the_field(
    page: httpx.AsyncClient, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad input: no file, a too large one, one that the catalog refuses: a sentence at the field, nothing is sent."""
    empty = await page.post("/products/import:upload", data={"key": "k"})
    assert (empty.status_code, words(empty, "#file-note")) == (422, "Choose a file first.")
    monkeypatch.setattr("lotwise.backoffice.screens.product_import.FILE_BYTES_MAX", 10)
    large = await page.post("/products/import:upload", files={"file": ("a.csv", b"x" * 1_200_000)})
    assert "The file has 1.2 MB; at most 20 MB come in at once. Split it." in words(large, "#file-note")
    assert not chain.did("POST", "catalog/v1/product-imports:upload")
    no = refusal(422, "bad-file", "The file is empty.")
    chain.overrides["POST", "catalog/v1/product-imports:upload"] = lambda _: no
    told_no = await page.post("/products/import:upload", files={"file": ("a.csv", b" ")})
    assert (told_no.status_code, words(told_no, "#file-note")) == (422, "The file is empty.")


async def test_every_row_is_told_before_anything_changes(page: httpx.AsyncClient, chain: Chain) -> None:
    """WEB-08: counts, what is wrong with row, column and what to do, what changes into what; then the button."""
    first = await page.get(PAGE)
    assert words(first, "#import .figures") == (
        "New 1 Changed 1 Unchanged 1 To look at twice 1 they come in nevertheless Refused 2 left out"
    )
    # refused ones come first
    assert words(first, "#h-rows") == "Rows that are left out"
    rows = [" ".join(row.text(separator=" ").split()) for row in LexborHTMLParser(first.text).css("tbody tr")]
    assert rows == [
        "5 BAD The BAD Refused price '$7' is no plain number. Correct the row in your file.",
        "6 \N{EN DASH} The Refused code The row has no code. Correct the row in your file.",
    ]
    assert "Columns that were not used: colour." in words(first)
    assert words(first, "#import form button") == "Import 2 products"
    changed = await page.get(f"{PAGE}?show=updated")
    assert "price 10.00 → 12.50 size empty → 30 Look twice The check digit of 4006381333932 is wrong." in words(changed)
    # and the rows can be taken along
    sheet = (await page.get(f"{PAGE}?show=refused&format=csv")).text.splitlines()
    assert sheet[:2] == [
        "Row,Code,Name,Outcome,Column,What changes or is wrong,What to do",
        "5,BAD,The BAD,Refused,price,'$7' is no plain number.,Correct the row in your file.",
    ]
    # when it is imported, the counts that were shown go along
    answer = await page.post(f"{PAGE}/apply", data={"key": "k2", "created": "1", "updated": "1"})
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert chain.did("POST", "catalog/v1/product-imports/.*:apply") == [{"created": 1, "updated": 1}]


@pytest.mark.parametrize(
    ("state", "given", "says"),
    [
        ("reading", {"rows": 2000}, "Reading the file… 2,000 rows so far"),
        ("judging", {"rows": 50_000, "done_rows": 12_500}, "Looking at every row… 12,500 of 50,000 rows"),
        ("applying", {"done_rows": 1}, "Bringing products in… 1 of 2 rows"),
        ("failed", {"problem": "This is neither CSV nor XLSX."}, "This is neither CSV nor XLSX. Nothing was changed."),
        ("done", {"applied": 2}, "2 products came in. 2 rows were left out: the list says why."),
        ("ready", {"created": 0, "updated": 0, "refused": 0}, "All products of this file are here already"),
        ("ready", {"created": 0, "updated": 0}, "None of the rows can come in as they are"),
    ],
)
async def test_each_state_says_what_it_is(
    page: httpx.AsyncClient, chain: Chain, state: str, given: dict[str, object], says: str
) -> None:
    """WEB-08: progress while it works (asked again by itself), why it failed, what came in, that there is nothing."""
    chain.overrides["GET", "catalog/v1/product-imports/[^/]*"] = lambda _: (200, told(state, **given))
    answer = await page.get(PAGE)
    assert says in words(answer)
    tree = LexborHTMLParser(answer.text)
    works = state in {"reading", "judging", "applying"}
    assert bool(tree.css("#import[hx-get]")) is works
    assert bool(tree.css("progress")) is works
    assert not tree.css("#import form button.primary")


async def test_who_may_not_set_prices_is_told_so(page: httpx.AsyncClient, chain: Chain, door: OpenDoor) -> None:
    """WEB-06: without the right to set prices a file with prices shows no button; one without prices does."""
    assert door.who is not None
    reach = {name: sites for name, sites in door.who.reach.items() if name != "catalog.price"}
    door.who = type(door.who)(door.who.subject, "W", reach, (), door.who.expires_at, "t")
    assert "This file sets prices, which you may not do." in words(await page.get(PAGE))
    chain.overrides["GET", "catalog/v1/product-imports/[^/]*"] = lambda _: (200, told(has_prices=False))
    assert words(await page.get(PAGE), "#import form button") == "Import 2 products"
