alter table product
    add column container_rule  text not null default 'none',
    add column use_by_hours    integer,
    add column container_sizes bigint[] not null default '{}';

insert into location (site, kind, area) select slug, 'in_use', 'patient' from site on conflict do nothing;

create table container (
    id              uuid primary key,
    site            text not null references site,
    product_id      uuid not null references product,
    lot_id          uuid not null references lot,
    is_shared       boolean not null,
    state           text not null constraint container_state
                    check (state in ('open', 'used_up', 'discarded', 'unopened')),
    label           bigint not null,
    overfill        bigint not null,
    drawn           bigint not null,
    wasted          bigint not null,
    cost_minor      bigint not null,
    wasted_minor    bigint not null,
    member_id       uuid,
    visit_id        uuid,
    opened_at       timestamptz not null,
    opened_by       text not null,
    use_by          timestamptz,
    approved_by     text not null,
    diluent         text not null,
    note            text not null,
    from_location   integer not null,
    is_automatic    boolean not null,
    is_confirmed    boolean not null,
    proposed_lot_id uuid references lot,
    closed_at       timestamptz,
    closed_by       text not null,
    close_reason    text not null,
    revision        bigint not null,
    constraint container_figures check (label > 0 and overfill >= 0 and drawn >= 0 and wasted >= 0),
    constraint container_cost check (cost_minor >= 0 and wasted_minor >= 0),
    constraint container_sum check (
        drawn + wasted <= label + overfill
        and (state in ('open', 'unopened') or drawn + wasted = label + overfill)),
    constraint container_unopened check (state <> 'unopened' or (drawn = 0 and wasted = 0))
);
create index container_open on container (site, product_id) where state = 'open';
create index container_due on container (use_by) where state = 'open';
create index container_by_site on container (site, id);
create index container_by_visit on container (visit_id) where visit_id is not null;
create index container_by_member on container (member_id) where state = 'open';
create index container_by_lot on container (lot_id);
create index container_closed on container (site, closed_at) where closed_at is not null;

create table container_draw (
    id           uuid primary key,
    container_id uuid not null references container,
    site         text not null,
    product_id   uuid not null,
    quantity     bigint not null constraint container_draw_quantity check (quantity <> 0),
    cost_minor   bigint not null,
    member_id    uuid,
    visit_id     uuid,
    practitioner text not null,
    cause_id     uuid not null,
    reason       text not null,
    actor        text not null,
    happened_at  timestamptz not null
);
create index container_draw_by_container on container_draw (container_id, id);
create index container_draw_by_visit on container_draw (visit_id) where visit_id is not null;
create index container_draw_by_site on container_draw (site, happened_at);

create table treatment (
    id             uuid primary key,
    site           text not null references site,
    service_id     uuid not null,
    appointment_id uuid,
    member_id      uuid,
    practitioner   text not null,
    happened_at    timestamptz not null,
    happened_on    date not null,
    revision       bigint not null
);
create index treatment_by_day on treatment (site, happened_on, id);
create index treatment_by_member on treatment (member_id) where member_id is not null;

create table treatment_use (
    treatment_id uuid not null,
    product_id   uuid not null references product,
    site         text not null references site,
    happened_on  date not null,
    happened_at  timestamptz,
    practitioner text not null,
    charged      bigint not null,
    returned     bigint not null,
    thrown       bigint not null,
    largest_back bigint not null,
    drawn        bigint,
    poured       bigint not null,
    expected     bigint not null,
    is_completed boolean not null,
    consumed     bigint not null,
    cost_minor   bigint not null,
    set_apart    bigint not null,
    wasted       bigint not null,
    unattributed bigint not null,
    primary key (treatment_id, product_id),
    constraint treatment_use_figures check (
        charged >= 0 and returned >= 0 and thrown >= 0 and largest_back >= 0 and poured >= 0
    ),
    constraint treatment_use_parts check (consumed >= 0 and set_apart >= 0 and wasted >= 0)
);
create index treatment_use_by_day on treatment_use (site, happened_on, treatment_id);

create table treatment_part (
    treatment_id uuid not null,
    product_id   uuid not null,
    position     integer not null,
    movement_id  uuid not null,
    site         text not null,
    lot_id       uuid references lot,
    container_id uuid references container,
    quantity     bigint not null,
    cost_minor   bigint not null,
    place        text not null constraint treatment_part_place check (place in ('patient', 'quarantine', 'waste')),
    is_poured    boolean not null,
    from_location integer not null,
    primary key (treatment_id, product_id, position),
    constraint treatment_part_quantity check (quantity > 0 and cost_minor >= 0)
);
create index treatment_part_by_lot on treatment_part (lot_id) where lot_id is not null;

create table treatment_charge (
    charge_id    uuid not null,
    line         integer not null,
    treatment_id uuid not null,
    product_id   uuid not null,
    quantity     bigint not null,
    back         bigint not null,
    primary key (charge_id, line),
    constraint treatment_charge_quantity check (quantity > 0 and back >= 0 and back <= quantity)
);
create index treatment_charge_by_treatment on treatment_charge (treatment_id);

create table treatment_explanation (
    treatment_id uuid not null,
    product_id   uuid not null,
    kind         text not null,
    difference   bigint not null,
    reason       text not null,
    actor        text not null,
    explained_at timestamptz not null,
    primary key (treatment_id, product_id, kind)
);
