"""What sites began their days with, so that totals of the past are one row a site and that day's own movements.

Late rows of `daily_total` are found by a day between their happening and their recording, early ones on any later day.
"""

from lotwise.kit.migrate import run_script

revision = "0015"
down_revision = "0014"

_SCRIPT = """
create table day_opening (
    site              text not null references site (slug),
    day               date not null,
    made_at           timestamptz not null,
    stocked           bigint not null,
    unattributed      bigint not null,
    value_minor       bigint not null,
    consigned_minor   bigint not null,
    quarantined_minor bigint not null,
    in_transit_minor  bigint not null,
    expires_on        date[] not null,
    expiring_lots     bigint[] not null,
    expiring_minor    bigint[] not null,
    turning           uuid[] not null,
    primary key (site, day)
);
create index daily_total_stabbed on daily_total using gist (daterange(happened_on, recorded_on, '(]'))
    where recorded_on > happened_on;
drop index daily_total_early;
create index daily_total_early on daily_total (location_id, happened_on) where happened_on > recorded_on;
"""


def upgrade() -> None:
    """Bring the table and the indexes; the job keeps the days that are over."""
    run_script(_SCRIPT)
