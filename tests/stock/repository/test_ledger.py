"""The ledger itself: rights, hashes, seals, concurrency, and the proof that names the wrong row."""

import asyncio
import random
from typing import Any

import asyncpg
import pytest
from tests.catalog.harness import Bench, said
from tests.stock.chain import BOTOX, CREAM, SERUM, Chain, line, returned

from lotwise.contracts.stock import LedgerSealed, StockIssued
from lotwise.kit.apply import Applier
from lotwise.kit.database import Database
from lotwise.kit.migrate import drift
from lotwise.stock.app import SERVICE
from lotwise.stock.jobs import on_start
from lotwise.stock.operations.audit import prove
from lotwise.stock.operations.seals import seal
from lotwise.stock.repository.audit import Finding
from lotwise.stock.tables import Base


@pytest.fixture
async def scratch(stock_bench: Bench) -> Chain:
    """A chain whose books a test may falsify: nobody looks at them afterwards."""
    await stock_bench.empty()
    chain = Chain(stock_bench)
    await chain.define()
    await chain.receive("50", lot_number="A", expires_on="2030-01-01")
    await chain.sell("8")
    await chain.hear(returned("1"))
    return chain


async def findings(stock: Chain) -> list[Finding]:
    """What the proof finds."""
    async with stock.bench.db.reading() as tx:
        return (await prove(tx)).findings


async def sealed(stock: Chain) -> int:
    """Seal what was written."""
    async with stock.bench.db.transaction() as tx:
        return await seal(tx)


async def test_an_altered_row_is_named(scratch: Chain) -> None:
    """N-01: given clean books; when one ledger row's quantity is changed by SQL;
    then exactly that row is named by its hash.
    """
    assert await findings(scratch) == []
    row = await scratch.bench.owner.fetchval("select id from movement where reason = 'sale'")
    await scratch.bench.owner.execute("update movement set actor = 'user:nobody' where id = $1", row)
    found = await findings(scratch)
    assert [(one.check, one.row) for one in found] == [("content", f"movement {row}")]
    await scratch.bench.owner.execute("update movement set quantity = 7 where id = $1", row)
    assert {one.check for one in await findings(scratch)} == {"content", "daily_totals"}


async def test_a_row_altered_with_its_hash_names_its_block(scratch: Chain) -> None:
    """DESIGN 3.3: given two sealed blocks; when a row is changed together with its hash; then its block is named."""
    assert await sealed(scratch) == 3
    await scratch.sell("1")
    assert await sealed(scratch) == 1
    assert await sealed(scratch) == 0
    assert await findings(scratch) == []
    assert [one.movements for one in await scratch.told(LedgerSealed)] == [3, 1]
    await scratch.bench.owner.execute(
        "update movement m set actor = 'user:x', content_hash = sha256('forged') where reason = 'receipt'"
    )
    await scratch.bench.owner.execute(
        "update movement m set content_hash = sha256(record_send(row(m.id, m.recorded_at, m.happened_at, m.site,"
        " m.product_id, m.lot_id, m.from_location, m.to_location, m.quantity, m.cost_minor,"
        " m.actor, m.reason, m.cause_id,"
        " m.line, m.trace_id, m.reverses))) where reason = 'receipt'"
    )
    assert [(one.check, one.row) for one in await findings(scratch)] == [("seals", "seal block 1")]


async def test_a_ledger_restored_into_another_cluster_goes_on(scratch: Chain) -> None:
    """DESIGN 3.3: given a ledger whose numbers lie a million above this cluster's; when it starts;
    then new rows are sealed.
    """
    assert await sealed(scratch) == 3
    await scratch.sell("1")
    for statement in ("update movement set xid = xid + 1000000", "update seal set xid_to = xid_to + 1000000"):
        await scratch.bench.owner.execute(statement)
    await on_start(scratch.bench.runtime)
    await on_start(scratch.bench.runtime)
    await scratch.sell("1")
    assert await sealed(scratch) == 2
    assert await findings(scratch) == []


async def test_a_removed_row_and_a_forged_head_are_found(scratch: Chain) -> None:
    """DESIGN 3.3: given a sealed ledger; when a row is deleted or a head replaced; then the block says so."""
    await sealed(scratch)
    await scratch.bench.owner.execute("update seal set head = sha256('forged') where block = 1")
    assert [one.check for one in await findings(scratch)] == ["seals"]
    await scratch.bench.owner.execute("delete from movement where reason = 'return'")
    assert "seals" in {one.check for one in await findings(scratch)}


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("update balance set on_hand = on_hand + 1 where kind = 'shelf' and on_hand = 42", "balances"),
        ("update level set value_minor = value_minor + 1 where on_hand > 0", "levels"),
        ("update level set held = 1 where on_hand > 0", "holds"),
        ("update daily_total set quantity = quantity + 1 where quantity = 8", "legs"),
        ("update daily_total set cost_minor = cost_minor - 1 where quantity = 8", "daily_totals"),
    ],
)
async def test_a_wrong_figure_is_named(scratch: Chain, statement: str, check: str) -> None:
    """N-01: given clean books; when a balance, level, hold or daily total is changed by SQL;
    then that check finds it.
    """
    await scratch.bench.owner.execute(statement)
    assert check in {one.check for one in await findings(scratch)}


@pytest.mark.parametrize("deed", ["update movement set quantity = 1", "delete from movement", "truncate movement"])
async def test_the_application_cannot_rewrite_the_ledger(scratch: Chain, deed: str) -> None:
    """DESIGN 3.3: given the service's own role; when it updates, deletes or truncates, in any partition;
    then no right.
    """
    await scratch.bench.owner.fetchval("select movement_partitions(4)")
    partitions = await scratch.bench.owner.fetch(
        "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'movement'::regclass"
    )
    assert len(partitions) >= 6
    for name in ["movement", "seal", *(row["name"] for row in partitions)]:
        column = "sealed_at = now()" if name == "seal" else "quantity = 1"
        statement = deed.replace("movement", name).replace("quantity = 1", column)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with scratch.bench.db.transaction() as tx:
                await tx.execute(statement)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("update balance set on_hand = -1 where kind = 'shelf'", "balance_not_negative"),
        ("update balance set on_hand = 0 where kind = 'shelf' and cost_minor > 0", "balance_empty_has_no_cost"),
        ("update level set held = -1", "level_held"),
        ("update level set on_hand = -1", "level_on_hand"),
        ("insert into site values ('chain', 'x', 'UTC', '', false, 'warn', 1)", "site_slug_check"),
        ("insert into site values ('x y', 'x', 'UTC', '', false, 'warn', 1)", "site_slug_check"),
    ],
)
async def test_the_database_cannot_hold_a_lie(scratch: Chain, statement: str, constraint: str) -> None:
    """DESIGN 3.4: given the owner's own hand; when a row would lie; then the constraint refuses it by name."""
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await scratch.bench.owner.execute(statement)
    assert refused.value.constraint_name == constraint


async def test_migrations_and_tables_agree(postgres: Any, stock_bench: Bench) -> None:
    """DESIGN 2: given a migrated database; when it is compared with the tables; then nothing differs."""
    name = await stock_bench.owner.fetchval("select current_database()")
    assert await drift(postgres.admin_url.rsplit("/", 1)[0] + f"/{name}", Base.metadata) == []


async def test_four_workers_with_the_same_messages_take_effect_once(stock: Chain) -> None:
    """N-02: given 400 charges; when four workers apply them all at once, shuffled, over own connections;
    then each once.
    """
    await stock.receive("5000")
    await stock.receive("5000", CREAM)
    sales = [stock.sale(line("1"), line("2", CREAM, 2)) for _ in range(400)]
    messages = [said(one) for one in sales]
    handlers = SERVICE.subscriptions[1].handlers
    pools = [await Database.open(stock.bench.db.url, connections_max=2) for _ in range(4)]

    async def work(seed: int) -> None:
        """One worker with its own order of the messages."""
        mine = messages[:]
        random.Random(seed).shuffle(mine)
        applier = Applier("stock-sales", pools[seed], handlers)
        for start in range(0, len(mine), 50):
            for attempt in range(20):
                try:
                    await applier.apply(mine[start : start + 50])
                    break
                except asyncpg.DeadlockDetectedError:
                    await asyncio.sleep(0.01 * attempt)

    await asyncio.gather(*(work(seed) for seed in range(4)))
    for pool in pools:
        await pool.close()
    assert [await stock.on_hand(), await stock.on_hand(CREAM)] == ["4600", "4200"]
    assert len(await stock.told(StockIssued)) == 400


async def test_many_writers_of_the_same_cells_agree(stock: Chain) -> None:
    """I2, I4: given three products; when 60 receipts, sales and corrections meet at once;
    then the books agree to the cent.
    """
    for one in (BOTOX, CREAM, SERUM):
        await stock.receive("200", one)
    rng = random.Random(3)

    async def deed(number: int) -> None:
        """One of three kinds of deeds."""
        product = rng.choice((BOTOX, CREAM, SERUM))
        if number % 3 == 0:
            await stock.receive(str(rng.randint(1, 9)), product, unit_cost=f"{rng.randint(1, 999)}.37")
        elif number % 3 == 1:
            lines = [line(str(rng.randint(1, 5)), one, n) for n, one in enumerate((CREAM, BOTOX, SERUM), 1)]
            await stock.hear(stock.sale(*rng.sample(lines, 3)))
        else:
            body = {
                "site": "harley",
                "product_id": str(product),
                "quantity": str(-rng.randint(1, 3)),
                "reason": "waste",
            }
            await stock.bench.post("/v1/adjustments", body)

    await asyncio.gather(*(deed(number) for number in range(60)))
