"""The only home of what a till is: a drawer with a person, a float, what moved, a blind count and its difference."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.sales.domain.money_refusals import (
    BillsParked,
    OthersTill,
    ReasonNeeded,
    TillClosedAlready,
    TillCounted,
    TillNotCounted,
    TillNotOpen,
)
from lotwise.sales.domain.tenders import CASH, COUNTED, summed

OPEN, COUNTED_STATE, CLOSED = "open", "counted", "closed"


class Till(NamedTuple):
    """A register drawer of a site. A shared one serves whoever may use tills; else only the person who opened it."""

    till_id: UUID
    site: str
    name: str
    is_shared: bool
    is_archived: bool
    revision: int


class Session(NamedTuple):
    """A drawer from its opening to its close; minor units. `day` is the site's day on which it was opened.

    `counted` and `expected` are amounts by kind; both are known once the drawer was counted.
    """

    session_id: UUID
    till_id: UUID
    site: str
    number: int
    day: date
    state: str
    currency: str
    opened_at: datetime
    opened_by: str
    float_minor: int
    counted: Mapping[str, int] | None
    expected: Mapping[str, int] | None
    counted_at: datetime | None
    counted_by: str
    difference_minor: int
    reason: str
    closed_at: datetime | None
    closed_by: str


class Movement(NamedTuple):
    """Cash put into a drawer (above zero) or taken out (below zero) beside the charges; minor units."""

    movement_id: UUID
    session_id: UUID
    amount_minor: int
    reason: str
    actor: str
    happened_at: datetime


def check_person(till: Till, session: Session, actor: str, *, may_manage: bool) -> None:
    """Pass whoever may use the drawer. Raises OthersTill."""
    if not (till.is_shared or may_manage or session.opened_by == actor):
        raise OthersTill(
            f"{till.name} was opened by another person",
            field="till_id",
            ways_out=("use your own till", "ask that person or a manager to close it"),
        )


def check_open(till: Till, session: Session | None) -> Session:
    """The open session of a till. Raises TillNotOpen, or TillCounted when it waits for its close."""
    if session is None:
        raise TillNotOpen(
            f"{till.name} is not open", field="till_id", ways_out=("open it with its float", "choose another till")
        )
    if session.state == COUNTED_STATE:
        raise TillCounted(
            f"{till.name} was counted and waits for its close",
            field="till_id",
            ways_out=("close it and open it again", "ask a manager to let it be counted anew"),
        )
    return session


def check_countable(session: Session, *, may_manage: bool) -> None:
    """Pass a drawer that may be counted now; a second count is a manager's. Raises TillCounted, TillClosedAlready."""
    if session.state == CLOSED:
        raise _closed(session)
    if session.state == COUNTED_STATE and not may_manage:
        raise TillCounted(
            "the drawer was counted; what was expected is known now",
            ways_out=("close it with a reason", "ask a manager to let it be counted anew"),
        )


def check_closable(session: Session, reason: str) -> None:
    """Pass a counted drawer that adds up, or has a reason. Raises TillClosedAlready, TillNotCounted, ReasonNeeded."""
    if session.state == CLOSED:
        raise _closed(session)
    if session.state == OPEN:
        raise TillNotCounted("the drawer was not counted yet", ways_out=("count it, then close it",))
    if differences(session) and not reason:
        raise ReasonNeeded(
            f"the drawer differs by {session.difference_minor} minor units; a reason is needed",
            field="reason",
            difference_minor=session.difference_minor,
        )


def _closed(session: Session) -> TillClosedAlready:
    return TillClosedAlready(
        "this day of the till is closed",
        ways_out=("open the till for a new one",),
        closed_at=None if session.closed_at is None else session.closed_at.isoformat(),
    )


def check_parked(labels: Sequence[str]) -> None:
    """Pass when no bill waits. Raises BillsParked naming up to five of them."""
    if labels:
        raise BillsParked(
            f"{len(labels)} bills are set aside: {', '.join(labels[:5])}"
            if len(labels) > 1
            else f"a bill is set aside: {labels[0]}",
            ways_out=("take it up and charge it", "throw it away at the desk"),
            count=len(labels),
        )


def expected_in(float_minor: int, taken: Mapping[str, int], moved: int) -> dict[str, int]:
    """What should lie in a drawer by kind: cash with its float and what was put in or taken out; minor units."""
    whole = summed([taken, {CASH: float_minor + moved}])
    return {kind: whole.get(kind, 0) for kind in COUNTED}


def differences(session: Session) -> dict[str, int]:
    """By how much each kind is over (above zero) or short; empty when the drawer adds up or was not counted."""
    if session.counted is None or session.expected is None:
        return {}
    return difference(session.counted, session.expected)


def difference(counted: Mapping[str, int], expected: Mapping[str, int]) -> dict[str, int]:
    """What was counted less what was expected, for the kinds where they differ; minor units."""
    found = {kind: counted.get(kind, 0) - expected.get(kind, 0) for kind in COUNTED}
    return {kind: amount for kind, amount in found.items() if amount}
