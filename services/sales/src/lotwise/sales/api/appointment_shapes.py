"""The only home of the JSON of appointments at sales' HTTP border."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from lotwise.contracts.fields import Code, Id, Instant, QuantityText, Slug, Text, Whole
from lotwise.sales.api.line_shapes import Short, Strict

Minutes = Annotated[Whole, Field(ge=1, le=1440)]
Sessions = Annotated[Whole, Field(ge=1, le=100)]
State = Literal["booked", "cancelled", "completed"]


class ServiceIn(Strict):
    """A service, by its id or its code."""

    service_id: Id | None = None
    service_code: Code | None = None

    @model_validator(mode="after")
    def _names_a_service(self) -> "ServiceIn":
        if (self.service_id is None) == (self.service_code is None):
            raise ValueError("name the service by service_id or by service_code")
        return self


class AppointmentIn(ServiceIn):
    """A booking; `appointment_id` makes it safe to send twice."""

    appointment_id: Id | None = None
    site: Slug
    member_id: Id | None = None
    practitioner: Short = ""
    starts_at: Instant
    minutes: Minutes = 30
    sessions: Sessions = 1
    note: Short = ""


class AppointmentEdit(ServiceIn):
    """What an appointment becomes; its site is changed by moving it."""

    member_id: Id | None = None
    practitioner: Short = ""
    starts_at: Instant
    minutes: Minutes = 30
    sessions: Sessions = 1
    note: Short = ""


class MoveIn(Strict):
    """Where and when it will be instead; what is left out stays."""

    site: Slug | None = None
    starts_at: Instant | None = None
    minutes: Minutes | None = None
    practitioner: Short | None = None


class CancelIn(Strict):
    """Why it will not take place."""

    reason: Text


class DrawnIn(Strict):
    """What was drawn of a product; without `drawn` the recipe's quantity counts. A lot and a prescription if known."""

    product_id: Id | None = None
    code: Code | None = None
    drawn: QuantityText | None = None
    lot_id: Id | None = None
    prescriber: Short = ""
    order_reference: Short = ""

    @model_validator(mode="after")
    def _names_a_product(self) -> "DrawnIn":
        if (self.product_id is None) == (self.code is None):
            raise ValueError("name the product by product_id or by code")
        return self


DrawnLines = Annotated[tuple[DrawnIn, ...], Field(max_length=100)]


class CompleteIn(Strict):
    """How it took place. Left out: now, by whom it was booked, with what the recipe takes."""

    treatment_id: Id | None = None
    practitioner: Short | None = None
    happened_at: Instant | None = None
    sessions: Sessions | None = None
    lines: DrawnLines = ()


class ReportIn(AppointmentIn):
    """An appointment as another book has it, in a state; the highest `revision` of that book counts."""

    appointment_id: Id
    state: Literal["booked", "moved", "cancelled", "completed"] = "booked"
    revision: Annotated[Whole, Field(ge=1, le=2_000_000_000)] = 1
    reason: Short = ""
    happened_at: Instant | None = None
    lines: DrawnLines = ()


class ReportsIn(Strict):
    """Up to 500 appointments in one call."""

    appointments: Annotated[tuple[ReportIn, ...], Field(min_length=1, max_length=500)]


class WarningOut(BaseModel):
    """What a person should know; nothing was refused."""

    code: str
    text: str
    appointment_id: UUID | None = None


class ExpectedOut(BaseModel):
    """What the recipe takes of a product for the sessions booked."""

    product_id: UUID
    code: str
    name: str
    unit: str
    expected: str
    confirm_lot: bool
    drug_class: str


class AppointmentOut(BaseModel):
    """An appointment; `member_name` is told to whoever may read members, `revision` is the ETag."""

    appointment_id: UUID
    site: str
    service_id: UUID
    service: str
    member_id: UUID | None
    member_name: str | None = None
    practitioner: str
    starts_at: datetime
    ends_at: datetime
    minutes: int
    sessions: int
    note: str
    state: State
    reason: str
    treatment_id: UUID | None
    source: str
    revision: int
    actor: str
    warnings: list[WarningOut] = []


class AppointmentView(AppointmentOut):
    """An appointment with what its recipe takes."""

    expected: list[ExpectedOut]


class ReportResult(BaseModel):
    """What became of a row; a refused one says why and changed nothing."""

    appointment_id: UUID
    outcome: Literal["created", "changed", "known", "refused"]
    problem: dict[str, Any] | None = None


class ReportsOut(BaseModel):
    """What became of each row, in the order of the call."""

    created: int
    changed: int
    known: int
    refused: int
    results: list[ReportResult]
