"""Purchasing's first shape: suppliers, their offers, orders, receipts, shortages."""

from lotwise.kit.migrate import append_only, kit_upgrade, run_script

revision = "0001"
down_revision = None

_SCHEMA = r"""
create table site (
    slug     text primary key,
    name     text not null,
    revision integer not null
);

create table product (
    id                    uuid primary key,
    code                  text collate "C" not null,
    name                  text not null,
    kind                  text not null,
    unit                  text not null,
    unit_decimals         smallint not null,
    cost                  bigint,
    normal_order_quantity bigint,
    supplier_id           uuid,
    supplier_code         text not null,
    is_archived           boolean not null,
    revision              integer not null,
    cost_revision         bigint not null default 0
);

create table supplier (
    id                  uuid primary key,
    number              bigint not null constraint supplier_number unique,
    name                text not null,
    contact             text not null,
    email               text not null,
    phone               text not null,
    address             text not null,
    lead_time_days      integer constraint supplier_lead_time check (lead_time_days between 0 and 3650),
    payment_terms       text not null,
    minimum_order_minor bigint constraint supplier_minimum check (minimum_order_minor >= 0),
    note                text not null,
    is_archived         boolean not null,
    revision            integer not null
);
create unique index supplier_name on supplier (lower(name));

create table offer (
    supplier_id    uuid not null references supplier,
    product_id     uuid not null references product,
    pack_name      text not null,
    pack_units     bigint not null constraint offer_pack check (pack_units > 0),
    cost           bigint constraint offer_cost check (cost >= 0),
    lead_time_days integer constraint offer_lead_time check (lead_time_days between 0 and 3650),
    supplier_code  text not null,
    revision       integer not null,
    primary key (supplier_id, product_id)
);
create index offer_product on offer (product_id);

create table preferred (
    product_id  uuid not null,
    at_site     text not null,
    supplier_id uuid not null,
    primary key (product_id, at_site),
    foreign key (supplier_id, product_id) references offer
);

create sequence order_number;

create table purchase_order (
    id          uuid primary key,
    seq         bigint not null constraint purchase_order_seq unique,
    number      text not null,
    supplier_id uuid not null references supplier,
    site        text not null references site,
    status      text not null constraint purchase_order_status
                check (status in ('draft', 'sent', 'pending', 'received', 'cancelled')),
    origin      text not null constraint purchase_order_origin check (origin in ('person', 'shortage')),
    created_at  timestamptz not null,
    expected_on date,
    note        text not null,
    sent_at     timestamptz,
    due_on      date,
    closed_at   timestamptz,
    revision    integer not null
);
create unique index purchase_order_one_draft on purchase_order (supplier_id, site)
    where status = 'draft' and origin = 'shortage';
create index purchase_order_list on purchase_order (site, status, seq);
create index purchase_order_open on purchase_order (id) where status in ('draft', 'sent', 'pending');

create table order_line (
    order_id   uuid not null references purchase_order,
    line       integer not null constraint order_line_number check (line >= 1),
    product_id uuid not null references product,
    quantity   bigint not null constraint order_line_quantity check (quantity > 0),
    unit_cost  bigint not null constraint order_line_cost check (unit_cost >= 0),
    received   bigint not null default 0 constraint order_line_received check (received >= 0),
    is_touched boolean not null,
    primary key (order_id, line),
    constraint order_line_product unique (order_id, product_id)
);
create index order_line_by_product on order_line (product_id, order_id);

create table receipt (
    id          uuid primary key,
    order_id    uuid not null references purchase_order,
    happened_at timestamptz not null,
    recorded_at timestamptz not null default now(),
    actor       text not null,
    note        text not null
);
create index receipt_order on receipt (order_id);

create table receipt_line (
    receipt_id uuid not null references receipt,
    line       integer not null,
    order_line integer not null,
    product_id uuid not null references product,
    quantity   bigint not null constraint receipt_line_quantity check (quantity > 0),
    unit_cost  bigint not null constraint receipt_line_cost check (unit_cost >= 0),
    lot_number text not null,
    expires_on date,
    primary key (receipt_id, line)
);

create table shortage (
    id          uuid primary key,
    site        text not null,
    product_id  uuid not null,
    usable      bigint not null,
    minimum     bigint,
    reorder_at  bigint,
    normal      bigint,
    decision    text not null constraint shortage_decision
                check (decision in ('noted', 'drafted', 'covered', 'unsourced', 'not_ordered')),
    order_id    uuid references purchase_order,
    happened_at timestamptz not null,
    restored_at timestamptz,
    constraint shortage_drafted check ((decision = 'drafted') = (order_id is not null))
);
create index shortage_open on shortage (site, product_id) where restored_at is null;
create index shortage_order on shortage (order_id) where order_id is not null;
"""


def upgrade() -> None:
    """Create the kit's tables, then purchasing's."""
    kit_upgrade()
    run_script(_SCHEMA)
    append_only("receipt", "receipt_line")
