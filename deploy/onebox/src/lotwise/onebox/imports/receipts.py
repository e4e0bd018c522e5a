"""The only home of posting receipts: goods that came, or were there when Lotwise began, each with an id of its own."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from lotwise.contracts.ids import named_id
from lotwise.onebox.access import Access
from lotwise.onebox.imports.doors import Batch, Door, post_all, sentence
from lotwise.onebox.imports.progress import Bar
from lotwise.onebox.imports.rejects import Rejects
from lotwise.onebox.imports.results import Outcome

ROWS_MAX = 500


class Arrival(NamedTuple):
    """Goods of one lot at one site; `key` names the receipt for ever, `line` is where the file says so."""

    line: int | None
    key: tuple[object, ...]
    site: str
    product_id: str
    quantity: str
    unit_cost: str
    lot_number: str
    happened_at: datetime
    expires_on: date | None = None
    supplier_id: str | None = None
    purchase_order: str = ""
    area: str = ""

    def body(self) -> dict[str, Any]:
        """The receipt as the stock service takes it; empty fields are left out."""
        body = self._asdict()
        del body["line"], body["key"]
        body["receipt_id"] = str(named_id("receipt", *self.key))
        body["accept_expired"] = True
        return {name: value for name, value in body.items() if value not in {None, ""}}


async def receive(access: Access, arrivals: Sequence[Arrival], outcome: Outcome, rejects: Rejects, bar: Bar) -> None:
    """Post receipts; refused ones go to the rejects."""

    def note(batch: Batch, answer: Any) -> None:
        for arrival, result in zip(batch.rows, answer["results"], strict=True):
            outcome.count("receipts", result["outcome"])
            if result["outcome"] == "refused":
                rejects.add(arrival.line, sentence(result["problem"] or {}), arrival.lot_number)
        bar.advance(len(batch.rows))

    def malformed(batch: Batch, reason: str) -> None:
        outcome.count("receipts", "refused")
        rejects.add(batch.rows[0].line, reason, batch.rows[0].lot_number)
        bar.advance(1)

    parts = (arrivals[start : start + ROWS_MAX] for start in range(0, len(arrivals), ROWS_MAX))
    batches = (Batch("receipts", [one.body() for one in part], part) for part in parts)
    await post_all(Door(access["stock"], "/v1/receipts:batch", note, malformed), batches)
