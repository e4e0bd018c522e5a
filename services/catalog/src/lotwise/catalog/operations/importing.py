"""The only home of the work on an import: reading its file, looking at its rows, applying them; each in small steps.

Load-bearing: a step is one transaction that also notes how far it came, so that a process may die between any two of
them. What a step of looking needs to know of the rows before it (new products, moved barcodes) is kept in memory and
found again from the first row after a restart; applying needs nothing but the database.
"""

import asyncio
from collections.abc import Callable, Generator
from itertools import islice
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from lotwise.catalog.domain import codes, product_rows, products, uploads
from lotwise.catalog.domain.columns import Row, missing_in, places_of
from lotwise.catalog.domain.imports import APPLYING, DONE, FAILED, JUDGING, READING, READY, ROWS_MAX, Import, ImportRow
from lotwise.catalog.domain.imports import refused as refuse
from lotwise.catalog.domain.prices import Price
from lotwise.catalog.domain.products import Product
from lotwise.catalog.domain.refusals import BadFile
from lotwise.catalog.operations import definitions, worlds
from lotwise.catalog.operations.definitions import Outcome
from lotwise.catalog.operations.worlds import Wanted, World
from lotwise.catalog.repository import imports as rows
from lotwise.kit import context
from lotwise.kit.database import Database
from lotwise.values import BadValue

PORTION = 500
READ_PORTION = 2000
ReadRow = Callable[[dict[str, Any]], Wanted | BadValue]
Lines = Generator[tuple[int, list[str]]]
_PASSING = (
    OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError, asyncpg.TransactionRollbackError,
)  # fmt: skip
"""What is no fault of the file: the step is done again. Anything else ends this import, so that others go on."""
log = structlog.get_logger(__name__)


class Importing:
    """Whoever works on imports, one at a time: `read` makes a definition of a row's body."""

    def __init__(self, db: Database, currency: str, read: ReadRow) -> None:
        self._db = db
        self._currency = currency
        self._read = read
        self._look: _Look | None = None

    async def step(self) -> bool:
        """Do the next step of the oldest import that waits; False when none does."""
        async with self._db.reading() as tx:
            one = await rows.waiting(tx)
        if one is None:
            return False
        try:
            await self._go_on(one)
        except _PASSING:
            raise
        except Exception:
            log.exception("an import stopped", import_id=str(one.id), state=one.state)
            await self._move(one, FAILED, "Something in this file could not be handled; the logs say what.")
        return True

    async def _go_on(self, one: Import) -> None:
        if one.state == READING:
            await self._take_in(one)
        elif one.state == JUDGING:
            await self._judge(one)
        elif one.state == APPLYING:
            with context.work(by=one.applied_by):
                await self._apply(one)

    async def _take_in(self, one: Import) -> None:
        async with self._db.reading() as tx:
            content = await rows.content_of(tx, one.id)
        try:
            await self._read_lines(one, uploads.lines_of(content))
        except BadFile as problem:
            await self._move(one, FAILED, problem.detail)

    async def _read_lines(self, one: Import, lines: Lines) -> None:
        """Keep every row of the file. Raises BadFile."""
        _, headers = await asyncio.to_thread(next, lines, (1, []))
        places = _places(headers)
        unused = [head.strip() for at, head in enumerate(headers) if head.strip() and at not in places.values()]
        async with self._db.transaction() as tx:
            await rows.begin_reading(tx, one.id, {name: headers[at].strip() for name, at in places.items()}, unused)
        seen: dict[str, int] = {}
        while portion := await asyncio.to_thread(_rows, lines, places, seen):
            if len(seen) > ROWS_MAX:
                raise BadFile(f"The file has more than {ROWS_MAX:,} rows. Split it and import the parts in turn.")
            async with self._db.transaction() as tx:
                await rows.add_rows(tx, one.id, portion)
        if not seen:
            raise BadFile("The file has no rows below the first one, which names the columns.")
        await self._move(one, JUDGING)

    async def _judge(self, one: Import) -> None:
        if self._look is None or self._look.import_id != one.id:
            async with self._db.transaction() as tx:
                await rows.begin_judging(tx, one.id)
                self._look = _Look(one.id, await rows.codes_named(tx, one.id))
        async with self._db.transaction() as tx:
            portion = await rows.to_judge(tx, one.id, self._look.after, PORTION)
            if not portion:
                self._look = None
                await rows.move(tx, one.id, READY)
                return
            wanted = [(row, self._read_shown(row)) for row in portion if row.outcome != "refused"]
            world, _ = await worlds.load(tx, [one for _, one in wanted if isinstance(one, Wanted)], self._currency)
            self._look.judge(world, wanted)
            await rows.keep_outcomes(tx, one.id, portion, is_applied=False)
        self._look.after = (portion[-1].part, portion[-1].line)

    async def _apply(self, one: Import) -> None:
        async with self._db.transaction() as tx:
            await rows.find(tx, one.id, is_locked=True)
            portion = await rows.to_apply(tx, one.id, PORTION)
            if not portion:
                await rows.move(tx, one.id, DONE)
                return
            wanted = [self._read_shown(row, is_seen=True) for row in portion]
            good = [one for one in wanted if isinstance(one, Wanted)]
            outcomes = iter(await definitions.define(tx, good, one.applied_by or one.who, currency=self._currency))
            for row, asked in zip(portion, wanted, strict=True):
                outcome = next(outcomes) if isinstance(asked, Wanted) else Outcome("refused", refusal=asked)
                _note(row, outcome, is_in=True)
            await rows.keep_outcomes(tx, one.id, portion, is_applied=True)

    def _read_shown(self, row: ImportRow, *, is_seen: bool = False) -> Wanted | BadValue:
        read = self._read(dict(row.body))
        if isinstance(read, BadValue):
            return read
        seen = (row.outcome or "", tuple((name, was, now) for name, was, now in row.changes)) if is_seen else None
        return Wanted(**{name: getattr(read, name) for name in _PLAIN}, is_shown=True, seen=seen)

    async def _move(self, one: Import, state: str, problem: str | None = None) -> None:
        async with self._db.transaction() as tx:
            await rows.move(tx, one.id, state, problem=problem)


_PLAIN = tuple(name for name in Wanted.__dataclass_fields__ if name not in {"is_shown", "seen"})


class _Look:
    """What looking at later rows of a file must know of the earlier ones, which are stored nowhere."""

    def __init__(self, import_id: UUID, named: set[str]) -> None:
        self.import_id = import_id
        self.after = (-1, -1)
        self._named = {form for code in named for form in codes.forms(code)}
        self._codes: dict[str, int] = {}
        self._owners: dict[str, UUID | None] = {}
        self._looks: dict[str, list[str]] = {}
        self._products: dict[UUID, Product] = {}
        self._prices: dict[UUID, list[Price]] = {}
        self._variants: dict[UUID, int] = {}
        self._taxes: dict[str, tuple[int, int]] = {}

    def judge(self, world: World, wanted: list[tuple[ImportRow, Wanted | BadValue]]) -> None:
        """Say what would become of each row, as if those before it were in."""
        self._tell(world)
        for row, asked in wanted:
            outcome = (
                definitions.decide(world, asked) if isinstance(asked, Wanted) else Outcome("refused", refusal=asked)
            )
            _note(row, outcome)
            if outcome.product is not None and outcome.was is not None:
                self._learn(world, row, outcome.was, outcome.product)
        self._taxes |= world.taxes_used

    def _tell(self, world: World) -> None:
        for product in self._products.values():
            world.by_id[product.id] = world.by_code[product.code] = product
        world.prices |= self._prices
        for product_id, more in self._variants.items():
            world.variants[product_id] = world.variants.get(product_id, 0) + more
        for barcode, owner in self._owners.items():
            if owner is None:
                world.owners.pop(barcode, None)
            else:
                world.owners[barcode] = owner
        for look, alike in self._looks.items():
            known = world.looks.setdefault(look, [])
            known += [code for code in alike if code not in known]
        world.taxes_used |= self._taxes

    def _learn(self, world: World, row: ImportRow, was: Product, now: Product) -> None:
        if now.code in self._codes:
            refuse(row, f"The code {now.code} stands already in line {self._codes[now.code]} of this file.", "code")
            return
        self._codes[now.code] = row.line
        self._owners |= {code: None for code in products.all_barcodes(was) if code not in products.all_barcodes(now)}
        self._owners |= dict.fromkeys(products.all_barcodes(now), now.id)
        if was.revision == 0:
            self._looks.setdefault(codes.look(now.code), []).append(now.code)
        if was.variant_of != now.variant_of:
            for base, more in ((was.variant_of, -1), (now.variant_of, 1)):
                if base is not None:
                    self._variants[base] = self._variants.get(base, 0) + more
        if now.code in self._named:
            self._products[now.id] = now
            self._prices[now.id] = world.prices.get(now.id, [])


def _places(headers: list[str]) -> dict[str, int]:
    """Where each column stands. Raises BadFile when the file does not say which product a row is about."""
    places = places_of(headers, product_rows.COLUMNS, {})
    if missing := missing_in(places, product_rows.COLUMNS):
        has = ", ".join(head.strip() for head in headers if head.strip())[:300] or "nothing"
        raise BadFile(
            f"The first row must name the columns; {' and '.join(missing)} must be among them. It says: {has}."
        )
    return places


def _rows(lines: Lines, places: dict[str, int], seen: dict[str, int]) -> list[ImportRow]:
    """The next rows of the file; empty ones are skipped."""
    found: list[ImportRow] = []
    for line, cells in islice((line for line in lines if any(cell.strip() for cell in line[1])), READ_PORTION):
        row = Row(line, {name: cells[at] if at < len(cells) else "" for name, at in places.items()})
        found.append(_row(row, seen))
    return found


def _row(row: Row, seen: dict[str, int]) -> ImportRow:
    code = row["code"]
    try:
        body = product_rows.product_row(row)
    except product_rows.BadCell as problem:
        said, made = str(problem), ImportRow(row.line, 0, code[:64], row["name"][:200], {})
        refuse(made, f"{said[:1].upper()}{said[1:]}.", problem.column)
    else:
        made = ImportRow(row.line, product_rows.part_of(body), code[:64], row["name"][:200], body)
        if code in seen:
            refuse(made, f"The code {code[:64]} stands already in line {seen[code]} of this file.", "code")
        elif not code:
            refuse(made, "The row has no code, so it is not known which product it is about.", "code")
    seen.setdefault(code or f"\n{row.line}", row.line)
    return made


def _note(row: ImportRow, outcome: Outcome, *, is_in: bool = False) -> None:
    """Write into a row what would become of it (`is_in`: what became of it), in words."""
    row.warnings = [list(warning) for warning in outcome.warnings]
    if outcome.refusal is not None:
        refuse(row, outcome.refusal.detail, outcome.refusal.field, outcome.refusal.ways_out)
        return
    row.outcome, row.changes = outcome.outcome, [list(change) for change in outcome.changes]
    if outcome.product is not None:
        row.code = outcome.product.code
        row.product_id = outcome.product.id if is_in or outcome.outcome != "created" else None
