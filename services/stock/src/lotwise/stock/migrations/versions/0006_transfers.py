"""Transfers in full: requests, approvals, areas, legal entities, resupply."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Bring the tables of this subject."""
