"""The only home of coming in and going out: the page of sign-in and what it posts."""

from urllib.parse import urlencode, urlsplit

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from lotwise.backoffice.door import pins, rules
from lotwise.backoffice.door.door import Door, address_of, same_origin
from lotwise.backoffice.pages import SECURITY, form_of, page
from lotwise.backoffice.routes import Screen
from lotwise.kit.web import PUBLIC

screen = Screen()


@screen.get("/sign-in", permission=PUBLIC)
async def sign_in_page(request: Request, next: str = "/", password: bool = False) -> Response:  # noqa: A002
    """The door's page; at a shared till the one that asks for a PIN, unless the password is wanted."""
    door: Door = request.app.state.runtime.state["door"]
    if not password and isinstance(door, Door) and await pins.shared(door, request) is not None:
        return RedirectResponse(f"/switch?{urlencode({'next': next})}", 303, headers=SECURITY)
    return page(request, None, "screens/sign_in.html", title="Sign in", form={"next": next}, wrong="")


@screen.post("/sign-in", permission=PUBLIC)
async def sign_in(request: Request) -> Response:
    """Come in, and go where one wanted to go; a login and password that do not fit say only that."""
    same_origin(request)
    form = await form_of(request)
    door: Door = request.app.state.runtime.state["door"]
    given = (await request.form()).get("password", "")
    try:
        came = await door.sign_in(form.get("login", ""), str(given), address=address_of(request))
    except (rules.BadSignIn, rules.TooManyTries) as no:
        shown = {"login": form.get("login", ""), "next": form.get("next", "/")}
        return page(
            request, None, "screens/sign_in.html", status=no.status, title="Sign in", form=shown, wrong=no.detail
        )
    answer = RedirectResponse(own_path(form.get("next", "/")), 303, headers=SECURITY)
    door.set_cookie(request, answer, came)
    return answer


@screen.post("/sign-out", permission=PUBLIC)
async def sign_out(request: Request) -> Response:
    """Go out."""
    same_origin(request)
    door: Door = request.app.state.runtime.state["door"]
    await door.sign_out(request)
    answer = RedirectResponse("/sign-in", 303, headers=SECURITY | {"Clear-Site-Data": '"cache"'})
    door.clear_cookie(request, answer)
    return answer


def own_path(wanted: str) -> str:
    """A path of this office, whatever was asked for."""
    parts = urlsplit(wanted)
    is_own = (
        not parts.scheme and not parts.netloc and parts.path.startswith("/") and not wanted.startswith(("//", "/\\"))
    )
    return wanted if is_own and wanted.isprintable() else "/"
