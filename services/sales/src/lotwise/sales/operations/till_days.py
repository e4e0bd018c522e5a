"""The only home of a day of a site or a till added up: what was sold, taxed, paid, given back, tipped and owed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.kit.principal import Principal
from lotwise.sales.domain.definitions import Site
from lotwise.sales.domain.tenders import ROUNDING
from lotwise.sales.domain.tills import CLOSED, Session
from lotwise.sales.operations.selling import Selling
from lotwise.sales.repository import till_days as sums
from lotwise.sales.repository import tills as rows
from lotwise.sales.repository.till_days import Figures, Span
from lotwise.values import day_bounds, site_day

Json = dict[str, Any]
WAYS = (("charge", "charged_minor"), ("payment", "paid_later_minor"), ("return", "refunded_minor"))
SESSIONS_MAX = 500
NONE = Figures()


async def summary(
    tx: Tx, selling: Selling, site: Site, day: date | None, till_id: UUID | None, who: Principal, now: datetime
) -> Json:
    """The figures of a site's day, or of the sessions of one till that began on it.

    Payments stay untold while a drawer of them is open, unless whoever asks manages tills: it is counted blind.
    """
    asked = day or site_day(now, site.time_zone)
    start, end = day_bounds(asked, site.time_zone)
    sessions = await rows.page(tx, [site.slug], day=asked, till_id=till_id, state=None, after=None, limit=SESSIONS_MAX)
    span = Span(site.slug, start, end, None if till_id is None else [one.session_id for one in sessions])
    found = await sums.documents(tx, span)
    is_blind = _is_blind(sessions, who, site.slug)
    money = await sums.money(tx, span)
    owed = await sums.owed(tx, span)
    slots = selling.prices.book.slots(site.slug, asked)
    charges, voids, returns = (found.get(way, NONE) for way in ("charge", "void", "return"))
    net = Figures(
        charges.documents - voids.documents,
        *(a - b - c for a, b, c in zip(charges[1:], voids[1:], returns[1:], strict=True)),
    )
    return {
        "site": site.slug,
        "day": asked,
        "time_zone": site.time_zone,
        "currency": selling.currency,
        "till_id": till_id,
        "is_blind": is_blind,
        "charges": _figures(charges),
        "voids": _figures(voids),
        "returns": _figures(returns),
        "net": _figures(net),
        "tax_1_name": slots.name_1 or "Tax 1",
        "tax_2_name": slots.name_2 or "Tax 2",
        "tenders": None if is_blind else _tenders(money),
        "rounding_minor": None if is_blind else sum(one.get(ROUNDING, 0) for one in money.values()),
        "due_minor": None if is_blind else net.total_minor - sum(sum(one.values()) for one in money.values()),
        "tips": [{"staff": one.staff, "net_minor": one.net_minor} for one in owed if one.owed == "tip"],
        "owed": [{"owed": one.owed, "net_minor": one.net_minor} for one in owed if one.owed != "tip"],
        "sessions": sessions,
    }


def _is_blind(sessions: Sequence[Session], who: Principal, site: str) -> bool:
    """Whether what was paid would tell somebody who still has to count what they should find."""
    return not who.allows("till.manage", site) and any(one.counted is None and one.state != CLOSED for one in sessions)


def _figures(figures: Figures) -> Json:
    documents, net, tax_1, tax_2 = figures
    return {
        "count": documents,
        "net_minor": net,
        "tax_1_minor": tax_1,
        "tax_2_minor": tax_2,
        "total_minor": figures.total_minor,
    }


def _tenders(money: Mapping[str, Mapping[str, int]]) -> list[Json]:
    kinds = sorted({kind for one in money.values() for kind in one} - {ROUNDING})
    shown = []
    for kind in kinds:
        row: Json = {name: money.get(way, {}).get(kind, 0) for way, name in WAYS}
        row["voided_minor"] = money.get("void", {}).get(kind, 0)
        shown.append({"kind": kind, **row, "total_minor": sum(row.values())})
    return shown
