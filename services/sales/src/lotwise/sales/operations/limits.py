"""The only home of how far permissions of the desk go without `charge.override`: read and set for the whole chain."""

from collections.abc import Sequence
from datetime import datetime

from lotwise.kit.database import Tx
from lotwise.sales.domain.definitions import DEFAULT_LIMITS, Limit
from lotwise.sales.repository import definitions, pricing


async def limits(tx: Tx) -> list[Limit]:
    """Every limit in force: those that the chain set, and what holds until it does."""
    found = {**DEFAULT_LIMITS, **{one.permission: one for one in await pricing.limits(tx)}}
    return [found[permission] for permission in sorted(found)]


async def set_limits(tx: Tx, wanted: Sequence[Limit], actor: str, now: datetime) -> list[Limit]:
    """Set some of the limits; every process takes them over when this commits. Returns all of them."""
    await pricing.put_limits(tx, wanted, actor, now)
    await definitions.tell_price_books(tx, [])
    return await limits(tx)
