"""HTTP of damaged and defective goods: set apart, then repaired, scrapped or sent back."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from lotwise.contracts.fields import Flag, Id, Instant, Note, PositiveQuantity, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Command, Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.adjustments import AdjustmentOut, adjusted_out
from lotwise.stock.api.shapes import Strict, exponent, trace
from lotwise.stock.domain.refusals import (
    BadDate,
    BadQuantity,
    LotIsExpired,
    NoteMissing,
    NotEnoughInLot,
    NotKept,
    UnknownDamage,
    UnknownProduct,
    UnknownSite,
)
from lotwise.stock.operations.damages import Damage, Way, damage, repair, scrap, send_back
from lotwise.stock.operations.dates import happened
from lotwise.stock.repository.damages import damages_page
from lotwise.values import format_quantity

router = Router(tags=["damages"])
WAYS = (UnknownDamage, NotEnoughInLot, BadQuantity)
LAST = UUID(int=2**128 - 1)


class DamageIn(Strict):
    """Goods that broke, or never worked (`is_defective`); without a lot the shelf gives by FEFO."""

    damage_id: Id | None = None
    site: Slug
    product_id: Id
    lot_id: Id | None = None
    quantity: PositiveQuantity
    is_defective: Flag = False
    note: Note = ""
    happened_at: Instant | None = None


class WayIn(Strict):
    """How much of a damage (all that is open when empty), of which of its lots, and how it was done."""

    quantity: PositiveQuantity | None = None
    lot_id: Id | None = None
    note: Note = ""


class DamageOut(BaseModel):
    """A lot of a damage: `open` is what nothing was decided about yet."""

    damage_id: UUID
    site: str
    product_id: UUID
    code: str
    name: str
    unit: str
    lot_id: UUID
    lot_number: str
    expires_on: date | None
    quantity: str
    open: str
    repaired: str
    scrapped: str
    returned: str
    is_defective: bool
    note: str
    happened_at: datetime
    actor: str


class DamagedOut(BaseModel):
    """A damage with its lots; `is_repeat` when it was entered before."""

    damage_id: UUID
    lots: list[DamageOut]
    is_repeat: bool = False


class ScrappedOut(BaseModel):
    """What was scrapped, or waits for a witness."""

    damage: DamagedOut
    adjustments: list[AdjustmentOut]


def _row(row: Any) -> DamageOut:
    decimals = row["unit_decimals"]
    figures = {name: format_quantity(row[name], decimals) for name in ("quantity", "repaired", "scrapped", "returned")}
    left = row["quantity"] - row["repaired"] - row["scrapped"] - row["returned"]
    plain = {
        name: row[name] for name in DamageOut.model_fields if name not in {"damage_id", "open"} and name not in figures
    }
    return DamageOut(damage_id=row["id"], open=format_quantity(left, decimals), **figures, **plain)


async def _damage(tx: Any, damage_id: UUID, *, is_repeat: bool = False) -> DamagedOut:
    rows = await damages_page(tx, None, False, damage_id, LAST, LAST, 500)
    return DamagedOut(damage_id=damage_id, lots=[_row(row) for row in rows], is_repeat=is_repeat)


@router.post(
    "/damages",
    permission="stock.quarantine",
    status_code=201,
    refusals=(UnknownProduct, UnknownSite, NotKept, NotEnoughInLot, BadQuantity, BadDate),
)
async def mark(cmd: Cmd, body: DamageIn) -> Answer[DamagedOut]:
    """Mark goods as damaged or defective: they leave the shelf and are not sellable (STK-24)."""
    wanted = Damage(
        body.damage_id or uuid7(), body.site, body.product_id, body.lot_id, body.quantity, body.is_defective,
        body.note, happened(body.happened_at, cmd.who, body.site), cmd.who.actor, trace(),
    )  # fmt: skip
    async with cmd.transaction() as tx:
        taken = await damage(tx, wanted, exponent(cmd.runtime))
        out = await _damage(tx, wanted.damage_id, is_repeat=not taken)
        return await cmd.answer(tx, out, 201, site=body.site, target=wanted.damage_id, reason=body.note or None)


@router.get("/damages", permission="stock.read")
async def damages(
    read: Read, site: str | None = None, state: str | None = None, after: After = None, limit: Limit = 50
) -> Page[DamageOut]:
    """Damaged and defective goods by lot, newest first; `state=open` keeps what nothing was decided about (STK-24)."""
    keys = cursor_decode(after, UUID, UUID) or (LAST, LAST)
    async with read.connection() as tx:
        sites = visible(read.who, "stock.read", site)
        rows = await damages_page(tx, sites, state == "open", None, *keys, limit)
    last = cursor_encode(rows[-1]["id"], rows[-1]["lot_id"]) if len(rows) == limit else None
    return Page(rows=[_row(row) for row in rows], next=last)


def _way(damage_id: UUID, body: WayIn) -> Way:
    return Way(damage_id, body.quantity, body.lot_id, body.note, datetime.now(UTC), trace())


@router.post("/damages/{damage_id}:repair", permission="stock.quarantine", refusals=(*WAYS, LotIsExpired))
async def repair_damage(cmd: Cmd, damage_id: UUID, body: WayIn) -> Answer[DamagedOut]:
    """Put repaired goods back on the shelf; what has expired meanwhile is refused (STK-24)."""
    return await _answer(cmd, damage_id, body, repair)


@router.post("/damages/{damage_id}:return", permission="stock.quarantine", refusals=WAYS)
async def return_damage(cmd: Cmd, damage_id: UUID, body: WayIn) -> Answer[DamagedOut]:
    """Send damaged goods back to their supplier (STK-24)."""
    return await _answer(cmd, damage_id, body, send_back)


async def _answer(cmd: Command, damage_id: UUID, body: WayIn, deed: Any) -> Answer[DamagedOut]:
    async with cmd.transaction() as tx:
        site, _ = await deed(tx, _way(damage_id, body), cmd.who, exponent(cmd.runtime))
        return await cmd.answer(tx, await _damage(tx, damage_id), site=site, reason=body.note or None)


@router.post("/damages/{damage_id}:scrap", permission="stock.adjust", refusals=(*WAYS, NoteMissing))
async def scrap_damage(cmd: Cmd, damage_id: UUID, body: WayIn) -> Answer[ScrappedOut]:
    """Destroy damaged goods; the note says how. Where a witness is needed it waits for one (STK-25, N-22)."""
    async with cmd.transaction() as tx:
        site, done = await scrap(tx, _way(damage_id, body), cmd.who, exponent(cmd.runtime))
        out = ScrappedOut(damage=await _damage(tx, damage_id), adjustments=[adjusted_out(one) for one in done])
        return await cmd.answer(tx, out, site=site, reason=body.note)
