"""HTTP of the scanner: what a barcode says and what it means at this site."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.kit.commands import Read
from lotwise.kit.web import Router
from lotwise.stock.domain.refusals import UnknownSite, UnreadableCode
from lotwise.stock.operations.scans import understand
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


class ScanOut(BaseModel):
    """What was read (GS1 AI 01, 10, 17, 21, 30/37) and what we know of it; `warnings` are for the person."""

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


@router.get("/scan", permission="stock.read", refusals=(UnreadableCode, UnknownSite))
async def scan(read: Read, data: Annotated[str, Query(min_length=1, max_length=500)], site: str) -> ScanOut:
    """Read a scan for receiving or charging: product, lot, expiry, and at once what is wrong with it (N-09)."""
    async with read.connection() as tx:
        found = await understand(tx, data, site)
    return ScanOut(
        gtin=found.scan.gtin,
        lot_number=found.scan.lot_number,
        expires_on=found.scan.expires_on,
        serial=found.scan.serial,
        count=found.scan.pieces,
        is_known=bool(found.products),
        is_expired=found.is_expired,
        is_recalled=found.is_quarantined,
        is_received=bool(found.lots),
        products=[_product(row) for row in found.products],
        lots=[_lot(row) for row in found.lots],
        warnings=list(found.scan.warnings),
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
