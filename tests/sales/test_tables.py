"""The database: migrations make exactly the tables of the code, and partitions of the months to come."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from tests.sales.harness import Sales

from lotwise.kit.migrate import drift, upgrade
from lotwise.sales.tables import Base


async def test_migrations_make_the_tables_of_the_code(postgres: Any) -> None:
    """DESIGN 2: a diff between migrations and tables finds nothing; running them twice changes nothing."""
    login = postgres.login("drift")
    owner_url = login.owner_url(postgres.admin_url)
    await upgrade("lotwise.sales", owner_url, login.app)
    await upgrade("lotwise.sales", owner_url, login.app)
    assert await drift(owner_url, Base.metadata) == []


async def test_lines_go_into_the_partition_of_their_month(sales: Sales) -> None:
    """DESIGN 3.6: a line lies in this month's partition; the app role makes later ones through the function alone."""
    await sales.charge()
    found = await sales.owner.fetchval("SELECT DISTINCT tableoid::regclass::text FROM charge_line")
    assert found == f"charge_line_p{datetime.now(UTC):%Y%m}"
    async with sales.db.transaction() as tx:
        assert await tx.fetchval("SELECT sales_partitions(3)") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute("CREATE TABLE charge_line_other (LIKE charge_line)")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO charge_number VALUES ('harley', 'charge', -1)",
        "INSERT INTO member (member_id, name) VALUES (uuidv7(), '')",
        "INSERT INTO site VALUES ('x y', 'n', 'UTC', 'sell', 'line', 1)",
        "INSERT INTO tender VALUES (uuidv7(), 1, 'cheque', 5, '')",
        "INSERT INTO tender VALUES (uuidv7(), 1, 'cash', 0, '')",
    ],
)
async def test_the_database_cannot_hold_a_lie(sales: Sales, statement: str) -> None:
    """DESIGN 3.4: values that the rules forbid are refused by the database itself."""
    with pytest.raises(asyncpg.CheckViolationError):
        await sales.owner.execute(statement)
