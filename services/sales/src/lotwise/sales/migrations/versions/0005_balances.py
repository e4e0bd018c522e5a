"""Packages sold, memberships, gift certificates and accounts."""

from lotwise.kit.migrate import append_only, run_script

revision = "0005"
down_revision = "0004"

_SCHEMA = """
alter table charge drop constraint charge_source_check;
alter table charge add constraint charge_source_check check (source in ('desk', 'till', 'import', 'membership'));

create table package_balance (
    balance_id     uuid primary key,
    package_id     uuid not null,
    membership_id  uuid,
    member_id      uuid not null,
    site           text not null check (site ~ '^[a-z0-9-]{1,40}$'),
    charge_id      uuid not null,
    line           smallint not null,
    state          text not null check (state in ('active', 'expired', 'refunded', 'voided')),
    value_minor    bigint not null check (value_minor >= 0),
    earned_minor   bigint not null check (earned_minor >= 0),
    refunded_minor bigint not null check (refunded_minor >= 0),
    kept_minor     bigint not null check (kept_minor >= 0),
    expired_minor  bigint not null check (expired_minor >= 0),
    tax_1_minor    bigint not null,
    tax_2_minor    bigint not null,
    taxed_at_sale  boolean not null,
    tax_inclusive  boolean not null,
    sold_at        timestamptz not null,
    expires_at     timestamptz,
    refund_rule    text not null check (refund_rule in ('list', 'pro_rata')),
    redeem_at      text[] not null,
    currency       text not null,
    revision       integer not null check (revision >= 1),
    constraint package_balance_owed
        check (value_minor - earned_minor - refunded_minor - kept_minor - expired_minor >= 0)
);
create index package_balance_member on package_balance (member_id, sold_at);
create index package_balance_charge on package_balance (charge_id);
create index package_balance_membership on package_balance (membership_id) where membership_id is not null;
create index package_balance_ends on package_balance (expires_at)
    where state = 'active' and expires_at is not null;

create table package_item (
    balance_id   uuid not null references package_balance,
    product_id   uuid not null,
    position     smallint not null,
    quantity     bigint not null check (quantity >= 0),
    used         bigint not null check (used >= 0),
    value_minor  bigint not null check (value_minor >= 0),
    earned_minor bigint not null check (earned_minor between 0 and value_minor),
    list_minor   bigint not null check (list_minor >= 0),
    is_unlimited boolean not null,
    primary key (balance_id, product_id),
    constraint package_item_used check (is_unlimited or used <= quantity)
);

create table membership (
    membership_id     uuid primary key,
    package_id        uuid not null,
    member_id         uuid not null,
    site              text not null check (site ~ '^[a-z0-9-]{1,40}$'),
    state             text not null check (state in ('active', 'past_due', 'suspended', 'paused', 'ended')),
    period            text not null check (period in ('month', 'year')),
    anchor_day        smallint not null check (anchor_day between 1 and 31),
    anchor_month      smallint check (anchor_month between 1 and 12),
    joined_on         date not null,
    period_no         integer not null check (period_no >= 1),
    from_day          date not null,
    to_day            date not null check (to_day >= from_day),
    paid_by           text not null check (paid_by in ('none', 'account', 'card')),
    payment_reference text not null,
    due_charge_id     uuid,
    due_minor         bigint not null check (due_minor >= 0),
    past_due_on       date,
    paused_from       date,
    paused_to         date,
    is_cancelled      boolean not null,
    reason            text not null,
    ended_on          date check ((ended_on is not null) = (state = 'ended')),
    refund_rule       text not null check (refund_rule in ('list', 'pro_rata')),
    rollover_periods  smallint not null check (rollover_periods >= 0),
    redeem_at         text[] not null,
    currency          text not null,
    actor             text not null,
    revision          integer not null check (revision >= 1)
);
create index membership_member on membership (member_id);
create index membership_owing on membership (due_charge_id) where due_charge_id is not null;
create unique index membership_once on membership (member_id, package_id) where state <> 'ended';
create index membership_due on membership (to_day, membership_id) where state <> 'ended';

create table membership_period (
    membership_id  uuid not null references membership,
    period_no      integer not null check (period_no >= 1),
    from_day       date not null,
    to_day         date not null check (to_day >= from_day),
    days           smallint not null check (days >= 1),
    price_minor    bigint not null check (price_minor >= 0),
    fee_minor      bigint not null check (fee_minor >= 0),
    tax_1_minor    bigint not null,
    tax_2_minor    bigint not null,
    charge_id      uuid,
    refunded_minor bigint not null check (refunded_minor between 0 and fee_minor),
    ended_on       date,
    primary key (membership_id, period_no)
);
create index membership_period_days on membership_period (to_day);
create index membership_period_charge on membership_period (charge_id) where charge_id is not null;

create table membership_pause (
    membership_id uuid not null references membership,
    from_day      date not null,
    to_day        date check (to_day >= from_day),
    primary key (membership_id, from_day)
);

create table gift_certificate (
    certificate_id uuid primary key,
    number         text not null unique,
    site           text not null check (site ~ '^[a-z0-9-]{1,40}$'),
    member_id      uuid,
    state          text not null check (state in ('active', 'expired', 'voided')),
    sold_minor     bigint not null check (sold_minor >= 0),
    spent_minor    bigint not null check (spent_minor >= 0),
    expired_minor  bigint not null check (expired_minor >= 0),
    currency       text not null,
    sold_at        timestamptz not null,
    expires_at     timestamptz,
    revision       integer not null check (revision >= 1),
    constraint gift_certificate_owed check (sold_minor - spent_minor - expired_minor >= 0)
);
create index gift_certificate_member on gift_certificate (member_id) where member_id is not null;
create index gift_certificate_ends on gift_certificate (expires_at)
    where state = 'active' and expires_at is not null;

create table member_account (
    member_id     uuid primary key,
    balance_minor bigint not null,
    credit_minor  bigint not null check (credit_minor >= 0),
    currency      text not null,
    revision      integer not null check (revision >= 1)
);

create table balance_move (
    seq          bigint generated always as identity primary key,
    entry_id     uuid not null unique,
    kind         text not null check (kind in ('package', 'membership', 'gift', 'account')),
    owner_id     uuid not null,
    why          text not null,
    amount_minor bigint not null,
    product_id   uuid,
    quantity     bigint not null,
    charge_id    uuid,
    line         smallint,
    site         text not null check (site ~ '^[a-z0-9-]{1,40}$'),
    member_id    uuid,
    currency     text not null,
    happened_at  timestamptz not null,
    recorded_at  timestamptz not null,
    reason       text not null,
    actor        text not null
);
create index balance_move_owner on balance_move (owner_id, seq);
create index balance_move_charge on balance_move (charge_id) where charge_id is not null;
create index balance_move_day on balance_move (happened_at);
"""


def upgrade() -> None:
    """Make the tables; what changed what is owed is only added to."""
    run_script(_SCHEMA)
    append_only("balance_move")
