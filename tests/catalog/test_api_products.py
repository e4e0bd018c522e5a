"""Products over HTTP and a real database: defined, found, changed, archived, refused."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.catalog.harness import Bench, said

from lotwise.catalog.api import deleting
from lotwise.catalog.domain.uses import Uses
from lotwise.contracts.catalog import PriceChanged, ProductArchived, ProductDefined, ProductPurposeChanged
from lotwise.contracts.purchasing import CostUpdated, SupplierDefined

BOTOX = {
    "code": "BTX-100",
    "name": "Botox 100 U",
    "kind": "physical",
    "unit": "U",
    "packs": [{"name": "vial", "units": "100", "gtin": "05012345678900"}],
    "cost": "3.90",
    "price": "12",
    "reorder_at": "300",
    "normal_order_quantity": "500",
    "confirm_lot": True,
}


async def test_a_product_is_defined_and_told_once(catalog: Bench) -> None:
    """CAT-01: given a name, category, price and cost, the product is retrievable and ProductDefined is told once."""
    category = await catalog.post("/v1/categories", {"name": "Toxins", "code": "TOX"})
    made = await catalog.post("/v1/products", BOTOX | {"category_id": category["category_id"]})
    found = await catalog.get(f"/v1/products/{made['product_id']}")
    assert (found["code"], found["name"], found["price"], found["cost"]) == ("BTX-100", "Botox 100 U", "12.00", "3.90")
    assert (found["category_name"], found["revision"]) == ("Toxins", 1)
    (told,) = await catalog.told(ProductDefined)
    assert (told.code, told.cost, told.reorder_at, told.packs[0].units) == ("BTX-100", "3.90", "300", "100")
    (price,) = await catalog.told(PriceChanged)
    assert (price.price, price.at_site, price.valid_from.year, price.valid_to) == ("12.00", None, 1970, None)


@pytest.mark.parametrize("missing", ["name", "kind", "code"])
async def test_a_missing_field_is_named(catalog: Bench, missing: str) -> None:
    """CAT-01: a product without name, type or code is refused with that field, and nothing changed."""
    before = await catalog.state()
    body = {name: value for name, value in BOTOX.items() if name != missing}
    answer = await catalog.call("POST", "/v1/products", body)
    assert (answer.status_code, answer.json()["field"]) == (422, missing)
    assert await catalog.state() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": ".BTX"}, "code"),
        ({"code": "A" * 15}, "code"),
        ({"code": "BTX*"}, "code"),
        ({"code": "a\x00b"}, None),
        ({"code": "BTX "}, "code"),
        ({"cost": "1e400"}, "cost"),
        ({"cost": "-1"}, "cost"),
        ({"cost": "1.1234567"}, "cost"),
        ({"cost": "9999999999999"}, "cost"),
        ({"reorder_at": "1.5"}, "reorder_at"),
        ({"reorder_at": "-5"}, "reorder_at"),
        ({"packs": [{"name": "box", "units": "0"}]}, "packs.0.units"),
        ({"duration_slots": 2}, "duration_slots"),
        ({"barcodes": ["12 34"]}, "barcodes"),
        ({"barcodes": ["12/34"]}, "barcodes"),
        ({"category_id": str(uuid4())}, "category_id"),
        ({"site_taxes": [{"at_site": "nowhere", "tax_code": 1}]}, "site_taxes"),
        ({"tax_code": 9}, "tax_code"),
        ({"kind": "digital"}, "packs"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_bad_values_are_refused_and_change_nothing(
    catalog: Bench, change: dict[str, Any], field: str | None
) -> None:
    """CAT-02, CAT-44, CAT-45, CAT-59: a value that a rule forbids is a 4xx naming its field; nothing changed."""
    before = await catalog.state()
    answer = await catalog.call("POST", "/v1/products", BOTOX | change)
    assert answer.status_code in {404, 422}, answer.text
    assert answer.json()["field"] == field
    assert await catalog.state() == before


async def test_codes_are_unique_and_a_look_alike_warns(catalog: Bench) -> None:
    """CAT-34: codes are case-sensitive and unique; one that looks like another is taken with a warning."""
    first = await catalog.post("/v1/products", {"code": "M", "name": "Manual", "kind": "physical"})
    before = await catalog.state()
    again = await catalog.call("POST", "/v1/products", {"code": "M", "name": "Other", "kind": "physical"})
    assert (again.status_code, again.json()["code"]) == (409, "code-taken")
    assert again.json()["numbers"]["product_id"] == first["product_id"]
    assert await catalog.state() == before
    lower = await catalog.post("/v1/products", {"code": "m", "name": "manual", "kind": "physical"})
    assert [warning["code"] for warning in lower["warnings"]] == ["look-alike-code"]
    assert lower["product_id"] != first["product_id"]


async def test_a_service_gets_its_period(catalog: Bench) -> None:
    """CAT-36, CAT-53: `CUT` as a service becomes `.CUT` with one slot, and is found with and without the period."""
    made = await catalog.post("/v1/products", {"code": "CUT", "name": "Cut", "kind": "service"})
    assert (made["code"], made["duration_slots"], made["item_type"]) == (".CUT", 1, "service")
    for typed in (".CUT", "CUT"):
        assert (await catalog.get(f"/v1/codes/{typed}"))["product"]["product_id"] == made["product_id"]


async def test_a_barcode_finds_its_product_and_pack(catalog: Bench) -> None:
    """CAT-06: a scanned GTIN finds the product, with or without leading zeros, and says which pack it stood on."""
    made = await catalog.post("/v1/products", BOTOX | {"barcodes": ["4006381333931"]})
    unit = await catalog.get("/v1/codes/04006381333931")
    pack = await catalog.get("/v1/codes/5012345678900")
    assert (unit["product"]["product_id"], unit["pack"]) == (made["product_id"], None)
    assert (pack["product"]["product_id"], pack["pack"]) == (made["product_id"], "vial")
    assert made["warnings"] == []


async def test_a_wrong_check_digit_warns(catalog: Bench) -> None:
    """CAT-44: a GTIN whose check digit is wrong is kept, with a warning."""
    made = await catalog.post("/v1/products", BOTOX | {"barcodes": ["4006381333932"]})
    assert [warning["code"] for warning in made["warnings"]] == ["check-digit"]


async def test_a_barcode_belongs_to_one_product(catalog: Bench) -> None:
    """CAT-44: a barcode that another product has is refused, and nothing changed."""
    await catalog.post("/v1/products", BOTOX)
    before = await catalog.state()
    answer = await catalog.call(
        "POST", "/v1/products", {"code": "B", "name": "B", "kind": "physical", "barcodes": ["05012345678900"]}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "barcode-taken")
    assert await catalog.state() == before


async def test_an_edit_keeps_who_when_old_and_new(catalog: Bench) -> None:
    """CAT-07: an edit changes what is sent, keeps the rest, and the history says who changed what from what."""
    made = await catalog.post("/v1/products", BOTOX)
    path = f"/v1/products/{made['product_id']}"
    edited = await catalog.put(path, {"cost": "4.10", "price": "13.50"}, '"1"', who="manager")
    assert (edited["cost"], edited["price"], edited["name"], edited["revision"]) == ("4.10", "13.50", "Botox 100 U", 2)
    history = (await catalog.get(f"{path}/changes"))["rows"]
    cost = next(row for row in history if row["field"] == "cost")
    assert (cost["was"], cost["now"], cost["who"]) == (3_900_000, 4_100_000, "user:manager")
    assert [event.revision for event in await catalog.told(ProductDefined)] == [1, 2]


async def test_a_stale_or_blind_edit_is_refused(catalog: Bench) -> None:
    """CAT-07: an edit of an older revision is 412, one that names none is 428; nothing changed."""
    made = await catalog.post("/v1/products", BOTOX)
    path = f"/v1/products/{made['product_id']}"
    before = await catalog.state()
    assert (await catalog.call("PUT", path, {"name": "X"}, match='"7"')).status_code == 412
    assert (await catalog.call("PUT", path, {"name": "X"})).status_code == 428
    assert await catalog.state() == before


async def test_an_edit_that_changes_nothing_says_nothing(catalog: Bench) -> None:
    """CAT-07: the same values again keep the revision, the history and the outbox."""
    made = await catalog.post("/v1/products", BOTOX)
    before = await catalog.state()
    same = await catalog.put(f"/v1/products/{made['product_id']}", {"name": "Botox 100 U", "price": "12"}, '"1"')
    assert same["revision"] == 1
    assert await catalog.state() == before


async def test_the_unit_is_fixed_unless_stock_says_unused(catalog: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """DESIGN 3.1: with stock silent the unit cannot change; once stock answers "unused" it can, quantities kept."""
    made = await catalog.post("/v1/products", BOTOX)
    path = f"/v1/products/{made['product_id']}"
    before = await catalog.state()
    refused = await catalog.call("PUT", path, {"unit_decimals": 1}, match='"1"')
    assert (refused.status_code, refused.json()["code"]) == (409, "unit-fixed")
    assert await catalog.state() == before

    async def unused(*_args: object) -> dict[str, Uses | None]:
        """Every service says that it does not use the product."""
        return {"stock": Uses(0)}

    monkeypatch.setattr("lotwise.catalog.api.products.answers_of", unused)
    changed = await catalog.put(path, {"unit_decimals": 1}, '"1"')
    assert (changed["unit_decimals"], changed["reorder_at"], changed["packs"][0]["units"]) == (1, "300", "100")


async def test_the_purpose_switches_and_is_told(catalog: Bench) -> None:
    """CAT-31, CAT-32: retail → back bar is one edit, audited, and told as ProductPurposeChanged."""
    made = await catalog.post("/v1/products", BOTOX)
    assert made["purpose"] == "retail"
    edited = await catalog.put(f"/v1/products/{made['product_id']}", {"purpose": "back_bar"})
    assert (edited["purpose"], edited["item_type"]) == ("back_bar", "back_bar")
    (told,) = await catalog.told(ProductPurposeChanged)
    assert (told.was, told.now) == ("retail", "back_bar")


async def test_a_new_product_takes_the_last_tax_code_of_its_type(catalog: Bench) -> None:
    """CAT-30: after a service with tax code 5 the next service has 5, while retail still begins with 0."""
    await catalog.post("/v1/products", {"code": "A", "name": "A", "kind": "service", "tax_code": 5})
    second = await catalog.post("/v1/products", {"code": "B", "name": "B", "kind": "service"})
    retail = await catalog.post("/v1/products", {"code": "C", "name": "C", "kind": "physical"})
    assert (second["tax_code"], retail["tax_code"]) == (5, 0)


async def test_mark_up_makes_the_price(catalog: Bench) -> None:
    """CAT-55, CAT-56: cost 10.00 and 45 % give 14.50; another price shows the mark-up it implies."""
    made = await catalog.post(
        "/v1/products", {"code": "A", "name": "A", "kind": "physical", "cost": "10", "markup_percent": "45"}
    )
    assert (made["price"], made["implied_markup_percent"]) == ("14.50", "45.00")
    edited = await catalog.put(f"/v1/products/{made['product_id']}", {"price": "12"})
    assert (edited["price"], edited["implied_markup_percent"], edited["proposed_price"]) == ("12.00", "20.00", "14.50")


async def test_the_list_sorts_by_bytes_and_pages_by_key(catalog: Bench) -> None:
    """CAT-35: ".", digits, capitals, lower case; pages of two give every product once."""
    for code, kind in (("b", "physical"), ("B", "physical"), ("9", "physical"), ("CUT", "service"), ("a", "physical")):
        await catalog.post("/v1/products", {"code": code, "name": code, "kind": kind})
    seen, after = [], None
    while True:
        page = await catalog.get("/v1/products", params={"limit": 2} | ({"after": after} if after else {}))
        seen += [row["code"] for row in page["rows"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [".CUT", "9", "B", "a", "b"]


async def test_products_are_found_by_name_code_barcode_and_filters(catalog: Bench) -> None:
    """CAT-06: part of a name, of a code, a whole barcode, kind, category and archived each find the right products."""
    category = await catalog.post("/v1/categories", {"name": "Fillers"})
    await catalog.post("/v1/products", BOTOX | {"barcodes": ["4006381333931"]})
    filler = await catalog.post(
        "/v1/products",
        {"code": "JUV_1", "name": "Juvederm 1 ml", "kind": "physical", "category_id": category["category_id"]},
    )
    await catalog.post("/v1/products", {"code": "CUT", "name": "Cut 100%", "kind": "service"})
    await catalog.post(f"/v1/products/{filler['product_id']}:archive")

    async def codes(**params: Any) -> list[str]:
        """The codes found by a query."""
        return [row["code"] for row in (await catalog.get("/v1/products", params=params))["rows"]]

    assert await codes(search="botox") == ["BTX-100"]
    assert await codes(search="tx-1") == ["BTX-100"]
    assert await codes(search="4006381333931") == ["BTX-100"]
    assert await codes(search="100%") == [".CUT"]
    assert await codes(search="_") == []
    assert await codes(kind="service") == [".CUT"]
    assert await codes(archived=True) == ["JUV_1"]
    assert await codes(category=category["category_id"], archived=True) == ["JUV_1"]


async def test_function_keys_follow_the_list(catalog: Bench) -> None:
    """CAT-46: F1 to F12 are the first twelve by code, and move up when one is archived."""
    made = [
        await catalog.post("/v1/products", {"code": f"P{i:02}", "name": "P", "kind": "physical"}) for i in range(14)
    ]
    keys = (await catalog.get("/v1/function-keys"))["rows"]
    assert [(row["key"], row["product"]["code"]) for row in keys[:2]] == [("F1", "P00"), ("F2", "P01")]
    assert (len(keys), keys[11]["product"]["code"]) == (12, "P11")
    await catalog.post(f"/v1/products/{made[0]['product_id']}:archive")
    assert [row["product"]["code"] for row in (await catalog.get("/v1/function-keys"))["rows"]][::11] == ["P01", "P12"]


async def test_archive_and_restore(catalog: Bench) -> None:
    """CAT-23: archiving is told, a second time changes nothing, and restoring brings the product back."""
    made = await catalog.post("/v1/products", BOTOX)
    path = f"/v1/products/{made['product_id']}"
    assert (await catalog.post(f"{path}:archive"))["is_archived"] is True
    before = await catalog.state()
    await catalog.post(f"{path}:archive")
    assert await catalog.state() == before
    assert (await catalog.post(f"{path}:restore"))["is_archived"] is False
    assert [event.revision for event in await catalog.told(ProductArchived)] == [2]
    assert [event.is_archived for event in await catalog.told(ProductDefined)] == [False, True, False]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"stock": Uses(3, ("3 movements",)), "sales": Uses(0), "purchasing": Uses(0)}, "product-in-use"),
        ({"stock": Uses(0), "sales": None, "purchasing": Uses(0)}, "uses-not-known"),
        ({"stock": None, "sales": None, "purchasing": None}, "uses-not-known"),
    ],
)
async def test_a_used_product_is_not_deleted(
    catalog: Bench, monkeypatch: pytest.MonkeyPatch, answers: dict[str, Uses | None], code: str
) -> None:
    """CAT-22: with a use, or an answer missing, deletion is refused with the offer to archive; nothing changed."""

    async def answered(*_args: object) -> dict[str, Uses | None]:
        """What the services say about uses."""
        return answers

    monkeypatch.setattr(deleting, "answers_of", answered)
    made = await catalog.post("/v1/products", BOTOX)
    before = await catalog.state()
    answer = await catalog.call("POST", f"/v1/products/{made['product_id']}:delete")
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert "archive it instead" in answer.json()["ways_out"]
    assert await catalog.state() == before


async def test_an_unused_product_is_deleted_after_three_answers(
    catalog: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CAT-22: three answers of "unused" archive and then delete it; everybody heard that it is archived."""

    async def unused(*_args: object) -> dict[str, Uses | None]:
        """Every service says that it does not use the product."""
        return {"stock": Uses(0), "sales": Uses(0), "purchasing": Uses(0)}

    monkeypatch.setattr(deleting, "answers_of", unused)
    made = await catalog.post("/v1/products", BOTOX)
    await catalog.post(f"/v1/products/{made['product_id']}:delete")
    assert (await catalog.call("GET", f"/v1/products/{made['product_id']}")).status_code == 404
    assert len(await catalog.told(ProductArchived)) == 1


async def test_silence_of_the_others_refuses_a_delete(catalog: Bench) -> None:
    """CAT-22: with nobody reachable over HTTP, deletion is refused and nothing changed."""
    made = await catalog.post("/v1/products", BOTOX)
    before = await catalog.state()
    answer = await catalog.call("POST", f"/v1/products/{made['product_id']}:delete")
    assert (answer.status_code, answer.json()["numbers"]["silent"]) == (409, ["stock", "sales", "purchasing"])
    assert await catalog.state() == before


async def test_a_batch_upserts_and_its_rerun_changes_nothing(catalog: Bench) -> None:
    """CAT-34: each row stands alone, a category is made by name, and the same rows again change nothing at all."""
    rows = [
        {"code": "85123A", "name": "Heart holder", "kind": "physical", "category": "Homeware", "price": "2.55"},
        {"code": "85123a", "name": "Heart holder", "kind": "physical", "category": "homeware", "price": "2.55"},
        {"code": "POST", "name": "Postage", "kind": "service"},
        {"code": "gift_0001_20", "name": "Voucher", "kind": "physical"},
        {"code": "BANK CHARGES", "name": "Bank charges", "kind": "service"},
        {"code": "BAD*", "name": "Bad", "kind": "physical"},
        {"code": "NOKIND", "name": "No kind"},
        {"code": "COST", "name": "Cost", "kind": "physical", "cost": "many"},
    ]
    first = await catalog.post("/v1/products:batch", {"rows": rows}, who="importer")
    assert [row["outcome"] for row in first["rows"]] == ["created"] * 5 + ["refused"] * 3
    assert [row["code"] for row in first["rows"][2:5]] == [".POST", "gift_0001_20", ".BANK CHARGES"]
    assert [row["problem"]["field"] for row in first["rows"][5:]] == ["code", "kind", "cost"]
    assert [warning["code"] for warning in first["rows"][1]["warnings"]] == ["look-alike-code"]
    assert [row["name"] for row in (await catalog.get("/v1/categories"))["rows"]] == ["Homeware"]
    before = await catalog.state()
    second = await catalog.post("/v1/products:batch", {"rows": rows}, who="importer")
    assert (second["created"], second["updated"], second["unchanged"], second["refused"]) == (0, 0, 5, 3)
    assert await catalog.state() == before


async def test_a_batch_changes_only_what_is_sent(catalog: Bench) -> None:
    """CAT-07: a known code is changed in the fields sent and keeps the others; its price changes from now on."""
    await catalog.post("/v1/products:batch", {"rows": [BOTOX]})
    answer = await catalog.post("/v1/products:batch", {"rows": [{"code": "BTX-100", "name": "Botox", "price": "13"}]})
    assert answer["updated"] == 1
    found = (await catalog.get("/v1/codes/BTX-100"))["product"]
    assert (found["name"], found["price"], found["cost"], found["reorder_at"]) == ("Botox", "13.00", "3.90", "300")


async def test_a_dry_run_says_what_would_happen(catalog: Bench) -> None:
    """CAT-34: a dry run answers like the real one and leaves no trace."""
    before = await catalog.state()
    answer = await catalog.post("/v1/products:batch", {"rows": [BOTOX | {"category": "New"}], "dry_run": True})
    assert answer["created"] == 1
    assert await catalog.state() == before


async def test_one_batch_may_name_a_code_twice(catalog: Bench) -> None:
    """CAT-34: later rows see earlier ones; the last one stands, with one price list that does not overlap."""
    rows = [BOTOX, BOTOX | {"name": "Botox Cosmetic", "price": "14"}, BOTOX | {"name": "Botox Cosmetic", "price": "14"}]
    answer = await catalog.post("/v1/products:batch", {"rows": rows})
    assert [row["outcome"] for row in answer["rows"]] == ["created", "updated", "unchanged"]
    found = (await catalog.get("/v1/codes/BTX-100"))["product"]
    assert (found["name"], found["price"], found["revision"]) == ("Botox Cosmetic", "14.00", 2)


async def test_500_rows_are_one_batch_and_501_are_refused(catalog: Bench) -> None:
    """N-24: 500 rows are taken in one transaction; 501 are a 422 and nothing changed."""
    rows = [{"code": f"{i:05}", "name": f"Product {i}", "kind": "physical", "price": "1.234567"} for i in range(501)]
    before = await catalog.state()
    assert (await catalog.call("POST", "/v1/products:batch", {"rows": rows})).status_code == 422
    assert await catalog.state() == before
    assert (await catalog.post("/v1/products:batch", {"rows": rows[:500]}))["created"] == 500
    assert len(await catalog.told(ProductDefined)) == 500


async def test_the_same_key_gives_the_same_answer(catalog: Bench) -> None:
    """N-08: a request sent twice under one key takes effect once; another body under it is refused."""
    first = await catalog.call("POST", "/v1/products", BOTOX, key="one")
    before = await catalog.state()
    again = await catalog.call("POST", "/v1/products", BOTOX, key="one")
    other = await catalog.call("POST", "/v1/products", BOTOX | {"code": "X"}, key="one")
    assert (again.json()["product_id"], again.headers["idempotent-replayed"]) == (first.json()["product_id"], "true")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert await catalog.state() == before


@pytest.mark.parametrize("role", ["front_desk", "buyer", "auditor"])
async def test_roles_without_the_permission_cannot_define(catalog: Bench, role: str) -> None:
    """N-03: who may not write the catalog is refused, and nothing changed."""
    before = await catalog.state()
    assert (await catalog.call("POST", "/v1/products", BOTOX, who=role)).status_code == 403
    assert await catalog.state() == before


def _cost(product_id: str, cost: str, revision: int) -> CostUpdated:
    return CostUpdated(
        product_id=product_id,
        cost=cost,
        revision=revision,
        happened_at="2026-01-02T03:04:05Z",
    )


async def test_a_received_cost_becomes_the_products_cost(catalog: Bench) -> None:
    """CAT-54, PUR-17: the newest cost wins in any order, told once; a mark-up item gets a new proposed price."""
    made = await catalog.post("/v1/products", BOTOX | {"markup_percent": "100"})
    newer, older = said(_cost(made["product_id"], "4.20", 9)), said(_cost(made["product_id"], "4.00", 8))
    await catalog.hear(newer)
    await catalog.hear(older, newer)
    found = await catalog.get(f"/v1/products/{made['product_id']}")
    assert (found["cost"], found["price"], found["proposed_price"]) == ("4.20", "12.00", "8.40")
    assert [event.cost for event in await catalog.told(ProductDefined)] == ["3.90", "4.20"]


async def test_a_cost_before_its_product_waits(catalog: Bench) -> None:
    """RELIABILITY 3: a cost of a product nobody defined yet waits and takes effect when it is defined."""
    product_id = str(uuid4())
    await catalog.hear(_cost(product_id, "7.77", 1))
    assert await catalog.owner.fetchval("SELECT count(*) FROM waiting") == 1
    await catalog.post("/v1/products", BOTOX | {"product_id": product_id})
    assert (await catalog.get(f"/v1/products/{product_id}"))["cost"] == "7.77"
    assert await catalog.owner.fetchval("SELECT count(*) FROM waiting") == 0


async def test_a_supplier_must_exist(catalog: Bench) -> None:
    """CAT-47: a person cannot name a supplier that was never entered; an import is warned."""
    supplier_id = str(uuid4())
    before = await catalog.state()
    refused = await catalog.call("POST", "/v1/products", BOTOX | {"supplier_id": supplier_id})
    assert (refused.status_code, refused.json()["field"]) == (404, "supplier_id")
    assert await catalog.state() == before
    imported = await catalog.post("/v1/products:batch", {"rows": [BOTOX | {"supplier_id": supplier_id}]})
    assert [warning["code"] for warning in imported["rows"][0]["warnings"]] == ["unknown-supplier"]
    await catalog.hear(SupplierDefined(supplier_id=UUID(supplier_id), number=7, name="Allergan"))
    found = (await catalog.get("/v1/codes/BTX-100"))["product"]
    assert (found["supplier_number"], found["supplier_name"]) == (7, "Allergan")
    made = await catalog.post(
        "/v1/products", {"code": "B", "name": "B", "kind": "physical", "supplier_id": supplier_id}
    )
    assert made["supplier_id"] == supplier_id
