"""What the price tool did and can undo, the cost behind each price, pinned function keys, indexes of the lists."""

from lotwise.kit.migrate import run_script

revision = "0004"
down_revision = "0003"

_SCHEMA = """
create table price_run (
    id         uuid primary key,
    kind       text not null constraint price_run_kind check (kind in ('percent', 'amount', 'set', 'markup')),
    value      bigint not null,
    ending     text not null,
    at_site    text references site,
    audience   text not null constraint price_run_audience check (audience in ('everyone', 'members')),
    begins     timestamptz not null,
    chosen     jsonb not null,
    who        text not null,
    created_at timestamptz not null default now(),
    prices     integer not null,
    skipped    integer not null,
    undone_at  timestamptz,
    undone_by  text,
    undone     integer not null,
    constraint price_run_undone check ((undone_at is null) = (undone_by is null))
);

create table price_run_price (
    run_id     uuid not null references price_run,
    product_id uuid not null,
    code       text collate "C" not null,
    price_id   uuid not null,
    was        bigint,
    was_own    bigint,
    now        bigint not null,
    is_undone  boolean,
    primary key (run_id, product_id)
);
create index price_run_price_code on price_run_price (run_id, code);

create table function_key (
    site       text not null references site,
    key        smallint not null constraint function_key_number check (key between 1 and 12),
    product_id uuid not null references product,
    primary key (site, key)
);
create table function_key_list (
    site     text primary key references site,
    revision integer not null
);

alter table product add column priced_cost bigint;
update product set priced_cost = cost;

alter table product add column find text
    generated always as (lower(' ' || code) || ' ' || lower(name || ' ' || variant_name)) stored;
drop index product_name_trgm;
drop index product_code_trgm;
create index product_find on product using gin (find gin_trgm_ops);
create index product_supplier on product (supplier_id, code) where supplier_id is not null;
"""


def upgrade() -> None:
    """Make the tables and columns; prices so far count as made at today's cost."""
    run_script(_SCHEMA)
