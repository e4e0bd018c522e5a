"""What ran out in the past stands under one alert of its site."""

from lotwise.kit.migrate import run_script

revision = "0003"
down_revision = "0002"

_SCHEMA = """
alter table alert add column summary_id uuid;
create index alert_of_summary on alert (summary_id) where cleared_at is null and summary_id is not null;
"""


def upgrade() -> None:
    """Add the alert that an alert of the past stands under."""
    run_script(_SCHEMA)
