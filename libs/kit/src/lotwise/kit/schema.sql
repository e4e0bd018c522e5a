-- The kit's own tables in a service's database. Run by the owner role; the app role gets DML only.

create function kit_uuid_floor(at timestamptz) returns uuid
    language sql immutable strict parallel safe
    return (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

-- Checks run for every row told and again when it is marked: counted repetitions in their patterns cost 30 us each.
create table outbox (
    id             uuid not null primary key check (uuid_extract_version(id) = 7),
    seq            bigint not null generated always as identity,
    subject        text not null
                   check (subject collate "C" ~ '^lotwise\.[a-z0-9-]+\.[a-z]+\.[a-z-]+\.v[0-9]+$'
                          and octet_length(subject) <= 200),
    traceparent    text check (octet_length(traceparent) = 55 and traceparent !~ '[^0-9a-f-]'),
    correlation_id text check (octet_length(correlation_id) between 1 and 200 and correlation_id !~ '[^!-~]'),
    actor          text check (octet_length(actor) between 1 and 800 and actor !~ '[[:cntrl:]]'),
    cause_id       uuid,
    body           bytea not null check (octet_length(body) <= 900000),
    created_at     timestamptz not null default now(),
    published_at   timestamptz,
    stream_seq     bigint,
    stream_epoch   bigint,
    failed_at      timestamptz,
    error          text
) partition by range (id);
create table outbox_rest partition of outbox default;
create index outbox_unpublished on outbox (seq) where published_at is null and failed_at is null;
create index outbox_failed on outbox (failed_at) where failed_at is not null;
create index outbox_stream_seq on outbox using brin (stream_seq) with (pages_per_range = 32, autosummarize = on);

create table inbox (
    msg_id   uuid not null check (uuid_extract_version(msg_id) = 7),
    consumer text not null,
    primary key (msg_id, consumer)
) partition by range (msg_id);
create table inbox_rest partition of inbox default;

create table dead_letter (
    id           uuid not null primary key,
    consumer     text not null,
    stream       text not null,
    sequence     bigint not null,
    msg_id       uuid,
    subject      text not null,
    headers      jsonb not null,
    body         bytea not null,
    reason       text not null,
    error        text not null,
    stack        text not null default '',
    published_at timestamptz,
    failed_at    timestamptz not null default now(),
    tries        integer not null default 1,
    settled_at   timestamptz,
    settled_by   text
);
create index dead_letter_open on dead_letter (failed_at desc, id) where settled_at is null;
create unique index dead_letter_message on dead_letter (consumer, stream, sequence, published_at) nulls not distinct;

create table waiting (
    msg_id       uuid not null,
    consumer     text not null,
    kind         text not null,
    key          text not null,
    stream       text not null,
    sequence     bigint not null,
    subject      text not null,
    headers      jsonb not null,
    body         bytea not null,
    published_at timestamptz,
    parked_at    timestamptz not null default now(),
    tries        integer not null default 1,
    retry_at     timestamptz not null default now() + interval '5 seconds',
    primary key (msg_id, consumer)
);
create index waiting_key on waiting (kind, key);
create index waiting_retry on waiting (retry_at);

create table idempotency (
    owner        text not null,
    key          text not null,
    request_hash bytea not null,
    status       smallint not null,
    answer       bytea not null,
    created_at   timestamptz not null default now(),
    primary key (owner, key)
);
create index idempotency_age on idempotency using brin (created_at);

create table audit (
    id           uuid not null primary key,
    seq          bigint not null generated always as identity,
    at           timestamptz not null default now(),
    actor        text not null,
    subject      text not null,
    action       text not null,
    site         text,
    target       text not null default '',
    details      jsonb not null default '{}',
    reason       text,
    request_key  text,
    traceparent  text,
    content_hash bytea not null
);
create index audit_seq on audit (seq);
create index audit_target on audit (target, seq desc);

create table audit_seal (
    block     bigint not null primary key,
    seq_from  bigint not null,
    seq_to    bigint not null,
    rows      integer not null,
    head      bytea not null,
    sealed_at timestamptz not null default now()
);

create table relay_state (
    stream   text not null primary key,
    epoch    bigint not null,
    last_seq bigint not null
);

-- Makes the partitions of last week, this week and the next two, and drops those older than keep_days
-- (twice that for the inbox: a replay of the whole stream must still be recognised).
-- Runs as the owner, so that a running service needs no right to create tables; gives up after 3 s of waiting for a
-- lock rather than hold everybody up. Rows that an odd clock put into the rest partition move into their week when it
-- is made.
create function kit_partitions(keep_days integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '3s' as $$
declare
    parent text;
    week timestamptz;
    child text;
    lower_bound uuid;
    upper_bound uuid;
    made integer := 0;
begin
    if keep_days < 1 then
        raise exception 'keep_days must be at least 1';
    end if;
    perform pg_advisory_xact_lock(hashtext('kit_partitions'));
    foreach parent in array array['outbox', 'inbox'] loop
        for step in -1..2 loop
            week := date_trunc('week', now(), 'UTC') + make_interval(days => 7 * step);
            child := parent || '_p' || to_char(week at time zone 'UTC', 'YYYYMMDD');
            continue when to_regclass(quote_ident(child)) is not null;
            lower_bound := kit_uuid_floor(week);
            upper_bound := kit_uuid_floor(week + interval '7 days');
            execute format('create table %I (like %I including defaults including constraints including identity)', child, parent);
            execute format('alter table %I alter column %I drop identity if exists', child, case parent when 'outbox' then 'seq' else 'msg_id' end);
            execute format('lock table %I in access exclusive mode', parent || '_rest');
            execute format(
                'with moved as (delete from %I where %I >= $1 and %I < $2 returning *) insert into %I select * from moved',
                parent || '_rest', case parent when 'outbox' then 'id' else 'msg_id' end,
                case parent when 'outbox' then 'id' else 'msg_id' end, child
            ) using lower_bound, upper_bound;
            execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, child, lower_bound, upper_bound);
            made := made + 1;
        end loop;
        for child in
            select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = parent::regclass and c.relname ~ ('^' || parent || '_p[0-9]{8}$')
              and to_timestamp(right(c.relname, 8), 'YYYYMMDD') + interval '8 days'
                  < now() - make_interval(days => keep_days * case parent when 'inbox' then 2 else 1 end)
        loop
            execute format('drop table %I', child);
        end loop;
    end loop;
    return made;
end $$;
