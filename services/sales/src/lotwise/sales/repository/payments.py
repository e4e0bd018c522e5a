"""The only home of SQL on later payments, and on what was paid of charges."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.domain.tenders import Tender
from lotwise.sales.repository.charges import load_tenders


class Paid(NamedTuple):
    """A later payment in the order of its columns, then its tenders; `due_minor` was due before it."""

    payment_id: UUID
    charge_id: UUID
    site: str
    session_id: UUID | None
    due_minor: int
    currency: str
    happened_at: datetime
    recorded_at: datetime
    actor: str
    tenders: Sequence[Tender] = ()


_COLUMNS = ", ".join(Paid._fields[:-1])


async def add(tx: Tx, paid: Paid) -> None:
    """Keep a payment with its tenders."""
    await tx.execute(f"insert into payment ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)", *paid[:-1])
    await add_tenders(tx, paid.payment_id, paid.tenders)


async def add_tenders(tx: Tx, document_id: UUID, tenders: Sequence[Tender]) -> None:
    """Keep the tenders of a document."""
    if tenders:
        await tx.execute(
            "insert into tender (document_id, position, kind, amount_minor, reference)"
            " select $1, * from unnest($2::smallint[], $3::text[], $4::bigint[], $5::text[])",
            document_id,
            list(range(1, len(tenders) + 1)),
            *zip(*tenders, strict=True),
        )


async def of_charges(tx: Tx, charge_ids: Sequence[UUID]) -> dict[UUID, list[Paid]]:
    """The later payments of these charges, in their order."""
    rows = await tx.fetch(
        f"select {_COLUMNS} from payment where charge_id = any($1) order by recorded_at, payment_id", charge_ids
    )
    tenders = await load_tenders(tx, [row["payment_id"] for row in rows])
    found: dict[UUID, list[Paid]] = {}
    for row in rows:
        found.setdefault(row["charge_id"], []).append(Paid._make((*row, tenders.get(row["payment_id"], ()))))
    return found


async def refunds_of(tx: Tx, charge_ids: Sequence[UUID]) -> Mapping[UUID, list[list[Tender]]]:
    """The refunds that returns of these charges paid out."""
    rows = await tx.fetch(
        "select return_id, charge_id from sale_return where charge_id = any($1) order by recorded_at", charge_ids
    )
    tenders = await load_tenders(tx, [row["return_id"] for row in rows])
    found: dict[UUID, list[list[Tender]]] = {}
    for row in rows:
        if given := tenders.get(row["return_id"]):
            found.setdefault(row["charge_id"], []).append(given)
    return found
