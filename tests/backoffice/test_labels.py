"""Labels: what is printed scans back to the same goods, and what cannot be is refused (UI, GS1)."""

import io
from datetime import date
from typing import Any

import biip
import httpx
import pytest
import zxingcpp
from PIL import Image
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, Chain

from lotwise.backoffice.labels import Label, element_string, internal, sheet, symbol

TOXIN = ALL_PRODUCTS[0]
HERE = f"/stock/bath/{TOXIN['product_id']}"


def image(matrix: list[list[bool]], scale: int = 5, quiet: int = 4) -> Image.Image:
    """The symbol as a printer would put it on white paper."""
    size = (len(matrix[0]) + 2 * quiet, len(matrix) + 2 * quiet)
    paper = Image.new("L", size, 255)
    for y, row in enumerate(matrix):
        for x, is_dark in enumerate(row):
            if is_dark:
                paper.putpixel((x + quiet, y + quiet), 0)
    return paper.resize((size[0] * scale, size[1] * scale), Image.Resampling.NEAREST)


def scanned(found: Image.Image) -> dict[str, Any]:
    """What a scanner and the standard make of an image, by application identifier."""
    (read,) = zxingcpp.read_barcodes(found)
    message = biip.parse(f"{read.symbology_identifier}{read.bytes.decode()}").gs1_message
    assert message is not None
    return {element.ai.ai: element for element in message.element_strings}


@pytest.mark.parametrize(
    ("lot", "ends"), [("AB-12/x", date(2028, 5, 1)), ("L0000000000000000020", date(2030, 2, 28)), ("1", None)]
)
def test_a_lot_label_scans_back_to_the_same_lot(lot: str, ends: date | None) -> None:
    """UI, GS1: the symbol of a lot read by a scanner gives the same trade item, last day and lot, with no error."""
    found = scanned(image(symbol(element_string("9506000134376", lot, ends))))

    assert found["01"].gtin is not None
    assert found["01"].gtin_error is None
    assert (found["01"].value, found["10"].value) == ("09506000134376", lot)
    assert ("17" in found) == (ends is not None)
    if ends:
        assert found["17"].date == ends


def test_a_shelf_label_without_a_trade_item_holds_our_code() -> None:
    """UI: a product without a GTIN is labelled with our own code, for use inside the company (91)."""
    assert scanned(image(symbol(internal("BAR-CAN"))))["91"].value == "BAR-CAN"


@pytest.mark.parametrize("bad", [("123", "", None), ("9506000134376", "L" * 21, None), ("9506000134376", "A(1)", None)])
def test_what_the_standard_has_no_room_for_is_refused(bad: tuple[str, str, None]) -> None:
    """Bad input: no GTIN, a lot of 21 characters, a lot with brackets: no label that would scan as something else."""
    with pytest.raises(ValueError, match=r"GTIN|20 characters|brackets"):
        element_string(*bad)


def test_a_sheet_has_all_its_labels() -> None:
    """UI: 25 labels take two A4 sheets, made of vectors, and names of any script do not break them."""
    paper = sheet([Label(element_string("9506000134376", "L1"), "Crème Ω", ("a", "b", "c"))] * 25, "Lot L1")

    assert paper.startswith(b"%PDF")
    assert paper.count(b"/Type /Page\n") == 2
    assert b"/Subtype /Image" not in paper


async def test_labels_are_printed_from_the_card(page: httpx.AsyncClient, chain: Chain) -> None:
    """UI: the lot's address gives a sheet, or one symbol that a scanner reads with the lot's own number; the shelf's
    address a label; a lot that cannot be printed says why.
    """
    lots = LexborHTMLParser((await page.get(f"{HERE}/card")).text).css("a[href^='/labels/lots/']")
    path = str(lots[0].attributes["href"])
    code = "9506000134376"
    chain.overrides["GET", f"catalog/v1/products/{TOXIN['product_id']}"] = lambda _: (200, TOXIN | {"barcodes": [code]})
    lot = next(one for one in chain_lots(chain) if one["lot_id"] in path)

    paper = await page.get(path)
    one = await page.get(path, params={"format": "png"})
    shelf = await page.get(f"/labels/shelf/bath/{TOXIN['product_id']}")

    assert (paper.headers["content-type"], paper.content[:4]) == ("application/pdf", b"%PDF")
    assert shelf.content[:4] == b"%PDF"
    found = scanned(Image.open(io.BytesIO(one.content)))
    assert (found["01"].value, found["10"].value) == (code.zfill(14), lot["lot_number"])
    assert found["17"].date == date.fromisoformat(lot["expires_on"])
    chain.overrides["GET", f"catalog/v1/products/{TOXIN['product_id']}"] = lambda _: (200, TOXIN | {"barcodes": []})
    refused = await page.get(path)
    assert (refused.status_code, "GTIN" in refused.text) == (422, True)


def chain_lots(chain: Chain) -> list[dict[str, Any]]:
    """The lots of the toxin at Bath as the fake service tells them."""
    request = httpx.Request("GET", "http://stock/v1/lots", params={"site": "bath", "product": TOXIN["product_id"]})
    found: list[dict[str, Any]] = chain.answer(request).json()["rows"]
    return found
