"""Central supply: a shortage asks its source once, and only a source that is short net of requests is ordered for."""

from typing import Any

import pytest
from tests.stock.chain import BOTOX, CREAM, SERVICE, Chain, product

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import ReorderPointReached, ResupplyChanged, StockBelowMin, StockOut, StockRestored
from lotwise.stock.jobs import resupply_sites

TOXIN = {"product_id": str(BOTOX)}


async def central(stock: Chain, site: str = "soho", source: str = "harley") -> None:
    """Soho gets its toxin from harley."""
    body = {"mode": "central", "from_site": source}
    await stock.bench.put(f"/v1/resupply/{site}/{BOTOX}", body)


async def watch(stock: Chain, site: str, minimum: str | None, reorder_at: str | None = None) -> None:
    """Set the two levels of the toxin at a site."""
    await stock.bench.put(f"/v1/levels/{site}/{BOTOX}", {"minimum": minimum, "reorder_at": reorder_at})


async def requests(stock: Chain) -> list[dict[str, Any]]:
    """The transfers that there are, oldest first."""
    rows: list[dict[str, Any]] = (await stock.bench.get("/v1/transfers"))["rows"]
    return rows[::-1]


async def short(stock: Chain, sold: str = "6", source_reorders_at: str | None = None) -> None:
    """Soho has 10 with a minimum of 8 and sells; harley has 100 and maybe a reorder point."""
    await stock.hear(product(BOTOX, "BTX", "Botox Units", unit="U", normal_order_quantity="20", revision=2))
    await central(stock)
    await stock.receive("100")
    await watch(stock, "harley", None, source_reorders_at)
    await stock.receive("10", site="soho")
    await watch(stock, "soho", "8")
    await stock.sell(sold, site="soho")
    await resupply_sites(stock.bench.runtime)


async def test_a_crossing_makes_one_request_to_the_source(stock: Chain) -> None:
    """STK-39: given soho is resupplied by harley; when it falls to 4, then to 0, and the job runs often;
    then one request for the normal 20, and every crossing names harley.
    """
    await short(stock)
    await stock.sell("4", site="soho")
    for _ in range(3):
        await resupply_sites(stock.bench.runtime)
    (made,) = await requests(stock)
    assert (made["state"], made["origin"], made["from_site"], made["to_site"]) == (
        "requested", "shortage", "harley", "soho",
    )  # fmt: skip
    assert made["lines"][0]["quantity"] == "20"
    (below,), (out,) = await stock.told(StockBelowMin), await stock.told(StockOut)
    assert made["shortage_id"] == str(below.shortage_id) == str(out.shortage_id)
    assert (below.resupplied_from, out.resupplied_from) == ("harley", "harley")


async def test_a_local_product_asks_nobody(stock: Chain) -> None:
    """STK-32: given soho orders for itself again; when it runs short; then no request, and no source is named."""
    await central(stock)
    read = await stock.bench.call("GET", f"/v1/resupply/soho/{BOTOX}")
    assert (read.json()["ordered_by"], read.headers["etag"]) == ("harley", '"1"')
    await stock.bench.put(f"/v1/resupply/soho/{BOTOX}", {"mode": "local"}, match='"1"')
    await stock.receive("10", site="soho")
    await watch(stock, "soho", "8")
    await stock.sell("6", site="soho")
    await resupply_sites(stock.bench.runtime)
    assert await requests(stock) == []
    (below,) = await stock.told(StockBelowMin)
    assert below.resupplied_from is None
    rules = (await stock.bench.get("/v1/resupply", params={"site": "soho"}))["rows"]
    assert [(one["mode"], one["ordered_by"], one["code"]) for one in rules] == [("local", "soho", "BTX")]


async def test_the_end_of_a_shortage_takes_back_an_untouched_request(stock: Chain) -> None:
    """STK-39: given a request of a shortage; when goods come from elsewhere; then it is called off, and not again."""
    await short(stock)
    await stock.receive("9", site="soho")
    for _ in range(2):
        await resupply_sites(stock.bench.runtime)
    (made,) = await requests(stock)
    assert made["state"] == "cancelled"
    (restored,) = await stock.told(StockRestored)
    assert restored.resupplied_from == "harley"
    last = (await stock.bench.get(f"/v1/transfers/{made['transfer_id']}"))["steps"][-1]
    assert (last["move"], last["actor"], last["note"]) == ("cancel", "service:stock", "the shortage is over")


async def test_an_approved_request_stays_when_the_shortage_ends(stock: Chain) -> None:
    """STK-39: given a request that a person approved; when the shortage ends; then it stays theirs to decide."""
    await short(stock)
    (made,) = await requests(stock)
    await stock.bench.post(f"/v1/transfers/{made['transfer_id']}:approve", {})
    await stock.receive("9", site="soho")
    await resupply_sites(stock.bench.runtime)
    assert (await requests(stock))[0]["state"] == "approved"


async def test_the_source_is_short_net_of_what_is_asked_of_it(stock: Chain) -> None:
    """STK-39: given harley has 100 and reorders at 85; when soho asks for 20; then harley crosses with 20 requested,
    and sending them crosses nothing more.
    """
    await short(stock, source_reorders_at="85")
    (reached,) = [one for one in await stock.told(ReorderPointReached) if one.site == "harley"]
    assert (reached.on_hand, reached.requested, reached.resupplied_from) == ("100", "20", None)
    (made,) = await requests(stock)
    path = f"/v1/transfers/{made['transfer_id']}"
    await stock.bench.post(f"{path}:approve", {})
    await stock.bench.post(f"{path}:ship", {})
    assert len([one for one in await stock.told(ReorderPointReached) if one.site == "harley"]) == 1
    assert [one for one in await stock.told(StockRestored) if one.site == "harley"] == []
    await stock.bench.post(f"{path}:receive", {})
    assert [one.site for one in await stock.told(StockRestored)] == ["soho"]


async def test_a_declined_request_frees_its_source(stock: Chain) -> None:
    """STK-39: given harley crossed because of a request; when it declines; then its own shortage is over."""
    await short(stock, source_reorders_at="85")
    (made,) = await requests(stock)
    await stock.bench.post(f"/v1/transfers/{made['transfer_id']}:decline", {"reason": "no"})
    (restored,) = [one for one in await stock.told(StockRestored) if one.site == "harley"]
    assert (restored.on_hand, restored.requested) == ("100", None)
    await resupply_sites(stock.bench.runtime)
    assert [one["state"] for one in await requests(stock)] == ["declined"]


async def test_what_is_on_its_way_is_not_asked_for_again(stock: Chain) -> None:
    """STK-39: given 20 already on their way to soho; when it runs short; then nothing more is asked for."""
    await central(stock)
    await stock.receive("100")
    await stock.receive("10", site="soho")
    body = {"from_site": "harley", "to_site": "soho", "lines": [TOXIN | {"quantity": "20"}]}
    made = await stock.bench.post("/v1/transfers", body)
    await stock.bench.post(f"/v1/transfers/{made['transfer_id']}:ship", {})
    await watch(stock, "soho", "8")
    await stock.sell("6", site="soho")
    await resupply_sites(stock.bench.runtime)
    assert len(await requests(stock)) == 1


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (f"soho/{BOTOX}", {"mode": "central", "from_site": "soho"}, "bad-value"),
        (f"soho/{BOTOX}", {"mode": "central", "from_site": "nowhere"}, "unknown-site"),
        (f"nowhere/{BOTOX}", {"mode": "local"}, "unknown-site"),
        (f"soho/{uuid7()}", {"mode": "local"}, "unknown-product"),
        (f"soho/{SERVICE}", {"mode": "central", "from_site": "harley"}, "not-kept"),
        (f"soho/{BOTOX}", {"mode": "central"}, None),
        (f"soho/{BOTOX}", {"mode": "local", "from_site": "harley"}, None),
    ],
)
async def test_a_bad_rule_is_named_and_changes_nothing(stock: Chain, path: str, body: Any, code: str | None) -> None:
    """Bad input, named: given a rule with one bad value; when it is set; then a clear 4xx and nothing stored."""
    before = await stock.bench.state()
    no = await stock.bench.call("PUT", f"/v1/resupply/{path}", body, match="*")
    assert 400 <= no.status_code < 500, no.text
    assert code is None or no.json()["code"] == code
    assert await stock.bench.state() == before


async def test_sites_do_not_resupply_each_other_in_a_circle(stock: Chain) -> None:
    """STK-32: given soho from harley from sydney; when sydney would come from soho; then the circle is named."""
    await central(stock, "soho", "harley")
    await central(stock, "harley", "sydney")
    no = await stock.bench.call(
        "PUT", f"/v1/resupply/sydney/{BOTOX}", {"mode": "central", "from_site": "soho"}, match="*"
    )
    assert (no.status_code, no.json()["numbers"]["path"]) == (422, ["sydney", "soho", "harley", "sydney"])
    assert (await stock.bench.get(f"/v1/resupply/sydney/{CREAM}"))["mode"] == "local"


async def test_who_resupplies_is_told(stock: Chain) -> None:
    """STK-32: given a rule; when it is set and taken back; then both are told with a growing revision."""
    path = f"/v1/resupply/harley/{BOTOX}"
    await stock.bench.put(path, {"mode": "central", "from_site": "soho"}, match="*")
    await stock.bench.put(path, {"mode": "local"}, match="*")
    told = await stock.told(ResupplyChanged)
    assert [(one.site, one.resupplied_from, one.revision) for one in told] == [
        ("harley", "soho", 1),
        ("harley", None, 2),
    ]
