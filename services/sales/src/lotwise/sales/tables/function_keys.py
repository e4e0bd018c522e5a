"""The only home of the shape of what sites pinned to function keys."""

from typing import Any

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from lotwise.sales.tables.base import Base


class FunctionKeysRow(Base, table=True):
    """Copy of a site's pinned function keys, from FunctionKeysPinned; `keys` are [key, product]."""

    __tablename__ = "function_keys"

    site: str = Field(sa_column=Column(Text, primary_key=True))
    keys: list[list[Any]] = Field(sa_column=Column(JSONB, nullable=False))
    revision: int
