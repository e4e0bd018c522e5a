"""Counts: sheets, counted lines and plans."""

from importlib import resources

from lotwise.kit.migrate import append_only, run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Bring the tables of counts; a pass over a line is never edited."""
    run_script((resources.files("lotwise.stock") / "migrations" / "0004_counts.sql").read_text())
    append_only("count_pass")
