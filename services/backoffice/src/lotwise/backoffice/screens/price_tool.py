"""The only home of the price-setting tool's page: Apply shows, Save sets, and a run can be taken back (CAT-58)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, or_else
from lotwise.backoffice.lists import Column, csv_answer
from lotwise.backoffice.pages import done, form_of, new_key, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.categories import category_choices
from lotwise.backoffice.screens.discounts import AUDIENCES
from lotwise.backoffice.session import Who

screen = Screen()
CHANGES = (
    ("percent", "Up or down by percent"),
    ("amount", "Up or down by an amount"),
    ("set", "Set to"),
    ("markup", "Mark-up on cost, percent"),
)
ENDINGS = (
    ("exact", "As it comes"),
    (".00", "Ends in .00"),
    (".49", "Ends in .49"),
    (".95", "Ends in .95"),
    (".99", "Ends in .99"),
    ("0.05", "Steps of 0.05"),
    ("1", "Whole"),
)
KINDS = (("physical", "Goods"), ("service", "Services"), ("digital", "Packages"))
PURPOSES = (("retail", "Retail"), ("consigned", "Consigned"), ("back_bar", "Back bar"))
SHOWN_MAX = 500
SIGNED = r"^-?[0-9]{1,13}(\.[0-9]{1,6})?$"


class Row(Shape):
    """A product's price before and after, or why it has none."""

    product_id: UUID
    code: str
    name: str
    cost: str | None = None
    was: str | None = None
    now: str | None = None
    sentence: str | None = None


class Preview(Shape):
    """What would become of the prices."""

    products: int = 0
    prices: int = 0
    skipped: int = 0
    rows: tuple[Row, ...] = ()


class Run(Shape):
    """A run: who set which prices, how and when."""

    run_id: UUID
    change: str
    value: str
    ending: str
    at_site: str | None = None
    audience: str = "everyone"
    effective_from: datetime
    who: str = ""
    created_at: datetime
    prices: int = 0
    skipped: int = 0
    undone_at: datetime | None = None
    undone: int = 0


class RunPrice(Shape):
    """A price that a run set."""

    product_id: UUID
    code: str
    name: str | None = None
    was: str | None = None
    now: str
    is_undone: bool | None = None


class ToolForm(BaseModel):
    """What is written in the tool."""

    change: str = "percent"
    value: str = Field(pattern=SIGNED)
    ending: str = "exact"
    search: str = Field(default="", max_length=100)
    kind: str = ""
    purpose: str = ""
    category_id: UUID | None = None
    at_site: str = ""
    audience: str = "everyone"
    effective_from: str = ""
    product: UUID | None = None

    def body(self) -> dict[str, Any]:
        """The same in the catalog's words."""
        choice: dict[str, Any] = {"product_ids": [str(self.product)]} if self.product else {}
        for name in ("search", "kind", "purpose"):
            choice |= {name: getattr(self, name)} if getattr(self, name) else {}
        choice |= {"category_id": str(self.category_id)} if self.category_id else {}
        return {
            "change": self.change, "value": self.value, "ending": self.ending, "choice": choice,
            "at_site": self.at_site or None, "audience": self.audience, "rows_max": SHOWN_MAX,
            "effective_from": f"{self.effective_from}T00:00:00Z" if self.effective_from else None,
        }  # fmt: skip


PRICE_COLUMNS = (
    Column("Code", lambda row: row.code),
    Column("Name", lambda row: row.name),
    Column("Was", lambda row: row.was, is_number=True),
    Column("Set", lambda row: row.now, is_number=True),
    Column("Taken back", lambda row: "yes" if row.is_undone else ""),
)


@screen.get("/prices", permission="catalog.price")
async def tool(request: Request, who: Who, product: str = "", category_id: str = "", search: str = "") -> Response:
    """The tool, empty or for one product, and the runs so far."""
    form = {"change": "percent", "ending": "exact", "product": product, "category_id": category_id, "search": search}
    return await _tool(request, who, form, {}, None)


@screen.post("/prices/preview", permission="catalog.price")
async def preview(request: Request, who: Who) -> Response:
    """Apply: show the new prices. Nothing is stored; the page says so until they are saved (WEB-03)."""
    form = await form_of(request)
    given, errors = read_form(ToolForm, form)
    if given is None:
        return await _tool(request, who, form, errors, None)
    try:
        found = Preview.model_validate(
            await who.gateway.post("catalog", "/v1/price-runs:preview", given.body(), new_key())
        )
    except Refused as no:
        return await _tool(request, who, form, refused_fields(no, tuple(ToolForm.model_fields)), None)
    return await _tool(request, who, form, {}, found)


@screen.post("/prices", permission="catalog.price")
async def save(request: Request, who: Who) -> Response:
    """Save: set the prices that the preview showed."""
    form = await form_of(request)
    given, errors = read_form(ToolForm, form)
    if given is None:
        return await _tool(request, who, form, errors, None)
    try:
        made = await who.gateway.post("catalog", "/v1/price-runs", given.body(), form.get("key", ""))
    except Refused as no:
        return await _tool(request, who, form, refused_fields(no, tuple(ToolForm.model_fields)), None)
    return done(request, f"{made['prices']} prices were set.", f"/prices/runs/{made['run']['run_id']}")


async def _tool(
    request: Request, who: Who, form: dict[str, Any], errors: dict[str, str], found: Preview | None
) -> Response:
    no_runs: Rows[Run] = Rows([])
    context: dict[str, Any] = {
        "form": form, "errors": errors, "found": found, "changes": CHANGES, "endings": ENDINGS, "kinds": KINDS,
        "purposes": PURPOSES, "audiences": AUDIENCES, "categories": await category_choices(who),
        "runs": (await or_else(who.gateway.rows(Run, "catalog", "/v1/price-runs", limit=20), no_runs)).rows,
        "names": dict(CHANGES), "fixed_site": True,
    }  # fmt: skip
    status = 422 if errors else 200
    return page(request, who, "screens/price_tool.html", fragment="tool", status=status, title="Prices", **context)


@screen.get("/prices/runs/{run_id}", permission="catalog.read")
async def run(request: Request, who: Who, run_id: UUID, after: str = "", format: str = "") -> Response:  # noqa: A002 - the word in the address
    """One run with the prices it set."""
    path = f"/v1/price-runs/{run_id}"
    if format == "csv":
        return csv_answer("prices", PRICE_COLUMNS, who.gateway.all(RunPrice, "catalog", f"{path}/prices"))
    one = await who.gateway.one(Run, "catalog", path)
    prices = await who.gateway.rows(RunPrice, "catalog", f"{path}/prices", limit=200, after=after)
    context: dict[str, Any] = {"run": one, "prices": prices, "names": dict(CHANGES), "endings": dict(ENDINGS)}
    return page(request, who, "screens/price_run.html", title="A price run", fixed_site=True, **context)


@screen.post("/prices/runs/{run_id}/undo", permission="catalog.price")
async def undo(request: Request, who: Who, run_id: UUID) -> Response:
    """Take a run back; prices that somebody changed since stay, and are named."""
    key = (await form_of(request)).get("key", "")
    told = await who.gateway.post("catalog", f"/v1/price-runs/{run_id}:undo", {}, key)
    stayed = f" {len(told['skipped'])} were changed since and stay: {', '.join(told['skipped'][:5])}."
    return done(
        request, f"{told['restored']} prices came back.{stayed if told['skipped'] else ''}", f"/prices/runs/{run_id}"
    )
