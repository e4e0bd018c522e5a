"""The only home of the lock order: effects, recalls, lots, holds by id, then levels by (site, product); nothing else.

A level's lock guards all balances of its cell, so every writer takes this door before it reads a balance. Lots are
locked `for no key update`: rows that name a lot are written with the levels locked, and must not wait for its holder.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_LOCK = """
select l.site, l.product_id, l.on_hand, l.held, l.value_minor, l.unattributed, l.minimum, l.reorder_at, l.last_cost,
       l.is_below, l.is_at_reorder, l.is_out, l.shortage_id, l.revision, l.setting_revision, l.requested
from level l join unnest($1::text[], $2::uuid[]) as wanted(site, product_id) using (site, product_id)
order by l.site, l.product_id for update of l
"""

_MAKE = """
insert into level (site, product_id, on_hand, held, value_minor, unattributed, is_below, is_at_reorder, is_out,
    revision)
select site, product_id, 0, 0, 0, 0, false, false, true, 0
from unnest($1::text[], $2::uuid[]) as wanted(site, product_id) order by site, product_id
on conflict do nothing
"""


async def lock_levels(tx: Tx, keys: Iterable[tuple[str, UUID]]) -> Sequence[asyncpg.Record]:
    """Lock the levels of these cells in sorted order, making those that do not exist; returns their rows."""
    wanted = sorted(set(keys))
    columns = [key[0] for key in wanted], [key[1] for key in wanted]
    rows: Sequence[asyncpg.Record] = await tx.fetch(_LOCK, *columns)
    if len(rows) < len(wanted):
        await tx.execute(_MAKE, *columns)
        rows = await tx.fetch(_LOCK, *columns)
    return rows


async def share_recalls(tx: Tx) -> None:
    """Let no recall begin until this transaction ends: whoever may make a lot takes this door before its lots."""
    await tx.execute("select pg_advisory_xact_lock_shared(hashtext('recalls'))")


async def own_recalls(tx: Tx) -> None:
    """Wait until nobody makes a lot, then begin or release: no lot slips between a recall and its receipt."""
    await tx.execute("select pg_advisory_xact_lock(hashtext('recalls'))")
