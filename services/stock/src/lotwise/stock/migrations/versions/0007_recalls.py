"""Recalls, whom to tell of them, drills, lots that charges named, and the lineage of lots."""

from importlib import resources

from lotwise.kit.migrate import run_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables, the recalled state of a lot, and an account for recalled goods at every site."""
    run_script((resources.files("lotwise.stock") / "migrations" / "0007_recalls.sql").read_text())
