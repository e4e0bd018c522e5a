"""The only home of the pages of members: find, add and change; no name of theirs leaves sales and this page."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import CHUNK, Refused, Shape
from lotwise.backoffice.lists import Column, listing
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Who

screen = Screen()
FIELDS = ("name", "phone", "email", "note")


class Member(Shape):
    """A member."""

    member_id: UUID
    name: str
    phone: str = ""
    email: str = ""
    note: str = ""
    is_archived: bool = False
    revision: int = 1


class MemberForm(BaseModel):
    """What is written of a member."""

    name: str = Field(min_length=1, max_length=200)
    phone: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=2000)


class Filter(BaseModel):
    """How the list is asked for."""

    q: str = ""
    after: str = ""


COLUMNS = (
    Column("Member", lambda row: row.name),
    Column("Phone", lambda row: row.phone),
    Column("E-mail", lambda row: row.email),
    Column("", lambda _: ""),
)


@screen.get("/members", permission="member.read")
async def members(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The list, or its next chunk. There is no CSV: members leave by an export that is logged."""
    found = await who.gateway.rows(Member, "sales", "/v1/members", search=asked.q, limit=CHUNK, after=asked.after)
    context: dict[str, Any] = {"list": listing(request, COLUMNS), "asked": asked, "found": found, "title": "Members"}
    return page(request, who, "screens/members.html", fragment="rows" if asked.after else "table", **context)


@screen.get("/members/new", permission="member.write")
async def new_member(request: Request, who: Who, name: str = "") -> Response:
    """The form of a new member."""
    return _form(request, who, None, {"name": name}, {})


@screen.get("/members/{member_id}", permission="member.write")
async def edit_member(request: Request, who: Who, member_id: UUID) -> Response:
    """The form of a member, filled."""
    member = await who.gateway.one(Member, "sales", f"/v1/members/{member_id}")
    return _form(request, who, member, {name: getattr(member, name) for name in FIELDS}, {})


@screen.post("/members", permission="member.write")
async def add_member(request: Request, who: Who) -> Response:
    """Add a member."""
    form = await form_of(request)
    given, errors = read_form(MemberForm, form)
    if given is None:
        return _form(request, who, None, form, errors)
    try:
        await who.gateway.post("sales", "/v1/members", given.model_dump(), form.get("key", ""))
    except Refused as no:
        return _form(request, who, None, form, refused_fields(no, FIELDS))
    return done(request, f"{given.name} was added.", "/members")


@screen.post("/members/{member_id}", permission="member.write")
async def save_member(request: Request, who: Who, member_id: UUID) -> Response:
    """Change a member, at the revision that was read."""
    form = await form_of(request)
    given, errors = read_form(MemberForm, form)
    member = await who.gateway.one(Member, "sales", f"/v1/members/{member_id}")
    if given is None:
        return _form(request, who, member, form, errors)
    body = given.model_dump() | {"is_archived": "is_archived" in form}
    try:
        await who.gateway.put("sales", f"/v1/members/{member_id}", body, form.get("revision"))
    except Refused as no:
        return _form(request, who, member, form, refused_fields(no, FIELDS))
    return done(request, "Saved.", "/members")


def _form(request: Request, who: Who, member: Member | None, form: dict[str, str], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {
        "member": member,
        "form": form,
        "errors": errors,
        "title": "Edit member" if member else "New member",
    }
    status = 422 if errors else 200
    return page(request, who, "screens/member_form.html", fragment="sheet", status=status, **context)
