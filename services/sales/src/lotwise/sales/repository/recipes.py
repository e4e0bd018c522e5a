"""The only home of SQL on recipes: every revision is kept, the newest counts."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import orjson

from lotwise.kit.database import Tx


class Recipe(NamedTuple):
    """What one session of a service is expected to consume: (product, quantity in its unit); revision 0: none known."""

    revision: int
    lines: Sequence[tuple[UUID, str]]


async def put(tx: Tx, recipes: Sequence[tuple[UUID, int, list[list[str]]]]) -> None:
    """Keep revisions of recipes; one that is known stays as it is."""
    await tx.execute(
        "insert into recipe (service_id, revision, lines)"
        " select service_id, revision, lines::jsonb"
        " from unnest($1::uuid[], $2::int[], $3::text[]) as t(service_id, revision, lines)"
        " order by 1, 2 on conflict do nothing",
        [service_id for service_id, _, _ in recipes],
        [revision for _, revision, _ in recipes],
        [orjson.dumps(lines).decode() for _, _, lines in recipes],
    )


async def newest(tx: Tx, service_id: UUID) -> Recipe:
    """The recipe of a service as it stands; an empty one when there is none."""
    row = await tx.fetchrow(
        "select revision, lines from recipe where service_id = $1 order by revision desc limit 1", service_id
    )
    return Recipe(0, ()) if row is None else Recipe(row["revision"], _lines(row["lines"]))


def _lines(read: Sequence[Sequence[str]]) -> list[tuple[UUID, str]]:
    return [(UUID(product_id), quantity) for product_id, quantity in read]


async def of_revision(tx: Tx, service_id: UUID, revision: int) -> Recipe:
    """A recipe as it stood at a revision; the newest when there was none then."""
    lines = await tx.fetchval("select lines from recipe where service_id = $1 and revision = $2", service_id, revision)
    return await newest(tx, service_id) if lines is None else Recipe(revision, _lines(lines))
