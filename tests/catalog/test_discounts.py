"""Discounts over HTTP and a real database."""

from typing import Any
from uuid import uuid4

import pytest
from tests.catalog.harness import Bench
from tests.catalog.test_price_lists import HARLEY
from tests.catalog.test_variants import product, refused

from lotwise.contracts.catalog import DiscountDefined

SPRING = {"name": "Spring", "value": "10", "starts_on": "2026-03-01", "ends_on": "2026-03-31"}


async def test_a_discount_is_defined_changed_and_told(catalog: Bench) -> None:
    """CAT-10, CAT-13: 10 % in March on one product; an edit grows the revision, keeps the rest, and is audited."""
    cream = await product(catalog, "CREAM", price="20")
    made = await catalog.post("/v1/discounts", SPRING | {"product_ids": [cream["product_id"]]})
    assert (made["value"], made["form"], made["scope"], made["is_automatic"]) == ("10.00", "percent", "line", True)
    path = f"/v1/discounts/{made['discount_id']}"
    edited = await catalog.put(path, {"value": "12.5"}, '"1"', who="manager")
    assert (edited["value"], edited["name"], edited["ends_on"]) == ("12.50", "Spring", "2026-03-31")
    assert (await catalog.call("GET", path)).headers["etag"] == '"2"'
    before = await catalog.state()
    await catalog.put(path, {"value": "12.5"}, '"2"')
    assert await catalog.state() == before
    told = await catalog.told(DiscountDefined)
    assert [(event.value, event.revision, [str(one) for one in event.product_ids]) for event in told] == [
        ("10.00", 1, [cream["product_id"]]),
        ("12.50", 2, [cream["product_id"]]),
    ]
    kept = await catalog.owner.fetch("SELECT field, was, now, who FROM change WHERE subject LIKE 'discount:%'")
    assert [tuple(row) for row in kept] == [
        ("created", None, "Spring", "user:owner"),
        ("value", 10_000_000, 12_500_000, "user:manager"),
    ]


async def test_amounts_bundles_and_carts(catalog: Bench) -> None:
    """CAT-11, CAT-12: 20 off a line, 15 % off three together, and 5 off a charge of 100 or more."""
    for body in (
        {"name": "20 off", "form": "amount", "value": "20"},
        {"name": "Three", "scope": "bundle", "value": "15", "min_quantity": "3"},
        {"name": "Five off", "scope": "cart", "form": "amount", "value": "5", "min_spend": "100"},
    ):
        await catalog.post("/v1/discounts", body)
    told = await catalog.told(DiscountDefined)
    assert [(event.scope, event.form, event.value, event.min_quantity, event.min_spend) for event in told] == [
        ("line", "amount", "20.00", "1", None),
        ("bundle", "percent", "15.00", "3", None),
        ("cart", "amount", "5.00", "1", "100.00"),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"value": "-1"}, "value"),
        ({"value": "0"}, "value"),
        ({"value": "100.01"}, "value"),
        ({"form": "amount", "value": "1.001"}, "value"),
        ({"starts_on": "2026-04-01"}, "ends_on"),
        ({"scope": "bundle"}, "min_quantity"),
        ({"scope": "bundle", "min_quantity": "0.5"}, "min_quantity"),
        ({"min_quantity": "0"}, "min_quantity"),
        ({"min_spend": "5"}, "min_spend"),
        ({"scope": "cart", "min_spend": "-5"}, "min_spend"),
        ({"scope": "cart", "product_ids": [str(uuid4())]}, "scope"),
        ({"coupon": "X", "is_automatic": True}, "is_automatic"),
        ({"product_ids": [str(uuid4())]}, "product_ids"),
        ({"category_ids": [str(uuid4())]}, "category_ids"),
        ({"at_sites": ["nowhere"]}, "at_sites"),
        ({"name": " "}, "name"),
        ({"scope": "shelf"}, "scope"),
    ],
)
async def test_a_discount_that_cannot_stand_is_refused(catalog: Bench, change: dict[str, Any], field: str) -> None:
    """CAT-10 to CAT-13: below zero, above 100 %, over before it starts, of nothing known: refused with the field."""
    assert (await refused(catalog, "POST", "/v1/discounts", SPRING | change))["field"] == field


async def test_a_coupon_belongs_to_one_discount_in_force(catalog: Bench) -> None:
    """CAT-13: a coupon makes a discount wait to be named; another one with it, however cased, must be archived."""
    first = await catalog.post("/v1/discounts", SPRING | {"coupon": "SPRING26"})
    assert first["is_automatic"] is False
    again = SPRING | {"name": "Other", "coupon": "spring26"}
    problem = await refused(catalog, "POST", "/v1/discounts", again)
    assert (problem["code"], problem["numbers"]["discount_id"]) == ("coupon-taken", first["discount_id"])
    await catalog.post(f"/v1/discounts/{first['discount_id']}:archive")
    await catalog.post("/v1/discounts", again)
    restore = f"/v1/discounts/{first['discount_id']}:restore"
    assert (await refused(catalog, "POST", restore, {}))["code"] == "coupon-taken"


async def test_a_manager_discounts_at_her_own_sites(catalog: Bench) -> None:
    """N-03: who manages one site neither defines, changes, takes over nor archives discounts of another one."""
    for slug in ("harley", "soho"):
        await catalog.post("/v1/sites", HARLEY | {"slug": slug})
    mine = await catalog.post("/v1/discounts", SPRING | {"at_sites": ["harley"]}, who="local")
    theirs = await catalog.post("/v1/discounts", SPRING | {"at_sites": ["soho"]})
    before = await catalog.state()
    both = SPRING | {"at_sites": ["harley", "soho"]}
    assert (await catalog.call("POST", "/v1/discounts", both, who="local")).status_code == 403
    own, other = f"/v1/discounts/{mine['discount_id']}", f"/v1/discounts/{theirs['discount_id']}"
    for path, body in ((own, {"at_sites": ["soho"]}), (other, {"value": "1"}), (other, {"at_sites": ["harley"]})):
        assert (await catalog.call("PUT", path, body, match="*", who="local")).status_code == 403
    assert (await catalog.call("POST", f"{other}:archive", who="local")).status_code == 403
    assert await catalog.state() == before


async def test_discounts_are_listed_by_name_and_narrowed(catalog: Bench) -> None:
    """CAT-13: by name, by product, by the day they are in force, by site, and without those archived."""
    await catalog.post("/v1/sites", HARLEY)
    cream = (await product(catalog, "CREAM"))["product_id"]
    spring = await catalog.post("/v1/discounts", SPRING)
    await catalog.post("/v1/discounts", {"name": "always", "value": "5", "product_ids": [cream]})
    await catalog.post("/v1/discounts", {"name": "Soon", "value": "5", "starts_on": "2100-01-01"})

    async def names(**params: Any) -> list[str]:
        """The names found by a query, page by page of one."""
        found: list[str] = []
        page: dict[str, Any] = {"next": None}
        while not found or page["next"]:
            more = {"after": page["next"]} if page["next"] else {}
            page = await catalog.get("/v1/discounts", params=params | more | {"limit": 1})
            found += [row["name"] for row in page["rows"]]
            if not page["rows"]:
                break
        return found

    assert await names() == ["always", "Soon", "Spring"]
    assert await names(on="2026-03-31") == ["always", "Spring"]
    assert await names(on="2026-04-01") == ["always"]
    assert await names(product=cream) == ["always"]
    assert await names(search="SPR") == ["Spring"]
    await catalog.post(f"/v1/discounts/{spring['discount_id']}:archive")
    assert await names(archived=True) == ["Spring"]
