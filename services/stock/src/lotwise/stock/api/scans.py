"""HTTP of the scanner: what a barcode says and what it means at this site."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.kit.commands import Read
from lotwise.kit.web import Router
from lotwise.stock.domain.refusals import UnknownSite, UnreadableCode
from lotwise.stock.domain.scans import SAID, answers
from lotwise.stock.operations.scans import Asked, understand
from lotwise.values import format_quantity

router = Router(tags=["scan"])


class ScannedProduct(BaseModel):
    """A product that the code names; `quantity` is what the scanned pack holds."""

    product_id: UUID
    code: str
    name: str
    unit: str
    quantity: str


class ScannedLot(BaseModel):
    """A lot of that number that was received before."""

    lot_id: UUID
    product_id: UUID
    expires_on: date | None
    on_hand: str
    quarantined: str
    elsewhere: str


class ScanAnswer(BaseModel):
    """What is wrong with what was scanned: a stable code and the sentence for the person."""

    code: str
    text: str


class ScanOut(BaseModel):
    """What was read (GS1 AI 01, 10, 17, 21, 30/37) and what we know of it; `warnings` are about the reading.

    `answers` say what is wrong with it here, the worst first: nothing when it may be received or charged.
    """

    gtin: str
    lot_number: str
    expires_on: date | None
    serial: str
    count: int | None
    is_known: bool
    is_expired: bool
    is_recalled: bool
    is_received: bool
    products: list[ScannedProduct]
    lots: list[ScannedLot]
    warnings: list[str]
    is_quarantined: bool = False
    answers: list[ScanAnswer] = []


@router.get("/scan", permission="stock.read", refusals=(UnreadableCode, UnknownSite))
async def scan(
    read: Read,
    data: Annotated[str, Query(min_length=1, max_length=500)],
    site: str,
    product: UUID | None = None,
    purchase_order: Annotated[str, Query(max_length=80)] = "",
    purpose: Literal["receive", "charge"] = "receive",
) -> ScanOut:
    """Read a scan for receiving or charging and say at once what is wrong with it (N-09).

    `product` is the one that is expected; `purchase_order` the order that it should be on.
    """
    async with read.connection() as tx:
        found = await understand(tx, data, Asked(site, product, purchase_order, purpose == "charge"))
    return ScanOut(
        gtin=found.scan.gtin,
        lot_number=found.scan.lot_number,
        expires_on=found.scan.expires_on,
        serial=found.scan.serial,
        count=found.scan.pieces,
        is_known=bool(found.products),
        is_expired=found.known.is_expired,
        is_recalled=found.known.is_recalled,
        is_received=bool(found.lots),
        products=[_product(row) for row in found.products],
        lots=[_lot(row) for row in found.lots],
        warnings=list(found.scan.warnings),
        is_quarantined=found.known.is_quarantined,
        answers=[ScanAnswer(code=code, text=SAID[code]) for code in answers(found.known)],
    )


def _product(row: Any) -> ScannedProduct:
    return ScannedProduct(
        product_id=row["id"],
        code=row["code"],
        name=row["name"],
        unit=row["unit"],
        quantity=format_quantity(row["units"], row["unit_decimals"]),
    )


def _lot(row: Any) -> ScannedLot:
    decimals = row["unit_decimals"]
    return ScannedLot(
        lot_id=row["id"],
        product_id=row["product_id"],
        expires_on=row["expires_on"],
        on_hand=format_quantity(row["on_hand"], decimals),
        quarantined=format_quantity(row["quarantined"], decimals),
        elsewhere=format_quantity(row["elsewhere"], decimals),
    )
