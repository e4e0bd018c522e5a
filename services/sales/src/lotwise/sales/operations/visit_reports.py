"""The only home of turning reports of outside appointment books into appointments and treatments."""

from collections.abc import Sequence
from datetime import UTC, datetime

from lotwise.contracts.till import AppointmentReported
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message
from lotwise.sales.domain.appointments import BOOKED
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.domain.treatments import Drawn, check_moment
from lotwise.sales.operations import visits
from lotwise.sales.operations.appointments import Booking
from lotwise.sales.operations.services import check_drawn, check_service
from lotwise.sales.operations.treatments import Recorder
from lotwise.sales.operations.visits import Visit
from lotwise.sales.repository import definitions as rows

Early = tuple[Message[AppointmentReported], str, str]


async def take_reports(tx: Tx, messages: Sequence[Message[AppointmentReported]], now: datetime) -> list[Early]:
    """Take a batch of reports over; returns those that speak of things not yet known.

    Raises what recording a treatment raises for one that cannot be: it becomes a dead letter, alone.
    """
    book = await _book(tx, [message.event for message in messages])
    early: list[Early] = []
    for message in sorted(messages, key=lambda one: (one.event.appointment_id, one.event.revision)):
        missing = _missing(book, message.event)
        if missing is None:
            await visits.take(tx, _visit(book, message.event, now), _by(message, now))
        else:
            early.append((message, *missing))
    return early


def _by(message: Message[AppointmentReported], now: datetime) -> Recorder:
    return Recorder(message.actor or "till", "till", is_licensed=True, now=now)


async def _book(tx: Tx, events: Sequence[AppointmentReported]) -> PriceBook:
    book = PriceBook()
    book.sites = {site.slug: site for site in await rows.sites(tx)}
    codes = {event.service for event in events} | {use.code for event in events for use in event.uses}
    ids = await rows.products_by_names(tx, sorted(codes))
    for named in await rows.products(tx, ids):
        book.put_product(named.product, named.names)
    return book


def _missing(book: PriceBook, event: AppointmentReported) -> tuple[str, str] | None:
    if event.site not in book.sites:
        return "site", event.site
    for code in (event.service, *(use.code for use in event.uses)):
        if book.by_code(code) is None:
            return "code", code
    return None


def _visit(book: PriceBook, event: AppointmentReported, now: datetime) -> Visit:
    happened_at = (event.happened_at or event.starts_at).astimezone(UTC)
    if event.state == "completed":
        check_moment(happened_at, now, may_backdate=True)
    booking = Booking(
        event.site, check_service(book.by_code(event.service), event.service).product_id, event.member_id,
        event.practitioner, event.starts_at.astimezone(UTC), event.minutes, event.sessions, "",
    )  # fmt: skip
    state = BOOKED if event.state == "moved" else event.state
    drawn = tuple(_drawn(book, event))
    return Visit(event.appointment_id, booking, state, event.reason, event.revision, happened_at, drawn)


def _drawn(book: PriceBook, event: AppointmentReported) -> list[Drawn]:
    found = []
    for index, use in enumerate(event.uses):
        product = check_drawn(book.by_code(use.code), use.code, use.drawn, index)
        found.append(Drawn(product.product_id, use.drawn, use.lot_id, "", ""))
    return found
