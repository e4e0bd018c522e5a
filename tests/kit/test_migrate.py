"""The kit's tables: made once, kept by rights, in step with what the services' metadata says."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from tests.kit.conftest import Shop
from tests.kit.shop.tables import Base

from lotwise.contracts.ids import uuid7
from lotwise.kit.migrate import drift, upgrade


def id_at(instant: datetime) -> UUID:
    """A UUIDv7 of an instant."""
    return UUID(int=int(instant.timestamp() * 1000) << 80 | 0x7 << 76 | 1 << 63 | uuid7().int & 0xFFFF)


async def test_upgrading_twice_changes_nothing(shop: Shop) -> None:
    """A migrated database is left alone by a second upgrade, and its tables are those of the metadata (F22)."""
    await upgrade("tests.kit.shop", shop.owner_url, shop.role)
    assert await drift(shop.owner_url, Base.metadata) == []


async def test_the_app_role_has_rows_only(shop: Shop) -> None:
    """The service's role writes rows, but cannot make tables, nor change or delete a deed of the audit trail (F18)."""
    async with shop.db.transaction() as tx:
        await tx.execute("insert into counter values ('a', 1)")
        await tx.execute(
            "insert into audit (id, actor, subject, action, content_hash) values ($1, 'a', 's', 'x', ''::bytea)",
            uuid7(),
        )
    for forbidden in (
        "create table mine (a int)",
        "update audit set actor = 'b'",
        "delete from audit",
        "truncate audit",
        "drop table inbox",
        "update alembic_version set version_num = 'x'",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with shop.db.transaction() as tx:
                await tx.execute(forbidden)
    async with shop.db.reading() as tx:
        assert await tx.fetchval("select actor from audit") == "a"


async def test_reading_cannot_write(shop: Shop) -> None:
    """A read-only connection refuses to write, and nothing is written."""
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with shop.db.reading() as tx:
            await tx.execute("insert into counter values ('a', 1)")
    async with shop.db.reading() as tx:
        assert await tx.fetchval("select count(*) from counter") == 0


async def test_rows_of_odd_clocks_move_into_their_partition(shop: Shop) -> None:
    """An id of next month is kept in the rest partition; when its week is made it moves (DESIGN 3.6)."""
    future = id_at(datetime.now(UTC) + timedelta(days=8))
    owner = await asyncpg.connect(shop.owner_url)
    week = await owner.fetchval("select max(relname) from pg_class where relname ~ '^inbox_p[0-9]{8}$'")
    await owner.execute(f"drop table {week}")
    late = id_at(datetime.strptime(week[-8:], "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1))
    async with shop.db.transaction() as tx:
        await tx.execute("insert into inbox values ($1, 'c'), ($2, 'c')", late, future)
        assert await tx.fetchval("select tableoid::regclass::text from inbox where msg_id = $1", late) == "inbox_rest"
        assert await tx.fetchval("select kit_partitions(30)") == 1
        assert await tx.fetchval("select tableoid::regclass::text from inbox where msg_id = $1", late) == week
    with pytest.raises(asyncpg.UniqueViolationError):
        async with shop.db.transaction() as tx:
            await tx.execute("insert into inbox values ($1, 'c')", late)
    await owner.close()


async def test_old_partitions_are_dropped(shop: Shop) -> None:
    """Partitions past their retention go as a whole; the others stay."""
    owner = await asyncpg.connect(shop.owner_url)
    before = datetime.now(UTC) - timedelta(days=100)
    name = f"outbox_p{before:%Y%m%d}"
    first, end = id_at(before), id_at(before + timedelta(days=1))
    await owner.execute(f"create table {name} partition of outbox for values from ('{first}') to ('{end}')")
    await owner.fetchval("select kit_partitions(30)")
    assert await owner.fetchval("select to_regclass($1)", name) is None
    assert await owner.fetchval("select count(*) from pg_class where relname ~ '^outbox_p[0-9]{8}$'") == 4
    await owner.close()


@pytest.mark.parametrize("bad", ["4", "1"])
async def test_other_ids_than_version_7_are_refused(shop: Shop, bad: str) -> None:
    """The inbox takes only ids that carry their time (DESIGN 3.6), whatever a message says."""
    with pytest.raises(asyncpg.CheckViolationError):
        async with shop.db.transaction() as tx:
            await tx.execute(
                "insert into inbox values ($1, 'c')", UUID(int=uuid7().int & ~(0xF << 76) | int(bad) << 76)
            )
