"""The only home of what the tabs of a product show: prices, variants, discounts, add-ons, recipe, offers, stock."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from lotwise.backoffice.gateway import Rows, Shape, or_else
from lotwise.backoffice.screens.discounts import Discount, rules_of
from lotwise.backoffice.screens.offers import offers_of
from lotwise.backoffice.screens.product_choice import named
from lotwise.backoffice.session import Visitor

TABS = (
    ("details", "Details"),
    ("pricing", "Pricing"),
    ("variants", "Variants"),
    ("discounts", "Discounts"),
    ("add_ons", "Add-ons"),
    ("recipe", "Recipe"),
    ("stock", "Stock by site"),
    ("suppliers", "Suppliers"),
    ("history", "History"),
)
ONLY = {
    "variants": {"physical", "service"}, "add_ons": {"service"}, "recipe": {"service"}, "stock": {"physical"},
    "suppliers": {"physical"},
}  # fmt: skip
"""The kinds of product that have a tab; one that is not named here stands for every kind."""


class Price(Shape):
    """A price over its period."""

    at_site: str | None = None
    price: str
    audience: str = "everyone"
    valid_from: datetime
    valid_to: datetime | None = None


class Change(Shape):
    """A field that changed."""

    field: str
    was: Any = None
    now: Any = None
    who: str = ""
    changed_at: datetime


class Level(Shape):
    """What a site has of a product."""

    site: str
    product_id: UUID
    on_hand: str = "0"
    opened: str = "0"
    available: str = "0"
    minimum: str | None = None
    value_minor: int = 0


class Variant(Shape):
    """A variant of a base product."""

    product_id: UUID
    code: str
    name: str
    variant_name: str = ""
    price: str | None = None
    cost: str | None = None
    is_archived: bool = False


class RecipeLine(Shape):
    """What a service consumes of a product."""

    product_id: UUID
    code: str
    name: str
    quantity: str
    unit: str = "piece"


class Recipe(Shape):
    """What a service consumes."""

    lines: tuple[RecipeLine, ...] = ()
    revision: int = 0


def tabs_of(kind: str) -> list[tuple[str, str]]:
    """The tabs that a kind of product has."""
    return [(word, text) for word, text in TABS if kind in ONLY.get(word, {kind})]


async def shown_in(who: Visitor, product_id: UUID, tab: str, add_ons: tuple[UUID, ...] = ()) -> dict[str, Any]:
    """What a tab shows."""
    if tab == "add_ons":
        return await _add_ons(who, add_ons)
    return await READERS[tab](who, product_id) if tab in READERS else {}


async def _pricing(who: Visitor, product_id: UUID) -> dict[str, Any]:
    return {"prices": (await who.gateway.rows(Price, "catalog", f"/v1/products/{product_id}/prices")).rows}


async def _history(who: Visitor, product_id: UUID) -> dict[str, Any]:
    found = await who.gateway.rows(Change, "catalog", f"/v1/products/{product_id}/changes", limit=100)
    return {"changes": found.rows}


async def _suppliers(who: Visitor, product_id: UUID) -> dict[str, Any]:
    return {"offers": await offers_of(who, product_id)}


async def _stock(who: Visitor, product_id: UUID) -> dict[str, Any]:
    empty: Rows[Level] = Rows([])
    levels = who.gateway.rows(Level, "stock", "/v1/levels", product=product_id, limit=200)
    return {"levels": [row for row in (await or_else(levels, empty)).rows if row.product_id == product_id]}


async def _variants(who: Visitor, product_id: UUID) -> dict[str, Any]:
    found = await who.gateway.rows(Variant, "catalog", "/v1/products", variant_of=product_id, limit=200)
    return {"variants": found.rows}


async def _discounts(who: Visitor, product_id: UUID) -> dict[str, Any]:
    found = await who.gateway.rows(Discount, "catalog", "/v1/discounts", product=product_id, limit=200)
    return {"discounts": found.rows, "rules_of": rules_of}


async def _add_ons(who: Visitor, add_ons: tuple[UUID, ...]) -> dict[str, Any]:
    return {"extras": await named(who, add_ons)}


async def _recipe(who: Visitor, product_id: UUID) -> dict[str, Any]:
    return {"recipe": await who.gateway.one(Recipe, "catalog", f"/v1/services/{product_id}/recipe")}


READERS: dict[str, Callable[[Visitor, UUID], Awaitable[dict[str, Any]]]] = {
    "pricing": _pricing,
    "history": _history,
    "suppliers": _suppliers,
    "stock": _stock,
    "variants": _variants,
    "discounts": _discounts,
    "recipe": _recipe,
}
