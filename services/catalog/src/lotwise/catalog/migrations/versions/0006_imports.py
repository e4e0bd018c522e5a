"""Imports of products: files, their rows, and what becomes of each."""

from lotwise.kit.migrate import run_script

revision = "0006"
down_revision = "0005"

_SCHEMA = """
create table product_import (
    id          uuid primary key,
    name        text not null,
    state       text not null constraint product_import_state
        check (state in ('reading', 'judging', 'ready', 'applying', 'done', 'failed')),
    who         text not null,
    created_at  timestamptz not null default now(),
    content     bytea,
    rows        integer not null,
    done        integer not null,
    columns     jsonb not null,
    unused      text[] not null,
    problem     text,
    applied_by  text,
    applied_at  timestamptz,
    finished_at timestamptz
);
create index product_import_waiting on product_import (created_at) where state in ('reading', 'judging', 'applying');

create table product_import_row (
    import_id  uuid not null references product_import on delete cascade,
    line       integer not null,
    part       smallint not null,
    code       text not null,
    name       text not null,
    body       jsonb not null,
    outcome    text constraint product_import_row_outcome
        check (outcome in ('created', 'updated', 'unchanged', 'refused')),
    changes    jsonb not null,
    warnings   jsonb not null,
    field      text,
    problem    text,
    advice     text,
    product_id uuid,
    is_applied boolean not null default false,
    primary key (import_id, line)
);
create index product_import_row_part on product_import_row (import_id, part, line);
create index product_import_row_outcome_line on product_import_row (import_id, outcome, line);
"""


def upgrade() -> None:
    """Make the tables."""
    run_script(_SCHEMA)
