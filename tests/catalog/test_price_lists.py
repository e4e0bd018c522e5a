"""Prices for members and by category over HTTP and a real database."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from tests.catalog.harness import Bench
from tests.catalog.test_variants import product, refused

from lotwise.contracts.catalog import CategoryPriceChanged, PreferencesDefined, PriceChanged, SiteDefined

HARLEY = {"slug": "harley", "name": "Harley Street", "time_zone": "Europe/London"}


async def category(catalog: Bench, name: str = "Toxins") -> str:
    """The id of a new category."""
    return str((await catalog.post("/v1/categories", {"name": name}))["category_id"])


async def test_members_have_a_price_beside_the_standard_one(catalog: Bench) -> None:
    """CAT-65: both prices are valid at once, each with its own history, and are told apart."""
    made = await product(catalog, "CREAM", price="20")
    path = f"/v1/products/{made['product_id']}/prices"
    rows = (await catalog.post(path, {"price": "17", "audience": "members"}))["rows"]
    assert [(row["price"], row["audience"], row["valid_from"]) for row in rows] == [
        ("17.00", "members", "1970-01-01T00:00:00Z")
    ]
    found = await catalog.get(f"/v1/products/{made['product_id']}")
    assert (found["price"], found["member_price"]) == ("20.00", "17.00")
    told = await catalog.told(PriceChanged)
    assert [(event.price, event.audience, event.revision) for event in told] == [
        ("20.00", "everyone", 1),
        ("17.00", "members", 1),
    ]


async def test_the_database_tells_audiences_apart(catalog: Bench) -> None:
    """DESIGN 3.4, CAT-65: two members' prices for one moment cannot be stored, one for each audience can."""
    made = await product(catalog, "CREAM", price="20")
    insert = "INSERT INTO price VALUES (gen_random_uuid(), $1, NULL, 5, '2020-01-01', '2021-01-01', 1, 'members')"
    await catalog.owner.execute(insert, made["product_id"])
    with pytest.raises(asyncpg.ExclusionViolationError):
        await catalog.owner.execute(insert, made["product_id"])


async def test_a_category_has_a_price(catalog: Bench) -> None:
    """CAT-05: an amount for the chain, then a mark-up from a day on; the first ends when the second begins."""
    path = f"/v1/categories/{await category(catalog)}/prices"
    await catalog.post(path, {"amount": "50"})
    rows = (await catalog.post(path, {"markup_percent": "45.5", "valid_from": "2100-01-01T00:00:00Z"}))["rows"]
    assert [(row["amount"], row["markup_percent"], row["valid_to"]) for row in rows] == [
        ("50.00", None, "2100-01-01T00:00:00Z"),
        (None, "45.50", None),
    ]
    told = await catalog.told(CategoryPriceChanged)
    assert [(event.amount, event.markup, event.revision) for event in told] == [
        ("50.00", None, 1),
        ("50.00", None, 2),
        (None, "45.5", 1),
    ]
    assert (await catalog.get(path))["rows"] == rows


async def test_a_category_price_stands_beside_a_sites(catalog: Bench) -> None:
    """CAT-05: a site's rule stands beside the chain's; who manages another site may not set it."""
    await catalog.post("/v1/sites", HARLEY)
    await catalog.post("/v1/sites", HARLEY | {"slug": "soho"})
    path = f"/v1/categories/{await category(catalog)}/prices"
    await catalog.post(path, {"amount": "50"})
    await catalog.post(path, {"amount": "60", "at_site": "harley"}, who="local")
    before = await catalog.state()
    body = {"amount": "1", "at_site": "soho"}
    assert (await catalog.call("POST", path, body, who="local")).status_code == 403
    assert await catalog.state() == before
    assert [(row["at_site"], row["amount"]) for row in (await catalog.get(path))["rows"]] == [
        (None, "50.00"),
        ("harley", "60.00"),
    ]
    assert [event.site for event in await catalog.told(CategoryPriceChanged)] == ["chain", "harley"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"amount": "1", "markup_percent": "1"},
        {"amount": "-1"},
        {"markup_percent": "-1"},
        {"amount": "1", "valid_from": "2100-01-01T00:00:00Z", "valid_to": "2099-01-01T00:00:00Z"},
        {"amount": "1", "valid_from": "2100-01-01T00:00:00Z", "valid_to": "2102-01-01T00:00:00Z"},
        {"amount": "1", "at_site": "nowhere"},
    ],
)
async def test_a_category_price_that_cannot_stand_is_refused(catalog: Bench, body: dict[str, Any]) -> None:
    """CAT-05: neither or both rules, below zero, backwards, over another's beginning, unknown site: refused."""
    path = f"/v1/categories/{await category(catalog)}/prices"
    await catalog.post(path, {"amount": "5"})
    await catalog.post(path, {"amount": "6", "valid_from": "2101-01-01T00:00:00Z"})
    await refused(catalog, "POST", path, body)
    assert (await refused(catalog, "POST", f"/v1/categories/{uuid4()}/prices", {"amount": "1"}))["code"] == "unknown"


async def test_a_category_price_is_withdrawn(catalog: Bench) -> None:
    """CAT-05: one in force ends now, one that has not begun goes; both are told; a second time is refused."""
    path = f"/v1/categories/{await category(catalog)}/prices"
    now = (await catalog.post(path, {"amount": "5"}))["rows"][0]
    later = (await catalog.post(path, {"amount": "6", "valid_from": "2101-01-01T00:00:00Z"}))["rows"][1]
    for row in (later, now):
        await catalog.post(f"/v1/category-prices/{row['category_price_id']}:withdraw")
    rows = (await catalog.get(path))["rows"]
    assert [(row["amount"], row["valid_to"] is None) for row in rows] == [("5.00", False)]
    told = await catalog.told(CategoryPriceChanged)
    withdrawn = next(event for event in told if event.amount == "6.00" and event.revision == 2)
    assert withdrawn.valid_to == withdrawn.valid_from
    assert (await refused(catalog, "POST", f"/v1/category-prices/{now['category_price_id']}:withdraw", {}))["status"]


async def test_the_database_refuses_overlapping_category_prices(catalog: Bench) -> None:
    """DESIGN 3.4: even a writer that asks nobody cannot store two rules for one moment."""
    found = await category(catalog)
    insert = "INSERT INTO category_price VALUES (gen_random_uuid(), $1, NULL, 5, NULL, '2020-01-01', '2021-01-01', 1)"
    await catalog.owner.execute(insert, found)
    with pytest.raises(asyncpg.ExclusionViolationError):
        await catalog.owner.execute(insert, found)


async def test_a_site_says_how_cash_and_packages_are_treated(catalog: Bench) -> None:
    """CAT-64, SAL-16: cash rounding and the tax point of packages are settings of the site, and told."""
    made = await catalog.post("/v1/sites", HARLEY | {"cash_rounding_minor": 5})
    assert (made["cash_rounding_minor"], made["package_tax_point"]) == (5, "sale")
    body = {"name": "Harley Street", "time_zone": "Europe/London", "package_tax_point": "redemption"}
    edited = await catalog.put("/v1/sites/harley", body, '"1"')
    assert (edited["cash_rounding_minor"], edited["package_tax_point"]) == (5, "redemption")
    told = await catalog.told(SiteDefined)
    assert [(event.cash_rounding_minor, event.package_tax_point) for event in told] == [(5, "sale"), (5, "redemption")]
    for bad in ({"cash_rounding_minor": 0}, {"cash_rounding_minor": 1001}, {"package_tax_point": "never"}):
        await refused(catalog, "PUT", "/v1/sites/harley", body | bad, match="*")


async def test_preferences_are_told_at_the_first_start_and_when_they_change(catalog: Bench) -> None:
    """CAT-45, CAT-53, CAT-57: others hear them once at first start, never again at a later one, and on each change."""
    start = catalog.service.on_start
    assert start is not None
    await start(catalog.runtime)
    await start(catalog.runtime)
    assert [(event.slot_minutes, event.revision) for event in await catalog.told(PreferencesDefined)] == [(15, 1)]
    await catalog.put("/v1/preferences", {"slot_minutes": 20, "use_service_pricing_tables": False}, '"1"')
    await start(catalog.runtime)
    told = (await catalog.told(PreferencesDefined))[1:]
    assert [(event.slot_minutes, event.use_service_pricing_tables, event.revision) for event in told] == [
        (20, False, 2)
    ]
