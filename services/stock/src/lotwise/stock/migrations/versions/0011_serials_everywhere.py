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
alter table treatment_use drop constraint treatment_use_figures;
alter table treatment_use add constraint treatment_use_figures check
    (charged >= 0 and returned >= 0 and thrown >= 0 and poured >= 0);
alter table treatment_use drop column largest_back;
"""


def upgrade() -> None:
    """Bring the tables of this subject; what charges said of treatments can only be added to."""
    run_script(_SCRIPT)
    append_only("treatment_change")
