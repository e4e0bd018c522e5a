"""The only home of the SQL of persons and their grants."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from lotwise.kit.database import Tx


class GrantShape(BaseModel):
    """A role and the sites at which it holds; `*` is every site."""

    role: str
    sites: list[str]


class User(BaseModel):
    """A person without their secrets."""

    id: UUID
    login: str
    name: str
    is_active: bool
    has_password: bool
    grants: list[GrantShape]
    revision: int
    created_at: datetime
    changed_at: datetime


_USERS = """
    select u.id, u.login, u.name, u.is_active, u.password_hash is not null as has_password, u.revision, u.created_at,
           u.changed_at, coalesce((
               select jsonb_agg(jsonb_build_object('role', g.role, 'sites', g.sites) order by g.role)
                 from (select role, jsonb_agg(site order by site) as sites
                         from app_grant where user_id = u.id group by role) g), '[]') as grants
      from app_user u
"""


async def by_id(tx: Tx, user_id: UUID, *, lock: bool = False) -> User | None:
    """A person by id; with `lock`, until the end of the transaction."""
    row = await tx.fetchrow(f"{_USERS} where u.id = $1" + (" for update of u" if lock else ""), user_id)
    return None if row is None else User.model_validate(dict(row))


async def page(tx: Tx, after: str | None, limit: int) -> list[User]:
    """Persons by login, after a login."""
    where, given = ("where u.login > $1", [after]) if after is not None else ("", [])
    rows = await tx.fetch(f"{_USERS} {where} order by u.login limit {int(limit)}", *given)
    return [User.model_validate(dict(row)) for row in rows]


async def secret_of(tx: Tx, login: str) -> tuple[UUID, str, str | None, bool] | None:
    """Id, name, password hash and whether active, by login."""
    row = await tx.fetchrow("select id, name, password_hash, is_active from app_user where login = $1", login)
    return None if row is None else (row["id"], row["name"], row["password_hash"], row["is_active"])


async def insert(tx: Tx, user_id: UUID, login: str, name: str, password_hash: str | None) -> bool:
    """Add an active person without grants; False when the login is taken."""
    return bool(
        await tx.fetchval(
            "insert into app_user (id, login, name, password_hash, is_active, revision)"
            " values ($1, $2, $3, $4, true, 1) on conflict (login) do nothing returning true",
            user_id, login, name, password_hash,
        )
    )  # fmt: skip


async def update(tx: Tx, user_id: UUID, name: str, *, is_active: bool) -> None:
    """Change name and whether active; the revision grows."""
    await tx.execute(
        "update app_user set name = $2, is_active = $3, revision = revision + 1, changed_at = now() where id = $1",
        user_id, name, is_active,
    )  # fmt: skip


async def set_password(tx: Tx, user_id: UUID, password_hash: str) -> None:
    """Replace the password; the revision grows."""
    await tx.execute(
        "update app_user set password_hash = $2, revision = revision + 1, changed_at = now() where id = $1",
        user_id, password_hash,
    )  # fmt: skip


async def renew_hash(tx: Tx, user_id: UUID, password_hash: str) -> None:
    """Keep the same password under stronger parameters."""
    await tx.execute("update app_user set password_hash = $2 where id = $1", user_id, password_hash)


async def set_grants(tx: Tx, user_id: UUID, grants: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Replace all grants of a person: (role, sites)."""
    pairs = sorted({(role, site) for role, sites in grants for site in sites})
    await tx.execute("delete from app_grant where user_id = $1", user_id)
    await tx.execute(
        "insert into app_grant (user_id, role, site)"
        " select $1, role, site from unnest($2::text[], $3::text[]) as g(role, site)",
        user_id, [role for role, _ in pairs], [site for _, site in pairs],
    )  # fmt: skip


async def active_owners(tx: Tx, besides: UUID) -> int:
    """How many other active persons are owner of every site; locks them, so that two last owners cannot both leave."""
    rows = await tx.fetch(
        "select u.id from app_user u join app_grant g on g.user_id = u.id"
        " where u.is_active and g.role = 'owner' and g.site = '*' and u.id <> $1 order by u.id for update of u",
        besides,
    )
    return len(rows)
