"""Copies of what prices and discounts a charge, and the discounts of its lines."""

from lotwise.kit.migrate import run_script

revision = "0004"
down_revision = "0003"

_SCHEMA = """
alter table site
    add column cash_rounding_minor integer not null default 1 check (cash_rounding_minor between 1 and 1000),
    add column package_tax_point text not null default 'sale' check (package_tax_point in ('sale', 'redemption'));

alter table product
    add column variant_of uuid,
    add column variant_name text not null default '',
    add column add_on_kind text check (add_on_kind in ('upgrade', 'product', 'extended_time')),
    add column add_ons uuid[] not null default '{}',
    add column price_per text not null default 'unit' check (price_per in ('unit', 'minute', 'hour')),
    add column cost bigint,
    add column duration_slots integer;

alter table price
    add column audience text not null default 'everyone' check (audience in ('everyone', 'members'));

create table category_price (
    category_price_id uuid primary key,
    category_id       uuid not null,
    at_site           text,
    amount            bigint,
    markup            bigint,
    valid_from        timestamptz not null,
    valid_to          timestamptz,
    revision          integer not null,
    check ((amount is null) <> (markup is null))
);

create table discount (
    discount_id   uuid primary key,
    name          text not null,
    scope         text not null check (scope in ('line', 'bundle', 'cart')),
    form          text not null check (form in ('percent', 'amount')),
    value         bigint not null check (value >= 0),
    min_quantity  bigint not null check (min_quantity >= 0),
    min_spend     bigint check (min_spend >= 0),
    product_ids   uuid[] not null,
    category_ids  uuid[] not null,
    at_sites      text[] not null,
    starts_on     date,
    ends_on       date,
    is_automatic  boolean not null,
    is_combinable boolean not null,
    audience      text not null check (audience in ('everyone', 'members')),
    coupon        text not null,
    is_archived   boolean not null,
    revision      integer not null
);

create table package (
    product_id       uuid primary key,
    package_type     text not null check (package_type in ('treatment', 'membership', 'bundle', 'membership_services')),
    items            jsonb not null check (jsonb_typeof(items) = 'array'),
    valid_days       integer check (valid_days >= 1),
    period           text check (period in ('month', 'year')),
    rollover_periods integer not null check (rollover_periods >= 0),
    redeem_at        text[] not null,
    refund_rule      text not null check (refund_rule in ('list', 'pro_rata')),
    revision         integer not null
);

create table preferences (
    id                         smallint primary key check (id = 1),
    code_length_max            smallint not null,
    use_service_pricing_tables boolean not null,
    slot_minutes               smallint not null check (slot_minutes between 1 and 480),
    revision                   integer not null
);

create table desk_limit (
    permission   text primary key check (permission in ('charge.discount', 'charge.free', 'charge.return')),
    percent      bigint check (percent between 0 and 100000000),
    amount_minor bigint check (amount_minor >= 0),
    actor        text not null,
    updated_at   timestamptz not null
);

create table charge_line_extra (
    charge_id   uuid not null references charge,
    line        smallint not null check (line between 1 and 500),
    discounts   jsonb not null default '[]' check (jsonb_typeof(discounts) = 'array'),
    owed        text not null default 'none'
        check (owed in ('none', 'package', 'membership', 'gift', 'account', 'tip')),
    kit_id      uuid,
    redeems     uuid,
    seller      text not null default '',
    performer   text not null default '',
    free_reason text not null default ''
        check (free_reason in ('', 'touch_up', 'compensation', 'training', 'tester', 'staff')),
    minutes     integer check (minutes between 1 and 1440),
    add_on_to   smallint check (add_on_to between 1 and 500),
    shares      jsonb not null default '[]' check (jsonb_typeof(shares) = 'array'),
    primary key (charge_id, line)
);
create index charge_line_extra_redeems on charge_line_extra (redeems) where redeems is not null;
"""


def upgrade() -> None:
    """Make the tables and columns."""
    run_script(_SCHEMA)
