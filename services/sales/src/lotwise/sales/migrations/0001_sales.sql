create extension if not exists pg_trgm;

create table member (
    member_id   uuid primary key,
    name        text not null check (name <> '' and length(name) <= 200),
    phone       text not null default '' check (length(phone) <= 200),
    email       text not null default '' check (length(email) <= 200),
    note        text not null default '' check (length(note) <= 2000),
    is_archived boolean not null default false,
    revision    integer not null default 1 check (revision >= 1),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    search      text generated always as (lower(name || ' ' || phone || ' ' || email)) stored
);
create index member_search on member using gin (search gin_trgm_ops);
create index member_name on member (name, member_id);

create table site (
    slug              text primary key check (slug ~ '^[a-z0-9-]{1,40}$'),
    name              text not null,
    time_zone         text not null,
    stock_unreachable text not null check (stock_unreachable in ('sell', 'refuse')),
    tax_rounding      text not null check (tax_rounding in ('line', 'invoice')),
    revision          integer not null
);

create table site_tax (
    slug       text not null,
    valid_from date not null,
    name_1     text not null,
    rate_1_1   bigint not null check (rate_1_1 between 0 and 100000000),
    rate_1_2   bigint not null check (rate_1_2 between 0 and 100000000),
    name_2     text not null,
    rate_2_1   bigint not null check (rate_2_1 between 0 and 100000000),
    rate_2_2   bigint not null check (rate_2_2 between 0 and 100000000),
    revision   integer not null,
    primary key (slug, valid_from)
);

create table category (
    category_id uuid primary key,
    name        text not null,
    revision    integer not null
);

create table product (
    product_id       uuid primary key,
    code             text collate "C" not null,
    name             text not null,
    kind             text not null check (kind in ('service', 'physical', 'digital')),
    purpose          text check (purpose in ('retail', 'consigned', 'back_bar')),
    category_name    text,
    unit             text not null,
    unit_decimals    smallint not null check (unit_decimals between 0 and 6),
    tax_code         smallint not null check (tax_code between 0 and 8),
    application_code smallint not null check (application_code between 0 and 1),
    tax_inclusive    boolean not null,
    is_archived      boolean not null,
    names            text[] not null,
    category_id      uuid,
    revision         integer not null
);
create index product_category on product (category_id) where category_id is not null;
create index product_code on product (code) where not is_archived;
create index product_names on product using gin (names);

create table price (
    price_id   uuid primary key,
    product_id uuid not null,
    at_site    text,
    micros     bigint not null,
    valid_from timestamptz not null,
    valid_to   timestamptz,
    revision   integer not null
);
create index price_product on price (product_id, valid_from);

create table level (
    site       text not null,
    product_id uuid not null,
    on_hand    text not null,
    available  text not null,
    minimum    text,
    revision   bigint not null,
    primary key (site, product_id)
);

create table charge_number (
    site text not null,
    kind text not null check (kind in ('charge', 'return')),
    last bigint not null check (last >= 0),
    primary key (site, kind)
);

create table charge (
    charge_id    uuid primary key,
    site         text not null check (site ~ '^[a-z0-9-]{1,40}$'),
    number       bigint check ((number is null) = (state = 'abandoned')),
    state        text not null check (state in ('recorded', 'voided', 'abandoned')),
    member_id    uuid,
    happened_at  timestamptz not null,
    recorded_at  timestamptz not null,
    currency     text not null,
    net_minor    bigint not null,
    tax_1_minor  bigint not null,
    tax_2_minor  bigint not null,
    is_held      boolean not null,
    source       text not null check (source in ('desk', 'till', 'import')),
    actor        text not null,
    request_hash bytea not null,
    tax_from     date,
    tax_revision integer not null,
    tax_rounding text not null
);
create unique index charge_site_number on charge (site, number) where number is not null;
create index charge_site_happened on charge (site, happened_at, charge_id) where number is not null;
create index charge_member on charge (member_id, happened_at) where member_id is not null;

create table charge_line (
    charge_id        uuid not null,
    line             smallint not null check (line between 1 and 500),
    recorded_at      timestamptz not null,
    product_id       uuid not null,
    product_revision integer not null,
    quantity         bigint not null check (quantity <> 0),
    unit_decimals    smallint not null,
    effect           text not null check (effect in ('sale', 'return', 'adjustment', 'none')),
    unit_price       bigint not null,
    list_price       bigint,
    price_id         uuid,
    net_minor        bigint not null,
    tax_1_minor      bigint not null,
    tax_2_minor      bigint not null,
    tax_code         smallint not null,
    application_code smallint not null,
    tax_inclusive    boolean not null,
    treatment_id     uuid,
    lot_id           uuid,
    description      text not null,
    primary key (charge_id, line, recorded_at)
) partition by range (recorded_at);
create index charge_line_product on charge_line (product_id);
create table charge_line_rest partition of charge_line default;

-- Makes the partitions of the sales lines for this month and the months ahead; runs as the owner, so that a running
-- service needs no right to create tables. Rows that stand in the rest partition move into their month when it is made.
create function sales_partitions(months_ahead integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp set timezone = 'UTC' as $$
declare
    month timestamptz;
    child text;
    made integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('sales_partitions'));
    for step in 0..least(greatest(months_ahead, 0), 36) loop
        month := date_trunc('month', now(), 'UTC') + make_interval(months => step);
        child := 'charge_line_p' || to_char(month at time zone 'UTC', 'YYYYMM');
        continue when to_regclass(quote_ident(child)) is not null;
        execute format('create table %I (like charge_line including defaults including constraints)', child);
        lock table charge_line_rest in access exclusive mode;
        execute format(
            'with moved as (delete from charge_line_rest where recorded_at >= $1 and recorded_at < $2 returning *)'
            ' insert into %I select * from moved', child
        ) using month, (month at time zone 'UTC' + interval '1 month') at time zone 'UTC';
        execute format('alter table charge_line attach partition %I for values from (%L) to (%L)',
            child, month, (month at time zone 'UTC' + interval '1 month') at time zone 'UTC');
        made := made + 1;
    end loop;
    return made;
end $$;
select sales_partitions(3);

create table tender (
    document_id  uuid not null,
    position     smallint not null,
    kind         text not null check (kind in ('cash', 'card', 'account', 'other')),
    amount_minor bigint not null check (amount_minor <> 0),
    reference    text not null,
    primary key (document_id, position)
);

create table charge_void (
    charge_id   uuid primary key references charge,
    void_id     uuid not null unique,
    happened_at timestamptz not null,
    recorded_at timestamptz not null,
    reason      text not null,
    disposition text not null check (disposition in ('restock', 'quarantine', 'waste')),
    actor       text not null
);

create table sale_return (
    return_id    uuid primary key,
    charge_id    uuid references charge,
    site         text not null check (site ~ '^[a-z0-9-]{1,40}$'),
    number       bigint not null,
    member_id    uuid,
    happened_at  timestamptz not null,
    recorded_at  timestamptz not null,
    currency     text not null,
    net_minor    bigint not null,
    tax_1_minor  bigint not null,
    tax_2_minor  bigint not null,
    reason       text not null,
    source       text not null,
    actor        text not null,
    request_hash bytea not null
);
create unique index sale_return_number on sale_return (site, number);
create index sale_return_charge on sale_return (charge_id) where charge_id is not null;

create table return_line (
    return_id     uuid not null references sale_return,
    line          smallint not null,
    charge_id     uuid,
    charge_line   smallint check ((charge_id is null) = (charge_line is null)),
    product_id    uuid not null,
    quantity      bigint not null check (quantity > 0),
    unit_decimals smallint not null,
    unit_price    bigint not null,
    net_minor     bigint not null,
    tax_1_minor   bigint not null,
    tax_2_minor   bigint not null,
    disposition   text not null check (disposition in ('restock', 'quarantine', 'waste')),
    moves_stock   boolean not null,
    description   text not null,
    primary key (return_id, line)
);
create index return_line_product on return_line (product_id);
create index return_line_charge on return_line (charge_id, charge_line) where charge_id is not null;
