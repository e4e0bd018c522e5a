"""When charges of a treatment stood, and the serials that move with a charge, a transfer, a count or a recall.

What came back of charges before this version is read as if they had stood at one time: the safe side, since nothing
of it reaches a shelf then.
"""

from lotwise.kit.migrate import append_only, run_script

revision = "0011"
down_revision = "0010"

_SCRIPT = """
create table treatment_change (
    id           bigint generated always as identity primary key,
    treatment_id uuid not null,
    product_id   uuid not null,
    charge_id    uuid not null,
    happened_at  timestamptz not null,
    quantity     bigint not null constraint treatment_change_quantity check (quantity <> 0)
);
create index treatment_change_by_use on treatment_change (treatment_id, product_id);
insert into treatment_change (treatment_id, product_id, charge_id, happened_at, quantity)
select c.treatment_id, c.product_id, c.charge_id, coalesce(u.happened_at, now()), c.quantity
from treatment_charge c join treatment_use u using (treatment_id, product_id)
union all
select c.treatment_id, c.product_id, c.charge_id, now() + interval '1 second', -c.back
from treatment_charge c where c.back > 0;

create table serial_pledge (
    product_id uuid not null references product (id),
    number     text not null constraint serial_pledge_number check (number <> ''),
    charge_id  uuid not null,
    site       text not null references site (slug),
    actor      text not null,
    pledged_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (product_id, number)
);
create index serial_pledge_by_charge on serial_pledge (charge_id);

alter table serial add column is_recalled boolean not null default false;
create index serial_recalled on serial (lot_id, site) where is_recalled;
create table recall_serial (
    recall_id      uuid not null references recall (id),
    serial_id      uuid not null references serial (id),
    match          text not null constraint recall_serial_match check (match in ('exact', 'alike', 'named')),
    blocked_at     timestamptz not null,
    released_at    timestamptz,
    released_by    text not null,
    release_reason text not null,
    primary key (recall_id, serial_id)
);
create index recall_serial_by_serial on recall_serial (serial_id);

create table count_units (
    count_id uuid not null references stock_count (id),
    line     integer not null,
    number   integer not null,
    serials  text[] not null,
    primary key (count_id, line, number)
);
alter table adjustment add column serials text[] not null default '{}';
alter table adjustment add column container_id uuid;
alter table adjustment add column transfer_id uuid;
create index adjustment_of_container on adjustment (container_id) where state = 'pending' and container_id is not null;
create index adjustment_of_transfer on adjustment (transfer_id) where state = 'pending' and transfer_id is not null;

alter table treatment_use drop constraint treatment_use_figures;
alter table treatment_use add constraint treatment_use_figures check
    (charged >= 0 and returned >= 0 and thrown >= 0 and poured >= 0);
alter table treatment_use drop column largest_back;
"""


def upgrade() -> None:
    """Bring the tables of this subject; what charges said of treatments can only be added to."""
    run_script(_SCRIPT)
    append_only("treatment_change", "count_units")
