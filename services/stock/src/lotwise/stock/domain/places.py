"""The only home of the accounts that stock moves between: every site has one of each kind (DESIGN 3.3)."""

from typing import NamedTuple
from uuid import UUID

SHELF = "shelf"
SUPPLIER = "supplier"
PATIENT = "patient"
WASTE = "waste"
LOST_AND_FOUND = "lost_and_found"
TRANSIT = "transit"
QUARANTINE = "quarantine"
IN_USE = "in_use"
UNATTRIBUTED = "unattributed"
USAGE = "usage"
BACK_BAR = "back_bar"

KINDS = (SHELF, SUPPLIER, PATIENT, WASTE, LOST_AND_FOUND, TRANSIT, QUARANTINE, IN_USE, UNATTRIBUTED, USAGE, BACK_BAR)
HOLDING = frozenset({SHELF, TRANSIT, QUARANTINE, IN_USE, UNATTRIBUTED, BACK_BAR})
"""The kinds where goods can be: they have balances. The others are where goods come from and go to."""

SHELVES = (SHELF, BACK_BAR)
"""Where usable goods lie: for sale, or for giving services; both expire, are recalled and set apart (STK-44)."""

EXPIRED = "expired"
"""The area of quarantine that the expiry sweep fills; the unnamed one is filled by persons and returns."""

DAMAGED = "damaged"
"""The area of quarantine for damaged and defective goods: not sellable until they are repaired (STK-24)."""

RECALLED = "recalled"
"""The area of quarantine where goods of a recalled lot land, wherever they were to go (STK-12)."""

SHARED = ""
"""The area of in-use for containers that serve several patients: their rest is available to whoever comes."""

BOUND = "patient"
"""The area of in-use for containers that serve one patient: nobody else is offered their rest (STK-37)."""

NO_CONTAINER = "none"
MULTI_PATIENT = "multi_patient"


class Place(NamedTuple):
    """One account: a site's shelf area, its quarantine, its supplier side and so on."""

    id: int
    site: str
    kind: str
    area: str = ""


class Site(NamedTuple):
    """A site with its zone, its policy for holds and all its accounts by (kind, area)."""

    slug: str
    zone: str
    policy: str
    places: dict[tuple[str, str], Place]

    def place(self, kind: str, area: str = "") -> Place:
        """The site's account of a kind; KeyError for an area it does not have."""
        return self.places[kind, area]


class Product(NamedTuple):
    """Our copy of a product's definition: what stock needs of it. Costs in micros, quantities in smallest units."""

    id: UUID
    code: str
    name: str
    kind: str
    purpose: str | None
    unit: str
    decimals: int
    manufacturer: str = ""
    cost: int | None = None
    reorder_at: int | None = None
    normal_order_quantity: int | None = None
    supplier_id: UUID | None = None
    drug_class: str = "otc"
    container_rule: str = NO_CONTAINER
    use_by_hours: int | None = None
    container_sizes: tuple[int, ...] = ()
    confirm_lot: bool = False
    is_serialised: bool = False

    @property
    def is_drawn(self) -> bool:
        """Whether its units are drawn from opened containers."""
        return self.container_rule != NO_CONTAINER

    @property
    def is_kept(self) -> bool:
        """Only physical products have stock."""
        return self.kind == "physical"
