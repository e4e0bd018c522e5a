"""`lotwise export products`: the catalog's stream becomes a CSV file or a workbook."""

from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from lotwise.onebox.access import Access
from lotwise.onebox.home import Refused
from lotwise.onebox.imports.exports import fetch
from lotwise.onebox.imports.sheets import Column, FileMapping, Sheet

TEXT = 'code,name,price\r\n.GOLD,"Gold, leaf",45.00\r\n00123,Cream,20.00\r\n'


class FakeAccess:
    """A catalog that answers with a text."""

    def __init__(self, status: int) -> None:
        self.http = httpx.AsyncClient(
            transport=httpx.MockTransport(lambda _request: httpx.Response(status, text=TEXT)), base_url="http://catalog"
        )

    def url(self, service: str) -> str:
        """The address of a service."""
        return f"http://{service}"

    async def bearer(self) -> str:
        """A token."""
        return "t"


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return [one.name for one in folder.iterdir()]


def fake(status: int = 200) -> Access:
    """The fake as what an export takes."""
    return cast("Access", FakeAccess(status))


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
async def test_both_kinds_of_file_read_alike(tmp_path: Path, ending: str) -> None:
    """CAT-34: two products in a file whose rows an import reads back as they were, a leading zero kept."""
    file = tmp_path / f"products.{ending}"
    assert await fetch(fake(), file, {}) == 2
    sheet = Sheet(file, (Column("code"), Column("name"), Column("price")), FileMapping())
    rows: list[Any] = [(row.line, row["code"], row["name"], row["price"]) for row in sheet.rows()]
    assert rows == [(2, ".GOLD", "Gold, leaf", "45.00"), (3, "00123", "Cream", "20.00")]
    assert names(tmp_path) == [file.name]


async def test_what_the_catalog_refuses_leaves_no_file(tmp_path: Path) -> None:
    """CAT-34: when the catalog does not answer with products, nothing is written and a sentence says so."""
    with pytest.raises(Refused, match="answered 403"):
        await fetch(fake(403), tmp_path / "products.xlsx", {})
    assert names(tmp_path) == []


async def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    """WEB-08: a zip that is no workbook is refused with a sentence."""
    file = tmp_path / "broken.xlsx"
    file.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(Refused, match="no workbook"):
        Sheet(file, (Column("code", (), True),), FileMapping())
