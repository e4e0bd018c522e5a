"""Use cases of an import of products: take a file, say what it would do, have it done exactly as it was shown."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from lotwise.catalog.domain.imports import FILE_BYTES_MAX, READY, Import
from lotwise.catalog.domain.refusals import BadFile, ImportChanged, ImportNotReady
from lotwise.catalog.repository import imports as rows
from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.values import Unknown

_WHY_NOT = {
    "reading": "The file is still being read.",
    "judging": "The file is still being looked at.",
    "applying": "This import is under way.",
    "done": "This import was done.",
    "failed": "This file could not be read.",
}


async def take(tx: Tx, name: str, content: bytes, who: str) -> Import:
    """Keep a file; it is read and looked at by and by. Raises BadFile for one that is empty or too large."""
    if not content.strip():
        raise BadFile("The file is empty.", field="content")
    if len(content) > FILE_BYTES_MAX:
        raise BadFile(
            f"The file has {len(content) / 1e6:.1f} MB; at most {FILE_BYTES_MAX // 1_000_000} MB come in at once.",
            field="content",
            ways_out=("Split it into several files, each with the first row that names the columns.",),
            limit_bytes=FILE_BYTES_MAX,
        )
    one = uuid7()
    await rows.add(tx, one, name, who, content)
    return await load(tx, one)


async def load(tx: Tx, import_id: UUID, *, is_locked: bool = False) -> Import:
    """The import. Raises Unknown."""
    found = await rows.find(tx, import_id, is_locked=is_locked)
    if found is None:
        raise Unknown(
            f"There is no import {import_id}.", ways_out=("Imports are kept for 30 days: import the file again.",)
        )
    return found


async def apply(tx: Tx, import_id: UUID, seen: Mapping[str, int], who: str) -> Import:
    """Begin to do what was shown: `seen` says how many rows would be created and updated.

    Raises Unknown, ImportNotReady, ImportChanged.
    """
    one = await load(tx, import_id, is_locked=True)
    if one.state != READY:
        raise ImportNotReady(_WHY_NOT[one.state], state=one.state)
    counts = (await rows.counts(tx, [import_id]))[import_id]
    if {name: counts[name] for name in seen} != dict(seen):
        raise ImportChanged(
            "What this import would do is not what was shown.",
            ways_out=("Look at it again.",),
            created=counts["created"],
            updated=counts["updated"],
        )
    if not counts["created"] + counts["updated"]:
        raise ImportNotReady("Nothing in this file would change anything.", state=one.state)
    await rows.begin_applying(tx, import_id, who)
    return await load(tx, import_id)


async def counted(tx: Tx, found: Sequence[Import]) -> list[tuple[Import, dict[str, int]]]:
    """Imports with how many of their rows are of each outcome."""
    counts = await rows.counts(tx, [one.id for one in found])
    return [(one, counts[one.id]) for one in found]
