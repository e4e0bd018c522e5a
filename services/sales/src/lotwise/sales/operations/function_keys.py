"""Use cases of function keys: taking over what sites pinned, and what F1 to F12 pick at a desk (CAT-46)."""

from collections.abc import Iterable

from lotwise.contracts.catalog import FunctionKeysPinned
from lotwise.kit.database import Tx
from lotwise.sales.domain.function_keys import KEYS, filled
from lotwise.sales.repository import definitions
from lotwise.sales.repository import function_keys as rows
from lotwise.sales.repository.definitions import Tile
from lotwise.sales.repository.function_keys import Pins


async def pin(tx: Tx, events: Iterable[FunctionKeysPinned]) -> None:
    """Keep what sites pinned."""
    await rows.put(
        tx, [Pins(one.site, [(pin.key, pin.product_id) for pin in one.keys], one.revision) for one in events]
    )


async def tiles(tx: Tx, site: str) -> dict[int, Tile]:
    """What F1 to F12 pick at a site, by key, with stock's last figures."""
    pins = await rows.of(tx, site)
    listed = {one.product_id: one for one in await definitions.first_tiles(tx, site, KEYS + len(pins))}
    keys = filled(pins, list(listed))
    missing = [product_id for product_id in keys.values() if product_id not in listed]
    known = listed | (await definitions.levels(tx, site, missing) if missing else {})
    return {key: known.get(one, Tile(one, None, None, None)) for key, one in keys.items()}
