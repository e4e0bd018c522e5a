"""The catalog's first shape: sites, taxes, categories, products, prices, recipes, history."""

from lotwise.kit.migrate import append_only, kit_upgrade, run_script

revision = "0001"
down_revision = None

_SCHEMA = r"""
create extension if not exists btree_gist;
create extension if not exists pg_trgm;

create table site (
    slug              text primary key constraint site_slug check (slug ~ '^[a-z0-9-]{1,40}$' and slug <> 'chain'),
    name              text not null,
    time_zone         text not null,
    legal_entity      text not null,
    is_central_store  boolean not null,
    stock_policy      text not null constraint site_stock_policy
                      check (stock_policy in ('warn', 'block_at_zero', 'block_at_minimum')),
    stock_unreachable text not null constraint site_stock_unreachable check (stock_unreachable in ('sell', 'refuse')),
    tax_rounding      text not null constraint site_tax_rounding check (tax_rounding in ('line', 'invoice')),
    revision          integer not null
);

create table site_tax (
    slug         text not null references site,
    valid_from   date not null,
    tax_1_name   text not null,
    tax_1_rate_1 bigint not null,
    tax_1_rate_2 bigint not null,
    tax_2_name   text not null,
    tax_2_rate_1 bigint not null,
    tax_2_rate_2 bigint not null,
    revision     integer not null,
    primary key (slug, valid_from),
    constraint site_tax_rates check (
        least(tax_1_rate_1, tax_1_rate_2, tax_2_rate_1, tax_2_rate_2) >= 0
        and greatest(tax_1_rate_1, tax_1_rate_2, tax_2_rate_1, tax_2_rate_2) <= 100000000)
);

create table category (
    id       uuid primary key,
    name     text not null,
    code     text constraint category_code unique constraint category_code_length check (length(code) = 3),
    revision integer not null
);
create unique index category_name on category (lower(name));

create table product (
    id                    uuid primary key,
    code                  text collate "C" not null constraint product_code unique,
    look                  text generated always as (lower(regexp_replace(code, '\s', '', 'g'))) stored,
    name                  text not null,
    description           text not null,
    kind                  text not null constraint product_kind check (kind in ('service', 'physical', 'digital')),
    purpose               text,
    category_id           uuid references category,
    unit                  text not null,
    unit_decimals         smallint not null constraint product_unit_decimals check (unit_decimals between 0 and 6),
    manufacturer          text not null,
    size                  text not null,
    size_unit             text not null,
    tax_code              smallint not null,
    application_code      smallint not null,
    tax_inclusive         boolean not null,
    cost                  bigint,
    markup                bigint,
    reorder_at            bigint,
    normal_order_quantity bigint,
    supplier_id           uuid,
    supplier_code         text not null,
    duration_slots        integer constraint product_duration check (duration_slots >= 1),
    is_serialised         boolean not null,
    confirm_lot           boolean not null,
    is_archived           boolean not null,
    revision              integer not null,
    cost_revision         bigint not null default 0,
    constraint product_code_period check ((kind = 'service') = (code like '.%')),
    constraint product_purpose check (
        (kind = 'physical') = (purpose is not null) and purpose in ('retail', 'consigned', 'back_bar')),
    constraint product_tax check (tax_code between 0 and 8 and application_code between 0 and 1),
    constraint product_not_negative check (
        cost >= 0 and markup >= 0 and reorder_at >= 0 and normal_order_quantity >= 0)
);
create index product_look on product (look);
create index product_category on product (category_id, code);
create index product_name_trgm on product using gin (name gin_trgm_ops);
create index product_code_trgm on product using gin (code gin_trgm_ops);

create table product_pack (
    product_id uuid not null references product,
    name       text not null,
    units      bigint not null constraint product_pack_units check (units > 0),
    primary key (product_id, name)
);

create table product_barcode (
    barcode    text primary key,
    product_id uuid not null references product,
    pack       text
);
create index product_barcode_product on product_barcode (product_id);

create table product_site_tax (
    product_id       uuid not null references product,
    site             text not null references site,
    tax_code         smallint not null,
    application_code smallint not null,
    primary key (product_id, site),
    constraint product_site_tax_codes check (tax_code between 0 and 8 and application_code between 0 and 1)
);

create table price (
    id         uuid primary key,
    product_id uuid not null references product,
    at_site    text references site,
    price      bigint not null constraint price_not_negative check (price >= 0),
    valid_from timestamptz not null,
    valid_to   timestamptz,
    revision   integer not null,
    constraint price_period check (valid_to > valid_from),
    constraint price_no_overlap exclude using gist (
        product_id with =, coalesce(at_site, '') with =, tstzrange(valid_from, valid_to) with &&)
);
create index price_product on price (product_id, valid_from);

create table recipe (
    service_id uuid primary key references product,
    revision   integer not null
);

create table recipe_line (
    service_id uuid not null references recipe,
    product_id uuid not null references product,
    position   integer not null,
    quantity   bigint not null constraint recipe_line_quantity check (quantity > 0),
    primary key (service_id, product_id)
);
create index recipe_line_product on recipe_line (product_id);

create table change (
    id         bigint generated always as identity primary key,
    subject    text not null,
    field      text not null,
    was        jsonb,
    now        jsonb,
    who        text not null,
    changed_at timestamptz not null default now()
);
create index change_subject on change (subject, id);

create table supplier (
    id          uuid primary key,
    number      bigint not null,
    name        text not null,
    is_archived boolean not null,
    revision    integer not null
);

create table tax_default (
    item_type        text primary key,
    tax_code         smallint not null,
    application_code smallint not null
);

create table preferences (
    id                         smallint primary key constraint preferences_one check (id = 1),
    code_length_max            smallint not null constraint preferences_code_length
                               check (code_length_max in (10, 12, 14)),
    use_service_pricing_tables boolean not null,
    slot_minutes               smallint not null constraint preferences_slot check (slot_minutes between 1 and 480),
    revision                   integer not null
);
"""


def upgrade() -> None:
    """Create the kit's tables, then the catalog's."""
    kit_upgrade()
    run_script(_SCHEMA)
    append_only("change")
