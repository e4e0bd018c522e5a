"""The only home of the checkout queue: a completed treatment as the draft of its charge (SAL-18)."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.ids import named_id
from lotwise.kit.database import Database, Tx
from lotwise.kit.principal import Principal
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.domain.refusals import CheckoutClosed, UnknownTreatment
from lotwise.sales.domain.treatments import DECIMALS, Treatment
from lotwise.sales.repository import checkout as rows
from lotwise.sales.repository import treatments as treatment_rows
from lotwise.sales.repository.checkout import Queued
from lotwise.values import format_quantity

SETTLED_AT_ONCE = 500


class DraftLine(NamedTuple):
    """A line that the desk would charge; quantity as text in the product's unit."""

    product_id: UUID
    code: str
    name: str
    unit: str
    quantity: str
    treatment_id: UUID
    lot_id: UUID | None
    prescriber: str
    order_reference: str
    is_priced: bool


class Draft(NamedTuple):
    """A treatment that waits for the desk, as a charge. Its id is the same at every till: it is charged once."""

    queued: Queued
    treatment: Treatment
    charge_id: UUID
    lines: list[DraftLine]


def draft_of(book: PriceBook, queued: Queued, treatment: Treatment) -> Draft:
    """The service, then the goods that were used and are for sale; back bar goods are part of the service."""
    charge_id = named_id("checkout", treatment.treatment_id, queued.voids)
    lines = [_line(book, treatment, treatment.service_id, str(treatment.sessions))]
    for line in treatment.lines:
        product = book.products.get(line.product_id)
        if product is None or product.purpose == "back_bar" or not line.used:
            continue
        drafted = _line(book, treatment, line.product_id, format_quantity(line.used, DECIMALS))
        drafted = drafted._replace(lot_id=line.lot_id, prescriber=line.prescriber, order_reference=line.order_reference)
        lines.append(drafted)
    return Draft(queued, treatment, charge_id, lines)


def _line(book: PriceBook, treatment: Treatment, product_id: UUID, quantity: str) -> DraftLine:
    product = book.products.get(product_id)
    price = book.price(product_id, treatment.site, treatment.happened_at)
    known: dict[str, Any] = {"code": "", "name": "", "unit": "piece"} if product is None else product._asdict()
    return DraftLine(
        product_id, known["code"], known["name"], known["unit"], quantity, treatment.treatment_id, None, "", "",
        price is not None,
    )  # fmt: skip


async def waiting(tx: Tx, book: PriceBook, site: str, after: tuple[datetime, UUID] | None, limit: int) -> list[Draft]:
    """What waits for the desk of a site, the longest first."""
    queue = await rows.waiting(tx, site, after, limit)
    treatments = await treatment_rows.load(tx, [one.treatment_id for one in queue])
    return [draft_of(book, one, treatments[one.treatment_id]) for one in queue]


async def one(tx: Tx, book: PriceBook, treatment_id: UUID, who: Principal, permission: str) -> Draft:
    """A treatment as the draft of its charge. Raises UnknownTreatment, also for one at a site out of reach."""
    queued = await rows.load(tx, treatment_id)
    if queued is None or not who.allows(permission, queued.site):
        raise UnknownTreatment(f"no treatment has the id {treatment_id}")
    treatments = await treatment_rows.load(tx, [treatment_id])
    return draft_of(book, queued, treatments[treatment_id])


async def dismiss(tx: Tx, treatment_id: UUID, who: Principal, reason: str, now: datetime) -> Queued:
    """Say why a treatment is not charged; again with the same reason it changes nothing.

    Raises UnknownTreatment, CheckoutClosed.
    """
    queued = await rows.load(tx, treatment_id, lock=True)
    if queued is None or not who.allows("charge.create", queued.site):
        raise UnknownTreatment(f"no treatment has the id {treatment_id}")
    if (queued.state, queued.reason) == ("dismissed", reason):
        return queued
    await rows.settle(tx, [treatment_id], now)
    queued = await rows.load(tx, treatment_id) or queued
    if queued.state != "open":
        ways = ("void its charge",) if queued.state == "charged" else ("charge the treatment by hand",)
        raise CheckoutClosed(f"the treatment was {queued.state} already", ways_out=ways, state=queued.state)
    await rows.dismiss(tx, treatment_id, reason, who.actor, now)
    return queued._replace(state="dismissed", reason=reason, actor=who.actor)


async def settle(db: Database, treatment_ids: Collection[UUID]) -> None:
    """After charges were recorded or taken back: let the queue say what the charges say."""
    async with db.transaction() as tx:
        await rows.settle(tx, treatment_ids, datetime.now(UTC))


async def settle_rest(db: Database) -> int:
    """Settle what a process left behind that ended between a charge and its queue; how many there were."""
    async with db.transaction() as tx:
        left = await rows.unsettled(tx, SETTLED_AT_ONCE)
        if left:
            await rows.settle(tx, left, datetime.now(UTC))
    return len(left)
