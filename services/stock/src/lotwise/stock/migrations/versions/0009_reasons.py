"""Managed reasons, witnesses, drug classes, consigned liability, temporary minimums."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Bring the tables of this subject."""
