"""Transfers in full: requests, approvals, areas, legal entities, resupply."""

from importlib import resources

from lotwise.kit.migrate import run_script

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Requests, steps and costs of transfers; resupply, intercompany notes, the back bar, indexes of the statement."""
    run_script((resources.files("lotwise.stock") / "migrations" / "0006_transfers.sql").read_text())
