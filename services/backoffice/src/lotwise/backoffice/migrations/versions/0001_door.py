"""The door's first shape: persons, grants, sessions, keys of machines, signing keys, failed tries."""

from lotwise.kit.migrate import kit_upgrade, run_script

revision = "0001"
down_revision = None

_SCHEMA = r"""
create table app_user (
    id            uuid primary key,
    login         text not null unique constraint app_user_login check (login = lower(login) and login <> ''),
    name          text not null,
    password_hash text,
    is_active     boolean not null,
    revision      integer not null,
    created_at    timestamptz not null default now(),
    changed_at    timestamptz not null default now()
);

create table app_grant (
    user_id uuid not null references app_user on delete cascade,
    role    text not null,
    site    text not null constraint app_grant_site check (site = '*' or site ~ '^[a-z0-9-]{1,40}$'),
    primary key (user_id, role, site)
);

create table app_session (
    id          uuid primary key,
    secret_hash bytea not null unique,
    user_id     uuid not null references app_user on delete cascade,
    created_at  timestamptz not null default now(),
    seen_at     timestamptz not null default now(),
    expires_at  timestamptz not null,
    ended_at    timestamptz,
    address     text not null
);
create index app_session_user on app_session (user_id) where ended_at is null;
create index app_session_age on app_session (expires_at);

create table api_key (
    id          text primary key,
    secret_hash bytea not null,
    name        text not null,
    grants      jsonb not null,
    addresses   text[] not null,
    created_by  text not null,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz,
    revoked_at  timestamptz,
    used_at     timestamptz
);

create table signing_key (
    kid         text primary key,
    public_x    text not null,
    private_box bytea not null,
    signs_from  timestamptz not null,
    signs_until timestamptz not null
);

create table sign_in_tries (
    subject        text primary key,
    failures       integer not null,
    window_ends_at timestamptz not null
);
"""


def upgrade() -> None:
    """Create everything."""
    kit_upgrade()
    run_script(_SCHEMA)
