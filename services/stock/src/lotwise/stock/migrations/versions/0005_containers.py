"""Opened containers and the consumption of treatments."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Bring the tables of this subject."""
