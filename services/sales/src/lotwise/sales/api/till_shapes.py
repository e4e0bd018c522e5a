"""The only home of the JSON of tills, their sessions and their days at sales' HTTP border; money in minor units."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.contracts.fields import Flag, Id, Instant, Minor, Slug, Text, Whole
from lotwise.sales.api.line_shapes import Short, Strict
from lotwise.sales.api.shapes import Tenders

CountedKind = Literal["cash", "card", "reward", "other"]
Amount = Annotated[Whole, Field(ge=0, le=10**15)]


class TillIn(Strict):
    """A new till. A shared one serves whoever may use tills; else only the person who opened it."""

    till_id: Id | None = None
    site: Slug
    name: Text
    is_shared: Flag = True


class TillEdit(Strict):
    """What a till becomes."""

    name: Text
    is_shared: Flag = True
    is_archived: Flag = False


class TillOut(BaseModel):
    """A till with the session that is open or waits for its close; `revision` is the ETag."""

    till_id: UUID
    site: str
    name: str
    is_shared: bool
    is_archived: bool
    revision: int
    session_id: UUID | None = None
    state: Literal["open", "counted", "closed"] = "closed"
    opened_by: str = ""
    opened_at: datetime | None = None
    day: date | None = None


class OpenIn(Strict):
    """The float that lies in the drawer at its opening."""

    float_minor: Amount = 0


class MovementIn(Strict):
    """Cash put into the drawer (above zero) or taken out of it (below zero), and why."""

    amount_minor: Annotated[Minor, Field(ge=-(10**15), le=10**15)]
    reason: Text


class CountIn(Strict):
    """What was counted by kind; a kind that is left out was counted as nothing."""

    counted: dict[CountedKind, Amount]


class CloseIn(Strict):
    """Why the drawer does not add up; needed only then."""

    reason: Short = ""


class MovementOut(BaseModel):
    """Cash that was put in or taken out."""

    movement_id: UUID
    amount_minor: int
    reason: str
    actor: str
    happened_at: datetime


class SessionOut(BaseModel):
    """A drawer from its opening to its close. What was expected is told only once it was counted (blind close)."""

    session_id: UUID
    till_id: UUID
    till_name: str
    site: str
    number: int
    day: date
    state: Literal["open", "counted", "closed"]
    currency: str
    opened_at: datetime
    opened_by: str
    float_minor: int
    counted: dict[str, int] | None
    expected: dict[str, int] | None
    differences: dict[str, int]
    difference_minor: int
    reason: str
    counted_at: datetime | None
    counted_by: str
    closed_at: datetime | None
    closed_by: str
    movements: list[MovementOut] = []


class FiguresOut(BaseModel):
    """How many documents, and their money."""

    count: int
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int
    total_minor: int


class TenderSum(BaseModel):
    """What came in (or, below zero, went out) by a kind of tender, and of it later payments, refunds and voids."""

    kind: str
    charged_minor: int
    paid_later_minor: int
    refunded_minor: int
    voided_minor: int
    total_minor: int


class TipOut(BaseModel):
    """The tips of a person."""

    staff: str
    net_minor: int


class OwedOut(BaseModel):
    """What was sold that is owed: packages, memberships, gift certificates, money on account."""

    owed: str
    net_minor: int


class SummaryOut(BaseModel):
    """A site's day in its own zone, or what a till took in its sessions of that day.

    `tenders` and `rounding_minor` are null while a drawer in question is open and whoever asks is to count it blind.
    """

    site: str
    day: date
    time_zone: str
    currency: str
    till_id: UUID | None
    is_blind: bool
    charges: FiguresOut
    voids: FiguresOut
    returns: FiguresOut
    net: FiguresOut
    tax_1_name: str
    tax_2_name: str
    tenders: list[TenderSum] | None
    rounding_minor: int | None
    due_minor: int | None
    tips: list[TipOut]
    owed: list[OwedOut]
    sessions: list[SessionOut]


class PayIn(Strict):
    """A later payment on a charge."""

    payment_id: Id | None = None
    tenders: Tenders
    till_id: Id | None = None
    happened_at: Instant | None = None
