"""The shape of opened containers and of what treatments consumed."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    text,
)
from sqlmodel import Field

from lotwise.stock.tables.base import Base, bigint_column, instant_column, text_column


class ContainerRow(Base, table=True):
    """An opened vial, syringe or pot: drawn + wasted = label + overfill once it is closed; the rest's cost is here.

    `is_set_apart`: its use-by is over, its rest serves nobody any more and waits for a witness of its waste.
    """

    __tablename__: ClassVar[str] = "container"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("container_open", "site", "product_id", postgresql_where=text("state = 'open'")),
        Index("container_due", "use_by", postgresql_where=text("state = 'open'")),
        Index("container_by_site", "site", "id"),
        Index("container_by_visit", "visit_id", postgresql_where=text("visit_id is not null")),
        Index("container_by_member", "member_id", postgresql_where=text("state = 'open'")),
        Index("container_by_lot", "lot_id"),
        Index("container_deviated", "site", "opened_at", postgresql_where=text("proposed_lot_id is not null")),
        Index("container_closed", "site", "closed_at", postgresql_where=text("closed_at is not null")),
        CheckConstraint("state in ('open','used_up','discarded','unopened')", name="container_state"),
        CheckConstraint("label > 0 and overfill >= 0 and drawn >= 0 and wasted >= 0", name="container_figures"),
        CheckConstraint("cost_minor >= 0 and wasted_minor >= 0", name="container_cost"),
        CheckConstraint(
            "drawn + wasted <= label + overfill"
            " and (state in ('open','unopened') or drawn + wasted = label + overfill)",
            name="container_sum",
        ),
        CheckConstraint("state <> 'unopened' or (drawn = 0 and wasted = 0)", name="container_unopened"),
    )
    id: UUID = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    product_id: UUID = Field(foreign_key="product.id")
    lot_id: UUID = Field(foreign_key="lot.id")
    is_shared: bool = Field(sa_column=Column(Boolean, nullable=False))
    state: str = Field(sa_column=text_column())
    label: int = Field(sa_column=bigint_column())
    overfill: int = Field(sa_column=bigint_column())
    drawn: int = Field(sa_column=bigint_column())
    wasted: int = Field(sa_column=bigint_column())
    cost_minor: int = Field(sa_column=bigint_column())
    wasted_minor: int = Field(sa_column=bigint_column())
    member_id: UUID | None = None
    visit_id: UUID | None = None
    opened_at: datetime = Field(sa_column=instant_column())
    opened_by: str = Field(sa_column=text_column())
    use_by: datetime | None = Field(sa_column=instant_column(nullable=True))
    approved_by: str = Field(sa_column=text_column())
    diluent: str = Field(sa_column=text_column())
    note: str = Field(sa_column=text_column())
    from_location: int = Field(sa_column=Column(Integer, nullable=False))
    is_automatic: bool = Field(sa_column=Column(Boolean, nullable=False))
    is_confirmed: bool = Field(sa_column=Column(Boolean, nullable=False))
    proposed_lot_id: UUID | None = Field(default=None, foreign_key="lot.id")
    closed_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    closed_by: str = Field(sa_column=text_column())
    close_reason: str = Field(sa_column=text_column())
    revision: int = Field(sa_column=bigint_column())
    is_set_apart: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="false"))


class ContainerDrawRow(Base, table=True):
    """What one movement drew from a container, for whom and by whom; below zero it was given back."""

    __tablename__: ClassVar[str] = "container_draw"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("container_draw_by_container", "container_id", "id"),
        Index("container_draw_by_visit", "visit_id", postgresql_where=text("visit_id is not null")),
        Index("container_draw_by_site", "site", "happened_at"),
        CheckConstraint("quantity <> 0", name="container_draw_quantity"),
    )
    id: UUID = Field(primary_key=True)
    container_id: UUID = Field(foreign_key="container.id")
    site: str = Field(sa_column=text_column())
    product_id: UUID
    quantity: int = Field(sa_column=bigint_column())
    cost_minor: int = Field(sa_column=bigint_column())
    member_id: UUID | None = None
    visit_id: UUID | None = None
    practitioner: str = Field(sa_column=text_column())
    cause_id: UUID
    reason: str = Field(sa_column=text_column())
    actor: str = Field(sa_column=text_column())
    happened_at: datetime = Field(sa_column=instant_column())


class TreatmentRow(Base, table=True):
    """A treatment that took place, by its newest revision."""

    __tablename__: ClassVar[str] = "treatment"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("treatment_by_day", "site", "happened_on", "id"),
        Index("treatment_by_member", "member_id", postgresql_where=text("member_id is not null")),
    )
    id: UUID = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    service_id: UUID
    appointment_id: UUID | None = None
    member_id: UUID | None = None
    practitioner: str = Field(sa_column=text_column())
    happened_at: datetime = Field(sa_column=instant_column())
    happened_on: date = Field(sa_column=Column(Date, nullable=False))
    revision: int = Field(sa_column=bigint_column())


class TreatmentUseRow(Base, table=True):
    """A product in a treatment: what charges, recipe and persons say of it, and what was really consumed."""

    __tablename__: ClassVar[str] = "treatment_use"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("treatment_use_by_day", "site", "happened_on", "treatment_id"),
        CheckConstraint(
            "charged >= 0 and returned >= 0 and thrown >= 0 and poured >= 0",
            name="treatment_use_figures",
        ),
        CheckConstraint("consumed >= 0 and set_apart >= 0 and wasted >= 0", name="treatment_use_parts"),
    )
    treatment_id: UUID = Field(primary_key=True)
    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    happened_on: date = Field(sa_column=Column(Date, nullable=False))
    happened_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    practitioner: str = Field(sa_column=text_column())
    charged: int = Field(sa_column=bigint_column())
    returned: int = Field(sa_column=bigint_column())
    thrown: int = Field(sa_column=bigint_column())
    drawn: int | None = Field(sa_column=bigint_column(nullable=True))
    poured: int = Field(sa_column=bigint_column())
    expected: int = Field(sa_column=bigint_column())
    is_completed: bool = Field(sa_column=Column(Boolean, nullable=False))
    consumed: int = Field(sa_column=bigint_column())
    cost_minor: int = Field(sa_column=bigint_column())
    set_apart: int = Field(sa_column=bigint_column())
    wasted: int = Field(sa_column=bigint_column())
    unattributed: int = Field(sa_column=bigint_column())


class TreatmentPartRow(Base, table=True):
    """What a movement took for a treatment, less what of it went back: with the patient, set apart or thrown away."""

    __tablename__: ClassVar[str] = "treatment_part"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("treatment_part_by_lot", "lot_id", postgresql_where=text("lot_id is not null")),
        CheckConstraint("quantity > 0 and cost_minor >= 0", name="treatment_part_quantity"),
        CheckConstraint("place in ('patient','quarantine','waste')", name="treatment_part_place"),
    )
    treatment_id: UUID = Field(primary_key=True)
    product_id: UUID = Field(primary_key=True)
    position: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    movement_id: UUID
    site: str = Field(sa_column=text_column())
    lot_id: UUID | None = Field(default=None, foreign_key="lot.id")
    container_id: UUID | None = Field(default=None, foreign_key="container.id")
    quantity: int = Field(sa_column=bigint_column())
    cost_minor: int = Field(sa_column=bigint_column())
    place: str = Field(sa_column=text_column())
    is_poured: bool = Field(sa_column=Column(Boolean, nullable=False))
    from_location: int = Field(sa_column=Column(Integer, nullable=False))


class TreatmentChargeRow(Base, table=True):
    """A charge's line of a treatment, and what of it came back: how a return or a void finds its treatment."""

    __tablename__: ClassVar[str] = "treatment_charge"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("treatment_charge_by_treatment", "treatment_id"),
        CheckConstraint("quantity > 0 and back >= 0 and back <= quantity", name="treatment_charge_quantity"),
    )
    charge_id: UUID = Field(primary_key=True)
    line: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    treatment_id: UUID
    product_id: UUID
    quantity: int = Field(sa_column=bigint_column())
    back: int = Field(sa_column=bigint_column())


class TreatmentChangeRow(Base, table=True):
    """What a charge said of a treatment's product and when, below zero taken back; never edited."""

    __tablename__: ClassVar[str] = "treatment_change"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("treatment_change_by_use", "treatment_id", "product_id"),
        CheckConstraint("quantity <> 0", name="treatment_change_quantity"),
    )
    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    treatment_id: UUID
    product_id: UUID
    charge_id: UUID
    happened_at: datetime = Field(sa_column=instant_column())
    quantity: int = Field(sa_column=bigint_column())


class TreatmentExplanationRow(Base, table=True):
    """Why a difference of a treatment is as it should be; it holds for this very difference and no other."""

    __tablename__: ClassVar[str] = "treatment_explanation"
    treatment_id: UUID = Field(primary_key=True)
    product_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    difference: int = Field(sa_column=bigint_column())
    reason: str = Field(sa_column=text_column())
    actor: str = Field(sa_column=text_column())
    explained_at: datetime = Field(sa_column=instant_column())
