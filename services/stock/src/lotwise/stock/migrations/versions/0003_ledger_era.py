"""A ledger restored into another cluster goes on counting its transactions where the old one ended."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the one row that is added to every transaction number."""
    op.execute(
        "create table ledger_era (only_one boolean primary key default true check (only_one), base bigint not null)"
    )
    op.execute("insert into ledger_era (base) values (0)")
