"""Indexes that answer by themselves: a lot's story without its movements' pages, what lies here without the balances'.

The figures of a balance are in its partial index's condition already, so that carrying them costs no update more.
"""

from lotwise.kit.migrate import run_script

revision = "0012"
down_revision = "0011"

_SCRIPT = """
drop index movement_by_lot;
create index movement_by_lot on movement (lot_id, id)
    include (cause_id, site, happened_at, quantity, cost_minor, reverses, from_location, to_location);
drop index balance_live;
create index balance_live on balance (site, product_id)
    include (kind, lot_id, on_hand, cost_minor, location_id, id) where on_hand <> 0;
"""


def upgrade() -> None:
    """Build both anew."""
    run_script(_SCRIPT)
