"""Container rules of products over HTTP and a real database: set, told, changed, refused."""

from typing import Any

import pytest
from tests.catalog.harness import Bench
from tests.catalog.test_api_products import BOTOX

from lotwise.contracts.catalog import ProductDefined

VIAL = {"container_rule": "multi_patient", "container_units": "100", "use_by_hours": 24, "drug_class": "prescription"}


async def test_a_container_rule_is_kept_and_told(catalog: Bench) -> None:
    """STK-37: given a toxin of 100 U a vial, 24 h after opening; when it is defined; then page and event carry it."""
    made = await catalog.post("/v1/products", BOTOX | VIAL)
    found = await catalog.get(f"/v1/products/{made['product_id']}")
    assert {name: found[name] for name in VIAL} == VIAL
    (told,) = await catalog.told(ProductDefined)
    assert {name: getattr(told, name) for name in VIAL} == VIAL


async def test_a_product_without_a_rule_has_none(catalog: Bench) -> None:
    """STK-37: given a product defined without a word of containers; then its rule is none and it is over the counter.

    A plain product does not ask for its lot (STK-36).
    """
    made = await catalog.post("/v1/products", {"code": "CRM", "name": "Cream", "kind": "physical"})
    assert [made[name] for name in (*VIAL, "confirm_lot")] == ["none", None, None, "otc", False]


@pytest.mark.parametrize("fields", [VIAL, {"drug_class": "controlled"}])
async def test_a_new_injectable_confirms_its_lot(catalog: Bench, fields: dict[str, Any]) -> None:
    """STK-36: given a product drawn from containers or of a watched class; when nothing is said; then lots are asked.

    What a person says counts.
    """
    made = await catalog.post("/v1/products", {"code": "INJ", "name": "Injectable", "kind": "physical"} | fields)
    other = await catalog.post(
        "/v1/products", {"code": "IN2", "name": "Other", "kind": "physical", "confirm_lot": False} | fields
    )
    assert (made["confirm_lot"], other["confirm_lot"]) == (True, False)


async def test_a_rule_taken_away_takes_its_figures(catalog: Bench) -> None:
    """STK-37: given a rule; when it is set to none; then quantity and hours go with it, and a second edit is silent."""
    made = await catalog.post("/v1/products", BOTOX | VIAL)
    path = f"/v1/products/{made['product_id']}"
    edited = await catalog.put(path, {"container_rule": "none"})
    assert (edited["container_units"], edited["use_by_hours"], edited["revision"]) == (None, None, 2)
    assert (await catalog.put(path, {"container_rule": "none"}))["revision"] == 2


async def test_the_label_keeps_its_meaning_when_the_decimals_change(catalog: Bench) -> None:
    """DESIGN 3.1: given 2.5 ml a vial in tenths; when a row of an import says it anew; then it is still 2.5."""
    body = {"code": "SRM", "name": "Serum", "kind": "physical", "unit": "ml", "unit_decimals": 1}
    made = await catalog.post(
        "/v1/products", body | {"container_rule": "single_patient", "container_units": "2.5", "use_by_hours": 4}
    )
    assert made["container_units"] == "2.5"
    again = await catalog.post("/v1/products:batch", {"rows": [body]})
    assert again["rows"][0]["outcome"] == "unchanged"


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"container_rule": "multi_patient"}, "bad-container", "container_units"),
        ({"container_units": "100"}, "bad-container", "container_units"),
        ({"use_by_hours": 24}, "bad-container", "use_by_hours"),
        (VIAL | {"container_units": "0"}, "invalid-request", "container_units"),
        (VIAL | {"container_units": "10.5"}, "bad-value", "container_units"),
        (VIAL | {"use_by_hours": 0}, "invalid-request", "use_by_hours"),
        (VIAL | {"use_by_hours": 26_281}, "invalid-request", "use_by_hours"),
        ({"container_rule": "shared"}, "invalid-request", "container_rule"),
        ({"drug_class": "illegal"}, "invalid-request", "drug_class"),
    ],
)
async def test_a_half_described_container_is_refused(
    catalog: Bench, change: dict[str, Any], code: str, field: str
) -> None:
    """STK-37: a rule without its quantity, a quantity without its rule, values outside their range; nothing changed."""
    before = await catalog.state()
    answer = await catalog.call("POST", "/v1/products", BOTOX | change)
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    if code == "bad-container":
        assert answer.json()["code"] == code
    assert await catalog.state() == before


@pytest.mark.parametrize(
    "change", [{"container_rule": "single_patient", "container_units": "1"}, {"drug_class": "controlled"}]
)
async def test_a_service_has_no_container(catalog: Bench, change: dict[str, Any]) -> None:
    """CAT-59: given a service; when it is to be drawn from containers or watched; then refused; nothing changed."""
    before = await catalog.state()
    answer = await catalog.call("POST", "/v1/products", {"code": ".CUT", "name": "Cut", "kind": "service"} | change)
    assert (answer.status_code, answer.json()["code"]) == (422, "field-not-for-kind"), answer.text
    assert await catalog.state() == before
