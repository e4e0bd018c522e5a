"""HTTP of recall letters: read into candidates that a person confirms (N-06)."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.kit.commands import Read
from lotwise.kit.web import Router
from lotwise.stock.api.recall_shapes import Letter
from lotwise.stock.api.shapes import Strict
from lotwise.stock.operations.letters import Hit, Likely, understand_letter
from lotwise.values import format_quantity

router = Router(tags=["recalls"])


class LetterIn(Strict):
    """The text of a recall notice, pasted as it came."""

    text: Letter = Field(min_length=1)


class CandidateLot(BaseModel):
    """A lot of ours that a number may mean; `confidence` 1-99, `on_hand` over all places and sites."""

    lot_id: UUID
    lot_number: str
    product_id: UUID
    code: str
    name: str
    unit: str
    manufacturer: str
    expires_on: date | None
    on_hand: str
    is_recalled: bool
    is_exact: bool
    confidence: int


class CandidateNumber(BaseModel):
    """A number that the letter names: a lot, a serial or a range, with the lots of ours that it may mean."""

    kind: str
    first: str
    last: str
    expires_on: date | None
    confidence: int
    lots: list[CandidateLot]


class CandidateProduct(BaseModel):
    """A product that the letter may be about, because of its code or of its words."""

    product_id: UUID
    code: str
    name: str
    manufacturer: str
    confidence: int
    why: str


class LetterOut(BaseModel):
    """What was read; nothing is blocked before a person says so."""

    numbers: list[CandidateNumber]
    products: list[CandidateProduct]
    codes: list[str]
    expires_from: date | None
    expires_until: date | None
    is_all: bool


@router.post("/recalls:read", permission="stock.recall", site="chain")
async def read_recall_letter(read: Read, body: LetterIn) -> LetterOut:
    """Read a recall notice's free text into candidates: numbers, products, and lots of ours with confidence."""
    async with read.connection() as tx:
        found = await understand_letter(tx, body.text, datetime.now(UTC).year)
    letter = found.letter
    numbers = [
        CandidateNumber(
            kind=one.kind, first=one.first, last=one.last, expires_on=one.expires_on, confidence=one.confidence,
            lots=[_lot(hit) for hit in hits],
        )
        for one, hits in zip(letter.numbers, found.hits, strict=True)
    ]  # fmt: skip
    return LetterOut(
        numbers=numbers, products=[_product(one) for one in found.products], codes=list(letter.codes),
        expires_from=letter.expires_from, expires_until=letter.expires_until, is_all=letter.is_all,
    )  # fmt: skip


def _lot(hit: Hit) -> CandidateLot:
    row: Any = hit.row
    names = ("product_id", "code", "name", "unit", "manufacturer", "expires_on", "is_recalled")
    return CandidateLot(
        lot_id=row["id"], lot_number=row["number"], on_hand=format_quantity(row["on_hand"], row["unit_decimals"]),
        is_exact=hit.is_exact, confidence=hit.confidence, **{name: row[name] for name in names},
    )  # fmt: skip


def _product(one: Likely) -> CandidateProduct:
    row: Any = one.row
    return CandidateProduct(
        product_id=row["id"], code=row["code"], name=row["name"], manufacturer=row["manufacturer"],
        confidence=one.confidence, why=one.why,
    )  # fmt: skip
