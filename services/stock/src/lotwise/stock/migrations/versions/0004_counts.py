"""Counts: sheets, counted lines and plans."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Bring the tables of this subject."""
