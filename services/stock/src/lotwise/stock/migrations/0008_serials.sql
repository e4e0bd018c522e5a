create table serial (
    id                  uuid primary key,
    product_id          uuid not null references product,
    number              text not null,
    look_alike          text not null,
    lot_id              uuid references lot,
    site                text not null references site,
    state               text not null constraint serial_state check (
        state in ('in_stock', 'in_use', 'in_repair', 'in_transit', 'sold', 'scrapped', 'returned', 'lost')),
    room                text not null,
    receipt_id          uuid,
    receipt_line        integer not null,
    charge_id           uuid,
    transfer_id         uuid,
    cost_minor          bigint not null,
    acquired_on         date not null,
    supplier_id         uuid,
    note                text not null,
    warranty_starts_on  date,
    warranty_ends_on    date,
    warranty_terms      text not null,
    warranty_told_on    date,
    maintenance_due_on  date,
    maintenance_work    text not null,
    maintenance_told_on date,
    method              text not null,
    in_service_on       date,
    salvage_minor       bigint not null,
    life_months         integer not null,
    factor              integer not null,
    units_total         bigint not null,
    registered_at       timestamptz not null,
    registered_by       text not null,
    revision            bigint not null,
    constraint serial_figures check (number <> '' and cost_minor >= 0),
    constraint serial_charge check ((state = 'sold') = (charge_id is not null)),
    constraint serial_transfer check ((state = 'in_transit') = (transfer_id is not null)),
    constraint serial_warranty check (warranty_starts_on <= warranty_ends_on),
    constraint serial_depreciation check (
        salvage_minor between 0 and cost_minor and life_months >= 0 and factor >= 0 and units_total >= 0)
);
create unique index serial_number on serial (product_id, number);
create index serial_alike on serial (product_id, look_alike);
create index serial_by_site on serial (site, id);
create index serial_by_lot on serial (lot_id, site) where lot_id is not null;
create index serial_by_charge on serial (charge_id) where charge_id is not null;
create index serial_by_transfer on serial (transfer_id) where transfer_id is not null;
create index serial_by_receipt on serial (receipt_id) where receipt_id is not null;
create index serial_warranty_due on serial (warranty_ends_on) where warranty_ends_on is not null;
create index serial_maintenance_due on serial (maintenance_due_on) where maintenance_due_on is not null;

create table serial_step (
    id          bigint generated always as identity primary key,
    serial_id   uuid not null references serial,
    kind        text not null,
    state       text not null,
    site        text not null,
    room        text not null,
    cause_id    uuid not null,
    note        text not null,
    actor       text not null,
    happened_at timestamptz not null,
    recorded_at timestamptz not null
);
create unique index serial_step_once on serial_step (serial_id, cause_id, kind);
create index serial_step_by_cause on serial_step (cause_id);

create table serial_work (
    id          uuid primary key,
    serial_id   uuid not null references serial,
    done_on     date not null,
    work        text not null,
    cost_minor  bigint not null constraint serial_work_cost check (cost_minor >= 0),
    done_by     text not null,
    document    text not null,
    note        text not null,
    next_due_on date,
    next_work   text not null,
    entered_by  text not null,
    entered_at  timestamptz not null
);
create index serial_work_by_serial on serial_work (serial_id, done_on);

create table serial_use (
    id         uuid primary key,
    serial_id  uuid not null references serial,
    read_on    date not null,
    units      bigint not null constraint serial_use_units check (units > 0),
    entered_by text not null,
    entered_at timestamptz not null
);
create index serial_use_by_serial on serial_use (serial_id, read_on);
