"""The only home of taking goods and money back, one return or many, with or without the charge they were sold by."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.kit.outbox import Told, tell
from lotwise.kit.principal import Principal
from lotwise.sales.domain import refunds as rules
from lotwise.sales.domain.charges import Asked, Charge, Rights, check_moment, price_charge
from lotwise.sales.domain.refusals import (
    BadQuantity,
    BadTender,
    DifferentBody,
    DuplicateLine,
    UnknownCharge,
    UnknownLine,
)
from lotwise.sales.domain.returns import Return, ReturnLine, Sold, check_returnable, refund
from lotwise.sales.domain.tenders import Tender, by_kind, round_cash, settle, summed
from lotwise.sales.operations.answers import returned_event
from lotwise.sales.operations.charges import TenderAsked, sold_of
from lotwise.sales.operations.paying import paid_of, payment_event
from lotwise.sales.operations.returning import returned
from lotwise.sales.operations.selling import Selling
from lotwise.sales.operations.tills import refund_seat
from lotwise.sales.repository import charges as charge_rows
from lotwise.sales.repository import returns as rows
from lotwise.sales.repository.returns import KeptReturn
from lotwise.values import Refusal, parse_quantity


class LineAsked(NamedTuple):
    """A line that is to come back: of a charge by its number, else a product by id or code."""

    line: int | None
    product_id: UUID | None
    code: str | None
    quantity: str
    unit_price: str | None
    disposition: str
    moves_stock: bool | None
    description: str


class ReturnAsked(NamedTuple):
    """A return as it was asked for; `is_to_originals` pays back the way the charge was paid."""

    charge_id: UUID | None
    site: str
    happened_at: datetime | None
    member_id: UUID | None
    reason: str
    source: str
    lines: Sequence[LineAsked]
    tenders: Sequence[TenderAsked]
    till_id: UUID | None = None
    is_to_originals: bool = False


class Asking(NamedTuple):
    """A return to decide on: its id, what was asked and the hash of it."""

    return_id: UUID
    asked: ReturnAsked
    body_hash: bytes


class Taken(NamedTuple):
    """A return as it was recorded, now or before."""

    kept: KeptReturn
    replayed: bool


Outcome = Taken | Refusal


class _Sales(NamedTuple):
    """The charges that returns name, and what came back of their lines (counted on while a batch is decided).

    So are what is still due of each charge, and what stays of its money by kind.
    """

    charges: Mapping[UUID, Charge]
    returned: dict[tuple[UUID, int], int]
    due: dict[UUID, int]
    paid: dict[UUID, dict[str, int]]


class _Seat(NamedTuple):
    """The till's session that a refund goes out of."""

    session_id: UUID | None
    till_id: UUID | None


async def take_back(
    selling: Selling, tx: Tx, askings: Sequence[Asking], who: Principal, now: datetime
) -> dict[UUID, Outcome]:
    """Decide on and record returns in one transaction; each id has its own outcome and a refused one stops no other."""
    found = await _known(tx, askings)
    fresh = [one for one in askings if one.return_id not in found]
    sales = await _sales(tx, [one.asked.charge_id for one in fresh if one.asked.charge_id is not None])
    made: dict[UUID, Return] = {}
    seats: dict[UUID, _Seat] = {}
    for one in fresh:
        if one.return_id in made:
            continue
        try:
            seats[one.return_id] = seat = await _seat(tx, one.asked, sales, who)
            made[one.return_id] = _decide(selling, one, sales, who, now, seat)
        except Refusal as refusal:
            found[one.return_id] = refusal
    if made:
        await _settle(tx, list(made.values()), sales, seats)
        for back in await _record(tx, await returned(tx, list(made.values()), sales.charges, now), now):
            found[back.return_id] = Taken(KeptReturn(back, now), replayed=False)
    return found


async def _seat(tx: Tx, asked: ReturnAsked, sales: _Sales, who: Principal) -> _Seat:
    """Where the money comes out of: the till named, else the charge's own while it is open, for a refund only."""
    who.at("charge.return", asked.site)
    charge = sales.charges.get(asked.charge_id) if asked.charge_id is not None else None
    of_charge = charge.session_id if charge is not None and charge.site == asked.site else None
    if asked.till_id is None and not (asked.tenders or asked.is_to_originals):
        return _Seat(None, None)
    return _Seat(*await refund_seat(tx, asked.till_id, asked.site, who, of_charge))


async def _settle(tx: Tx, made: Sequence[Return], sales: _Sales, seats: Mapping[UUID, _Seat]) -> None:
    """Keep what is still due of the charges, and tell what was paid out."""
    changed = {one: due for one, due in sales.due.items() if due != sales.charges[one].due_minor}
    if changed:
        await charge_rows.set_due(tx, changed)
    await tell(
        tx,
        *(
            payment_event(
                back.site,
                back.return_id,
                by_kind(-back.total_minor, back.tenders),
                payment_id=back.return_id,
                till_id=seats[back.return_id].till_id,
                currency=back.currency,
                happened_at=back.happened_at,
                actor=back.actor,
            )
            for back in made
            if back.tenders
        ),
    )


class MoneyBack(NamedTuple):
    """Money that goes back for what is still owed of a charge's line; minor units."""

    return_id: UUID
    charge_id: UUID
    line: int
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int


async def give_money_back(
    selling: Selling, tx: Tx, money: MoneyBack, asked: ReturnAsked, who: Principal, now: datetime
) -> Return:
    """Keep and tell the refund of a package or a membership as a return of its line that moves no goods.

    It was owed, not earned: the line says so. Raises what a return raises of its tenders, till and limits.
    """
    sales = await _sales(tx, [money.charge_id])
    charge = _charge(sales, money.charge_id, asked.site)
    seat = await _seat(tx, asked, sales, who)
    total = money.net_minor + money.tax_1_minor + money.tax_2_minor
    refunds = _refunds(selling, asked, total, charge, sales, who)
    sold = next(line for line in charge.lines if line.line == money.line)
    line = ReturnLine(
        1, charge.charge_id, sold.line, sold.product_id, abs(sold.quantity), sold.unit_decimals, sold.unit_price,
        *money[3:], "waste", False, asked.reason,
    )  # fmt: skip
    back = Return(
        money.return_id, charge.charge_id, asked.site, 0, charge.member_id, now, charge.currency, *money[3:],
        asked.reason, asked.source, who.actor, b"", [line], refunds, seat.session_id,
    )  # fmt: skip
    await _settle(tx, [back], sales, {back.return_id: seat})
    (kept,) = await _record(tx, await returned(tx, [back], sales.charges, now), now, sold.more.owed)
    return kept


async def _record(tx: Tx, made: Sequence[Return], now: datetime, owed: str = "none") -> list[Return]:
    last = await charge_rows.last_numbers(tx, "return", {back.site for back in made}, lock=True)
    numbered = []
    for back in made:
        last[back.site] += 1
        numbered.append(back._replace(number=last[back.site]))
    await rows.record(tx, numbered, now)
    await tell(tx, *(Told(returned_event(back, owed)) for back in numbered))
    return numbered


async def _known(tx: Tx, askings: Sequence[Asking]) -> dict[UUID, Outcome]:
    known = await rows.known(tx, [one.return_id for one in askings])
    same = {one.return_id for one in askings if known.get(one.return_id) == one.body_hash}
    found: dict[UUID, Outcome] = (
        {kept.back.return_id: Taken(kept, replayed=True) for kept in await rows.load(tx, return_ids=list(same))}
        if same
        else {}
    )
    for return_id in known.keys() - same:
        found[return_id] = DifferentBody(
            f"the id {return_id} was used for another return", field="return_id", ways_out=("use a new id",)
        )
    return found


async def _sales(tx: Tx, charge_ids: Sequence[UUID]) -> _Sales:
    ids = sorted(set(charge_ids))
    if not ids:
        return _Sales({}, {}, {}, {})
    kept = {one: found.charge for one, found in (await charge_rows.load(tx, ids, lock=True)).items()}
    due = {one: charge.due_minor for one, charge in kept.items()}
    return _Sales(kept, await rows.returned(tx, ids), due, await paid_of(tx, list(kept.values())))


def _decide(selling: Selling, one: Asking, sales: _Sales, who: Principal, now: datetime, seat: _Seat) -> Return:
    asked = one.asked
    who.at("charge.return", asked.site)
    at = now if asked.happened_at is None else asked.happened_at.astimezone(UTC)
    check_moment(at, now, may_backdate=who.allows("charge.backdate", asked.site))
    charge = None if asked.charge_id is None else _charge(sales, asked.charge_id, asked.site)
    if charge is None:
        lines = _without_original(selling, asked, who, at)
    else:
        lines = _of_charge(selling, asked, charge, sales.returned)
    net, tax_1, tax_2 = (sum(amounts) for amounts in zip(*[line[7:10] for line in lines], strict=True))
    refunds = _refunds(selling, asked, net + tax_1 + tax_2, charge, sales, who)
    _count(lines, sales.returned)
    return Return(
        one.return_id,
        asked.charge_id,
        asked.site,
        0,
        asked.member_id if charge is None else charge.member_id,
        at,
        selling.currency if charge is None else charge.currency,
        net,
        tax_1,
        tax_2,
        asked.reason,
        asked.source,
        who.actor,
        one.body_hash,
        lines,
        refunds,
        seat.session_id,
    )


def _refunds(
    selling: Selling, asked: ReturnAsked, total: int, charge: Charge | None, sales: _Sales, who: Principal
) -> list[Tender]:
    """What is paid out, checked; what was never paid of the charge is set off first.

    Raises BadTender, RefundElsewhere, RefundTooLarge.
    """
    paid: dict[str, int] = {} if charge is None else sales.paid[charge.charge_id]
    off = 0 if charge is None else rules.set_off(total, sales.due[charge.charge_id])
    site = selling.prices.book.sites.get(asked.site)
    step = 1 if site is None else site.cash_rounding_minor
    given = [Tender(tender.kind, tender.amount_minor, tender.reference) for tender in asked.tenders]
    if asked.is_to_originals:
        given = rules.originals(total - off, paid, step)
    refunds = round_cash(off - total, given, step)
    settled = settle(off - total, refunds)
    if settled.change_minor:
        raise BadTender("more is paid out than comes back", field="tenders", refund_minor=total - off)
    may_override = who.allows("charge.override", asked.site) or who.allows("charge.backdate", asked.site)
    rules.check_kinds(off - total, refunds, paid, may_override=may_override)
    limit = selling.prices.book.limit("charge.return").amount_minor
    rules.check_limit(refunds, limit, may_override=may_override)
    if charge is not None:
        sales.due[charge.charge_id] -= off
        sales.paid[charge.charge_id] = summed([paid, by_kind(off - total, refunds)])
    return refunds


def _charge(sales: _Sales, charge_id: UUID, site: str) -> Charge:
    charge = sales.charges.get(charge_id)
    if charge is None or charge.site != site or charge.state == "voided":
        raise UnknownCharge(
            f"no charge that can come back has the id {charge_id} at this site",
            field="charge_id",
            ways_out=("return without the charge", "look whether it was voided"),
        )
    return charge


def _count(lines: Sequence[ReturnLine], returned: dict[tuple[UUID, int], int]) -> None:
    for line in lines:
        if line.charge_id is not None and line.charge_line is not None:
            key = (line.charge_id, line.charge_line)
            returned[key] = returned.get(key, 0) + line.quantity


def _of_charge(
    selling: Selling, asked: ReturnAsked, charge: Charge, returned: dict[tuple[UUID, int], int]
) -> list[ReturnLine]:
    sold = {line.line: sold_of(charge.charge_id, line, returned) for line in charge.lines}
    if len({line.line for line in asked.lines}) < len(asked.lines):
        raise DuplicateLine("name each line of the charge once", field="lines")
    return [_back(selling, charge.charge_id, i, line, sold) for i, line in enumerate(asked.lines)]


def _back(selling: Selling, charge_id: UUID, index: int, asked: LineAsked, lines: Mapping[int, Sold]) -> ReturnLine:
    sold = lines.get(asked.line or 0)
    if sold is None:
        raise UnknownLine(f"the charge has no line {asked.line}", field=f"lines.{index}.line")
    quantity = _quantity(asked.quantity, sold.unit_decimals, index)
    product = selling.prices.book.products.get(sold.product_id)
    is_physical = product is None or product.kind == "physical"
    check_returnable(sold if is_physical else sold._replace(treatment_id=None), quantity, asked.disposition)
    money = refund(sold, quantity)
    return ReturnLine(
        index + 1,
        charge_id,
        sold.line,
        sold.product_id,
        quantity,
        sold.unit_decimals,
        sold.unit_price,
        money.net,
        money.tax_1,
        money.tax_2,
        asked.disposition,
        is_physical if asked.moves_stock is None else asked.moves_stock and is_physical,
        asked.description,
    )


def _quantity(text: str, decimals: int, index: int) -> int:
    try:
        quantity = parse_quantity(text, decimals)
    except ValueError as error:
        raise BadQuantity(str(error), field=f"lines.{index}.quantity") from None
    if quantity <= 0:
        raise BadQuantity("a return needs a quantity above zero", field=f"lines.{index}.quantity")
    return quantity


def _without_original(selling: Selling, asked: ReturnAsked, who: Principal, at: datetime) -> list[ReturnLine]:
    """Price and tax as if it were sold at that instant: the engine is the same, the original is not known."""
    lines = [
        Asked(line.product_id, line.code, line.quantity, "sale", line.unit_price, line.description)
        for line in asked.lines
    ]
    rights = Rights(who.allows("charge.backdate", asked.site), who.allows("catalog.price", asked.site))
    book = selling.prices.book
    priced = price_charge(book, asked.site, lines, at, rights, is_fact=True, exponent=selling.exponent)
    return [
        ReturnLine(
            sold.line,
            None,
            None,
            sold.product_id,
            sold.quantity,
            sold.unit_decimals,
            sold.unit_price,
            sold.net_minor,
            sold.tax_1_minor,
            sold.tax_2_minor,
            line.disposition,
            book.products[sold.product_id].kind == "physical" and line.moves_stock is not False,
            line.description,
        )
        for sold, nth in zip(priced.lines, priced.nths, strict=True)
        for line in (asked.lines[nth],)
    ]
