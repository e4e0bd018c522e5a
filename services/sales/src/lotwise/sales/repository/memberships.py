"""The only home of SQL on memberships, their periods and their pauses."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.domain.memberships import Membership, Pause, Period

_COLUMNS = (
    "membership_id, package_id, member_id, site, state, period, anchor_day, anchor_month, joined_on, period_no,"
    " from_day, to_day, paid_by, payment_reference, due_charge_id, due_minor, past_due_on, paused_from, paused_to,"
    " is_cancelled, reason, ended_on, refund_rule, rollover_periods, redeem_at, currency, actor, revision"
)
_PERIOD = (
    "membership_id, period_no, from_day, to_day, days, price_minor, fee_minor, tax_1_minor, tax_2_minor, charge_id,"
    " refunded_minor, ended_on"
)
_KEYS = ", ".join(f"${i}" for i in range(1, 29))


async def add(tx: Tx, membership: Membership) -> None:
    """Keep a new membership. UniqueViolationError: its id is taken, or the member holds the package already."""
    await tx.execute(f"insert into membership ({_COLUMNS}) values ({_KEYS})", *membership)


async def save(tx: Tx, membership: Membership) -> None:
    """Keep what became of a membership."""
    await tx.execute(f"update membership set ({_COLUMNS}) = row({_KEYS}) where membership_id = $1", *membership)


async def put_moment(tx: Tx, membership_id: UUID, since: datetime, *, gives: bool) -> None:
    """Keep from when on a membership gives what it promises, or no longer; never before what was kept last."""
    await tx.execute(
        "insert into membership_moment (membership_id, since, gives) values ($1, greatest($2, (select max(since)"
        " from membership_moment where membership_id = $1)), $3)"
        " on conflict (membership_id, since) do update set gives = excluded.gives",
        membership_id,
        since,
        gives,
    )


async def load(tx: Tx, ids: Collection[UUID], *, lock: bool = False) -> dict[UUID, Membership]:
    """The memberships of these ids; `lock` keeps others from changing them until this commits, in the order of ids."""
    if not ids:
        return {}
    rows = await tx.fetch(
        f"select {_COLUMNS} from membership where membership_id = any($1) order by membership_id"
        + (" for update" if lock else ""),
        sorted(ids),
    )
    return {row["membership_id"]: Membership(*row) for row in rows}


async def of_member(tx: Tx, member_id: UUID) -> list[Membership]:
    """The memberships of a member: running ones first, then the latest."""
    rows = await tx.fetch(
        f"select {_COLUMNS} from membership where member_id = $1"
        " order by (state = 'ended'), joined_on desc, membership_id limit 200",
        member_id,
    )
    return [Membership(*row) for row in rows]


async def running_of(tx: Tx, member_id: UUID, package_id: UUID) -> UUID | None:
    """The running membership of a member to a package, if there is one."""
    found: UUID | None = await tx.fetchval(
        "select membership_id from membership where member_id = $1 and package_id = $2 and state <> 'ended'",
        member_id,
        package_id,
    )
    return found


async def add_period(tx: Tx, period: Period) -> None:
    """Keep a period. UniqueViolationError: it was kept before."""
    await tx.execute(
        f"insert into membership_period ({_PERIOD}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        *period,
    )


async def save_period(tx: Tx, period: Period) -> None:
    """Keep what became of a period: its last day, what was refunded of it, when it ended."""
    await tx.execute(
        "update membership_period set to_day = $3, refunded_minor = $4, ended_on = $5"
        " where membership_id = $1 and period_no = $2",
        period.membership_id,
        period.period_no,
        period.to_day,
        period.refunded_minor,
        period.ended_on,
    )


async def periods(tx: Tx, ids: Collection[UUID]) -> dict[UUID, list[Period]]:
    """The periods of memberships in order."""
    rows = await tx.fetch(
        f"select {_PERIOD} from membership_period where membership_id = any($1) order by membership_id, period_no",
        list(ids),
    )
    found: dict[UUID, list[Period]] = {}
    for row in rows:
        found.setdefault(row["membership_id"], []).append(Period(*row))
    return found


async def pauses(tx: Tx, ids: Collection[UUID]) -> dict[UUID, list[Pause]]:
    """The pauses of memberships in order."""
    rows = await tx.fetch(
        "select membership_id, from_day, to_day from membership_pause where membership_id = any($1)"
        " order by membership_id, from_day",
        list(ids),
    )
    found: dict[UUID, list[Pause]] = {}
    for row in rows:
        found.setdefault(row["membership_id"], []).append(Pause(*row))
    return found


async def put_pause(tx: Tx, pause: Pause) -> None:
    """Keep a pause, or its last day."""
    await tx.execute(
        "insert into membership_pause (membership_id, from_day, to_day) values ($1, $2, $3)"
        " on conflict (membership_id, from_day) do update set to_day = excluded.to_day",
        *pause,
    )


async def drop_pause(tx: Tx, membership_id: UUID, from_day: date) -> None:
    """Forget a pause of which no day passed."""
    await tx.execute("delete from membership_pause where membership_id = $1 and from_day = $2", membership_id, from_day)


async def with_work(tx: Tx, horizon: date, after: UUID, limit: int) -> list[UUID]:
    """Memberships that may have something to do by a day: due, paused, past due or suspended; in the order of ids."""
    rows = await tx.fetch(
        "select membership_id from membership where state <> 'ended' and membership_id > $2"
        " and (to_day < $1 or paused_from is not null or state in ('past_due', 'suspended'))"
        " order by membership_id limit $3",
        horizon,
        after,
        limit,
    )
    return [row["membership_id"] for row in rows]


async def page(
    tx: Tx,
    sites: Sequence[str] | None,
    *,
    after: tuple[date, UUID] | None,
    limit: int,
    state: str | None = None,
    due_before: date | None = None,
) -> list[Membership]:
    """Memberships by the day on which they end or renew; running ones only unless a state is named."""
    day, last = after or (None, None)
    rows = await tx.fetch(
        f"select {_COLUMNS} from membership where ($1::text[] is null or site = any($1))"
        " and ($2::date is null or (to_day, membership_id) > ($2, $3::uuid))"
        " and (case when $4::text is null then state <> 'ended' else state = $4 end)"
        " and ($5::date is null or to_day < $5) order by to_day, membership_id limit $6",
        sites, day, last, state, due_before, limit,
    )  # fmt: skip
    return [Membership(*row) for row in rows]


async def unfinished(tx: Tx, day: date, sites: Sequence[str] | None) -> list[tuple[str, Period]]:
    """The periods that began by a day and were not over before it, each with its site: what may be unearned."""
    rows = await tx.fetch(
        "select m.site, p.membership_id, p.period_no, p.from_day, p.to_day, p.days, p.price_minor, p.fee_minor,"
        " p.tax_1_minor, p.tax_2_minor, p.charge_id, p.refunded_minor, p.ended_on from membership_period p"
        " join membership m using (membership_id) where p.from_day <= $1 and p.to_day >= $1"
        " and ($2::text[] is null or m.site = any($2)) order by p.membership_id, p.period_no",
        day,
        sites,
    )
    return [(row["site"], Period(*tuple(row)[1:])) for row in rows]


async def due_of(tx: Tx, charge_id: UUID) -> int:
    """What is still to be paid of the charge of a fee; nothing when it was voided."""
    due: int | None = await tx.fetchval("select due_minor from charge where charge_id = $1", charge_id)
    return due or 0


async def owing(tx: Tx, charge_id: UUID) -> UUID | None:
    """The membership that waits for the fee of a charge, if one does."""
    found: UUID | None = await tx.fetchval(
        "select membership_id from membership where due_charge_id = $1 and state <> 'ended'", charge_id
    )
    return found


async def line_of(tx: Tx, charge_id: UUID, package_id: UUID) -> int:
    """The line of a charge that a membership's fee stands on; the first where nothing names it."""
    found: int | None = await tx.fetchval(
        "select min(l.line) from charge c join charge_line l using (charge_id, recorded_at)"
        " where c.charge_id = $1 and l.product_id = $2",
        charge_id,
        package_id,
    )
    return found or 1


async def touching(tx: Tx, first: date, last: date, sites: Sequence[str] | None) -> list[tuple[str, Period]]:
    """The periods that have a day between two days, each with its site."""
    rows = await tx.fetch(
        "select m.site, p.membership_id, p.period_no, p.from_day, p.to_day, p.days, p.price_minor, p.fee_minor,"
        " p.tax_1_minor, p.tax_2_minor, p.charge_id, p.refunded_minor, p.ended_on from membership_period p"
        " join membership m using (membership_id) where p.to_day >= $1 and p.from_day <= $2"
        " and ($3::text[] is null or m.site = any($3)) order by p.membership_id, p.period_no",
        first,
        last,
        sites,
    )
    return [(row["site"], Period(*tuple(row)[1:])) for row in rows]


async def begun_by(tx: Tx, charge_id: UUID) -> UUID:
    """The membership whose period a charge began."""
    found: UUID = await tx.fetchval("select membership_id from membership_period where charge_id = $1", charge_id)
    return found
