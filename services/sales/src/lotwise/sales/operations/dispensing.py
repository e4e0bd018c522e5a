"""The only home of what must be known before special lines are charged: their lots and prescriptions.

Only charges with a line of a treatment, of a `confirm_lot` product or of a prescription come here.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import structlog

from lotwise.kit.client import Refused, ServiceClient, Unreachable
from lotwise.kit.database import Database
from lotwise.kit.principal import Principal
from lotwise.sales.domain.charges import AskedLine, ChargeLine, Priced
from lotwise.sales.domain.definitions import Product
from lotwise.sales.domain.dispensing import (
    Dispensed,
    Named,
    Offer,
    Place,
    check_lot,
    check_prescription,
    choose,
)
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.domain.treatments import DECIMALS, Treatment, TreatmentLine
from lotwise.sales.repository import treatments as treatment_rows

log = structlog.get_logger(__name__)
STATES = ("in_use", "shelf")
"""What is open goes first, then the shelf by expiry."""


class Shelves(Protocol):
    """Who knows which lots lie at a site."""

    async def offers(self, site: str, product_id: UUID) -> Sequence[Offer] | None:
        """The usable lots, the one to use first coming first; None when stock does not answer."""


class StockShelves:
    """Stock's own list of lots."""

    def __init__(self, stock: ServiceClient, deadline_seconds: float) -> None:
        self._stock = stock
        self._deadline_seconds = deadline_seconds

    async def offers(self, site: str, product_id: UUID) -> Sequence[Offer] | None:
        """Ask stock what is open and what lies on the shelf; lots past their expiry are left out."""
        found: dict[UUID, Offer] = {}
        for state in STATES:
            asked = {"site": site, "product": str(product_id), "state": state, "limit": 20}
            try:
                answer = await self._stock.get("/v1/lots", params=asked, timeout=self._deadline_seconds)
            except (Refused, Unreachable) as no:
                log.info("lots are not known", site=site, error=no.detail)
                return None
            for row in answer["rows"]:
                if row["days_left"] is None or row["days_left"] >= 0:
                    found.setdefault(UUID(row["lot_id"]), _offer(row))
        return list(found.values())


def _offer(row: Mapping[str, Any]) -> Offer:
    until = row["expires_on"]
    return Offer(
        UUID(row["lot_id"]), row["lot_number"], None if until is None else date.fromisoformat(until), row["quantity"]
    )


class Prepared(NamedTuple):
    """A priced charge whose special lines were looked at: the lines to record, what they confirm, and what to hold."""

    priced: Priced
    dispensed: Sequence[Dispensed]
    treated: Mapping[int, int]
    treatments: frozenset[UUID]


def is_special(book: PriceBook, lines: Sequence[ChargeLine]) -> bool:
    """Whether a line is of a treatment or asks for a lot or a prescription."""
    products = book.products
    return any(line.treatment_id is not None or products[line.product_id].asks_for_care for line in lines)


def treatments_of(lines: Sequence[ChargeLine]) -> frozenset[UUID]:
    """The treatments that lines name."""
    return frozenset(line.treatment_id for line in lines if line.treatment_id is not None)


class Counter(Protocol):
    """What a counter has at hand."""

    @property
    def db(self) -> Database:
        """The database."""

    @property
    def shelves(self) -> Shelves:
        """Who knows the lots."""

    @property
    def prices(self) -> "Prices":
        """The price book."""


class Prices(Protocol):
    """A price book that lives."""

    @property
    def book(self) -> PriceBook:
        """As it is now."""


async def dispense(
    selling: Counter, priced: Priced, asked: Sequence[AskedLine], who: Principal, *, is_fact: bool
) -> Prepared:
    """Look at the special lines of a charge, of the desk or of a fact. Raises for the desk what `prepare` raises."""
    book = selling.prices.book
    if is_fact:
        dispensed = of_facts(book, priced.lines, asked, who.actor)
        return Prepared(priced, dispensed, {}, treatments_of(priced.lines))
    return await prepare(selling.db, book, selling.shelves, priced, asked, who)


async def prepare(
    db: Database, book: PriceBook, shelves: Shelves, priced: Priced, asked: Sequence[AskedLine], who: Principal
) -> Prepared:
    """Look at the special lines of a charge of the desk. Raises LotNotConfirmed, NotLicensed, PrescriptionMissing.

    What a treatment recorded of its lot and prescription counts for the line that charges it.
    """
    ids = treatments_of(priced.lines)
    known = await _treatments(db, ids)
    licensed = who.allows("treatment.record", priced.site.slug)
    lines: list[ChargeLine] = []
    dispensed: list[Dispensed] = []
    treated: dict[int, int] = {}
    for line, said, nth in zip(priced.lines, asked, priced.nths or range(len(asked)), strict=True):
        at = Place(nth, is_part=line.more.kit_id is not None)
        treatment = known.get(line.treatment_id) if line.treatment_id else None
        used = _used(treatment, line.product_id)
        named = _named(line, said, used)
        product = book.products[line.product_id]
        if used is not None:
            treated[line.line] = _taken(used, line, product)
        lines.append(line._replace(lot_id=named.lot_id))
        if product.asks_for_care and line.effect == "sale":
            by_licence = licensed or (treatment is not None and treatment.is_licensed)
            check_prescription(named, product, at, is_licensed=by_licence)
            dispensed.append(await _dispensed(shelves, priced.site.slug, line, product, named, who, at))
    return Prepared(priced._replace(lines=lines), dispensed, treated, ids)


async def _treatments(db: Database, ids: frozenset[UUID]) -> dict[UUID, Treatment]:
    if not ids:
        return {}
    async with db.reading() as tx:
        return await treatment_rows.load(tx, list(ids))


async def _dispensed(
    shelves: Shelves, site: str, line: ChargeLine, product: Product, named: Named, who: Principal, at: Place
) -> Dispensed:
    asks = product.confirm_lot and not (named.is_treated and named.lot_id is not None)
    offers = await shelves.offers(site, product.product_id) if asks else None
    check_lot(named, product, offers, at)
    choice, first = choose(named, product, offers)
    return Dispensed(
        line.line, product.product_id, named.lot_id, choice, first, product.drug_class, named.prescriber,
        named.order_reference, who.actor,
    )  # fmt: skip


def of_facts(book: PriceBook, lines: Sequence[ChargeLine], asked: Sequence[AskedLine], actor: str) -> list[Dispensed]:
    """What the lines of a fact confirm: it happened, so nothing is refused; a lot that nobody named is assumed."""
    found = []
    for line, said in zip(lines, asked, strict=True):
        product = book.products[line.product_id]
        if not product.asks_for_care or line.effect != "sale":
            continue
        named = _named(line, said, None)
        choice, _ = choose(named, product, None)
        found.append(
            Dispensed(
                line.line, line.product_id, line.lot_id, choice, None, product.drug_class, named.prescriber,
                named.order_reference, actor,
            )
        )  # fmt: skip
    return found


def _used(treatment: Treatment | None, product_id: UUID) -> TreatmentLine | None:
    if treatment is None:
        return None
    return next((line for line in treatment.lines if line.product_id == product_id), None)


def _named(line: ChargeLine, said: AskedLine, used: TreatmentLine | None) -> Named:
    given = said.prescription
    prescriber, reference = ("", "") if given is None else (given.prescriber, given.order_reference)
    if used is None:
        return Named(line.lot_id, prescriber, reference, is_treated=False)
    is_own = line.lot_id is None or line.lot_id == used.lot_id
    return Named(
        line.lot_id or used.lot_id, prescriber or used.prescriber, reference or used.order_reference, is_treated=is_own
    )


def _taken(used: TreatmentLine, line: ChargeLine, product: Product) -> int:
    """How much of a line the treatment took already, in the line's smallest units: stock need not set it aside.

    What was drawn is all that the treatment takes, however much is charged for it (DESIGN 3.8).
    """
    if used.drawn is not None:
        return line.quantity
    smallest: int = 10 ** (DECIMALS - product.unit_decimals)
    return min(line.quantity, used.expected // smallest)
