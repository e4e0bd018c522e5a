"""Vials that are over and wait for a witness, and vials of another lot than the first to expire."""

from lotwise.kit.migrate import run_script

revision = "0014"
down_revision = "0012"

_SCRIPT = """
alter table container add column is_set_apart boolean not null default false;
create index container_deviated on container (site, opened_at) where proposed_lot_id is not null;
"""


def upgrade() -> None:
    """Bring the column and the index."""
    run_script(_SCRIPT)
