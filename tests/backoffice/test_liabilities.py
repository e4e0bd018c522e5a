"""The pages of what is owed to members, and of what was used without a charge."""

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser


def shown(answer: httpx.Response) -> list[list[str]]:
    """The rows of a page's table."""
    tree = LexborHTMLParser(answer.text)
    return [[cell.text(strip=True) for cell in row.css("td")] for row in tree.css("tbody tr")]


async def test_what_is_owed_stands_by_kind_and_site(page: httpx.AsyncClient) -> None:
    """REP-16: each kind and site with its figures, the sums of each kind above; a kind narrows the question."""
    report = await page.get("/analytics/liabilities?days=7")
    gifts = await page.get("/analytics/liabilities?days=7&kind=gift")

    assert report.status_code == 200
    assert [row[0] for row in shown(report)] == ["Packages", "Packages", "Memberships", "Gift certificates"]
    figures = [one.text(strip=True) for one in LexborHTMLParser(report.text).css(".figures .value")]
    assert [text.strip("$£€") for text in figures] == ["1,000.00", "875.55", "75.00"]
    assert [row[6].strip("$£€") for row in shown(gifts)] == ["75.00"]


async def test_free_use_stands_with_reason_person_and_cost(page: httpx.AsyncClient) -> None:
    """SAL-23: each product with its reason in words, who recorded it, quantity and cost; a reason narrows it."""
    report = await page.get("/analytics/free-use?days=7")
    narrowed = await page.get("/analytics/free-use?days=7&reason=training")

    assert [(row[2], row[5], row[6].strip("$£€")) for row in shown(report)] == [
        ("Touch-up", "2.5", "11.30"),
        ("Training", "2.5", "11.30"),
    ]
    assert [row[2] for row in shown(narrowed)] == ["Training"]


@pytest.mark.parametrize(
    ("path", "head", "row"),
    [
        ("/analytics/liabilities", "Kind,Site,Sold,Redeemed,Expired,Refunded,Outstanding", "Gift certificates,Bath,"),
        ("/analytics/free-use", "Product,Code,Reason,By,Times,Units,Cost", ",Touch-up,"),
    ],
)
async def test_the_whole_report_is_csv(page: httpx.AsyncClient, path: str, head: str, row: str) -> None:
    """REP-16, SAL-23: the table's CSV has its columns and every row."""
    answer = await page.get(f"{path}?format=csv")
    lines = answer.text.strip().splitlines()

    assert answer.headers["content-type"].startswith("text/csv")
    assert lines[0].lstrip("\ufeff") == head
    assert any(row in line for line in lines[1:])
