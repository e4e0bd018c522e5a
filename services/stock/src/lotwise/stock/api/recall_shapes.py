"""The only home of the shapes of recalls and traces over HTTP; quantities are decimals in the product's unit."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from lotwise.contracts.fields import Day, Id, Note, PositiveQuantity, Slug
from lotwise.stock.api.shapes import LotNumber, ReasonText, Short, Strict
from lotwise.stock.domain.recalls import Scope
from lotwise.values import format_quantity

Severity = Literal["I", "II", "III", ""]
How = Literal["confirmed", "assumed", "possible"]
NoticeState = Literal["to_contact", "contacted", "acknowledged", "unreachable"]
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$", strip_whitespace=True)]
Letter = Annotated[str, StringConstraints(max_length=60_000, pattern=r"^[^\x00]*$")]


class ScopeIn(Strict):
    """What a line of the recall blocks: of a product (or a GTIN, or a maker) one number, a range, serials or all.

    A line by serial blocks the one unit `first`, or with `last` all from `first` to `last`, and no lot.
    """

    product_id: Id | None = None
    gtin: Annotated[str, StringConstraints(max_length=40, pattern=r"^[\x21-\x7e]*$")] = ""
    manufacturer: Short = ""
    kind: Literal["lot", "range", "serial", "all"] = "lot"
    first: LotNumber = ""
    last: LotNumber = ""
    expires_from: Day | None = None
    expires_until: Day | None = None

    def scope(self) -> Scope:
        """The line as the rules know it."""
        return Scope(**self.model_dump())


class RecallIn(Strict):
    """A recall: lines that also block what comes later, and lots of ours that a person chose."""

    recall_id: Id | None = None
    title: Annotated[Line, Field(min_length=1)]
    severity: Severity = ""
    reason: ReasonText
    source: Line = ""
    notice_text: Letter = ""
    lines: Annotated[tuple[ScopeIn, ...], Field(max_length=2000)] = ()
    lots: Annotated[tuple[Id, ...], Field(max_length=2000)] = ()


class ReleaseIn(Strict):
    """Why the recall (or its block of some lots or units) ends."""

    reason: ReasonText
    lots: Annotated[tuple[Id, ...], Field(max_length=2000)] = ()
    serials: Annotated[tuple[Id, ...], Field(max_length=2000)] = ()


class DisposeIn(Strict):
    """What becomes of recalled goods at a site: destroyed (waste with its cost) or returned to the supplier."""

    site: Slug
    lot_id: Id
    quantity: PositiveQuantity | None = None
    how: Literal["destroy", "return"]
    note: Note = ""


class DrillIn(Strict):
    """What to rehearse with: lines or lots as of a recall."""

    title: Annotated[Line, Field(min_length=1)]
    lines: Annotated[tuple[ScopeIn, ...], Field(max_length=2000)] = ()
    lots: Annotated[tuple[Id, ...], Field(max_length=2000)] = ()


class NoticeIn(Strict):
    """Whether somebody reached the member of a charge."""

    state: NoticeState
    note: Note = ""


class ScopeOut(BaseModel):
    """What a line of the recall blocks."""

    product_id: UUID | None
    gtin: str
    manufacturer: str
    kind: str
    first: str
    last: str
    expires_from: date | None
    expires_until: date | None


class RecallLot(BaseModel):
    """A lot of ours that the recall blocks or blocked; `match` says how it was found."""

    lot_id: UUID
    lot_number: str
    manufacturer: str
    expires_on: date | None
    supplier_id: UUID | None
    purchase_order: str
    received_at: datetime
    product_id: UUID
    code: str
    name: str
    unit: str
    match: str
    blocked_at: datetime
    released_at: datetime | None
    released_by: str
    release_reason: str


class RecallUnit(BaseModel):
    """A unit of ours that the recall blocks or blocked by its serial, and where it is."""

    serial_id: UUID
    serial: str
    product_id: UUID
    code: str
    name: str
    lot_id: UUID | None
    lot_number: str
    site: str
    state: str
    room: str
    charge_id: UUID | None
    match: str
    blocked_at: datetime
    released_at: datetime | None
    released_by: str
    release_reason: str


class RecallSite(BaseModel):
    """A site that held a lot and was told, with what it held then."""

    lot_id: UUID
    site: str
    quantity: str
    told_at: datetime
    cleared_at: datetime | None


class RecallRow(BaseModel):
    """A recall in a list."""

    recall_id: UUID
    state: str
    title: str
    severity: str
    reason: str
    source: str
    begun_at: datetime
    begun_by: str
    released_at: datetime | None
    released_by: str
    release_reason: str
    lots: int
    blocked: int
    notices: int
    to_contact: int


class RecallOut(BaseModel):
    """A recall as it stands."""

    recall_id: UUID
    state: str
    title: str
    severity: str
    reason: str
    source: str
    notice_text: str
    begun_at: datetime
    begun_by: str
    released_at: datetime | None
    released_by: str
    release_reason: str
    revision: int
    lines: list[ScopeOut]
    lots: list[RecallLot]
    units: list[RecallUnit] = []
    sites: list[RecallSite]
    notices: dict[str, int]
    is_repeat: bool = False


class TracedLot(BaseModel):
    """What became of a lot; `unnamed` went to sales that no lot covered when they happened."""

    lot_id: UUID
    lot_number: str
    product_id: UUID
    name: str
    unit: str
    received: str
    found: str
    remaining: str
    charged: str
    wasted: str
    lost: str
    sent_back: str
    unnamed: str
    percent: float


class TracedPlace(BaseModel):
    """Where some of a lot lies now."""

    lot_id: UUID
    site: str
    state: str
    area: str
    quantity: str
    cost_minor: int


class TracedReceipt(BaseModel):
    """A delivery that brought some of a lot."""

    lot_id: UUID
    site: str
    receipt_id: UUID
    happened_at: datetime
    quantity: str
    cost_minor: int


class TracedTransfer(BaseModel):
    """A transfer that carried some of a lot."""

    lot_id: UUID
    transfer_id: UUID
    from_site: str
    to_site: str
    happened_at: datetime
    quantity: str


class TracedCharge(BaseModel):
    """A charge that received some of the lots, or may have."""

    charge_id: UUID
    site: str
    happened_at: datetime
    how: How


class TraceOut(BaseModel):
    """All that is known of some lots; `percent` is what of all that came is known by place or charge."""

    lots: list[TracedLot]
    places: list[TracedPlace]
    receipts: list[TracedReceipt]
    transfers: list[TracedTransfer]
    charges: list[TracedCharge]
    percent: float


class DrillOut(BaseModel):
    """A rehearsal: how much was traced, how completely, in how many milliseconds."""

    drill_id: UUID
    drilled_at: datetime
    drilled_by: str
    title: str
    lots: int
    sites: int
    charges: int
    possible: int
    percent: float
    is_complete: bool
    took_ms: int


class NoticeLot(BaseModel):
    """What a charge received of a lot; without a number no lot covered it."""

    lot_id: UUID | None
    lot_number: str
    product_id: UUID
    name: str
    unit: str
    quantity: str


class NoticeOut(BaseModel):
    """A charge on a recall's list; its member is known to sales alone."""

    charge_id: UUID
    site: str
    happened_at: datetime
    how: How
    state: NoticeState
    note: str
    changed_by: str
    changed_at: datetime | None
    lots: list[NoticeLot] = []


class DisposedOut(BaseModel):
    """What was destroyed or returned."""

    lot_id: UUID
    lot_number: str
    product_id: UUID
    site: str
    quantity: str
    cost_minor: int


class ChargesIn(Strict):
    """Charges to look into."""

    charges: Annotated[tuple[Id, ...], Field(min_length=1, max_length=500)]


class ChargedLot(BaseModel):
    """What a charge received of a lot; `how` is confirmed when the line named it, possible without a lot."""

    charge_id: UUID
    site: str
    happened_at: datetime
    lot_id: UUID | None
    lot_number: str
    manufacturer: str
    expires_on: date | None
    product_id: UUID
    code: str
    name: str
    unit: str
    quantity: str
    is_recalled: bool
    how: How


class ChargedLots(BaseModel):
    """The lots of charges."""

    rows: list[ChargedLot]


def charged_lot(row: Any) -> ChargedLot:
    """A charge's lot in the API's words."""
    how: How = "possible" if row["lot_id"] is None else "confirmed" if row["is_confirmed"] else "assumed"
    return ChargedLot(
        charge_id=row["cause_id"], site=row["site"], happened_at=row["happened_at"], lot_id=row["lot_id"],
        lot_number=row["number"] or "", manufacturer=row["manufacturer"] or "", expires_on=row["expires_on"],
        product_id=row["product_id"], code=row["code"], name=row["name"], unit=row["unit"],
        quantity=format_quantity(row["quantity"], row["unit_decimals"]), is_recalled=row["is_recalled"], how=how,
    )  # fmt: skip


def recall_lot(row: Any) -> RecallLot:
    """A recall's lot in the API's words."""
    values = {name: row[name] for name in RecallLot.model_fields if name != "lot_number"}
    return RecallLot(lot_number=row["number"], **values)


def seen(rows: Iterable[Any], sites: Collection[str] | None, *ends: str) -> list[Any]:
    """The rows of sites that may be seen: at one of the named ends."""
    return [row for row in rows if sites is None or any(row[end] in sites for end in ends)]
