"""Use cases of persons: define, change, give a password, let go."""

from collections.abc import Sequence
from uuid import UUID

from lotwise.backoffice.door import rules
from lotwise.backoffice.door.passwords import Passwords
from lotwise.backoffice.repository import sessions, users
from lotwise.backoffice.repository.users import User
from lotwise.kit.database import Tx
from lotwise.kit.principal import Principal
from lotwise.values import Unknown

Grants = Sequence[tuple[str, Sequence[str]]]
MANAGE = "user.manage"


async def define(
    tx: Tx, who: Principal, user_id: UUID, login: str, name: str, grants: Grants, password_hash: str | None
) -> User:
    """Add a person. Raises LoginTaken, BadValue (login, role), or Forbidden for a grant beyond one's own sites."""
    rules.check_grants(grants, rules.PERSON_ROLES)
    rules.may_grant(who, MANAGE, grants)
    if not await users.insert(tx, user_id, rules.login_of(login), name, password_hash):
        raise rules.LoginTaken(f"{rules.login_of(login)} belongs to another person.", field="login")
    await users.set_grants(tx, user_id, grants)
    return await known(tx, user_id)


async def change(tx: Tx, who: Principal, user: User, name: str, grants: Grants, *, is_active: bool) -> User:
    """Change a person's name, roles and whether they may sign in; who may no longer is signed out everywhere.

    `user` is locked. Raises Forbidden, BadValue, or LastOwner when no owner of every site would be left.
    """
    rules.check_grants(grants, rules.PERSON_ROLES)
    rules.may_grant(who, MANAGE, [*grants, *pairs(user)])
    was_owner = user.is_active and rules.is_owner_everywhere(pairs(user))
    stays_owner = is_active and rules.is_owner_everywhere(grants)
    if was_owner and not stays_owner and not await users.active_owners(tx, user.id):
        raise rules.LastOwner("Make somebody else owner of every site first.", field="grants")
    await users.update(tx, user.id, name, is_active=is_active)
    await users.set_grants(tx, user.id, grants)
    if not is_active:
        await sessions.end_all(tx, user.id)
    return await known(tx, user.id)


async def give_password(tx: Tx, who: Principal, user: User, password_hash: str) -> User:
    """Replace a person's password and end all their sessions. Raises Forbidden for a person of other sites."""
    rules.may_grant(who, MANAGE, pairs(user))
    await users.set_password(tx, user.id, password_hash)
    await sessions.end_all(tx, user.id)
    return await known(tx, user.id)


async def hashed(passwords: Passwords, password: str, login: str) -> str:
    """The hash of a password that may be used. Raises BadValue."""
    return await passwords.hash(rules.password_of(password, login=login))


async def known(tx: Tx, user_id: UUID, *, lock: bool = False) -> User:
    """A person by id. Raises Unknown."""
    user = await users.by_id(tx, user_id, lock=lock)
    if user is None:
        raise Unknown("No person has this id.", field="id")
    return user


def pairs(user: User) -> list[tuple[str, Sequence[str]]]:
    """A person's grants as (role, sites)."""
    return [(grant.role, grant.sites) for grant in user.grants]
