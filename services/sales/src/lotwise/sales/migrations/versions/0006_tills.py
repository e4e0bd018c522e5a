"""Tills, their days, payments, and what is known of members."""

from lotwise.kit.migrate import run_script

revision = "0006"
down_revision = "0005"

_SCHEMA = r"""
alter table tender
    drop constraint tender_kind_check,
    add constraint tender_kind_check
    check (kind in ('cash', 'card', 'account', 'gift', 'reward', 'other', 'rounding'));

create table till (
    till_id     uuid primary key,
    site        text not null check (site ~ '^[a-z0-9-]{1,40}$'),
    name        text not null check (name <> '' and length(name) <= 200),
    is_shared   boolean not null,
    is_archived boolean not null,
    revision    integer not null check (revision >= 1)
);
create unique index till_name on till (site, lower(name)) where not is_archived;

create table till_session (
    session_id       uuid primary key,
    till_id          uuid not null references till,
    site             text not null,
    number           integer not null check (number >= 1),
    day              date not null,
    state            text not null check (state in ('open', 'counted', 'closed')),
    currency         text not null,
    opened_at        timestamptz not null,
    opened_by        text not null,
    float_minor      bigint not null check (float_minor >= 0),
    counted          jsonb check ((counted is null) = (state = 'open')),
    expected         jsonb check ((expected is null) = (state = 'open')),
    counted_at       timestamptz check ((counted_at is null) = (state = 'open')),
    counted_by       text not null,
    difference_minor bigint not null,
    reason           text not null,
    closed_at        timestamptz check ((closed_at is null) = (state <> 'closed')),
    closed_by        text not null,
    unique (till_id, number)
);
create unique index till_session_open on till_session (till_id) where state <> 'closed';
create index till_session_day on till_session (site, day, session_id);

create table till_movement (
    movement_id  uuid primary key,
    session_id   uuid not null references till_session,
    amount_minor bigint not null check (amount_minor <> 0),
    reason       text not null check (reason <> ''),
    actor        text not null,
    happened_at  timestamptz not null
);
create index till_movement_session on till_movement (session_id, happened_at);

alter table charge
    add column session_id uuid references till_session,
    add column due_minor bigint not null default 0;
create index charge_session on charge (session_id) where session_id is not null;
create index charge_due on charge (site, happened_at, charge_id) where due_minor <> 0;
alter table charge_void add column session_id uuid references till_session;
create index charge_void_happened on charge_void (happened_at);
create index charge_void_session on charge_void (session_id) where session_id is not null;
alter table sale_return add column session_id uuid references till_session;
create index sale_return_happened on sale_return (site, happened_at, return_id);
create index sale_return_session on sale_return (session_id) where session_id is not null;
create index sale_return_member on sale_return (member_id) where member_id is not null;

create table payment (
    payment_id  uuid primary key,
    charge_id   uuid not null references charge,
    site        text not null,
    session_id  uuid references till_session,
    due_minor   bigint not null,
    currency    text not null,
    happened_at timestamptz not null,
    recorded_at timestamptz not null,
    actor       text not null
);
create index payment_charge on payment (charge_id, recorded_at);
create index payment_day on payment (site, happened_at);
create index payment_session on payment (session_id) where session_id is not null;

create table receipt (
    receipt_id  uuid primary key,
    charge_id   uuid not null references charge,
    position    integer not null check (position >= 1),
    way         text not null check (way in ('print', 'mail')),
    actor       text not null,
    happened_at timestamptz not null,
    unique (charge_id, position)
);

alter table member
    add column born_on date,
    add column merged_into uuid references member,
    add column erased_at timestamptz,
    alter column search set expression as (
        lower(name || ' ' || phone || ' ' || email) || ' ' || regexp_replace(phone, '\D', '', 'g'));
create index member_merged on member (merged_into) where merged_into is not null;

create table member_consent (
    consent_id uuid primary key,
    member_id  uuid not null references member,
    kind       text not null
        check (kind in ('marketing_mail', 'marketing_sms', 'marketing_phone', 'recall_contact', 'photo')),
    is_given   boolean not null,
    actor      text not null,
    given_at   timestamptz not null
);
create index member_consent_member on member_consent (member_id, kind, given_at desc);

create table sealed_contact (
    member_id  uuid primary key references member,
    box        bytea not null,
    keep_until date not null,
    sealed_at  timestamptz not null
);
create index sealed_contact_until on sealed_contact (keep_until);
"""


def upgrade() -> None:
    """Make the tables and columns."""
    run_script(_SCHEMA)
