"""The only home of what a supplier is."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Supplier:
    """Somebody we buy from; `number` was assigned when it was entered, the minimum order is in minor units.

    `contract_notice_days` is how long before its end the contract wants attention.
    """

    id: UUID
    number: int
    name: str
    contact: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    lead_time_days: int | None = None
    payment_terms: str = ""
    minimum_order_minor: int | None = None
    note: str = ""
    is_archived: bool = False
    revision: int = 0
    contract_reference: str = ""
    contract_ends_on: date | None = None
    contract_notice_days: int = 30


def changed(was: Supplier, now: Supplier) -> Supplier | None:
    """The supplier with its next revision, or None when nothing changed."""
    same = now == replace(was, revision=now.revision)
    return None if same and was.revision else replace(now, revision=was.revision + 1)


def key(name: str) -> str:
    """What makes two names the same: case does not count, nor spaces around."""
    return name.strip().lower()
