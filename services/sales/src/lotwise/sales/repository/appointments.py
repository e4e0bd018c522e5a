"""The only home of SQL on appointments."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.domain.appointments import Appointment

_COLUMNS = ", ".join(Appointment._fields)
_PUT = (
    f"insert into appointment ({_COLUMNS}) values"
    f" ({', '.join(f'${i}' for i in range(1, len(Appointment._fields) + 1))})"
    " on conflict (appointment_id) do update set "
    + ", ".join(f"{name} = excluded.{name}" for name in Appointment._fields[1:] if name != "created_at")
)


async def lock(tx: Tx, ids: Iterable[UUID]) -> None:
    """Let nobody else book or change these until this commits, whether they are kept yet or not; in sorted order."""
    await tx.execute(
        "select pg_advisory_xact_lock(hashtextextended(id::text, 7)) from unnest($1::uuid[]) as t(id)",
        sorted(set(ids)),
    )


async def load(tx: Tx, appointment_id: UUID) -> Appointment | None:
    """An appointment by its id."""
    row = await tx.fetchrow(f"select {_COLUMNS} from appointment where appointment_id = $1", appointment_id)
    return None if row is None else Appointment(*row)


async def put(tx: Tx, appointment: Appointment) -> None:
    """Keep an appointment as it now stands."""
    await tx.execute(_PUT, *appointment)


async def page(
    tx: Tx,
    sites: Sequence[str] | None,
    *,
    since: datetime | None,
    until: datetime | None,
    practitioner: str | None,
    member_id: UUID | None,
    state: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Appointment]:
    """Appointments of these sites (None: every site) by their time, read site by site from the index."""
    at, last = after or (None, None)
    rows = await tx.fetch(
        "select a.* from (select slug from site where $1::text[] is null or slug = any($1)) s cross join lateral ("
        f" select {_COLUMNS} from appointment a where a.site = s.slug"
        " and ($2::timestamptz is null or starts_at >= $2) and ($3::timestamptz is null or starts_at < $3)"
        " and ($4::text is null or practitioner = $4) and ($5::uuid is null or member_id = $5)"
        " and ($6::text is null or state = $6)"
        " and ($7::timestamptz is null or (starts_at, appointment_id) > ($7, $8::uuid))"
        " order by starts_at, appointment_id limit $9) a order by a.starts_at, a.appointment_id limit $9",
        sites, since, until, practitioner, member_id, state, at, last, limit,
    )  # fmt: skip
    return [Appointment(*row) for row in rows]


async def overlapping(tx: Tx, appointment: Appointment) -> list[Appointment]:
    """Other appointments that its practitioner has booked at the same time, at any site; at most five."""
    if not appointment.practitioner:
        return []
    rows = await tx.fetch(
        f"select {_COLUMNS} from appointment where state = 'booked' and practitioner = $1 and appointment_id <> $2"
        " and starts_at < $4 and starts_at > $3::timestamptz - interval '1 day'"
        " and starts_at + make_interval(mins => minutes) > $3 order by starts_at limit 5",
        appointment.practitioner,
        appointment.appointment_id,
        appointment.starts_at,
        appointment.ends_at,
    )
    return [Appointment(*row) for row in rows]
