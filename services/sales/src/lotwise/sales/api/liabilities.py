"""The only home of the doors to what the chain owes its members: figures as of a day, and the proof (SAL-20)."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.requests import Request

from lotwise.contracts.fields import Day, Slug
from lotwise.kit.commands import Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.sales.api.balance_shapes import (
    EarnedListOut,
    EarnedOut,
    KeptProofOut,
    LiabilitiesOut,
    OwedOut,
    ProofOut,
    WrongOut,
)
from lotwise.sales.api.charges import selling_of
from lotwise.sales.domain.balance_refusals import BadDay
from lotwise.sales.operations import liabilities
from lotwise.sales.repository import balance_proofs

router = Router(prefix="/v1", tags=["liabilities"])
WRONG_MAX = 200
DAYS_MAX = 366


@router.get("/liabilities", permission="sales.read")
async def get_liabilities(
    read: Read,
    request: Request,
    site: Slug | None = None,
    day: Annotated[Day | None, Query(description="At the end of this day; today by default.")] = None,
) -> LiabilitiesOut:
    """What the chain owes its members at the end of a day: packages, unearned fees, certificates and accounts."""
    selling = selling_of(request)
    asked = day or datetime.now(UTC).date()
    async with read.connection() as tx:
        found = await liabilities.as_of(tx, selling.prices.book, asked, visible(read.who, "sales.read", site))
    return LiabilitiesOut(
        day=asked,
        currency=selling.currency,
        rows=[OwedOut.model_validate(one._asdict()) for one in found],
        outstanding_minor=sum(one.outstanding_minor for one in found),
    )


@router.get("/liabilities/earned", permission="sales.read", refusals=(BadDay,))
async def get_earned(
    read: Read,
    since: Annotated[Day, Query(alias="from", description="From this day on.")],
    until: Annotated[Day | None, Query(alias="to", description="To this day.")] = None,
    site: Slug | None = None,
) -> EarnedListOut:
    """What memberships' fees earned on each day, to the cent: a period's days add up to its fee."""
    last: date = until or since
    if last < since or last - since > timedelta(days=DAYS_MAX):
        raise BadDay(f"name up to {DAYS_MAX} days, the first one first", field="to")
    async with read.connection() as tx:
        found = await liabilities.earned_by_day(tx, since, last, visible(read.who, "sales.read", site))
    return EarnedListOut(rows=[EarnedOut.model_validate(one._asdict()) for one in found])


@router.get("/liabilities/proof", permission="audit.read", site="chain")
async def get_proof(read: Read) -> ProofOut:
    """Whether every package, certificate, account and fee agrees with its entries; whoever does not is named."""
    async with read.connection() as tx:
        entries, wrong = await liabilities.proof(tx, WRONG_MAX)
    return ProofOut(entries=entries, wrong=[WrongOut.model_validate(one._asdict()) for one in wrong])


@router.get("/liabilities/proofs", permission="audit.read", site="chain")
async def get_proofs(read: Read, after: After = None, limit: Limit = 30) -> Page[KeptProofOut]:
    """The nightly proofs of what is owed, the newest first (N-01)."""
    keys = cursor_decode(after, UUID)
    async with read.connection() as tx:
        rows = await balance_proofs.page(tx, keys[0] if keys else balance_proofs.LAST, limit)
    shown = [
        KeptProofOut.model_validate(one._asdict() | {"wrong": [wrong._asdict() for wrong in one.wrong]}) for one in rows
    ]
    return Page(rows=shown, next=cursor_encode(shown[-1].proof_id) if len(shown) == limit else None)
