"""A sum of bigints that stays one: PostgreSQL's own becomes a numeric, which costs more than adding up itself does."""

from lotwise.kit.migrate import run_script

revision = "0017"
down_revision = "0016"

_SCRIPT = """
create aggregate bigint_sum(bigint) (sfunc = int8pl, stype = bigint, combinefunc = int8pl, parallel = safe);
"""


def upgrade() -> None:
    """Bring the aggregate; beyond a bigint it fails, as the sum kept in a column would."""
    run_script(_SCRIPT)
