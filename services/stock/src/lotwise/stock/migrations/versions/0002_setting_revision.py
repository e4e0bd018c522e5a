"""The two levels of a cell get a revision of their own: selling does not disturb who edits them."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; what was edited before is at revision 0."""
    op.execute("alter table level add column setting_revision bigint not null default 0")
