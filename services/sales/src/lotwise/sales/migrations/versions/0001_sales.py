"""The first shape of the sales database."""

from importlib import resources

from lotwise.kit.migrate import kit_upgrade, run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the kit's tables, then sales' own."""
    kit_upgrade()
    run_script((resources.files("lotwise.sales") / "migrations" / "0001_sales.sql").read_text())
