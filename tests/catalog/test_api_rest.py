"""Sites, taxes, categories, prices, recipes and preferences over HTTP and a real database."""

from typing import Any

import asyncpg
import pytest
from tests.catalog.harness import Bench

from lotwise.catalog.tables import Base
from lotwise.contracts.catalog import CategoryDefined, PriceChanged, RecipeDefined, SiteDefined, TaxDefined
from lotwise.kit.migrate import drift

HARLEY = {"slug": "harley", "name": "Harley Street", "time_zone": "Europe/London"}


async def test_migrations_equal_tables(catalog: Bench, postgres: Any) -> None:
    """STYLE 2.14: what the migrations make is what the tables say, column by column."""
    url = postgres.admin_url.rsplit("/", 1)[0] + "/" + await catalog.owner.fetchval("SELECT current_database()")
    assert await drift(url, Base.metadata) == []


async def test_a_site_is_defined_and_changed(catalog: Bench) -> None:
    """CAT-25: a site keeps its slug for ever; a change grows its revision and is told."""
    made = await catalog.post("/v1/sites", HARLEY)
    assert (made["slug"], made["stock_policy"], made["revision"]) == ("harley", "block_at_zero", 1)
    edited = await catalog.put("/v1/sites/harley", {"name": "Harley", "time_zone": "Europe/London"}, '"1"')
    assert (edited["name"], edited["revision"]) == ("Harley", 2)
    assert [(event.site, event.name) for event in await catalog.told(SiteDefined)] == [
        ("harley", "Harley Street"),
        ("harley", "Harley"),
    ]


@pytest.mark.parametrize("slug", ["x y", "*", ">", "chain", "Harley", "", "a" * 41, "h\u00e4rley"])
async def test_a_slug_that_cannot_stand_on_the_bus_is_refused(catalog: Bench, slug: str) -> None:
    """DESIGN 3.12: a site's slug is `[a-z0-9-]{1,40}` and not `chain`; nothing changed."""
    before = await catalog.state()
    answer = await catalog.call("POST", "/v1/sites", HARLEY | {"slug": slug})
    assert (answer.status_code, answer.json()["field"]) == (422, "slug")
    assert await catalog.state() == before


async def test_a_time_zone_must_exist(catalog: Bench) -> None:
    """DESIGN 3.5: days belong to a real zone; nothing changed."""
    before = await catalog.state()
    answer = await catalog.call("POST", "/v1/sites", HARLEY | {"time_zone": "Mars/Olympus"})
    assert (answer.status_code, answer.json()["field"]) == (422, "time_zone")
    assert await catalog.state() == before


async def test_taxes_have_effective_dates(catalog: Bench) -> None:
    """CAT-25, CAT-26, CAT-63: the first taxes count from the beginning, later ones from their day."""
    await catalog.post("/v1/sites", HARLEY)
    gst = {"tax_1": {"name": "GST", "rate_1": "5"}, "tax_2": {"name": "QST", "rate_1": "9.975", "rate_2": "7"}}
    first = await catalog.put("/v1/sites/harley/tax", gst)
    assert (first["valid_from"], first["tax_2"]) == ("1970-01-01", {"name": "QST", "rate_1": "9.975", "rate_2": "7"})
    later = gst | {"tax_1": {"name": "GST", "rate_1": "6"}, "valid_from": "2100-01-01"}
    await catalog.put("/v1/sites/harley/tax", later)
    before = await catalog.state()
    await catalog.put("/v1/sites/harley/tax", later)
    assert await catalog.state() == before
    found = await catalog.get("/v1/sites/harley/tax")
    assert (found["today"]["tax_1"]["rate_1"], len(found["rows"])) == ("5", 2)
    assert [(event.slug, event.tax_1.rate_1) for event in await catalog.told(TaxDefined)] == [
        ("harley", "5"),
        ("harley", "6"),
    ]


@pytest.mark.parametrize("rate", ["-1", "100.5", "five", "1e3"])
async def test_a_tax_rate_is_a_percentage(catalog: Bench, rate: str) -> None:
    """CAT-26: a rate lies between 0 and 100; nothing changed."""
    await catalog.post("/v1/sites", HARLEY)
    before = await catalog.state()
    answer = await catalog.call("PUT", "/v1/sites/harley/tax", {"tax_1": {"name": "T", "rate_1": rate}})
    assert answer.status_code == 422
    assert await catalog.state() == before


async def test_a_product_may_be_taxed_otherwise_at_a_site(catalog: Bench) -> None:
    """CAT-63: tax and application code may be overridden per site, and the definition tells it."""
    await catalog.post("/v1/sites", HARLEY)
    made = await catalog.post(
        "/v1/products",
        {
            "code": "A",
            "name": "A",
            "kind": "physical",
            "tax_code": 1,
            "site_taxes": [{"at_site": "harley", "tax_code": 5, "application_code": 1}],
        },
    )
    assert made["site_taxes"] == [{"at_site": "harley", "tax_code": 5, "application_code": 1}]
    told = (await catalog.told())[-1]
    assert (told.site_taxes[0].at_site, told.site_taxes[0].tax_code) == ("harley", 5)


async def test_categories_are_unique_by_name(catalog: Bench) -> None:
    """CAT-03, CAT-04: a category is created and renamed; a taken name or a code not 3 long changes nothing."""
    made = await catalog.post("/v1/categories", {"name": "Toxins", "code": "TOX"})
    other = await catalog.post("/v1/categories", {"name": "Fillers"})
    before = await catalog.state()
    for body in ({"name": "toxins"}, {"name": "X", "code": "TOX"}, {"name": "X", "code": "TO"}, {"name": "  "}):
        assert (await catalog.call("POST", "/v1/categories", body)).status_code in {409, 422}
    path = f"/v1/categories/{other['category_id']}"
    assert (await catalog.call("PUT", path, {"name": "TOXINS"}, match='"1"')).status_code == 409
    assert await catalog.state() == before
    renamed = await catalog.put(f"/v1/categories/{made['category_id']}", {"name": "Botulinum", "code": "TOX"}, '"1"')
    assert (renamed["name"], renamed["revision"]) == ("Botulinum", 2)
    assert [event.name for event in await catalog.told(CategoryDefined)] == ["Toxins", "Fillers", "Botulinum"]


async def _product(catalog: Bench, **fields: Any) -> str:
    made = await catalog.post("/v1/products", {"code": "A", "name": "A", "kind": "physical"} | fields)
    return str(made["product_id"])


async def test_a_new_price_ends_the_one_before(catalog: Bench) -> None:
    """CAT-08, CAT-56: a price from a day on ends the price before it, and both are told."""
    product = await _product(catalog, price="10")
    rows = (
        await catalog.post(f"/v1/products/{product}/prices", {"price": "11", "valid_from": "2100-01-01T00:00:00Z"})
    )["rows"]
    assert [(row["price"], row["valid_to"]) for row in rows] == [("10.00", "2100-01-01T00:00:00Z"), ("11.00", None)]
    told = await catalog.told(PriceChanged)
    assert [(event.price, event.revision) for event in told] == [("10.00", 1), ("10.00", 2), ("11.00", 1)]
    assert told[0].price_id == told[1].price_id


async def test_a_price_for_a_while_gives_way_again(catalog: Bench) -> None:
    """CAT-13, CAT-56: a price with an end interrupts the standing one, which returns afterwards."""
    product = await _product(catalog, price="10")
    rows = (
        await catalog.post(
            f"/v1/products/{product}/prices",
            {"price": "8", "valid_from": "2100-01-01T00:00:00Z", "valid_to": "2100-02-01T00:00:00Z"},
        )
    )["rows"]
    assert [row["price"] for row in rows] == ["10.00", "8.00", "10.00"]


async def test_a_site_may_have_its_own_price(catalog: Bench) -> None:
    """CAT-56: a site's price stands beside the chain's; a manager of another site may not set it."""
    await catalog.post("/v1/sites", HARLEY)
    await catalog.post("/v1/sites", HARLEY | {"slug": "soho"})
    product = await _product(catalog, price="10")
    path = f"/v1/products/{product}/prices"
    await catalog.post(path, {"price": "12", "at_site": "harley"}, who="local")
    before = await catalog.state()
    assert (await catalog.call("POST", path, {"price": "1", "at_site": "soho"}, who="local")).status_code == 403
    assert await catalog.state() == before
    assert [(row["at_site"], row["price"]) for row in (await catalog.get(path))["rows"]] == [
        (None, "10.00"),
        ("harley", "12.00"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"price": "-1"},
        {"price": "1", "valid_from": "2100-01-01T00:00:00Z", "valid_to": "2099-01-01T00:00:00Z"},
        {"price": "1", "valid_from": "0001-01-01T00:00:00Z"},
        {"price": "1", "valid_from": "1970-01-01T00:00:00Z"},
        {"price": "1", "at_site": "nowhere"},
        {"price": "1", "at_site": "x y"},
    ],
)
async def test_a_price_that_cannot_stand_is_refused(catalog: Bench, body: dict[str, Any]) -> None:
    """DESIGN 3.4: no negative price, no period backwards or over another's beginning; nothing changed."""
    product = await _product(catalog, price="10")
    before = await catalog.state()
    answer = await catalog.call("POST", f"/v1/products/{product}/prices", body)
    assert answer.status_code in {404, 409, 422}, answer.text
    assert await catalog.state() == before


async def test_the_database_itself_refuses_overlapping_prices(catalog: Bench) -> None:
    """DESIGN 3.4: even a writer that asks nobody cannot store two prices for one moment."""
    product = await _product(catalog, price="10")
    with pytest.raises(asyncpg.ExclusionViolationError):
        await catalog.owner.execute(
            "INSERT INTO price VALUES (gen_random_uuid(), $1, NULL, 5, '2020-01-01', '2021-01-01', 1)", product
        )


async def test_a_recipe_is_defined_and_told(catalog: Bench) -> None:
    """DESIGN 1: a service consumes quantities of physical products; the same recipe again says nothing."""
    vial = await _product(catalog, unit="ml", unit_decimals=1)
    service = await _product(catalog, code="FILL", kind="service")
    path = f"/v1/services/{service}/recipe"
    made = await catalog.put(path, {"lines": [{"product_id": vial, "quantity": "2.5"}]})
    assert (made["lines"][0]["quantity"], made["lines"][0]["unit"], made["revision"]) == ("2.5", "ml", 1)
    before = await catalog.state()
    await catalog.put(path, {"lines": [{"product_id": vial, "quantity": "2.50"}]})
    assert await catalog.state() == before
    (told,) = await catalog.told(RecipeDefined)
    assert (str(told.service_id), told.lines[0].quantity) == (service, "2.5")


@pytest.mark.parametrize("quantity", ["0", "-1", "0.25", "1e3", "x"])
async def test_a_recipe_line_must_fit_its_product(catalog: Bench, quantity: str) -> None:
    """DESIGN 3.1: a quantity of nothing, below zero or with more decimals than declared is refused; nothing changed."""
    vial = await _product(catalog, unit="ml", unit_decimals=1)
    service = await _product(catalog, code="FILL", kind="service")
    before = await catalog.state()
    answer = await catalog.call(
        "PUT", f"/v1/services/{service}/recipe", {"lines": [{"product_id": vial, "quantity": quantity}]}
    )
    assert answer.status_code == 422
    assert await catalog.state() == before


async def test_only_services_have_recipes(catalog: Bench) -> None:
    """CAT-02: a recipe of a physical product, or with a service in it, is refused; nothing changed."""
    vial = await _product(catalog)
    service = await _product(catalog, code="FILL", kind="service")
    before = await catalog.state()
    for path, line in ((vial, vial), (service, service)):
        answer = await catalog.call(
            "PUT", f"/v1/services/{path}/recipe", {"lines": [{"product_id": line, "quantity": "1"}]}
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "recipe-not-allowed")
    assert await catalog.state() == before


async def test_the_code_length_is_a_preference(catalog: Bench) -> None:
    """CAT-45: with a limit of 10 a code of 11 is refused, and of a service the period counts."""
    await catalog.put("/v1/preferences", {"code_length_max": 10}, '"1"')
    await _product(catalog, code="A" * 10)
    before = await catalog.state()
    for code, kind in (("A" * 11, "physical"), ("A" * 10, "service")):
        answer = await catalog.call("POST", "/v1/products", {"code": code, "name": "A", "kind": kind})
        assert (answer.status_code, answer.json()["numbers"]["length"]) == (422, 11)
    assert (await catalog.call("PUT", "/v1/preferences", {"code_length_max": 11}, match="*")).status_code == 422
    assert await catalog.state() == before
