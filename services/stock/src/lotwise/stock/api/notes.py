"""HTTP of notes between legal entities, and of the terms on which one supplies the other (STK-38)."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.contracts.fields import PriceText, Text
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.etag import IfMatch
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import Short, Strict
from lotwise.stock.domain.refusals import UnknownNote
from lotwise.stock.repository.notes import Note, notes_page, one_note, set_terms, terms_list, terms_row
from lotwise.values import BadValue, parse_price, price_text

router = Router(tags=["notes"])
LAST = UUID(int=2**128 - 1)
CHAIN = "chain"
PERCENT_MAX = 1000 * 1_000_000


class TermsIn(Strict):
    """On which terms one entity supplies another: percent on cost, and the tax that the note states."""

    from_entity: Text
    to_entity: Text
    markup_percent: PriceText = "0"
    tax_name: Short = ""
    tax_percent: PriceText = "0"


class TermsOut(BaseModel):
    """The terms of a pair of legal entities."""

    from_entity: str
    to_entity: str
    markup_percent: str
    tax_name: str
    tax_percent: str
    revision: int


class NoteLine(BaseModel):
    """Goods of one lot at cost and at the transfer price, in minor units; a credit's are below zero."""

    line: int
    product_id: UUID
    code: str
    name: str
    unit: str
    lot_id: UUID
    lot_number: str
    expires_on: date | None
    quantity: str
    cost_minor: int
    price_minor: int


class NoteOut(BaseModel):
    """A note; numbers count up without a gap for each pair of legal entities. A credit names what it `credits`."""

    note_id: UUID
    number: str
    from_entity: str
    to_entity: str
    transfer_id: UUID
    credits: UUID | None
    from_site: str
    to_site: str
    happened_at: datetime
    issued_at: datetime
    issued_by: str
    markup_percent: str
    tax_name: str
    tax_percent: str
    cost_minor: int
    price_minor: int
    tax_minor: int
    total_minor: int
    currency: str
    lines: Annotated[list[NoteLine], Field(max_length=500)]


def _out(note: Note, currency: str) -> NoteOut:
    fields = note._asdict()
    number = f"{'CN' if note.credits else 'IC'}-{fields.pop('number'):05}"
    percents = {"markup_percent": price_text(note.markup), "tax_percent": price_text(note.tax_percent)}
    return NoteOut.model_validate(
        {
            **fields,
            **percents,
            "note_id": note.id,
            "number": number,
            "total_minor": note.price_minor + note.tax_minor,
            "currency": currency,
        }
    )


@router.get("/company-notes", permission="stock.read")
async def notes(
    read: Read, site: str | None = None, transfer: UUID | None = None, after: After = None, limit: Limit = 50
) -> Page[NoteOut]:
    """Notes of transfers that begin or end at a site, newest first; of one transfer with its credits."""
    keys = cursor_decode(after, UUID)
    async with read.connection() as tx:
        sites = visible(read.who, "stock.read", site)
        found = await notes_page(tx, sites, transfer, keys[0] if keys else LAST, limit)
    shown = [_out(note, read.runtime.settings.currency) for note in found]
    return Page(rows=shown, next=cursor_encode(shown[-1].note_id) if len(shown) == limit else None)


@router.get("/company-notes/{note_id}", permission="stock.read", refusals=(UnknownNote,))
async def note(read: Read, note_id: UUID) -> NoteOut:
    """One note, for those who may see one of its sites."""
    async with read.connection() as tx:
        found = await one_note(tx, note_id)
    if found is None:
        raise UnknownNote("No note has this id", note_id=str(note_id))
    if not read.who.allows("stock.read", found.from_site):
        read.who.at("stock.read", found.to_site)
    return _out(found, read.runtime.settings.currency)


@router.get("/company-terms", permission="stock.setting", site="chain")
async def terms(read: Read) -> Page[TermsOut]:
    """The terms of every pair of legal entities that has sites; cost and no tax where nobody set any."""
    read.who.at("stock.setting")
    async with read.connection() as tx:
        rows = await terms_list(tx)
    return Page(rows=[_terms(dict(row)) for row in rows])


def _terms(row: dict[str, object]) -> TermsOut:
    return TermsOut.model_validate(
        {
            **row,
            "markup_percent": price_text(int(str(row["markup"]))),
            "tax_percent": price_text(int(str(row["tax_percent"]))),
        }
    )


@router.put("/company-terms", permission="stock.setting", site="chain", refusals=(BadValue,))
async def put_terms(cmd: Cmd, body: TermsIn, expected: IfMatch) -> Answer[TermsOut]:
    """Set the terms of a pair; notes issued before keep theirs. They belong to the chain, not to a site."""
    cmd.who.at("stock.setting", CHAIN)
    if body.from_entity == body.to_entity:
        raise BadValue("Within one legal entity there is no note", field="to_entity")
    markup, tax = _percent(body.markup_percent, "markup_percent"), _percent(body.tax_percent, "tax_percent")
    async with cmd.transaction() as tx:
        standing = await terms_row(tx, body.from_entity, body.to_entity, lock=True)
        expected.check(standing["revision"] if standing else 0)
        revision = await set_terms(tx, body.from_entity, body.to_entity, markup, body.tax_name, tax)
        row = await terms_row(tx, body.from_entity, body.to_entity)
        shown = _terms(dict(row or {}))
        target = f"{body.from_entity} > {body.to_entity}"
        return await cmd.answer(tx, shown, target=target, details=body.model_dump(), revision=revision)


def _percent(text: str, field: str) -> int:
    percent = parse_price(text)
    if not 0 <= percent <= PERCENT_MAX:
        raise BadValue("A percent lies between 0 and 1000", field=field)
    return percent
