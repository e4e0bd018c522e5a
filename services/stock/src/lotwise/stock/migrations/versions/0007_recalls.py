"""Recalls, notices and the lineage of lots."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Bring the tables of this subject."""
