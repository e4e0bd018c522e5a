"""Shared tills: a PIN of each person, and browsers that several persons use in turn."""

from lotwise.kit.migrate import run_script

revision = "0002"
down_revision = "0001"

_SCHEMA = """
alter table app_user
    add column pin_hash     text,
    add column pin_failures integer not null default 0;

alter table app_session
    add column is_shared boolean not null default false,
    add column active_at timestamptz not null default now(),
    add column locked_at timestamptz;
"""


def upgrade() -> None:
    """Add the columns; nobody has a PIN and no browser is shared yet."""
    run_script(_SCHEMA)
