"""The only home of one purchase divided over sites: exact shares of its cost, or sent on (STK-31)."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.ids import named_id
from lotwise.kit.database import Tx
from lotwise.stock.domain import costs, transfers
from lotwise.stock.domain.refusals import BadQuantity, SharesDiffer, UnknownProduct, UnknownSite
from lotwise.stock.operations.receipts import Delivery, Received, positive, price, receive
from lotwise.stock.operations.shipping import Chosen, Departure, ship
from lotwise.stock.operations.transfers import Order, draft
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.values import Refusal, format_quantity, price_text, spread

NOTE = "Share of a purchase"


class Share(NamedTuple):
    """What one site gets, in which of its storage areas."""

    site: str
    quantity: str
    area: str = ""


class Purchase(NamedTuple):
    """One purchase as it was entered: `whole` is all of it, at the site where it comes or came.

    `cost_minor` is what it cost in all, else its unit cost counts. `sends_on`: it arrives whole and its shares are
    shipped on; else each share arrives at its site.
    """

    whole: Delivery
    shares: Sequence[Share]
    cost_minor: int | None
    sends_on: bool


class Divided(NamedTuple):
    """The receipts that were made, and the transfers that carry shares on."""

    receipts: Sequence[Received]
    transfers: Sequence[UUID]
    cost_minor: int


async def divide(tx: Tx, purchase: Purchase, exponent: int) -> Divided:
    """Receive a purchase and give each site its share, all or nothing; a rerun changes nothing.

    Raises SharesDiffer when the shares do not sum to it or name a site twice, and what receiving and shipping raise.
    """
    whole = purchase.whole
    product = (await products_of(tx, [whole.product_id])).get(whole.product_id)
    if product is None:
        raise UnknownProduct("No product has this id", field="product_id", product_id=str(whole.product_id))
    quantity = positive(whole.quantity, product)
    parts = [positive(share.quantity, product) for share in purchase.shares]
    _must_fit(quantity, parts, purchase.shares, product.decimals)
    total = purchase.cost_minor
    if total is None:
        total = _value(price(whole.unit_cost), quantity, product.decimals, exponent)
    unit_cost = price_text(costs.unit_cost(total, quantity, product.decimals, exponent))
    whole = whole._replace(unit_cost=whole.unit_cost or unit_cost)
    if purchase.sends_on:
        return await _send_on(tx, whole, purchase.shares, total, exponent)
    deliveries = [
        whole._replace(
            receipt_id=named_id("split", whole.receipt_id, share.site),
            site=share.site,
            area=share.area,
            quantity=share.quantity,
            cost_minor=cost,
        )
        for share, cost in zip(purchase.shares, spread(total, parts), strict=True)
    ]
    received = [_made(one) for one in await receive(tx, deliveries, exponent)]
    return Divided(received, (), total)


def _must_fit(quantity: int, parts: Sequence[int], shares: Sequence[Share], decimals: int) -> None:
    if sum(parts) != quantity:
        raise SharesDiffer(
            f"The shares come to {format_quantity(sum(parts), decimals)} of {format_quantity(quantity, decimals)}",
            field="shares",
            quantity=format_quantity(quantity, decimals),
            shares=format_quantity(sum(parts), decimals),
            ways_out=("change a share", "change the quantity"),
        )
    sites = [share.site for share in shares]
    if len(set(sites)) < len(sites):
        raise SharesDiffer("A site stands twice among the shares", field="shares")


def _value(unit_cost: int, quantity: int, decimals: int, exponent: int) -> int:
    try:
        return costs.value_of(unit_cost, quantity, decimals, exponent)
    except ValueError as error:
        raise BadQuantity(str(error), field="unit_cost") from error


def _made(outcome: Received | Refusal) -> Received:
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


async def _send_on(tx: Tx, whole: Delivery, shares: Sequence[Share], total: int, exponent: int) -> Divided:
    """Receive it whole, then ship each other site's share of that very lot at once."""
    others = [share for share in shares if share.site != whole.site]
    ids = [named_id("split", whole.receipt_id, share.site) for share in others]
    known = await sites_of(tx, {share.site for share in others})
    for share in others:
        if share.site not in known:
            raise UnknownSite("No site has this name", field="shares", site=share.site)
    arrives = whole._replace(cost_minor=total)
    also = {(share.site, whole.product_id) for share in others}
    received = _made((await receive(tx, [arrives], exponent, also=also))[0])
    if received.is_repeat or received.lot is None:
        return Divided([received], ids, total)
    lot_id = received.lot.id
    for share, transfer_id in zip(others, ids, strict=True):
        line = (whole.product_id, share.quantity, lot_id)
        order = Order(transfer_id, whole.site, share.site, NOTE, whole.actor, [line], origin=transfers.SPLIT)
        await draft(tx, order)
        leaving = Departure(whole.happened_at, whole.actor, [Chosen(1, share.quantity, [(lot_id, share.quantity)])])
        await ship(tx, transfer_id, leaving, exponent)
    return Divided([received], ids, total)
