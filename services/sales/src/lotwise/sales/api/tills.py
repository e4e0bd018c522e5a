"""The only home of the doors to tills: define, open, move cash, count blind, close, and a day added up."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from starlette.requests import Request

from lotwise.contracts.fields import Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.database import Tx
from lotwise.kit.etag import IfMatch, Stale
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.sales.api.charges import selling_of
from lotwise.sales.api.till_shapes import (
    CloseIn,
    CountIn,
    MovementIn,
    MovementOut,
    OpenIn,
    SessionOut,
    SummaryOut,
    TillEdit,
    TillIn,
    TillOut,
)
from lotwise.sales.domain import money_refusals as no
from lotwise.sales.domain.definitions import Site
from lotwise.sales.domain.refusals import UnknownSite
from lotwise.sales.domain.tills import Session, Till, differences
from lotwise.sales.operations import till_days, tills
from lotwise.sales.repository import tills as rows
from lotwise.values import BadValue

router = Router(prefix="/v1", tags=["tills"])
WORKING = (no.UnknownTillSession, no.OthersTill, no.TillCounted, no.TillClosedAlready)


@router.post("/tills", permission="till.manage", status_code=201, refusals=(no.TillTaken, UnknownSite))
async def post_till(body: TillIn, cmd: Cmd, request: Request) -> Answer[TillOut]:
    """Set up a till at a site."""
    _site(request, body.site)
    till = Till(body.till_id or uuid7(), body.site, body.name, body.is_shared, is_archived=False, revision=1)
    async with cmd.transaction() as tx:
        await tills.define(tx, till)
        return await cmd.answer(tx, _till(till, None), 201, site=till.site, target=till.till_id, revision=1)


@router.get("/tills", permission="sales.read")
async def list_tills(read: Read, site: Slug | None = None, archived: bool = False) -> Page[TillOut]:
    """The tills of a site, or of all that may be seen, each with its open session."""
    async with read.connection() as tx:
        found = await rows.of_sites(tx, visible(read.who, "sales.read", site), archived=archived)
        there = await rows.current(tx, [one.till_id for one in found])
    return Page(rows=[_till(one, there.get(one.till_id)) for one in found])


@router.put("/tills/{till_id}", permission="till.manage", refusals=(no.UnknownTill, no.TillTaken, no.TillInUse, Stale))
async def put_till(till_id: UUID, body: TillEdit, cmd: Cmd, match: IfMatch) -> Answer[TillOut]:
    """Change a till, or put it away for good."""
    async with cmd.transaction() as tx:
        till = await tills.till_at(tx, till_id, None, lock=True)
        cmd.who.at("till.manage", till.site)
        match.check(till.revision)
        now = await tills.change(tx, till, body.name, is_shared=body.is_shared, is_archived=body.is_archived)
        return await cmd.answer(tx, _till(now, None), site=till.site, target=till_id, revision=now.revision)


@router.post(
    "/tills/{till_id}:open",
    permission="till.use",
    status_code=201,
    refusals=(no.UnknownTill, no.TillAlreadyOpen, UnknownSite),
)
async def post_open(till_id: UUID, body: OpenIn, cmd: Cmd, request: Request) -> Answer[SessionOut]:
    """Open a drawer with its float; it belongs to the site's day of now."""
    async with cmd.transaction() as tx:
        till = await tills.till_at(tx, till_id, None)
        cmd.who.at("till.use", till.site)
        zone = _site(request, till.site).time_zone
        session = await tills.begin(
            tx, till, body.float_minor, cmd.who, zone=zone, currency=selling_of(request).currency, now=datetime.now(UTC)
        )
        return await _answered(cmd, tx, session, 201)


@router.get("/till-sessions", permission="sales.read")
async def list_sessions(
    read: Read,
    site: Slug | None = None,
    day: date | None = None,
    till: UUID | None = None,
    state: Annotated[Literal["open", "counted", "closed"] | None, Query()] = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[SessionOut]:
    """Days of tills, the one opened last coming first."""
    async with read.connection() as tx:
        found = await rows.page(
            tx,
            visible(read.who, "sales.read", site),
            day=day,
            till_id=till,
            state=state,
            after=cursor_decode(after, datetime, UUID),
            limit=limit,
        )
        shown = await _sessions(tx, found)
    last = cursor_encode(found[-1].opened_at, found[-1].session_id) if len(found) == limit else None
    return Page(rows=shown, next=last)


@router.get("/till-sessions/{session_id}", permission="sales.read", refusals=(no.UnknownTillSession,))
async def get_session(session_id: UUID, read: Read) -> SessionOut:
    """One day of a till with what was put in and taken out."""
    async with read.connection() as tx:
        session = await tills.session_at(tx, session_id, read.who)
        (shown,) = await _sessions(tx, [session], with_movements=True)
    return shown


@router.post(
    "/till-sessions/{session_id}:move",
    permission="till.use",
    refusals=(*WORKING, no.TillNotOpen, no.TooMuchOut),
)
async def post_movement(session_id: UUID, body: MovementIn, cmd: Cmd) -> Answer[SessionOut]:
    """Put cash into the drawer or take it out, with a reason."""
    if not body.amount_minor:
        raise BadValue("An amount above or below zero is needed.", field="amount_minor")
    async with cmd.transaction() as tx:
        session, _ = await tills.move(tx, session_id, body.amount_minor, body.reason, cmd.who, datetime.now(UTC))
        return await _answered(cmd, tx, session, reason=body.reason)


@router.post("/till-sessions/{session_id}:count", permission="till.close", refusals=(*WORKING, no.BillsParked))
async def post_count(session_id: UUID, body: CountIn, cmd: Cmd) -> Answer[SessionOut]:
    """Say what was counted, before what was expected is told; the answer tells it and the difference."""
    async with cmd.transaction() as tx:
        counted = {str(kind): amount for kind, amount in body.counted.items()}
        session = await tills.count(tx, session_id, counted, cmd.who, datetime.now(UTC))
        return await _answered(cmd, tx, session)


@router.post(
    "/till-sessions/{session_id}:close",
    permission="till.close",
    refusals=(*WORKING, no.TillNotCounted, no.ReasonNeeded),
)
async def post_close(session_id: UUID, body: CloseIn, cmd: Cmd) -> Answer[SessionOut]:
    """Close a counted drawer; where it does not add up, with the reason."""
    async with cmd.transaction() as tx:
        session = await tills.close(tx, session_id, body.reason, cmd.who, datetime.now(UTC))
        return await _answered(cmd, tx, session, reason=body.reason or None)


@router.get("/till-summary", permission="sales.read", refusals=(UnknownSite, no.UnknownTill))
async def get_summary(
    site: Slug,
    read: Read,
    request: Request,
    day: date | None = None,
    till: UUID | None = None,
    format: Annotated[Literal["json", "csv"], Query()] = "json",  # noqa: A002 - the word in the address
) -> Answer[SummaryOut]:
    """A site's day (today unless one is named) added up, or what one of its tills took; also as CSV."""
    selling = selling_of(request)
    where = _site(request, site)
    async with read.connection() as tx:
        if till is not None:
            await tills.till_at(tx, till, site)
        found = await till_days.summary(tx, selling, where, day, till, read.who, datetime.now(UTC))
        sessions = await _sessions(tx, found.pop("sessions"), with_movements=True)
    shown = SummaryOut.model_validate({**found, "sessions": sessions})
    if format == "csv":
        return _csv(shown)
    return Answer(shown.model_dump_json())


def _csv(shown: SummaryOut) -> Answer[SummaryOut]:
    """The summary as rows of section, name, count and minor units."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("section", "name", "count", "amount_minor"))
    for name in ("charges", "voids", "returns", "net"):
        figures = getattr(shown, name)
        for part in ("net_minor", "tax_1_minor", "tax_2_minor", "total_minor"):
            writer.writerow((name, part.removesuffix("_minor"), figures.count, getattr(figures, part)))
    for one in shown.tenders or ():
        writer.writerow(("tender", one.kind, "", one.total_minor))
    writer.writerows(("tip", _plain(one.staff), "", one.net_minor) for one in shown.tips)
    writer.writerows(("owed", one.owed, "", one.net_minor) for one in shown.owed)
    if shown.rounding_minor is not None:
        writer.writerow(("rounding", "", "", shown.rounding_minor))
    name = f"till-{shown.site}-{shown.day}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Type": "text/csv; charset=utf-8"}
    return Answer(text.getvalue().encode(), headers=headers)


def _plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _site(request: Request, slug: str) -> Site:
    site = selling_of(request).prices.book.sites.get(slug)
    if site is None:
        raise UnknownSite(f"no site is called {slug!r}", field="site")
    return site


def _till(till: Till, session: Session | None) -> TillOut:
    shown: dict[str, Any] = till._asdict()
    if session is not None:
        shown |= {name: getattr(session, name) for name in ("session_id", "state", "opened_by", "opened_at", "day")}
    return TillOut.model_validate(shown)


async def _answered(
    cmd: Cmd, tx: Tx, session: Session, status: int = 200, *, reason: str | None = None
) -> Answer[SessionOut]:
    (shown,) = await _sessions(tx, [session], with_movements=True)
    return await cmd.answer(tx, shown, status, site=session.site, target=session.session_id, reason=reason)


async def _sessions(tx: Tx, found: Sequence[Session], *, with_movements: bool = False) -> list[SessionOut]:
    names = await rows.names(tx, {one.till_id for one in found})
    moved = await rows.movements(tx, [one.session_id for one in found]) if with_movements else []
    return [
        _session(one, names, (each._asdict() for each in moved if each.session_id == one.session_id)) for one in found
    ]


def _session(session: Session, names: Mapping[UUID, str], moved: Iterable[Mapping[str, Any]]) -> SessionOut:
    return SessionOut.model_validate(
        {
            **session._asdict(),
            "till_name": names.get(session.till_id, ""),
            "differences": differences(session),
            "movements": [MovementOut.model_validate(one) for one in moved],
        }
    )
