"""The only home of proving the books: every figure from the ledger, the ledger from its hashes and seals (N-01).

The ledger is gone over page by page, each page as of one moment, so that nothing is held up and nothing grows: ids in
order for the content, days of recording for the daily totals, blocks for the seals. Balances are added up from the
daily totals, all else from balances.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from itertools import takewhile
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.kit.database import Database, Tx
from lotwise.stock.domain.moments import EVER, LAST_DAY, NEVER, NO_DAY, id_at, span
from lotwise.stock.domain.seals import GENESIS, chained
from lotwise.stock.repository.audit import (
    CHECKS,
    FINDINGS_MAX,
    Finding,
    altered,
    findings_of,
    page_end,
    sizes,
    wrong_days,
)
from lotwise.stock.repository.kept_openings import drawn_days, holding_places, wrong_day, wrong_months
from lotwise.stock.repository.proofs import first_recorded_at, keep_proof, last_proof_at
from lotwise.stock.repository.seals import contents_of, seals

ROWS_A_PAGE = 50_000
ROWS_A_STRETCH = 200_000
BLOCKS_A_PAGE = 2_000
DAY_EDGE = timedelta(hours=14)
"""A day of some site begins up to so long before the same day in UTC, and ends up to so long after it."""
FIRST_ID, LAST_ID = UUID(int=0), UUID(int=2**128 - 1)
Reading = Callable[[], AbstractAsyncContextManager[Tx]]


class Proof(NamedTuple):
    """What was gone over, how fast, and what did not agree; nothing found means clean."""

    sizes: dict[str, int]
    findings: list[Finding]
    seconds: float

    @property
    def rows_a_second(self) -> float:
        """Movements proven a second."""
        return self.sizes["movements"] / max(self.seconds, 1e-6)


async def prove(tx: Tx) -> Proof:
    """Check the whole of the books in one transaction: for tests and small books."""

    @asynccontextmanager
    async def same() -> AsyncIterator[Tx]:
        """The one transaction, for every page."""
        yield tx

    return await _prove(same)


async def prove_live(db: Database) -> Proof:
    """Check the whole of the books of a running service, a short transaction a page, in bounded memory."""
    return await _prove(db.reading)


async def _prove(reading: Reading) -> Proof:
    began = time.perf_counter()
    movements, findings = await _altered(reading)
    findings += await _wrong_days(reading)
    for check in CHECKS:
        async with reading() as tx:
            findings += await findings_of(tx, check)
    findings += await _wrong_openings(reading)
    findings += await _broken_seals(reading)
    async with reading() as tx:
        counted = {"movements": movements, **await sizes(tx)}
    return Proof(counted, findings, time.perf_counter() - began)


async def _altered(reading: Reading) -> tuple[int, list[Finding]]:
    """Every movement against its own hash, in the order of ids; at most FINDINGS_MAX are named."""
    findings: list[Finding] = []
    after, movements = FIRST_ID, 0
    while True:
        async with reading() as tx:
            end = await page_end(tx, after, ROWS_A_PAGE)
            last = end["id"] if end else LAST_ID
            count, found = await altered(tx, after, last)
        movements += count
        findings += found[: FINDINGS_MAX - len(findings)]
        if end is None:
            return movements, findings
        after = last


async def _wrong_days(reading: Reading) -> list[Finding]:
    """Every daily total against the movements of its day, in the order of recording."""
    findings: list[Finding] = []
    first = NO_DAY
    while first < LAST_DAY and len(findings) < FINDINGS_MAX:
        async with reading() as tx:
            after = FIRST_ID if first == NO_DAY else id_at(_edge(first, -1))
            end = await page_end(tx, after, ROWS_A_STRETCH)
            until = LAST_DAY if end is None else _later(first, end["recorded_at"].date())
            recorded_from = EVER if first == NO_DAY else _edge(first, -1)
            recorded_until = NEVER if until == LAST_DAY else _edge(until, 1)
            findings += await wrong_days(tx, first, until, span(recorded_from, recorded_until))
        first = until
    return findings


def _later(first: date, day: date) -> date:
    return day if first == NO_DAY else max(first + timedelta(days=1), day)


def _edge(day: date, sign: int) -> datetime:
    return datetime.combine(day, clock(), UTC) + sign * DAY_EDGE


async def _wrong_openings(reading: Reading) -> list[Finding]:
    """What looking back starts from: every opening of a month, place by place; if they are right, days of sites too.

    A day takes as long as a question about it: some are drawn, all of them would take an hour of a large chain's night.
    """
    findings: list[Finding] = []
    async with reading() as tx:
        places, days = await holding_places(tx), await drawn_days(tx)
    for place in places:
        async with reading() as tx:
            findings += await wrong_months(tx, place)
    for site, day in () if findings else days:
        async with reading() as tx:
            findings += await wrong_day(tx, site, day)
    return findings[:FINDINGS_MAX]


async def _broken_seals(reading: Reading) -> list[Finding]:
    """A row altered together with its hash, removed or slipped in names its block."""
    findings: list[Finding] = []
    previous, last = GENESIS, 0
    while len(findings) < FINDINGS_MAX:
        async with reading() as tx:
            blocks = _weighing(await seals(tx, last, BLOCKS_A_PAGE))
            contents = await contents_of(tx, blocks) if blocks else []
        if not blocks:
            break
        for block, (count, content) in zip(blocks, contents, strict=True):
            head = chained(previous, block["content"], block["movements"])
            if count != block["movements"] or content != block["content"]:
                findings.append(
                    _finding(block["block"], "its movements are not those that were sealed", block["content"], content)
                )
            elif head != block["head"]:
                findings.append(
                    _finding(block["block"], "its head does not follow from the one before", head, block["head"])
                )
            previous, last = block["head"], block["block"]
    return findings


def _weighing(blocks: Any) -> list[Any]:
    """As many of these blocks as a page may weigh, at least one."""
    rows = 0

    def fits(block: Any) -> bool:
        nonlocal rows
        rows += block["movements"]
        return bool(rows <= ROWS_A_STRETCH or rows == block["movements"])

    return list(takewhile(fits, blocks))


def _finding(block: int, detail: str, expected: bytes, found: bytes) -> Finding:
    return Finding("seals", f"seal block {block}", detail, expected.hex(), found.hex())


def is_due(now: datetime, hour: int, last: datetime | None, first_movement: datetime | None) -> bool:
    """Whether tonight's proof is still to be made: none began since the last time it struck `hour` (UTC).

    A ledger that began later than that waits for its first night.
    """
    struck = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    if struck > now:
        struck -= timedelta(days=1)
    if first_movement is None or first_movement > struck:
        return False
    return last is None or last < struck


async def prove_nightly(db: Database, now: datetime, hour: int) -> Proof | None:
    """Prove the books and keep the proof, once a night; None when it is not due."""
    async with db.reading() as tx:
        due = is_due(now, hour, await last_proof_at(tx), await first_recorded_at(tx))
    if not due:
        return None
    began = datetime.now(UTC)
    proof = await prove_live(db)
    async with db.transaction() as tx:
        await keep_proof(tx, began, datetime.now(UTC), proof)
    return proof
