"""The only home of keeping catalog's definitions: newer revisions win, and what waited for them is applied."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from lotwise.contracts.catalog import (
    CategoryDefined,
    ProductArchived,
    ProductDefined,
    ProductPurposeChanged,
    SiteDefined,
)
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, park, redrive
from lotwise.stock.domain.places import NO_CONTAINER
from lotwise.stock.operations.closing import close_books
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import (
    archive_product,
    change_purpose,
    fixed_decimals,
    products_of,
    save_category,
    save_containers,
    save_products,
    save_site,
    sites_of,
)
from lotwise.stock.repository.levels import cells_of_products
from lotwise.values import parse_price, parse_quantity


async def define_sites(tx: Tx, messages: Sequence[Message[SiteDefined]]) -> None:
    """Keep sites and open their accounts; events that waited for a site are applied."""
    for one in messages:
        event = one.event
        await save_site(
            tx,
            (
                event.slug,
                event.name,
                event.time_zone,
                event.legal_entity,
                event.is_central_store,
                event.stock_policy,
                event.revision,
            ),
        )
    await redrive(tx, "site", *{one.event.slug for one in messages})


async def define_categories(tx: Tx, messages: Sequence[Message[CategoryDefined]]) -> None:
    """Keep categories' names."""
    for one in messages:
        await save_category(tx, one.event.category_id, one.event.name, one.event.revision)


async def define_products(tx: Tx, messages: Sequence[Message[ProductDefined]], exponent: int) -> None:
    """Keep products; a changed default reorder point is measured against every site's level at once."""
    newest: dict[UUID, Message[ProductDefined]] = {}
    for one in messages:
        known = newest.get(one.event.product_id)
        if known is None or known.event.revision < one.event.revision:
            newest[one.event.product_id] = one
    before = await products_of(tx, newest.keys())
    fixed = await fixed_decimals(tx, newest.keys())
    decimals = {key: fixed.get(key, one.event.unit_decimals) for key, one in newest.items()}
    rows = [_row(newest[key].event, decimals[key]) for key in sorted(newest)]
    barcodes = [code for key, one in newest.items() for code in _barcodes(one.event, decimals[key])]
    saved = await save_products(tx, rows, barcodes)
    await save_containers(tx, [_containers(newest[key].event, decimals[key]) for key in sorted(saved)])
    after = await products_of(tx, saved & before.keys())
    moved = [key for key, now in after.items() if now.reorder_at != before[key].reorder_at]
    if moved:
        await _measure_again(tx, moved, exponent)
    await redrive(tx, "product", *map(str, newest))


async def _measure_again(tx: Tx, product_ids: list[UUID], exponent: int) -> None:
    keys = await cells_of_products(tx, product_ids)
    sites = await sites_of(tx, {key[0] for key in keys})
    products = await products_of(tx, product_ids)
    books = await open_books(tx, keys, sites, products, datetime.now(UTC), exponent)
    for cell in books.cells.values():
        cell.is_touched = True
    await close_books(tx, books)


def _row(event: ProductDefined, decimals: int) -> tuple[Any, ...]:
    return (
        event.product_id, event.code, event.name, event.kind, event.purpose, event.category_id, event.category_name,
        event.unit, decimals, event.manufacturer, None if event.cost is None else parse_price(event.cost),
        _quantity(event.reorder_at, decimals), _quantity(event.normal_order_quantity, decimals), event.supplier_id,
        event.is_serialised, event.confirm_lot, event.is_archived, event.revision, event.drug_class,
    )  # fmt: skip


def _containers(event: ProductDefined, decimals: int) -> tuple[UUID, str, int | None, tuple[int, ...]]:
    """How a product is drawn: the label's quantity is the largest size, packs that hold less are smaller ones."""
    label = _quantity(event.container_units, decimals)
    if label is None:
        return event.product_id, NO_CONTAINER, None, ()
    packs = {parse_quantity(pack.units, decimals) for pack in event.packs}
    sizes = {label} | {units for units in packs if 0 < units < label}
    return event.product_id, event.container_rule, event.use_by_hours, tuple(sorted(sizes, reverse=True))


def _quantity(text: str | None, decimals: int) -> int | None:
    return None if text is None else parse_quantity(text, decimals)


def _barcodes(event: ProductDefined, decimals: int) -> list[tuple[str, UUID, int]]:
    """All that a scanner may read: a GTIN is kept with 14 digits, whatever length was entered."""
    codes = {_gtin(code): 10**decimals for code in event.barcodes}
    for pack in event.packs:
        if pack.gtin:
            codes[_gtin(pack.gtin)] = parse_quantity(pack.units, decimals)
    return [(code, event.product_id, units) for code, units in codes.items() if code and units > 0]


def _gtin(code: str) -> str:
    return code.zfill(14) if code.isdigit() and len(code) in {8, 12, 13, 14} else code


async def archive_products(tx: Tx, messages: Sequence[Message[ProductArchived]]) -> None:
    """Mark products as archived; one not heard of yet waits."""
    known = await products_of(tx, {one.event.product_id for one in messages})
    for one in messages:
        if one.event.product_id in known:
            await archive_product(tx, one.event.product_id, one.event.revision)
        else:
            await park(tx, one, "product", str(one.event.product_id))


async def change_purposes(tx: Tx, messages: Sequence[Message[ProductPurposeChanged]]) -> None:
    """Keep new purposes; they count for later receipts (DESIGN 3.10)."""
    known = await products_of(tx, {one.event.product_id for one in messages})
    for one in messages:
        if one.event.product_id in known:
            await change_purpose(tx, one.event.product_id, one.event.now, one.event.revision)
        else:
            await park(tx, one, "product", str(one.event.product_id))
