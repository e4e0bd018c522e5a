"""What is owed to members, and what was used without a charge, over HTTP (REP-16, SAL-23)."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.kit.commands import Read
from lotwise.kit.paging import After, Limit, Page
from lotwise.kit.web import Router
from lotwise.reporting.api.asking import (
    PERMISSION,
    AtSite,
    FromDay,
    InCategory,
    ToDay,
    Turn,
    ranked,
    units_text,
    window,
)
from lotwise.reporting.repository import free_uses, owed

router = Router(tags=["liabilities"])
Kind = Literal["package", "membership", "gift", "account"]
Reason = Annotated[str | None, Query(max_length=60, pattern=r"^[^\x00]*$", description="Only this reason.")]
_OWED_COLUMNS = {
    "outstanding": ("outstanding", False),
    "sold": ("sold", False),
    "redeemed": ("used", False),
    "kind": ("sort_kind", True),
    "site": ("sort_site", True),
}
_FREE_COLUMNS = {
    "cost": ("cost", False),
    "units": ("units", False),
    "reason": ("sort_reason", True),
    "name": ("sort_name", True),
}


class Liability(BaseModel):
    """A kind at the site that sold it: what happened within the days, and what was owed at their end; minor units.

    Of memberships `redeemed_minor` is what their days earned; of packages `expired_minor` holds what was kept, too.
    """

    kind: Kind
    site: str
    site_name: str | None
    sold_minor: int
    redeemed_minor: int
    expired_minor: int
    refunded_minor: int
    outstanding_minor: int


class FreeUse(BaseModel):
    """A product used for a reason without a charge, by who recorded it; cost in minor units, from its lots."""

    reason: str
    product_id: UUID
    code: str | None
    name: str | None
    category: str | None
    actor: str
    units: str
    lines: int
    cost_minor: int


@router.get("/liabilities-report", permission=PERMISSION)
async def liabilities_report(
    read: Read,
    from_day: FromDay = None,
    to_day: ToDay = None,
    site: AtSite = None,
    kind: Annotated[Kind | None, Query(description="Only this kind.")] = None,
    sort: str = "-outstanding",
    after: After = None,
    limit: Limit = 50,
) -> Page[Liability]:
    """Packages, memberships, gift certificates and accounts: sold, redeemed, expired, refunded and outstanding."""
    seen = window(read, from_day, to_day, site)
    return await ranked(
        read, lambda tx, *page: owed.report(tx, seen, kind, *page), Turn(sort, after, limit), _OWED_COLUMNS, _liability
    )


@router.get("/free-use", permission=PERMISSION)
async def free_use(
    read: Read,
    from_day: FromDay = None,
    to_day: ToDay = None,
    site: AtSite = None,
    category: InCategory = None,
    reason: Reason = None,
    sort: str = "-cost",
    after: After = None,
    limit: Limit = 50,
) -> Page[FreeUse]:
    """What was used without a charge, by reason, product and who recorded it, by default the most costly first."""
    seen = window(read, from_day, to_day, site, category)
    return await ranked(
        read,
        lambda tx, *page: free_uses.report(tx, seen, reason, *page),
        Turn(sort, after, limit),
        _FREE_COLUMNS,
        _free,
    )


def _liability(row: Any) -> Liability:
    return Liability(
        kind=row["kind"],
        site=row["site"],
        site_name=row["name"],
        sold_minor=int(row["sold"]),
        redeemed_minor=int(row["used"]),
        expired_minor=int(row["expired"]),
        refunded_minor=int(row["refunded"]),
        outstanding_minor=int(row["outstanding"]),
    )


def _free(row: Any) -> FreeUse:
    names = ("reason", "product_id", "code", "name", "category", "actor")
    return FreeUse(
        units=units_text(row["units"]),
        lines=int(row["lines"]),
        cost_minor=int(row["cost"]),
        **{name: row[name] for name in names},
    )
