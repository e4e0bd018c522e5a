"""The only home of the projection: which generation of the read models is live, and the one lock around it.

Load-bearing: every fold holds the lock shared from before its first read to its commit; whoever changes what folds rest
on (a zone, the live generation) holds it alone. So no event can be folded into figures that were just replaced.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import asyncpg

if TYPE_CHECKING:
    from lotwise.kit.database import Database, Tx

_LOCK = "(19780, 1)"
_REBUILD = "(19780, 2)"
READ_MODELS = (
    "sale_day", "charge_day", "cost_day", "waste_day", "level", "purchase_order",
    "site", "product", "category", "supplier", "owed_day", "owed_home", "membership_step", "fee_run", "free_line",
)  # fmt: skip
_DAYS = ("sale_day", "charge_day", "cost_day", "waste_day", "owed_day", "free_line")


class Live(NamedTuple):
    """The live generation and the zones of its sites."""

    generation: int
    zones: dict[str, str]


async def join(tx: "Tx") -> None:
    """Fold beside others."""
    await tx.execute(f"select pg_advisory_xact_lock_shared{_LOCK}")


async def alone(tx: "Tx") -> None:
    """Wait until nobody folds, and let nobody fold until this transaction ends."""
    await tx.execute(f"select pg_advisory_xact_lock{_LOCK}")


async def live(tx: "Tx") -> Live:
    """The live generation and its zones; one round trip."""
    (row,) = await tx.fetch(
        """select p.live, array(select s.slug from site s where s.generation = p.live order by s.slug) slugs,
                  array(select s.time_zone from site s where s.generation = p.live order by s.slug) zones
           from projection p"""
    )
    return Live(row["live"], dict(zip(row["slugs"], row["zones"], strict=True)))


async def next_generation(tx: "Tx") -> int:
    """A generation number nobody used."""
    return int(await tx.fetchval("update projection set last = last + 1 returning last"))


async def swap(tx: "Tx", generation: int) -> None:
    """Make a generation the live one; no rebuild is due any more."""
    await tx.execute("update projection set live = $1, rebuilt_at = now(), due_since = null", generation)


class Standing(NamedTuple):
    """When the figures were last made anew, and since when an upgrade asks for it (None: they are whole)."""

    rebuilt_at: datetime | None
    due_since: datetime | None


async def standing(tx: "Tx") -> Standing:
    """How the figures stand."""
    (row,) = await tx.fetch("select rebuilt_at, due_since from projection")
    return Standing(row["rebuilt_at"], row["due_since"])


async def sweep(tx: "Tx") -> None:
    """Forget every generation that is not live; only the one rebuild that runs may do so."""
    for table in READ_MODELS:
        await tx.execute(f"delete from {table} where generation <> (select live from projection)")


@asynccontextmanager
async def only_rebuild(db: "Database") -> AsyncIterator[bool]:
    """True for the only rebuild of this database, while the block lasts; false for a second one."""
    connection = await asyncpg.connect(db.url)
    try:
        yield bool(await connection.fetchval(f"select pg_try_advisory_lock{_REBUILD}"))
    finally:
        await connection.close()


async def forget_days(tx: "Tx", generation: int, site: str) -> None:
    """Forget what a site's days add up to: they are about to be folded anew."""
    for table in _DAYS:
        await tx.execute(f"delete from {table} where generation = $1 and site = $2", generation, site)


async def hashes(tx: "Tx", generation: int) -> dict[str, str]:
    """A hash of each read model of a generation: equal hashes are equal rows, to the bit."""
    return {table: await _hash(tx, table, generation) for table in READ_MODELS}


async def _hash(tx: "Tx", table: str, generation: int) -> str:
    """Of each row a hash, in their order a hash of them all: rows may come in any order and be many."""
    statement = f"""
        select count(*) || ':' ||
               encode(sha256(convert_to(coalesce(string_agg(row, '' order by row), ''), 'UTF8')), 'hex')
        from (select md5((to_jsonb(t) - 'generation')::text) as row from {table} t where generation = $1) rows"""
    return str(await tx.fetchval(statement, generation))
