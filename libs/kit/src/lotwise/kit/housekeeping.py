"""The only home of what a database needs now and then: partitions for the weeks to come, old rows gone.

Done by the process that leads the relay, so that one does it and nobody is asked.
"""

import asyncpg

KEEP_DAYS = 30
_OLD_ROWS = {"idempotency": "created_at", "outbox_rest": "published_at", "dead_letter": "settled_at"}
"""Tables that are not dropped by partition, and the instant from which their rows are kept."""
ROWS_MAX = 5000


async def keep_house(connection: "asyncpg.Connection[asyncpg.Record]", keep_days: int = KEEP_DAYS) -> int:
    """Make partitions ahead, drop those past `keep_days`, delete a bounded number of old rows; how many rows went."""
    await connection.execute("select kit_partitions($1)", keep_days)
    gone = 0
    for table, instant in _OLD_ROWS.items():
        statement = (
            f"delete from {table} where ctid in"
            f" (select ctid from {table} where {instant} < now() - make_interval(days => $1) limit $2)"
        )
        gone += int((await connection.execute(statement, keep_days, ROWS_MAX)).split()[-1])
    return gone
