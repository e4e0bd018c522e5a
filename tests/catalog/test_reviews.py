"""Price review and housekeeping over HTTP and a real database."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from tests.catalog.harness import Bench
from tests.catalog.test_price_lists import category
from tests.catalog.test_uses import Answer, others, silent, slow
from tests.catalog.test_variants import product, refused

from lotwise.catalog.app import tell_standing
from lotwise.catalog.domain import reviews
from lotwise.contracts.catalog import FunctionKeysPinned
from lotwise.contracts.purchasing import CostUpdated

__all__ = ["others"]


async def learn(catalog: Bench, made: dict[str, Any], cost: str, revision: int = 1) -> None:
    """Receiving taught a cost."""
    when = "2026-01-02T03:04:05Z"
    await catalog.hear(CostUpdated(product_id=made["product_id"], cost=cost, revision=revision, happened_at=when))


async def listed(catalog: Bench, path: str = "/v1/price-review", **params: Any) -> list[dict[str, Any]]:
    """The rows of a list."""
    rows: list[dict[str, Any]] = (await catalog.get(path, params=params))["rows"]
    return rows


async def test_a_cost_that_rose_since_the_price_is_shown_until_the_price_is_changed(catalog: Bench) -> None:
    """CAT-60: 4 → 5 after the price was made is shown with both; a new price, or the old cost again, settles it."""
    made = await product(catalog, "CREAM", price="20", cost="4")
    await product(catalog, "OTHER", price="20", cost="4")
    assert await listed(catalog) == []
    await learn(catalog, made, "5")
    (row,) = await listed(catalog)
    assert (row["code"], row["cost"], row["cost_when_priced"], row["reasons"]) == (
        "CREAM",
        "5.00",
        "4.00",
        ["cost_rose"],
    )
    assert row["margin_percent"] == "75.00"
    await learn(catalog, made, "4", 2)
    assert await listed(catalog) == []
    await learn(catalog, made, "6", 3)
    await catalog.post(f"/v1/products/{made['product_id']}/prices", {"price": "24"})
    assert await listed(catalog) == []


async def test_a_margin_under_the_target_is_shown(catalog: Bench) -> None:
    """CAT-60: 12 over 8 is 33.33 %: under 40, not under 30; back bar and archived products are not for sale."""
    group = await category(catalog)
    await product(catalog, "CREAM", price="12", cost="8", category_id=group)
    await product(catalog, "LOSS", price="5", cost="8")
    await product(catalog, "BAR", price="1", cost="8", purpose="back_bar")
    gone = await product(catalog, "GONE", price="1", cost="8")
    await catalog.post(f"/v1/products/{gone['product_id']}:archive")
    assert [(row["code"], row["margin_percent"], row["reasons"]) for row in await listed(catalog)] == [
        ("CREAM", "33.33", ["margin_low"]),
        ("LOSS", "-60.00", ["margin_low"]),
    ]
    assert [row["code"] for row in await listed(catalog, target_margin="30")] == ["LOSS"]
    assert [row["code"] for row in await listed(catalog, category=group)] == ["CREAM"]
    page = await catalog.get("/v1/price-review", params={"limit": 1})
    assert [row["code"] for row in await listed(catalog, after=page["next"])] == ["LOSS"]


def test_reasons_agree_with_margins() -> None:
    """CAT-60: exactly on the target is not under it; without a price only the cost can speak."""
    assert reviews.reasons(10_000_000, 6_000_000, 6_000_000, 40_000_000) == []
    assert reviews.reasons(10_000_000, 6_000_001, 6_000_000, 40_000_000) == ["cost_rose", "margin_low"]
    assert reviews.reasons(None, 2, 1, 40_000_000) == ["cost_rose"]
    assert reviews.margin_percent(0, 5) is None


async def test_untidy_products_are_named_with_their_faults(catalog: Bench) -> None:
    """CAT-61: no description, names alike but for case and spaces, capitals, odd spaces, a size in the name."""
    for code, name, more in (
        ("A", "Vitamin C serum", {"description": "Bright"}),
        ("B", "vitamin c  Serum", {"description": "Bright"}),
        ("C", "RETINOL CREAM", {"description": "Night"}),
        ("D", "Tonic 150 ml", {"description": "Fresh"}),
        ("E", "Tonic 200 ml", {"description": "Fresh", "size": "200", "size_unit": "ml"}),
        ("F", "Lip balm", {}),
        ("G", "Fine", {"description": "Fine"}),
    ):
        await product(catalog, code, name=name, **more)
    path = "/v1/housekeeping/descriptions"
    assert [(row["code"], row["faults"], row["alike"]) for row in await listed(catalog, path)] == [
        ("A", ["look_alike_name"], ["B"]),
        ("B", ["look_alike_name", "odd_spaces"], ["A"]),
        ("C", ["all_capitals"], []),
        ("D", ["unit_in_name"], []),
        ("F", ["missing_description"], []),
    ]
    assert [row["code"] for row in await listed(catalog, path, fault="missing_description")] == ["F"]
    page = await catalog.get(path, params={"limit": 4})
    assert [row["code"] for row in await listed(catalog, path, after=page["next"])] == ["F"]


async def test_variants_may_share_their_name(catalog: Bench) -> None:
    """CAT-61, CAT-14: variants of one product have its name and are not taken for look-alikes."""
    base = await product(catalog, "CREAM", name="Cream", description="Rich")
    for size in ("50", "100"):
        fields = {
            "name": "Cream",
            "description": "Rich",
            "variant_of": base["product_id"],
            "variant_name": f"{size} ml",
        }
        await product(catalog, f"CREAM{size}", **fields)
    assert await listed(catalog, "/v1/housekeeping/descriptions") == []


async def test_what_nobody_moved_for_long_may_be_discontinued(catalog: Bench, others: dict[str, Answer]) -> None:
    """CAT-61: of products older than 180 days those that stock did not move since; new, archived and bases are left."""
    made = {code: await product(catalog, code) for code in ("OLD", "NEVER", "BUSY", "NEW", "GONE", "BASE")}
    made["VARIANT"] = await product(catalog, "VARIANT", variant_of=made["BASE"]["product_id"])
    await catalog.post(f"/v1/products/{made['GONE']['product_id']}:archive")
    past = datetime.now(UTC) - timedelta(days=200)
    ids = [f"product:{row['product_id']}" for code, row in made.items() if code != "NEW"]
    await catalog.owner.execute("UPDATE change SET changed_at = $1 WHERE subject = ANY($2)", past, ids)
    asked: list[int] = []

    def moved(request: httpx.Request) -> httpx.Response:
        """Stock knows two of them."""
        asked.append(request.content.count(b"-7"))
        days = {"OLD": "2020-01-01", "BUSY": date.today().isoformat()}  # noqa: DTZ011
        rows = [{"product_id": made[code]["product_id"], "last_moved_on": day} for code, day in days.items()]
        return httpx.Response(200, json={"rows": rows})

    others["stock"] = moved
    found = await listed(catalog, "/v1/housekeeping/idle")
    assert [(row["code"], row["last_moved_on"]) for row in found] == [
        ("NEVER", None),
        ("OLD", "2020-01-01"),
        ("VARIANT", None),
    ]
    page = await catalog.get("/v1/housekeeping/idle", params={"limit": 1})
    rest = await catalog.get("/v1/housekeeping/idle", params={"after": page["next"]})
    assert ([row["code"] for row in page["rows"]], [row["code"] for row in rest["rows"]]) == (
        ["NEVER"],
        ["OLD", "VARIANT"],
    )
    assert await listed(catalog, "/v1/housekeeping/idle", days=3000) == []
    assert len(asked) == 3


@pytest.mark.parametrize("bad", [silent(500), silent(403, {}), silent(200, {"rows": [{}]}), slow])
async def test_a_silent_stock_is_said(catalog: Bench, others: dict[str, Answer], bad: Answer) -> None:
    """CAT-61: when stock does not answer, nobody is told that a product is idle."""
    await product(catalog, "OLD")
    await catalog.owner.execute("UPDATE change SET changed_at = '2020-01-01'")
    others["stock"] = bad
    problem = await refused(catalog, "GET", "/v1/housekeeping/idle", {})
    assert (problem["code"], problem["numbers"]["silent"]) == ("uses-not-known", ["stock"])


async def test_pinned_keys_stay_and_the_list_fills_the_rest(catalog: Bench) -> None:
    """CAT-46: F3 pinned at a site stays F3, the others follow the sorted list; other sites keep the plain list."""
    await catalog.post("/v1/sites", {"slug": "harley", "name": "Harley", "time_zone": "Europe/London"})
    made = [await product(catalog, f"P{i:02}") for i in range(14)]
    keys = {"keys": [{"key": 3, "product_id": made[13]["product_id"]}]}
    await catalog.put("/v1/sites/harley/function-keys", keys, '"0"', who="local")
    before = await catalog.state()
    answer = await catalog.put("/v1/sites/harley/function-keys", keys, '"1"')
    assert await catalog.state() == before
    assert answer["revision"] == 1
    shown = (await catalog.get("/v1/function-keys", params={"site": "harley"}))["rows"]
    codes = [row["product"]["code"] for row in shown]
    assert codes == ["P00", "P01", "P13", "P02", "P03", "P04", "P05", "P06", "P07", "P08", "P09", "P10"]
    assert [row["key"] for row in shown if row["is_pinned"]] == ["F3"]
    plain = (await catalog.get("/v1/function-keys"))["rows"]
    assert [row["product"]["code"] for row in plain][2] == "P02"
    await catalog.post(f"/v1/products/{made[13]['product_id']}:archive")
    shown = (await catalog.get("/v1/function-keys", params={"site": "harley"}))["rows"]
    assert [row["product"]["code"] for row in shown][2] == "P02"
    renamed = await catalog.put(f"/v1/products/{made[0]['product_id']}", {"code": "Z"})
    assert renamed["code"] == "Z"
    assert (await catalog.get("/v1/function-keys"))["rows"][0]["product"]["code"] == "P01"
    history = await catalog.owner.fetchval("SELECT now FROM change WHERE field = 'function keys'")
    assert history == {"F3": made[13]["product_id"]}
    (told,) = await catalog.told(FunctionKeysPinned)
    pins = [(one.key, str(one.product_id)) for one in told.keys]
    assert (told.site, pins, told.revision) == ("harley", [(3, made[13]["product_id"])], 1)


async def test_keys_pinned_before_they_were_told_are_told_once(catalog: Bench) -> None:
    """CAT-46: after an upgrade the keys that a site pinned before the event existed are told at start, once."""
    for slug in ("harley", "soho"):
        await catalog.post("/v1/sites", {"slug": slug, "name": slug, "time_zone": "Europe/London"})
    one, two = await product(catalog, "A"), await product(catalog, "B")
    # given keys of harley that were pinned by an older version, and keys of soho that were told
    await catalog.put("/v1/sites/soho/function-keys", {"keys": [{"key": 1, "product_id": two["product_id"]}]}, '"0"')
    await catalog.owner.execute("INSERT INTO function_key_list (site, revision) VALUES ('harley', 4)")
    await catalog.owner.execute("INSERT INTO function_key VALUES ('harley', 3, $1)", UUID(one["product_id"]))
    # when the service starts, twice, two processes at once
    await tell_standing(catalog.runtime)
    await asyncio.gather(tell_standing(catalog.runtime), tell_standing(catalog.runtime))
    # then harley's are told as they stand at their revision, soho's are not told again
    told = [
        (one.site, [(key.key, key.product_id) for key in one.keys], one.revision)
        for one in await catalog.told(FunctionKeysPinned)
    ]
    assert told == [("soho", [(1, UUID(two["product_id"]))], 1), ("harley", [(3, UUID(one["product_id"]))], 4)]
    # and a desk that knows this revision keeps what it has; the next change is revision 5
    await catalog.put("/v1/sites/harley/function-keys", {"keys": []}, '"4"')
    assert (await catalog.told(FunctionKeysPinned))[-1].revision == 5


async def test_keys_that_cannot_be_pinned_are_refused(catalog: Bench) -> None:
    """CAT-46: a key twice, a product twice, F13, an unknown or archived product, another site's keys: refused."""
    for slug in ("harley", "soho"):
        await catalog.post("/v1/sites", {"slug": slug, "name": slug, "time_zone": "Europe/London"})
    one, two = await product(catalog, "A"), await product(catalog, "B")
    gone = await product(catalog, "GONE")
    await catalog.post(f"/v1/products/{gone['product_id']}:archive")
    path = "/v1/sites/harley/function-keys"
    for pins in (
        [(1, one), (1, two)], [(1, one), (2, one)], [(13, one)], [(1, {"product_id": str(uuid4())})], [(1, gone)],
    ):  # fmt: skip
        keys = {"keys": [{"key": key, "product_id": row["product_id"]} for key, row in pins]}
        await refused(catalog, "PUT", path, keys, match="*")
    keys = {"keys": [{"key": 1, "product_id": one["product_id"]}]}
    assert (await catalog.call("PUT", path, keys, match='"5"')).status_code == 412
    before = await catalog.state()
    assert (await catalog.call("PUT", "/v1/sites/soho/function-keys", keys, match="*", who="local")).status_code == 403
    assert await catalog.state() == before
