"""SQL of which order answers a shortage and how far it is."""

from collections.abc import Mapping
from uuid import UUID

from lotwise.kit.database import Tx

_LINK = """
insert into answer (shortage_id, order_id, number, state)
select c.*, $4 from unnest($1::uuid[], $2::uuid[], $3::text[]) as c
on conflict (shortage_id) do update set order_id = excluded.order_id, number = excluded.number, state = excluded.state
 where answer.state = 'drafted' or (answer.state = 'sent' and excluded.state = 'cancelled')
"""


async def link(tx: Tx, orders: Mapping[UUID, tuple[UUID, str]], state: str) -> None:
    """Note the order (id, number) of shortages: drafted, then sent or cancelled, never backwards."""
    shortages = sorted(orders)
    await tx.execute(
        _LINK,
        shortages,
        [orders[shortage][0] for shortage in shortages],
        [orders[shortage][1] for shortage in shortages],
        state,
    )
