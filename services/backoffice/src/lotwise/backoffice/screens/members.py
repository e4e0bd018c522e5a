"""The only home of the pages of members: find, add and change; no name of theirs leaves sales and this page."""

from datetime import date, datetime
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
FIELDS = ("name", "phone", "email", "note", "born_on")


class Member(Shape):
    """A member."""

    member_id: UUID
    name: str
    phone: str = ""
    email: str = ""
    note: str = ""
    born_on: date | None = None
    is_archived: bool = False
    merged_into: UUID | None = None
    erased_at: datetime | None = None
    revision: int = 1

    @property
    def is_living(self) -> bool:
        """Whether the record stands for a person, neither merged nor erased."""
        return self.merged_into is None and self.erased_at is None


class MemberForm(BaseModel):
    """What is written of a member."""

    name: str = Field(min_length=1, max_length=200)
    phone: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=2000)
    born_on: date | None = None


class MergeForm(BaseModel):
    """The record that goes into this one, and why."""

    gone_id: UUID
    reason: str = Field(min_length=1, max_length=200)


class EraseForm(BaseModel):
    """Why a member is erased, and whether though something is open."""

    reason: str = Field(min_length=1, max_length=200)
    even_if_open: bool = False


class Filter(BaseModel):
    """How the list is asked for."""

    q: str = ""
    archived: bool = False
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
    found = await who.gateway.rows(
        Member, "sales", "/v1/members", search=asked.q, archived=asked.archived, limit=CHUNK, after=asked.after
    )
    context: dict[str, Any] = {"list": listing(request, COLUMNS), "asked": asked, "found": found, "title": "Members"}
    return page(request, who, "screens/members.html", fragment="rows" if asked.after else "table", **context)


@screen.get("/members/new", permission="member.write")
async def new_member(request: Request, who: Who, name: str = "") -> Response:
    """The form of a new member."""
    return _form(request, who, None, {"name": name}, {})


@screen.get("/members/{member_id}/edit", permission="member.write")
async def edit_member(request: Request, who: Who, member_id: UUID) -> Response:
    """The form of a member, filled."""
    member = await who.gateway.one(Member, "sales", f"/v1/members/{member_id}")
    return _form(request, who, member, {name: str(getattr(member, name) or "") for name in FIELDS}, {})


@screen.post("/members", permission="member.write")
async def add_member(request: Request, who: Who) -> Response:
    """Add a member."""
    form = await form_of(request)
    given, errors = read_form(MemberForm, form)
    if given is None:
        return _form(request, who, None, form, errors)
    try:
        await who.gateway.post("sales", "/v1/members", given.model_dump(mode="json"), form.get("key", ""))
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
    body = given.model_dump(mode="json") | {"is_archived": "is_archived" in form}
    try:
        await who.gateway.put("sales", f"/v1/members/{member_id}", body, form.get("revision"))
    except Refused as no:
        return _form(request, who, member, form, refused_fields(no, FIELDS))
    return done(request, "Saved.", f"/members/{member_id}")


@screen.get("/members/{member_id}/merge", permission="member.write")
async def merge_form(request: Request, who: Who, member_id: UUID, q: str = "") -> Response:
    """Choose the second record of the same person."""
    return await _merge(request, who, member_id, {"q": q}, {})


@screen.post("/members/{member_id}/merge", permission="member.write")
async def merge(request: Request, who: Who, member_id: UUID) -> Response:
    """Make one record of two."""
    form = await form_of(request)
    given, errors = read_form(MergeForm, form)
    if given is None:
        return await _merge(request, who, member_id, form, errors)
    try:
        body = given.model_dump(mode="json")
        await who.gateway.post("sales", f"/v1/members/{member_id}:merge", body, form.get("key", ""))
    except Refused as no:
        return await _merge(request, who, member_id, form, refused_fields(no, ("gone_id", "reason")))
    return done(request, "Both records are one now.", f"/members/{member_id}")


@screen.get("/members/{member_id}/erase", permission="member.erase")
async def erase_form(request: Request, who: Who, member_id: UUID) -> Response:
    """Ask whether the name is to be taken out for good."""
    return await _erase(request, who, member_id, {}, {})


@screen.post("/members/{member_id}/erase", permission="member.erase")
async def erase(request: Request, who: Who, member_id: UUID) -> Response:
    """Take the member's name out of all records."""
    form = await form_of(request)
    given, errors = read_form(EraseForm, form)
    if given is None:
        return await _erase(request, who, member_id, form, errors)
    try:
        await who.gateway.post("sales", f"/v1/members/{member_id}:erase", given.model_dump(), form.get("key", ""))
    except Refused as no:
        return await _erase(request, who, member_id, form, refused_fields(no, ("reason",)))
    return done(request, "Erased. The ledger keeps a number without a name.", "/members")


async def _merge(request: Request, who: Who, member_id: UUID, form: dict[str, str], errors: dict[str, str]) -> Response:
    member = await who.gateway.one(Member, "sales", f"/v1/members/{member_id}")
    words = form.get("q") or member.name
    found = await who.gateway.rows(Member, "sales", "/v1/members", search=words, limit=20)
    others = [one for one in found.rows if one.member_id != member_id]
    context: dict[str, Any] = {"member": member, "others": others, "form": form | {"q": words}, "errors": errors}
    fragment = "found" if "found" in request.headers.get("hx-target", "") else "sheet"
    status = 422 if errors else 200
    return page(request, who, "screens/member_merge.html", fragment=fragment, status=status, title="Merge", **context)


async def _erase(request: Request, who: Who, member_id: UUID, form: dict[str, str], errors: dict[str, str]) -> Response:
    member = await who.gateway.one(Member, "sales", f"/v1/members/{member_id}")
    context: dict[str, Any] = {"member": member, "form": form, "errors": errors, "title": "Erase"}
    status = 422 if errors else 200
    return page(request, who, "screens/member_erase.html", fragment="sheet", status=status, **context)


def _form(request: Request, who: Who, member: Member | None, form: dict[str, str], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {
        "member": member,
        "form": form,
        "errors": errors,
        "title": "Edit member" if member else "New member",
    }
    status = 422 if errors else 200
    return page(request, who, "screens/member_form.html", fragment="sheet", status=status, **context)
