"""Which order answers a shortage, beside the alert of that shortage."""

from lotwise.kit.migrate import run_script

revision = "0002"
down_revision = "0001"

_SCHEMA = """
create table answer (
    shortage_id uuid primary key,
    order_id    uuid not null,
    number      text not null,
    state       text not null constraint answer_state check (state in ('drafted', 'sent', 'cancelled'))
);
"""


def upgrade() -> None:
    """Add the table of answers."""
    run_script(_SCHEMA)
