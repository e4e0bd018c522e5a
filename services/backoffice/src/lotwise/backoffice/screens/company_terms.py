"""The only home of the page of companies: on which terms one legal entity of the chain supplies another (STK-38)."""

from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Shape
from lotwise.backoffice.lists import Column, csv_answer, listing
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Who

screen = Screen()
HERE = "/settings/companies"
PERCENT = r"^[0-9]{1,4}(\.[0-9]{1,6})?$"


class Terms(Shape):
    """What one company asks of another: percent on cost, and the tax that its note states."""

    from_entity: str
    to_entity: str
    markup_percent: str = "0"
    tax_name: str = ""
    tax_percent: str = "0"
    revision: int = 0


class TermsForm(BaseModel):
    """Terms as they are written."""

    from_entity: str
    to_entity: str
    markup_percent: str = Field(default="0", pattern=PERCENT)
    tax_name: str = Field(default="", max_length=80)
    tax_percent: str = Field(default="0", pattern=PERCENT)


COLUMNS = (
    Column("Supplies", lambda row: row.from_entity),
    Column("To", lambda row: row.to_entity),
    Column("On top of cost, %", lambda row: row.markup_percent, is_number=True),
    Column("Tax", lambda row: row.tax_name),
    Column("Tax, %", lambda row: row.tax_percent, is_number=True),
    Column("", lambda _: ""),
)


@screen.get(HERE, permission="stock.setting")
async def companies(request: Request, who: Who, format: str = "") -> Response:  # noqa: A002 - the word in the address
    """Every pair of companies that has sites, or its CSV."""
    if format == "csv":
        return csv_answer("company-terms", COLUMNS, who.gateway.all(Terms, "stock", "/v1/company-terms"))
    found = await who.gateway.rows(Terms, "stock", "/v1/company-terms")
    context: dict[str, Any] = {"list": listing(request, COLUMNS), "found": found, "may_edit": who.can("stock.setting")}
    return page(request, who, "screens/company_terms.html", title="Companies", fixed_site=True, **context)


@screen.get(f"{HERE}/edit", permission="stock.setting")
async def edit_terms(request: Request, who: Who, from_entity: str, to_entity: str) -> Response:
    """The form of a pair's terms, filled."""
    found = await who.gateway.rows(Terms, "stock", "/v1/company-terms")
    pair = (from_entity, to_entity)
    row = next((one for one in found.rows if (one.from_entity, one.to_entity) == pair), None)
    start = row or Terms(from_entity=from_entity, to_entity=to_entity)
    return _form(request, who, start.model_dump(), {})


@screen.post(HERE, permission="stock.setting")
async def save_terms(request: Request, who: Who) -> Response:
    """Set the terms of a pair, at the revision that was read; notes issued before keep theirs."""
    form = await form_of(request)
    given, errors = read_form(TermsForm, form)
    if given is None:
        return _form(request, who, form, errors)
    try:
        await who.gateway.put("stock", "/v1/company-terms", given.model_dump(), form.get("revision") or "0")
    except Refused as no:
        return _form(request, who, form, refused_fields(no, ("markup_percent", "tax_name", "tax_percent")))
    return done(request, "Saved: the next notes follow these terms.", HERE)


def _form(request: Request, who: Who, form: dict[str, Any], errors: dict[str, str]) -> Response:
    status = 422 if errors else 200
    context: dict[str, Any] = {"form": form, "errors": errors, "title": "Terms between companies"}
    return page(request, who, "screens/company_terms_form.html", fragment="sheet", status=status, **context)
