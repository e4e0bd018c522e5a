"""The only home of how a no reaches a person: every problem leaves as a page, a toast, or the way to the door.

It stands around the app, so that whoever refused (a service, the router, the kit) is shown the same way; machines,
which do not ask for HTML, get the problem as it is.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from fastapi import FastAPI, Request
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lotwise.backoffice.pages import SECURITY, is_fragment, page, toast
from lotwise.kit.problems import MEDIA_TYPE

_KEPT = (b"x-trace-id",)
_TITLES = {404: "This page does not exist", 503: "A part of the system does not answer"}


def install(app: FastAPI) -> None:
    """Stand around the app: problems become pages for persons, HTML goes out packed."""
    app.add_middleware(ForPersons)
    app.add_middleware(GZipMiddleware, minimum_size=800, compresslevel=4)


class ForPersons:
    """Turns problem+json into HTML where a person asked."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; only an answer that is a problem is held back and shown another way."""
        if scope["type"] != "http" or not is_person(Request(scope)):
            await self._app(scope, receive, send)
            return
        held: list[bytes] = []
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start" and _is_problem(message):
                status = message["status"]
            elif status:
                held.append(message.get("body", b""))
                if not message.get("more_body"):
                    answer = shown(Request(scope), status, _read(b"".join(held)))
                    await answer(scope, receive, send)
            else:
                await send(message)

        await self._app(scope, receive, watched)


def is_person(request: Request) -> bool:
    """Whether a browser asks: it wants HTML, or htmx sent it."""
    return "hx-request" in request.headers or "text/html" in request.headers.get("accept", "")


def _is_problem(message: Message) -> bool:
    return any(name.lower() == b"content-type" and MEDIA_TYPE.encode() in value for name, value in message["headers"])


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def shown(request: Request, status: int, problem: dict[str, Any]) -> Response:
    """A problem for a person: the way to the door, a toast where they are, or a page that says what helps."""
    if status == 401:
        return to_the_door(request)
    detail, ways_out = _sentence(status, problem)
    if is_fragment(request):
        return HTMLResponse(toast(detail, "lasting"), status, headers=SECURITY | {"HX-Reswap": "none"})
    title = _TITLES.get(status, str(problem.get("title") or "This cannot be done"))
    return page(request, None, "error.html", status=status, title=title, detail=detail, ways_out=ways_out)


def to_the_door(request: Request) -> Response:
    """Sign in first, then come back to where one was."""
    here = urlsplit(request.headers.get("hx-current-url", "") if is_fragment(request) else str(request.url))
    back = here.path + (f"?{here.query}" if here.query else "")
    is_return = request.method == "GET" and back not in {"", "/"}
    door = f"/sign-in?{urlencode({'next': back})}" if is_return else "/sign-in"
    if is_fragment(request):
        return Response(status_code=401, headers=SECURITY | {"HX-Redirect": door})
    return RedirectResponse(door, 303, headers=SECURITY)


def _sentence(status: int, problem: dict[str, Any]) -> tuple[str, Sequence[str]]:
    detail = str(problem.get("detail") or "This cannot be done.")
    ways_out = tuple(map(str, problem.get("ways_out") or ()))
    if status == 503:
        return f"{detail} What you entered is kept; try again in a moment.", ways_out
    if status == 404 and not problem.get("field"):
        return "Look in the menu, or search with Ctrl K.", ways_out
    return detail, ways_out
