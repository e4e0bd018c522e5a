"""HTTP of the stock card, the perpetual log of controlled drugs, and why a charge took its lots."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.kit.commands import Read
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.movements import PlaceOut
from lotwise.stock.domain.explanations import Verdict
from lotwise.stock.domain.refusals import NotControlled, UnknownCharge, UnknownProduct, UnknownSite
from lotwise.stock.domain.witness import CONTROLLED
from lotwise.stock.operations.cards import Reasoned, Step, card, why_these_lots
from lotwise.stock.repository.cards import Cell
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.values import format_quantity, site_day

router = Router(tags=["cards"])


class StepOut(BaseModel):
    """A movement of a card: `change` is what the site's hands gained, `balance` what they held after it.

    In the site's hands is what lies on its shelves, in its quarantine and in its opened containers.
    """

    movement_id: UUID
    recorded_at: datetime
    happened_at: datetime
    site: str
    lot_id: UUID | None
    lot_number: str | None
    source: PlaceOut
    target: PlaceOut
    quantity: str
    change: str
    balance: str
    cost_minor: int
    actor: str
    witness: str | None
    reason: str
    note: str
    cause_id: UUID
    trace_id: str
    reverses: UUID | None


class VerdictOut(BaseModel):
    """A lot that lay there: how much of it, what was taken, and why that and no more."""

    lot_id: UUID
    lot_number: str
    expires_on: date | None
    received_at: datetime
    state: str
    area: str
    on_hand: str
    taken: str
    why: str


class ReasonedOut(BaseModel):
    """A product of a charge: the lots in the order of the rule, the day the rule looked at, what no lot covered."""

    site: str
    product_id: UUID
    name: str
    unit: str
    wanted: str
    missing: str
    happened_at: datetime
    day: date
    rule: str
    lots: list[VerdictOut]


class LotExplained(BaseModel):
    """Why a charge took the lots it took (N-17)."""

    charge_id: UUID
    products: list[ReasonedOut]


RULE = "usable on the day it happened, soonest expiry first, then first received; without an expiry last"
Way = Literal["in", "out"]


async def _steps(
    read: Read, site: str, product: UUID, after: str | None, limit: int, wanted: dict[str, Any], *, is_log: bool
) -> Page[StepOut]:
    keys = cursor_decode(after, UUID, int)
    async with read.connection() as tx:
        if site not in await sites_of(tx, [site]):
            raise UnknownSite("No site has this name", field="site", site=site[:60])
        found = (await products_of(tx, [product])).get(product)
        if found is None:
            raise UnknownProduct("No product has this id", field="product", product_id=str(product))
        if is_log and found.drug_class != CONTROLLED:
            raise NotControlled(f"{found.name} is no controlled drug", field="product", drug_class=found.drug_class)
        start = (keys[0], keys[1]) if keys else None
        steps = await card(tx, Cell(site, product), start, limit, lambda row: _is_wanted(row, wanted))
    shown = [_step(one, found.decimals) for one in steps.steps]
    return Page(rows=shown, next=cursor_encode(*steps.next) if steps.next else None)


def _is_wanted(row: Any, wanted: dict[str, Any]) -> bool:
    if wanted.get("lot") not in {None, row["lot_id"]} or wanted.get("reason") not in {None, row["reason"]}:
        return False
    way = wanted.get("way")
    return way is None or (row["change"] > 0 if way == "in" else row["change"] < 0)


def _step(one: Step, decimals: int) -> StepOut:
    row = one.row
    return StepOut(
        movement_id=row["id"], recorded_at=row["recorded_at"], happened_at=row["happened_at"], site=row["site"],
        lot_id=row["lot_id"], lot_number=row["lot_number"],
        source=PlaceOut(kind=row["from_kind"], site=row["from_site"], area=row["from_area"]),
        target=PlaceOut(kind=row["to_kind"], site=row["to_site"], area=row["to_area"]),
        quantity=format_quantity(row["quantity"], decimals), change=format_quantity(row["change"], decimals),
        balance=format_quantity(one.balance, decimals), cost_minor=row["cost_minor"], actor=row["actor"],
        witness=row["witness"], reason=row["reason"], note=row["note"] or "", cause_id=row["cause_id"],
        trace_id=row["trace_id"], reverses=row["reverses"],
    )  # fmt: skip


@router.get("/card", permission="stock.read", refusals=(UnknownSite, UnknownProduct))
async def stock_card(
    read: Read,
    site: str,
    product: UUID,
    lot: UUID | None = None,
    reason: Annotated[str | None, Query(max_length=40)] = None,
    way: Annotated[Way | None, Query(description="Only what came in, or what went out.")] = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[StepOut]:
    """A product's card at a site, newest first: each movement with the balance after it, whatever is filtered.

    A page may be short and still have a `next`: at most 2,000 movements are gone over at once.
    """
    wanted = {"lot": lot, "reason": reason or None, "way": way}
    return await _steps(read, site, product, after, limit, wanted, is_log=False)


@router.get("/controlled-log", permission="stock.read", refusals=(UnknownSite, UnknownProduct, NotControlled))
async def controlled_log(read: Read, site: str, product: UUID, after: After = None, limit: Limit = 50) -> Page[StepOut]:
    """The perpetual log of a controlled drug at a site: every movement, who, who witnessed it, the balance (STK-40)."""
    return await _steps(read, site, product, after, limit, {}, is_log=True)


@router.get("/explain/lot", permission="stock.read", site="chain", refusals=(UnknownCharge,))
async def explain_lot(read: Read, charge: UUID) -> LotExplained:
    """Why these lots: what lay there just before, in the order of the rule, and what was passed over and why (N-17)."""
    async with read.connection() as tx:
        found = await why_these_lots(tx, charge, read.who.sites("stock.read"))
    return LotExplained(charge_id=charge, products=[_reasoned(one) for one in found])


def _reasoned(one: Reasoned) -> ReasonedOut:
    first, decimals = one.first, one.first["unit_decimals"]
    return ReasonedOut(
        site=first["site"],
        product_id=first["product_id"],
        name=first["name"],
        unit=first["unit"],
        wanted=format_quantity(one.wanted, decimals),
        missing=format_quantity(one.missing, decimals),
        happened_at=first["happened_at"],
        day=site_day(first["happened_at"], first["time_zone"]),
        rule=RULE,
        lots=[_verdict(verdict, decimals) for verdict in one.verdicts],
    )


def _verdict(verdict: Verdict, decimals: int) -> VerdictOut:
    one = verdict.candidate
    return VerdictOut(
        lot_id=one.lot_id, lot_number=one.number, expires_on=one.expires_on, received_at=one.received_at,
        state=one.kind, area=one.area, on_hand=format_quantity(one.on_hand, decimals),
        taken=format_quantity(verdict.taken, decimals), why=verdict.why,
    )  # fmt: skip
