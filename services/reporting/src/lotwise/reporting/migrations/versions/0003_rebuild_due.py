"""A rebuild that is due: read models that 0002 added are empty until the journal is folded anew.

A database that has heard nothing yet needs none.
"""

from lotwise.kit.migrate import run_script

revision = "0003"
down_revision = "0002"

_SCRIPT = """
alter table projection add column due_since timestamptz;
update projection set due_since = now() where exists (select from journal);
"""


def upgrade() -> None:
    """Note that the figures are to be made anew; the service does it by itself."""
    run_script(_SCRIPT)
