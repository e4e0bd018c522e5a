"""The only home of the SQL of sessions and of failed tries."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.kit.principal import Grant


class Live(NamedTuple):
    """A session that holds, with its person as they are now.

    A shared one (a till) may be locked; it was last used by a person themselves at `active_at`.
    """

    session_id: UUID
    user_id: UUID
    login: str
    name: str
    revision: int
    seen_at: datetime
    expires_at: datetime
    is_shared: bool
    active_at: datetime
    is_locked: bool
    grants: tuple[Grant, ...]


_LIVE = """
    select s.id as session_id, u.id as user_id, u.login, u.name, u.revision, s.seen_at, s.expires_at,
           s.is_shared, s.active_at, s.locked_at is not null as is_locked,
           array(select g.role || ' ' || g.site from app_grant g where g.user_id = u.id order by 1) as grants
      from app_session s join app_user u on u.id = s.user_id
     where s.secret_hash = $1 and s.ended_at is null and u.is_active and s.expires_at > now()
       and (s.is_shared or s.seen_at > now() - make_interval(mins => $2))
"""


async def start(tx: Tx, session_id: UUID, secret_hash: bytes, user_id: UUID, hours_max: int, address: str) -> None:
    """Begin a session."""
    await tx.execute(
        "insert into app_session (id, secret_hash, user_id, expires_at, address)"
        " values ($1, $2, $3, now() + make_interval(hours => $4), $5)",
        session_id, secret_hash, user_id, hours_max, address,
    )  # fmt: skip


async def live(tx: Tx, secret_hash: bytes, idle_minutes: int) -> Live | None:
    """The session of this cookie, if it still holds."""
    row = await tx.fetchrow(_LIVE, secret_hash, idle_minutes)
    if row is None:
        return None
    values = dict(row)
    sites: dict[str, list[str]] = {}
    for pair in values.pop("grants"):
        role, site = pair.split(" ", 1)
        sites.setdefault(role, []).append(site)
    return Live(**values, grants=tuple(Grant(role, tuple(at)) for role, at in sites.items()))


async def touch(tx: Tx, session_id: UUID) -> None:
    """The person was here just now."""
    await tx.execute("update app_session set seen_at = now() where id = $1 and ended_at is null", session_id)


async def end(tx: Tx, secret_hash: bytes) -> UUID | None:
    """End the session of this cookie; its person, if there was one."""
    ended: UUID | None = await tx.fetchval(
        "update app_session set ended_at = now() where secret_hash = $1 and ended_at is null returning user_id",
        secret_hash,
    )
    return ended


async def end_all(tx: Tx, user_id: UUID, *, but: bytes | None = None) -> None:
    """End every session of a person, but the one with this secret."""
    await tx.execute(
        "update app_session set ended_at = now() where user_id = $1 and ended_at is null"
        " and secret_hash is distinct from $2",
        user_id, but,
    )  # fmt: skip


async def forget_old(tx: Tx) -> int:
    """Delete sessions that ended or ran out over 30 days ago, and windows of tries that are over; how many sessions."""
    await tx.execute("delete from sign_in_tries where window_ends_at < now()")
    return int(
        await tx.fetchval(
            "with gone as (delete from app_session where id in (select id from app_session"
            " where expires_at < now() - interval '30 days' limit 1000) returning 1) select count(*) from gone"
        )
    )


_WAIT = """
    select coalesce(max(extract(epoch from t.window_ends_at - now())), 0)::float8
      from sign_in_tries t join unnest($1::text[], $2::int[]) as l(subject, failures_max) using (subject)
     where t.window_ends_at > now() and t.failures >= l.failures_max
"""
_FAILED = """
    insert into sign_in_tries as t (subject, failures, window_ends_at)
    select s, 1, now() + make_interval(secs => $2) from unnest($1::text[]) s order by 1
    on conflict (subject) do update
       set failures = case when t.window_ends_at > now() then t.failures + 1 else 1 end,
           window_ends_at = case when t.window_ends_at > now() then t.window_ends_at else excluded.window_ends_at end
"""


async def must_wait(tx: Tx, limits: dict[str, int]) -> float:
    """Seconds until these subjects may try again; 0 when all are under their limits."""
    return float(await tx.fetchval(_WAIT, list(limits), list(limits.values())))


async def failed(tx: Tx, subjects: list[str], window_seconds: float) -> None:
    """Count a failure for each subject; the first one opens a window."""
    await tx.execute(_FAILED, subjects, window_seconds)


async def forgive(tx: Tx, subjects: list[str]) -> None:
    """Forget the failures of these subjects: they came in."""
    await tx.execute("delete from sign_in_tries where subject = any($1)", subjects)
