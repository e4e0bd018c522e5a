"""What sites pinned to their function keys, and how lines chose their lots found by the choice."""

from lotwise.kit.migrate import run_script

revision = "0008"
down_revision = "0007"

_SCHEMA = """
create table function_keys (
    site     text primary key check (site ~ '^[a-z0-9-]{1,40}$'),
    keys     jsonb not null constraint function_keys_list check (jsonb_typeof(keys) = 'array'),
    revision integer not null
);
create index dispensed_choice on dispensed (lot_choice, charge_id);
"""


def upgrade() -> None:
    """Make the table and the index."""
    run_script(_SCHEMA)
