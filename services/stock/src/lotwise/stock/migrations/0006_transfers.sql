alter table transfer
    add column seq             bigint generated always as identity,
    add column origin          text not null default 'person'
        constraint transfer_origin check (origin in ('person', 'shortage', 'split', 'return')),
    add column shortage_id     uuid,
    add column of_transfer     uuid references transfer (id),
    add column decided_at      timestamptz,
    add column decided_by      text not null default '',
    add column shipped_by      text not null default '',
    add column carrier         text not null default '',
    add column overdue_told_at timestamptz;
alter table transfer drop constraint transfer_state;
alter table transfer add constraint transfer_state check (
    state in ('requested', 'declined', 'approved', 'draft', 'shipped', 'received', 'cancelled'));
create unique index transfer_by_seq on transfer (seq);
create unique index transfer_by_shortage on transfer (shortage_id) where shortage_id is not null;
create index transfer_by_origin on transfer (of_transfer) where of_transfer is not null;
create index transfer_moving on transfer (shipped_at) where state = 'shipped';
create index transfer_asked on transfer (from_site) where state in ('requested', 'approved');

alter table transfer_line
    add column approved bigint constraint transfer_line_approved check (approved >= 0);

alter table transfer_lot
    add column returned   bigint not null default 0,
    add column found      bigint not null default 0,
    add column left_minor bigint not null default 0,
    add column lost_minor bigint not null default 0;
alter table transfer_lot drop constraint transfer_lot_sum;
update transfer_lot l set returned = l.lost, lost = 0 from transfer t where t.id = l.transfer_id
    and t.state = 'cancelled';
update transfer_lot l set left_minor = round(l.cost_minor::numeric * (l.shipped - l.received - l.lost) / l.shipped)
    from transfer t where t.id = l.transfer_id and t.state = 'shipped' and l.shipped > l.received + l.lost;
with carried as (
    select t.to_site, l.lot_id, sum(l.left_minor)::bigint as minor,
           (array_agg(row(l.transfer_id, l.line) order by l.left_minor desc))[1] as largest
    from transfer_lot l join transfer t on t.id = l.transfer_id
    where t.state = 'shipped' and l.shipped > l.received + l.lost group by t.to_site, l.lot_id),
lying as (
    select site, lot_id, sum(cost_minor)::bigint as minor from balance where kind = 'transit' group by site, lot_id)
update transfer_lot l set left_minor = greatest(0, l.left_minor + y.minor - c.minor)
    from carried c join lying y on y.site = c.to_site and y.lot_id = c.lot_id
    where row(l.transfer_id, l.line) = c.largest and l.lot_id = c.lot_id;
alter table transfer_lot add constraint transfer_lot_sum check (
    shipped >= received + lost + returned and received >= 0 and lost >= found and found >= 0 and returned >= 0);
alter table transfer_lot add constraint transfer_lot_cost check (left_minor >= 0 and lost_minor >= 0);
create index transfer_lot_by_lot on transfer_lot (lot_id);

create table transfer_step (
    id          uuid primary key,
    transfer_id uuid not null references transfer (id),
    move        text not null,
    happened_at timestamptz not null,
    recorded_at timestamptz not null,
    actor       text not null,
    note        text not null,
    lines       jsonb not null
);
create index transfer_step_by_transfer on transfer_step (transfer_id, id);

create table resupply (
    site       text not null references site (slug),
    product_id uuid not null references product (id),
    from_site  text references site (slug),
    set_by     text not null,
    set_at     timestamptz not null,
    revision   bigint not null,
    primary key (site, product_id),
    constraint resupply_sites check (from_site <> site)
);
create index resupply_by_source on resupply (from_site, product_id) where from_site is not null;
alter table level add column requested bigint not null default 0 constraint level_requested check (requested >= 0);

create table company_terms (
    from_entity text not null,
    to_entity   text not null,
    markup      bigint not null constraint company_terms_markup check (markup >= 0),
    tax_name    text not null,
    tax_percent bigint not null constraint company_terms_tax check (tax_percent >= 0),
    last_number bigint not null,
    revision    bigint not null,
    primary key (from_entity, to_entity),
    constraint company_terms_entities check (from_entity <> to_entity)
);

create table company_note (
    id          uuid primary key,
    from_entity text not null,
    to_entity   text not null,
    number      bigint not null,
    transfer_id uuid not null references transfer (id),
    credits     uuid references company_note (id),
    from_site   text not null references site (slug),
    to_site     text not null references site (slug),
    happened_at timestamptz not null,
    issued_at   timestamptz not null,
    issued_by   text not null,
    markup      bigint not null,
    tax_name    text not null,
    tax_percent bigint not null,
    cost_minor  bigint not null,
    price_minor bigint not null,
    tax_minor   bigint not null,
    lines       jsonb not null
);
create unique index company_note_by_number on company_note (from_entity, to_entity, number);
create index company_note_by_transfer on company_note (transfer_id);
create index company_note_by_credited on company_note (credits) where credits is not null;

alter table location drop constraint location_kind;
alter table location add constraint location_kind check (
    kind in ('shelf', 'supplier', 'patient', 'waste', 'lost_and_found', 'transit', 'quarantine', 'in_use',
             'unattributed', 'back_bar'));
insert into location (site, kind, area) select slug, 'back_bar', '' from site on conflict do nothing;

create index movement_of_transfers on movement (happened_at) where reason = 'transfer';
create index daily_total_by_day on daily_total (location_id, happened_on);
