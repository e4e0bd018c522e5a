"""The only home of `lotwise import sales`: a till's export becomes products, opening stock, charges and returns.

Everything goes through the public doors in this order, each step heard before the next one: products, opening receipts,
members, then returns, then charges. Ids are made from the file's own numbers: a rerun changes nothing.
"""

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lotwise.kit.client import ServiceClient
from lotwise.onebox.access import Access, access
from lotwise.onebox.imports.catalog_rows import Wanted, define, zone_of
from lotwise.onebox.imports.doors import Batch, Door, Settling, post_all, sentence
from lotwise.onebox.imports.members import keep
from lotwise.onebox.imports.progress import Bar, Screen, screen
from lotwise.onebox.imports.receipts import Arrival, receive
from lotwise.onebox.imports.rejects import Rejects
from lotwise.onebox.imports.results import Outcome
from lotwise.onebox.imports.sheets import FileMapping, Sheet
from lotwise.onebox.imports.till_lines import COLUMNS, KINDS, Rules, Tally, read_lines
from lotwise.onebox.imports.till_plan import Document, Ids, Plan, Product, charge_body, make_plan, return_body
from lotwise.values import format_minor, format_quantity, half_up, price_text

BATCH_DOCUMENTS_MAX = 1_000
BATCH_LINES_MAX = 5_000
HEARERS = ("stock", "reporting")


@dataclass(frozen=True)
class Asked:
    """What was asked for: the file, the site, how to read it, and what opening stock is assumed to have cost."""

    file: Path
    site: str
    mapping: FileMapping
    rejects_file: Path
    is_dry_run: bool = False
    cost_percent: int = 0
    time_zone: str | None = None
    with_members: bool = True


async def import_sales(asked: Asked) -> Outcome:
    """Bring the sales of a till in. Raises Refused when the file, the site or the system does not allow it."""
    began = time.monotonic()
    outcome = Outcome(f"Sales of {asked.file.name} at {asked.site}", is_dry_run=asked.is_dry_run)
    async with access("importer") as doors:
        sheet = Sheet(asked.file, COLUMNS, asked.mapping)
        rules = Rules.of(asked.mapping, await zone_of(doors, asked.site, None if asked.is_dry_run else asked.time_zone))
        with Rejects(asked.rejects_file) as rejects, screen() as shown:
            with _without_collector():
                plan = make_plan(read_lines(sheet, rules, rejects), rules, asked.site)
            outcome.totals = summary(plan.tally)
            if not asked.with_members:
                plan.customers.clear()
            outcome.notes += _preview(sheet, plan)
            if not asked.is_dry_run:
                await _post(doors, asked, plan, rules.members_of or asked.site, (outcome, rejects, shown))
            outcome.close(rejects)
    outcome.seconds = time.monotonic() - began
    return outcome


@contextmanager
def _without_collector() -> Iterator[None]:
    """Make millions of lasting values without looking for garbage among them, now or later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def summary(tally: Tally) -> dict[str, dict[str, str]]:
    """Lines, units and money of each kind of line, and all of them together."""
    rows = {kind: _sums(tally.lines[kind], tally.units[kind], tally.minor[kind]) for kind in KINDS}
    whole = _sums(sum(tally.lines.values()), sum(tally.units.values()), sum(tally.minor.values()))
    return rows | {"all lines": whole}


def _sums(lines: int, units: int, minor: int) -> dict[str, str]:
    return {"lines": str(lines), "net units": format_quantity(units, 6), "net revenue": format_minor(minor)}


def _preview(sheet: Sheet, plan: Plan) -> list[str]:
    services = sum(product.is_service for product in plan.products)
    taken = ", ".join(f"{name} = {sheet.headers[place]}" for name, place in sheet.places.items())
    units = format_quantity(sum(one.quantity for one in plan.openings), 6)
    stock = f"opening stock of {units} units for {len(plan.openings):,} codes"
    posted = f"{len(plan.charges):,} charges and {len(plan.returns):,} returns of {len(plan.customers):,} members"
    return [
        f"Columns: {taken}.",
        f"{len(plan.products):,} codes ({services} of them services), {stock}, {posted}.",
    ]


async def _post(
    doors: Access, asked: Asked, plan: Plan, known_as: str, told: "tuple[Outcome, Rejects, Screen]"
) -> None:
    outcome, rejects, shown = told
    settling = Settling(doors)
    bar = shown.bar("products", len(plan.products))
    rows = [Wanted(None, product_body(product)) for product in plan.products]
    by_code = await define(doors, rows, outcome, rejects, bar)
    codes = {product.code: by_code[sent_code(product)] for product in plan.products if sent_code(product) in by_code}
    await settling.wait(("catalog",), ("sales", *HEARERS))
    await receive(
        doors, _arrivals(asked, plan, codes), outcome, rejects, shown.bar("opening stock", len(plan.openings))
    )
    members = await keep(doors, known_as, plan.customers, (outcome, rejects, shown.bar("members", len(plan.customers))))
    await _post_documents(doors, asked, plan, Ids(codes, members), told)
    bar = shown.bar("heard by stock and reports", 1)
    await settling.wait(("sales", "stock"), HEARERS, lambda lag: bar.remark(f"{lag:,} events still on their way"))
    bar.end()


def sent_code(product: Product) -> str:
    """The code in the catalog: a service's begins with a period."""
    return f".{product.code}" if product.is_service and not product.code.startswith(".") else product.code


def product_body(product: Product) -> dict[str, Any]:
    """A product row as the catalog takes it."""
    body: dict[str, Any] = {
        "code": sent_code(product),
        "name": product.name,
        "kind": "service" if product.is_service else "physical",
    }
    if not product.is_service:
        body["purpose"] = "retail"
    if product.decimals:
        body["unit_decimals"] = product.decimals
    if product.price:
        body["price"] = price_text(product.price)
    return body


def _arrivals(asked: Asked, plan: Plan, ids: dict[str, str]) -> list[Arrival]:
    costs = {product.code: half_up(product.price * asked.cost_percent, 100) for product in plan.products}
    return [
        Arrival(
            line=None,
            key=("import-sales", asked.site, one.code),
            site=asked.site,
            product_id=ids[one.code],
            quantity=format_quantity(one.quantity, 6),
            unit_cost=price_text(costs[one.code]),
            lot_number="OPENING",
            happened_at=one.before,
        )
        for one in plan.openings
        if one.code in ids
    ]


async def _post_documents(
    doors: Access, asked: Asked, plan: Plan, ids: Ids, told: "tuple[Outcome, Rejects, Screen]"
) -> None:
    outcome, rejects, shown = told
    bar = shown.bar("returns and charges (lines)", sum(plan.tally.lines.values()))
    back = _Lane("returns", asked.site, ids, return_body, outcome, rejects, bar)
    sold = _Lane("charges", asked.site, ids, charge_body, outcome, rejects, bar)
    await back.post(doors["sales"], plan.returns)
    await Settling(doors).wait(("sales",), ("stock",))
    await sold.post(doors["sales"], plan.charges)


@dataclass(frozen=True)
class _Lane:
    """Posts documents of one kind in batches and notes what became of them."""

    noun: str
    site: str
    ids: Ids
    shape: "Callable[[Document, str, Ids], dict[str, Any]]"
    outcome: Outcome
    rejects: Rejects
    bar: Bar

    async def post(self, sales: ServiceClient, documents: Sequence[Document]) -> None:
        """Post them all."""
        door = Door(sales, f"/v1/{self.noun}:batch", self._note, self._malformed)
        await post_all(door, self._batches(documents))

    def _batches(self, documents: Sequence[Document]) -> Iterator[Batch]:
        for part in in_batches([one for one in documents if self._is_known(one)]):
            yield Batch(self.noun, [self.shape(one, self.site, self.ids) for one in part], part)

    def _is_known(self, document: Document) -> bool:
        unknown = {line.code for line in document.lines} - self.ids.products.keys()
        if unknown:
            self.rejects.add(document.lines[0].at, f"the code {min(unknown)} was refused", document.invoice)
            self.outcome.count(self.noun, "refused")
        return not unknown

    def _note(self, batch: Batch, answer: Any) -> None:
        for document, result in zip(batch.rows, answer["results"], strict=True):
            self.outcome.count(self.noun, result["outcome"])
            if result["outcome"] == "refused":
                self.rejects.add(document.lines[0].at, sentence(result["problem"] or {}), document.invoice)
        self.bar.advance(sum(len(one.lines) for one in batch.rows))

    def _malformed(self, batch: Batch, reason: str) -> None:
        document = batch.rows[0]
        self.outcome.count(self.noun, "refused")
        self.rejects.add(document.lines[0].at, reason, document.invoice)
        self.bar.advance(len(document.lines))


def in_batches(documents: Sequence[Document]) -> Iterator[list[Document]]:
    """Documents in calls of at most 1,000 documents and 5,000 lines."""
    part: list[Document] = []
    lines = Counter[str]()
    for document in documents:
        if part and (len(part) == BATCH_DOCUMENTS_MAX or lines["all"] + len(document.lines) > BATCH_LINES_MAX):
            yield part
            part = []
            lines.clear()
        part.append(document)
        lines["all"] += len(document.lines)
    if part:
        yield part
