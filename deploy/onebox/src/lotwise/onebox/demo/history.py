"""The only home of the demo chain's ninety days: who came, what was sold, what arrived and what was moved, as a pure
function of the first day and a seed. The chain is simulated whole each time, so that a load can go on anywhere.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from lotwise.contracts.ids import named_id
from lotwise.onebox.demo.definitions import (
    BY_CODE,
    CENTRAL,
    CLINICS,
    FIRST_NAMES,
    LAST_NAMES,
    PRODUCTS,
    SERVICES_BY_CODE,
    SITES,
    SUPPLIERS,
    Product,
    Site,
)

DAYS = 90
MEMBERS = 150
SEED = 20261121
LOTS_ON_DAY_ONE = 2
RESUPPLY_WEEKDAY, DELIVERY_WEEKDAY = 0, 3
ON_ORDER = ("SKN", "FIL")
"""Suppliers whose deliveries come on purchase orders."""
SHORT_DAYS = 12
"""For so many days before today some products are not resupplied: what makes shortages."""
SLOW = ("FIL-HAND-15", "FIL-DEO-2", "THR-PLLA", "FIL-DISS", "IMP-PELLET", "FIL-POLY-5")
"""Hardly ever sold: their lots live to see their expiry."""
ZONES = {site.slug: ZoneInfo(site.zone) for site in SITES}


class Receipt(NamedTuple):
    """A lot that arrived at a site."""

    key: str
    site: str
    code: str
    quantity: int
    lot_number: str
    expires_on: date | None
    happened_at: datetime


class Order(NamedTuple):
    """A purchase order that was sent, and came in full as these lots."""

    key: str
    supplier: str
    sent_at: datetime
    lots: tuple[Receipt, ...]


class Transfer(NamedTuple):
    """Goods that went from the central store to a clinic; without `received_at` they are still on the road."""

    key: str
    to_site: str
    lines: tuple[tuple[str, int], ...]
    shipped_at: datetime
    received_at: datetime | None


class Charge(NamedTuple):
    """A visit: lines of (code, quantity text, price text or None for the price book's, index of the treatment)."""

    key: str
    site: str
    member: int | None
    happened_at: datetime
    lines: tuple[tuple[str, str, str | None, bool], ...]


class Return(NamedTuple):
    """One line of an earlier charge that came back."""

    key: str
    charge_key: str
    site: str
    line: int
    quantity: str
    happened_at: datetime


class Adjustment(NamedTuple):
    """Something that broke, was given as a sample, or was used in training."""

    key: str
    site: str
    code: str
    quantity: int
    reason: str
    happened_at: datetime


@dataclass
class Day:
    """All that happened on one day, in the order in which it is told."""

    day: date
    receipts: list[Receipt] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)


def member_names() -> list[str]:
    """The members' names, the same for ever."""
    names = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    return Random(SEED).sample(names, MEMBERS)  # noqa: S311 - not a secret


class Chain:
    """The chain while its days are simulated: what stands on each shelf, and which lots were made."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.today = now.astimezone(ZONES[CENTRAL]).date()
        self.first = self.today - timedelta(days=DAYS)
        self.shelf: Counter[tuple[str, str]] = Counter()
        self.sold_lately: Counter[tuple[str, str]] = Counter()
        self._lots = 1000
        self._recent: list[Charge] = []
        self._short: dict[str, set[str]] = _short_products()

    def days(self) -> Iterator[Day]:
        """Every day from the first to today."""
        for number in range(DAYS + 1):
            yield self._day(self.first + timedelta(days=number), number)

    def _day(self, day: date, number: int) -> Day:
        random = Random(f"{SEED} {number}")  # noqa: S311 - not a secret
        made = Day(day)
        if number == 0:
            made.receipts += self._first_stock(random, day)
        elif day.weekday() == DELIVERY_WEEKDAY:
            self._deliver(random, made, number)
        if day.weekday() == RESUPPLY_WEEKDAY or number == 0:
            made.transfers += self._resupply(day, number)
        if number == DAYS:
            made.transfers += self._on_the_road(day)
        for site in CLINICS:
            self._open(random, site, made, number)
        made.charges.sort(key=lambda charge: charge.happened_at)
        return made

    def at(self, site: str, day: date, hour: int, minute: int = 0) -> datetime:
        """A time of a site's day as an instant, never later than now."""
        return min(
            datetime.combine(day, time(hour, minute), ZONES[site]).astimezone(UTC), self.now - timedelta(minutes=1)
        )

    def _first_stock(self, random: Random, day: date) -> Iterator[Receipt]:
        for product in PRODUCTS:
            for part in range(LOTS_ON_DAY_ONE):
                yield self._receive(random, product, CENTRAL, product.par * 4, day, part)
        for site in CLINICS:
            for product in PRODUCTS:
                if product.code in SLOW:
                    expires_on = self.today + timedelta(days=random.choice((-7, -4, -2, 3, 9, 20, 26)))
                    yield self._receive(random, product, site.slug, max(2, product.par // 2), day, 0, expires_on)
                    yield self._receive(random, product, site.slug, max(2, product.par // 2), day, 1)

    def _deliver(self, random: Random, made: Day, number: int) -> None:
        """The week's delivery to the central store: some suppliers on orders, the others on their own rounds."""
        came: dict[str, list[Receipt]] = defaultdict(list)
        for product in PRODUCTS:
            have = self.shelf[CENTRAL, product.code]
            if have < product.par * 4 and not self._is_short(CENTRAL, product.code, made.day):
                lot = self._receive(random, product, CENTRAL, product.par * 6 - have, made.day, 0)
                came[product.supplier].append(lot)
        for supplier, lots in came.items():
            if supplier in ON_ORDER:
                sent_at = lots[0].happened_at - timedelta(days=SUPPLIERS[supplier].lead_days)
                made.orders.append(Order(f"order/{number}/{supplier}", supplier, sent_at, tuple(lots)))
            else:
                made.receipts += lots

    def _receive(
        self,
        random: Random,
        product: Product,
        site: str,
        quantity: int,
        day: date,
        part: int,
        expires_on: date | None = None,
    ) -> Receipt:
        self._lots += 1
        self.shelf[site, product.code] += quantity
        if expires_on is None and product.shelf_days:
            expires_on = day + timedelta(days=round(product.shelf_days * random.uniform(0.5, 1.5)))
        lot = f"{product.supplier}{self._lots}"
        key = f"receipt/{day}/{site}/{product.code}/{part}"
        return Receipt(key, site, product.code, quantity, lot, expires_on, self.at(site, day, 7, part))

    def _resupply(self, day: date, number: int) -> Iterator[Transfer]:
        for site in CLINICS:
            lines = tuple(self._wanted(site, day))
            if lines:
                shipped = self.at(CENTRAL, day, 7, 30)
                yield Transfer(
                    f"transfer/{number}/{site.slug}",
                    site.slug,
                    lines,
                    shipped,
                    max(shipped, self.at(site.slug, day, 8)),
                )

    def _wanted(self, site: Site, day: date) -> Iterator[tuple[str, int]]:
        for product in PRODUCTS:
            have = self.shelf[site.slug, product.code]
            slow = product.code in SLOW
            if slow or have > product.par * 0.7 or self._is_short(site.slug, product.code, day):
                continue
            quantity = min(round(product.par * 1.4) - have, self.shelf[CENTRAL, product.code])
            if quantity > 0:
                self.shelf[CENTRAL, product.code] -= quantity
                self.shelf[site.slug, product.code] += quantity
                yield product.code, quantity

    def _on_the_road(self, day: date) -> Iterator[Transfer]:
        """Today's lorry, not yet arrived: what the shorter clinic waits for."""
        lines = []
        for code in ("SKN-SPF50", "SKN-MOIST", "FIL-LIP-1", "TOX-AUR-100"):
            quantity = min(BY_CODE[code].par // 2, self.shelf[CENTRAL, code])
            if quantity:
                self.shelf[CENTRAL, code] -= quantity
                lines.append((code, quantity))
        yield Transfer("transfer/on-the-road", "yaletown", tuple(lines), self.at(CENTRAL, day, 7, 45), None)

    def _is_short(self, site: str, code: str, day: date) -> bool:
        return day > self.today - timedelta(days=SHORT_DAYS) and code in self._short[site]

    def _open(self, random: Random, site: Site, made: Day, number: int) -> None:
        """A clinic's day: visits, now and then a return, now and then something breaks. Closed on Sundays."""
        if made.day.weekday() == 6:
            return
        busy = 1.15 if made.day.weekday() in {3, 4} else 0.85
        visits = round(site.visits * busy * random.uniform(0.75, 1.25) * (0.85 + 0.3 * number / DAYS))
        for visit in range(visits):
            happened_at = self.at(site.slug, made.day, 9 + visit * 9 // visits, random.randrange(60))
            if datetime.combine(made.day, time(9), ZONES[site.slug]) > self.now:
                return
            charge = self._visit(random, site.slug, happened_at, f"charge/{number}/{site.slug}/{visit}")
            if charge.lines:
                made.charges.append(charge)
                self._recent.append(charge)
        self._returns(random, site.slug, made, number)
        self._accidents(random, site.slug, made, number)
        self._recent = self._recent[-400:]

    def _visit(self, random: Random, site: str, happened_at: datetime, key: str) -> Charge:
        lines: list[tuple[str, str, str | None, bool]] = []
        kind = random.random()
        if kind < 0.38:
            self._treat(lines, site, ".TOX-VISIT")
            self._take(lines, site, _toxin(random), random.randrange(16, 64, 2))
        elif kind < 0.56:
            self._treat(lines, site, ".FIL-VISIT")
            self._take(lines, site, _filler(random), random.choice((1, 1, 1, 2, 2, 3)))
        elif kind < 0.88:
            self._treat(lines, site, _treatment(random))
        retail = 0.45 if lines else 1.0
        while random.random() < retail:
            self._take(lines, site, _retail(random), random.choice((1, 1, 1, 1, 2)))
            retail *= 0.5
        member = random.randrange(MEMBERS) if random.random() < 0.8 else None
        return Charge(key, site, member, happened_at, tuple(lines))

    def _take(self, lines: "list[tuple[str, str, str | None, bool]]", site: str, code: str, quantity: int) -> None:
        """Sell what is there, at the price book's price."""
        quantity = min(quantity, self.shelf[site, code])
        if quantity > 0 and all(line[0] != code for line in lines):
            self.shelf[site, code] -= quantity
            self.sold_lately[site, code] += quantity
            lines.append((code, str(quantity), None, False))

    def _treat(self, lines: "list[tuple[str, str, str | None, bool]]", site: str, code: str) -> None:
        """Give a treatment, and use its back bar products at no price."""
        lines.append((code, "1", None, True))
        for used, quantity in SERVICES_BY_CODE[code].recipe:
            whole = -(-int(float(quantity) * 10) // 10)
            if self.shelf[site, used] >= whole:
                self.shelf[site, used] -= whole
                lines.append((used, quantity, "0", True))

    def _returns(self, random: Random, site: str, made: Day, number: int) -> None:
        if random.random() > 0.12:
            return
        candidates = [
            (charge, line)
            for charge in self._recent[:-60]
            if charge.site == site
            for line in enumerate(charge.lines, start=1)
            if line[1][0].startswith("SKN-")
        ]
        if candidates:
            charge, (line, (code, _, _, _)) = random.choice(candidates)
            self._recent.remove(charge)
            self.shelf[site, code] += 1
            made.returns.append(
                Return(f"return/{number}/{site}", charge.key, site, line, "1", self.at(site, made.day, 17, 45))
            )

    def _accidents(self, random: Random, site: str, made: Day, number: int) -> None:
        if random.random() > 0.2:
            return
        reason = random.choice(("damage", "sample", "training", "loss"))
        code = random.choice(("SKN-SPF50", "SKN-VITC", "SKN-LIP", "BAR-CAN-25", "TOX-AUR-100", "BAR-TIP"))
        if self.shelf[site, code] > 5:
            self.shelf[site, code] -= 1
            made.adjustments.append(
                Adjustment(f"adjustment/{number}/{site}", site, code, -1, reason, self.at(site, made.day, 8, 30))
            )


def _short_products() -> dict[str, set[str]]:
    random = Random(SEED + 1)  # noqa: S311 - not a secret
    usual = [product.code for product in PRODUCTS if product.category in {"Skincare", "Fillers", "Toxins"}]
    short: dict[str, set[str]] = defaultdict(set)
    for site in CLINICS:
        short[site.slug] = set(random.sample([code for code in usual if code not in SLOW], 9))
    short[CENTRAL] = set(random.sample(usual, 4))
    return short


def _toxin(random: Random) -> str:
    return random.choices(
        ("TOX-AUR-100", "TOX-AUR-50", "TOX-NOV-100", "TOX-NOV-50", "TOX-SER-100", "TOX-DYN-300"),
        (40, 10, 22, 8, 10, 10),
    )[0]


def _filler(random: Random) -> str:
    return random.choices(
        ("FIL-LIP-1", "FIL-VOL-1", "FIL-LIP-05", "FIL-FIN-1", "FIL-JAW-1", "FIL-TEAR-1", "FIL-BIO-2", "FIL-SKIN-1"),
        (26, 20, 14, 12, 8, 6, 6, 8),
    )[0]


def _treatment(random: Random) -> str:
    codes = [code for code in SERVICES_BY_CODE if code not in {".TOX-VISIT", ".FIL-VISIT", ".THREAD", ".PELLET"}]
    return random.choice(codes)


def _retail(random: Random) -> str:
    codes = [product.code for product in PRODUCTS if product.category == "Skincare"]
    weights = [BY_CODE[code].par for code in codes]
    return random.choices([*codes, "DEV-LED", "DEV-MICRO", "DEV-ROLL"], [*weights, 1, 1, 2])[0]


def ident(key: str) -> str:
    """The id of a thing of the demo, the same for ever."""
    return str(named_id("demo", key))


def charge_body(charge: Charge) -> dict[str, Any]:
    """A charge as the sales service takes it."""
    lines: list[dict[str, Any]] = []
    for code, quantity, price, treated in charge.lines:
        line: dict[str, Any] = {"code": code, "quantity": quantity}
        if price is not None:
            line["unit_price"] = price
        if treated:
            line["treatment_id"] = ident(f"{charge.key}/treatment")
        lines.append(line)
    body: dict[str, Any] = {
        "charge_id": ident(charge.key), "site": charge.site, "happened_at": charge.happened_at.isoformat(),
        "lines": lines,
    }  # fmt: skip
    if charge.member is not None:
        body["member_id"] = ident(f"member/{charge.member}")
    return body
