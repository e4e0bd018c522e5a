"""HTTP of one purchase divided over sites: 10 become 6 here and 4 there, at costs that sum to the cent (STK-31)."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from lotwise.contracts.fields import Day, Id, Instant, PositiveQuantity, PriceText, Slug, Whole
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd
from lotwise.kit.web import Router
from lotwise.stock.api.receipts import REFUSALS, ReceiptOut, receipt_out
from lotwise.stock.api.shapes import AreaName, LotNumber, Short, Strict, exponent, trace
from lotwise.stock.domain.refusals import LotIsApart, NotEnoughStock, SharesDiffer
from lotwise.stock.operations.dates import happened
from lotwise.stock.operations.receipts import Delivery
from lotwise.stock.operations.splits import Purchase, Share, divide

router = Router(tags=["receipts"])


class ShareIn(Strict):
    """What one site gets, in which of its storage areas."""

    site: Slug
    quantity: PositiveQuantity
    area: AreaName = ""


class SplitIn(Strict):
    """One purchase and its shares. `transfer`: it arrives whole at `site` and the other shares are shipped on;
    `receive`: each share arrives at its site. `cost_minor` is what it cost in all, else the unit cost counts.
    """

    split_id: Id | None = None
    site: Slug
    mode: Literal["transfer", "receive"] = "transfer"
    product_id: Id
    quantity: PositiveQuantity
    unit_cost: PriceText | None = None
    cost_minor: Annotated[Whole, Field(ge=0, le=2**53)] | None = None
    lot_number: LotNumber = ""
    expires_on: Day | None = None
    manufacturer: Short = ""
    supplier_id: Id | None = None
    purchase_order: Short = ""
    happened_at: Instant | None = None
    shares: Annotated[tuple[ShareIn, ...], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _costs(self) -> "SplitIn":
        if (self.unit_cost is None) == (self.cost_minor is None):
            raise ValueError("say either what one costs or what all cost")
        return self


class SplitOut(BaseModel):
    """The receipts, whose costs sum to `cost_minor`, and the transfers that carry shares on."""

    split_id: UUID
    cost_minor: int
    receipts: list[ReceiptOut]
    transfers: list[UUID]


@router.post(
    "/receipts:split",
    permission="stock.receive",
    site="body:site",
    status_code=201,
    refusals=(*REFUSALS, SharesDiffer, NotEnoughStock, LotIsApart),
)
async def split_receipt(cmd: Cmd, body: SplitIn) -> Answer[SplitOut]:
    """Divide a purchase over sites, all or nothing; who does it may receive at each site it arrives at."""
    split_id = body.split_id or uuid7()
    for share in body.shares if body.mode == "receive" else ():
        cmd.who.at("stock.receive", share.site)
    if body.mode == "transfer" and any(share.site != body.site for share in body.shares):
        cmd.who.at("stock.transfer", body.site)
    main = next((share.area for share in body.shares if share.site == body.site), "")
    whole = Delivery(
        split_id, 0, body.site, body.product_id, body.quantity, body.unit_cost or "", body.lot_number, body.expires_on,
        body.manufacturer, body.supplier_id, body.purchase_order, happened(body.happened_at, cmd.who, body.site), main,
        False, cmd.who.actor, trace(),
    )  # fmt: skip
    shares = [Share(share.site, share.quantity, share.area) for share in body.shares]
    purchase = Purchase(whole, shares, body.cost_minor, body.mode == "transfer")
    async with cmd.transaction() as tx:
        done = await divide(tx, purchase, exponent(cmd.runtime))
        shown = SplitOut(
            split_id=split_id,
            cost_minor=done.cost_minor,
            receipts=[receipt_out(one) for one in done.receipts],
            transfers=list(done.transfers),
        )
        return await cmd.answer(tx, shown, 201, site=body.site, target=split_id)
