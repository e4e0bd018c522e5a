"""The only home of the shape of a charge's lines: as they are asked for, and priced and taxed as they are kept."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

LINES_MAX = 500
"""How many lines a charge has at most."""


class AskedDiscount(Protocol):
    """A discount as somebody chose it: a defined one by its id, or a percentage or amount by hand with the reason."""

    @property
    def discount_id(self) -> UUID | None:
        """The discount of the catalog."""

    @property
    def percent(self) -> str | None:
        """By hand: a percentage, above zero to 100."""

    @property
    def amount(self) -> str | None:
        """By hand: an amount of money above zero."""

    @property
    def reason(self) -> str:
        """Why, for one by hand."""


class AskedPrescription(Protocol):
    """Who prescribed a line, and the reference of the order."""

    @property
    def prescriber(self) -> str:
        """Who prescribed it."""

    @property
    def order_reference(self) -> str:
        """The reference of the order."""


class AskedPart(Protocol):
    """What a part of a kit confirms: its lot, its prescription."""

    @property
    def product_id(self) -> UUID:
        """The part."""

    @property
    def lot_id(self) -> UUID | None:
        """The lot that was chosen or scanned."""

    @property
    def prescription(self) -> AskedPrescription | None:
        """Its prescription; without one that of the kit's line counts."""


class AskedLine(Protocol):
    """One line as it was asked for: a product by id or code, a signed decimal quantity, perhaps a price."""

    @property
    def product_id(self) -> UUID | None:
        """The product, or None when a code names it."""

    @property
    def code(self) -> str | None:
        """A code, barcode or pack number."""

    @property
    def quantity(self) -> str:
        """A signed decimal in the product's unit."""

    @property
    def effect(self) -> str:
        """What the line does to stock: sale, return, adjustment or none."""

    @property
    def unit_price(self) -> str | None:
        """The price that was taken, or None for the price book's."""

    @property
    def description(self) -> str:
        """What the receipt says beside the product's name; the name of an undefined item."""

    @property
    def treatment_id(self) -> UUID | None:
        """The treatment that used the goods."""

    @property
    def lot_id(self) -> UUID | None:
        """The lot that was chosen or scanned."""

    @property
    def prescription(self) -> AskedPrescription | None:
        """Who prescribed it (STK-40)."""

    @property
    def minutes(self) -> int | None:
        """How long a service took whose price is per time (CAT-09)."""

    @property
    def add_on_to(self) -> int | None:
        """The line, by its number from 1, of the service that this adds to (CAT-15)."""

    @property
    def discounts(self) -> Sequence[AskedDiscount]:
        """What somebody takes off this line."""

    @property
    def redeem(self) -> UUID | None:
        """The balance that the line is taken from."""

    @property
    def seller(self) -> str:
        """Who sold it."""

    @property
    def performer(self) -> str:
        """Who performed it, or whom a tip is for."""

    @property
    def free_reason(self) -> str | None:
        """Why it costs nothing (SAL-23)."""

    @property
    def gift_number(self) -> str | None:
        """The number of the certificate that a `.GIFT` line sells or tops up."""

    @property
    def parts(self) -> Sequence[AskedPart]:
        """What the parts of a kit confirm (CAT-19)."""

    @property
    def is_plain(self) -> bool:
        """Whether nothing beyond product, quantity, price, effect, treatment, lot and prescription was said."""


class Asked(NamedTuple):
    """A line asked for by something else than an HTTP request."""

    product_id: UUID | None
    code: str | None
    quantity: str
    effect: str = "sale"
    unit_price: str | None = None
    description: str = ""
    treatment_id: UUID | None = None
    lot_id: UUID | None = None
    prescription: AskedPrescription | None = None
    minutes: int | None = None
    add_on_to: int | None = None
    discounts: Sequence[AskedDiscount] = ()
    redeem: UUID | None = None
    seller: str = ""
    performer: str = ""
    free_reason: str | None = None
    gift_number: str | None = None
    parts: Sequence[AskedPart] = ()

    @property
    def is_plain(self) -> bool:
        """Whether nothing beyond product, quantity, price, effect, treatment, lot and prescription was said."""
        return not any(self[9:])


BEYOND_PLAIN = frozenset(Asked._fields[9:])
"""What a line may say that most lines do not."""


class LineDiscount(NamedTuple):
    """What a discount took from a line: minor units, above zero. Without an id somebody gave it by hand."""

    discount_id: UUID | None
    name: str
    minor: int
    reason: str = ""


class Share(NamedTuple):
    """What of a package's price is for one of its products, taxed by that product's own code (CAT-64).

    `quantity` in millionths of the product's unit, money in minor units.
    """

    product_id: UUID
    quantity: int
    is_unlimited: bool
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int
    tax_code: int
    application_code: int


class LineExtra(NamedTuple):
    """What a line has beyond a plain sale, in the order of its columns; most lines have none."""

    discounts: Sequence[LineDiscount] = ()
    owed: str = "none"
    kit_id: UUID | None = None
    redeems: UUID | None = None
    seller: str = ""
    performer: str = ""
    free_reason: str = ""
    minutes: int | None = None
    add_on_to: int | None = None
    shares: Sequence[Share] = ()


NOTHING_MORE = LineExtra()
"""What a plain line has beyond a plain sale."""


class ChargeLine(NamedTuple):
    """A priced and taxed line in the order of its columns, then what it has beyond a plain sale.

    Quantity in smallest units, prices in micros per unit, money in minor units; the definitions used are named.
    """

    line: int
    product_id: UUID
    product_revision: int
    quantity: int
    unit_decimals: int
    effect: str
    unit_price: int
    list_price: int | None
    price_id: UUID | None
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int
    tax_code: int
    application_code: int
    tax_inclusive: bool
    treatment_id: UUID | None
    lot_id: UUID | None
    description: str
    extra: LineExtra | None = None

    @property
    def total_minor(self) -> int:
        """What the line adds to the charge: net and both taxes."""
        return self.net_minor + self.tax_1_minor + self.tax_2_minor

    @property
    def more(self) -> LineExtra:
        """What it has beyond a plain sale, empty for most."""
        return self.extra or NOTHING_MORE


COLUMNS = len(ChargeLine._fields) - 1
"""How many of a line's fields are columns of its row."""
