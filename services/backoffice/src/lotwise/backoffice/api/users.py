"""HTTP in: persons who may sign in, their roles and their passwords."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from lotwise.backoffice.door import people, rules
from lotwise.backoffice.repository import users
from lotwise.backoffice.repository.users import User
from lotwise.contracts.fields import Flag, Text
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.etag import IfMatch, Stale
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router

if TYPE_CHECKING:
    from lotwise.backoffice.door.door import Door

router = Router(tags=["users"])
SiteOrAll = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z0-9-]{1,40})$")]
Password = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class GrantIn(BaseModel):
    """A role and the sites at which it holds; `*` is every site."""

    role: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
    sites: list[SiteOrAll] = Field(min_length=1, max_length=200)


class UserIn(BaseModel):
    """A new person; without a password they cannot sign in yet."""

    login: Annotated[str, StringConstraints(min_length=2, max_length=80)]
    name: Text
    grants: list[GrantIn] = Field(max_length=50)
    password: Password | None = Field(default=None, repr=False)


class UserEdit(BaseModel):
    """A person's name, roles, and whether they may sign in."""

    name: Text
    grants: list[GrantIn] = Field(max_length=50)
    is_active: Flag = True


class NewPassword(BaseModel):
    """A new password; it ends every session of the person."""

    password: Password = Field(repr=False)


@router.get("/users", permission="user.manage", site="chain")
async def user_list(read: Read, after: After = None, limit: Limit = 100) -> Page[User]:
    """Persons by login."""
    keys = cursor_decode(after, str)
    async with read.connection() as tx:
        rows = await users.page(tx, keys[0] if keys else None, limit + 1)
    page = rows[:limit]
    return Page(rows=page, next=cursor_encode(page[-1].login) if len(rows) > limit else None)


@router.get("/users/{id}", permission="user.manage", site="chain")
async def user(id: UUID, read: Read) -> Answer[User]:  # noqa: A002 - the name in the address
    """One person. Refuses an unknown one."""
    async with read.connection() as tx:
        found = await people.known(tx, id)
    return Answer(found.model_dump_json(), headers={"ETag": f'"{found.revision}"'})


@router.post("/users", permission="user.manage", site="record", status_code=201, refusals=(rules.LoginTaken,))
async def define(body: UserIn, cmd: Cmd) -> Answer[User]:
    """Add a person. Refuses a login that is taken, and roles beyond one's own sites."""
    login = rules.login_of(body.login)
    password_hash = await people.hashed(_door(cmd).passwords, body.password, login) if body.password else None
    async with cmd.transaction() as tx:
        made = await people.define(tx, cmd.who, uuid7(), login, body.name, _pairs(body.grants), password_hash)
        details = {"after": made.model_dump(mode="json", include={"login", "grants", "is_active"})}
        return await cmd.answer(tx, made, 201, target=made.id, details=details, revision=made.revision)


@router.put("/users/{id}", permission="user.manage", site="record", refusals=(rules.LastOwner, Stale))
async def change(id: UUID, body: UserEdit, match: IfMatch, cmd: Cmd) -> Answer[User]:  # noqa: A002
    """Change name and roles, let go or take back. Refuses to let the last owner go."""
    async with cmd.transaction() as tx:
        was = await people.known(tx, id, lock=True)
        match.check(was.revision)
        now = await people.change(tx, cmd.who, was, body.name, _pairs(body.grants), is_active=body.is_active)
        shown = {"grants", "is_active", "name"}
        details = {
            "before": was.model_dump(mode="json", include=shown),
            "after": now.model_dump(mode="json", include=shown),
        }
        return await cmd.answer(tx, now, target=id, details=details, revision=now.revision)


@router.post("/users/{id}:password", permission="user.manage", site="record")
async def password(id: UUID, body: NewPassword, cmd: Cmd) -> Answer[User]:  # noqa: A002
    """Give a person a new password, which ends their sessions."""
    async with cmd.runtime.db.reading() as tx:
        login = (await people.known(tx, id)).login
    password_hash = await people.hashed(_door(cmd).passwords, body.password, login)
    async with cmd.transaction() as tx:
        now = await people.give_password(tx, cmd.who, await people.known(tx, id, lock=True), password_hash)
        return await cmd.answer(tx, now, target=id, revision=now.revision)


def _door(cmd: Cmd) -> "Door":
    door: Door = cmd.runtime.state["door"]
    return door


def _pairs(grants: list[GrantIn]) -> list[tuple[str, list[str]]]:
    return [(grant.role, list(grant.sites)) for grant in grants]
