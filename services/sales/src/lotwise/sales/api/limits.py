"""The only home of the doors to the desk's limits: how much may be given away without a further permission."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from lotwise.contracts.fields import PriceText, Whole
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.web import Router
from lotwise.sales.api.line_shapes import Strict
from lotwise.sales.domain.definitions import Limit
from lotwise.sales.domain.discounts import WHOLE
from lotwise.sales.operations import limits
from lotwise.values import format_quantity, parse_price

router = Router(prefix="/v1", tags=["desk"])
Limited = Literal["charge.discount", "charge.free", "charge.return"]


class LimitIn(Strict):
    """How far a permission goes: a percentage of a line's list price, minor units of a charge; none is no bound."""

    permission: Limited
    percent: PriceText | None = None
    amount_minor: Annotated[Whole, Field(ge=0, le=2**62)] | None = None

    @model_validator(mode="after")
    def _is_a_share(self) -> "LimitIn":
        if self.percent is not None and not 0 <= parse_price(self.percent) <= WHOLE:
            raise ValueError("a percentage lies between 0 and 100")
        return self


class LimitsIn(Strict):
    """The limits to set; those not named stay as they are."""

    limits: Annotated[tuple[LimitIn, ...], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _name_each_once(self) -> "LimitsIn":
        if len({one.permission for one in self.limits}) < len(self.limits):
            raise ValueError("name each permission once")
        return self


class LimitOut(BaseModel):
    """How far a permission goes without `charge.override`."""

    permission: str
    percent: str | None
    amount_minor: int | None


class LimitsOut(BaseModel):
    """Every limit in force."""

    limits: list[LimitOut]


def _shown(found: list[Limit]) -> LimitsOut:
    return LimitsOut(
        limits=[
            LimitOut(
                permission=one.permission,
                percent=None if one.percent is None else format_quantity(one.percent, 6),
                amount_minor=one.amount_minor,
            )
            for one in found
        ]
    )


@router.get("/limits", permission="catalog.price", site="chain")
async def get_limits(read: Read) -> LimitsOut:
    """How much may be given away at the desk, by permission."""
    async with read.connection() as tx:
        return _shown(await limits.limits(tx))


@router.put("/limits", permission="catalog.price", site="chain")
async def put_limits(body: LimitsIn, cmd: Cmd) -> Answer[LimitsOut]:
    """Set how much may be given away at the desk; it counts at once at every site."""
    wanted = [
        Limit(one.permission, None if one.percent is None else parse_price(one.percent), one.amount_minor)
        for one in body.limits
    ]
    async with cmd.transaction() as tx:
        found = _shown(await limits.set_limits(tx, wanted, cmd.who.actor, datetime.now(UTC)))
        return await cmd.answer(tx, found, target="limits", details=body.model_dump(mode="json"))
