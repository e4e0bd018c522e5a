"""The journal, the read models and the month-by-month partitions."""

from lotwise.kit.migrate import append_only, kit_upgrade, run_script

revision = "0001"
down_revision = None

_SCRIPT = """
create table journal (
    position       bigint not null generated always as identity,
    at             timestamptz not null,
    id             uuid not null,
    subject        text not null,
    stream         text not null,
    sequence       bigint not null,
    cause_id       uuid,
    correlation_id text,
    traceparent    text,
    actor          text,
    body           bytea not null,
    primary key (position, at)
) partition by range (at);
create unique index journal_event on journal (id, at);
create index journal_cause on journal (cause_id) where cause_id is not null;
create table journal_rest partition of journal default;

create table journal_ref (
    ref      uuid not null,
    at       timestamptz not null,
    event_id uuid not null,
    primary key (ref, at, event_id)
);

create table projection (
    id         smallint not null primary key constraint projection_is_one check (id = 1),
    live       integer not null,
    last       integer not null,
    rebuilt_at timestamptz
);
insert into projection (id, live, last) values (1, 1, 1);

create table sale_day (
    generation integer not null, day date not null, site text not null, product_id uuid not null,
    units numeric(38, 6) not null, lines bigint not null, net_minor bigint not null, tax_minor bigint not null,
    primary key (generation, day, site, product_id)
);
create table charge_day (
    generation integer not null, day date not null, site text not null,
    charges bigint not null, returns bigint not null, voids bigint not null,
    primary key (generation, day, site)
);
create table cost_day (
    generation integer not null, day date not null, site text not null, product_id uuid not null,
    units numeric(38, 6) not null, cost_minor bigint not null,
    primary key (generation, day, site, product_id)
);
create table waste_day (
    generation integer not null, day date not null, site text not null, product_id uuid not null, reason text not null,
    units numeric(38, 6) not null, cost_minor bigint not null, entries bigint not null,
    primary key (generation, day, site, product_id, reason)
);
create table level (
    generation integer not null, site text not null, product_id uuid not null,
    on_hand numeric(38, 6) not null, held numeric(38, 6) not null, available numeric(38, 6) not null,
    minimum numeric(38, 6), reorder_at numeric(38, 6), value_minor bigint not null, revision bigint not null,
    primary key (generation, site, product_id)
);
create table purchase_order (
    generation integer not null, order_id uuid not null, site text not null, number text not null,
    supplier_id uuid not null, drafted_at timestamptz, sent_at timestamptz, received_at timestamptz,
    cancelled_at timestamptz, is_complete boolean not null, total_at timestamptz not null, total_minor bigint not null,
    primary key (generation, order_id)
);
create table site (
    generation integer not null, slug text not null, name text not null, time_zone text not null,
    revision bigint not null,
    primary key (generation, slug)
);
create table product (
    generation integer not null, product_id uuid not null, code text not null, name text not null, kind text not null,
    category_id uuid, unit text not null, revision bigint not null,
    primary key (generation, product_id)
);
create table category (
    generation integer not null, category_id uuid not null, name text not null, revision bigint not null,
    primary key (generation, category_id)
);
create table supplier (
    generation integer not null, supplier_id uuid not null, name text not null, revision bigint not null,
    primary key (generation, supplier_id)
);

-- Makes the journal's partitions of last month to two months ahead; runs as the owner. Entries of other times
-- lie in the rest partition; those of a month move into it when it is made. Months are kept for ever.
create function journal_months() returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    month timestamptz;
    child text;
    made integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('journal_months'));
    for step in -1..2 loop
        month := date_trunc('month', now(), 'UTC') + make_interval(months => step);
        child := 'journal_p' || to_char(month at time zone 'UTC', 'YYYYMM');
        continue when to_regclass(quote_ident(child)) is not null;
        execute format('create table %I (like journal including defaults including constraints)', child);
        execute 'lock table journal_rest in access exclusive mode';
        execute format('with moved as (delete from journal_rest where at >= $1 and at < $2 returning *)
                        insert into %I select * from moved', child) using month, month + interval '1 month';
        execute format('alter table journal attach partition %I for values from (%L) to (%L)',
                       child, month, month + interval '1 month');
        execute format('comment on table %I is %L', child, 'append-only: the app role may insert and select');
        made := made + 1;
    end loop;
    return made;
end $$;
"""


def upgrade() -> None:
    """Create everything."""
    kit_upgrade()
    run_script(_SCRIPT)
    append_only("journal", "journal_rest", "journal_ref")
    run_script("select journal_months()")
