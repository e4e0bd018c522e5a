"""The only home of why stock is corrected: the managed reasons, the account each belongs to, and what each asks for."""

from collections.abc import Mapping
from typing import NamedTuple

from lotwise.stock.domain import places
from lotwise.stock.domain.refusals import BadQuantity, NoteMissing, UnknownReason

WASTE = "waste"
LOSS = "loss"
FOUND = "found"
USAGE = "usage"
SCRAP = "scrap"

PLACES: Mapping[str, str] = {
    WASTE: places.WASTE,
    LOSS: places.LOST_AND_FOUND,
    FOUND: places.LOST_AND_FOUND,
    USAGE: places.USAGE,
}
"""Where the goods of each account go, or come from."""


class Reason(NamedTuple):
    """A reason a person may give. `account` is waste, loss, found or usage and never changes."""

    code: str
    name: str
    account: str
    needs_note: bool = False
    needs_witness: bool = False
    is_archived: bool = False
    revision: int = 1

    def check(self, quantity: int, note: str) -> None:
        """Pass a signed quantity and its note. Raises UnknownReason, BadQuantity or NoteMissing."""
        if self.is_archived:
            raise UnknownReason(f"The reason {self.name!r} is no longer used", field="reason", reason=self.code)
        if self.account == USAGE and quantity > 0:
            raise BadQuantity("What is used leaves the shelf: its quantity is below zero", field="quantity")
        if self.account == FOUND and quantity < 0:
            raise BadQuantity("What is found comes in: its quantity is above zero", field="quantity")
        if self.needs_note and not note.strip():
            raise NoteMissing(f"{self.name} asks for a note", field="note", reason=self.code)


SEED: Mapping[str, Reason] = {
    one.code: one
    for one in (
        Reason("waste", "Waste", WASTE),
        Reason("damage", "Damage", WASTE),
        Reason("expiry", "Expired", WASTE),
        Reason("sample", "Sample", WASTE),
        Reason("training", "Training", WASTE),
        Reason("tester", "Tester", WASTE),
        Reason(SCRAP, "Scrapped", WASTE, needs_note=True),
        Reason("loss", "Loss", LOSS),
        Reason("theft", "Theft", LOSS),
        Reason("correction", "Correction", LOSS),
        Reason("count", "Count", LOSS),
        Reason("found", "Found", FOUND),
        Reason("usage", "Used by staff", USAGE),
    )
}
"""The reasons every chain begins with: a chain edits and archives them, and adds its own beside them."""
