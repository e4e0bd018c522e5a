"""Use cases of function keys: what F1 to F12 pick at a site, and pinning them (CAT-46)."""

from collections.abc import Sequence
from uuid import UUID

from lotwise.catalog.domain import function_keys
from lotwise.catalog.operations import sites, telling
from lotwise.catalog.repository import changes, locking
from lotwise.catalog.repository import function_keys as rows
from lotwise.catalog.repository import products as product_rows
from lotwise.catalog.repository.changes import Change
from lotwise.catalog.repository.products import Filter, Shown
from lotwise.kit.database import Tx
from lotwise.kit.etag import Expected
from lotwise.kit.outbox import tell


async def shown(tx: Tx, site: str | None) -> tuple[dict[int, Shown], frozenset[int], int]:
    """The products by key at a site (or of the plain list), which keys are pinned, and the revision of the pins.

    Raises Unknown for a site nobody defined.
    """
    pins: dict[int, UUID] = {}
    revision = 0
    if site is not None:
        await sites.load(tx, site)
        pins, revision = await rows.of(tx, site, live_only=True), await rows.revision(tx, site)
    listed = await product_rows.listing(tx, Filter(), None, 2 * function_keys.KEYS)
    found = {row.product.id: row for row in listed} | await product_rows.by_ids(tx, list(pins.values()))
    keys = function_keys.filled(pins, [row.product.id for row in listed])
    return {key: found[product_id] for key, product_id in keys.items()}, frozenset(pins), revision


async def pin(tx: Tx, site: str, wanted: Sequence[tuple[int, UUID]], expected: Expected, who: str) -> None:
    """Pin products to keys of a site in place of those pinned before; the same again changes nothing.

    Raises Unknown, Stale, BadValue.
    """
    await locking.definitions(tx)
    await sites.load(tx, site)
    revision = await rows.revision(tx, site)
    expected.check(revision)
    known = await product_rows.by_ids(tx, [product_id for _, product_id in wanted])
    now = function_keys.pinned(wanted, {product_id: one.product for product_id, one in known.items()})
    was = await rows.of(tx, site)
    if now == was:
        return
    await rows.store(tx, site, now, revision + 1)
    words = [{f"F{key}": str(product_id) for key, product_id in keys.items()} for keys in (was, now)]
    await changes.keep(tx, [Change(f"site:{site}", "function keys", *words)], who)
    await tell(tx, telling.function_keys_pinned(site, now, revision + 1))


async def tell_untold(tx: Tx) -> None:
    """Tell, once, the keys that sites pinned before there was an event of it, so that desks know them (CAT-46)."""
    await locking.definitions(tx)
    found = await rows.untold(tx)
    if not found:
        return
    await tell(
        tx, *[telling.function_keys_pinned(site, await rows.of(tx, site), number) for site, number in found.items()]
    )
    await rows.mark_told(tx, found)
