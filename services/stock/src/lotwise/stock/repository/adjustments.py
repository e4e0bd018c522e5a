"""The only home of adjustments as they were entered, in SQL: added, decided by a witness, listed, run out."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_COLUMNS = (
    ("id", "uuid"), ("site", "text"), ("product_id", "uuid"), ("lot_id", "uuid"), ("area", "text"),
    ("quantity", "bigint"), ("cost_minor", "bigint"), ("reason", "text"), ("account", "text"), ("note", "text"),
    ("state", "text"), ("needed", "text"), ("happened_at", "timestamptz"), ("entered_at", "timestamptz"),
    ("actor", "text"), ("trace_id", "text"), ("expires_at", "timestamptz"), ("damage_id", "uuid"),
    ("container_id", "uuid"), ("transfer_id", "uuid"),
)  # fmt: skip
_ADD = f"""
insert into adjustment ({", ".join(name for name, _ in _COLUMNS)}, witness_note)
select a.*, '' from unnest({", ".join(f"${i}::{kind}[]" for i, (_, kind) in enumerate(_COLUMNS, 1))}) as a
"""
_PAGE = """
select a.*, p.code, p.name, p.unit, p.unit_decimals, p.drug_class, l.number as lot_number
from adjustment a join product p on p.id = a.product_id left join lot l on l.id = a.lot_id
"""
_FILTERS = {
    "sites": "a.site = any({}::text[])",
    "product": "a.product_id = {}",
    "state": "a.state = {}",
    "reason": "a.reason = {}",
    "account": "a.account = {}",
    "id": "a.id = {}",
}
_EXPIRE = """
update adjustment a set state = 'expired' from (
    select id from adjustment where state = 'pending' and expires_at <= $1 order by expires_at limit $2
    for update skip locked) due
where a.id = due.id returning a.id, a.site, a.reason, a.actor
"""
_EXPIRE_CLOSED = """
update adjustment a set state = 'expired' from (
    select w.id from adjustment w join container c on c.id = w.container_id and c.state <> 'open'
    where w.state = 'pending' limit $1 for update of w skip locked) due
where a.id = due.id returning a.id, a.site, a.reason, a.actor, a.container_id
"""
_EXPIRE_OF = """
update adjustment a set state = 'expired' from (
    select id from adjustment where container_id = any($1::uuid[]) and state = 'pending' for update skip locked) due
where a.id = due.id returning a.id, a.site, a.reason, a.actor, a.container_id
"""


async def add_adjustments(tx: Tx, rows: Sequence[tuple[Any, ...]]) -> None:
    """Keep what was entered; rows in the order of the columns."""
    if rows:
        await tx.execute(_ADD, *zip(*rows, strict=True))


async def name_units(tx: Tx, adjustment_id: UUID, serials: Collection[str]) -> None:
    """Keep which units an adjustment is about."""
    await tx.execute("update adjustment set serials = $2 where id = $1", adjustment_id, list(serials))


async def pending_of_container(tx: Tx, container_id: UUID) -> UUID | None:
    """The discarding of a container that waits for a witness, or None."""
    found: UUID | None = await tx.fetchval(
        "select id from adjustment where container_id = $1 and state = 'pending' limit 1", container_id
    )
    return found


async def pending_rests(tx: Tx, containers: Collection[UUID]) -> dict[UUID, int]:
    """How much of each of these containers waits for a witness, in smallest units; the others are left out."""
    rows = await tx.fetch(
        "select container_id, -quantity as quantity from adjustment"
        " where container_id = any($1::uuid[]) and state = 'pending'",
        list(containers),
    )
    return {row["container_id"]: row["quantity"] for row in rows}


async def expire_of_containers(tx: Tx, containers: Collection[UUID]) -> Sequence[asyncpg.Record]:
    """Close what waits of these containers, except what a witness is deciding on now; returns what was closed."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_EXPIRE_OF, list(containers))
    return rows


async def expire_of_closed(tx: Tx, limit: int) -> Sequence[asyncpg.Record]:
    """Close what waits of containers that were used up or discarded meanwhile; returns what was closed."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_EXPIRE_CLOSED, limit)
    return rows


async def pending_lots(tx: Tx, transfer_id: UUID) -> set[UUID]:
    """The lots of a transfer of which a missing quantity waits for a witness."""
    rows = await tx.fetch("select lot_id from adjustment where transfer_id = $1 and state = 'pending'", transfer_id)
    return {row[0] for row in rows}


async def states_of(tx: Tx, ids: Collection[UUID]) -> dict[UUID, asyncpg.Record]:
    """Those of these adjustments that were entered before: state, cost, what they wait for."""
    rows = await tx.fetch(
        "select id, state, cost_minor, needed, expires_at from adjustment where id = any($1::uuid[])", list(ids)
    )
    return {row["id"]: row for row in rows}


async def lock_adjustment(tx: Tx, adjustment_id: UUID) -> asyncpg.Record | None:
    """One adjustment, locked until the end of the transaction."""
    row: asyncpg.Record | None = await tx.fetchrow("select * from adjustment where id = $1 for update", adjustment_id)
    return row


async def decide(
    tx: Tx, adjustment_id: UUID, state: str, cost_minor: int, witness: str, at: datetime, note: str
) -> None:
    """Write down what a witness said."""
    await tx.execute(
        "update adjustment set state = $2, cost_minor = $3, witness = $4, witnessed_at = $5, witness_note = $6"
        " where id = $1",
        adjustment_id, state, cost_minor, witness, at, note,
    )  # fmt: skip


async def expire_pending(tx: Tx, now: datetime, limit: int) -> Sequence[asyncpg.Record]:
    """Close what waited for a witness past its time; returns what was closed."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_EXPIRE, now, limit)
    return rows


async def adjustments_page(
    tx: Tx, before: tuple[datetime, UUID] | None, limit: int, filters: Mapping[str, object]
) -> Sequence[asyncpg.Record]:
    """A page of adjustments, newest first; only the asked filters stand in the statement."""
    given: dict[str, object] = {name: value for name, value in filters.items() if value is not None}
    conditions = [_FILTERS[name].format(f"${number}") for number, name in enumerate(given, start=2)]
    arguments = list(given.values())
    if before is not None:
        conditions.append(f"(a.entered_at, a.id) < (${len(arguments) + 2}, ${len(arguments) + 3})")
        arguments += before
    where = " where " + " and ".join(conditions) if conditions else ""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        f"{_PAGE}{where} order by a.entered_at desc, a.id desc limit $1", limit, *arguments
    )
    return rows
