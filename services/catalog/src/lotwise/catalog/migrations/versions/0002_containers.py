"""What is drawn from opened containers: the rule, the label's quantity, the hours after opening, the drug's class."""

from alembic import op

revision = "0002"
down_revision = "0001"

_ADD = """
alter table product
    add column container_rule text not null default 'none'
        constraint product_container_rule check (container_rule in ('none', 'single_patient', 'multi_patient')),
    add column container_units bigint,
    add column use_by_hours integer,
    add column drug_class text not null default 'otc'
        constraint product_drug_class check (drug_class in ('otc', 'prescription', 'controlled')),
    add constraint product_container check (
        (container_rule = 'none') = (container_units is null) and container_units > 0
        and use_by_hours between 1 and 26280 and (container_rule <> 'none' or use_by_hours is null))
"""


def upgrade() -> None:
    """Products so far have no rule."""
    op.execute(_ADD)
