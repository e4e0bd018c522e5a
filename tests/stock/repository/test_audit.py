"""The proof of the books on a live system: page by page, kept every night, each finding by its row (N-01)."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.catalog.harness import Bench
from tests.stock.chain import BOTOX, Chain
from tests.stock.past import storied

from lotwise.stock.jobs import prove_books
from lotwise.stock.operations import audit
from lotwise.stock.operations.audit import is_due, prove_live, prove_nightly
from lotwise.stock.operations.seals import seal
from lotwise.stock.repository.audit import Finding

NIGHT = datetime(2026, 5, 5, 2, tzinfo=UTC)


@pytest.fixture
async def written(stock_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Chain:
    """Eleven weeks of deeds in seven blocks, proven in pages of a few rows; a test may falsify them."""
    monkeypatch.setattr(audit, "ROWS_A_PAGE", 7)
    monkeypatch.setattr(audit, "ROWS_A_STRETCH", 11)
    chain = (await storied(stock_bench, 11, 60)).stock
    for _ in range(4):
        await chain.receive("5")
        await chain.sell("2")
        async with stock_bench.db.transaction() as tx:
            await seal(tx)
    return chain


async def found(chain: Chain) -> list[Finding]:
    """What the live proof finds, beside the pen's journeys that have no transfers."""
    proof = await prove_live(chain.bench.db)
    assert proof.sizes["movements"] == await chain.bench.owner.fetchval("select count(*) from movement")
    return [one for one in proof.findings if one.check != "transit"]


async def test_clean_books_are_clean_in_pages(written: Chain) -> None:
    """N-01: given a ledger of many pages, days and blocks; when it is proven page by page; then nothing is found."""
    assert await found(written) == []


@pytest.mark.parametrize("offset", [0, 6, 7, 30, 63])
async def test_exactly_the_altered_row_is_named(written: Chain, offset: int) -> None:
    """N-01: given one movement anywhere whose actor was altered by SQL; when proven; then exactly it is named."""
    row = await written.bench.owner.fetchval("select id from movement order by id offset $1 limit 1", offset)
    await written.bench.owner.execute("update movement set actor = 'user:nobody' where id = $1", row)
    assert [(one.check, one.row) for one in await found(written)] == [("content", f"movement {row}")]


async def test_a_deleted_row_is_missed_by_its_day_and_its_block(written: Chain) -> None:
    """N-01: given a sealed movement that was deleted by SQL; when proven; then its days and its block are named."""
    row = await written.bench.owner.fetchrow(
        "select m.id, s.block from movement m join seal s on m.xid >= s.xid_from and m.xid < s.xid_to"
        " order by m.id desc offset 1 limit 1"
    )
    assert row is not None
    await written.bench.owner.execute("delete from movement where id = $1", row["id"])
    findings = await found(written)
    assert {one.check for one in findings} == {"daily_totals", "seals"}
    assert [one.row for one in findings if one.check == "seals"] == [f"seal block {row['block']}"]


async def test_a_total_of_a_day_without_movements_is_named(written: Chain) -> None:
    """N-01: given two daily totals that cancel out, put in by SQL for days without movements; when proven;
    then both are named, though every sum agrees.
    """
    for on, quantity in (("2020-01-01", 3), ("2031-01-01", -3)):
        await written.bench.owner.execute(
            "insert into daily_total (product_id, location_id, lot_id, happened_on, recorded_on, quantity, cost_minor)"
            " select product_id, location_id, lot_id, $1::text::date, $1::text::date, $2, 0 from daily_total limit 1",
            on, quantity,
        )  # fmt: skip
    findings = await found(written)
    assert {one.check for one in findings} == {"daily_totals"}
    assert [one.row[-10:] for one in findings] == ["2020-01-01", "2031-01-01"]


async def test_an_id_made_at_another_time_is_named(written: Chain) -> None:
    """DESIGN 3.5: given a movement put in with an id of another year and a fitting hash; when proven;
    then it is named: looking back finds movements by the instant of their ids.
    """
    await written.bench.owner.execute(
        "insert into movement select (jsonb_populate_record(m, jsonb_build_object('id',"
        " '018c0000-0000-7000-8000-000000000001', 'quantity', 0, 'cost_minor', 1))).* from movement m limit 1"
    )
    await written.bench.owner.execute(
        "update movement m set content_hash = sha256(record_send(row(m.id, m.recorded_at, m.happened_at, m.site,"
        " m.product_id, m.lot_id, m.from_location, m.to_location, m.quantity, m.cost_minor, m.actor, m.reason,"
        " m.cause_id, m.line, m.trace_id, m.reverses))) where id = '018c0000-0000-7000-8000-000000000001'"
    )
    named = [one for one in await found(written) if one.check == "content"]
    assert [(one.row, one.detail) for one in named] == [
        ("movement 018c0000-0000-7000-8000-000000000001", "its id was not made when it was recorded")
    ]


async def test_goods_in_use_without_a_container_are_named(written: Chain) -> None:
    """N-07: given goods in use that no open container holds; when proven; then site, product and lot are named."""
    owner = written.bench.owner
    place = await owner.fetchval("select min(id) from location where site = 'harley' and kind = 'in_use'")
    lot = await owner.fetchval("select lot_id from balance where lot_id is not null and product_id = $1 limit 1", BOTOX)
    await owner.execute(
        "insert into balance (location_id, site, kind, product_id, lot_id, on_hand, cost_minor, version)"
        " values ($1, 'harley', 'in_use', $2, $3, 4, 0, 1)",
        place, BOTOX, lot,
    )  # fmt: skip
    findings = await found(written)
    assert {one.check for one in findings} == {"balances", "containers"}
    named = next(one for one in findings if one.check == "containers")
    assert named.row == f"opened containers at harley, product {BOTOX}, lot {lot}"
    assert (named.expected, named.found) == ("4 / 0", "0 / 0")


@pytest.mark.parametrize(
    ("now", "last", "due"),
    [
        (NIGHT, None, True),
        (NIGHT - timedelta(seconds=1), NIGHT - timedelta(hours=23), False),
        (NIGHT, NIGHT - timedelta(hours=23), True),
        (NIGHT + timedelta(hours=9), NIGHT + timedelta(minutes=2), False),
        (NIGHT + timedelta(days=3, hours=9), NIGHT, True),
    ],
)
def test_the_proof_is_due_once_a_night(now: datetime, last: datetime | None, *, due: bool) -> None:
    """N-01: given a proof hour of two; when the clock and the last proof are these; then it is due, or not."""
    assert is_due(now, 2, last, NIGHT - timedelta(days=9)) is due
    assert is_due(now, 2, last, None) is False
    assert is_due(now, 2, None, now - timedelta(minutes=1)) is (now == NIGHT)


async def test_the_nightly_proof_is_kept_and_shown(written: Chain) -> None:
    """N-01: given an altered row; when the night comes twice; then one proof is kept, with its rate and the row."""
    row = await written.bench.owner.fetchval("select id from movement order by id limit 1")
    await written.bench.owner.execute("update movement set actor = 'user:nobody' where id = $1", row)
    tonight = datetime.now(UTC) + timedelta(days=1)
    proof = await prove_nightly(written.bench.db, tonight, 2)
    assert proof is not None
    kept = (await written.bench.get("/v1/proofs", who="auditor"))["rows"]
    assert [(one["is_clean"], one["sizes"]["movements"]) for one in kept] == [(False, proof.sizes["movements"])]
    assert kept[0]["rows_a_second"] > 0
    assert f"movement {row}" in [one["row"] for one in kept[0]["findings"]]
    now = await written.bench.get("/v1/audit", who="auditor")
    assert (now["is_clean"], now["movements"]) == (False, proof.sizes["movements"])
    assert (await written.bench.call("GET", "/v1/proofs", who="front_desk")).status_code == 403


async def test_the_job_does_it_once(written: Chain) -> None:
    """N-01: given a ledger older than a night; when the job runs twice; then one proof is kept."""
    await prove_books(written.bench.runtime)
    await prove_books(written.bench.runtime)
    assert await written.bench.owner.fetchval("select count(*) from proof") == 1
