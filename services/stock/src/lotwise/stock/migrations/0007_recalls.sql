alter table lot add column is_recalled boolean not null default false;
create index lot_by_manufacturer on lot (lower(manufacturer));
-- a letter names numbers, not our products: found over all lots
create index lot_by_number on lot (look_alike) where look_alike <> '';
create index lot_recalled on lot (id) where is_recalled;

-- a sale that no lot covered is a possible receiver of a recalled lot: found by its product, without a scan
create index movement_unattributed on movement (product_id, id) where lot_id is null;

insert into location (site, kind, area) select slug, 'quarantine', 'recalled' from site on conflict do nothing;

create table recall (
    id             uuid primary key,
    state          text not null constraint recall_state check (state in ('active', 'released')),
    title          text not null,
    severity       text not null constraint recall_severity check (severity in ('I', 'II', 'III', '')),
    reason         text not null,
    source         text not null,
    notice_text    text not null,
    begun_at       timestamptz not null,
    begun_by       text not null,
    released_at    timestamptz,
    released_by    text not null,
    release_reason text not null,
    followed_at    timestamptz,
    revision       bigint not null
);
create index recall_by_state on recall (state, id);

create table recall_line (
    recall_id     uuid not null references recall (id),
    line          integer not null,
    product_id    uuid,
    gtin          text not null,
    manufacturer  text not null,
    kind          text not null constraint recall_line_kind check (kind in ('lot', 'range', 'serial', 'all')),
    first         text not null,
    last          text not null,
    expires_from  date,
    expires_until date,
    primary key (recall_id, line),
    constraint recall_line_subject check (product_id is not null or gtin <> '' or manufacturer <> '')
);
create index recall_line_by_product on recall_line (product_id) where product_id is not null;
create index recall_line_by_gtin on recall_line (gtin) where gtin <> '';
create index recall_line_by_manufacturer on recall_line (lower(manufacturer)) where manufacturer <> '';

create table recall_lot (
    recall_id      uuid not null references recall (id),
    lot_id         uuid not null references lot (id),
    match          text not null constraint recall_lot_match check (match in ('exact', 'alike', 'lineage', 'named')),
    blocked_at     timestamptz not null,
    released_at    timestamptz,
    released_by    text not null,
    release_reason text not null,
    primary key (recall_id, lot_id)
);
create index recall_lot_by_lot on recall_lot (lot_id);

create table recall_site (
    recall_id  uuid not null references recall (id),
    lot_id     uuid not null references lot (id),
    site       text not null references site (slug),
    quantity   bigint not null,
    told_at    timestamptz not null,
    cleared_at timestamptz,
    primary key (recall_id, lot_id, site)
);
create index recall_site_open on recall_site (lot_id, site) where cleared_at is null;

create table recall_notice (
    recall_id   uuid not null references recall (id),
    charge_id   uuid not null,
    site        text not null references site (slug),
    happened_at timestamptz not null,
    how         text not null constraint recall_notice_how check (how in ('confirmed', 'assumed', 'possible')),
    state       text not null constraint recall_notice_state check
        (state in ('to_contact', 'contacted', 'acknowledged', 'unreachable')),
    note        text not null,
    changed_by  text not null,
    changed_at  timestamptz,
    primary key (recall_id, charge_id)
);
create index recall_notice_by_state on recall_notice (recall_id, state, charge_id);

create table recall_drill (
    id          uuid primary key,
    drilled_at  timestamptz not null,
    drilled_by  text not null,
    title       text not null,
    lots        integer not null,
    sites       integer not null,
    charges     integer not null,
    possible    integer not null,
    received    bigint not null,
    traced      bigint not null,
    is_complete boolean not null,
    took_ms     bigint not null
);

create table named_lot (
    cause_id uuid not null,
    line     integer not null,
    lot_id   uuid not null,
    primary key (cause_id, line, lot_id)
);

create table lot_lineage (
    id          uuid primary key,
    kind        text not null constraint lot_lineage_kind check (kind in ('merge', 'split')),
    parent_id   uuid not null references lot (id),
    child_id    uuid not null references lot (id),
    site        text not null references site (slug),
    quantity    bigint not null,
    cost_minor  bigint not null,
    happened_at timestamptz not null,
    actor       text not null,
    reason      text not null,
    constraint lot_lineage_step check (parent_id <> child_id and quantity > 0)
);
create index lot_lineage_by_parent on lot_lineage (parent_id);
create index lot_lineage_by_child on lot_lineage (child_id);
