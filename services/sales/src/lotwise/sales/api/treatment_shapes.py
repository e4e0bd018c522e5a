"""The only home of the JSON of treatments and of the checkout queue at sales' HTTP border."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from lotwise.contracts.fields import Id, Instant, Slug, Text
from lotwise.sales.api.appointment_shapes import DrawnLines, ServiceIn, Sessions
from lotwise.sales.api.balance_shapes import BalanceOfferOut
from lotwise.sales.api.line_shapes import Short, Strict


class TreatmentIn(ServiceIn):
    """A treatment without an appointment; `treatment_id` makes it safe to send twice."""

    treatment_id: Id | None = None
    site: Slug
    member_id: Id | None = None
    practitioner: Short = ""
    happened_at: Instant | None = None
    sessions: Sessions = 1
    lines: DrawnLines = ()


class TreatmentEdit(Strict):
    """What a treatment took after all; its site, service and appointment stay. Left out, the time stays."""

    member_id: Id | None = None
    practitioner: Short = ""
    happened_at: Instant | None = None
    sessions: Sessions = 1
    lines: DrawnLines = ()


class TreatmentLineOut(BaseModel):
    """A product of a treatment; `drawn` is null when nobody recorded it."""

    product_id: UUID
    code: str
    name: str
    unit: str
    expected: str
    drawn: str | None
    lot_id: UUID | None
    prescriber: str
    order_reference: str
    confirm_lot: bool
    drug_class: str


class TreatmentOut(BaseModel):
    """A treatment; `revision` is the ETag."""

    treatment_id: UUID
    appointment_id: UUID | None
    site: str
    service_id: UUID
    service: str
    member_id: UUID | None
    practitioner: str
    happened_at: datetime
    sessions: int
    recipe_revision: int
    source: str
    revision: int
    actor: str
    recorded_at: datetime
    lines: list[TreatmentLineOut]


class DraftLineOut(BaseModel):
    """A line that the desk would charge; one without a price cannot be charged at the price book's.

    `balances` are those of the member that it may be taken from instead, what runs out first coming first (SAL-24).
    """

    product_id: UUID
    code: str
    name: str
    unit: str
    quantity: str
    treatment_id: UUID
    lot_id: UUID | None
    prescriber: str
    order_reference: str
    is_priced: bool
    balances: list[BalanceOfferOut] = []


class DraftOut(BaseModel):
    """A completed treatment as the draft of its charge; `charge_id` is the same at every till (SAL-18)."""

    treatment_id: UUID
    appointment_id: UUID | None
    charge_id: UUID
    site: str
    state: Literal["open", "charged", "dismissed"]
    reason: str
    member_id: UUID | None
    member_name: str | None = None
    service_id: UUID
    service: str
    practitioner: str
    happened_at: datetime
    lines: list[DraftLineOut]


class DismissIn(Strict):
    """Why a treatment is not charged."""

    reason: Text


class DismissOut(BaseModel):
    """A treatment that is not charged."""

    treatment_id: UUID
    site: str
    state: Literal["dismissed"] = "dismissed"
    reason: str
