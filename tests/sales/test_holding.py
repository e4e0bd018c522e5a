"""Asking stock for holds: grouped, within a deadline, each charge with its own answer."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from lotwise.kit.client import Refused, ServiceClient, Unreachable
from lotwise.sales.domain.refusals import StockRefused
from lotwise.sales.operations.holding import Away, Granted, Hold, HoldGroup, HoldLine

UNTIL = datetime.now(UTC) + timedelta(minutes=15)


class FakeClient:
    """A stock behind HTTP that answers as the test says and counts its calls."""

    def __init__(self, answer: Callable[[dict[str, Any]], Any], seconds: float = 0.01) -> None:
        self.answer = answer
        self.seconds = seconds
        self.calls: list[tuple[str, Any]] = []

    async def post(self, path: str, *, json: Any, **_: Any) -> Any:
        """One call."""
        self.calls.append((path, json))
        await asyncio.sleep(self.seconds)
        return self.answer(json)


def granted(body: dict[str, Any]) -> Any:
    """Every hold is granted."""
    return {"results": [{"hold_id": str(one["hold_id"]), "expires_at": UNTIL.isoformat()} for one in body["holds"]]}


def group(client: FakeClient, deadline: float = 0.5) -> HoldGroup:
    """A grouping in front of the fake."""
    return HoldGroup(cast("ServiceClient", client), deadline, 15)


def hold(hold_id: UUID | None = None) -> Hold:
    """A hold of two units."""
    return Hold(hold_id or uuid4(), "harley", [HoldLine(UUID(int=1), "2")])


async def test_concurrent_holds_share_calls() -> None:
    """D-1b: 100 holds at once take far fewer than 100 calls; each gets its own answer until its own instant."""
    client = FakeClient(granted)
    holds = group(client)
    answers = await asyncio.gather(*(holds.ask(hold()) for _ in range(100)))
    assert answers == [Granted(UNTIL)] * 100
    assert len(client.calls) <= 3
    assert sum(len(body["holds"]) for _, body in client.calls) == 100
    assert client.calls[0][1]["holds"][0]["lines"] == [{"product_id": UUID(int=1), "quantity": "2"}]


async def test_each_hold_of_a_group_has_its_own_answer() -> None:
    """SAL-12: of two holds in one call one is granted, the other refused with stock's numbers and ways out."""
    bad = uuid4()
    problem = {"code": "not-enough-stock", "detail": "no", "numbers": {"available": "1"}, "ways_out": ["receive"]}

    def answer(body: dict[str, Any]) -> Any:
        """Grant every hold but the bad one."""
        rows = granted(body)["results"]
        return {"results": [row | ({"problem": problem} if row["hold_id"] == str(bad) else {}) for row in rows]}

    holds = group(FakeClient(answer))
    good, refused = await asyncio.gather(holds.ask(hold()), holds.ask(hold(bad)))
    assert good == Granted(UNTIL)
    assert isinstance(refused, StockRefused)
    assert (refused.code, refused.numbers, refused.ways_out) == ("not-enough-stock", {"available": "1"}, ("receive",))


async def test_a_slow_stock_is_away_after_the_deadline() -> None:
    """DESIGN 4: no answer within the deadline counts as away, and not later."""
    began = asyncio.get_running_loop().time()
    answer = await group(FakeClient(granted, seconds=5), deadline=0.05).ask(hold())
    assert isinstance(answer, Away)
    assert asyncio.get_running_loop().time() - began < 1


async def test_a_stock_that_fails_is_away() -> None:
    """DESIGN 4: unreachable, refusing the call as a whole, or answering nonsense: each is "away", never an error."""

    def unreachable(_: Any) -> Any:
        """Nobody answers."""
        raise Unreachable("down")

    def forbidden(_: Any) -> Any:
        """The whole call is refused."""
        raise Refused({"status": 403, "detail": "no"})

    answers: list[Callable[[Any], Any]] = [unreachable, forbidden, lambda _: {"results": []}, lambda _: {}]
    for answer in answers:
        assert isinstance(await group(FakeClient(answer)).ask(hold()), Away)


async def test_a_hold_that_cannot_be_released_runs_out() -> None:
    """DESIGN 4: letting go of a hold while stock is away is no error: the hold runs out by itself."""

    def unreachable(_: Any) -> Any:
        """Nobody answers."""
        raise Unreachable("down")

    client = FakeClient(unreachable)
    await group(client).release(UUID(int=5), "harley")
    assert client.calls == [(f"/v1/holds/{UUID(int=5)}:void", {"site": "harley"})]
