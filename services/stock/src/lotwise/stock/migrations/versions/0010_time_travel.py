"""What as-of queries and the audit of a large ledger need."""

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Bring the tables of this subject."""
