"""The only home of the first start: one person per role, so that somebody can come in."""

import asyncio
import os
import secrets
import sys
from collections.abc import Mapping

from lotwise.backoffice.door import rules
from lotwise.backoffice.door.passwords import Passwords
from lotwise.backoffice.repository import users
from lotwise.contracts.ids import uuid7
from lotwise.kit import audit
from lotwise.kit.database import Database

DATABASE_URL = "BACKOFFICE_DATABASE_URL"


async def bootstrap(
    database_url: str, sign_ins: Mapping[str, tuple[str, str]] | None = None
) -> dict[str, tuple[str, str]]:
    """Make one person per role, at every site, where their login does not exist yet; an existing one stays as it is.

    `sign_ins` names role → (login, password); without it logins are made of the roles and passwords are random.
    Gives back the sign-ins that were made now, to be shown once. Raises BadValue for a password that is too weak.
    """
    wanted = dict(sign_ins or generated())
    db = await Database.open(database_url, connections_max=1, application_name="lotwise-bootstrap")
    passwords = Passwords(1)
    try:
        return {role: pair for role, pair in wanted.items() if await _add(db, passwords, role, *pair)}
    finally:
        passwords.close()
        await db.close()


def generated() -> dict[str, tuple[str, str]]:
    """A login and a random password for every role of a person."""
    return {
        role: (f"{role.replace('_', '-')}@lotwise.example", secrets.token_urlsafe(15))
        for role in sorted(rules.PERSON_ROLES)
    }


async def _add(db: Database, passwords: Passwords, role: str, login: str, password: str) -> bool:
    async with db.reading() as tx:
        if await users.secret_of(tx, rules.login_of(login)) is not None:
            return False
    password_hash = await passwords.hash(rules.password_of(password, login=rules.login_of(login)))
    async with db.transaction() as tx:
        user_id = uuid7()
        if not await users.insert(tx, user_id, rules.login_of(login), _name(role), password_hash):
            return False
        await users.set_grants(tx, user_id, [(role, ["*"])])
        await audit.record(tx, audit.Entry("system:bootstrap", "user.manage", "first start", target=str(user_id)))
    return True


def _name(role: str) -> str:
    return role.replace("_", " ").capitalize()


if __name__ == "__main__":
    for made, (who, word) in asyncio.run(bootstrap(os.environ[DATABASE_URL])).items():
        sys.stdout.write(f"{made}\t{who}\t{word}\n")
