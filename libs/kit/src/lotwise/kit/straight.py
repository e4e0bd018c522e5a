"""The only home of the short way: declared doors whose `direct` answers without the web framework's own machinery.

The guard, the problems, the metrics and the OpenAPI document are those of every other door.
"""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from lotwise.kit import problems
from lotwise.kit.commands import replayed
from lotwise.kit.idempotency import Replay
from lotwise.kit.web import Handle, KitRequest, KitRoute
from lotwise.values import Refusal

Doors = dict[tuple[str, str], tuple[KitRoute, Handle]]


def install(app: FastAPI) -> None:
    """Let the doors that have a `direct` and a fixed path be reached the short way. Call it as `Service.extend`."""
    doors: Doors = {}
    for route in app.router.routes:
        direct: Handle | None = getattr(getattr(route, "endpoint", None), "direct", None)
        if isinstance(route, KitRoute) and direct is not None and "{" not in route.path:
            doors.update({(method, route.path): (route, direct) for method in route.methods or ()})
    app.add_middleware(Straight, doors=doors, of=app)


class Straight:
    """Sends a request for one of the doors straight there, and every other one on."""

    def __init__(self, app: ASGIApp, doors: Doors, of: FastAPI) -> None:
        self._app = app
        self._doors = doors
        self._of = of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or pass it on."""
        door = self._doors.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if door is None:
            await self._app(scope, receive, send)
            return
        route, direct = door
        scope["route"] = route
        scope["app"] = self._of
        request = KitRequest(scope, receive)
        try:
            await route.admit(request)
            answer = await direct(request)
        except Refusal as refusal:
            answer = problems.of_refusal(refusal)
        except RequestValidationError as error:
            answer = problems.of_validation(error.errors())
        except Replay as replay:
            answer = replayed(replay.kept)
        await answer(scope, receive, send)
