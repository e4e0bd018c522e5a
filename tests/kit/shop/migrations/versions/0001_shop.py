"""The shop's first tables."""

from lotwise.kit.migrate import kit_upgrade, run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Kit tables, then the shop's own."""
    kit_upgrade()
    run_script("create table counter (name varchar not null primary key, amount integer not null check (amount >= 0));")
