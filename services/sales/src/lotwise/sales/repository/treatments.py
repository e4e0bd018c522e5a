"""The only home of SQL on treatments and their lines."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.domain.treatments import Treatment, TreatmentLine

_FIELDS = Treatment._fields[:-1]
_COLUMNS = ", ".join(_FIELDS)
_LINE_COLUMNS = ", ".join(TreatmentLine._fields)
_ADD = (
    f"insert into treatment ({_COLUMNS}) values ({', '.join(f'${i}' for i in range(1, len(_FIELDS) + 1))})"
    " on conflict do nothing"
)


async def add(tx: Tx, treatment: Treatment) -> bool:
    """Keep a new treatment with its lines; False when its id, or its appointment, has one already."""
    status: str = await tx.execute(_ADD, *treatment[:-1])
    if not status.endswith(" 1"):
        return False
    await _add_lines(tx, treatment)
    return True


async def change(tx: Tx, treatment: Treatment) -> None:
    """Keep a treatment as it was corrected."""
    await tx.execute(
        "update treatment set member_id = $2, practitioner = $3, happened_at = $4, sessions = $5, recipe_revision = $6,"
        " revision = $7, actor = $8, is_licensed = $9, updated_at = $10 where treatment_id = $1",
        treatment.treatment_id, treatment.member_id, treatment.practitioner, treatment.happened_at,
        treatment.sessions, treatment.recipe_revision, treatment.revision, treatment.actor, treatment.is_licensed,
        treatment.updated_at,
    )  # fmt: skip
    await tx.execute("delete from treatment_line where treatment_id = $1", treatment.treatment_id)
    await _add_lines(tx, treatment)


async def _add_lines(tx: Tx, treatment: Treatment) -> None:
    lines = treatment.lines
    await tx.execute(
        f"insert into treatment_line (treatment_id, {_LINE_COLUMNS}) select $1, t.* from unnest($2::uuid[],"
        " $3::bigint[], $4::bigint[], $5::uuid[], $6::text[], $7::text[]) as t",
        treatment.treatment_id,
        *([list(column) for column in zip(*lines, strict=True)] if lines else [[] for _ in TreatmentLine._fields]),
    )


async def load(tx: Tx, ids: Sequence[UUID], *, lock: bool = False) -> dict[UUID, Treatment]:
    """Treatments by their ids, whole; `lock` keeps others from changing them until this commits."""
    rows = await tx.fetch(
        f"select {_COLUMNS} from treatment where treatment_id = any($1) order by treatment_id"
        + (" for update" if lock else ""),
        list(ids),
    )
    return await _whole(tx, rows)


async def page(
    tx: Tx,
    sites: Sequence[str] | None,
    *,
    since: datetime | None,
    until: datetime | None,
    practitioner: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Treatment]:
    """Treatments of these sites (None: every site) by their time, read site by site from the index."""
    at, last = after or (None, None)
    rows = await tx.fetch(
        "select t.* from (select slug from site where $1::text[] is null or slug = any($1)) s cross join lateral ("
        f" select {_COLUMNS} from treatment t where t.site = s.slug"
        " and ($2::timestamptz is null or happened_at >= $2) and ($3::timestamptz is null or happened_at < $3)"
        " and ($4::text is null or practitioner = $4)"
        " and ($5::timestamptz is null or (happened_at, treatment_id) > ($5, $6::uuid))"
        " order by happened_at, treatment_id limit $7) t order by t.happened_at, t.treatment_id limit $7",
        sites, since, until, practitioner, at, last, limit,
    )  # fmt: skip
    return list((await _whole(tx, rows)).values())


async def _whole(tx: Tx, rows: Sequence[Any]) -> dict[UUID, Treatment]:
    lines: dict[UUID, list[TreatmentLine]] = {}
    if rows:
        for row in await tx.fetch(
            f"select treatment_id, {_LINE_COLUMNS} from treatment_line where treatment_id = any($1)"
            " order by treatment_id, product_id",
            [row["treatment_id"] for row in rows],
        ):
            lines.setdefault(row["treatment_id"], []).append(TreatmentLine(*tuple(row)[1:]))
    return {row["treatment_id"]: Treatment._make((*row, lines.get(row["treatment_id"], ()))) for row in rows}
