"""The only home of SQL on gift certificates."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.domain.gifts import Certificate

_COLUMNS = (
    "certificate_id, number, site, member_id, state, sold_minor, spent_minor, expired_minor, currency, sold_at,"
    " expires_at, revision"
)


async def add(tx: Tx, certificates: Sequence[Certificate]) -> None:
    """Keep new certificates. UniqueViolationError: an id or a number is taken."""
    if certificates:
        await tx.execute(
            f"insert into gift_certificate ({_COLUMNS}) select * from unnest($1::uuid[], $2::text[], $3::text[],"
            " $4::uuid[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[], $10::timestamptz[],"
            " $11::timestamptz[], $12::int[])",
            *zip(*certificates, strict=True),
        )


async def save(tx: Tx, certificates: Sequence[Certificate]) -> None:
    """Keep what became of certificates; their revision grows."""
    if certificates:
        await tx.execute(
            "update gift_certificate g set state = t.state, sold_minor = t.sold, spent_minor = t.spent,"
            " expired_minor = t.expired, expires_at = t.expires_at, revision = g.revision + 1"
            " from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[])"
            " as t(certificate_id, state, sold, spent, expired, expires_at)"
            " where g.certificate_id = t.certificate_id",
            [one.certificate_id for one in certificates],
            [one.state for one in certificates],
            [one.sold_minor for one in certificates],
            [one.spent_minor for one in certificates],
            [one.expired_minor for one in certificates],
            [one.expires_at for one in certificates],
        )


async def load(
    tx: Tx, *, numbers: Collection[str] = (), ids: Collection[UUID] = (), lock: bool = False
) -> list[Certificate]:
    """The certificates of these numbers and ids; `lock` keeps others from spending them, in the order of ids."""
    if not numbers and not ids:
        return []
    rows = await tx.fetch(
        f"select {_COLUMNS} from gift_certificate where number = any($1) or certificate_id = any($2)"
        " order by certificate_id" + (" for update" if lock else ""),
        list(numbers),
        list(ids),
    )
    return [Certificate(*row) for row in rows]


async def of_member(tx: Tx, member_id: UUID) -> list[Certificate]:
    """The certificates that a member bought."""
    rows = await tx.fetch(
        f"select {_COLUMNS} from gift_certificate where member_id = $1 order by sold_at desc, certificate_id limit 200",
        member_id,
    )
    return [Certificate(*row) for row in rows]


async def ran_out(tx: Tx, now: datetime, limit: int) -> list[UUID]:
    """Open certificates whose end has come, locked."""
    rows = await tx.fetch(
        "select certificate_id from gift_certificate where state = 'active' and expires_at <= $1"
        " order by certificate_id limit $2 for update skip locked",
        now,
        limit,
    )
    return [row["certificate_id"] for row in rows]
