"""The only home of the shapes of transfers over HTTP: what is asked, what left, what became of it."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from lotwise.contracts.fields import Instant
from lotwise.kit.commands import Command
from lotwise.kit.database import Tx
from lotwise.stock.api.shapes import Strict
from lotwise.stock.domain.refusals import UnknownTransfer
from lotwise.stock.operations.dates import happened
from lotwise.stock.repository.transfers import transfer_row, transfer_steps
from lotwise.values import format_quantity


class MoveIn(Strict):
    """When it was done; now when empty."""

    happened_at: Instant | None = None


class TransferLine(BaseModel):
    """What the transfer was asked to carry; `approved` when the sender agreed to another quantity."""

    line: int
    product_id: UUID
    code: str
    name: str
    unit: str
    lot_id: UUID | None
    lot_number: str | None = None
    quantity: str
    approved: str | None = None
    shipped: str


class TransferLot(BaseModel):
    """A lot that left: how much shipped, arrived, was lost (and found again), went back, and is still on its way."""

    line: int
    product_id: UUID
    code: str
    name: str
    unit: str
    lot_id: UUID
    lot_number: str
    expires_on: date | None
    shipped: str
    received: str
    lost: str
    returned: str
    found: str
    in_transit: str
    cost_minor: int
    in_transit_minor: int


class StepLine(BaseModel):
    """A quantity that a step moved or named."""

    line: int
    product_id: UUID
    lot_id: UUID | None
    lot_number: str
    quantity: str
    cost_minor: int


class TransferStep(BaseModel):
    """One step of its life: who did what when."""

    move: str
    happened_at: datetime
    recorded_at: datetime
    actor: str
    note: str
    lines: list[StepLine]


class TransferOut(BaseModel):
    """A transfer as it stands. `owner` is the legal entity whose goods they are while they are on their way.

    `waiting` counts explanations of missing goods that a witness has to confirm (N-22).
    """

    transfer_id: UUID
    number: str
    from_site: str
    to_site: str
    state: str
    origin: str
    of_transfer: UUID | None
    shortage_id: UUID | None
    note: str
    created_at: datetime
    created_by: str
    decided_at: datetime | None
    decided_by: str
    shipped_at: datetime | None
    shipped_by: str
    carrier: str
    received_at: datetime | None
    owner: str
    age_hours: int | None
    is_overdue: bool
    in_transit_minor: int
    waiting: int
    revision: int
    lines: list[TransferLine]
    lots: list[TransferLot]
    steps: list[TransferStep] = []


def transfer_out(row: Any, steps: Any = ()) -> TransferOut:
    """A row of the transfer queries in the API's words."""
    lots = [_lot(lot) for lot in row["lots"]]
    moving = row["state"] == "shipped" and row["shipped_at"] is not None
    return TransferOut(
        transfer_id=row["id"], number=f"T-{row['seq']:05}", from_site=row["from_site"], to_site=row["to_site"],
        state=row["state"], origin=row["origin"], of_transfer=row["of_transfer"], shortage_id=row["shortage_id"],
        note=row["note"], created_at=row["created_at"], created_by=row["created_by"], decided_at=row["decided_at"],
        decided_by=row["decided_by"], shipped_at=row["shipped_at"], shipped_by=row["shipped_by"],
        carrier=row["carrier"], received_at=row["received_at"], owner=row["to_entity"] or row["to_site"],
        age_hours=int((datetime.now(UTC) - row["shipped_at"]).total_seconds() // 3600) if moving else None,
        is_overdue=moving and row["overdue_told_at"] is not None,
        in_transit_minor=sum(lot.in_transit_minor for lot in lots), waiting=row["waiting"], revision=row["revision"],
        lines=[_line(line, row["lots"]) for line in row["lines"]], lots=lots,
        steps=[TransferStep(**dict(step)) for step in steps],
    )  # fmt: skip


def _line(line: dict[str, Any], lots: list[dict[str, Any]]) -> TransferLine:
    decimals = line["decimals"]
    shipped = sum(lot["shipped"] for lot in lots if lot["line"] == line["line"])
    approved = None if line["approved"] is None else format_quantity(line["approved"], decimals)
    texts = {"quantity": format_quantity(line["quantity"], decimals), "shipped": format_quantity(shipped, decimals)}
    return TransferLine(**{**line, **texts, "approved": approved})


def _lot(lot: dict[str, Any]) -> TransferLot:
    decimals = lot["decimals"]
    left = lot["shipped"] - lot["received"] - lot["lost"] - lot["returned"]
    names = ("shipped", "received", "lost", "returned", "found")
    texts = {name: format_quantity(lot[name], decimals) for name in names}
    return TransferLot(
        **{**lot, **texts, "in_transit": format_quantity(left, decimals), "in_transit_minor": lot["left_minor"]}
    )


async def loaded(tx: Tx, transfer_id: UUID) -> TransferOut:
    """One transfer with its steps. Raises UnknownTransfer."""
    row = await transfer_row(tx, transfer_id)
    if row is None:
        raise UnknownTransfer("No transfer has this id", transfer_id=str(transfer_id))
    return transfer_out(row, await transfer_steps(tx, transfer_id))


async def site_of(cmd: Command, tx: Tx, transfer_id: UUID, end: str, permission: str = "stock.transfer") -> str:
    """The site at an end ("from" or "to"), where the person must have the permission. Raises UnknownTransfer."""
    row = await transfer_row(tx, transfer_id)
    if row is None:
        raise UnknownTransfer("No transfer has this id", transfer_id=str(transfer_id))
    site = str(row[f"{end}_site"])
    cmd.who.at(permission, site)
    return site


async def instant(cmd: Command, tx: Tx, transfer_id: UUID, given: datetime | None, end: str) -> datetime:
    """When it was done; the person must be of the site that does it. Raises UnknownTransfer or BadDate."""
    return happened(given, cmd.who, await site_of(cmd, tx, transfer_id, end))
