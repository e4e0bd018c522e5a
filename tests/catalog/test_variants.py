"""Variants and add-ons over HTTP and a real database."""

from typing import Any
from uuid import uuid4

import pytest
from tests.catalog.harness import Bench

from lotwise.contracts.catalog import ProductDefined


async def product(catalog: Bench, code: str, **fields: Any) -> dict[str, Any]:
    """A physical product unless the fields say otherwise."""
    made: dict[str, Any] = await catalog.post("/v1/products", {"code": code, "name": code, "kind": "physical"} | fields)
    return made


async def refused(catalog: Bench, method: str, path: str, body: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The problem of a request that a rule refuses; neither the database nor the outbox changed."""
    before = await catalog.state()
    answer = await catalog.call(method, path, body, **options)
    assert 400 <= answer.status_code < 500, answer.text
    assert await catalog.state() == before
    problem: dict[str, Any] = answer.json()
    return problem


async def test_a_variant_has_its_own_price_code_barcode_and_cost(catalog: Bench) -> None:
    """CAT-14: two sizes of one cream are variants with price, cost, code and barcode of their own, listed by base."""
    base = await product(catalog, "CREAM")
    for size, price in (("50", "20"), ("100", "35")):
        await product(
            catalog, f"CREAM{size}", variant_of=base["product_id"], variant_name=f"{size} ml", price=price, cost="9",
            barcodes=[f"40063813339{size}"], size=size, size_unit="ML",
        )  # fmt: skip
    found = (await catalog.get("/v1/products", params={"variant_of": base["product_id"]}))["rows"]
    assert [(row["code"], row["variant_name"], row["price"], row["cost"]) for row in found] == [
        ("CREAM100", "100 ml", "35.00", "9.00"),
        ("CREAM50", "50 ml", "20.00", "9.00"),
    ]
    assert found[0]["variant_of_code"] == "CREAM"
    assert (await catalog.get(f"/v1/products/{base['product_id']}"))["variants"] == 2
    told = (await catalog.told(ProductDefined))[1]
    assert (str(told.variant_of), told.variant_name) == (base["product_id"], "50 ml")


async def test_a_variant_that_cannot_be_one_is_refused(catalog: Bench) -> None:
    """CAT-14: of a variant, of itself, of another kind, of nothing, or a base as a variant: refused."""
    base = await product(catalog, "CREAM")
    variant = await product(catalog, "CREAM50", variant_of=base["product_id"], variant_name="50 ml")
    other = await product(catalog, "OTHER")
    service = await product(catalog, "PEEL", kind="service")
    new = {"code": "X", "name": "X", "kind": "physical"}
    for base_id, word in ((variant["product_id"], "variant of a variant"), (service["product_id"], "both must be"),
                          (str(uuid4()), "There is no product")):  # fmt: skip
        problem = await refused(catalog, "POST", "/v1/products", new | {"variant_of": base_id})
        assert (problem["code"], problem["field"]) == ("bad-variant", "variant_of")
        assert word in problem["detail"]
    for product_id, base_id in ((base["product_id"], other["product_id"]), (other["product_id"], other["product_id"])):
        body = {"variant_of": base_id}
        assert (await refused(catalog, "PUT", f"/v1/products/{product_id}", body, match="*"))["code"] == "bad-variant"
    assert (await refused(catalog, "POST", "/v1/products", new | {"variant_name": "50 ml"}))["field"] == "variant_name"


@pytest.mark.parametrize(
    "own",
    [{"price": "5"}, {"reorder_at": "3"}, {"normal_order_quantity": "3"}, {"barcodes": ["4006381333931"]},
     {"packs": [{"name": "box", "units": "10"}]}, {"is_serialised": True},
     {"container_rule": "multi_patient", "container_units": "10"}],
)  # fmt: skip
async def test_a_base_has_nothing_of_its_own(catalog: Bench, own: dict[str, Any]) -> None:
    """CAT-14: what is sold, scanned or stocked by itself cannot become a base, and a base cannot become that."""
    busy = await product(catalog, "BUSY", **own)
    bare = await product(catalog, "BARE")
    await product(catalog, "BARE1", variant_of=bare["product_id"])
    new = {"code": "X", "name": "X", "kind": "physical", "variant_of": busy["product_id"]}
    assert (await refused(catalog, "POST", "/v1/products", new))["code"] == "base-not-sold"
    path = f"/v1/products/{bare['product_id']}"
    problem = await refused(catalog, "PUT", path, own, match="*")
    assert problem["code"] == "base-not-sold"
    assert "give this to its variants" in problem["ways_out"]


async def test_a_base_gets_no_price_through_the_price_list(catalog: Bench) -> None:
    """CAT-14: the price list of a base stays empty, for everyone and for members."""
    base = await product(catalog, "CREAM")
    await product(catalog, "CREAM50", variant_of=base["product_id"])
    path = f"/v1/products/{base['product_id']}/prices"
    for audience in ("everyone", "members"):
        problem = await refused(catalog, "POST", path, {"price": "5", "audience": audience})
        assert (problem["code"], problem["field"]) == ("base-not-sold", "price")


async def test_a_product_in_a_recipe_cannot_become_a_base(catalog: Bench) -> None:
    """CAT-14: what a service consumes has stock, so it groups no variants."""
    vial = await product(catalog, "VIAL")
    service = await product(catalog, "FILL", kind="service")
    lines = {"lines": [{"product_id": vial["product_id"], "quantity": "1"}]}
    await catalog.put(f"/v1/services/{service['product_id']}/recipe", lines)
    new = {"code": "X", "name": "X", "kind": "physical", "variant_of": vial["product_id"]}
    problem = await refused(catalog, "POST", "/v1/products", new)
    assert problem["numbers"]["has"] == ["it stands in the recipe of .FILL"]


async def test_a_base_cannot_stand_in_a_recipe(catalog: Bench) -> None:
    """CAT-14: a service consumes a variant, never the base that groups them."""
    base = await product(catalog, "CREAM")
    await product(catalog, "CREAM50", variant_of=base["product_id"])
    service = await product(catalog, "FILL", kind="service")
    lines = {"lines": [{"product_id": base["product_id"], "quantity": "1"}]}
    path = f"/v1/services/{service['product_id']}/recipe"
    assert (await refused(catalog, "PUT", path, lines, match="*"))["code"] == "recipe-not-allowed"


async def test_a_batch_makes_a_base_and_its_variants(catalog: Bench) -> None:
    """CAT-14: rows of one batch may name each other by the id the writer made; a rerun changes nothing."""
    base = str(uuid4())
    rows = [
        {"code": "CREAM", "name": "Cream", "kind": "physical", "product_id": base},
        {"code": "CREAM50", "name": "Cream", "kind": "physical", "variant_of": base, "variant_name": "50 ml"},
        {"code": "CREAM50B", "name": "Cream", "kind": "physical", "variant_of": str(uuid4())},
    ]
    first = await catalog.post("/v1/products:batch", {"rows": rows})
    assert [row["outcome"] for row in first["rows"]] == ["created", "created", "refused"]
    before = await catalog.state()
    assert (await catalog.post("/v1/products:batch", {"rows": rows}))["unchanged"] == 2
    assert await catalog.state() == before


async def test_add_ons_are_offered_with_a_service(catalog: Bench) -> None:
    """CAT-15: a service lists its add-ons in order (upgrade, product, more time); the event tells them."""
    mask = await product(catalog, "MASK", add_on_kind="product")
    gold = await product(catalog, "GOLD", kind="service", add_on_kind="upgrade")
    more = await product(catalog, "MORE15", kind="service", add_on_kind="extended_time")
    wanted = [gold["product_id"], mask["product_id"], more["product_id"]]
    facial = await product(catalog, "FACIAL", kind="service", add_ons=wanted)
    assert (await catalog.get(f"/v1/products/{facial['product_id']}"))["add_ons"] == wanted
    assert [str(one) for one in (await catalog.told(ProductDefined))[-1].add_ons] == wanted
    found = await catalog.get("/v1/products", params={"add_on": True})
    assert [row["code"] for row in found["rows"]] == [".GOLD", ".MORE15", "MASK"]
    edited = await catalog.put(f"/v1/products/{facial['product_id']}", {"add_ons": wanted[::-1]})
    assert edited["add_ons"] == wanted[::-1]


async def test_what_is_no_add_on_is_not_offered(catalog: Bench) -> None:
    """CAT-15: a plain product, the service itself, one twice, an unknown one, and a list of a product are refused."""
    plain = await product(catalog, "PLAIN")
    mask = await product(catalog, "MASK", add_on_kind="product")
    service = await product(catalog, "FACIAL", kind="service")
    for listed in ([plain["product_id"]], [mask["product_id"]] * 2, [str(uuid4())], [service["product_id"]]):
        path = f"/v1/products/{service['product_id']}"
        assert (await refused(catalog, "PUT", path, {"add_ons": listed}, match="*"))["code"] == "bad-add-on"
    path = f"/v1/products/{plain['product_id']}"
    assert (await refused(catalog, "PUT", path, {"add_ons": [mask["product_id"]]}, match="*"))["code"] == "bad-add-on"
    for body in ({"kind": "physical", "add_on_kind": "upgrade"}, {"kind": "service", "add_on_kind": "product"},
                 {"kind": "physical", "purpose": "back_bar", "add_on_kind": "product"}):  # fmt: skip
        problem = await refused(catalog, "POST", "/v1/products", {"code": "X", "name": "X"} | body)
        assert (problem["code"], problem["field"]) == ("bad-add-on", "add_on_kind")


async def test_an_offered_add_on_stays_one(catalog: Bench) -> None:
    """CAT-15, CAT-22: what a service offers cannot stop to be an add-on before it is taken from the list."""
    mask = await product(catalog, "MASK", add_on_kind="product")
    service = await product(catalog, "FACIAL", kind="service", add_ons=[mask["product_id"]])
    path = f"/v1/products/{mask['product_id']}"
    problem = await refused(catalog, "PUT", path, {"add_on_kind": None}, match="*")
    assert (problem["code"], problem["numbers"]["reasons"]) == ("product-in-use", ["it is an add-on of .FACIAL"])
    await catalog.put(f"/v1/products/{service['product_id']}", {"add_ons": []})
    assert (await catalog.put(path, {"add_on_kind": None}))["add_on_kind"] is None


async def test_a_price_may_be_per_hour(catalog: Bench) -> None:
    """CAT-09: a service is priced per minute or hour and tells it; a product or a tip cannot be."""
    made = await product(catalog, "LASER", kind="service", price="100", price_per="hour")
    assert (made["price_per"], made["price"]) == ("hour", "100.00")
    assert (await catalog.told(ProductDefined))[0].price_per == "hour"
    for body in ({"code": "X", "kind": "physical"}, {"code": "TIP", "kind": "service"}):
        problem = await refused(catalog, "POST", "/v1/products", {"name": "X", "price_per": "minute"} | body)
        assert (problem["code"], problem["field"]) == ("field-not-for-kind", "price_per")


async def test_products_are_grouped_for_people(catalog: Bench) -> None:
    """CAT-03: Services, Products and Packages, each with its number, and lists of one group."""
    await product(catalog, "PEEL", kind="service")
    await product(catalog, "CREAM")
    await product(catalog, "SIX", kind="digital")
    old = await product(catalog, "OLD")
    await catalog.post(f"/v1/products/{old['product_id']}:archive")
    groups = (await catalog.get("/v1/product-groups"))["rows"]
    assert [(row["group"], row["products"]) for row in groups] == [("services", 1), ("products", 1), ("packages", 1)]
    found = await catalog.get("/v1/products", params={"group": "packages"})
    assert [(row["code"], row["group"]) for row in found["rows"]] == [("SIX", "packages")]
    assert (await catalog.get("/v1/products", params={"group": "packages", "kind": "service"}))["rows"] == []


async def test_size_and_unit_are_told(catalog: Bench) -> None:
    """CAT-50: `8` + `OZ` are kept apart from the name, told, and may be left out."""
    made = await product(catalog, "TONIC", size="8", size_unit="OZ")
    assert (made["size"], made["size_unit"]) == ("8", "OZ")
    (told,) = await catalog.told(ProductDefined)
    assert (told.size, told.size_unit) == ("8", "OZ")
