"""What lay in cells as a day began, where an instant of that day has to know it: kept, so that it is not looked up.

The days' openings are made anew by the job, each with its cells; meanwhile totals go by the openings of months.
"""

from lotwise.kit.migrate import run_script

revision = "0016"
down_revision = "0015"

_SCRIPT = """
create table day_cells (
    site       text not null,
    day        date not null,
    learnt_on  date not null,
    locations  integer[] not null,
    products   uuid[] not null,
    lots       uuid[] not null,
    quantities bigint[] not null,
    primary key (site, day, learnt_on),
    foreign key (site, day) references day_opening (site, day) on delete cascade
);
delete from day_opening;
alter table day_opening drop column turning;
"""


def upgrade() -> None:
    """Bring the table; the job keeps the days again."""
    run_script(_SCRIPT)
