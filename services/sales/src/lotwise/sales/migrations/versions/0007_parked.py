"""Bills set aside at the desk."""

from lotwise.kit.migrate import run_script

revision = "0007"
down_revision = "0006"

_SCHEMA = """
create table parked (
    parked_id   uuid primary key,
    site        text not null check (site ~ '^[a-z0-9-]{1,40}$'),
    label       text not null,
    member_id   uuid,
    bill        jsonb not null constraint parked_bill check (jsonb_typeof(bill) = 'object'),
    total_minor bigint not null,
    actor       text not null,
    parked_at   timestamptz not null
);
create index parked_site on parked (site, parked_at, parked_id);
create index parked_member on parked (member_id) where member_id is not null;
"""


def upgrade() -> None:
    """Make the table."""
    run_script(_SCHEMA)
