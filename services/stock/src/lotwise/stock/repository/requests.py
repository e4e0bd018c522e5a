"""The only home of requests in SQL: which cells are asked, how much is asked of them, what a cell will get."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from lotwise.kit.database import Tx

OPEN = "(t.state = 'approved' or (t.state = 'requested' and t.origin = 'shortage'))"
"""A request counts once it is approved; one that a shortage made counts from the start."""

_CELLS = """
select distinct t.from_site, l.product_id from transfer t join transfer_line l on l.transfer_id = t.id
where t.id = any($1::uuid[])
"""
_REQUESTED = f"""
select t.from_site, l.product_id, sum(coalesce(l.approved, l.quantity))::bigint
from unnest($1::text[], $2::uuid[]) as c(site, product_id)
join transfer t on t.from_site = c.site and t.state in ('requested', 'approved')
join transfer_line l on l.transfer_id = t.id and l.product_id = c.product_id
where {OPEN} group by t.from_site, l.product_id
"""
_STORE = """
update level l set requested = n.quantity from unnest($1::text[], $2::uuid[], $3::bigint[])
    as n(site, product_id, quantity)
where l.site = n.site and l.product_id = n.product_id
"""


async def asked_cells(tx: Tx, transfer_ids: Sequence[UUID]) -> list[tuple[str, UUID]]:
    """The cells (sending site, product) that these transfers ask for goods."""
    return [(row[0], row[1]) for row in await tx.fetch(_CELLS, list(transfer_ids))]


async def requested(tx: Tx, cells: Collection[tuple[str, UUID]]) -> dict[tuple[str, UUID], int]:
    """What open requests ask of these cells, in smallest units."""
    columns = [key[0] for key in cells], [key[1] for key in cells]
    return {(row[0], row[1]): row[2] for row in await tx.fetch(_REQUESTED, *columns)}


async def store_requested(tx: Tx, rows: Iterable[tuple[str, UUID, int]]) -> None:
    """Write what is asked of locked cells."""
    found = list(rows)
    if found:
        await tx.execute(_STORE, *zip(*found, strict=True))
