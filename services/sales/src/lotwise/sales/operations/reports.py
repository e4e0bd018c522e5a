"""The only home of turning outside tills' reports on the bus into charges, with the engine that all charges take."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.till import SaleReported
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message
from lotwise.sales.domain.charges import Asked, Rights, check_moment, price_charge
from lotwise.sales.domain.lines import AskedDiscount
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.operations.charges import TenderAsked, made_ready
from lotwise.sales.operations.dispensing import of_facts
from lotwise.sales.operations.recording import Ready, record_within
from lotwise.sales.repository import definitions as rows
from lotwise.sales.repository import pricing
from lotwise.values import currency_exponent

RIGHTS = Rights(state_facts=True, set_prices=True)


class TillSale(NamedTuple):
    """What an outside till reported, in the shape of a charge asked for."""

    site: str
    happened_at: datetime
    lines: Sequence[Asked]
    member_id: UUID | None = None
    tenders: Sequence[TenderAsked] = ()
    discounts: Sequence[AskedDiscount] = ()
    coupons: Sequence[str] = ()


Early = tuple[Message[SaleReported], str, str]


async def take_reports(tx: Tx, messages: Sequence[Message[SaleReported]], now: datetime, currency: str) -> list[Early]:
    """Record a batch of reports as charges in this transaction; returns those that speak of things not yet known.

    A report whose id is recorded already changes nothing. Raises what pricing raises for one that cannot be a charge.
    """
    book = await _book(tx, [message.event for message in messages])
    early: list[Early] = []
    readies: list[Ready] = []
    for message in messages:
        missing = _missing(book, message.event)
        if missing is None:
            readies.append(_ready(book, message, now, currency))
        else:
            early.append((message, *missing))
    if readies:
        await record_within(tx, readies, now)
    return early


async def _book(tx: Tx, events: Sequence[SaleReported]) -> PriceBook:
    """The part of the price book that these reports need, as this transaction sees it."""
    book = PriceBook()
    book.sites = {site.slug: site for site in await rows.sites(tx)}
    book.taxes = await rows.taxes(tx)
    ids = await rows.products_by_names(tx, sorted({line.code for event in events for line in event.lines}))
    for named in await rows.products(tx, ids):
        book.put_product(named.product, named.names)
    book.prices = await rows.prices(tx, ids)
    if any(one.kind == "digital" for one in book.products.values()):
        await _put_packages(tx, book)
    return book


async def _put_packages(tx: Tx, book: PriceBook) -> None:
    """What the kits and packages among these products hold."""
    packages = [one for one in (await pricing.rules(tx)).packages if one.product_id in book.products]
    held = sorted({item.product_id for one in packages for item in one.items} - book.products.keys())
    for named in await rows.products(tx, held):
        book.put_product(named.product, named.names)
    book.prices |= await rows.prices(tx, held)
    book.put_packages(packages)


def _missing(book: PriceBook, event: SaleReported) -> tuple[str, str] | None:
    if event.site not in book.sites:
        return "site", event.site
    for line in event.lines:
        if book.by_code(line.code) is None:
            return "code", line.code
    return None


def _ready(book: PriceBook, message: Message[SaleReported], now: datetime, currency: str) -> Ready:
    event = message.event
    happened_at = event.happened_at.astimezone(UTC)
    check_moment(happened_at, now, may_backdate=True)
    lines = [Asked(None, line.code, line.quantity, unit_price=line.unit_price) for line in event.lines]
    sale = TillSale(event.site, happened_at, lines)
    exponent = currency_exponent(currency)
    priced = price_charge(book, event.site, lines, happened_at, RIGHTS, is_fact=True, exponent=exponent)
    return made_ready(
        priced,
        sale,
        event.sale_id,
        currency=currency,
        actor=message.actor or "till",
        source="till",
        body_hash=blake2b(event.model_dump_json().encode(), digest_size=16).digest(),
    )._replace(
        trace=message.trace,
        story=message.correlation_id,
        cause=message.id,
        dispensed=of_facts(book, priced.lines, priced.asked, message.actor or "till"),
    )
