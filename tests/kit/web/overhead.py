"""How many microseconds the kit adds to a request: run `python -m tests.kit.web.overhead`; not part of the tests."""

import asyncio
import sys
import time
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel
from tests.kit.web.doorman import Doorman

from lotwise.kit.principal import Principal
from lotwise.kit.service import Runtime, Service, create_app
from lotwise.kit.settings import ServiceSettings
from lotwise.kit.web import PRINCIPAL, Router

ROUNDS = 5000


class Line(BaseModel):
    """A small body."""

    product: str
    amount: int


class Small(BaseModel):
    """A small request."""

    site: str
    lines: list[Line]


BODY = b'{"site":"harley","lines":[{"product":"a","amount":1},{"product":"b","amount":2}]}'
router = Router()


async def _who(request: Request) -> Principal:
    principal: Principal = request.scope[PRINCIPAL]
    return principal


@router.post("/small", permission="charge.create")
async def small(body: Small, who: Annotated[Principal, Depends(_who)]) -> Line:
    """Answer at once."""
    return body.lines[0]


def bare() -> FastAPI:
    """The same endpoint on FastAPI alone."""
    app = FastAPI()

    @app.post("/v1/small")
    async def small(body: Small) -> Line:
        """Answer at once."""
        return body.lines[0]

    return app


def kitted(token_of: Doorman) -> FastAPI:
    """The same endpoint behind the kit."""
    app = create_app(Service("bench", "tests", ServiceSettings, (router,)), ServiceSettings())
    app.state.runtime = Runtime(Service("bench", "tests", ServiceSettings), ServiceSettings())
    app.state.runtime.verifier.load(token_of.jwks())
    return app


async def microseconds(app: Any, headers: list[tuple[bytes, bytes]]) -> float:
    """Processor time per request, the best of five rounds."""

    async def receive() -> dict[str, Any]:
        """The whole body at once."""
        return {"type": "http.request", "body": BODY, "more_body": False}

    statuses: list[int] = []

    async def send(message: dict[str, Any]) -> None:
        """Remember the status."""
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def once() -> None:
        """One request."""
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": "/v1/small", "raw_path": b"/v1/small", "query_string": b"", "root_path": "", "headers": headers,
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "state": {},
        }  # fmt: skip
        await app(scope, receive, send)

    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        for _ in range(ROUNDS // 5):
            await once()
        best = min(best, (time.process_time() - began) / (ROUNDS // 5) * 1e6)
    assert set(statuses) == {200}, set(statuses)
    return best


async def main() -> None:
    """Print both and the difference."""
    doorman = Doorman()
    plain = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode()), (b"host", b"x")]
    known = [*plain, (b"authorization", f"Bearer {doorman.token('owner', '*')}".encode())]
    without = await microseconds(bare(), plain)
    with_kit = await microseconds(kitted(doorman), known)
    sys.stdout.write(
        f"FastAPI alone {without:.0f} us, with the kit {with_kit:.0f} us, the kit {with_kit - without:.0f} us\n"
    )


if __name__ == "__main__":
    asyncio.run(main())
