"""The only home of central supply: who resupplies whom, and the one request that answers a shortage (STK-32, STK-39).

A shortage and its request live apart in time: the crossing is told with its source at once, the request follows from
what stands in the books. So the locks of the short site and of its source are never held against each other.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.ids import named_id
from lotwise.contracts.stock import ResupplyChanged
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.stock.domain import transfers
from lotwise.stock.domain.refusals import NotKept, UnknownProduct, UnknownSite
from lotwise.stock.domain.resupply import Need, to_request
from lotwise.stock.operations.requests import count_requests
from lotwise.stock.operations.transfers import cancel
from lotwise.stock.operations.trips import asked_lines
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.resupply import over, rule_row, set_rule, waiting
from lotwise.stock.repository.transfers import Head, Step, add_step, add_transfer, lock_transfer
from lotwise.values import BadValue

ACTOR = "service:stock"
NOTE = "A shortage asks for it"


class Rule(NamedTuple):
    """Who resupplies a product at a site; `from_site` None: the site orders for itself."""

    site: str
    product_id: UUID
    from_site: str | None
    actor: str
    expected: Callable[[int], None] | None = None


async def manage(tx: Tx, rule: Rule) -> int:
    """Set who resupplies a cell; returns the rule's revision.

    Raises UnknownSite, UnknownProduct, NotKept, BadValue for a site that would resupply itself or a circle, and what
    `expected` raises when called with the locked revision.
    """
    products = await products_of(tx, [rule.product_id])
    sites = await sites_of(tx, {rule.site} | ({rule.from_site} if rule.from_site else set()))
    for field, slug in (("site", rule.site), ("from_site", rule.from_site)):
        if slug is not None and slug not in sites:
            raise UnknownSite("No site has this name", field=field, site=slug)
    product = products.get(rule.product_id)
    if product is None:
        raise UnknownProduct("No product has this id", field="product_id", product_id=str(rule.product_id))
    if not product.is_kept:
        raise NotKept(f"{product.name} has no stock to resupply", field="product_id")
    standing = await rule_row(tx, rule.site, rule.product_id, lock=True)
    if rule.expected is not None:
        rule.expected(standing["revision"] if standing else 0)
    if rule.from_site is not None:
        await _must_not_circle(tx, rule.site, rule.product_id, rule.from_site)
    revision = await set_rule(tx, rule.site, rule.product_id, rule.from_site, rule.actor, datetime.now(UTC))
    changed = ResupplyChanged(
        site=rule.site, product_id=rule.product_id, resupplied_from=rule.from_site, revision=revision
    )
    await tell(tx, changed)
    return revision


async def _must_not_circle(tx: Tx, site: str, product_id: UUID, source: str) -> None:
    """Follow the sources: whoever ends at the site itself would be asked for what it asks for."""
    seen = [site]
    upstream: str | None = source
    while upstream is not None:
        if upstream in seen:
            raise BadValue(
                "A site cannot be resupplied by itself, nor in a circle", field="from_site", path=[*seen, upstream]
            )
        seen.append(upstream)
        row = await rule_row(tx, upstream, product_id)
        upstream = row["from_site"] if row else None


async def answer_shortages(tx: Tx, rows_max: int, exponent: int) -> list[UUID]:
    """Ask the source for what centrally supplied sites are short of, once per shortage; the requests made.

    The source's own need counts them at once: if it is short net of them, it crosses and is ordered for.
    """
    made: list[UUID] = []
    now = datetime.now(UTC)
    for row in await waiting(tx, rows_max):
        need = Need(row["on_hand"], row["coming"], row["minimum"], row["reorder_at"], row["normal_order_quantity"])
        quantity = to_request(need)
        if not quantity:
            continue
        head = Head(
            named_id("resupply", row["shortage_id"]), row["from_site"], row["site"], transfers.REQUESTED, NOTE, ACTOR,
            transfers.SHORTAGE, row["shortage_id"],
        )  # fmt: skip
        if await add_transfer(tx, head, [(1, row["product_id"], None, quantity)], now):
            await _remember(tx, head.id, row["product_id"], quantity, now)
            made.append(head.id)
    if made:
        await count_requests(tx, made, exponent)
    return made


async def _remember(tx: Tx, transfer_id: UUID, product_id: UUID, quantity: int, now: datetime) -> None:
    line: dict[str, Any] = {"line": 1, "product_id": product_id, "lot_id": None, "quantity": quantity}
    shown = asked_lines([line], await products_of(tx, [product_id]))
    await add_step(tx, transfer_id, Step("request", now, ACTOR, NOTE, shown), now)


async def next_over(tx: Tx) -> UUID | None:
    """A request whose shortage is over and that nobody touched, None when there is none."""
    return next(iter(await over(tx, 1)), None)


async def withdraw(tx: Tx, transfer_id: UUID, exponent: int) -> bool:
    """Take back a request whose shortage is over; False when somebody touched it in the meantime."""
    row = await lock_transfer(tx, transfer_id)
    if row is None or row["state"] != transfers.REQUESTED or row["revision"] != 1:
        return False
    await cancel(tx, transfer_id, datetime.now(UTC), ACTOR, exponent, "the shortage is over")
    return True
