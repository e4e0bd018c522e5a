"""HTTP of the chain's preferences."""

from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from lotwise.catalog.api.shapes import Shape
from lotwise.catalog.domain.preferences import Preferences
from lotwise.catalog.operations import preferences
from lotwise.catalog.repository import preferences as rows
from lotwise.contracts.fields import Flag, Whole
from lotwise.kit.commands import Answer, Cmd, Read, dump
from lotwise.kit.database import Tx
from lotwise.kit.etag import IfMatch, etag
from lotwise.kit.web import Router

router = Router(tags=["preferences"])


class PreferenceFields(Shape):
    """What can be preferred: the length of codes, priced services, the minutes of a normal slot."""

    code_length_max: Literal[10, 12, 14] = 14
    use_service_pricing_tables: Flag = True
    slot_minutes: Annotated[Whole, Field(ge=1, le=480)] = 15


class TaxDefault(BaseModel):
    """The codes last used for an inventory type (CAT-30)."""

    tax_code: int
    application_code: int


class PreferencesOut(PreferenceFields):
    """The preferences, with the tax codes that new entries of a type begin with."""

    tax_defaults: dict[str, TaxDefault]
    revision: int


async def _out(tx: Tx, chosen: Preferences) -> PreferencesOut:
    used = await rows.taxes_last_used(tx)
    defaults = {name: TaxDefault(tax_code=codes[0], application_code=codes[1]) for name, codes in used.items()}
    return PreferencesOut(**asdict(chosen), tax_defaults=defaults)


@router.get("/preferences", permission="catalog.read")
async def get_preferences(read: Read) -> Answer[PreferencesOut]:
    """The chain's preferences."""
    async with read.connection() as tx:
        chosen = await rows.get(tx)
        answer = await _out(tx, chosen)
    return Answer(dump(answer), headers={"ETag": etag(chosen.revision)})


@router.put("/preferences", permission="catalog.site")
async def edit_preferences(cmd: Cmd, body: PreferenceFields, expected: IfMatch) -> Answer[PreferencesOut]:
    """Change what is sent."""
    async with cmd.transaction() as tx:
        chosen = await preferences.edit(tx, body.model_dump(exclude_unset=True), expected, cmd.who.actor)
        return await cmd.answer(tx, await _out(tx, chosen), revision=chosen.revision)
