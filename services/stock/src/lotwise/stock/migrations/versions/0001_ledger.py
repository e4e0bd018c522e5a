"""The first revision: definitions, locations, lots, the ledger, balances, levels, holds, transfers, seals."""

from importlib import resources

from lotwise.kit.migrate import append_only, kit_upgrade, run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything; the ledger and its seals can only be added to."""
    kit_upgrade()
    run_script((resources.files("lotwise.stock") / "migrations" / "0001_ledger.sql").read_text())
    append_only("movement", "movement_rest", "seal", "effect")
