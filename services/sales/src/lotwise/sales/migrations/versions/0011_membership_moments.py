"""From when on memberships gave what they promise: a sale told later is priced by the day it was made on."""

from lotwise.kit.migrate import run_script

revision = "0011"
down_revision = "0009"

_SCHEMA = """
create table membership_moment (
    membership_id uuid not null references membership,
    since         timestamptz not null,
    gives         boolean not null,
    primary key (membership_id, since)
);
insert into membership_moment (membership_id, since, gives)
select membership_id, joined_on::timestamp at time zone coalesce(s.time_zone, 'UTC'), true
  from membership m left join site s on s.slug = m.site;
insert into membership_moment (membership_id, since, gives)
select membership_id, coalesce(
           case m.state when 'ended' then ended_on + 1 when 'paused' then paused_from else past_due_on end,
           joined_on)::timestamp at time zone coalesce(s.time_zone, 'UTC'), false
  from membership m left join site s on s.slug = m.site
 where m.state in ('ended', 'paused', 'suspended')
    on conflict (membership_id, since) do update set gives = false;
"""


def upgrade() -> None:
    """Make the table and fill it with what is known of the memberships there are."""
    run_script(_SCHEMA)
