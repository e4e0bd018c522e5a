"""The only home of asking stock to set goods aside: charges that wait together are asked for in one call."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID, uuid4

import structlog

from lotwise.kit.client import Refused, ServiceClient, Unreachable
from lotwise.sales.domain.refusals import StockRefused

log = structlog.get_logger(__name__)
HOLDS_MAX = 200
WAITING_MAX = 2_000


class HoldLine(NamedTuple):
    """How much of a product is to be set aside, as a decimal in its unit; a named lot must not be recalled."""

    product_id: UUID
    quantity: str
    lot_id: UUID | None = None


class Hold(NamedTuple):
    """What a charge needs set aside; the charge's id is the hold's."""

    hold_id: UUID
    site: str
    lines: Sequence[HoldLine]


class Granted(NamedTuple):
    """The goods are set aside until then."""

    expires_at: datetime


class Away(NamedTuple):
    """Stock did not answer in time."""

    why: str


Answer = Granted | StockRefused | Away


class Holds(Protocol):
    """Who can be asked to set goods aside."""

    async def ask(self, hold: Hold) -> Answer:
        """Set goods aside, all lines or none."""

    async def release(self, hold_id: UUID, site: str) -> None:
        """Let go of what was set aside, if that can be done now."""

    async def stop(self) -> None:
        """Finish what was begun."""


class _Asked(NamedTuple):
    hold: Hold
    answered: "asyncio.Future[Answer]"


class HoldGroup:
    """Groups concurrent holds into calls of /v1/holds:batch: what waits while a call runs goes into the next one."""

    def __init__(self, stock: ServiceClient, deadline_seconds: float, minutes: int) -> None:
        self._stock = stock
        self._deadline_seconds = deadline_seconds
        self._minutes = minutes
        self._queue: list[_Asked] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, hold: Hold) -> Answer:
        """Ask for a hold and wait for the deadline at most."""
        if len(self._queue) >= WAITING_MAX:
            return Away("too many holds wait to be asked for")
        asked = _Asked(hold, asyncio.get_running_loop().create_future())
        self._queue.append(asked)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="holds")
        try:
            return await asyncio.wait_for(asked.answered, self._deadline_seconds)
        except TimeoutError:
            return Away(f"no answer within {self._deadline_seconds:g} s")

    async def release(self, hold_id: UUID, site: str) -> None:
        """Void a hold; a stock that is away lets it run out by itself."""
        try:
            await self._stock.post(
                f"/v1/holds/{hold_id}:void",
                json={"site": site},
                key=f"void-{hold_id}",
                timeout=self._deadline_seconds,
            )
        except (Refused, Unreachable) as error:
            log.info("hold left to run out", hold_id=str(hold_id), error=error.detail)

    async def stop(self) -> None:
        """Finish the call in hand."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while self._queue:
            group, self._queue = self._queue[:HOLDS_MAX], self._queue[HOLDS_MAX:]
            waiting = [asked for asked in group if not asked.answered.done()]
            if waiting:
                await self._call(waiting)

    async def _call(self, group: Sequence[_Asked]) -> None:
        try:
            found = await self._post([asked.hold for asked in group])
        except (Refused, Unreachable) as error:
            found = dict.fromkeys((asked.hold.hold_id for asked in group), Away(error.detail))
        except Exception as error:
            log.exception("holds could not be asked for")
            found = dict.fromkeys((asked.hold.hold_id for asked in group), Away(type(error).__name__))
        for asked in group:
            if not asked.answered.done():
                asked.answered.set_result(found.get(asked.hold.hold_id, Away("stock left it out of its answer")))

    async def _post(self, holds: Sequence[Hold]) -> dict[UUID, Answer]:
        body = {"holds": [self._row(hold) for hold in holds]}
        answer = await self._stock.post("/v1/holds:batch", json=body, key=str(uuid4()), timeout=self._deadline_seconds)
        return {UUID(row["hold_id"]): _read(row) for row in answer["results"]}

    def _row(self, hold: Hold) -> dict[str, Any]:
        return {
            "hold_id": hold.hold_id,
            "site": hold.site,
            "minutes": self._minutes,
            "lines": [_line(line) for line in hold.lines],
        }


def _line(line: HoldLine) -> dict[str, Any]:
    row: dict[str, Any] = {"product_id": line.product_id, "quantity": line.quantity}
    return row | ({"lot_id": line.lot_id} if line.lot_id else {})


def _read(row: dict[str, Any]) -> Answer:
    problem = row.get("problem")
    if problem is None:
        return Granted(datetime.fromisoformat(row["expires_at"]))
    return refused(problem)


def refused(problem: dict[str, Any]) -> StockRefused:
    """Stock's no as sales' own answer: its code, title, numbers and ways out pass through."""
    refusal = StockRefused(
        str(problem.get("detail", "")),
        ways_out=tuple(problem.get("ways_out") or ()),
        **dict(problem.get("numbers") or {}),
    )
    refusal.code = str(problem.get("code", StockRefused.code))  # type: ignore[misc]
    refusal.title = StockRefused.title if refusal.code == StockRefused.code else str(problem.get("title"))  # type: ignore[misc]
    return refusal
