"""HTTP of moves within a site: between its storage areas, and from retail to the back bar and back (STK-44)."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from lotwise.contracts.fields import Id, Instant, PositiveQuantity, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import AreaName, Strict, exponent, trace
from lotwise.stock.domain.refusals import (
    BadDate,
    BadQuantity,
    LotIsApart,
    LotIsExpired,
    NotEnoughInLot,
    NotEnoughStock,
    SamePlace,
    UnknownArea,
    UnknownLot,
    UnknownProduct,
    UnknownSite,
)
from lotwise.stock.operations.dates import happened
from lotwise.stock.operations.moves import Move, move

router = Router(tags=["moves"])


class PlaceIn(Strict):
    """A place of the site: for sale (`retail`) or for giving services (`back_bar`); without an area its main one."""

    purpose: Literal["retail", "back_bar"] = "retail"
    area: AreaName = ""


class MoveGoodsIn(Strict):
    """A quantity of one lot from one place to another. `move_id` makes a rerun safe."""

    move_id: Id | None = None
    site: Slug
    product_id: Id
    lot_id: Id
    quantity: PositiveQuantity
    source: PlaceIn
    target: PlaceIn
    happened_at: Instant | None = None


class MovedOut(BaseModel):
    """What moved, with its cost in minor units."""

    move_id: UUID
    site: str
    product_id: UUID
    lot_id: UUID
    lot_number: str
    quantity: str
    cost_minor: int
    source: PlaceIn
    target: PlaceIn
    is_repeat: bool


@router.post(
    "/moves",
    permission="stock.transfer",
    status_code=201,
    refusals=(
        UnknownSite, UnknownProduct, UnknownLot, UnknownArea, SamePlace, BadQuantity, BadDate, LotIsExpired,
        LotIsApart, NotEnoughInLot, NotEnoughStock,
    ),
)  # fmt: skip
async def move_goods(cmd: Cmd, body: MoveGoodsIn) -> Answer[MovedOut]:
    """Move goods within a site: what lies at the back bar is on hand there, and not for sale."""
    move_id = body.move_id or uuid7()
    wanted = Move(
        move_id, body.site, body.product_id, body.lot_id, body.quantity, (body.source.purpose, body.source.area),
        (body.target.purpose, body.target.area), happened(body.happened_at, cmd.who, body.site), cmd.who.actor, trace(),
    )  # fmt: skip
    async with cmd.transaction() as tx:
        done = await move(tx, wanted, exponent(cmd.runtime))
        shown = MovedOut(
            move_id=move_id,
            site=body.site,
            product_id=body.product_id,
            lot_id=body.lot_id,
            lot_number=done.lot.number,
            quantity=done.quantity,
            cost_minor=done.cost_minor,
            source=body.source,
            target=body.target,
            is_repeat=done.is_repeat,
        )
        return await cmd.answer(tx, shown, 201, site=body.site, target=move_id)
