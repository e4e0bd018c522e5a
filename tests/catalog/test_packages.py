"""Packages over HTTP and a real database."""

from typing import Any
from uuid import uuid4

import pytest
from tests.catalog.harness import Bench
from tests.catalog.test_price_lists import HARLEY
from tests.catalog.test_variants import product, refused

from lotwise.catalog.api import deleting
from lotwise.catalog.domain.package_values import Part, Saving, saving_of
from lotwise.catalog.domain.uses import Uses
from lotwise.contracts.catalog import PackageDefined, ProductDefined


async def goods(catalog: Bench) -> dict[str, str]:
    """The ids of a facial at 100, a peel at 60, a cream at 20 and a serum in ml at 2 a ml."""
    made = {
        "facial": await product(catalog, "FACIAL", kind="service", price="100"),
        "peel": await product(catalog, "PEEL", kind="service", price="60"),
        "cream": await product(catalog, "CREAM", price="20"),
        "serum": await product(catalog, "SERUM", price="2", unit="ml", unit_decimals=1),
    }
    return {name: row["product_id"] for name, row in made.items()}


def six(product_id: str) -> dict[str, Any]:
    """A six-pack of a service for 500."""
    return {
        "code": "SIX", "name": "Six facials", "description": "Six for five", "package_type": "treatment",
        "price": "500", "valid_days": 365, "items": [{"product_id": product_id, "quantity": "6"}],
    }  # fmt: skip


async def test_a_treatment_package_is_defined_with_its_product(catalog: Bench) -> None:
    """CAT-16, CAT-17: name, description, price, six sessions and an expiry are one deed; both events are told."""
    ids = await goods(catalog)
    made = await catalog.post("/v1/packages", six(ids["facial"]))
    found = await catalog.get(f"/v1/packages/{made['product']['product_id']}")
    assert (found["product"]["code"], found["product"]["kind"], found["product"]["price"]) == (
        "SIX",
        "digital",
        "500.00",
    )
    assert (found["package_type"], found["valid_days"], found["revision"]) == ("treatment", 365, 1)
    assert [(item["code"], item["quantity"], item["amount"]) for item in found["items"]] == [(".FACIAL", "6", "600.00")]
    (told,) = await catalog.told(PackageDefined)
    assert (told.package_type, told.items[0].quantity, told.valid_days, told.revision) == ("treatment", "6", 365, 1)
    assert (await catalog.told(ProductDefined))[-1].description == "Six for five"


async def test_the_saving_is_shown(catalog: Bench) -> None:
    """CAT-21: 500 against 6 x 100 saves 100.00, 16.67 %; where the facial costs 120 it saves 220.00, 30.56 %."""
    ids = await goods(catalog)
    await catalog.post("/v1/sites", HARLEY)
    await catalog.post(f"/v1/products/{ids['facial']}/prices", {"price": "120", "at_site": "harley"})
    made = await catalog.post("/v1/packages", six(ids["facial"]))
    assert made["saving"] == {"price": "500.00", "parts": "600.00", "saved": "100.00", "percent": "16.67"}
    path = f"/v1/packages/{made['product']['product_id']}"
    at_harley = await catalog.get(path, params={"site": "harley"})
    assert at_harley["saving"] == {"price": "500.00", "parts": "720.00", "saved": "220.00", "percent": "30.56"}
    dearer = {"price": "50", "valid_from": "2100-01-01T00:00:00Z"}
    await catalog.post(f"/v1/products/{ids['facial']}/prices", dearer)
    later = await catalog.get(path, params={"day": "2100-01-01"})
    assert later["saving"] == {"price": "500.00", "parts": "300.00", "saved": "-200.00", "percent": "-66.67"}


async def test_a_part_without_a_price_leaves_the_saving_open(catalog: Bench) -> None:
    """CAT-21, CAT-05: without a price of a part nobody can say the saving; a category's price makes it known."""
    group = (await catalog.post("/v1/categories", {"name": "Massage"}))["category_id"]
    bare = await product(catalog, "RUB", kind="service", category_id=group)
    made = await catalog.post("/v1/packages", six(bare["product_id"]))
    assert made["saving"] == {"price": "500.00", "parts": None, "saved": None, "percent": None}
    await catalog.post(f"/v1/categories/{group}/prices", {"amount": "90"})
    found = await catalog.get(f"/v1/packages/{made['product']['product_id']}")
    assert found["saving"]["saved"] == "40.00"


async def test_a_part_priced_by_the_hour_counts_its_duration(catalog: Bench) -> None:
    """CAT-09, CAT-21: 100 an hour for three slots of 15 minutes is 75.00 a session."""
    laser = await product(catalog, "LASER", kind="service", price="100", price_per="hour", duration_slots=3)
    made = await catalog.post("/v1/packages", six(laser["product_id"]) | {"price": "400"})
    assert made["saving"] == {"price": "400.00", "parts": "450.00", "saved": "50.00", "percent": "11.11"}


def test_a_saving_of_nothing_has_no_percentage() -> None:
    """CAT-21: parts that cost nothing save nothing, and no share of it can be told."""
    assert saving_of(0, [Part(uuid4(), 0)]) == Saving(0, 0, 0, None)
    assert saving_of(None, [Part(uuid4(), 5)]) == Saving(None, 5, None, None)


async def test_memberships_renew_and_may_be_unlimited(catalog: Bench) -> None:
    """CAT-18, CAT-20: a monthly one with unlimited peels and goods, and one that holds named services only."""
    ids = await goods(catalog)
    gold = {
        "code": "GOLD", "name": "Gold", "package_type": "membership", "period": "month", "price": "99",
        "rollover_periods": 1,
        "items": [{"product_id": ids["peel"], "is_unlimited": True}, {"product_id": ids["cream"], "quantity": "1"}],
    }  # fmt: skip
    await catalog.post("/v1/packages", gold)
    silver = {
        "code": "SILVER", "name": "Silver", "package_type": "membership_services", "period": "year",
        "items": [{"product_id": ids["peel"], "quantity": "4"}],
    }  # fmt: skip
    await catalog.post("/v1/packages", silver)
    told = await catalog.told(PackageDefined)
    assert [(event.package_type, event.period, event.rollover_periods) for event in told] == [
        ("membership", "month", 1),
        ("membership_services", "year", 0),
    ]
    assert [item.is_unlimited for item in told[0].items] == [True, False]


async def test_a_bundle_holds_things(catalog: Bench) -> None:
    """CAT-19: a kit of two creams and 2.5 ml of serum; its parts cost 45.00."""
    ids = await goods(catalog)
    kit = {
        "code": "KIT", "name": "Kit", "package_type": "bundle", "price": "40",
        "items": [{"product_id": ids["cream"], "quantity": "2"}, {"product_id": ids["serum"], "quantity": "2.50"}],
    }  # fmt: skip
    made = await catalog.post("/v1/packages", kit)
    assert [item["quantity"] for item in made["items"]] == ["2", "2.5"]
    assert made["saving"] == {"price": "40.00", "parts": "45.00", "saved": "5.00", "percent": "11.11"}


async def test_a_package_that_cannot_be_kept_is_refused(catalog: Bench) -> None:
    """CAT-16 to CAT-20: every rule of a package says its name and its field, and nothing changed."""
    ids = await goods(catalog)
    back_bar = (await product(catalog, "BAR", purpose="back_bar"))["product_id"]
    tip = (await product(catalog, "TIP", kind="service"))["product_id"]
    base = (await product(catalog, "SOAP"))["product_id"]
    await product(catalog, "SOAP1", variant_of=base)
    gone = (await product(catalog, "GONE"))["product_id"]
    await catalog.post(f"/v1/products/{gone}:archive")
    facial, cream = {"product_id": ids["facial"]}, {"product_id": ids["cream"]}
    for change, field in (
        ({"items": []}, "items"),
        ({"items": [facial, facial]}, "items"),
        ({"items": [{"product_id": str(uuid4())}]}, "items"),
        ({"items": [facial | {"quantity": "0"}]}, "items.0.quantity"),
        ({"items": [cream | {"quantity": "1.5"}]}, "items"),
        ({"items": [{"product_id": tip}]}, "items"),
        ({"items": [{"product_id": base}]}, "items"),
        ({"items": [{"product_id": gone}]}, "items"),
        ({"items": [facial | {"is_unlimited": True}]}, "items"),
        ({"package_type": "bundle", "valid_days": None, "items": [facial]}, "items"),
        ({"package_type": "bundle", "valid_days": None, "items": [{"product_id": back_bar}]}, "items"),
        ({"package_type": "bundle", "items": [cream]}, "valid_days"),
        ({"package_type": "membership", "valid_days": None}, "period"),
        ({"package_type": "membership", "period": "month"}, "valid_days"),
        ({"package_type": "membership_services", "valid_days": None, "period": "month", "items": [cream]}, "items"),
        ({"period": "month"}, "period"),
        ({"rollover_periods": 1}, "rollover_periods"),
        ({"redeem_at": ["nowhere"]}, "redeem_at"),
        ({"valid_days": 0}, "valid_days"),
        ({"period": "day"}, "period"),
        ({"code": "FACIAL 2 LONG CODE"}, "code"),
    ):
        problem = await refused(catalog, "POST", "/v1/packages", six(ids["facial"]) | change)
        assert problem["field"] == field, problem


async def test_a_package_holds_no_package(catalog: Bench) -> None:
    """CAT-16: itself, or another one that could hold it in the end, is refused by name."""
    ids = await goods(catalog)
    first = await catalog.post("/v1/packages", six(ids["facial"]))
    first_id = first["product"]["product_id"]
    path = f"/v1/packages/{first_id}"
    body = {"items": [{"product_id": first_id}]}
    assert (await refused(catalog, "PUT", path, body, match="*"))["code"] == "package-loop"
    second = six(first_id) | {"code": "MORE"}
    problem = await refused(catalog, "POST", "/v1/packages", second)
    assert (problem["code"], problem["field"]) == ("package-loop", "items")
    assert problem["ways_out"] == ["put what SIX holds into this package"]


async def test_a_package_changes_and_is_taken_back(catalog: Bench) -> None:
    """CAT-16: an edit keeps what is not sent, the same again says nothing, taken back it holds nothing and is told."""
    ids = await goods(catalog)
    made = await catalog.post("/v1/packages", six(ids["facial"]))
    path = f"/v1/packages/{made['product']['product_id']}"
    edited = await catalog.put(path, {"valid_days": 180}, '"1"', who="manager")
    assert (edited["valid_days"], edited["items"][0]["quantity"], edited["revision"]) == (180, "6", 2)
    before = await catalog.state()
    await catalog.put(path, {"valid_days": 180, "package_type": "treatment"}, '"2"')
    assert await catalog.state() == before
    assert (await catalog.call("PUT", path, {"valid_days": 1}, match='"1"')).status_code == 412
    await catalog.post(f"{path}:withdraw")
    assert (await catalog.call("GET", path)).status_code == 404
    assert [len(event.items) for event in await catalog.told(PackageDefined)] == [1, 1, 0]
    history = (await catalog.get(f"/v1/products/{made['product']['product_id']}/changes"))["rows"]
    days = next(row for row in history if row["field"] == "package valid_days" and row["now"] == 180)
    assert (days["was"], days["who"]) == (365, "user:manager")


async def test_an_existing_digital_product_becomes_a_package(catalog: Bench) -> None:
    """CAT-16: a product that is no package yet has revision 0; a physical one is refused."""
    ids = await goods(catalog)
    card = await product(catalog, "CARD", kind="digital", price="200")
    body = {"package_type": "treatment", "items": [{"product_id": ids["peel"], "quantity": "4"}]}
    made = await catalog.put(f"/v1/packages/{card['product_id']}", body, '"0"')
    assert made["saving"]["saved"] == "40.00"
    problem = await refused(catalog, "PUT", f"/v1/packages/{ids['cream']}", body, match="*")
    assert (problem["code"], problem["field"]) == ("bad-package", "product_id")
    only = {"items": [{"product_id": ids["peel"]}]}
    plain = await product(catalog, "PLAIN", kind="digital")
    assert (await refused(catalog, "PUT", f"/v1/packages/{plain['product_id']}", only, match="*"))[
        "field"
    ] == "package_type"


async def test_packages_are_listed(catalog: Bench) -> None:
    """CAT-16: by code, of one type, or those that hold a product."""
    ids = await goods(catalog)
    await catalog.post("/v1/packages", six(ids["facial"]))
    kit = {"code": "KIT", "name": "Kit", "package_type": "bundle", "items": [{"product_id": ids["cream"]}]}
    await catalog.post("/v1/packages", kit)

    async def codes(**params: Any) -> list[str]:
        """The codes found by a query."""
        return [row["product"]["code"] for row in (await catalog.get("/v1/packages", params=params))["rows"]]

    assert await codes() == ["KIT", "SIX"]
    assert await codes(package_type="bundle") == ["KIT"]
    assert await codes(holds=ids["facial"]) == ["SIX"]
    first = await catalog.get("/v1/packages", params={"limit": 1})
    assert await codes(after=first["next"]) == ["SIX"]


async def test_what_a_live_package_holds_warns_when_archived(catalog: Bench) -> None:
    """CAT-23: archiving a service that a package still sells is done with a warning, and the package shows it."""
    ids = await goods(catalog)
    made = await catalog.post("/v1/packages", six(ids["facial"]))
    archived = await catalog.post(f"/v1/products/{ids['facial']}:archive")
    assert [warning["code"] for warning in archived["warnings"]] == ["in-live-package"]
    found = await catalog.get(f"/v1/packages/{made['product']['product_id']}")
    assert [warning["code"] for warning in found["warnings"]] == ["archived-item"]


async def test_what_the_catalog_uses_is_not_deleted(catalog: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """CAT-22: a package, a discount, an add-on list and a variant each stand in the way by name."""

    async def unused(*_args: object) -> dict[str, Uses | None]:
        """Every service says that it does not use the product."""
        return {"stock": Uses(0), "sales": Uses(0), "purchasing": Uses(0)}

    monkeypatch.setattr(deleting, "answers_of", unused)
    ids = await goods(catalog)
    package = await catalog.post("/v1/packages", six(ids["facial"]))
    await catalog.post("/v1/discounts", {"name": "Half", "value": "50", "product_ids": [ids["facial"]]})
    problem = await refused(catalog, "POST", f"/v1/products/{ids['facial']}:delete", {})
    assert problem["numbers"]["reasons"] == ["it is in the package SIX", "the discount Half names it"]
    mask = await product(catalog, "MASK", add_on_kind="product")
    await catalog.put(f"/v1/products/{ids['peel']}", {"add_ons": [mask["product_id"]]})
    problem = await refused(catalog, "POST", f"/v1/products/{mask['product_id']}:delete", {})
    assert problem["numbers"]["reasons"] == ["it is an add-on of .PEEL"]
    base = await product(catalog, "SOAP")
    await product(catalog, "SOAP1", variant_of=base["product_id"])
    problem = await refused(catalog, "POST", f"/v1/products/{base['product_id']}:delete", {})
    assert problem["numbers"]["reasons"] == ["its variant is SOAP1"]
    await catalog.post(f"/v1/products/{package['product']['product_id']}:delete")
    assert (await catalog.get("/v1/packages"))["rows"] == []


@pytest.mark.parametrize(("role", "status"), [("manager", 201), ("buyer", 403), ("front_desk", 403)])
async def test_who_may_define_packages(catalog: Bench, role: str, status: int) -> None:
    """N-03: a manager may; a buyer or the front desk may not."""
    ids = await goods(catalog)
    assert (await catalog.call("POST", "/v1/packages", six(ids["facial"]), who=role)).status_code == status
