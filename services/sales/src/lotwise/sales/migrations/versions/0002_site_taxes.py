"""The tax codes of a product at the sites where they differ, beside the copy of that product."""

from lotwise.kit.migrate import run_script

revision = "0002"
down_revision = "0001"

_SCHEMA = """
alter table product
    add column site_taxes jsonb not null default '{}'
    constraint product_site_taxes check (jsonb_typeof(site_taxes) = 'object');
"""


def upgrade() -> None:
    """Add the column; products known so far are taxed the same at every site until they are told anew."""
    run_script(_SCHEMA)
