"""The only home of operations: how each service does, what could not be applied, the journey of anything."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, Unreachable, or_else
from lotwise.backoffice.lists import csv_asked
from lotwise.backoffice.pages import done, form_of, page
from lotwise.backoffice.restarts import Journal, Restarted, Restarts
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Who

screen = Screen()
SERVICES = ("catalog", "sales", "stock", "purchasing", "alerts", "reporting", "backoffice")


class Consumer(Shape):
    """How far one consumer is behind."""

    name: str
    lag: int | None = None
    in_hand: int = 0
    redelivered: int | None = None
    fault: str | None = None


class Status(Shape):
    """How the machinery of a service does."""

    service: str
    outbox_depth: int = 0
    outbox_oldest_seconds: float = 0
    outbox_failed: int = 0
    dead_letters: int = 0
    waiting: int = 0
    bus_connected: bool = False
    consumers: tuple[Consumer, ...] = ()

    @property
    def lag(self) -> int:
        """Messages not yet applied, over all consumers."""
        return sum(consumer.lag or 0 for consumer in self.consumers)

    @property
    def word(self) -> str:
        """What the row says at a glance."""
        if not self.bus_connected:
            return "warning"
        return "warning" if self.outbox_failed or self.dead_letters else "ok"


class DeadLetter(Shape):
    """A message that could not be applied."""

    id: UUID
    consumer: str = ""
    stream: str = ""
    sequence: int = 0
    subject: str
    reason: str = ""
    error: str = ""
    failed_at: datetime
    tries: int = 1
    headers: dict[str, Any] = Field(default_factory=dict)
    body: str = ""
    stack: str = ""


class Finding(Shape):
    """A row of the books that does not agree."""

    check: str
    row: str
    detail: str
    expected: str = ""
    found: str = ""


class Proof(Shape):
    """One night's proof of stock's books."""

    started_at: datetime
    finished_at: datetime
    is_clean: bool
    sizes: dict[str, int] = Field(default_factory=dict)
    rows_a_second: int = 0
    findings: tuple[Finding, ...] = ()


class Figures(Shape):
    """How the figures of the reports stand; `due_since` while an upgrade's rebuild has yet to end."""

    due_since: datetime | None = None


class Step(Shape):
    """One event of a journey."""

    id: UUID
    at: datetime
    happened_at: datetime | None = None
    site: str
    speaker: str
    event: str
    depth: int = 0
    cause_id: UUID | None = None
    trace_id: str | None = None
    actor: str | None = None
    body: dict[str, Any] = Field(default_factory=dict)


class Journey(Shape):
    """A causal chain with its times."""

    id: UUID
    steps: tuple[Step, ...] = ()
    seconds: float = 0
    is_whole: bool = True


@screen.get("/ops", permission="ops.read")
async def services(request: Request, who: Who) -> Response:
    """Each service with its outbox, its lag and its parked messages; one that does not answer says so."""
    found = await asyncio.gather(*(_status(who, name) for name in SERVICES))
    letters = [letter for some in await asyncio.gather(*(_letters(who, name) for name in SERVICES)) for letter in some]
    letters.sort(key=lambda pair: pair[1].failed_at, reverse=True)
    up, dead = [one for one in found if one], [row for _, row in letters]
    restarts = await _restarts(request)
    ended = (Restarted, restarts.processes if restarts else ())
    if answer := csv_asked(request, services=(Status, up), dead_letters=(DeadLetter, dead), restarts=ended):
        return answer
    context: dict[str, Any] = {
        "services": dict(zip(SERVICES, found, strict=True)),
        "letters": letters,
        "restarts": restarts,
        "proof": await _proof(who),
        "figures": await or_else(who.gateway.one(Figures, "reporting", "/v1/rebuild"), Figures()),
        "title": "Services",
    }
    return page(request, who, "screens/ops.html", fragment="health", **context)


async def _restarts(request: Request) -> Restarts | None:
    """What the supervisor wrote down; None where no supervisor of ours keeps the processes alive."""
    runtime = request.app.state.runtime
    if runtime.settings.supervisor_journal is None:
        return None
    journal = runtime.state.setdefault("journal", Journal(runtime.settings.supervisor_journal))
    return await asyncio.to_thread(journal.read)


async def _proof(who: Who) -> Proof | None:
    """The newest proof of the books, for whom it is (N-01)."""
    if not who.can("audit.read"):
        return None
    none: Rows[Proof] = Rows([])
    found = await or_else(who.gateway.rows(Proof, "stock", "/v1/proofs", limit=1), none)
    return next(iter(found.rows), None)


async def _status(who: Who, service: str) -> Status | None:
    try:
        return await who.gateway.one(Status, service, "/v1/ops/status")
    except (Refused, Unreachable):
        return None


async def _letters(who: Who, service: str) -> list[tuple[str, DeadLetter]]:
    empty: Rows[DeadLetter] = Rows([])
    found = await or_else(who.gateway.rows(DeadLetter, service, "/v1/ops/dead-letters", limit=50), empty)
    return [(service, letter) for letter in found.rows]


@screen.get("/ops/journey", permission="journal.read")
async def journey(request: Request, who: Who, id: str = "") -> Response:  # noqa: A002 - the name in the address
    """What led to a charge, order, lot or product, and what followed from it."""
    told, wrong = None, ""
    if id:
        try:
            told = await who.gateway.one(Journey, "reporting", f"/v1/journey/{UUID(id.strip())}")
        except ValueError:
            wrong = "An id looks like 019a7c4e-8f00-7abc-8def-0123456789ab: copy it from a page or a trace."
        except Refused as no:
            wrong = no.detail
    return page(request, who, "screens/journey.html", title="Journey", journey=told, wrong=wrong, id=id)


@screen.get("/ops/{service}/dead-letters/{letter_id}", permission="ops.read")
async def dead_letter(request: Request, who: Who, service: str, letter_id: UUID) -> Response:
    """One message that could not be applied: its reason, its stack, its body."""
    letter = await who.gateway.one(DeadLetter, _known(service), f"/v1/ops/dead-letters/{letter_id}")
    context: dict[str, Any] = {"letter": letter, "service": service, "title": "Dead letter"}
    return page(request, who, "screens/dead_letter.html", fragment="sheet", **context)


@screen.post("/ops/{service}/dead-letters/{letter_id}/retry", permission="ops.manage")
async def retry(request: Request, who: Who, service: str, letter_id: UUID) -> Response:
    """Hand it to its handler once more."""
    form = await form_of(request)
    body = {"reason": "tried again from the page"}
    path = f"/v1/ops/dead-letters/{letter_id}:retry"
    await who.gateway.post(_known(service), path, body, form.get("key", ""))
    return done(request, "On its way once more.", "/ops")


def _known(service: str) -> str:
    return service if service in SERVICES else "reporting"
