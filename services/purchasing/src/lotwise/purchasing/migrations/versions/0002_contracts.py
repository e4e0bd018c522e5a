"""Contracts with suppliers and when they end, who resupplies whom, and the storage area that a delivery went to."""

from lotwise.kit.migrate import run_script

revision = "0002"
down_revision = "0001"

_SCRIPT = """
alter table supplier add column contract_reference text not null default '';
alter table supplier add column contract_ends_on date;
alter table supplier add column contract_notice_days integer not null default 30
    constraint supplier_contract_notice check (contract_notice_days between 0 and 730);
alter table supplier add column contract_told_on date;
create index supplier_contract on supplier (contract_ends_on) where contract_ends_on is not null;
alter table receipt_line add column area text not null default '';
create table resupply (
    site       text not null references site (slug),
    product_id uuid not null references product (id),
    from_site  text,
    revision   bigint not null,
    primary key (site, product_id)
);
"""


def upgrade() -> None:
    """Bring the tables of this subject."""
    run_script(_SCRIPT)
