"""Use cases of suppliers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.kit.etag import Expected
from lotwise.kit.outbox import tell
from lotwise.purchasing.domain import suppliers
from lotwise.purchasing.domain.refusals import SupplierNameTaken
from lotwise.purchasing.domain.suppliers import Supplier, key
from lotwise.purchasing.operations import telling
from lotwise.purchasing.repository import locking
from lotwise.purchasing.repository import suppliers as rows
from lotwise.values import Unknown


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row of a batch: created, updated or unchanged."""

    outcome: str
    supplier: Supplier


async def load(tx: Tx, supplier_id: UUID) -> Supplier:
    """The supplier. Raises Unknown."""
    supplier = (await rows.by_ids(tx, [supplier_id])).get(supplier_id)
    if supplier is None:
        raise Unknown(f"There is no supplier {supplier_id}.", field="supplier_id")
    return supplier


async def create(tx: Tx, supplier_id: UUID | None, fields: Mapping[str, Any]) -> Supplier:
    """Enter a supplier; it gets the next number (PUR-07). Raises SupplierNameTaken."""
    await locking.suppliers(tx)
    await _refuse_taken(tx, fields["name"], None)
    blank = Supplier(supplier_id or uuid7(), await rows.last_number(tx) + 1, "")
    supplier = replace(blank, **fields, revision=1)
    await _store(tx, [supplier])
    return supplier


async def edit(tx: Tx, supplier_id: UUID, fields: Mapping[str, Any], expected: Expected) -> Supplier:
    """Change a supplier; its number stays. Raises Unknown, Stale, SupplierNameTaken."""
    await locking.suppliers(tx)
    was = await load(tx, supplier_id)
    expected.check(was.revision)
    if "name" in fields:
        await _refuse_taken(tx, fields["name"], supplier_id)
    now = suppliers.changed(was, replace(was, **fields))
    if now is None:
        return was
    await _store(tx, [now])
    if (was.contract_ends_on, was.is_archived) != (now.contract_ends_on, now.is_archived):
        await tell(tx, telling.contract_changed(now, datetime.now(UTC)))
    return now


async def upsert(tx: Tx, wanted: Sequence[tuple[UUID | None, Mapping[str, Any]]]) -> list[Outcome]:
    """Enter or change suppliers by their names, in order; the same again changes nothing."""
    await locking.suppliers(tx)
    known = await rows.by_names(tx, [fields["name"] for _, fields in wanted])
    number = await rows.last_number(tx)
    outcomes: list[Outcome] = []
    for supplier_id, fields in wanted:
        was = known.get(key(fields["name"]))
        if was is None:
            number += 1
            was = Supplier(supplier_id or uuid7(), number, "")
        now = suppliers.changed(was, replace(was, **fields))
        outcomes.append(Outcome("unchanged" if now is None else ("updated" if was.revision else "created"), now or was))
        known[key(fields["name"])] = now or was
    latest = {row.supplier.id: row.supplier for row in outcomes if row.outcome != "unchanged"}
    await _store(tx, list(latest.values()))
    return outcomes


async def _refuse_taken(tx: Tx, name: str, own: UUID | None) -> None:
    for supplier in (await rows.by_names(tx, [name])).values():
        if supplier.id != own:
            raise SupplierNameTaken(
                f"Supplier {supplier.number} is {supplier.name}.", field="name", number=supplier.number
            )


async def _store(tx: Tx, changed: Sequence[Supplier]) -> None:
    await rows.store(tx, changed)
    await tell(tx, *(telling.supplier_defined(supplier) for supplier in changed))
