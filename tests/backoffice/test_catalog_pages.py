"""The pages of the catalog's rules: discounts, packages, categories, the price tool, reviews, preferences."""

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, Chain
from tests.backoffice.fakes.pricing import DISCOUNT, PACKAGE, RUN, SERVICES
from tests.backoffice.office import find

A, B = ALL_PRODUCTS[0], ALL_PRODUCTS[1]
SERVICE = SERVICES[0]["product_id"]
SPRING = {
    "name": "Spring",
    "value": "10",
    "form": "percent",
    "scope": "line",
    "min_quantity": "1",
    "is_automatic": "true",
}
SIX = {"name": "Six", "code": "SIX", "package_type": "treatment", "price": "725", "product_id": PACKAGE, "key": "k"}


async def test_a_discount_is_defined_by_codes_sites_and_days(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """CAT-10 CAT-13: products by their codes, sites and days become the catalog's words."""
    rules = {
        "products": f"{A['code']} {B['code']}",
        "site_bath": "true",
        "ends_on": "2026-12-31",
        "is_combinable": "true",
    }
    answer = await htmx.post("/discounts", data=SPRING | rules)

    assert answer.headers["hx-redirect"] == "/discounts"
    (sent,) = chain.did("POST", "catalog/v1/discounts")
    assert (sent["product_ids"], sent["at_sites"]) == ([A["product_id"], B["product_id"]], ["bath"])
    assert (sent["ends_on"], sent["starts_on"], sent["is_automatic"]) == ("2026-12-31", None, True)


async def test_a_coupon_never_applies_by_itself(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """CAT-13: with a coupon a discount waits to be named, whatever the box says."""
    await htmx.post("/discounts", data=SPRING | {"coupon": "SPRING"})

    assert chain.did("POST", "catalog/v1/discounts")[0]["is_automatic"] is False


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"value": "-5"}, "value", "Enter a plain number, such as 2 or 2.5."),
        ({"value": "0"}, "value", "Enter a number above zero."),
        ({"value": "120"}, "value", "A percentage is at most 100."),
        ({"products": "NOPE"}, "products", "Nothing is called NOPE."),
        ({"name": ""}, "name", "This is needed."),
    ],
)
async def test_a_discount_that_cannot_be_says_why(
    htmx: httpx.AsyncClient, typed: dict[str, str], field: str, sentence: str
) -> None:
    """Bad input: below zero, nothing, above a hundred, an unknown product, no name: said at the field."""
    answer = await htmx.post("/discounts", data=SPRING | typed)

    assert answer.status_code == 422
    assert find(LexborHTMLParser(answer.text), f"#{field}-note").text() == sentence


async def test_a_discount_is_changed_at_the_revision_that_was_read(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """CAT-07: the form carries the revision; archiving is one press."""
    sheet = LexborHTMLParser((await htmx.get(f"/discounts/{DISCOUNT}/edit")).text)
    assert find(sheet, "[name=products]").attributes["value"] == A["code"]
    revision = str(find(sheet, "[name=revision]").attributes["value"])
    await htmx.post("/discounts", data=SPRING | {"discount_id": DISCOUNT, "revision": revision})

    assert chain.did("PUT", f"catalog/v1/discounts/{DISCOUNT}")[0]["name"] == "Spring"
    assert chain.headers[-1]["if-match"] == '"2"'
    await htmx.post(f"/discounts/{DISCOUNT}/archive", data={"key": "k"})
    assert len(chain.did("POST", f"catalog/v1/discounts/{DISCOUNT}:archive")) == 1


async def test_a_package_holds_items_by_code(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """CAT-16 CAT-17: items by their codes with quantities; empty rows are left out."""
    items = {"item_0": SERVICES[0]["code"], "quantity_0": "6", "item_2": A["code"], "unlimited_2": "true", "item_3": ""}
    answer = await htmx.post("/packages", data=SIX | items | {"valid_days": "365"})

    assert answer.headers["hx-redirect"] == f"/packages/{PACKAGE}"
    (sent,) = chain.did("POST", "catalog/v1/packages")
    assert sent["items"] == [
        {"product_id": SERVICE, "quantity": "6", "is_unlimited": False},
        {"product_id": A["product_id"], "quantity": "1", "is_unlimited": True},
    ]
    assert (sent["valid_days"], sent["product_id"]) == (365, PACKAGE)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"item_0": ""}, "Name at least one product or service."),
        ({"item_0": "NOPE"}, "Nothing is called NOPE."),
        ({"item_0": "SIX", "name": "Loop"}, "Nothing is called SIX."),
        ({"name": "Loop"}, "A package cannot hold itself."),
    ],
)
async def test_a_package_that_cannot_be_says_why(htmx: httpx.AsyncClient, typed: dict[str, str], sentence: str) -> None:
    """Bad input: nothing in it, an unknown product, itself in it: said where it stands."""
    answer = await htmx.post("/packages", data=SIX | {"item_0": SERVICES[0]["code"]} | typed)

    assert answer.status_code == 422
    assert sentence in [node.text(strip=True) for node in LexborHTMLParser(answer.text).css(".error")]


async def test_a_package_shows_what_it_saves(page: httpx.AsyncClient) -> None:
    """CAT-21: its price beside the price of its parts, the saving as amount and percent."""
    figures = find(LexborHTMLParser((await page.get(f"/packages/{PACKAGE}")).text), ".figures").text()

    assert all(text in figures for text in ("$725.00", "$870.00", "$145.00", "16.67 %"))


async def test_apply_shows_and_save_sets(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """CAT-58 WEB-03: Apply shows the new prices with an unsaved mark and stores nothing; Save sets them."""
    form = {"change": "percent", "value": "5", "ending": ".99", "category_id": A["category_id"], "at_site": "bath"}
    applied = LexborHTMLParser((await htmx.post("/prices/preview", data=form)).text)

    assert find(applied, ".badge.warning").text() == "Unsaved"
    assert "It has no price to start from." in applied.body.text()  # type: ignore[union-attr]
    assert chain.did("POST", "catalog/v1/price-runs") == []
    await htmx.post("/prices", data=form | {"key": "k"})
    (sent,) = chain.did("POST", "catalog/v1/price-runs")
    assert (sent["change"], sent["value"], sent["at_site"]) == ("percent", "5", "bath")
    assert sent["choice"] == {"category_id": A["category_id"]}


async def test_a_run_is_taken_back_and_names_what_stays(htmx: httpx.AsyncClient) -> None:
    """CAT-58: undo tells how many came back and which stay because somebody changed them since."""
    answer = await htmx.post(f"/prices/runs/{RUN}/undo", data={"key": "k"})

    assert "2%20prices%20came%20back.%201%20were%20changed%20since" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Enter an amount or a mark-up, one of the two."),
        ({"amount": "10", "markup_percent": "20"}, "Enter an amount or a mark-up, one of the two."),
    ],
)
async def test_a_category_rule_is_an_amount_or_a_mark_up(
    htmx: httpx.AsyncClient, chain: Chain, typed: dict[str, str], sentence: str
) -> None:
    """CAT-05: one of the two, not both, not none; the catalog is not asked."""
    path = f"/categories/{A['category_id']}/price"
    answer = await htmx.post(path, data=typed | {"key": "k"})

    assert (answer.status_code, find(LexborHTMLParser(answer.text), "#amount-note").text()) == (422, sentence)
    assert chain.did("POST", f"catalog/v1/categories/{A['category_id']}/prices") == []
    await htmx.post(path, data={"markup_percent": "60", "at_site": "bath", "key": "k"})
    (sent,) = chain.did("POST", f"catalog/v1/categories/{A['category_id']}/prices")
    assert (sent["markup_percent"], sent["at_site"], sent["amount"]) == ("60", "bath", None)


async def test_reviews_say_why(page: httpx.AsyncClient) -> None:
    """CAT-60 CAT-61: what to look at, with the reason in words; as CSV too."""
    text = LexborHTMLParser((await page.get("/prices/review")).text).body.text()  # type: ignore[union-attr]

    assert "The cost rose since the price was set; The margin is below the target" in text
    assert "A size in the name" in (await page.get("/prices/names?format=csv")).text


async def test_preferences_are_saved_and_limits_shown(page: httpx.AsyncClient, chain: Chain) -> None:
    """CAT-45 CAT-57: the length of codes, the slot, priced services; the desk's limits stand beside them."""
    tree = LexborHTMLParser((await page.get("/settings/preferences")).text)
    shown = [find(tree, f'[name="{name}_charge.discount"]').attributes["value"] for name in ("percent", "amount")]
    assert shown == ["15", "50.00"]
    await page.post("/settings/preferences", data={"code_length_max": "10", "slot_minutes": "20", "revision": "4"})

    (sent,) = chain.did("PUT", "catalog/v1/preferences")
    assert sent == {"code_length_max": 10, "slot_minutes": 20, "use_service_pricing_tables": False}


async def test_limits_are_set_and_empty_is_no_bound(page: httpx.AsyncClient, chain: Chain) -> None:
    """Issue 4, desk: discount by hand with a limit; what is no amount is said and nothing is sent."""
    form = {"percent_charge.discount": "20", "amount_charge.discount": "75", "amount_charge.free": "much"}
    wrong = await page.post("/settings/limits", data=form)
    await page.post("/settings/limits", data=form | {"amount_charge.free": ""})

    assert wrong.status_code == 422
    (sent,) = chain.did("PUT", "sales/v1/limits")
    assert sent["limits"][:2] == [
        {"permission": "charge.discount", "percent": "20", "amount_minor": 7500},
        {"permission": "charge.free", "percent": None, "amount_minor": None},
    ]


async def test_a_recipe_is_written_by_codes(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """CAT recipe tab: what one treatment uses; an unknown code is said where it stands."""
    path = f"/products/{SERVICE}/recipe"
    wrong = await htmx.post(path, data={"item_0": "NOPE", "revision": "2"})
    await htmx.post(path, data={"item_0": A["code"], "quantity_0": "20", "item_1": "", "revision": "2"})

    assert find(LexborHTMLParser(wrong.text), "#item_0-note").text() == "Nothing is called NOPE."
    (sent,) = chain.did("PUT", f"catalog/v1/services/{SERVICE}/recipe")
    assert sent == {"lines": [{"product_id": A["product_id"], "quantity": "20"}]}


async def test_a_product_changes_its_type(page: httpx.AsyncClient, chain: Chain) -> None:
    """CAT-32 WEB-04: the two other types stand as buttons; one press changes it at the revision that was read."""
    tree = LexborHTMLParser((await page.get(f"/products/{A['product_id']}")).text)
    forms = [str(node.attributes["action"]) for node in tree.css('form[action*="/purpose/"]')]
    assert [action.rsplit("/", 1)[1] for action in forms] == ["consigned", "back_bar"]
    await page.post(forms[0], data={"revision": "3"})

    assert chain.did("PUT", f"catalog/v1/products/{A['product_id']}") == [{"purpose": "consigned"}]
    assert chain.headers[-1]["if-match"] == '"3"'


async def test_a_variant_names_its_base_by_code(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """CAT-14: the base by its code; an unknown one is said at the field and nothing is sent."""
    form = {"code": "NEW", "name": "New", "kind": "physical", "unit": "piece", "unit_decimals": "0"}
    wrong = await htmx.post("/products", data=form | {"base": "NOPE"})
    await htmx.post("/products", data=form | {"base": B["code"], "variant_name": "50 ml", "price_per": "unit"})

    assert find(LexborHTMLParser(wrong.text), "#base-note").text() == "Nothing is called NOPE."
    (sent,) = chain.did("POST", "catalog/v1/products")
    assert (sent["variant_of"], sent["variant_name"]) == (B["product_id"], "50 ml")
