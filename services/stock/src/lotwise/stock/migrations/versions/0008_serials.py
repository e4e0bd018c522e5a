"""Serials: warranty, whereabouts, maintenance, depreciation."""

from importlib import resources

from lotwise.kit.migrate import append_only, run_script

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Bring the tables of this subject; a serial's story, its work and its readings are never edited."""
    run_script((resources.files("lotwise.stock") / "migrations" / "0008_serials.sql").read_text())
    append_only("serial_step", "serial_work", "serial_use")
