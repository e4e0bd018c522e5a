"""The only home of `lotwise import stock`: opening lots per site, with cost and expiry."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from lotwise.onebox.access import Access, access
from lotwise.onebox.home import Refused
from lotwise.onebox.imports.catalog_rows import known_products
from lotwise.onebox.imports.doors import pages
from lotwise.onebox.imports.progress import screen
from lotwise.onebox.imports.receipts import Arrival, receive
from lotwise.onebox.imports.rejects import Rejects
from lotwise.onebox.imports.results import Outcome
from lotwise.onebox.imports.sheets import Column, FileMapping, Row, Sheet
from lotwise.onebox.imports.till_lines import millionths
from lotwise.values import amount, format_minor, format_quantity, month_end

COLUMNS = (
    Column("site", ("clinic", "store", "location", "branch")),
    Column("code", ("productcode", "itemcode", "stockcode", "sku"), True),
    Column("quantity", ("qty", "onhand", "count", "stock"), True),
    Column("unit_cost", ("cost", "unitcost", "costprice")),
    Column("lot_number", ("lot", "batch", "lotno", "batchno", "batchnumber")),
    Column("expires_on", ("expiry", "expirydate", "expires", "expirationdate", "bestbefore")),
    Column("supplier", ("vendor", "suppliername")),
    Column("area", ("storage", "shelf", "storagearea")),
    Column("received_on", ("date", "receivedon", "received")),
)
_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%b-%Y")
_MONTHS = ("%Y-%m", "%m/%Y", "%b %Y")


@dataclass(frozen=True)
class Asked:
    """What was asked for; `site` is where rows without a site belong."""

    file: Path
    site: str | None
    mapping: FileMapping
    rejects_file: Path
    is_dry_run: bool = False


class Totals:
    """Lots, units and cost per site: what to compare with the old system."""

    def __init__(self) -> None:
        self._lots = Counter[str]()
        self._units = Counter[str]()
        self._minor = Counter[str]()

    def add(self, arrival: Arrival) -> None:
        """Count an opening lot."""
        quantity = millionths(arrival.quantity, "quantity")
        self._lots[arrival.site] += 1
        self._units[arrival.site] += quantity
        self._minor[arrival.site] += amount(millionths(arrival.unit_cost or "0", "cost"), quantity, 6)

    def rows(self) -> dict[str, dict[str, str]]:
        """The totals, and all sites together."""
        rows = {site: self._row((site,)) for site in sorted(self._lots)}
        return rows | {"all sites": self._row(tuple(self._lots))}

    def _row(self, sites: tuple[str, ...]) -> dict[str, str]:
        units = format_quantity(sum(self._units[site] for site in sites), 6)
        cost = format_minor(sum(self._minor[site] for site in sites))
        return {"lots": str(sum(self._lots[site] for site in sites)), "units": units, "cost": cost}


async def import_stock(asked: Asked) -> Outcome:
    """Bring opening lots in. Raises Refused when the file or the system does not allow it."""
    began = time.monotonic()
    outcome = Outcome(f"Opening stock of {asked.file.name}", is_dry_run=asked.is_dry_run)
    sheet = Sheet(asked.file, COLUMNS, asked.mapping)
    async with access("importer") as doors:
        with Rejects(asked.rejects_file) as rejects, screen() as shown:
            arrivals = await _arrivals(doors, sheet, asked, rejects)
            totals = Totals()
            for arrival in arrivals:
                totals.add(arrival)
            outcome.totals = totals.rows()
            if not asked.is_dry_run:
                await receive(doors, arrivals, outcome, rejects, shown.bar("lots", len(arrivals)))
            outcome.close(rejects)
    outcome.seconds = time.monotonic() - began
    return outcome


async def _arrivals(doors: Access, sheet: Sheet, asked: Asked, rejects: Rejects) -> list[Arrival]:
    products = await known_products(doors)
    sites = {row["slug"] async for row in pages(doors["catalog"], "/v1/sites")}
    suppliers = {
        row["name"].casefold(): row["supplier_id"] async for row in pages(doors["purchasing"], "/v1/suppliers")
    }
    if asked.site is not None and asked.site not in sites:
        raise Refused(f"There is no site {asked.site!r}; there are: {', '.join(sorted(sites)) or 'none'}.")
    known = Known(products, sites, suppliers, asked.site, datetime.now(UTC))
    found: list[Arrival] = []
    repeats = Counter[tuple[object, ...]]()
    for row in sheet.rows():
        try:
            arrival = arrival_of(row, known)
        except ValueError as problem:
            rejects.add(row.line, str(problem), row["code"])
        else:
            repeats[arrival.key] += 1
            found.append(arrival._replace(key=(*arrival.key, repeats[arrival.key])))
    return found


@dataclass(frozen=True)
class Known:
    """What the system knows: products by code, sites, suppliers by folded name, the default site, and now."""

    products: Mapping[str, Mapping[str, Any]]
    sites: set[str]
    suppliers: Mapping[str, str]
    site: str | None
    now: datetime


def arrival_of(row: Row, known: Known) -> Arrival:
    """A row as a receipt; the id is made of site, code, lot, expiry, quantity and date. Raises ValueError."""
    site = row["site"].lower() or known.site
    if site not in known.sites:
        raise ValueError(f"there is no site {site!r}" if site else "no site is named; use --site")
    product = known.products.get(row["code"])
    if product is None:
        raise ValueError(f"there is no product with the code {row['code']!r}")
    if millionths(row["quantity"], "quantity") <= 0:
        raise ValueError("the quantity is not above zero")
    cost = row["unit_cost"] or str(product.get("cost") or "0")
    millionths(cost, "cost")
    supplier = row["supplier"].casefold()
    if supplier and supplier not in known.suppliers:
        raise ValueError(f"there is no supplier {row['supplier']!r}; import the suppliers first")
    day = day_of(row["received_on"], "date") if row["received_on"] else None
    happened_at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) if day else known.now
    if happened_at > known.now:
        raise ValueError("the date lies in the future")
    expires_on = day_of(row["expires_on"], "expiry") if row["expires_on"] else None
    return Arrival(
        line=row.line,
        key=("import-stock", site, row["code"], row["lot_number"], str(expires_on), row["quantity"], str(day)),
        site=site,
        product_id=str(product["product_id"]),
        quantity=row["quantity"],
        unit_cost=cost,
        lot_number=row["lot_number"],
        happened_at=happened_at,
        expires_on=expires_on,
        supplier_id=known.suppliers.get(supplier),
        area=row["area"],
    )


def day_of(text: str, what: str) -> date:
    """A day as people write it; a month alone means its last day. Raises ValueError."""
    for form in (*_FORMATS, *_MONTHS):
        try:
            found = datetime.strptime(text, form).date()  # noqa: DTZ007 - a calendar day has no zone
        except ValueError:
            continue
        return month_end(found.year, found.month) if form in _MONTHS else found
    raise ValueError(f"the {what} {text[:30]!r} is no day")
