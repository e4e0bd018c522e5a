"""The only home of what is looked up before a charge is priced: the customer's membership, the length of treatments.

Most charges need neither, and then nothing is asked.
"""

from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.domain.drafts import NOTHING_KNOWN, Circumstances
from lotwise.sales.domain.lines import AskedLine
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.operations.charges import ChargeAsked
from lotwise.sales.operations.selling import Selling
from lotwise.sales.repository import circumstances as rows


async def look(selling: Selling, asked: ChargeAsked) -> Circumstances:
    """What must be known to price a charge."""
    book = selling.prices.book
    for_members = asked.member_id is not None and _costs_members_less(book, asked)
    treated = [line for line in asked.lines if line.treatment_id is not None]
    if not for_members and not treated:
        return NOTHING_KNOWN
    treatments = [one for line in treated if (one := _timed_treatment(book, line)) is not None]
    if not for_members and not treatments:
        return NOTHING_KNOWN
    async with selling.db.reading() as tx:
        is_member = for_members and await _is_member(tx, asked)
        minutes = await rows.minutes_of(tx, treatments) if treatments else {}
    return Circumstances(is_member, minutes)


async def _is_member(tx: Tx, asked: ChargeAsked) -> bool:
    """Whether the customer is a member: now, or when it happened for what is told later (SAL-26)."""
    if asked.member_id is None:
        return False
    if asked.happened_at is None:
        return await rows.is_member(tx, asked.member_id)
    return await rows.was_member(tx, asked.member_id, asked.happened_at)


def _costs_members_less(book: PriceBook, asked: ChargeAsked) -> bool:
    if book.has_member_discounts:
        return True
    return any((found := _id_of(book, line)) is not None and book.is_for_members(found) for line in asked.lines)


def _id_of(book: PriceBook, line: AskedLine) -> UUID | None:
    if line.product_id is not None:
        return line.product_id
    product = book.by_code(line.code or "")
    return None if product is None else product.product_id


def _timed_treatment(book: PriceBook, line: AskedLine) -> UUID | None:
    """The treatment of a line whose price needs to know how long it took."""
    if line.treatment_id is None or line.minutes is not None or line.unit_price is not None:
        return None
    product = book.products.get(_id_of(book, line) or line.treatment_id)
    return line.treatment_id if product is not None and product.price_per != "unit" else None
