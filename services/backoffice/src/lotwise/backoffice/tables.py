"""The only home of the shape of the back office's rows: persons, grants, sessions, keys of machines, signing keys."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, ForeignKey, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from lotwise.kit.tables import kit_tables, table_registry


class Base(SQLModel, registry=table_registry()):
    """The base of the back office's tables."""


kit_tables(Base.metadata)

_NOW = text("now()")


def _instant(*, nullable: bool = False, now: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable, server_default=_NOW if now else None)


class UserRow(Base, table=True):
    """A person who may sign in. `login` is kept in lower case."""

    __tablename__ = "app_user"
    __table_args__ = (CheckConstraint("login = lower(login) and login <> ''", name="app_user_login"),)

    id: UUID = Field(primary_key=True)
    login: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = Field(sa_type=Text)
    password_hash: str | None = Field(default=None, sa_column=Column(Text))
    pin_hash: str | None = Field(default=None, sa_column=Column(Text))
    pin_failures: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    is_active: bool = True
    revision: int = 1
    created_at: datetime = Field(sa_column=_instant(now=True))
    changed_at: datetime = Field(sa_column=_instant(now=True))


class GrantRow(Base, table=True):
    """A role of a person at a site; `*` is every site."""

    __tablename__ = "app_grant"
    __table_args__ = (CheckConstraint("site = '*' or site ~ '^[a-z0-9-]{1,40}$'", name="app_grant_site"),)

    user_id: UUID = Field(sa_column=Column(ForeignKey("app_user.id", ondelete="cascade"), primary_key=True))
    role: str = Field(sa_column=Column(Text, primary_key=True))
    site: str = Field(sa_column=Column(Text, primary_key=True))


class SessionRow(Base, table=True):
    """A signed-in browser; only the hash of its cookie is kept."""

    __tablename__ = "app_session"

    id: UUID = Field(primary_key=True)
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    user_id: UUID = Field(sa_column=Column(ForeignKey("app_user.id", ondelete="cascade"), nullable=False))
    created_at: datetime = Field(sa_column=_instant(now=True))
    seen_at: datetime = Field(sa_column=_instant(now=True))
    expires_at: datetime = Field(sa_column=_instant())
    ended_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    address: str = Field(default="", sa_type=Text)
    is_shared: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    active_at: datetime = Field(sa_column=_instant(now=True))
    locked_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))


class KeyRow(Base, table=True):
    """A machine's key `ck_<id>_<secret>`; only the hash of the secret is kept."""

    __tablename__ = "api_key"

    id: str = Field(sa_column=Column(Text, primary_key=True))
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    name: str = Field(sa_type=Text)
    grants: Any = Field(sa_column=Column(JSONB, nullable=False))
    addresses: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_by: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_column=_instant(now=True))
    expires_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    used_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))


class SigningKeyRow(Base, table=True):
    """A key that signs tokens for its month; the private half is kept encrypted."""

    __tablename__ = "signing_key"

    kid: str = Field(sa_column=Column(Text, primary_key=True))
    public_x: str = Field(sa_type=Text)
    private_box: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    signs_from: datetime = Field(sa_column=_instant())
    signs_until: datetime = Field(sa_column=_instant())


class TriesRow(Base, table=True):
    """Failed tries to come in, per person and address, within a window of time."""

    __tablename__ = "sign_in_tries"

    subject: str = Field(sa_column=Column(Text, primary_key=True))
    failures: int = Field(sa_column=Column(Integer, nullable=False))
    window_ends_at: datetime = Field(sa_column=_instant())
