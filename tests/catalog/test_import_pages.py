"""The pages of an import before the real catalog: a file goes in by the browser, products come out of the API."""

import httpx
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import Chain
from tests.backoffice.office import OpenDoor, browser, find, office
from tests.catalog.harness import Bench, who

from lotwise.catalog.api.batches import read_row
from lotwise.catalog.operations.importing import Importing


async def test_a_catalog_comes_in_by_the_browser(catalog: Bench) -> None:
    """WEB-08: given an empty catalog; when a file is sent, looked at and imported; then its products are there."""
    catalog.runtime.verifier._known["token-of-owner"] = who("owner")
    app = office(Chain(), OpenDoor())
    app.state.runtime.http = httpx.AsyncClient(transport=catalog.http._transport)
    work = Importing(catalog.runtime.db, "USD", read_row)
    async with browser(app) as page:
        text = "Item Code,Item Name,Price\nSERUM,Serum,31.50\nCREAM,Cream,$7\nMASK,Mask,4\n"
        sent = await page.post(
            "/products/import:upload", data={"key": "k1"}, files={"file": ("list.csv", text.encode(), "text/csv")}
        )
        path = sent.headers["location"]
        # given that nobody has looked at it yet, the page says so
        assert "Reading the file…" in (await page.get(path)).text
        while await work.step():
            pass
        shown = LexborHTMLParser((await page.get(path)).text)
        assert [one.text() for one in shown.css("#import .figures .value")] == ["2", "0", "0", "0", "1"]
        assert "is no plain number: write it like 12.50" in find(shown, "tbody").text()
        assert (await catalog.get("/v1/products"))["rows"] == []
        # when it is imported by the button that the page shows
        form = {one.attributes["name"] or "": one.attributes["value"] for one in shown.css("#import form input")}
        await page.post(f"{path}/apply", data=form)
        while await work.step():
            pass
        assert "2 products came in." in find(LexborHTMLParser((await page.get(path)).text), ".banner").text()
        # and the export of the page comes back in unchanged, a name that looks like a formula too
        await catalog.post("/v1/products", {"code": "SUM", "name": "=1+1", "kind": "physical"})
        whole = await page.get("/products/export")
        assert whole.headers["content-disposition"] == 'attachment; filename="products.csv"'
        assert ",'=1+1," in whole.text.replace("SUM", "")
        back = await page.post("/products/import:upload", files={"file": ("products.csv", whole.content)})
        while await work.step():
            pass
        shown = LexborHTMLParser((await page.get(back.headers["location"])).text)
        assert [one.text() for one in shown.css("#import .figures .value")] == ["0", "0", "3", "0", "0"]
        assert "There is nothing to do." in find(shown, ".banner").text()
    rows = (await catalog.get("/v1/products"))["rows"]
    assert [(row["code"], row["price"]) for row in rows if row["code"] != "SUM"] == [
        ("MASK", "4.00"), ("SERUM", "31.50"),
    ]  # fmt: skip
