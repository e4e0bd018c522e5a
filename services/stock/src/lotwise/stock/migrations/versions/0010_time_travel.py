"""What as-of queries and the audit of a large ledger need.

Late rows of `daily_total` (recorded on a later day than they happened) and early ones have small indexes of their
own, so that neither months before nor after are read. `opening_balance` keeps what
lay where when a month began: it is made of days that were over and recorded, so nothing ever changes it.
"""

from importlib import resources

from lotwise.kit.migrate import append_only, run_script

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Bring the tables of this subject."""
    run_script((resources.files("lotwise.stock") / "migrations" / "0010_time_travel.sql").read_text())
    append_only("opening", "opening_balance", "proof")
