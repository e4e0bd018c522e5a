"""The only home of the pages of products: the list, one product with its tabs, form and prices, archive and restore."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import CHUNK, Refused, Shape
from lotwise.backoffice.lists import Column, csv_answer, csv_asked, listing
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.categories import all_categories, category_choices
from lotwise.backoffice.screens.product_choice import named, product_of_code, products_of_codes
from lotwise.backoffice.screens.product_tabs import shown_in, tabs_of
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import uuid7

screen = Screen()
NEW = "new"
FLAGS = ("tax_inclusive", "is_serialised", "confirm_lot")
TEXTS = (
    "code",
    "name",
    "kind",
    "purpose",
    "category_id",
    "unit",
    "unit_decimals",
    "manufacturer",
    "description",
    "barcodes",
    "cost",
    "price",
    "tax_code",
    "reorder_at",
    "normal_order_quantity",
    "duration_slots",
    "container_rule",
    "container_units",
    "use_by_hours",
    "drug_class",
    "size",
    "size_unit",
    "variant_name",
    "add_on_kind",
    "price_per",
    "markup_percent",
)
STOCKED = (
    "purpose",
    "reorder_at",
    "normal_order_quantity",
    "is_serialised",
    "confirm_lot",
    "container_rule",
    "container_units",
    "use_by_hours",
    "drug_class",
)


class Product(Shape):
    """A product as the catalog tells it."""

    product_id: UUID
    code: str
    name: str
    item_type: str = ""
    description: str = ""
    kind: str
    purpose: str | None = None
    category_id: UUID | None = None
    category_name: str | None = None
    unit: str = "piece"
    unit_decimals: int = 0
    barcodes: tuple[str, ...] = ()
    manufacturer: str = ""
    tax_code: int = 0
    tax_inclusive: bool = False
    cost: str | None = None
    price: str | None = None
    proposed_price: str | None = None
    implied_markup_percent: str | None = None
    reorder_at: str | None = None
    normal_order_quantity: str | None = None
    supplier_id: UUID | None = None
    duration_slots: int | None = None
    is_serialised: bool = False
    confirm_lot: bool = False
    container_rule: str = "none"
    container_units: str | None = None
    use_by_hours: int | None = None
    drug_class: str = "otc"
    size: str = ""
    size_unit: str = ""
    variant_of: UUID | None = None
    variant_of_code: str | None = None
    variant_name: str = ""
    variants: int = 0
    add_on_kind: str | None = None
    add_ons: tuple[UUID, ...] = ()
    price_per: str = "unit"
    member_price: str | None = None
    markup_percent: str | None = None
    is_archived: bool = False
    revision: int = 1
    packs: tuple[dict[str, Any], ...] = ()
    warnings: tuple[dict[str, Any], ...] = ()


class Filter(BaseModel):
    """How the list is asked for."""

    q: str = ""
    kind: str = ""
    group: str = ""
    purpose: str = ""
    category: str = ""
    archived: bool = False
    after: str = ""
    format: str = ""

    def asked(self) -> dict[str, Any]:
        """The same in the catalog's words."""
        return {
            "search": self.q,
            "kind": self.kind,
            "group": self.group,
            "purpose": self.purpose,
            "category": self.category,
            "archived": self.archived,
        }


class PriceForm(BaseModel):
    """A new price."""

    price: str = Field(pattern=r"^[0-9]{1,13}(\.[0-9]{1,6})?$")
    at_site: str = ""
    valid_from: str = ""
    audience: str = "everyone"


COLUMNS = (
    Column("Product", lambda row: row.name),
    Column("Code", lambda row: row.code),
    Column("Category", lambda row: row.category_name),
    Column("Kind", lambda row: row.purpose or row.kind),
    Column("Unit", lambda row: row.unit if row.kind == "physical" else "", is_roomy=True),
    Column("Cost", lambda row: row.cost, is_number=True, is_roomy=True),
    Column("Price", lambda row: row.price, is_number=True),
)


@screen.get("/products", permission="catalog.read")
async def products(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The list, its filtered table, its next chunk, or its CSV."""
    if asked.format == "csv":
        every = who.gateway.all(Product, "catalog", "/v1/products", **asked.asked())
        return csv_answer("products", COLUMNS, every)
    found = await who.gateway.rows(Product, "catalog", "/v1/products", limit=CHUNK, after=asked.after, **asked.asked())
    return page(
        request,
        who,
        "screens/products.html",
        fragment="rows" if asked.after else "table",
        title="Products",
        list=listing(request, COLUMNS),
        asked=asked,
        found=found,
        categories=await all_categories(who),
        scan="/scan?to=product",
        scan_hint="Scan a product to open it",
    )


@screen.get("/products/new", permission="catalog.write")
async def new_product(request: Request, who: Who, barcode: str = "", base: str = "") -> Response:
    """The form of a new product; after an unknown scan its barcode is filled in, for a variant its base."""
    start = {"kind": "physical", "unit": "piece", "unit_decimals": "0", "purpose": "retail", "barcodes": barcode}
    start |= {"base": base}
    return await _form(request, who, None, start, {})


@screen.get("/products/{product_id}", permission="catalog.read")
async def product(request: Request, who: Who, product_id: UUID, tab: str = "details") -> Response:
    """One product: details, prices, stock by site, history."""
    shown = await who.gateway.one(Product, "catalog", f"/v1/products/{product_id}")
    tabs = tabs_of(shown.kind)
    tab = tab if tab in dict(tabs) else "details"
    table = await shown_in(who, product_id, tab, shown.add_ons)
    tables = {name: (type(rows[0]), rows) for name, rows in table.items() if isinstance(rows, list) and rows}
    if answer := csv_asked(request, **tables):
        return answer
    return page(
        request,
        who,
        "screens/product.html",
        title=shown.name,
        fixed_site=True,
        product=shown,
        tab=tab,
        tabs=tabs,
        **table,
    )


@screen.get("/products/{product_id}/edit", permission="catalog.write")
async def edit_product(request: Request, who: Who, product_id: UUID) -> Response:
    """The form of a product, filled."""
    shown = await who.gateway.one(Product, "catalog", f"/v1/products/{product_id}")
    filled = {name: getattr(shown, name) for name in (*TEXTS, *FLAGS) if name != "barcodes"}
    filled |= {"barcodes": " ".join(shown.barcodes), "base": shown.variant_of_code or ""}
    return await _form(
        request, who, shown, filled | {"extras": " ".join(one.code for one in await named(who, shown.add_ons))}, {}
    )


@screen.post("/products", permission="catalog.write")
async def create_product(request: Request, who: Who) -> Response:
    """Define a product."""
    form = await form_of(request)
    related, errors = await _related(who, form)
    if errors:
        return await _form(request, who, None, form, errors)
    body = _body(form) | related | {"product_id": form.get("product_id") or str(uuid7())}
    try:
        made = await who.gateway.post("catalog", "/v1/products", body, form.get("key", ""))
    except Refused as no:
        return await _form(request, who, None, form, refused_fields(no, TEXTS))
    return done(request, f"{made['name']} was added.", f"/products/{made['product_id']}")


@screen.post("/products/{product_id}", permission="catalog.write")
async def save_product(request: Request, who: Who, product_id: UUID) -> Response:
    """Change a product, at the revision that was read."""
    form = await form_of(request)
    shown = await who.gateway.one(Product, "catalog", f"/v1/products/{product_id}")
    related, errors = await _related(who, form)
    if errors:
        return await _form(request, who, shown, form, errors)
    told = _body(form) | related
    body = {name: value for name, value in told.items() if name in FLAGS or _is_changed(shown, name, value)}
    try:
        await who.gateway.put("catalog", f"/v1/products/{product_id}", body, form.get("revision"))
    except Refused as no:
        return await _form(request, who, shown, form, refused_fields(no, TEXTS))
    return done(request, "Saved.", f"/products/{product_id}")


async def _related(who: Who, form: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The base that it is a variant of and the add-ons that go with it, named by their codes."""
    errors: dict[str, str] = {}
    base, extras = form.get("base", ""), form.get("extras", "")
    base_id = await product_of_code(who, base) if base else None
    if base and base_id is None:
        errors["base"] = f"Nothing is called {base}."
    add_ons, wrong = await products_of_codes(who, extras)
    if wrong:
        errors["extras"] = f"Nothing is called {wrong}."
    return {"variant_of": base_id, **({"add_ons": add_ons} if form.get("kind") == "service" else {})}, errors


def _is_changed(shown: Product, name: str, value: Any) -> bool:
    was: Any = getattr(shown, name)
    if name == "add_ons":
        return bool([str(one) for one in was] != value)
    return str(was if was is not None else "") != str(value if value is not None else "")


def _body(form: dict[str, str]) -> dict[str, Any]:
    """The form in the catalog's words: fields left empty are none, switches not sent are off."""
    optional = {"purpose", "category_id", "cost", "price", "reorder_at", "normal_order_quantity", "duration_slots"}
    optional |= {"container_units", "use_by_hours", "add_on_kind", "markup_percent"}
    kept = {name: form[name] for name in TEXTS if form.get(name)} | {name: name in form for name in FLAGS}
    body: dict[str, Any] = {name: None for name in optional if name in form and name != "price"} | kept
    body["barcodes"] = form.get("barcodes", "").replace(",", " ").split()
    for name in ("manufacturer", "description", "size", "size_unit", "variant_name"):
        body.setdefault(name, "")
    for name in ("unit_decimals", "tax_code", "duration_slots", "use_by_hours"):
        if str(body.get(name) or "").isdigit():
            body[name] = int(body[name])
    if body.get("kind") != "physical":
        for name in STOCKED:
            body.pop(name, None)
    elif body.get("container_rule", "none") == "none":
        body |= {"container_units": None, "use_by_hours": None}
    if body.get("kind") != "service":
        body.pop("duration_slots", None)
    return body


async def _form(
    request: Request, who: Who, shown: Product | None, form: dict[str, Any], errors: dict[str, str]
) -> Response:
    return page(
        request,
        who,
        "screens/product_form.html",
        fragment="sheet",
        status=422 if errors else 200,
        title="Edit product" if shown else "New product",
        product=shown,
        form=form,
        errors=errors,
        category_choices=await category_choices(who),
        new_product_id=form.get("product_id") or str(uuid7()),
    )


@screen.get("/products/{product_id}/price", permission="catalog.price")
async def price_form(request: Request, who: Who, product_id: UUID) -> Response:
    """The form of a new price."""
    return await _price(request, who, product_id, {}, {})


@screen.post("/products/{product_id}/price", permission="catalog.price")
async def set_price(request: Request, who: Who, product_id: UUID) -> Response:
    """Put a price on the list."""
    form = await form_of(request)
    given, errors = read_form(PriceForm, form)
    if given is None:
        return await _price(request, who, product_id, form, errors)
    body = {"price": given.price, "at_site": given.at_site or None, "valid_from": _midnight(given.valid_from)}
    body["audience"] = given.audience
    try:
        await who.gateway.post("catalog", f"/v1/products/{product_id}/prices", body, form.get("key", ""))
    except Refused as no:
        return await _price(request, who, product_id, form, refused_fields(no, ("price", "at_site", "valid_from")))
    return done(request, "The price is on the list.", f"/products/{product_id}?tab=pricing")


def _midnight(day: str) -> str | None:
    return f"{day}T00:00:00Z" if day else None


async def _price(
    request: Request, who: Who, product_id: UUID, form: dict[str, str], errors: dict[str, str]
) -> Response:
    shown = await who.gateway.one(Product, "catalog", f"/v1/products/{product_id}")
    return page(
        request,
        who,
        "screens/price_form.html",
        fragment="sheet",
        status=422 if errors else 200,
        title="New price",
        product=shown,
        form=form,
        errors=errors,
    )


@screen.post("/products/{product_id}/archive", permission="catalog.write")
async def archive_product(request: Request, who: Who, product_id: UUID) -> Response:
    """Offer a product no longer."""
    return await _set(request, who, product_id, "archive", "Archived. Its history stays; restore it at any time.")


@screen.post("/products/{product_id}/restore", permission="catalog.write")
async def restore_product(request: Request, who: Who, product_id: UUID) -> Response:
    """Offer a product again."""
    return await _set(request, who, product_id, "restore", "Restored.")


async def _set(request: Request, who: Who, product_id: UUID, deed: str, text: str) -> Response:
    key = (await form_of(request)).get("key", "")
    await who.gateway.post("catalog", f"/v1/products/{product_id}:{deed}", {}, key)
    return done(request, text, f"/products/{product_id}")
