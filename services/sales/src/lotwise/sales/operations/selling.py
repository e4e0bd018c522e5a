"""The only home of what selling needs at hand: the price book, the recorder, the way to stock, the currency."""

from dataclasses import dataclass

from lotwise.kit.database import Database
from lotwise.sales.operations.dispensing import Shelves
from lotwise.sales.operations.holding import Holds
from lotwise.sales.operations.members import KnownMembers
from lotwise.sales.operations.price_book import LivePriceBook
from lotwise.sales.operations.recording import Recorder


@dataclass(frozen=True, slots=True)
class Selling:
    """What the use cases of a process share; made once at start."""

    db: Database
    prices: LivePriceBook
    recorder: Recorder
    holds: Holds
    members: KnownMembers
    currency: str
    exponent: int
    hold_left_seconds_min: int
    shelves: Shelves
    gift_valid_days: int = 0
