"""The only home of how records are told: the JSON of an answer and the JSON of an event, from the same values."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import SaleReturned, SaleVoided
from lotwise.sales.domain.charges import Charge, ChargeLine
from lotwise.sales.domain.lines import LineExtra, Share
from lotwise.sales.domain.receipts import charge_number, return_number
from lotwise.sales.domain.returns import Return, ReturnLine
from lotwise.sales.domain.tenders import Tender, by_kind, due_of, settle
from lotwise.sales.domain.treatments import DECIMALS
from lotwise.sales.repository.charges import Told, Void
from lotwise.sales.repository.payments import Paid
from lotwise.values import format_quantity, price_text

Json = dict[str, Any]
price = lru_cache(maxsize=8192)(price_text)
quantity = lru_cache(maxsize=8192)(format_quantity)
_TOLD = LineExtra._fields[1:7]


def charge_answer(charge: Charge, recorded_at: datetime, state: str = "recorded") -> Json:
    """The answer to POST /v1/charges, the same whether it was just recorded or is told again."""
    settled = settle(charge.total_minor, charge.tenders)
    return {
        "charge_id": charge.charge_id,
        "number": charge_number(charge.site, charge.number),
        "site": charge.site,
        "state": state,
        "member_id": charge.member_id,
        "happened_at": charge.happened_at,
        "recorded_at": recorded_at,
        "currency": charge.currency,
        "is_held": charge.is_held,
        "source": charge.source,
        "actor": charge.actor,
        "net_minor": charge.net_minor,
        "tax_1_minor": charge.tax_1_minor,
        "tax_2_minor": charge.tax_2_minor,
        "tax_minor": charge.tax_1_minor + charge.tax_2_minor,
        "total_minor": charge.total_minor,
        "paid_minor": settled.paid_minor,
        "change_minor": settled.change_minor,
        "due_minor": due_of(charge.source, settled),
        "lines": [line_answer(line) for line in charge.lines],
        "tenders": tender_answers(charge.tenders),
    }


def line_answer(line: ChargeLine) -> Json:
    """A line of a charge or a quote."""
    answer: Json = {
        "line": line.line,
        "product_id": line.product_id,
        "quantity": quantity(line.quantity, line.unit_decimals),
        "effect": line.effect,
        "unit_price": price(line.unit_price),
        "list_price": None if line.list_price is None else price(line.list_price),
        "net_minor": line.net_minor,
        "tax_1_minor": line.tax_1_minor,
        "tax_2_minor": line.tax_2_minor,
        "total_minor": line.net_minor + line.tax_1_minor + line.tax_2_minor,
        "treatment_id": line.treatment_id,
        "lot_id": line.lot_id,
        "description": line.description,
        "discounts": [],
    }
    if line.extra is not None:
        answer |= extra_event(line.extra)
        answer["minutes"], answer["add_on_to"] = line.extra.minutes, line.extra.add_on_to
        answer["shares"] = [_share_answer(one) for one in line.extra.shares]
    return answer


def _share_answer(share: Share) -> Json:
    return {**share._asdict(), "quantity": quantity(share.quantity, DECIMALS)}


def extra_event(extra: LineExtra) -> Json:
    """What a line has beyond a plain sale, as events carry it: what is empty is left out."""
    told: Json = {name: value for name, value in zip(_TOLD, extra[1:7], strict=True) if value and value != "none"}
    if extra.discounts:
        told["discounts"] = [one._asdict() for one in extra.discounts]
    return told


def payment_answer(paid: Paid) -> Json:
    """A later payment on a charge."""
    settled = settle(paid.due_minor, paid.tenders)
    return {
        **paid._asdict(),
        "paid_minor": settled.paid_minor,
        "change_minor": settled.change_minor,
        "due_minor": settled.due_minor,
        "tenders": tender_answers(paid.tenders),
    }


def tender_answers(tenders: Sequence[Tender]) -> list[Json]:
    """The payments of a charge, or the refunds of a return."""
    return [tender._asdict() for tender in tenders]


def recorded_event(charge: Charge, till_id: UUID | None = None) -> bytes:
    """SaleRecorded as JSON; no name, no note and no reference of a payment crosses this border.

    What was paid is told by kind, with the till that took it; a charge without tenders carries neither.
    """
    return orjson.dumps(
        {
            "site": charge.site,
            "charge_id": charge.charge_id,
            "number": charge_number(charge.site, charge.number),
            "member_id": charge.member_id,
            "happened_at": charge.happened_at,
            "currency": charge.currency,
            "lines": sale_lines(charge.lines),
            "net_minor": charge.net_minor,
            "tax_minor": charge.tax_1_minor + charge.tax_2_minor,
            "total_minor": charge.total_minor,
            "is_held": charge.is_held,
            "source": charge.source,
            "actor": charge.actor,
        }
        | (paid_event(charge, till_id) if charge.tenders else {}),
        default=str,
    )


def paid_event(charge: Charge, till_id: UUID | None) -> Json:
    """What was paid with a charge, as SaleRecorded carries it."""
    taken = by_kind(charge.total_minor, charge.tenders)
    payments: Json = {"payments": [{"kind": kind, "amount_minor": amount} for kind, amount in taken.items()]}
    return payments if till_id is None else payments | {"till_id": till_id}


def sale_lines(lines: Sequence[ChargeLine]) -> list[Json]:
    """The lines of a charge as events carry them."""
    return [
        {
            "line": line.line,
            "product_id": line.product_id,
            "quantity": quantity(line.quantity, line.unit_decimals),
            "effect": line.effect,
            "unit_price": price(line.unit_price),
            "list_price": None if line.list_price is None else price(line.list_price),
            "net_minor": line.net_minor,
            "tax_1_minor": line.tax_1_minor,
            "tax_2_minor": line.tax_2_minor,
            "treatment_id": line.treatment_id,
            "lot_id": line.lot_id,
            "description": line.description,
        }
        if line.extra is None
        else _sale_line_of(line, line.extra)
        for line in lines
    ]


def _sale_line_of(line: ChargeLine, extra: LineExtra) -> Json:
    (plain,) = sale_lines([line._replace(extra=None)])
    return plain | extra_event(extra)


def voided_event(charge: Charge, void: Void) -> SaleVoided:
    """SaleVoided: the lines and amounts are those of the charge, to be taken back."""
    return SaleVoided.model_validate(
        {
            "site": charge.site,
            **void_answer(void),
            "lines": sale_lines(charge.lines),
            "net_minor": charge.net_minor,
            "tax_minor": charge.tax_1_minor + charge.tax_2_minor,
            "actor": void.actor,
        }
    )


def void_answer(void: Void) -> Json:
    """The answer to a void."""
    return {
        "charge_id": void.charge_id,
        "void_id": void.void_id,
        "happened_at": void.happened_at,
        "reason": void.reason,
        "disposition": void.disposition,
    }


def returned_event(back: Return, owed: str = "none") -> SaleReturned:
    """SaleReturned: amounts above zero are what went back; `owed` where they were owed rather than earned (SAL-20)."""
    return SaleReturned.model_validate(
        {
            "site": back.site,
            "return_id": back.return_id,
            "charge_id": back.charge_id,
            "number": return_number(back.site, back.number),
            "member_id": back.member_id,
            "happened_at": back.happened_at,
            "currency": back.currency,
            "reason": back.reason,
            "lines": [_returned_line(line) | {"owed": owed} for line in back.lines],
            "net_minor": back.net_minor,
            "tax_minor": back.tax_1_minor + back.tax_2_minor,
            "source": back.source,
            "actor": back.actor,
        }
    )


def _returned_line(line: ReturnLine) -> Json:
    return {
        "line": line.line if line.charge_line is None else line.charge_line,
        "product_id": line.product_id,
        "quantity": quantity(line.quantity, line.unit_decimals),
        "unit_price": price(line.unit_price),
        "net_minor": line.net_minor,
        "tax_1_minor": line.tax_1_minor,
        "tax_2_minor": line.tax_2_minor,
        "disposition": line.disposition,
        "moves_stock": line.moves_stock,
        "description": line.description,
    }


def return_answer(back: Return, recorded_at: datetime) -> Json:
    """The answer to POST /v1/returns."""
    return {
        "return_id": back.return_id,
        "number": return_number(back.site, back.number),
        "charge_id": back.charge_id,
        "site": back.site,
        "member_id": back.member_id,
        "happened_at": back.happened_at,
        "recorded_at": recorded_at,
        "currency": back.currency,
        "reason": back.reason,
        "source": back.source,
        "actor": back.actor,
        "net_minor": back.net_minor,
        "tax_1_minor": back.tax_1_minor,
        "tax_2_minor": back.tax_2_minor,
        "tax_minor": back.tax_1_minor + back.tax_2_minor,
        "total_minor": back.total_minor,
        "lines": [
            {
                **_returned_line(line),
                "line": line.line,
                "charge_line": line.charge_line,
                "total_minor": line.net_minor + line.tax_1_minor + line.tax_2_minor,
            }
            for line in back.lines
        ],
        "tenders": tender_answers(back.tenders),
    }


def told(
    event: str,
    site: str,
    body: bytes,
    *,
    trace: str | None,
    story: str | None,
    actor: str | None,
    cause: UUID | None = None,
) -> Told:
    """An outbox row of sales: `event` is the kebab name of version 1."""
    event_id = uuid7()
    return Told(event_id, f"lotwise.{site}.sales.{event}.v1", trace, story or str(event_id), actor, cause, body)
