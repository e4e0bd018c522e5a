"""The only home of changing the person at a shared till: the pad for the PIN, one's own PIN, share and lock."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from lotwise.backoffice.door import pins, rules
from lotwise.backoffice.door.door import Door, address_of, same_origin
from lotwise.backoffice.pages import SECURITY, done, form_of, is_fragment, page
from lotwise.backoffice.repository.pins import Shared
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.door import own_path
from lotwise.backoffice.session import Who
from lotwise.kit.web import PUBLIC
from lotwise.values import BadValue

screen = Screen()


@screen.get("/switch", permission=PUBLIC)
async def pad(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """Ask who goes on and for their PIN; a browser of one person becomes a shared till with it (WEB-13).

    A browser at which nobody is signed in who may charge goes to the door.
    """
    door: Door = request.app.state.runtime.state["door"]
    form = {"next": own_path(next)}
    till = await pins.shared(door, request)
    if till is None:
        till, form = await pins.own(door, request), form | {"share": "true"}
    if till is None:
        return _away(request, f"/sign-in?{urlencode({'next': own_path(next), 'password': 'true'})}")
    return await _pad(request, door, till, form, "")


@screen.post("/switch", permission=PUBLIC)
async def switch(request: Request) -> Response:
    """Let the person of this PIN go on; every deed from here on is theirs.

    With `share` a browser of one person is handed over too; without, only a shared till is.
    """
    same_origin(request)
    form = await form_of(request)
    door: Door = request.app.state.runtime.state["door"]
    till = await pins.shared(door, request)
    if till is None and form.get("share") == "true":
        till = await pins.own(door, request)
    if till is None:
        return _away(request, "/sign-in")
    given = str((await request.form()).get("pin", ""))
    try:
        came = await pins.switch(door, till, _id(form.get("person", "")), given, address_of(request))
    except (rules.BadPin, rules.PinLocked, rules.TooManyTries) as no:
        return await _pad(request, door, till, form, " ".join((no.detail, *no.ways_out)), status=no.status)
    answer = _away(request, own_path(form.get("next", "/")))
    door.set_cookie(request, answer, came)
    return answer


@screen.post("/lock", permission=PUBLIC)
async def lock(request: Request) -> Response:
    """Lock a shared till until somebody gives their PIN."""
    same_origin(request)
    door: Door = request.app.state.runtime.state["door"]
    was = await pins.lock(door, request)
    form = await form_of(request)
    return _away(request, f"/switch?{urlencode({'next': own_path(form.get('next', '/'))})}" if was else "/")


@screen.get("/pin", permission="catalog.read")
async def pin_form(request: Request, who: Who) -> Response:
    """One's own PIN, and whether this browser is a shared till."""
    return await _pin(request, who, {})


@screen.post("/pin", permission="catalog.read")
async def set_pin(request: Request, who: Who) -> Response:
    """Give oneself a PIN."""
    sent = await request.form()
    password, pin, again = (str(sent.get(name, "")) for name in ("password", "pin", "again"))
    if pin != again:
        return await _pin(request, who, {"again": "Both PINs differ."})
    try:
        await pins.set_pin(request.app.state.runtime.state["door"], _user(who), password, pin)
    except (BadValue, rules.BadSignIn) as no:
        return await _pin(request, who, {no.field or "": no.detail})
    except rules.TooManyTries as no:
        return await _pin(request, who, {"": no.detail})
    return done(request, "Your PIN is set.", "/pin")


@screen.post("/pin/share", permission="charge.create")
async def share(request: Request, _who: Who) -> Response:
    """Make this browser a shared till, or one person's again."""
    form = await form_of(request)
    is_shared = form.get("is_shared") == "true"
    await pins.share(request.app.state.runtime.state["door"], request, is_shared=is_shared)
    text = "This is a shared till now: change the person with a PIN." if is_shared else "Only you use this browser now."
    return done(request, text, "/pin")


@screen.post("/settings/users/{user_id}/pin", permission="user.manage")
async def clear(request: Request, who: Who, user_id: UUID) -> Response:
    """Take a person's PIN away."""
    await pins.clear(request.app.state.runtime.state["door"], user_id, who.principal.actor)
    return done(request, "The PIN is gone; they set a new one themselves.", "/settings/users")


async def _pad(
    request: Request, door: Door, till: Shared, form: dict[str, str], wrong: str, *, status: int = 200
) -> Response:
    persons = await pins.candidates(door, till)
    context: dict[str, Any] = {"persons": persons, "form": form, "wrong": wrong, "till": till, "title": "Who goes on?"}
    context["minutes"] = door.settings.till_lock_minutes
    answer = page(request, None, "screens/switch.html", fragment="sheet", status=status, **context)
    if is_fragment(request) and status >= 400:
        answer.headers["HX-Retarget"] = "#dialog"
    return answer


async def _pin(request: Request, who: Who, errors: dict[str, str]) -> Response:
    till = await pins.shared(request.app.state.runtime.state["door"], request)
    status = 422 if errors else 200
    return page(request, who, "screens/pin.html", status=status, title="Your PIN", errors=errors, till=till)


def _user(who: Who) -> UUID:
    return _id(who.principal.subject.partition(":")[2])


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _away(request: Request, where: str) -> Response:
    if is_fragment(request):
        return Response(status_code=200, headers=SECURITY | {"HX-Redirect": where})
    return RedirectResponse(where, 303, headers=SECURITY)
