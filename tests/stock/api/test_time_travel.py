"""Looking back on both clocks: what the pages say of the past is what a replay of the ledger adds up to (N-04)."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.catalog.harness import Bench
from tests.stock.chain import BOTOX, CREAM, SERUM, SITES, Chain
from tests.stock.past import DAYS, FIRST, Leg, Pen, replay

from lotwise.contracts.catalog import SiteDefined
from lotwise.stock.operations.audit import prove
from lotwise.values import day_bounds, format_quantity, parse_quantity

DECIMALS = {BOTOX: 0, CREAM: 0, SERUM: 1}
CLOCKS = ("as_of", "known_at", "both")


@pytest.fixture
async def written(stock_bench: Bench) -> AsyncIterator[Chain]:
    """A chain whose ledger is written by a pen: its journeys have no transfers, all else must agree at the end."""
    await stock_bench.empty()
    chain = Chain(stock_bench)
    await chain.define()
    yield chain
    async with stock_bench.db.reading() as tx:
        proof = await prove(tx)
    assert {one.check for one in proof.findings} <= {"transit"}


def moments(pen: Pen, legs: Sequence[Leg], count: int) -> list[dict[str, datetime]]:
    """Random instants on one clock or both; half of them are exactly the instant of some movement, or a blink off."""
    found = []
    for number in range(count):
        clock = CLOCKS[number % 3]
        asked: dict[str, datetime] = {}
        for name, own in (("as_of", "happened_at"), ("known_at", "recorded_at")):
            if clock in {name, "both"}:
                instant = FIRST + timedelta(seconds=pen.random.randint(-86_400, (2 * DAYS + 2) * 86_400))
                if pen.random.random() < 0.5:
                    blink = timedelta(microseconds=pen.random.choice((0, 0, -1, 1)))
                    instant = getattr(pen.random.choice(legs), own) + blink
                asked[name] = instant
        found.append(asked)
    return found


def wanted_level(total: dict[tuple[Any, ...], list[int]], site: str, product: Any, own: set[Any]) -> dict[str, Any]:
    """The figures of a cell out of a replay."""

    def amount(kind: str) -> str:
        quantity = sum(v[0] for k, v in total.items() if k[:3] == (site, kind, product))
        return format_quantity(quantity, DECIMALS[product])

    value = sum(v[1] for k, v in total.items() if k[:3] == (site, "shelf", product) and k[3] in own)
    names = {"on_hand": "shelf", "quarantined": "quarantine", "in_transit": "transit", "unattributed": "unattributed"}
    return {name: amount(kind) for name, kind in names.items()} | {"value_minor": value}


def wanted_sums(total: dict[tuple[Any, ...], list[int]], pen: Pen, site: str | None, by: date) -> dict[str, int]:
    """The totals of a site or of the chain out of a replay."""
    lots = {lot.id: lot for lot in pen.lots}
    here = {k: v for k, v in total.items() if site in {None, k[0]}}
    shelf = [(lots[k[3]], v) for k, v in here.items() if k[1] == "shelf"]
    cells: dict[tuple[Any, ...], int] = defaultdict(int)
    for key, (quantity, _) in here.items():
        cells[key[:3]] += quantity
    soon = [v for lot, v in shelf if lot.expires_on is not None and lot.expires_on <= by]
    return {
        "stocked": sum(n > 0 for k, n in cells.items() if k[1] == "shelf"),
        "unattributed": sum(n < 0 for k, n in cells.items() if k[1] == "unattributed"),
        "value_minor": sum(v[1] for lot, v in shelf if not lot.owner),
        "consigned_minor": sum(v[1] for lot, v in shelf if lot.owner),
        "quarantined_minor": sum(v[1] for k, v in here.items() if k[1] == "quarantine"),
        "in_transit_minor": sum(v[1] for k, v in here.items() if k[1] == "transit"),
        "lots_expiring": sum(v[0] != 0 for v in soon),
        "expiring_minor": sum(v[1] for v in soon),
    }


async def compare_sums(pen: Pen, legs: Sequence[Leg], asked: dict[str, datetime]) -> None:
    """The totals of every site and of the chain against the replay."""
    total = replay(legs, asked.get("as_of"), asked.get("known_at"))
    query = {name: instant.isoformat() for name, instant in asked.items()}
    by = (asked.get("as_of") or asked["known_at"]).astimezone(UTC).date() + timedelta(days=30)
    for site in (None, *SITES):
        summary = await pen.stock.bench.get("/v1/summary", params=query | ({"site": site} if site else {}))
        wanted = wanted_sums(total, pen, site, by)
        assert {name: summary[name] for name in wanted} == wanted, (asked, site)


async def compare(stock: Chain, legs: Sequence[Leg], asked: dict[str, datetime], own: set[Any]) -> None:
    """Every page of the past against the replay."""
    total = replay(legs, asked.get("as_of"), asked.get("known_at"))
    query = {name: instant.isoformat() for name, instant in asked.items()}
    for site in SITES:
        rows = (await stock.bench.get("/v1/levels", params={"site": site, **query}))["rows"]
        for row in rows:
            product = next(one for one in DECIMALS if str(one) == row["product_id"])
            wanted = wanted_level(total, site, product, own)
            assert {name: row[name] for name in wanted} == wanted, (asked, site, row["code"])
            one = await stock.bench.get(f"/v1/levels/{site}/{product}", params=query)
            assert {name: one[name] for name in wanted} == wanted
        lots = (await stock.bench.get("/v1/lots", params={"site": site, **query}))["rows"]
        shown = {(one["state"], one["lot_id"]): (parse_quantity(one["quantity"], 6), one["cost_minor"]) for one in lots}
        holding = {"shelf", "quarantine", "transit"}
        assert shown == {
            (kind, str(lot)): (v[0] * 10 ** (6 - DECIMALS[product]), v[1])
            for (where, kind, product, lot), v in total.items()
            if where == site and kind in holding and v[0]
        }
        summary = await stock.bench.get("/v1/summary", params={"site": site, **query})
        assert summary["value_minor"] == sum(wanted_level(total, site, one, own)["value_minor"] for one in DECIMALS)
    chain = await stock.bench.get("/v1/summary", params=query)
    assert chain["in_transit_minor"] == sum(v[1] for k, v in total.items() if k[1] == "transit")
    assert chain["consigned_minor"] == sum(v[1] for k, v in total.items() if k[1] == "shelf" and k[3] not in own)
    assert chain["below_minimum"] is None


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_past_equals_a_replay(written: Chain, seed: int) -> None:
    """N-04: given eleven weeks of deeds at sites in three zones, a third recorded late or ahead of the clock;
    when levels, lots and totals are asked at random instants on either clock or both, without and with the openings of
    months; then each equals a replay of the ledger.
    """
    pen = Pen(written, seed)
    await pen.story(140)
    legs = await pen.legs()
    own = {lot.id for lot in pen.lots if not lot.owner}
    for asked in moments(pen, legs, 12):
        await compare(written, legs, asked, own)
    assert await pen.keep_openings() == 5
    for asked in moments(pen, legs, 30):
        await compare(written, legs, asked, own)


async def is_quick(pen: Pen) -> int:
    """How many openings of days are kept: what totals start from."""
    return int(await pen.stock.bench.owner.fetchval("select count(*) from day_opening"))


@pytest.mark.parametrize("seed", [11, 12, 13])
async def test_totals_of_the_past_equal_a_replay(written: Chain, seed: int) -> None:
    """N-04: given weeks of deeds in three zones, a third late or ahead of the clock; when the totals of sites and of
    the chain are asked at random instants, at movements' own and at midnights, on either clock or both, with the
    openings of days kept up to a day among them, and to the end, with and without those of months; then each equals a
    replay of the ledger.
    """
    pen = Pen(written, seed)
    await pen.story(160)
    legs = await pen.legs()
    midnights = [
        {clock: day_bounds((FIRST + timedelta(days=number)).date(), zone)[0] + timedelta(microseconds=blink)}
        for number, zone in enumerate(("Europe/London", "Australia/Sydney", "America/New_York") * 3, 20)
        for clock, blink in (("as_of", 0), ("as_of", -1), ("known_at", 0), ("known_at", -1))
    ]
    for most in (35, 1000):
        await pen.keep_days(most=most)
        for asked in [*moments(pen, legs, 40), *midnights]:
            await compare_sums(pen, legs, asked)
    assert await is_quick(pen) > 4 * DAYS
    await pen.keep_openings()
    await pen.stock.bench.owner.execute("delete from day_opening where day >= '2026-03-20'")
    await pen.keep_days()
    for asked in [*moments(pen, legs, 60), *midnights]:
        await compare_sums(pen, legs, asked)


async def test_what_comes_late_is_told_by_its_clock(written: Chain) -> None:
    """N-04, N-05: given openings of all days; when goods are recorded late that empty a lot, and bring another, in
    the past; then totals as of then tell them, and as known before they do not.
    """
    pen = Pen(written, 14)
    await pen.story(80)
    await pen.keep_openings()
    await pen.keep_days()
    kept = await is_quick(pen)
    for number in range(40):
        recorded = FIRST + timedelta(days=2 * DAYS + 1, minutes=number)
        await pen.write(recorded, recorded - timedelta(days=pen.random.randint(1, 2 * DAYS), seconds=number))
    legs = await pen.legs()
    for asked in moments(pen, legs, 60):
        await compare_sums(pen, legs, asked)
    assert await is_quick(pen) == kept


async def test_a_corrected_expiry_counts_in_the_past(written: Chain) -> None:
    """N-04, N-20: given openings of all days; when a lot's expiry is corrected; then the openings since it came are
    forgotten, totals of the past count its new date at once, and the same when the days are kept again.
    """
    pen = Pen(written, 15)
    await pen.story(80)
    await pen.keep_openings()
    await pen.keep_days()
    before = await is_quick(pen)
    came = {leg.lot_id: leg.recorded_at for leg in reversed(await pen.legs()) if leg.kind == "shelf"}
    wrong = min((lot for lot in pen.lots if lot.id in came and lot.expires_on), key=lambda lot: came[lot.id])
    await written.bench.post(f"/v1/lots/{wrong.id}:correct", {"expires_on": "2026-04-20", "reason": "misread"})
    pen.lots = [lot._replace(expires_on=date(2026, 4, 20)) if lot.id == wrong.id else lot for lot in pen.lots]
    assert await is_quick(pen) < before
    legs = await pen.legs()
    asked = moments(pen, legs, 20)
    for one in asked:
        await compare_sums(pen, legs, one)
    assert await pen.keep_days() > 0
    assert await is_quick(pen) == before
    for one in asked:
        await compare_sums(pen, legs, one)


async def test_a_site_that_moves_to_another_zone_keeps_its_past(written: Chain) -> None:
    """N-04: given a site whose zone changes half-way; when its past is asked on both sides of the change;
    then it equals a replay.
    """
    pen = Pen(written, 4)
    await pen.story(60)
    await written.hear(SiteDefined(slug="sydney", name="Sydney", time_zone="Pacific/Honolulu", revision=7))
    turned = await written.bench.owner.fetchval("select max(recorded_at) + interval '1 second' from movement")
    await written.bench.owner.execute("update site_zone set since = $1 where zone = 'Pacific/Honolulu'", turned)
    for number in range(40):
        recorded = turned + timedelta(hours=7 * number)
        await pen.write(recorded, recorded - timedelta(hours=pen.random.choice((0, 0, 9, 30, 400))))
    await pen.keep_openings()
    legs = await pen.legs()
    own = {lot.id for lot in pen.lots if not lot.owner}
    for asked in moments(pen, legs, 40):
        await compare(written, legs, asked, own)
    assert await pen.keep_days() > DAYS
    for asked in moments(pen, legs, 80):
        await compare_sums(pen, legs, asked)


async def test_openings_are_made_once_and_never_move(written: Chain) -> None:
    """DESIGN 3.9: given openings of months; when a late entry of those months comes and the job runs again;
    then no opening changes, and the past does tell the late entry by its clock.
    """
    pen = Pen(written, 5)
    await pen.story(40)
    made = await pen.keep_openings()
    before = await written.bench.state()
    assert await pen.keep_openings() == 0
    assert (await written.bench.state())["opening_balance"] == before["opening_balance"]
    was = await written.on_hand()
    at = {"as_of": "2026-03-10T12:00:00Z"}
    then = (await written.bench.get(f"/v1/levels/harley/{BOTOX}", params=at))["on_hand"]
    await written.receive("7", happened_at="2026-03-01T10:00:00Z")
    assert int(await written.on_hand()) == int(was) + 7 or int(was) == 0
    later = (await written.bench.get(f"/v1/levels/harley/{BOTOX}", params=at))["on_hand"]
    assert int(later) == int(then) + 7
    known = at | {"known_at": "2026-06-01T00:00:00Z"}
    assert (await written.bench.get(f"/v1/levels/harley/{BOTOX}", params=known))["on_hand"] == then
    assert (await written.bench.state())["opening_balance"] == before["opening_balance"]
    assert made == await written.bench.owner.fetchval("select count(*) from opening")


async def test_what_the_past_does_not_keep_is_not_made_up(stock: Chain) -> None:
    """N-04: given stock with a minimum; when looked back; then holds, minimums and alarms are null, and a filter that
    only the present has is refused, as is an instant without a zone or a list of all lots of the chain.
    """
    await stock.receive("9")
    await stock.bench.put(f"/v1/levels/harley/{BOTOX}", {"minimum": "20"})
    back = {"as_of": "2026-03-01T00:00:00Z"}
    row = await stock.bench.get(f"/v1/levels/harley/{BOTOX}", params=back)
    assert (row["on_hand"], row["value_minor"]) == ("9", 4500)
    assert [row[name] for name in ("held", "available", "minimum", "is_below")] == [None, None, None, False]
    assert (row["as_of"], row["known_at"]) == ("2026-03-01T00:00:00Z", None)
    for path, extra, code in (
        ("/v1/levels", {"below": "true"}, "bad-value"),
        ("/v1/levels", {"short": "true"}, "bad-value"),
        ("/v1/lots", {}, "bad-value"),
        (f"/v1/levels/nowhere/{BOTOX}", {}, "unknown-site"),
        (f"/v1/levels/harley/{DECIMALS and '00000000-0000-7000-8000-00000000dead'}", {}, "unknown-product"),
    ):
        answer = await stock.bench.call("GET", path, params=back | extra)
        assert (answer.status_code, answer.json()["code"]) == (404 if "unknown" in code else 422, code), path
    naive = await stock.bench.call("GET", "/v1/summary", params={"as_of": "2026-03-01T00:00:00"})
    assert naive.status_code == 422


async def test_the_past_of_other_sites_is_not_told(stock: Chain) -> None:
    """SEC: given a manager of harley; when soho's past is asked; then 403, and a list shows harley's alone."""
    await stock.receive("5")
    await stock.receive("6", site="soho")
    back = {"as_of": datetime(2026, 5, 1, tzinfo=UTC).isoformat()}
    answer = await stock.bench.call("GET", f"/v1/levels/soho/{BOTOX}", who="local", params=back)
    assert answer.status_code == 403
    assert (
        await stock.bench.call("GET", "/v1/summary", who="local", params=back | {"site": "soho"})
    ).status_code == 403
    rows = (await stock.bench.get("/v1/levels", who="local", params=back))["rows"]
    assert [(one["site"], one["on_hand"]) for one in rows] == [("harley", "5")]
    lots = (await stock.bench.get("/v1/lots", who="local", params=back | {"product": str(BOTOX)}))["rows"]
    assert [one["site"] for one in lots] == ["harley"]
    seen = await stock.bench.get(f"/v1/lots/{lots[0]['lot_id']}", params=back)
    assert [(one["site"], one["quantity"]) for one in seen["places"]] == [("harley", "5")]
