"""The page of function keys: what a site pins, what follows the list, what is refused (CAT-46)."""

from typing import Any

import httpx
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, Chain, refusal
from tests.backoffice.office import OpenDoor, find, person

PATH = "/settings/function-keys"


def form(**keys: str) -> dict[str, str]:
    """What the page sends."""
    return {"site": "bath", "revision": "4"} | keys


async def test_a_pinned_key_is_filled_and_the_others_say_what_they_pick(page: httpx.AsyncClient) -> None:
    """CAT-46: twelve fields; F3 holds the code of what is pinned, an empty one names what the list gives it."""
    tree = LexborHTMLParser((await page.get(f"{PATH}?site=bath")).text)
    values = [find(tree, f"#key_{key}").attributes["value"] for key in range(1, 13)]
    assert values == ["", "", ALL_PRODUCTS[2]["code"], *[""] * 9]
    assert find(tree, "#key_1").attributes["placeholder"] == ALL_PRODUCTS[0]["code"]
    assert find(tree, "#key_3-note").text() == f"{ALL_PRODUCTS[2]['name']}, pinned"
    assert find(tree, "[name=revision]").attributes["value"] == "4"


async def test_saving_pins_all_named_products_at_the_revision_read(page: httpx.AsyncClient, chain: Chain) -> None:
    """CAT-46: the codes become products on their keys, in place of those before, at the revision that was read."""
    answer = await page.post(PATH, data=form(key_2=ALL_PRODUCTS[4]["code"], key_12=ALL_PRODUCTS[0]["code"]))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}?site=bath")
    (sent,) = chain.did("PUT", "catalog/v1/sites/bath/function-keys")
    assert sent == {
        "keys": [
            {"key": 2, "product_id": ALL_PRODUCTS[4]["product_id"]},
            {"key": 12, "product_id": ALL_PRODUCTS[0]["product_id"]},
        ]
    }
    assert chain.headers[-1]["if-match"] == '"4"'


async def test_a_code_that_nothing_has_is_told_at_its_key(page: httpx.AsyncClient, chain: Chain) -> None:
    """CAT-46: nothing is sent; the wrong field keeps its text and says so; the catalog's own no is shown in words."""
    answer = await page.post(PATH, data=form(key_2="NOWHERE"))
    tree = LexborHTMLParser(answer.text)
    assert (answer.status_code, find(tree, "#key_2-note").text()) == (422, "No product has the code NOWHERE.")
    assert find(tree, "#key_2").attributes["value"] == "NOWHERE"
    assert chain.did("PUT", "catalog/v1/sites/bath/function-keys") == []

    def twice(_ask: Any) -> Any:
        """The catalog says no."""
        return refusal(422, "bad-value", "A product is pinned to two keys.", field="keys")

    chain.overrides["PUT", "catalog/v1/sites/bath/function-keys"] = twice
    code = ALL_PRODUCTS[4]["code"]
    answer = await page.post(PATH, data=form(key_2=code, key_5=code))
    assert "A product is pinned to two keys." in find(LexborHTMLParser(answer.text), ".banner").text()


async def test_only_who_edits_the_catalog_pins(page: httpx.AsyncClient, door: OpenDoor) -> None:
    """N-03: a front desk has no such entry in the menu and is refused in words."""
    door.who = person("front_desk", ("bath",))
    assert PATH not in (await page.get("/")).text
    assert (await page.get(PATH)).status_code == 403
