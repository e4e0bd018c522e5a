create table site (
    slug             text primary key check (slug ~ '^[a-z0-9-]{1,40}$' and slug <> 'chain'),
    name             text not null,
    time_zone        text not null,
    legal_entity     text not null,
    is_central_store boolean not null,
    stock_policy     text not null check (stock_policy in ('warn', 'block_at_zero', 'block_at_minimum')),
    revision         bigint not null
);

create table category (
    id       uuid primary key,
    name     text not null,
    revision bigint not null
);

create table product (
    id                    uuid primary key,
    code                  text not null,
    name                  text not null,
    kind                  text not null,
    purpose               text,
    category_id           uuid,
    category_name         text,
    unit                  text not null,
    unit_decimals         smallint not null check (unit_decimals between 0 and 6),
    manufacturer          text not null,
    cost                  bigint,
    reorder_at            bigint,
    normal_order_quantity bigint,
    supplier_id           uuid,
    is_serialised         boolean not null,
    confirm_lot           boolean not null,
    is_archived           boolean not null,
    revision              bigint not null
);
create index product_by_name on product (lower(name) collate "C", id);
create index product_by_code on product (code);

create table barcode (
    code       text not null,
    product_id uuid not null references product (id),
    units      bigint not null check (units > 0),
    primary key (code, product_id)
);
create index barcode_by_product on barcode (product_id);

create table location (
    id   integer generated always as identity primary key,
    site text not null references site (slug),
    kind text not null constraint location_kind check (kind in
        ('shelf', 'supplier', 'patient', 'waste', 'lost_and_found', 'transit', 'quarantine', 'in_use', 'unattributed')),
    area text not null
);
create unique index location_identity on location (site, kind, area);

create table lot (
    id             uuid primary key,
    product_id     uuid not null references product (id),
    manufacturer   text not null,
    number         text not null,
    look_alike     text not null,
    expires_on     date,
    owner          text not null,
    supplier_id    uuid,
    purchase_order text not null,
    received_at    timestamptz not null,
    unit_cost      bigint not null check (unit_cost >= 0),
    origin         text not null
);
-- goods without a number are a lot of their own at every receipt
create unique index lot_identity on lot (product_id, manufacturer, number, owner) where number <> '';
create index lot_by_look_alike on lot (product_id, look_alike);
create index lot_by_expiry on lot (expires_on) where expires_on is not null;

-- Append-only: the app role has no right to update or delete; a correction is a reversal that names the first.
-- Uniqueness never rests on this table (it is partitioned): see effect.
create table movement (
    id            uuid not null,
    recorded_at   timestamptz not null,
    happened_at   timestamptz not null,
    site          text not null,
    product_id    uuid not null,
    lot_id        uuid,
    from_location integer not null,
    to_location   integer not null,
    quantity      bigint not null,
    cost_minor    bigint not null,
    actor         text not null,
    reason        text not null,
    cause_id      uuid not null,
    line          integer not null,
    trace_id      text not null,
    reverses      uuid,
    content_hash  bytea not null check (length(content_hash) = 32),
    xid           bigint not null default pg_current_xact_id()::text::bigint,
    primary key (id, recorded_at),
    constraint movement_quantity check (quantity > 0 or (quantity = 0 and cost_minor <> 0)),
    constraint movement_cost check (quantity = 0 or cost_minor >= 0),
    constraint movement_legs check (from_location <> to_location)
) partition by range (recorded_at);
create table movement_rest partition of movement default;
create index movement_by_lot on movement (lot_id, id);
create index movement_by_cell on movement (site, product_id, id);
create index movement_by_cause on movement (cause_id);
create index movement_by_reversed on movement (reverses) where reverses is not null;
create index movement_by_xid on movement using brin (xid);

-- Makes the partitions of this month and the next `months`; runs as the owner, so that the running service needs
-- no right to create tables, and gives each the ledger's rights: add and read.
create function movement_partitions(months integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    lower_bound timestamptz;
    child text;
    reader record;
    made integer := 0;
begin
    if months not between 0 and 24 then
        raise exception 'months must be between 0 and 24';
    end if;
    perform pg_advisory_xact_lock(hashtext('movement_partitions'));
    for step in 0..months loop
        lower_bound := date_trunc('month', now(), 'UTC') + make_interval(months => step);
        child := 'movement_p' || to_char(lower_bound at time zone 'UTC', 'YYYYMM');
        continue when to_regclass(quote_ident(child)) is not null;
        execute format('create table %I partition of movement for values from (%L) to (%L)',
                       child, lower_bound, date_trunc('month', lower_bound + interval '32 days', 'UTC'));
        execute format('comment on table %I is ''append-only: the app role may insert and select''', child);
        for reader in
            select distinct grantee::regrole::text as role from pg_class c, aclexplode(c.relacl)
            where c.oid = to_regclass(quote_ident(child)) and grantee not in (0, c.relowner)
        loop
            execute format('revoke update, delete, truncate on %I from %s', child, reader.role);
        end loop;
        made := made + 1;
    end loop;
    return made;
end $$;
revoke execute on function movement_partitions(integer) from public;
select movement_partitions(2);

create table balance (
    id          bigint generated always as identity primary key,
    location_id integer not null references location (id),
    site        text not null,
    kind        text not null,
    product_id  uuid not null references product (id),
    lot_id      uuid references lot (id),
    on_hand     bigint not null,
    cost_minor  bigint not null,
    version     bigint not null,
    constraint balance_not_negative check (on_hand >= 0 or kind = 'unattributed'),
    constraint balance_unattributed check (kind <> 'unattributed' or (on_hand <= 0 and lot_id is null)),
    constraint balance_has_lot check (kind = 'unattributed' or lot_id is not null),
    constraint balance_empty_has_no_cost check (on_hand <> 0 or cost_minor = 0),
    constraint balance_cost check (on_hand < 0 or cost_minor >= 0)
) with (fillfactor = 70);
create unique index balance_identity on balance (location_id, product_id, lot_id) nulls not distinct;
-- lots at zero leave this index: the pick of a lot costs what lies on the shelf, not what ever lay there
create index balance_live on balance (product_id, site) where on_hand <> 0;
create index balance_live_by_lot on balance (lot_id) where on_hand <> 0;

create table level (
    site          text not null references site (slug),
    product_id    uuid not null references product (id),
    on_hand       bigint not null constraint level_on_hand check (on_hand >= 0),
    held          bigint not null constraint level_held check (held >= 0),
    value_minor   bigint not null,
    unattributed  bigint not null constraint level_unattributed check (unattributed <= 0),
    minimum       bigint,
    reorder_at    bigint,
    last_cost     bigint,
    is_below      boolean not null,
    is_at_reorder boolean not null,
    is_out        boolean not null,
    shortage_id   uuid,
    short_since   timestamptz,
    revision      bigint not null,
    primary key (site, product_id),
    constraint level_minimum check (minimum >= 0 and reorder_at >= 0)
) with (fillfactor = 70);
create index level_by_product on level (product_id);
create index level_short on level (site) where shortage_id is not null;

create table daily_total (
    id          bigint generated always as identity primary key,
    product_id  uuid not null,
    location_id integer not null,
    lot_id      uuid,
    happened_on date not null,
    recorded_on date not null,
    quantity    bigint not null,
    cost_minor  bigint not null
) with (fillfactor = 70);
create unique index daily_total_identity
    on daily_total (product_id, location_id, lot_id, happened_on, recorded_on) nulls not distinct;

create table effect (
    cause_id uuid not null,
    line     integer not null,
    primary key (cause_id, line)
);

create table hold (
    id         uuid primary key,
    site       text not null references site (slug),
    state      text not null constraint hold_state check (state in ('granted', 'posted', 'void')),
    granted_at timestamptz not null,
    expires_at timestamptz not null,
    closed_at  timestamptz,
    actor      text not null
) with (fillfactor = 70);
create index hold_open on hold (expires_at) where state = 'granted';
create index hold_open_by_site on hold (site, id) where state = 'granted';

create table hold_line (
    hold_id    uuid not null references hold (id),
    product_id uuid not null references product (id),
    quantity   bigint not null constraint hold_line_quantity check (quantity > 0),
    broken_at  timestamptz,
    primary key (hold_id, product_id)
);
create index hold_line_by_product on hold_line (product_id, hold_id);

create table transfer (
    id          uuid primary key,
    from_site   text not null references site (slug),
    to_site     text not null references site (slug),
    state       text not null constraint transfer_state check (state in ('draft', 'shipped', 'received', 'cancelled')),
    note        text not null,
    created_at  timestamptz not null,
    created_by  text not null,
    shipped_at  timestamptz,
    received_at timestamptz,
    revision    bigint not null,
    constraint transfer_sites check (from_site <> to_site)
);
create index transfer_by_state on transfer (state, id);

create table transfer_line (
    transfer_id uuid not null references transfer (id),
    line        integer not null,
    product_id  uuid not null references product (id),
    lot_id      uuid references lot (id),
    quantity    bigint not null constraint transfer_line_quantity check (quantity > 0),
    primary key (transfer_id, line)
);

create table transfer_lot (
    transfer_id uuid not null references transfer (id),
    line        integer not null,
    lot_id      uuid not null references lot (id),
    product_id  uuid not null references product (id),
    shipped     bigint not null,
    received    bigint not null,
    lost        bigint not null,
    cost_minor  bigint not null,
    primary key (transfer_id, line, lot_id),
    constraint transfer_lot_sum check (shipped >= received + lost and received >= 0 and lost >= 0)
);

create table open_order (
    order_id   uuid not null,
    line       integer not null,
    site       text not null,
    number     text not null,
    product_id uuid not null,
    ordered    bigint not null,
    received   bigint not null,
    due_on     date,
    primary key (order_id, line)
);
create index open_order_by_cell on open_order (site, product_id);

create table expiry_telling (
    site           text not null references site (slug),
    lot_id         uuid not null references lot (id),
    threshold_days integer not null,
    primary key (site, lot_id)
);

create table seal (
    block     bigint primary key,
    xid_from  bigint not null,
    xid_to    bigint not null,
    movements bigint not null,
    content   bytea not null,
    head      bytea not null,
    sealed_at timestamptz not null
);
