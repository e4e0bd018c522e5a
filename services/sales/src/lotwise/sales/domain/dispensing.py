"""The only home of what a line must confirm before it completes: its lot (STK-36) and its prescription (STK-40)."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from lotwise.sales.domain.definitions import Product
from lotwise.sales.domain.refusals import LotNotConfirmed, NotLicensed, PrescriptionMissing

NONE, FEFO, DEVIATION, UNCHECKED, ASSUMED = "none", "fefo", "deviation", "unchecked", "assumed"
SHOWN_MAX = 5


class Dispensed(NamedTuple):
    """What a charged line confirmed, in the order of its columns.

    `lot_choice`: none (no lot is asked for), fefo (the lot that goes first), deviation (another one: `fefo_lot_id` was
    the first), unchecked (a lot, without looking at the shelf), assumed (a fact that names no lot).
    """

    line: int
    product_id: UUID
    lot_id: UUID | None
    lot_choice: str
    fefo_lot_id: UUID | None
    drug_class: str
    prescriber: str
    order_reference: str
    actor: str


class Offer(NamedTuple):
    """A lot that lies at the site, the one to use first coming first."""

    lot_id: UUID
    lot_number: str
    expires_on: date | None
    quantity: str


class Named(NamedTuple):
    """What is known of a line's lot and prescription: said on the line, or by its treatment."""

    lot_id: UUID | None
    prescriber: str
    order_reference: str
    is_treated: bool


def choose(named: Named, product: Product, offers: Sequence[Offer] | None) -> tuple[str, UUID | None]:
    """How a line's lot was chosen and the lot that FEFO proposed; `offers` is None when the shelf was not asked."""
    if not product.confirm_lot:
        return NONE, None
    if named.lot_id is None:
        return ASSUMED, None
    if not offers:
        return UNCHECKED, None
    first = offers[0].lot_id
    return (FEFO if first == named.lot_id else DEVIATION), first


class Place(NamedTuple):
    """Where a line stands among what was asked, from 0; a kit's part stands in its line's `parts`."""

    nth: int
    is_part: bool = False

    def field(self, name: str) -> str:
        """The field in which something of the line is missing."""
        return f"lines.{self.nth}.parts" if self.is_part else f"lines.{self.nth}.{name}"


def check_lot(named: Named, product: Product, offers: Sequence[Offer] | None, at: Place) -> None:
    """Raise LotNotConfirmed, with what FEFO proposes, unless the lot is named where the product asks for it."""
    if not product.confirm_lot or named.lot_id is not None:
        return
    ways = ["scan the lot"]
    if offers:
        until = f", expires {offers[0].expires_on.isoformat()}" if offers[0].expires_on else ""
        ways.append(f"choose lot {offers[0].lot_number or 'without a number'}{until}: it goes first")
    raise LotNotConfirmed(
        f"{product.name} completes only with its lot",
        field=at.field("lot_id"),
        ways_out=tuple(ways),
        line=at.nth + 1,
        product_id=str(product.product_id),
        proposal=_shown(offers[0]) if offers else None,
        lots=[_shown(one) for one in (offers or ())[:SHOWN_MAX]],
    )


def _shown(offer: Offer) -> dict[str, str | None]:
    return {
        "lot_id": str(offer.lot_id),
        "lot_number": offer.lot_number,
        "expires_on": None if offer.expires_on is None else offer.expires_on.isoformat(),
        "quantity": offer.quantity,
    }


def check_prescription(named: Named, product: Product, at: Place, *, is_licensed: bool) -> None:
    """Raise PrescriptionMissing or NotLicensed unless prescription goods are given out as they must be."""
    if product.drug_class == "otc":
        return
    if not is_licensed:
        raise NotLicensed(
            f"{product.name} is given out by a licensed person",
            field=f"lines.{at.nth}",
            ways_out=("let a practitioner record the treatment", "ask a manager to charge it"),
            line=at.nth + 1,
            product_id=str(product.product_id),
        )
    missing = [
        word
        for word, text in (("prescriber", named.prescriber), ("order_reference", named.order_reference))
        if not text
    ]
    if missing:
        raise PrescriptionMissing(
            f"{product.name} needs its prescriber and the reference of the order",
            field=at.field(f"prescription.{missing[0]}"),
            ways_out=("enter prescriber and order reference",),
            line=at.nth + 1,
            product_id=str(product.product_id),
            missing=missing,
        )
