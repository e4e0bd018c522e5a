"""The only home of explaining what treatments left open (N-14)."""

from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.sales import TreatmentCompleted, TreatmentLine
from lotwise.kit.database import Tx
from lotwise.kit.waiting import waiting_at
from lotwise.stock.domain.exceptions import Known, exceptions_of
from lotwise.stock.domain.places import Product
from lotwise.stock.domain.refusals import NothingToExplain, UnknownTreatment
from lotwise.stock.repository.definitions import products_of
from lotwise.stock.repository.treatments import revisions_of
from lotwise.stock.repository.yields import add_explanation, lock_use
from lotwise.values import format_quantity, site_day


class Unmoved(NamedTuple):
    """A line of a treatment that waits whole, because a product of it is not known; `product` None is that one."""

    event: TreatmentCompleted
    line: TreatmentLine
    product: Product | None


async def explain(tx: Tx, treatment_id: UUID, product_id: UUID, kind: str, reason: str, actor: str) -> str:
    """Keep why a treatment's difference is as it should be; it holds for this difference alone. Returns the difference.

    Raises UnknownTreatment or NothingToExplain.
    """
    row = await lock_use(tx, treatment_id, product_id)
    if row is None:
        raise UnknownTreatment("No completed treatment used that product", treatment_id=str(treatment_id))
    known = Known(row["charged"], row["drawn"], row["poured"], row["expected"], row["consumed"], row["unattributed"])
    found = dict(exceptions_of(known))
    if kind not in found:
        raise NothingToExplain(
            "That difference does not stand (any more)",
            field="kind",
            treatment_id=str(treatment_id),
            kinds=sorted(found),
        )
    await add_explanation(tx, treatment_id, product_id, kind, found[kind], reason, actor, datetime.now(UTC))
    return format_quantity(found[kind], row["unit_decimals"])


async def unmoved_lines(tx: Tx, site: str, zone: str, day: date) -> list[Unmoved]:
    """What treatments of a site's day have not taken, because catalog has not told of one of their products yet.

    Their messages wait and are applied by themselves once it is known; until then nothing of them moved (N-14).
    """
    newest: dict[UUID, TreatmentCompleted] = {}
    for message in await waiting_at(tx, TreatmentCompleted, site):
        event: TreatmentCompleted = message.event
        known = newest.get(event.treatment_id)
        if site_day(event.happened_at, zone) == day and (known is None or known.revision < event.revision):
            newest[event.treatment_id] = event
    applied = await revisions_of(tx, newest)
    waiting = [one for one in newest.values() if applied.get(one.treatment_id, 0) < one.revision]
    products = await products_of(tx, {line.product_id for one in waiting for line in one.lines})
    return [
        Unmoved(one, line, products.get(line.product_id))
        for one in sorted(waiting, key=lambda one: (one.happened_at, one.treatment_id))
        for line in one.lines
        if line.product_id not in products or products[line.product_id].is_kept
    ]
