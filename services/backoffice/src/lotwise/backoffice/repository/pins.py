"""The only home of the SQL of PINs and of browsers that several persons share."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx


class Shared(NamedTuple):
    """A session on a shared till: whose it is now, whether it is locked, until when it may go on."""

    session_id: UUID
    user_id: UUID
    is_locked: bool
    expires_at: datetime
    sites: list[str]


class Candidate(NamedTuple):
    """A person who may take over at a shared till."""

    user_id: UUID
    name: str


class Pin(NamedTuple):
    """A person's PIN as it is kept."""

    name: str
    pin_hash: str | None
    failures: int


_SHARED = """
    select s.id, s.user_id, s.locked_at is not null or s.active_at < now() - make_interval(mins => $2), s.expires_at,
           array(select distinct g.site from app_grant g where g.user_id = s.user_id order by 1)
      from app_session s join app_user u on u.id = s.user_id
     where s.secret_hash = $1 and s.is_shared and s.ended_at is null and s.expires_at > now() and u.is_active
"""
_CANDIDATES = """
    select u.id, u.name from app_user u
     where u.is_active and u.pin_hash is not null and exists (
           select from app_grant g where g.user_id = u.id and (g.site = '*' or '*' = any($1) or g.site = any($1)))
     order by lower(u.name), u.id limit 200
"""


async def shared(tx: Tx, secret_hash: bytes, lock_minutes: int) -> Shared | None:
    """The shared session of this cookie, locked or not."""
    row = await tx.fetchrow(_SHARED, secret_hash, lock_minutes)
    return None if row is None else Shared(*row)


async def candidates(tx: Tx, sites: list[str]) -> list[Candidate]:
    """Who has a PIN and works at one of these sites, by name."""
    return [Candidate(*row) for row in await tx.fetch(_CANDIDATES, sites)]


async def pin_of(tx: Tx, user_id: UUID, *, lock: bool = False) -> Pin | None:
    """The PIN of an active person."""
    row = await tx.fetchrow(
        "select name, pin_hash, pin_failures from app_user where id = $1 and is_active"
        + (" for update" if lock else ""),
        user_id,
    )
    return None if row is None else Pin(*row)


async def password_of(tx: Tx, user_id: UUID) -> tuple[str | None, str]:
    """A person's password hash and login."""
    row = await tx.fetchrow("select password_hash, login from app_user where id = $1 and is_active", user_id)
    return (None, "") if row is None else (row["password_hash"], row["login"])


async def set_pin(tx: Tx, user_id: UUID, pin_hash: str | None) -> None:
    """Keep a new PIN, or none; wrong tries are forgotten."""
    await tx.execute("update app_user set pin_hash = $2, pin_failures = 0 where id = $1", user_id, pin_hash)


async def failed(tx: Tx, user_id: UUID) -> int:
    """Count a wrong PIN; how many there are now."""
    count: int = await tx.fetchval(
        "update app_user set pin_failures = pin_failures + 1 where id = $1 returning pin_failures", user_id
    )
    return count


async def forgive(tx: Tx, user_id: UUID) -> None:
    """Forget wrong PINs: the person proved who they are."""
    await tx.execute("update app_user set pin_failures = 0 where id = $1 and pin_failures <> 0", user_id)


async def share(tx: Tx, session_id: UUID, *, is_shared: bool) -> None:
    """Make a browser a shared till, or one person's again."""
    await tx.execute(
        "update app_session set is_shared = $2, active_at = now(), locked_at = null where id = $1",
        session_id,
        is_shared,
    )


async def lock(tx: Tx, session_id: UUID) -> None:
    """Lock a shared till until somebody gives their PIN."""
    await tx.execute("update app_session set locked_at = coalesce(locked_at, now()) where id = $1", session_id)


async def active(tx: Tx, session_id: UUID) -> None:
    """Somebody did something at the shared till just now."""
    await tx.execute("update app_session set active_at = now(), seen_at = now() where id = $1", session_id)


async def take_over(tx: Tx, old: Shared, session_id: UUID, secret_hash: bytes, user_id: UUID, address: str) -> None:
    """End the session of the one and begin that of the other, shared like it and with the same end."""
    await tx.execute("update app_session set ended_at = now() where id = $1", old.session_id)
    await tx.execute(
        "insert into app_session (id, secret_hash, user_id, expires_at, address, is_shared)"
        " values ($1, $2, $3, $4, $5, true)",
        session_id, secret_hash, user_id, old.expires_at, address,
    )  # fmt: skip
