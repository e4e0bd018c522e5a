"""The only home of SQL on tills, their sessions and what moved in their drawers."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.sales.domain.tills import Movement, Session, Till

_TILL = ", ".join(Till._fields)
_SESSION = ", ".join(Session._fields)
_MOVEMENT = ", ".join(Movement._fields)


async def add(tx: Tx, till: Till) -> bool:
    """Keep a new till; False when its id or its name at the site is taken."""
    found = await tx.fetchval(
        f"insert into till ({_TILL}) values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning till_id", *till
    )
    return found is not None


async def change(tx: Tx, till: Till) -> None:
    """Replace a till. UniqueViolationError: another one of the site has its name."""
    await tx.execute(
        "update till set name = $2, is_shared = $3, is_archived = $4, revision = $5 where till_id = $1",
        till.till_id,
        till.name,
        till.is_shared,
        till.is_archived,
        till.revision,
    )


async def get(tx: Tx, till_id: UUID, *, lock: bool = False) -> Till | None:
    """A till."""
    row = await tx.fetchrow(f"select {_TILL} from till where till_id = $1{' for update' if lock else ''}", till_id)
    return None if row is None else Till(*row)


async def of_sites(tx: Tx, sites: Sequence[str] | None, *, archived: bool) -> list[Till]:
    """The tills of these sites (None: every site), by site and name."""
    rows = await tx.fetch(
        f"select {_TILL} from till where ($1::text[] is null or site = any($1)) and (not is_archived or $2)"
        " order by site, lower(name), till_id",
        sites,
        archived,
    )
    return [Till(*row) for row in rows]


async def names(tx: Tx, ids: Collection[UUID]) -> dict[UUID, str]:
    """What these tills are called."""
    rows = await tx.fetch("select till_id, name from till where till_id = any($1)", list(ids))
    return {row["till_id"]: row["name"] for row in rows}


async def begin(tx: Tx, session: Session) -> bool:
    """Open a drawer with the next number of its till; False when it is open already."""
    found = await tx.fetchval(
        f"insert into till_session ({_SESSION}) select $1, $2, $3,"
        " 1 + coalesce((select max(number) from till_session where till_id = $2), 0), $4, 'open', $5, $6, $7, $8,"
        " null, null, null, '', 0, '', null, '' on conflict do nothing returning number",
        session.session_id,
        session.till_id,
        session.site,
        session.day,
        session.currency,
        session.opened_at,
        session.opened_by,
        session.float_minor,
    )
    return found is not None


async def session(tx: Tx, session_id: UUID, *, lock: bool = False) -> Session | None:
    """A session; `lock` waits for the charges that are being recorded into it and keeps further ones out."""
    row = await tx.fetchrow(
        f"select {_SESSION} from till_session where session_id = $1{' for update' if lock else ''}", session_id
    )
    return None if row is None else Session(*row)


async def current(tx: Tx, till_ids: Collection[UUID]) -> dict[UUID, Session]:
    """The sessions of these tills that are not closed, by till."""
    rows = await tx.fetch(
        f"select {_SESSION} from till_session where till_id = any($1) and state <> 'closed'", list(till_ids)
    )
    return {row["till_id"]: Session(*row) for row in rows}


async def hold_open(tx: Tx, sessions: Collection[UUID]) -> dict[UUID, UUID]:
    """Which of these sessions are open, with their tills; they stay open until this commits."""
    rows = await tx.fetch(
        "select session_id, till_id from till_session where session_id = any($1) and state = 'open'"
        " order by session_id for share",
        sorted(sessions),
    )
    return {row["session_id"]: row["till_id"] for row in rows}


async def count(tx: Tx, one: Session) -> None:
    """Keep what was counted and what was expected."""
    await tx.execute(
        "update till_session set state = 'counted', counted = $2, expected = $3, counted_at = $4, counted_by = $5,"
        " difference_minor = $6 where session_id = $1",
        one.session_id,
        dict(one.counted or {}),
        dict(one.expected or {}),
        one.counted_at,
        one.counted_by,
        one.difference_minor,
    )


async def close(tx: Tx, one: Session) -> None:
    """Close a counted drawer."""
    await tx.execute(
        "update till_session set state = 'closed', reason = $2, closed_at = $3, closed_by = $4 where session_id = $1",
        one.session_id,
        one.reason,
        one.closed_at,
        one.closed_by,
    )


async def move(tx: Tx, movement: Movement) -> None:
    """Keep cash put in or taken out."""
    await tx.execute(f"insert into till_movement ({_MOVEMENT}) values ($1, $2, $3, $4, $5, $6)", *movement)


async def movements(tx: Tx, sessions: Collection[UUID]) -> list[Movement]:
    """What was put in and taken out, in its order."""
    rows = await tx.fetch(
        f"select {_MOVEMENT} from till_movement where session_id = any($1) order by happened_at, movement_id",
        list(sessions),
    )
    return [Movement(*row) for row in rows]


async def page(
    tx: Tx,
    sites: Sequence[str] | None,
    *,
    day: date | None,
    till_id: UUID | None,
    state: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Session]:
    """Sessions of these sites, the one opened last coming first."""
    at, last = after or (None, None)
    rows = await tx.fetch(
        f"select {_SESSION} from till_session where ($1::text[] is null or site = any($1))"
        " and ($2::date is null or day = $2) and ($3::uuid is null or till_id = $3)"
        " and ($4::text is null or state = $4)"
        " and ($5::timestamptz is null or (opened_at, session_id) < ($5, $6::uuid))"
        " order by opened_at desc, session_id desc limit $7",
        sites, day, till_id, state, at, last, limit,
    )  # fmt: skip
    return [Session(*row) for row in rows]


async def open_at(tx: Tx, site: str) -> int:
    """How many drawers of a site are not closed."""
    found: int = await tx.fetchval("select count(*) from till_session where site = $1 and state <> 'closed'", site)
    return found


async def parked(tx: Tx, site: str, actor: str | None) -> list[str]:
    """The labels of the bills set aside at a site, by this person or (None) by anybody."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select label from parked where site = $1 and ($2::text is null or actor = $2) order by parked_at limit 100",
        site,
        actor,
    )
    return [row["label"] for row in rows]
