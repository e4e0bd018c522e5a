"""Alerts' first shape: copies of sites and products, alerts, and what was over."""

from lotwise.kit.migrate import kit_upgrade, run_script

revision = "0001"
down_revision = None

_SCHEMA = """
create table site (
    slug      text primary key,
    name      text not null,
    time_zone text not null,
    revision  bigint not null
);

create table product (
    id            uuid primary key,
    code          text not null,
    name          text not null,
    unit          text not null,
    unit_decimals smallint not null,
    revision      bigint not null
);

create table alert (
    id              uuid primary key,
    kind            text not null,
    site            text not null,
    subject_id      uuid not null,
    product_id      uuid,
    severity        text not null constraint alert_severity check (severity in ('info', 'warning', 'critical')),
    facts           jsonb not null,
    event_id        uuid not null,
    times           integer not null constraint alert_times check (times >= 1),
    happened_at     timestamptz not null,
    raised_at       timestamptz not null,
    cleared_at      timestamptz,
    closed_by       text,
    acknowledged_at timestamptz,
    acknowledged_by text,
    snoozed_until   timestamptz,
    assigned_to     text,
    revision        integer not null
);
create unique index alert_stands on alert (kind, site, subject_id) where cleared_at is null;
create index alert_by_age on alert (raised_at, id);
create index alert_by_site on alert (site, raised_at, id) where cleared_at is null;

create table over (
    kind       text not null,
    site       text not null,
    subject_id uuid not null,
    event_id   uuid not null,
    primary key (kind, site, subject_id)
);
"""


def upgrade() -> None:
    """Create the kit's tables, then alerts'."""
    kit_upgrade()
    run_script(_SCHEMA)
