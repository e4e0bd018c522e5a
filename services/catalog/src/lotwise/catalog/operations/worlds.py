"""The only home of what the decisions of one call of definitions look at: loaded once, grown as rows are decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from lotwise.catalog.domain import codes, products
from lotwise.catalog.domain.categories import Category
from lotwise.catalog.domain.preferences import Rules
from lotwise.catalog.domain.prices import Price
from lotwise.catalog.domain.products import Product
from lotwise.catalog.operations import categories
from lotwise.catalog.operations.preferences import rules as load_rules
from lotwise.catalog.repository import categories as category_rows
from lotwise.catalog.repository import own_uses
from lotwise.catalog.repository import prices as price_rows
from lotwise.catalog.repository import products as rows
from lotwise.catalog.repository import sites as site_rows
from lotwise.catalog.repository import suppliers as supplier_rows
from lotwise.kit.database import Tx
from lotwise.kit.etag import Expected

Changes = tuple[tuple[str, str, str], ...]
"""What changes of a product as a person reads it: the column of a file, its text before and after."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A definition somebody wants: the fields to set, by code (a new or known product), or by id with `expected`.

    `category` is a name; `price` and `member_price` are the chain's, from `price_from` on. `base_code`, `add_on_codes`
    and `supplier_number` name others as a file does. `unit_may_change` says that stock was asked and does not know
    the product. `is_typed` by a person refuses a supplier we have not heard of; an import's news of it may still be
    under way, so there it is a warning. `is_shown` asks what would change, column by column; with `seen`, the outcome
    and the changes that somebody was shown, anything else is refused.
    """

    fields: Mapping[str, Any]
    id: UUID | None = None
    category: str | None = None
    price: str | None = None
    price_from: datetime | None = None
    expected: Expected | None = None
    must_be_new: bool = False
    unit_may_change: bool = False
    is_typed: bool = False
    member_price: str | None = None
    base_code: str | None = None
    add_on_codes: tuple[str, ...] = ()
    supplier_number: int | None = None
    is_shown: bool = False
    seen: tuple[str, "Changes"] | None = None


@dataclass(slots=True)
class World:
    """What the decisions of one call look at; it grows while the call decides, so that later rows see earlier ones."""

    rules: Rules
    now: datetime
    by_id: dict[UUID, Product]
    by_code: dict[str, Product]
    categories: dict[str, Category]
    category_names: dict[UUID, str]
    sites: set[str]
    suppliers: set[UUID]
    supplier_numbers: dict[int, UUID]
    looks: dict[str, list[str]]
    owners: dict[str, UUID]
    prices: dict[UUID, list[Price]]
    variants: dict[UUID, int]
    own_uses: dict[UUID, list[str]]
    taxes_used: dict[str, tuple[int, int]] = field(default_factory=dict)

    def remember(self, was: Product, now: Product) -> None:
        """Let later rows see what was decided."""
        for barcode in products.all_barcodes(was):
            if self.owners.get(barcode) == was.id:
                del self.owners[barcode]
        self.by_code.pop(was.code, None)
        self.owners |= dict.fromkeys(products.all_barcodes(now), now.id)
        self.by_id[now.id] = now
        self.by_code[now.code] = now
        look = self.looks.setdefault(codes.look(now.code), [])
        if now.code not in look:
            look.append(now.code)
        if was.variant_of != now.variant_of:
            for base, more in ((was.variant_of, -1), (now.variant_of, 1)):
                if base is not None:
                    self.variants[base] = self.variants.get(base, 0) + more


async def load(tx: Tx, wanted: Sequence[Wanted], currency: str) -> tuple[World, list[Category]]:
    """What is known of everything the wanted rows name, and the categories that would be new (not stored yet)."""
    typed = {one.fields["code"] for one in wanted if "code" in one.fields}
    named_codes = {code for one in wanted for code in (*one.add_on_codes, *([one.base_code] if one.base_code else []))}
    candidates = sorted({form for code in typed | named_codes for form in codes.forms(code)})
    related = [other for one in wanted for other in _related_in(one)]
    known = await rows.by_ids(tx, [*(one.id for one in wanted if one.id is not None), *related])
    coded = await rows.by_codes(tx, candidates)
    found = [shown.product for shown in (*known.values(), *coded.values())]
    named, new = await categories.named(tx, [one.category for one in wanted if one.category])
    category_ids = [one.fields["category_id"] for one in wanted if one.fields.get("category_id")]
    names = await category_rows.known(tx, [*category_ids, *(row.category_id for row in found if row.category_id)])
    world = World(
        rules=await load_rules(tx, currency),
        now=await price_rows.moment(tx),
        by_id={row.id: row for row in found},
        by_code={row.code: row for row in found},
        categories=named,
        category_names=names | {row.id: row.name for row in named.values()},
        sites=await site_rows.known(tx, sites_in(wanted)),
        suppliers=await supplier_rows.known(tx, suppliers_in(wanted)),
        supplier_numbers=await supplier_rows.numbered(
            tx, [one.supplier_number for one in wanted if one.supplier_number]
        ),
        looks=await rows.codes_looking_like(tx, [codes.look(code) for code in candidates]),
        owners=await rows.barcode_owners(tx, _barcodes_in(wanted)),
        prices=await price_rows.of_products(tx, [row.id for row in found]),
        variants={shown.product.id: shown.variants for shown in (*known.values(), *coded.values())},
        own_uses=await _own_uses(tx, wanted, [row.id for row in found]),
    )
    return world, new


def sites_in(wanted: Iterable[Wanted]) -> list[str]:
    """The sites that the rows name."""
    return [tax["site"] for one in wanted for tax in one.fields.get("site_taxes") or ()]


def suppliers_in(wanted: Iterable[Wanted]) -> list[UUID]:
    """The suppliers that the rows name."""
    return [one.fields["supplier_id"] for one in wanted if one.fields.get("supplier_id")]


def _barcodes_in(wanted: Iterable[Wanted]) -> list[str]:
    units = [barcode for one in wanted for barcode in one.fields.get("barcodes") or ()]
    packs = [pack["gtin"] for one in wanted for pack in one.fields.get("packs") or () if pack.get("gtin")]
    return units + packs


def _related_in(wanted: Wanted) -> list[UUID]:
    base = wanted.fields.get("variant_of")
    return [*([base] if base else []), *(wanted.fields.get("add_ons") or ())]


async def _own_uses(tx: Tx, wanted: Sequence[Wanted], found: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Where the catalog uses the products found; asked only when a row could change what others rely on."""
    if not any(
        {"kind", "add_on_kind"} & one.fields.keys() or one.fields.get("variant_of") or one.base_code for one in wanted
    ):
        return {}
    return await own_uses.of(tx, found)
