"""The only home of working with tills: define, open, put in and take out, count blind, close; and who may sit where."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import Payment, TillClosed
from lotwise.kit.database import Database, Tx
from lotwise.kit.outbox import tell
from lotwise.kit.principal import Principal
from lotwise.sales.domain import tills as rules
from lotwise.sales.domain.money_refusals import (
    TillAlreadyOpen,
    TillInUse,
    TillNotOpen,
    TillTaken,
    TooMuchOut,
    UnknownTill,
    UnknownTillSession,
)
from lotwise.sales.domain.tenders import CASH, summed
from lotwise.sales.domain.tills import Movement, Session, Till
from lotwise.sales.repository import till_days
from lotwise.sales.repository import tills as rows
from lotwise.sales.repository.till_days import Span
from lotwise.values import site_day

MANAGE = "till.manage"


async def till_at(tx: Tx, till_id: UUID, site: str | None, *, lock: bool = False) -> Till:
    """A till that is not put away, of a site where one is named. Raises UnknownTill."""
    till = await rows.get(tx, till_id, lock=lock)
    if till is None or till.is_archived or (site is not None and till.site != site):
        raise UnknownTill(
            f"no till of this site has the id {till_id}", field="till_id", ways_out=("choose one of the site's tills",)
        )
    return till


async def define(tx: Tx, till: Till) -> Till:
    """Keep a new till. Raises TillTaken."""
    if not await rows.add(tx, till):
        raise TillTaken(f"a till called {till.name} stands at {till.site} already", field="name")
    return till


async def change(tx: Tx, till: Till, name: str, *, is_shared: bool, is_archived: bool) -> Till:
    """Change a till. Raises TillInUse for one that is put away while it is open, TillTaken for a name in use."""
    if is_archived and await rows.current(tx, [till.till_id]):
        raise TillInUse(f"{till.name} is open", ways_out=("close it first",), field="is_archived")
    others = await rows.of_sites(tx, [till.site], archived=False)
    is_taken = any(one.name.lower() == name.lower() and one.till_id != till.till_id for one in others)
    if is_taken and not is_archived:
        raise TillTaken(f"a till called {name} stands at {till.site} already", field="name")
    now = till._replace(name=name, is_shared=is_shared, is_archived=is_archived, revision=till.revision + 1)
    await rows.change(tx, now)
    return now


async def begin(
    tx: Tx, till: Till, float_minor: int, who: Principal, *, zone: str, currency: str, now: datetime
) -> Session:
    """Open a drawer with its float. Raises TillAlreadyOpen naming who opened it."""
    session = Session(
        uuid7(), till.till_id, till.site, 0, site_day(now, zone), rules.OPEN, currency, now, who.actor, float_minor,
        None, None, None, "", 0, "", None, "",
    )  # fmt: skip
    if not await rows.begin(tx, session):
        there = (await rows.current(tx, [till.till_id]))[till.till_id]
        raise TillAlreadyOpen(
            f"{till.name} is open since {there.opened_at.isoformat(timespec='minutes')}",
            field="till_id",
            ways_out=("use it as it is", "count and close it first"),
            opened_by=there.opened_by,
            state=there.state,
        )
    return await session_at(tx, session.session_id, who)


async def session_at(tx: Tx, session_id: UUID, who: Principal, *, lock: bool = False) -> Session:
    """A session at a site within reach. Raises UnknownTillSession."""
    session = await rows.session(tx, session_id, lock=lock)
    if session is None or not (who.allows("till.use", session.site) or who.allows("sales.read", session.site)):
        raise UnknownTillSession(f"no day of a till has the id {session_id}")
    return session


async def seat(tx: Tx, till_id: UUID, site: str, who: Principal) -> UUID:
    """The open session that a deed at this till belongs to.

    Raises UnknownTill, TillNotOpen, TillCounted, or OthersTill for a drawer of another person.
    """
    till = await till_at(tx, till_id, site)
    session = rules.check_open(till, (await rows.current(tx, [till_id])).get(till_id))
    rules.check_person(till, session, who.actor, may_manage=who.allows(MANAGE, site))
    return session.session_id


async def held_seat(tx: Tx, till_id: UUID, site: str, who: Principal) -> UUID:
    """The open session of this till, kept open until this commits. Raises what `seat` raises."""
    session_id = await seat(tx, till_id, site, who)
    if not await rows.hold_open(tx, [session_id]):
        raise TillNotOpen("the till was counted just now", field="till_id", ways_out=("choose another till",))
    return session_id


async def seat_of_fact(tx: Tx, till_id: UUID, site: str) -> UUID | None:
    """The open session of a till for a charge that already happened there; none when it is closed by now."""
    till = await till_at(tx, till_id, site)
    session = (await rows.current(tx, [till.till_id])).get(till_id)
    return session.session_id if session is not None and session.state == rules.OPEN else None


async def seat_of_charge(db: Database, till_id: UUID, site: str, who: Principal, *, is_fact: bool) -> UUID | None:
    """The session that a charge at a till is recorded into. Raises what `seat` raises; a fact only UnknownTill."""
    async with db.reading() as tx:
        return await (seat_of_fact(tx, till_id, site) if is_fact else seat(tx, till_id, site, who))


async def refund_seat(
    tx: Tx, till_id: UUID | None, site: str, who: Principal, of_charge: UUID | None
) -> tuple[UUID | None, UUID | None]:
    """The session, held open, and till that a refund goes out of: the till named, else the charge's if still open.

    Raises what `seat` raises.
    """
    if till_id is not None:
        return await held_seat(tx, till_id, site, who), till_id
    if of_charge is not None and (there := await rows.hold_open(tx, [of_charge])):
        return of_charge, there[of_charge]
    return None, None


async def _own(tx: Tx, session_id: UUID, who: Principal, permission: str) -> tuple[Till, Session, bool]:
    """A locked session with its till, if it is this person's to work with; and whether they manage tills there."""
    session = await session_at(tx, session_id, who, lock=True)
    who.at(permission, session.site)
    till = await rows.get(tx, session.till_id)
    if till is None:
        raise UnknownTill(f"no till has the id {session.till_id}")
    may_manage = who.allows(MANAGE, session.site)
    rules.check_person(till, session, who.actor, may_manage=may_manage)
    return till, session, may_manage


async def move(
    tx: Tx, session_id: UUID, amount_minor: int, reason: str, who: Principal, now: datetime
) -> tuple[Session, Movement]:
    """Put cash in (above zero) or take it out. Raises OthersTill, TillCounted, TillClosedAlready, TooMuchOut."""
    till, session, _ = await _own(tx, session_id, who, "till.use")
    rules.check_open(till, None if session.state == rules.CLOSED else session)
    lies = (await expected(tx, session))[CASH]
    if lies + amount_minor < 0:
        raise TooMuchOut(
            "more would be taken out than lies in the drawer", field="amount_minor", ways_out=("take out less",)
        )
    movement = Movement(uuid7(), session_id, amount_minor, reason, who.actor, now)
    await rows.move(tx, movement)
    return session, movement


async def expected(tx: Tx, session: Session) -> dict[str, int]:
    """What should lie in a drawer now, by kind, in minor units."""
    taken = await till_days.money(tx, Span(session.site, session.opened_at, session.opened_at, [session.session_id]))
    moved = sum(one.amount_minor for one in await rows.movements(tx, [session.session_id]))
    return rules.expected_in(session.float_minor, summed(taken.values()), moved)


async def count(tx: Tx, session_id: UUID, counted: Mapping[str, int], who: Principal, now: datetime) -> Session:
    """Keep what was counted, before anybody is told what was expected; nothing moves in the drawer from here on.

    Raises OthersTill, TillCounted (a second count is a manager's), TillClosedAlready, BillsParked.
    """
    _, session, may_manage = await _own(tx, session_id, who, "till.close")
    rules.check_countable(session, may_manage=may_manage)
    is_last = await rows.open_at(tx, session.site) <= 1
    rules.check_parked(await rows.parked(tx, session.site, None if is_last else session.opened_by))
    there = await expected(tx, session)
    found = {kind: counted.get(kind, 0) for kind in there}
    counted_now = session._replace(
        state=rules.COUNTED_STATE,
        counted=found,
        expected=there,
        counted_at=now,
        counted_by=who.actor,
        difference_minor=sum(rules.difference(found, there).values()),
    )
    await rows.count(tx, counted_now)
    return counted_now


async def close(tx: Tx, session_id: UUID, reason: str, who: Principal, now: datetime) -> Session:
    """Close a counted drawer and tell it. Raises OthersTill, TillNotCounted, TillClosedAlready, ReasonNeeded."""
    _, session, _ = await _own(tx, session_id, who, "till.close")
    rules.check_closable(session, reason)
    closed = session._replace(state=rules.CLOSED, reason=reason, closed_at=now, closed_by=who.actor)
    await rows.close(tx, closed)
    await tell(
        tx,
        TillClosed(
            site=closed.site,
            session_id=closed.session_id,
            till_id=closed.till_id,
            day=closed.day,
            expected=_payments(closed.expected),
            counted=_payments(closed.counted),
            difference_minor=closed.difference_minor,
            currency=closed.currency,
            happened_at=now,
            actor=who.actor,
        ),
    )
    return closed


def _payments(amounts: Mapping[str, int] | None) -> tuple[Payment, ...]:
    return tuple(Payment(kind=kind, amount_minor=amount) for kind, amount in (amounts or {}).items())
