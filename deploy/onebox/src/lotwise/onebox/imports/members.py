"""The only home of a till's customers as members: their ids, their names, and posting them once.

A customer is known by the till's own number. Its id is made from that number and the name under which the till's
numbers are known (the site's, unless the mapping file says `members_of`): a rerun finds everybody again, and tills that
share their customers share their members.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.ids import named_id
from lotwise.onebox.access import Access
from lotwise.onebox.imports.doors import Batch, Door, post_all
from lotwise.onebox.imports.progress import Bar
from lotwise.onebox.imports.rejects import Rejects
from lotwise.onebox.imports.results import Outcome

ROWS_MAX = 1_000
NAME_LENGTH_MAX = 200


class Customer(NamedTuple):
    """A customer as the file calls them, and the line that names them first."""

    number: str
    line: int


def customer_number(text: str) -> str:
    """A cell as the customer's number: spreadsheets write 17850 as 17850.0."""
    number = text.strip()
    return number[:-2] if number.endswith(".0") and number[:-2].isdecimal() else number


def member_id(known_as: str, number: str) -> UUID:
    """The same customer is the same member for ever."""
    return named_id("import-member", known_as, number)


def member_row(known_as: str, number: str) -> dict[str, Any]:
    """A member as sales takes it: a bare number becomes "Customer 17850", anything else is the name."""
    name = f"Customer {number}" if number.isdecimal() else number
    return {"member_id": str(member_id(known_as, number)), "name": name[:NAME_LENGTH_MAX]}


async def keep(
    access: Access, known_as: str, customers: Iterable[Customer], told: tuple[Outcome, Rejects, Bar]
) -> dict[str, str]:
    """Keep customers as members; gives member ids by number. Who is refused goes to the rejects and gets no id."""
    outcome, rejects, bar = told
    ids: dict[str, str] = {}

    def note(batch: Batch, answer: Any) -> None:
        for customer, result in zip(batch.rows, answer["rows"], strict=True):
            outcome.count("members", result["outcome"])
            ids[customer.number] = result["member_id"]
        bar.advance(len(batch.rows))

    def malformed(batch: Batch, reason: str) -> None:
        outcome.count("members", "refused")
        rejects.add(batch.rows[0].line, reason, batch.rows[0].number)
        bar.advance(1)

    await post_all(Door(access["sales"], "/v1/members:batch", note, malformed), _batches(known_as, list(customers)))
    return ids


def _batches(known_as: str, customers: list[Customer]) -> Iterator[Batch]:
    for start in range(0, len(customers), ROWS_MAX):
        part = customers[start : start + ROWS_MAX]
        yield Batch("rows", [member_row(known_as, one.number) for one in part], part)
