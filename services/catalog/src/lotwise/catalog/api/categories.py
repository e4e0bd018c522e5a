"""HTTP of categories."""

from uuid import UUID

from pydantic import BaseModel

from lotwise.catalog.api.shapes import Shape, Unit
from lotwise.catalog.domain.categories import Category
from lotwise.catalog.domain.refusals import NameTaken
from lotwise.catalog.operations import categories
from lotwise.catalog.repository import categories as rows
from lotwise.contracts.fields import Text
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.etag import IfMatch
from lotwise.kit.paging import Page
from lotwise.kit.web import Router
from lotwise.values import Unknown

router = Router(tags=["categories"])


class CategoryFields(Shape):
    """What of a category can be written: a free name and perhaps a code of three characters."""

    name: Text
    code: Unit | None = None


class CategoryOut(BaseModel):
    """A category as it stands."""

    category_id: UUID
    name: str
    code: str | None
    revision: int


def _category(row: Category) -> CategoryOut:
    return CategoryOut(category_id=row.id, name=row.name, code=row.code, revision=row.revision)


@router.get("/categories", permission="catalog.read")
async def list_categories(read: Read) -> Page[CategoryOut]:
    """All categories, by name."""
    async with read.connection() as tx:
        return Page(rows=[_category(row) for row in await rows.every(tx)])


@router.post("/categories", permission="catalog.write", status_code=201, refusals=(NameTaken,))
async def create_category(cmd: Cmd, body: CategoryFields) -> Answer[CategoryOut]:
    """Define a new category."""
    async with cmd.transaction() as tx:
        row = await categories.create(tx, body.name, body.code, cmd.who.actor)
        return await cmd.answer(tx, _category(row), 201, target=row.id, revision=row.revision)


@router.put("/categories/{category_id}", permission="catalog.write", refusals=(Unknown, NameTaken), site="chain")
async def edit_category(cmd: Cmd, category_id: UUID, body: CategoryFields, expected: IfMatch) -> Answer[CategoryOut]:
    """Rename a category or change its code."""
    async with cmd.transaction() as tx:
        row = await categories.edit(tx, category_id, body.name, body.code, expected, cmd.who.actor)
        return await cmd.answer(tx, _category(row), revision=row.revision)
