"""Managed reasons, witnesses, drug classes, consigned liability, temporary minimums."""

from lotwise.kit.migrate import append_only, run_script

revision = "0009"
down_revision = "0008"

_SCRIPT = """
alter table location drop constraint location_kind;
alter table location add constraint location_kind check (kind in
    ('shelf', 'supplier', 'patient', 'waste', 'lost_and_found', 'transit', 'quarantine', 'in_use', 'unattributed',
     'back_bar', 'usage'));
insert into location (site, kind, area) select slug, 'usage', '' from site on conflict do nothing;
insert into location (site, kind, area) select slug, 'quarantine', 'damaged' from site on conflict do nothing;
alter table product add column if not exists drug_class text not null default 'otc';

create index transfer_line_by_product on transfer_line (product_id);

create table reason (
    code          text primary key check (code ~ '^[a-z][a-z0-9_-]{0,39}$'),
    name          text not null,
    account       text not null constraint reason_account check (account in ('waste', 'loss', 'found', 'usage')),
    needs_note    boolean not null,
    needs_witness boolean not null,
    is_archived   boolean not null,
    revision      bigint not null
);

create table witness_rule (
    scope       text primary key check (scope ~ '^[a-z0-9-]{1,40}$'),
    above_minor bigint check (above_minor >= 0),
    classes     text[] not null,
    hours       integer not null constraint witness_hours check (hours between 1 and 720),
    revision    bigint not null
);

create table adjustment (
    id           uuid primary key,
    site         text not null references site (slug),
    product_id   uuid not null references product (id),
    lot_id       uuid,
    area         text not null,
    quantity     bigint not null constraint adjustment_quantity check (quantity <> 0),
    cost_minor   bigint not null,
    reason       text not null,
    account      text not null constraint adjustment_account check (account in ('waste', 'loss', 'found', 'usage')),
    note         text not null,
    state        text not null constraint adjustment_state
                 check (state in ('posted', 'pending', 'declined', 'expired')),
    needed       text not null,
    happened_at  timestamptz not null,
    entered_at   timestamptz not null,
    actor        text not null,
    trace_id     text not null,
    expires_at   timestamptz,
    witness      text,
    witnessed_at timestamptz,
    witness_note text not null,
    damage_id    uuid,
    constraint adjustment_witness check (witness is distinct from actor)
);
create index adjustment_by_site on adjustment (site, entered_at, id);
create index adjustment_by_time on adjustment (entered_at, id);
create index adjustment_by_product on adjustment (product_id, entered_at, id);
create index adjustment_pending on adjustment (expires_at) where state = 'pending';

create table damage (
    id           uuid not null,
    site         text not null references site (slug),
    product_id   uuid not null references product (id),
    lot_id       uuid not null references lot (id),
    quantity     bigint not null constraint damage_quantity check (quantity > 0),
    repaired     bigint not null,
    scrapped     bigint not null,
    returned     bigint not null,
    note         text not null,
    is_defective boolean not null,
    happened_at  timestamptz not null,
    actor        text not null,
    primary key (id, lot_id),
    constraint damage_parts check (
        repaired >= 0 and scrapped >= 0 and returned >= 0 and repaired + scrapped + returned <= quantity)
);
create index damage_open on damage (site, id) where repaired + scrapped + returned < quantity;

create table liability (
    movement_id     uuid primary key,
    site            text not null references site (slug),
    product_id      uuid not null references product (id),
    lot_id          uuid not null references lot (id),
    supplier_id     uuid,
    quantity        bigint not null constraint liability_quantity check (quantity <> 0),
    liability_minor bigint not null,
    reason          text not null,
    cause_id        uuid not null,
    happened_at     timestamptz not null
);
create index liability_by_time on liability (happened_at, movement_id);
create index liability_by_supplier on liability (supplier_id, happened_at);
create index liability_by_cell on liability (site, product_id);

create table temporary_minimum (
    id               uuid primary key,
    site             text not null references site (slug),
    product_id       uuid not null references product (id),
    minimum          bigint check (minimum >= 0),
    reorder_at       bigint check (reorder_at >= 0),
    was_minimum      bigint,
    was_reorder_at   bigint,
    setting_revision bigint not null,
    ends_on          date not null,
    ends_at          timestamptz not null,
    reason           text not null,
    actor            text not null,
    made_at          timestamptz not null,
    state            text not null constraint temporary_minimum_state
                     check (state in ('active', 'ended', 'superseded')),
    ended_at         timestamptz,
    ended_by         text
);
create unique index temporary_minimum_active on temporary_minimum (site, product_id) where state = 'active';
create index temporary_minimum_due on temporary_minimum (ends_at) where state = 'active';
"""


def upgrade() -> None:
    """Bring the tables of corrections; what is owed to suppliers can only be added to."""
    run_script(_SCRIPT)
    append_only("liability")
