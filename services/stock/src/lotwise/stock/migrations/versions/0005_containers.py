"""Opened containers and the consumption of treatments."""

from importlib import resources

from lotwise.kit.migrate import append_only, run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Bring containers, treatments, and an account at every site for containers that serve one patient."""
    run_script((resources.files("lotwise.stock") / "migrations" / "0005_containers.sql").read_text())
    append_only("container_draw")
