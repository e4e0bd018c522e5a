"""HTTP of why a count differs: sentences for a person, and the records they rest on (STK-33, N-17)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from lotwise.contracts.fields import Slug
from lotwise.kit.commands import Read
from lotwise.kit.web import Router
from lotwise.stock.domain.refusals import UnknownProduct, UnknownSite
from lotwise.stock.operations.differences import Explained, explain_difference
from lotwise.values import format_quantity

router = Router(tags=["explanations"])


class Said(BaseModel):
    """One reason in words; `kind` names the list it rests on."""

    kind: str
    text: str


class LastCount(BaseModel):
    """The last count of the product here that was posted: where the explanation begins."""

    count_id: UUID
    number: str
    counted_at: datetime
    counted_by: list[str]
    posted_at: datetime
    posted_by: str
    expected: str
    counted: str
    difference: str


class OpenOrder(BaseModel):
    """An order that is not fully received."""

    order_id: UUID
    number: str
    outstanding: str
    due_on: date | None


class OnItsWay(BaseModel):
    """A transfer that has not arrived."""

    transfer_id: UUID
    from_site: str
    quantity: str
    shipped_at: datetime | None


class MovedKind(BaseModel):
    """All movements of one reason since the last count; ids of the newest 20 and of what caused them."""

    reason: str
    quantity: str
    movements: int
    first_at: datetime
    last_at: datetime
    movement_ids: list[UUID]
    cause_ids: list[UUID]


class OneMovement(BaseModel):
    """A movement by itself: signed as the shelf sees it."""

    movement_id: UUID
    reason: str
    quantity: str
    actor: str
    happened_at: datetime
    recorded_at: datetime | None = None
    cause_id: UUID


class Sold(BaseModel):
    """A charge that took more than the lots had."""

    charge_id: UUID
    quantity: str
    happened_at: datetime


class Held(BaseModel):
    """Goods promised to a charge that is not recorded yet."""

    hold_id: UUID
    quantity: str
    expires_at: datetime


class OpenCount(BaseModel):
    """A count in which the product stands and that is not posted."""

    count_id: UUID
    number: str
    opened_at: datetime


class DifferenceOut(BaseModel):
    """Why what is counted differs from what is recorded. `opening` plus all `movements` is `on_hand`."""

    site: str
    product_id: UUID
    code: str
    name: str
    unit: str
    since: datetime
    last_count: LastCount | None
    opening: str
    on_hand: str
    quarantined: str
    in_use: str
    unattributed: str
    sentences: list[Said]
    orders: list[OpenOrder]
    transfers: list[OnItsWay]
    movements: list[MovedKind]
    adjustments: list[OneMovement]
    late: list[OneMovement]
    unattributed_sales: list[Sold]
    holds: list[Held]
    open_counts: list[OpenCount]


@router.get("/explain/count", permission="stock.read", refusals=(UnknownSite, UnknownProduct))
async def explain_count(read: Read, site: Slug, product: UUID) -> DifferenceOut:
    """Why does the count differ: everything since the last posted count, with texts, numbers and ids."""
    async with read.connection() as tx:
        explained = await explain_difference(tx, site, product)
    return _out(site, explained)


def _out(site: str, explained: Explained) -> DifferenceOut:
    product, found = explained.product, explained.found

    def text(quantity: int) -> str:
        return format_quantity(quantity, product.decimals)

    moved = sum(row["net"] for row in found.kinds)
    return DifferenceOut(
        site=site,
        product_id=product.id,
        code=product.code,
        name=product.name,
        unit=product.unit,
        since=found.since,
        last_count=_last(explained),
        opening=text(found.now["on_hand"] - moved),
        on_hand=text(found.now["on_hand"]),
        quarantined=text(found.now["quarantined"]),
        in_use=text(found.now["in_use"]),
        unattributed=text(found.now["unattributed"]),
        sentences=[Said(kind=kind, text=words) for kind, words in explained.sentences],
        orders=[
            OpenOrder(
                order_id=row["order_id"], number=row["number"], outstanding=text(row["ordered"] - row["received"]),
                due_on=row["due_on"],
            )
            for row in found.orders
        ],
        transfers=[
            OnItsWay(
                transfer_id=row["id"], from_site=row["from_site"], quantity=text(row["on_its_way"]),
                shipped_at=row["shipped_at"],
            )
            for row in found.transfers
        ],
        movements=[
            MovedKind(
                reason=row["reason"], quantity=text(row["net"]), movements=row["movements"], first_at=row["first_at"],
                last_at=row["last_at"], movement_ids=row["movement_ids"], cause_ids=row["cause_ids"],
            )
            for row in found.kinds
        ],
        adjustments=[_movement(row, text(row["net"])) for row in found.adjustments],
        late=[_movement(row, text(row["net"]), row["recorded_at"]) for row in found.late],
        unattributed_sales=[
            Sold(charge_id=row["charge_id"], quantity=text(row["quantity"]), happened_at=row["happened_at"])
            for row in found.unattributed
        ],
        holds=[
            Held(hold_id=row["id"], quantity=text(row["quantity"]), expires_at=row["expires_at"])
            for row in found.holds
        ],
        open_counts=[
            OpenCount(count_id=row["id"], number=f"C-{row['number']}", opened_at=row["opened_at"])
            for row in found.open_counts
        ],
    )  # fmt: skip


def _movement(row: Any, quantity: str, recorded_at: datetime | None = None) -> OneMovement:
    return OneMovement(
        movement_id=row["id"],
        reason=row["reason"],
        quantity=quantity,
        actor=row["actor"],
        happened_at=row["happened_at"],
        recorded_at=recorded_at,
        cause_id=row["cause_id"],
    )


def _last(explained: Explained) -> LastCount | None:
    row = explained.found.last
    if row is None:
        return None
    decimals = explained.product.decimals
    return LastCount(
        count_id=row["id"],
        number=f"C-{row['number']}",
        counted_at=row["counted_at"],
        counted_by=sorted(row["counted_by"]),
        posted_at=row["closed_at"],
        posted_by=row["closed_by"],
        expected=format_quantity(row["expected"], decimals),
        counted=format_quantity(row["counted"], decimals),
        difference=format_quantity(row["difference"], decimals),
    )
