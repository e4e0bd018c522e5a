"""The only home of explaining what treatments left open (N-14)."""

from datetime import UTC, datetime
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.stock.domain.exceptions import Known, exceptions_of
from lotwise.stock.domain.refusals import NothingToExplain, UnknownTreatment
from lotwise.stock.repository.yields import add_explanation, lock_use
from lotwise.values import format_quantity


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
