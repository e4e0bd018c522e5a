"""Recipes, appointments, treatments, the checkout queue, and what charged lines confirmed of lots and prescriptions."""

from lotwise.kit.migrate import run_script

revision = "0003"
down_revision = "0002"

_SCHEMA = """
alter table product
    add column confirm_lot boolean not null default false,
    add column drug_class text not null default 'otc'
    constraint product_drug_class check (drug_class in ('otc', 'prescription', 'controlled'));

create table recipe (
    service_id uuid not null,
    revision   integer not null,
    lines      jsonb not null constraint recipe_lines check (jsonb_typeof(lines) = 'array'),
    primary key (service_id, revision)
);

create table appointment (
    appointment_id uuid primary key,
    site           text not null check (site ~ '^[a-z0-9-]{1,40}$'),
    service_id     uuid not null,
    member_id      uuid,
    practitioner   text not null,
    starts_at      timestamptz not null,
    minutes        integer not null check (minutes between 1 and 1440),
    sessions       integer not null check (sessions between 1 and 100),
    note           text not null,
    state          text not null check (state in ('booked', 'cancelled', 'completed')),
    reason         text not null,
    treatment_id   uuid check ((treatment_id is not null) = (state = 'completed')),
    source         text not null check (source in ('desk', 'till', 'import')),
    reported       integer not null check (reported >= 0),
    revision       integer not null check (revision >= 1),
    actor          text not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null
);
create index appointment_day on appointment (site, starts_at, appointment_id);
create index appointment_practitioner on appointment (practitioner, starts_at) where state = 'booked';
create index appointment_member on appointment (member_id, starts_at) where member_id is not null;

create table treatment (
    treatment_id    uuid primary key,
    site            text not null check (site ~ '^[a-z0-9-]{1,40}$'),
    appointment_id  uuid,
    service_id      uuid not null,
    member_id       uuid,
    practitioner    text not null,
    happened_at     timestamptz not null,
    sessions        integer not null check (sessions between 1 and 100),
    recipe_revision integer not null,
    source          text not null check (source in ('desk', 'till', 'import')),
    revision        integer not null check (revision >= 1),
    actor           text not null,
    is_licensed     boolean not null,
    recorded_at     timestamptz not null,
    updated_at      timestamptz not null
);
create unique index treatment_appointment on treatment (appointment_id) where appointment_id is not null;
create index treatment_day on treatment (site, happened_at, treatment_id);

create table treatment_line (
    treatment_id    uuid not null references treatment,
    product_id      uuid not null,
    expected        bigint not null check (expected >= 0),
    drawn           bigint check (drawn >= 0),
    lot_id          uuid,
    prescriber      text not null,
    order_reference text not null,
    primary key (treatment_id, product_id)
);

create table checkout (
    treatment_id uuid primary key references treatment,
    site         text not null,
    state        text not null check (state in ('open', 'charged', 'dismissed')),
    reason       text not null check ((reason <> '') = (state = 'dismissed')),
    actor        text not null,
    happened_at  timestamptz not null,
    updated_at   timestamptz not null
);
create index checkout_open on checkout (site, happened_at, treatment_id) where state = 'open';
create index charge_line_treatment on charge_line (treatment_id) where treatment_id is not null;

create table dispensed (
    charge_id       uuid not null,
    line            smallint not null,
    product_id      uuid not null,
    lot_id          uuid,
    lot_choice      text not null check (lot_choice in ('none', 'fefo', 'deviation', 'unchecked', 'assumed')),
    fefo_lot_id     uuid,
    drug_class      text not null,
    prescriber      text not null,
    order_reference text not null,
    actor           text not null,
    primary key (charge_id, line)
);
create index dispensed_product on dispensed (product_id);
"""


def upgrade() -> None:
    """Make the tables; products known so far ask for no lot until they are told anew."""
    run_script(_SCHEMA)
