"""Use cases of categories."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from lotwise.catalog.domain import categories
from lotwise.catalog.domain.categories import Category
from lotwise.catalog.domain.refusals import NameTaken
from lotwise.catalog.operations import telling
from lotwise.catalog.repository import categories as rows
from lotwise.catalog.repository import changes, locking
from lotwise.catalog.repository.changes import Change
from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.kit.etag import Expected
from lotwise.kit.outbox import tell
from lotwise.values import Unknown


async def create(tx: Tx, name: str, code: str | None, who: str) -> Category:
    """Define a new category. Raises BadValue, NameTaken."""
    await locking.definitions(tx)
    category = Category(uuid7(), name, categories.code_of(code))
    await _store(tx, category)
    await changes.keep(tx, [Change(f"category:{category.id}", "created", None, name)], who)
    return category


async def edit(tx: Tx, category_id: UUID, name: str, code: str | None, expected: Expected, who: str) -> Category:
    """Rename a category or change its code. Raises Unknown, Stale, BadValue, NameTaken."""
    await locking.definitions(tx)
    was = await rows.find(tx, category_id)
    if was is None:
        raise Unknown(f"There is no category {category_id}.")
    expected.check(was.revision)
    now = replace(was, name=name, code=categories.code_of(code))
    if now == was:
        return was
    now = replace(now, revision=was.revision + 1)
    await _store(tx, now)
    await changes.keep(tx, _differences(was, now), who)
    return now


async def named(tx: Tx, names: Sequence[str]) -> tuple[dict[str, Category], list[Category]]:
    """The categories of these names by their key, and those of them that would be new (not stored yet)."""
    known = await rows.by_names(tx, names)
    new: dict[str, Category] = {}
    for name in names:
        if categories.key(name) not in known:
            new.setdefault(categories.key(name), Category(uuid7(), name.strip()))
    return known | new, list(new.values())


async def store_new(tx: Tx, new: Sequence[Category], who: str) -> None:
    """Keep and tell categories that an import named."""
    await rows.store(tx, new)
    await changes.keep(tx, [Change(f"category:{row.id}", "created", None, row.name) for row in new], who)
    await tell(tx, *(telling.category_defined(row) for row in new))


async def _store(tx: Tx, category: Category) -> None:
    rivals = await rows.rivals(tx, category)
    if rivals:
        field = "name" if categories.key(rivals[0].name) == categories.key(category.name) else "code"
        raise NameTaken(f"The category {rivals[0].name} has this {field} already.", field=field)
    await rows.store(tx, [category])
    await tell(tx, telling.category_defined(category))


def _differences(was: Category, now: Category) -> list[Change]:
    pairs = (("name", was.name, now.name), ("code", was.code, now.code))
    return [Change(f"category:{now.id}", field, old, new) for field, old, new in pairs if old != new]
