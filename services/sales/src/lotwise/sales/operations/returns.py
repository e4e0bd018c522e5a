"""The only home of taking goods and money back, one return or many, with or without the charge they were sold by."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.kit.outbox import Told, tell
from lotwise.kit.principal import Principal
from lotwise.sales.domain.charges import Asked, Charge, Rights, check_moment, price_charge
from lotwise.sales.domain.refusals import BadQuantity, DifferentBody, DuplicateLine, UnknownCharge, UnknownLine
from lotwise.sales.domain.returns import Return, ReturnLine, Sold, check_returnable, refund
from lotwise.sales.domain.tenders import Tender, settle
from lotwise.sales.operations.answers import returned_event
from lotwise.sales.operations.charges import TenderAsked, sold_of
from lotwise.sales.operations.selling import Selling
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
    """A return as it was asked for."""

    charge_id: UUID | None
    site: str
    happened_at: datetime | None
    member_id: UUID | None
    reason: str
    source: str
    lines: Sequence[LineAsked]
    tenders: Sequence[TenderAsked]


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
    """The charges that returns name, and what came back of their lines (counted on while a batch is decided)."""

    charges: Mapping[UUID, Charge]
    returned: dict[tuple[UUID, int], int]


async def take_back(
    selling: Selling, tx: Tx, askings: Sequence[Asking], who: Principal, now: datetime
) -> dict[UUID, Outcome]:
    """Decide on and record returns in one transaction; each id has its own outcome and a refused one stops no other."""
    found = await _known(tx, askings)
    fresh = [one for one in askings if one.return_id not in found]
    sales = await _sales(tx, [one.asked.charge_id for one in fresh if one.asked.charge_id is not None])
    made: dict[UUID, Return] = {}
    for one in fresh:
        if one.return_id in made:
            continue
        try:
            made[one.return_id] = _decide(selling, one, sales, who, now)
        except Refusal as refusal:
            found[one.return_id] = refusal
    if made:
        for back in await _record(tx, list(made.values()), now):
            found[back.return_id] = Taken(KeptReturn(back, now), replayed=False)
    return found


async def _record(tx: Tx, made: Sequence[Return], now: datetime) -> list[Return]:
    last = await charge_rows.last_numbers(tx, "return", {back.site for back in made}, lock=True)
    numbered = []
    for back in made:
        last[back.site] += 1
        numbered.append(back._replace(number=last[back.site]))
    await rows.record(tx, numbered, now)
    await tell(tx, *(Told(returned_event(back)) for back in numbered))
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
        return _Sales({}, {})
    kept = await charge_rows.load(tx, ids, lock=True)
    return _Sales({one: kept[one].charge for one in kept}, await rows.returned(tx, ids))


def _decide(selling: Selling, one: Asking, sales: _Sales, who: Principal, now: datetime) -> Return:
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
    refunds = [Tender(tender.kind, tender.amount_minor, tender.reference) for tender in asked.tenders]
    settle(-(net + tax_1 + tax_2), refunds)
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
    )


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
        for sold, line in zip(priced.lines, asked.lines, strict=True)
    ]
