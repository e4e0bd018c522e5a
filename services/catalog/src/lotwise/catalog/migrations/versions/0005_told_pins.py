"""Whether a site's pinned function keys were ever told: those pinned before their event existed are told at start."""

from lotwise.kit.migrate import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Nothing pinned so far counts as told; telling keys again that a desk knows already changes nothing there."""
    run_script("alter table function_key_list add column is_told boolean not null default false;")
