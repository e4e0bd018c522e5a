"""Journeys over HTTP: any charge, order, lot, product or shortage as its causal chain with times."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from lotwise.kit.commands import Read
from lotwise.kit.web import Router
from lotwise.reporting.domain.refusals import NothingHappened
from lotwise.reporting.operations.journeys import Step, follow

router = Router(tags=["journeys"])
_PERMISSION = "journal.read"


class JourneyStep(BaseModel):
    """One event: when it was said (`at`), when it was true (`happened_at`), who said it, and its cause."""

    id: UUID
    at: datetime
    happened_at: datetime | None
    site: str
    speaker: str
    event: str
    depth: int
    cause_id: UUID | None
    correlation_id: str | None
    trace_id: str | None
    actor: str | None
    body: dict[str, Any]


class JourneyOut(BaseModel):
    """The steps in the order they were said, how long it took from the first to the last, and whether it is whole."""

    id: UUID
    steps: list[JourneyStep]
    seconds: float
    is_whole: bool


@router.get("/journey/{thing_id}", permission=_PERMISSION, site="record", refusals=(NothingHappened,))
async def journey(read: Read, thing_id: UUID) -> JourneyOut:
    """What led to a thing and what followed from it; steps at sites you may not see are left out."""
    async with read.connection() as tx:
        told = await follow(tx, thing_id)
    sites = read.who.sites(_PERMISSION)
    steps = [step for step in map(_step, told.steps) if sites is None or step.site in sites or step.site == "chain"]
    if not steps:
        raise NothingHappened(f"No event names {thing_id}.", ways_out=("Check the id.", "Wait a moment: news travels."))
    seconds = (steps[-1].at - steps[0].at).total_seconds()
    return JourneyOut(id=thing_id, steps=steps, seconds=seconds, is_whole=told.is_whole)


def _step(step: Step) -> JourneyStep:
    row = step.row
    _, site, speaker, event, _ = row["subject"].split(".")
    trace = row["traceparent"]
    return JourneyStep(
        **{name: row[name] for name in ("id", "at", "cause_id", "correlation_id", "actor")},
        happened_at=step.body.get("happened_at"),
        site=site,
        speaker=speaker,
        event=event,
        depth=step.depth,
        trace_id=trace.split("-")[1] if trace else None,
        body=step.body,
    )
