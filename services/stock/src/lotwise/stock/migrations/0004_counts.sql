create table count_plan (
    id uuid primary key,
    site text not null references site (slug),
    name text not null,
    area text,
    category_id uuid,
    abc_class text,
    interval_days integer not null,
    next_due_on date not null,
    is_blind boolean not null,
    tolerance_bp integer,
    tolerance_micros bigint,
    witness_above_minor bigint,
    is_active boolean not null,
    told_on date,
    last_posted_at timestamptz,
    revision bigint not null,
    constraint count_plan_interval check (interval_days between 1 and 3660),
    constraint count_plan_class check (abc_class in ('A','B','C')),
    constraint count_plan_tolerance check (tolerance_bp between 0 and 10000 and tolerance_micros >= 0)
);
create index count_plan_due on count_plan (site, next_due_on) where is_active;

create table stock_count (
    id uuid primary key,
    number bigint not null generated always as identity,
    site text not null references site (slug),
    kind text not null,
    state text not null,
    area text,
    category_id uuid,
    abc_class text,
    plan_id uuid references count_plan (id),
    is_blind boolean not null,
    tolerance_bp integer,
    tolerance_micros bigint,
    witness_above_minor bigint,
    note text not null,
    opened_at timestamptz not null,
    opened_by text not null,
    closed_at timestamptz,
    closed_by text,
    witness text,
    witnessed_at timestamptz,
    witnessed_revision bigint,
    posted_snapshot text,
    posted_base bigint,
    watched_at timestamptz,
    revision bigint not null,
    constraint stock_count_kind check (kind in ('full','cycle')),
    constraint stock_count_state check (state in ('open','posted','cancelled')),
    constraint stock_count_class check (abc_class in ('A','B','C')),
    constraint stock_count_tolerance check (tolerance_bp between 0 and 10000 and tolerance_micros >= 0),
    constraint stock_count_closed check ((state = 'open') = (closed_at is null)),
    constraint stock_count_witness check (witness is distinct from closed_by or witness is null)
);
create index stock_count_by_site on stock_count (site, id);
create index stock_count_watched on stock_count (closed_at) where state = 'posted';
create unique index stock_count_open_plan on stock_count (plan_id) where state = 'open';

create table count_line (
    count_id uuid not null references stock_count (id),
    line integer not null,
    id uuid not null,
    product_id uuid not null references product (id),
    location_id integer not null references location (id),
    lot_id uuid references lot (id),
    expires_on date,
    listed bigint not null,
    is_extra boolean not null,
    is_pending boolean not null,
    is_confirmed boolean not null,
    passes integer not null,
    needs_recount boolean not null,
    cause text,
    cause_note text not null,
    explained_by text,
    expected bigint,
    difference bigint,
    cost_minor bigint,
    is_superseded boolean not null,
    came_late bigint not null default 0,
    seen_snapshot text,
    seen_base bigint,
    primary key (count_id, line)
);
create unique index count_line_identity on count_line (count_id, product_id, location_id, lot_id, expires_on)
    nulls not distinct;
create index count_line_by_product on count_line (product_id, count_id);
create unique index count_line_by_id on count_line (id);

create table count_pass (
    count_id uuid not null references stock_count (id),
    line integer not null,
    number integer not null,
    counted bigint not null,
    recorded bigint not null,
    unattributed bigint not null,
    counted_at timestamptz not null,
    entered_at timestamptz not null,
    counted_by text not null,
    note text not null,
    snapshot text not null,
    base bigint not null,
    primary key (count_id, line, number),
    constraint count_pass_counted check (counted >= 0)
);
