"""Variants, add-ons, time prices, members prices, category prices, discounts, packages and site settings."""

from lotwise.kit.migrate import run_script

revision = "0003"
down_revision = "0002"

_SCHEMA = """
alter table product
    add column variant_of uuid references product,
    add column variant_name text not null default '',
    add column add_on_kind text
        constraint product_add_on_kind check (add_on_kind in ('upgrade', 'product', 'extended_time')),
    add column price_per text not null default 'unit'
        constraint product_price_per check (price_per in ('unit', 'minute', 'hour')),
    add constraint product_variant check (variant_of <> id and (variant_of is not null or variant_name = ''));
create index product_variant_of on product (variant_of) where variant_of is not null;

create table product_add_on (
    product_id uuid not null references product,
    add_on_id  uuid not null references product,
    position   integer not null,
    primary key (product_id, add_on_id)
);
create index product_add_on_offered on product_add_on (add_on_id);

alter table price
    add column audience text not null default 'everyone'
        constraint price_audience check (audience in ('everyone', 'members')),
    drop constraint price_no_overlap,
    add constraint price_no_overlap exclude using gist (
        product_id with =, coalesce(at_site, '') with =, audience with =, tstzrange(valid_from, valid_to) with &&);

create table category_price (
    id          uuid primary key,
    category_id uuid not null references category,
    at_site     text references site,
    amount      bigint,
    markup      bigint,
    valid_from  timestamptz not null,
    valid_to    timestamptz,
    revision    integer not null,
    constraint category_price_rule check ((amount is null) <> (markup is null)),
    constraint category_price_not_negative check (amount >= 0 and markup >= 0),
    constraint category_price_period check (valid_to > valid_from),
    constraint category_price_no_overlap exclude using gist (
        category_id with =, coalesce(at_site, '') with =, tstzrange(valid_from, valid_to) with &&)
);

create table discount (
    id            uuid primary key,
    name          text not null,
    scope         text not null constraint discount_scope check (scope in ('line', 'bundle', 'cart')),
    form          text not null constraint discount_form check (form in ('percent', 'amount')),
    value         bigint not null,
    min_quantity  bigint not null,
    min_spend     bigint,
    product_ids   uuid[] not null,
    category_ids  uuid[] not null,
    at_sites      text[] not null,
    starts_on     date,
    ends_on       date,
    is_automatic  boolean not null,
    is_combinable boolean not null,
    audience      text not null constraint discount_audience check (audience in ('everyone', 'members')),
    coupon        text not null,
    is_archived   boolean not null,
    revision      integer not null,
    constraint discount_value check (value > 0 and (form <> 'percent' or value <= 100000000)),
    constraint discount_minimum check (min_quantity > 0 and min_spend >= 0),
    constraint discount_days check (ends_on >= starts_on)
);
create index discount_name on discount (lower(name), id);
create unique index discount_coupon on discount (lower(coupon)) where coupon <> '' and not is_archived;

create table package (
    product_id       uuid primary key references product,
    package_type     text not null constraint package_type_known
                     check (package_type in ('treatment', 'membership', 'bundle', 'membership_services')),
    valid_days       integer constraint package_valid_days check (valid_days between 1 and 36500),
    period           text,
    rollover_periods integer not null constraint package_rollover check (rollover_periods between 0 and 120),
    redeem_at        text[] not null,
    refund_rule      text not null constraint package_refund_rule check (refund_rule in ('list', 'pro_rata')),
    revision         integer not null,
    constraint package_period check (
        (package_type in ('membership', 'membership_services')) = (period is not null) and period in ('month', 'year'))
);

create table package_item (
    package_id   uuid not null references package,
    product_id   uuid not null references product,
    position     integer not null,
    quantity     bigint not null constraint package_item_quantity check (quantity > 0),
    is_unlimited boolean not null,
    primary key (package_id, product_id),
    constraint package_item_other check (product_id <> package_id)
);
create index package_item_product on package_item (product_id);

alter table site
    add column cash_rounding_minor integer not null default 1
        constraint site_cash_rounding check (cash_rounding_minor between 1 and 1000),
    add column package_tax_point text not null default 'sale'
        constraint site_package_tax_point check (package_tax_point in ('sale', 'redemption'));

alter table preferences add column is_told boolean not null default false;
"""


def upgrade() -> None:
    """Make the tables and columns; whatever there is stays as it was."""
    run_script(_SCHEMA)
