create table site_zone (
    site  text not null references site (slug),
    since timestamptz not null,
    zone  text not null,
    primary key (site, since)
);
insert into site_zone (site, since, zone) select slug, '1970-01-01 00:00+00', time_zone from site;

-- days before lots: a cell's days since an opening are one stretch of the index
drop index daily_total_identity;
create unique index daily_total_identity
    on daily_total (product_id, location_id, happened_on, lot_id, recorded_on) nulls not distinct;
create index daily_total_late on daily_total (location_id, product_id, recorded_on) where recorded_on > happened_on;
create index daily_total_early on daily_total (location_id, happened_on) where happened_on > recorded_on + 1;

-- cells by site first: totals and lots of a site read what lies there and nothing else
drop index balance_live;
create index balance_live on balance (site, product_id) where on_hand <> 0;
-- whose movements may touch a site's accounts: its own, and those of sites it trades with
create index transfer_by_target on transfer (to_site, from_site);
create index transfer_by_source on transfer (from_site, to_site);

create table opening (
    month    date primary key,
    made_at  timestamptz not null,
    balances bigint not null
);
create table opening_balance (
    id          bigint generated always as identity primary key,
    month       date not null references opening (month),
    location_id integer not null,
    product_id  uuid not null,
    lot_id      uuid,
    quantity    bigint not null,
    cost_minor  bigint not null
);
create index opening_balance_by_place on opening_balance (month, location_id, product_id);

create table proof (
    id            uuid primary key,
    started_at    timestamptz not null,
    finished_at   timestamptz not null,
    is_clean      boolean not null,
    sizes         jsonb not null,
    rows_a_second double precision not null,
    findings      jsonb not null,
    constraint proof_times check (finished_at >= started_at)
);
create index daily_total_by_recording on daily_total using brin (recorded_on);
