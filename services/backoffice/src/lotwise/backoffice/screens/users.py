"""The only home of the pages of persons and machines: who may do what where, new passwords, keys and their end."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, or_else
from lotwise.backoffice.lists import csv_asked
from lotwise.backoffice.pages import done, form_of, page, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Who

screen = Screen()
ROLES = ("owner", "manager", "front_desk", "practitioner", "buyer", "auditor")
KEY_ROLES = ("till", "importer")
FIELDS = ("login", "name", "password", "role")


class Grant(Shape):
    """A role and where it holds."""

    role: str
    sites: list[str]


class User(Shape):
    """A person who may sign in."""

    id: UUID
    login: str
    name: str
    grants: tuple[Grant, ...] = ()
    is_active: bool = True
    revision: int = 1


class Key(Shape):
    """A machine's key, without its secret."""

    id: str
    name: str
    grants: tuple[Grant, ...] = ()
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None


@screen.get("/settings/users", permission="user.manage")
async def users(request: Request, who: Who) -> Response:
    """Persons and keys."""
    persons = await who.gateway.rows(User, "backoffice", "/v1/users", limit=200)
    none: Rows[Key] = Rows([])
    keys = await or_else(who.gateway.rows(Key, "backoffice", "/v1/keys", limit=200), none)
    if answer := csv_asked(request, persons=(User, persons.rows), keys=(Key, keys.rows)):
        return answer
    context: dict[str, Any] = {"persons": persons.rows, "keys": keys.rows, "title": "Users & Keys", "fixed_site": True}
    return page(request, who, "screens/users.html", **context)


@screen.get("/settings/users/new", permission="user.manage")
async def new_user(request: Request, who: Who) -> Response:
    """The form of a new person."""
    return _user_form(request, who, None, {"role": "front_desk", "site": "*"}, {})


@screen.get("/settings/users/{user_id}", permission="user.manage")
async def edit_user(request: Request, who: Who, user_id: UUID) -> Response:
    """The form of a person, filled."""
    user = await who.gateway.one(User, "backoffice", f"/v1/users/{user_id}")
    first = user.grants[0] if user.grants else Grant(role="front_desk", sites=["*"])
    filled = {"name": user.name, "login": user.login, "role": first.role, "site": first.sites[0]}
    return _user_form(request, who, user, filled, {})


@screen.post("/settings/users", permission="user.manage")
async def add_user(request: Request, who: Who) -> Response:
    """Add a person."""
    form = await form_of(request)
    body = {"login": form.get("login", ""), "name": form.get("name", ""), "grants": _grants(form)}
    if form.get("password"):
        body["password"] = form["password"]
    try:
        await who.gateway.post("backoffice", "/v1/users", body, form.get("key", ""))
    except Refused as no:
        return _user_form(request, who, None, form, refused_fields(no, FIELDS))
    return done(request, f"{body['name']} may sign in.", "/settings/users")


@screen.post("/settings/users/{user_id}", permission="user.manage")
async def save_user(request: Request, who: Who, user_id: UUID) -> Response:
    """Change a person, and their password when one was typed."""
    form = await form_of(request)
    user = await who.gateway.one(User, "backoffice", f"/v1/users/{user_id}")
    kept = [grant.model_dump() for grant in user.grants[1:]]
    body = {"name": form.get("name", ""), "grants": [*_grants(form), *kept], "is_active": "is_active" in form}
    try:
        await who.gateway.put("backoffice", f"/v1/users/{user_id}", body, form.get("revision"))
        if form.get("password"):
            path, key = f"/v1/users/{user_id}:password", form.get("key", "")
            await who.gateway.post("backoffice", path, {"password": form["password"]}, key)
    except Refused as no:
        return _user_form(request, who, user, form, refused_fields(no, FIELDS))
    return done(request, "Saved.", "/settings/users")


def _grants(form: dict[str, str]) -> list[dict[str, Any]]:
    return [{"role": form.get("role", "front_desk"), "sites": [form.get("site") or "*"]}]


def _user_form(request: Request, who: Who, user: User | None, form: dict[str, str], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {
        "user": user,
        "form": form,
        "errors": errors,
        "roles": _words(ROLES),
        "places": _places(who),
    }
    title, status = "Edit person" if user else "New person", 422 if errors else 200
    return page(request, who, "screens/user_form.html", fragment="sheet", status=status, title=title, **context)


def _words(roles: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(role, role.replace("_", " ").capitalize()) for role in roles]


def _places(who: Who) -> list[tuple[str, str]]:
    everywhere = [("*", "All sites")] if who.principal.sites("user.manage") is None else []
    return [*everywhere, *((site.slug, site.name) for site in who.sites)]


@screen.get("/settings/keys/new", permission="key.manage")
async def new_key(request: Request, who: Who) -> Response:
    """The form of a new key."""
    return _key_form(request, who, {"role": "till", "site": "*"}, {})


@screen.post("/settings/keys", permission="key.manage")
async def add_key(request: Request, who: Who) -> Response:
    """Make a key and show it, this once."""
    form = await form_of(request)
    body = {"name": form.get("name", ""), "grants": _grants(form)}
    try:
        made = await who.gateway.post("backoffice", "/v1/keys", body, form.get("key", ""))
    except Refused as no:
        return _key_form(request, who, form, refused_fields(no, ("name", "role")))
    return page(request, who, "screens/key_made.html", fragment="sheet", title="The new key", made=made)


def _key_form(request: Request, who: Who, form: dict[str, str], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {"form": form, "errors": errors, "roles": _words(KEY_ROLES), "places": _places(who)}
    status = 422 if errors else 200
    return page(request, who, "screens/key_form.html", fragment="sheet", status=status, title="New key", **context)


@screen.post("/settings/keys/{key_id}/revoke", permission="key.manage")
async def revoke(request: Request, who: Who, key_id: str) -> Response:
    """Take a key back."""
    form = await form_of(request)
    await who.gateway.post("backoffice", f"/v1/keys/{key_id}:revoke", {}, form.get("key", ""))
    return done(request, "The key is over; its tokens run out within five minutes.", "/settings/users")
