"""The only home of the shape of the nightly proofs of what is owed to members."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from lotwise.sales.tables.base import Base, id_column, instant_column


class BalanceProofRow(Base, table=True):
    """One run of the proof: over how many entries, and [kind, owner, row_minor, entries_minor] of whoever disagreed."""

    __tablename__ = "balance_proof"

    proof_id: UUID = Field(sa_column=id_column())
    started_at: datetime = Field(sa_column=instant_column())
    finished_at: datetime = Field(sa_column=instant_column())
    entries: int = Field(sa_type=BigInteger)
    wrong: list[list[Any]] = Field(sa_column=Column(JSONB, nullable=False))
