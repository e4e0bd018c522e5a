"""Use cases of the chain's preferences."""

from dataclasses import fields, replace
from typing import Any

from lotwise.catalog.domain.preferences import Preferences, Rules
from lotwise.catalog.operations import telling
from lotwise.catalog.repository import changes, locking
from lotwise.catalog.repository import preferences as rows
from lotwise.catalog.repository.changes import Change
from lotwise.kit.database import Tx
from lotwise.kit.etag import Expected
from lotwise.kit.outbox import tell
from lotwise.values import currency_exponent


async def rules(tx: Tx, currency: str) -> Rules:
    """What definitions depend on."""
    return Rules(await rows.get(tx), await rows.taxes_last_used(tx), currency_exponent(currency))


async def edit(tx: Tx, wanted: dict[str, Any], expected: Expected, who: str) -> Preferences:
    """Change the preferences; codes that are longer than a new limit stay as they are. Raises Stale."""
    await locking.definitions(tx)
    was = await rows.get(tx)
    expected.check(was.revision)
    now = replace(was, **wanted)
    if now == was:
        return was
    now = replace(now, revision=was.revision + 1)
    await rows.store(tx, now)
    names = (field.name for field in fields(Preferences) if field.name != "revision")
    pairs = [(name, getattr(was, name), getattr(now, name)) for name in names]
    await changes.keep(tx, [Change("preferences", *pair) for pair in pairs if pair[1] != pair[2]], who)
    await tell(tx, telling.preferences_defined(now))
    return now


async def tell_first(tx: Tx) -> None:
    """Say the preferences once, so that others know them before anybody has changed them."""
    await locking.definitions(tx)
    if await rows.are_told(tx):
        return
    standing = await rows.get(tx)
    await rows.store(tx, standing)
    await tell(tx, telling.preferences_defined(standing))
