"""The nightly proofs of what is owed to members."""

from lotwise.kit.migrate import run_script

revision = "0009"
down_revision = "0008"

_SCHEMA = """
create table balance_proof (
    proof_id    uuid primary key,
    started_at  timestamptz not null,
    finished_at timestamptz not null,
    entries     bigint not null,
    wrong       jsonb not null constraint balance_proof_wrong check (jsonb_typeof(wrong) = 'array')
);
create index balance_proof_started on balance_proof (started_at);
"""


def upgrade() -> None:
    """Make the table."""
    run_script(_SCHEMA)
