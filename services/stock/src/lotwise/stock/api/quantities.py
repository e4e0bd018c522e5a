"""HTTP of the quantity tool: Apply shows new quantities and changes nothing, Save makes them permanent (STK-09)."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field, StringConstraints

from lotwise.contracts.fields import Id, Note, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.adjustments import REFUSALS, AdjustmentOut, adjusted_out
from lotwise.stock.api.levels import NOTHING, Search
from lotwise.stock.api.reasons import ReasonCode
from lotwise.stock.api.shapes import Quantity, Strict, exponent, trace
from lotwise.stock.domain.quantities import changed
from lotwise.stock.domain.refusals import BadQuantity, QuantityMoved, UnknownSite
from lotwise.stock.operations.quantities import Form, NewQuantity, save
from lotwise.stock.repository.definitions import sites_of
from lotwise.stock.repository.levels import one_level, site_page
from lotwise.values import format_quantity

router = Router(tags=["quantities"])
Change = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,19}(\.[0-9]{1,6})?$")]


class NewQuantityOut(BaseModel):
    """What a product has and what it would have; `problem` says why it cannot."""

    product_id: UUID
    code: str
    name: str
    unit: str
    on_hand: str
    held: str
    quantity: str
    change: str
    problem: str = ""


class NewQuantityIn(Strict):
    """A product's new quantity; `expected` is the on hand the form was made from."""

    product_id: Id
    expected: Quantity
    quantity: Quantity


class FormIn(Strict):
    """A form of up to 500 products of one site, with one reason."""

    form_id: Id | None = None
    site: Slug
    reason: ReasonCode = "correction"
    note: Note = ""
    rows: Annotated[tuple[NewQuantityIn, ...], Field(min_length=1, max_length=500)]


class SavedOut(BaseModel):
    """What was saved: an adjustment for each product whose quantity changes; `pending` ones wait for a witness."""

    form_id: UUID
    adjusted: int
    pending: int
    adjustments: list[AdjustmentOut]


@router.get("/quantities", permission="stock.adjust", refusals=(UnknownSite,))
async def apply(
    read: Read,
    site: str,
    way: Annotated[Literal["set", "add", "percent"], Query(description="How the quantities change.")] = "add",
    value: Annotated[Change, Query(description="A quantity, or a signed percentage.")] = "0",
    product: UUID | None = None,
    search: Search = None,
    category: UUID | None = None,
    below: bool = False,
    after: After = None,
    limit: Limit = 50,
) -> Page[NewQuantityOut]:
    """Apply: what the filtered products of a site would have; nothing is stored, and nothing moves."""
    pattern = None if not search else "%" + search.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
    keys = cursor_decode(after, str, UUID) or ("", NOTHING)
    async with read.connection() as tx:
        if site not in await sites_of(tx, [site]):
            raise UnknownSite("No site has this name", field="site", site=site[:60])
        if product is not None:
            one = await one_level(tx, site, product)
            rows = [one] if one else []
        else:
            rows = list(await site_page(tx, site, pattern, category, below, *keys, limit, False))
    is_full = product is None and len(rows) == limit
    last = cursor_encode(rows[-1]["sort_name"], rows[-1]["product_id"]) if is_full else None
    return Page(rows=[_row(row, way, value) for row in rows], next=last)


def _row(row: Any, way: str, value: str) -> NewQuantityOut:
    decimals, on_hand, problem = row["unit_decimals"], row["on_hand"], ""
    try:
        new = changed(on_hand, way, value, decimals)
    except BadQuantity as refusal:
        new, problem = on_hand, refusal.detail
    return NewQuantityOut(
        product_id=row["product_id"],
        code=row["code"],
        name=row["name"],
        unit=row["unit"],
        on_hand=format_quantity(on_hand, decimals),
        held=format_quantity(row["held"], decimals),
        quantity=format_quantity(new, decimals),
        change=format_quantity(new - on_hand, decimals),
        problem=problem,
    )


@router.post("/quantities", permission="stock.adjust", refusals=(*REFUSALS, QuantityMoved))
async def save_form(cmd: Cmd, body: FormIn) -> Answer[SavedOut]:
    """Save: every product of the form gets its new quantity in one batch, or, when one cannot, none does."""
    form = Form(body.form_id or uuid7(), body.site, body.reason, body.note, cmd.who.actor, trace())
    rows = [NewQuantity(one.product_id, one.expected, one.quantity) for one in body.rows]
    async with cmd.transaction() as tx:
        done = await save(tx, form, rows, exponent(cmd.runtime))
        pending = sum(one.state == "pending" for one in done)
        shown = [adjusted_out(one) for one in done]
        out = SavedOut(form_id=form.form_id, adjusted=len(done) - pending, pending=pending, adjustments=shown)
        return await cmd.answer(tx, out, site=body.site, target=form.form_id, reason=body.note or body.reason)
