"""The only home of what is on order, as purchasing told it."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from lotwise.kit.database import Tx

_SENT = """
insert into open_order (order_id, line, site, number, product_id, ordered, received, due_on)
select $1, line, $2, $3, product_id, ordered, 0, $4 from unnest($5::int[], $6::uuid[], $7::bigint[]) as l(line,
    product_id, ordered)
on conflict (order_id, line) do update set ordered = excluded.ordered, due_on = excluded.due_on
"""
_RECEIVED = """
update open_order o set received = o.received + r.quantity
from unnest($2::int[], $3::bigint[]) as r(line, quantity) where o.order_id = $1 and o.line = r.line
"""


async def add_order(
    tx: Tx, order_id: UUID, site: str, number: str, due_on: date | None, lines: Sequence[tuple[int, UUID, int]]
) -> None:
    """Keep the lines of an order that was sent."""
    await tx.execute(_SENT, order_id, site, number, due_on, *zip(*lines, strict=True))


async def lower_order(tx: Tx, order_id: UUID, lines: Sequence[tuple[int, int]], *, is_complete: bool) -> None:
    """Count what arrived of an order; a complete one leaves."""
    if is_complete:
        await drop_order(tx, order_id)
    elif lines:
        await tx.execute(_RECEIVED, order_id, *zip(*lines, strict=True))


async def drop_order(tx: Tx, order_id: UUID) -> None:
    """Forget an order that will not bring anything more."""
    await tx.execute("delete from open_order where order_id = $1", order_id)
