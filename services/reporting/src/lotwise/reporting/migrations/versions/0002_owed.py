"""What is owed to members and what it earns, and what was used without a charge.

Figures of before are as they were; a rebuild folds the journal anew.
"""

from lotwise.kit.migrate import run_script

revision = "0002"
down_revision = "0001"

_SCRIPT = """
create table owed_day (
    generation integer not null, kind text not null, owner_id uuid not null, day date not null, site text not null,
    sold_minor bigint not null, used_minor bigint not null, refunded_minor bigint not null,
    expired_minor bigint not null,
    primary key (generation, kind, owner_id, day, site)
);
create table owed_home (
    generation integer not null, kind text not null, owner_id uuid not null, at timestamptz not null,
    site text not null,
    primary key (generation, kind, owner_id)
);
create table membership_step (
    generation integer not null, membership_id uuid not null, revision bigint not null, step text not null,
    site text not null, product_id uuid not null, from_day date not null, to_day date, minor bigint not null,
    primary key (generation, membership_id, revision, step)
);
create table fee_run (
    generation integer not null, membership_id uuid not null, first_day date not null, site text not null,
    product_id uuid not null, last_day date not null, passed integer not null, days integer not null,
    fee_minor bigint not null,
    primary key (generation, membership_id, first_day)
);
create table free_line (
    generation integer not null, document_id uuid not null, line integer not null, site text not null,
    day date not null, product_id uuid not null, reason text not null, actor text not null,
    units numeric(38, 6) not null,
    primary key (generation, document_id, line)
);
create index free_line_day on free_line (generation, day);
"""


def upgrade() -> None:
    """Create the tables."""
    run_script(_SCRIPT)
