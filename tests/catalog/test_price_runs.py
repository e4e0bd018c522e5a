"""The price-setting tool over HTTP and a real database."""

import time
from typing import Any
from uuid import uuid4

import pytest
from tests.catalog.harness import Bench
from tests.catalog.test_price_lists import HARLEY, category
from tests.catalog.test_variants import product, refused

from lotwise.contracts.catalog import PriceChanged

UP = {"change": "percent", "value": "10"}


async def price_of(catalog: Bench, code: str) -> str | None:
    """The chain's price of a product now."""
    found: str | None = (await catalog.get(f"/v1/codes/{code}"))["product"]["price"]
    return found


async def shelf(catalog: Bench) -> dict[str, str]:
    """Three creams at 10, 20 and 30 (the last in a category, without a cost) and a base that is not sold."""
    group = await category(catalog, "Creams")
    made = {
        "A": await product(catalog, "A", price="10", cost="4"),
        "B": await product(catalog, "B", price="20", cost="9"),
        "C": await product(catalog, "C", price="30", category_id=group),
        "BASE": await product(catalog, "BASE"),
    }
    await product(catalog, "D", variant_of=made["BASE"]["product_id"])
    return {code: row["product_id"] for code, row in made.items()} | {"category": group}


async def test_apply_shows_and_stores_nothing(catalog: Bench) -> None:
    """CAT-58: Apply shows each new price with what cannot be priced and why; without Save nothing is stored."""
    await shelf(catalog)
    before = await catalog.state()
    shown = await catalog.post("/v1/price-runs:preview", UP | {"ending": ".99"}, key="unused")
    assert [(row["code"], row["was"], row["now"], row["reason"]) for row in shown["rows"]] == [
        ("A", "10.00", "10.99", None),
        ("B", "20.00", "21.99", None),
        ("C", "30.00", "32.99", None),
        ("D", None, None, "no_price"),
    ]
    assert (shown["products"], shown["prices"], shown["skipped"], shown["reasons"]) == (4, 3, 1, {"no_price": 1})
    assert shown["rows"][3]["sentence"] == "It has no price to start from."
    assert await catalog.state() == before


async def test_apply_on_one_record(catalog: Bench) -> None:
    """CAT-58: for the open record alone, a mark-up on its cost."""
    ids = await shelf(catalog)
    body = {"change": "markup", "value": "45", "choice": {"product_ids": [ids["A"]]}}
    shown = await catalog.post("/v1/price-runs:preview", body)
    assert [(row["code"], row["cost"], row["now"]) for row in shown["rows"]] == [("A", "4.00", "5.80")]


async def test_save_sets_prices_as_one_run(catalog: Bench) -> None:
    """CAT-58: Save sets them, tells each, keeps who and when; sent twice under one key it happens once."""
    await shelf(catalog)
    saved = await catalog.post("/v1/price-runs", UP, key="k", who="manager")
    assert await catalog.post("/v1/price-runs", UP, key="k", who="manager") == saved
    assert [await price_of(catalog, code) for code in "ABCD"] == ["11.00", "22.00", "33.00", None]
    told = [event for event in await catalog.told(PriceChanged) if event.revision == 1][3:]
    assert [event.price for event in told] == ["11.00", "22.00", "33.00"]
    (run,) = (await catalog.get("/v1/price-runs"))["rows"]
    assert (run["who"], run["prices"], run["skipped"], run["change"], run["value"]) == (
        "user:manager", 3, 1, "percent", "10.00",
    )  # fmt: skip
    assert await catalog.get(f"/v1/price-runs/{run['run_id']}") == run
    page = await catalog.get(f"/v1/price-runs/{run['run_id']}/prices", params={"limit": 2})
    assert [(row["code"], row["was"], row["now"]) for row in page["rows"]] == [
        ("A", "10.00", "11.00"),
        ("B", "20.00", "22.00"),
    ]
    rest = await catalog.get(f"/v1/price-runs/{run['run_id']}/prices", params={"after": page["next"]})
    assert [row["code"] for row in rest["rows"]] == ["C"]


async def test_a_run_is_undone_except_where_somebody_changed_the_price(catalog: Bench) -> None:
    """CAT-58: undoing brings back what nobody changed since, names the rest, and happens once."""
    ids = await shelf(catalog)
    run = (await catalog.post("/v1/price-runs", UP))["run"]
    await catalog.post(f"/v1/products/{ids['B']}/prices", {"price": "25"})
    undone = await catalog.post(f"/v1/price-runs/{run['run_id']}:undo", who="manager")
    assert (undone["restored"], undone["skipped"], undone["run"]["undone_by"]) == (2, ["B"], "user:manager")
    assert [await price_of(catalog, code) for code in "ABC"] == ["10.00", "25.00", "30.00"]
    rows = (await catalog.get(f"/v1/price-runs/{run['run_id']}/prices"))["rows"]
    assert [row["is_undone"] for row in rows] == [True, False, True]
    assert (await refused(catalog, "POST", f"/v1/price-runs/{run['run_id']}:undo", {}))["code"] == "run-undone"


async def test_a_run_may_begin_later_and_be_taken_back_before(catalog: Bench) -> None:
    """CAT-58: prices from a day on leave today's alone; taken back in time, nobody ever pays them."""
    ids = await shelf(catalog)
    saved = await catalog.post("/v1/price-runs", UP | {"effective_from": "2100-01-01T00:00:00Z"})
    assert await price_of(catalog, "A") == "10.00"
    path = f"/v1/products/{ids['A']}/prices"
    assert [row["price"] for row in (await catalog.get(path))["rows"]] == ["10.00", "11.00"]
    await catalog.post(f"/v1/price-runs/{saved['run']['run_id']}:undo")
    assert [row["price"] for row in (await catalog.get(path))["rows"]] == ["10.00", "10.00"]


async def test_a_sites_first_own_price_is_withdrawn_by_undoing(catalog: Bench) -> None:
    """CAT-58: a site without own prices starts from the chain's; undone before it begins its list is empty again."""
    await catalog.post("/v1/sites", HARLEY)
    ids = await shelf(catalog)
    body = UP | {"at_site": "harley", "effective_from": "2100-01-01T00:00:00Z", "choice": {"kind": "physical"}}
    saved = await catalog.post("/v1/price-runs", body, who="local")
    path = f"/v1/products/{ids['A']}/prices"
    assert [(row["at_site"], row["price"]) for row in (await catalog.get(path))["rows"]] == [
        (None, "10.00"),
        ("harley", "11.00"),
    ]
    await catalog.post(f"/v1/price-runs/{saved['run']['run_id']}:undo", who="local")
    assert [row["at_site"] for row in (await catalog.get(path))["rows"]] == [None]
    told = (await catalog.told(PriceChanged))[-1]
    assert (told.at_site, told.valid_to) == ("harley", told.valid_from)


async def test_members_prices_and_filters(catalog: Bench) -> None:
    """CAT-58, CAT-65: 10 % below everyone's price for members, in one category, by search and by kind."""
    ids = await shelf(catalog)
    body = {"change": "percent", "value": "-10", "audience": "members"}
    saved = await catalog.post("/v1/price-runs", body | {"choice": {"category_id": ids["category"]}})
    assert [(row["code"], row["was"], row["now"]) for row in saved["rows"]] == [("C", "30.00", "27.00")]
    for choice, codes in (({"search": "b"}, ["B"]), ({"kind": "service"}, []), ({"variant_of": ids["BASE"]}, ["D"]),
                          ({"purpose": "retail", "product_ids": [ids["A"]]}, ["A"])):  # fmt: skip
        shown = await catalog.post("/v1/price-runs:preview", body | {"choice": choice})
        assert [row["code"] for row in shown["rows"]] == codes


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"value": "-101"}, "bad-value"),
        ({"effective_from": "2020-01-01T00:00:00Z"}, "bad-value"),
        ({"at_site": "nowhere"}, "unknown"),
        ({"choice": {"search": "nothing like it"}}, "nothing-to-price"),
        ({"choice": {"product_ids": [str(uuid4())]}}, "nothing-to-price"),
        ({"value": "0"}, "nothing-to-price"),
        ({"change": "halve"}, None),
        ({"choice": {"colour": "red"}}, None),
    ],
)
async def test_a_run_that_cannot_be_is_refused(catalog: Bench, change: dict[str, Any], code: str | None) -> None:
    """CAT-58: nonsense, the past, an unknown site or nothing to change are refused; nothing changed."""
    await shelf(catalog)
    problem = await refused(catalog, "POST", "/v1/price-runs", UP | change)
    assert code in {None, problem["code"]}
    assert (await refused(catalog, "POST", f"/v1/price-runs/{uuid4()}:undo", {}))["code"] == "unknown"


async def test_who_may_run_prices(catalog: Bench) -> None:
    """N-03: another site's prices, and a role that sets none, are refused for Apply, Save and undo."""
    await catalog.post("/v1/sites", HARLEY | {"slug": "soho"})
    await shelf(catalog)
    run = (await catalog.post("/v1/price-runs", UP | {"at_site": "soho"}))["run"]
    before = await catalog.state()
    for who in ("local", "front_desk"):
        for path in ("/v1/price-runs", "/v1/price-runs:preview", f"/v1/price-runs/{run['run_id']}:undo"):
            assert (await catalog.call("POST", path, UP | {"at_site": "soho"}, who=who)).status_code == 403
    assert await catalog.state() == before


async def test_5000_prices_are_set_and_taken_back_at_once(catalog: Bench) -> None:
    """CAT-58: a run over 5,000 products is one transaction of a few statements, and so is its undoing."""
    await catalog.owner.execute(_FIVE_THOUSAND)
    began = time.perf_counter()
    saved = await catalog.post("/v1/price-runs", UP | {"ending": ".99", "rows_max": 1})
    seconds = time.perf_counter() - began
    assert (saved["prices"], len(saved["rows"])) == (5000, 1)
    undone = await catalog.post(f"/v1/price-runs/{saved['run']['run_id']}:undo")
    assert (undone["restored"], undone["skipped"]) == (5000, [])
    print(f"5,000 prices in {seconds:.2f} s, undone after {time.perf_counter() - began:.2f} s")
    assert seconds < 8


_FIVE_THOUSAND = """
WITH made AS (
    INSERT INTO product (id, code, name, description, kind, purpose, unit, unit_decimals, manufacturer, size, size_unit,
                         tax_code, application_code, tax_inclusive, supplier_code, is_serialised, confirm_lot,
                         is_archived, revision)
    SELECT gen_random_uuid(), 'P' || n, 'Product ' || n, '', 'physical', 'retail', 'piece', 0, '', '', '', 0, 0, false,
           '', false, false, false, 1
      FROM generate_series(1, 5000) n RETURNING id
)
INSERT INTO price (id, product_id, price, valid_from, revision) SELECT gen_random_uuid(), id, 20000000, '1970-01-01', 1
  FROM made
"""
