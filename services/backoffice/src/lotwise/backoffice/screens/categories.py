"""The only home of the page of categories: their names, their codes, and what they make products cost."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, or_else
from lotwise.backoffice.lists import csv_asked
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Visitor, Who

screen = Screen()
NUMBER = r"^[0-9]{1,13}(\.[0-9]{1,6})?$"


class Category(Shape):
    """A category."""

    category_id: UUID
    name: str
    code: str | None = None
    revision: int = 1


async def all_categories(who: Visitor) -> list[Category]:
    """All categories, by name; none while the catalog does not answer."""
    none: Rows[Category] = Rows([])
    return (await or_else(who.gateway.rows(Category, "catalog", "/v1/categories"), none)).rows


async def category_choices(who: Visitor) -> list[tuple[UUID, str]]:
    """All categories as a field offers them: id and name."""
    return [(row.category_id, row.name) for row in await all_categories(who)]


class Rule(Shape):
    """What products of a category cost that have no price of their own."""

    category_price_id: UUID
    category_id: UUID
    at_site: str | None = None
    amount: str | None = None
    markup_percent: str | None = None
    valid_from: datetime
    valid_to: datetime | None = None

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was taken back before it began to count."""
        return self.valid_to is not None and self.valid_to <= self.valid_from


class Group(Shape):
    """A group of the catalog with how many products it has."""

    group: str = ""
    products: int = 0


class CategoryForm(BaseModel):
    """What is written of a category."""

    name: str = Field(min_length=1, max_length=200)
    code: str | None = Field(default=None, min_length=3, max_length=3)


class RuleForm(BaseModel):
    """What is written of a rule."""

    amount: str | None = Field(default=None, pattern=NUMBER)
    markup_percent: str | None = Field(default=None, pattern=NUMBER)
    at_site: str = ""
    valid_from: str = ""


@screen.get("/categories", permission="catalog.read")
async def categories(request: Request, who: Who) -> Response:
    """All categories with their rules in force."""
    found = await who.gateway.rows(Category, "catalog", "/v1/categories")
    standing = await asyncio.gather(*(_rules_of(who, row.category_id) for row in found.rows))
    rules = {row.category_id: some for row, some in zip(found.rows, standing, strict=True)}
    if answer := csv_asked(request, categories=(Category, found.rows)):
        return answer
    context: dict[str, Any] = {"found": found.rows, "rules": rules, "title": "Categories", "fixed_site": True}
    return page(request, who, "screens/categories.html", **context)


async def _rules_of(who: Visitor, category_id: UUID) -> list[Rule]:
    none: Rows[Rule] = Rows([])
    found = await or_else(who.gateway.rows(Rule, "catalog", f"/v1/categories/{category_id}/prices"), none)
    return [rule for rule in found.rows if not rule.is_withdrawn]


@screen.get("/categories/new", permission="catalog.write")
async def new_category(request: Request, who: Who) -> Response:
    """The form of a new category."""
    return _form(request, who, None, {}, {})


@screen.get("/categories/{category_id}/edit", permission="catalog.write")
async def edit_category(request: Request, who: Who, category_id: UUID) -> Response:
    """The form of a category, filled."""
    row = await _known(who, category_id)
    return _form(request, who, row, row.model_dump() if row else {}, {})


@screen.post("/categories", permission="catalog.write")
async def save_category(request: Request, who: Who) -> Response:
    """Add a category, or rename one at the revision that was read."""
    form = await form_of(request)
    row = await _known(who, UUID(form["category_id"])) if form.get("category_id") else None
    given, errors = read_form(CategoryForm, form)
    if given is None:
        return _form(request, who, row, form, errors)
    try:
        if row is None:
            await who.gateway.post("catalog", "/v1/categories", given.model_dump(), form.get("key", ""))
        else:
            path = f"/v1/categories/{row.category_id}"
            await who.gateway.put("catalog", path, given.model_dump(), form.get("revision"))
    except Refused as no:
        return _form(request, who, row, form, refused_fields(no, ("name", "code")))
    return done(request, f"{given.name} was saved.", "/categories")


async def _known(who: Who, category_id: UUID) -> Category | None:
    found = await who.gateway.rows(Category, "catalog", "/v1/categories")
    return next((row for row in found.rows if row.category_id == category_id), None)


def _form(request: Request, who: Who, row: Category | None, form: dict[str, Any], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {"row": row, "form": form, "errors": errors}
    title, status = "Edit category" if row else "New category", 422 if errors else 200
    return page(request, who, "screens/category_form.html", fragment="sheet", status=status, title=title, **context)


@screen.get("/categories/{category_id}/price", permission="catalog.price")
async def rule_form(request: Request, who: Who, category_id: UUID) -> Response:
    """The form of a rule."""
    return await _rule(request, who, category_id, {}, {})


@screen.post("/categories/{category_id}/price", permission="catalog.price")
async def add_rule(request: Request, who: Who, category_id: UUID) -> Response:
    """Say what products of the category cost that have no price of their own."""
    form = await form_of(request)
    given, errors = read_form(RuleForm, form)
    if given is not None and bool(given.amount) == bool(given.markup_percent):
        errors["amount"] = "Enter an amount or a mark-up, one of the two."
    if given is None or errors:
        return await _rule(request, who, category_id, form, errors)
    body = {
        "amount": given.amount, "markup_percent": given.markup_percent, "at_site": given.at_site or None,
        "valid_from": f"{given.valid_from}T00:00:00Z" if given.valid_from else None,
    }  # fmt: skip
    try:
        await who.gateway.post("catalog", f"/v1/categories/{category_id}/prices", body, form.get("key", ""))
    except Refused as no:
        return await _rule(request, who, category_id, form, refused_fields(no, tuple(RuleForm.model_fields)))
    return done(request, "The rule is set. A product's own price goes before it.", "/categories")


@screen.post("/categories/prices/{category_price_id}/withdraw", permission="catalog.price")
async def withdraw_rule(request: Request, who: Who, category_price_id: UUID) -> Response:
    """Take a rule back."""
    key = (await form_of(request)).get("key", "")
    await who.gateway.post("catalog", f"/v1/category-prices/{category_price_id}:withdraw", {}, key)
    return done(request, "The rule counts no longer.", "/categories")


async def _rule(
    request: Request, who: Who, category_id: UUID, form: dict[str, Any], errors: dict[str, str]
) -> Response:
    context: dict[str, Any] = {"row": await _known(who, category_id), "form": form, "errors": errors}
    status = 422 if errors else 200
    return page(
        request, who, "screens/category_rule.html", fragment="sheet", status=status, title="Category price", **context
    )
