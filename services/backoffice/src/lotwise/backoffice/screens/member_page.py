"""The only home of one member's page: account, packages, memberships, history, lots and consents, each a tab."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from fastapi import Request
from starlette.responses import Response

from lotwise.backoffice.gateway import Rows, Shape, or_else
from lotwise.backoffice.lists import csv_asked
from lotwise.backoffice.pages import done, form_of, page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.members import Member
from lotwise.backoffice.session import Visitor, Who

screen = Screen()
Tab = Literal["account", "packages", "memberships", "history", "consents"]
TABS: tuple[tuple[Tab, str], ...] = (
    ("account", "Account"),
    ("packages", "Packages"),
    ("memberships", "Memberships"),
    ("history", "History"),
    ("consents", "Consents"),
)
CONSENTS = (
    ("marketing_mail", "News by e-mail"),
    ("marketing_sms", "News by text message"),
    ("marketing_phone", "News by phone"),
    ("recall_contact", "Contact in a recall"),
    ("photo", "Photos"),
)


class Item(Shape):
    """What a package gives of a product."""

    name: str
    unit: str = "piece"
    quantity: str = "0"
    used: str = "0"
    left: str = "0"
    is_unlimited: bool = False


class Package(Shape):
    """A package that the member holds."""

    balance_id: UUID
    name: str
    state: str
    charge_id: UUID | None = None
    outstanding_minor: int = 0
    sold_at: datetime
    last_day: date | None = None
    membership_id: UUID | None = None
    items: tuple[Item, ...] = ()


class Membership(Shape):
    """A membership of the member."""

    membership_id: UUID
    name: str = "Membership"
    state: str
    period: str = "month"
    joined_on: date
    from_day: date
    to_day: date
    due_minor: int = 0


class Certificate(Shape):
    """A gift certificate that the member bought."""

    certificate_id: UUID
    number: str
    state: str
    balance_minor: int = 0
    sold_at: datetime


class Account(Shape):
    """The member's account: above zero the chain owes them."""

    balance_minor: int = 0
    credit_minor: int = 0


class Balances(Shape):
    """All that the member holds."""

    packages: tuple[Package, ...] = ()
    memberships: tuple[Membership, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    account: Account = Account()


class Entry(Shape):
    """An entry of the account."""

    why: str
    amount_minor: int
    balance_minor: int
    happened_at: datetime
    reason: str = ""
    charge_id: UUID | None = None


class Charged(Shape):
    """A charge of the member."""

    charge_id: UUID
    number: str
    site: str
    state: str
    happened_at: datetime
    total_minor: int
    due_minor: int = 0


class Consent(Shape):
    """What the member said of a kind of contact."""

    kind: str
    is_given: bool
    actor: str
    given_at: datetime


class Consents(Shape):
    """What counts now, and what was said before."""

    consents: tuple[Consent, ...] = ()
    history: tuple[Consent, ...] = ()


@screen.get("/members/{member_id}", permission="member.read")
async def member(request: Request, who: Who, member_id: UUID, tab: Tab = "account") -> Response:
    """One member, with the tab that is asked for."""
    found = await who.gateway.one(Member, "sales", f"/v1/members/{member_id}")
    shown = await _TABS[tab](who, member_id)
    tables = {name: (type(rows[0]), rows) for name, rows in shown["tables"].items() if rows}
    if answer := csv_asked(request, **tables):
        return answer
    context: dict[str, Any] = {"member": found, "tab": tab, "tabs": TABS, "title": found.name, **shown}
    return page(request, who, "screens/member.html", **context)


async def _balances(who: Visitor, member_id: UUID) -> Balances:
    return await or_else(who.gateway.one(Balances, "sales", f"/v1/members/{member_id}/balances"), Balances())


async def _account(who: Visitor, member_id: UUID) -> dict[str, Any]:
    held = await _balances(who, member_id)
    none: Rows[Entry] = Rows([])
    entries = await or_else(who.gateway.rows(Entry, "sales", f"/v1/members/{member_id}/account"), none)
    unpaid = await _charges(who, member_id, due=True)
    return {"held": held, "entries": entries.rows, "unpaid": unpaid, "tables": {"account": entries.rows}}


async def _packages(who: Visitor, member_id: UUID) -> dict[str, Any]:
    held = await _balances(who, member_id)
    return {"held": held, "tables": {"packages": held.packages, "certificates": held.certificates}}


async def _memberships(who: Visitor, member_id: UUID) -> dict[str, Any]:
    held = await _balances(who, member_id)
    return {"held": held, "tables": {"memberships": held.memberships}}


async def _history(who: Visitor, member_id: UUID) -> dict[str, Any]:
    charges = await _charges(who, member_id)
    return {"charges": charges, "tables": {"charges": charges}}


async def _charges(who: Visitor, member_id: UUID, **asked: Any) -> list[Charged]:
    none: Rows[Charged] = Rows([])
    if not who.can("sales.read"):
        return []
    asked |= {"member_id": member_id, "limit": 200}
    return (await or_else(who.gateway.rows(Charged, "sales", "/v1/charges", **asked), none)).rows


async def _consents(who: Visitor, member_id: UUID) -> dict[str, Any]:
    said = await or_else(who.gateway.one(Consents, "sales", f"/v1/members/{member_id}/consents"), Consents())
    now = {one.kind: one for one in said.consents}
    return {"said": said, "now": now, "kinds": CONSENTS, "words": dict(CONSENTS), "tables": {"consents": said.history}}


_TABS: dict[str, Any] = {
    "account": _account,
    "packages": _packages,
    "memberships": _memberships,
    "history": _history,
    "consents": _consents,
}


@screen.post("/members/{member_id}/consents", permission="member.write")
async def say(request: Request, who: Who, member_id: UUID) -> Response:
    """Write down what the member said: yes, no, or (left as it is) nothing."""
    form = await form_of(request)
    given = {kind: form[kind] == "yes" for kind, _ in CONSENTS if form.get(kind) in {"yes", "no"}}
    back = f"/members/{member_id}?tab=consents"
    if not given:
        return done(request, "Nothing was changed.", back)
    await who.gateway.put("sales", f"/v1/members/{member_id}/consents", {"consents": given})
    return done(request, "Written down.", back)


@screen.get("/members/{member_id}/export", permission="member.export")
async def export(_request: Request, who: Who, member_id: UUID) -> Response:
    """All that is kept of the member, as a file for themselves."""
    held = await who.gateway.raw("sales", f"/v1/members/{member_id}/export")
    headers = {"Content-Disposition": f'attachment; filename="member-{member_id}.json"', "Cache-Control": "no-store"}
    return Response(orjson.dumps(held, option=orjson.OPT_INDENT_2), media_type="application/json", headers=headers)
