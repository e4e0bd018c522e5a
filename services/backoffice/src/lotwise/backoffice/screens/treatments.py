"""The only home of the pages of treatments: what a day left unexplained, and what was used against expected."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Shape
from lotwise.backoffice.lists import Column
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.session import Who

screen = Screen()
CHANGED = ("live-stock",)
KINDS = {
    "no_stock": "Taken from no lot",
    "not_consumed": "Nothing taken",
    "variance": "Drawn differs",
    "waiting": "Not taken yet",
}


class Open(Shape):
    """A difference of a completed treatment."""

    treatment_id: UUID
    product_id: UUID
    name: str
    unit: str = "U"
    practitioner: str = ""
    happened_at: datetime
    kind: str
    difference: str
    charged: str = "0"
    drawn: str | None = None
    expected: str = "0"
    consumed: str = "0"
    reason: str | None = None
    explained_by: str | None = None


class Use(Shape):
    """What a practitioner's treatments used of a product."""

    practitioner: str = ""
    product_id: UUID
    name: str
    unit: str = "U"
    treatments: int = 0
    expected: str = "0"
    charged: str = "0"
    drawn: str = "0"
    consumed: str = "0"
    above_expected: str = "0"
    above_charged: str = "0"
    cost_minor: int = 0


class Filter(BaseModel):
    """How the day is asked for."""

    day: str = ""
    explained: bool = False


class UseFilter(BaseModel):
    """How the use is asked for."""

    since: str = ""
    until: str = ""
    after: str = ""
    format: str = ""


class ExplainForm(BaseModel):
    """Why a difference is as it should be."""

    reason: str = Field(min_length=1, max_length=2000)


COLUMNS = (
    Column("Practitioner", lambda row: row.practitioner),
    Column("Product", lambda row: row.name),
    Column("Treatments", lambda row: row.treatments, is_number=True),
    Column("Expected", lambda row: row.expected, is_number=True),
    Column("Used", lambda row: row.consumed, is_number=True),
    Column("Above recipe", lambda row: row.above_expected, is_number=True),
    Column("Charged", lambda row: row.charged, is_number=True),
    Column("Above charged", lambda row: row.above_charged, is_number=True),
    Column("Cost", lambda row: row.cost_minor, is_number=True),
)


@screen.get("/treatments/exceptions", permission="stock.read")
async def exceptions(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The day's differences; at its end the list is empty."""
    wanted = {"site": who.a_site(), "day": asked.day, "explained": asked.explained}
    answer = await who.gateway.raw("stock", "/v1/treatments/exceptions", **wanted)
    found = [Open.model_validate(row) for row in answer["rows"]]
    context: dict[str, Any] = {"rows": found, "asked": asked, "day": answer["day"], "open": answer["unexplained"]}
    context |= {"kinds": KINDS, "site": who.a_site(), "title": "Unexplained use"}
    return page(request, who, "screens/treatment_exceptions.html", fragment="table", **context)


@screen.get("/treatments/use", permission="stock.read")
async def use(request: Request, who: Who, asked: Annotated[UseFilter, Query()]) -> Response:
    """Actual against expected, drawn against charged, by practitioner and product."""
    wanted = {"site": who.a_site(), "from": asked.since, "to": asked.until}
    listed = Listed(request, who, asked, Use, "stock", "/v1/treatments/use", COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("treatment-use")
    return await listed.page("screens/treatment_use.html", title="Used in treatments", site=who.a_site())


@screen.get("/treatments/{treatment_id}/explain", permission="stock.use")
async def explain_form(request: Request, who: Who, treatment_id: UUID, product: UUID, kind: str) -> Response:
    """Ask why."""
    return _explain(request, who, treatment_id, {"product_id": str(product), "kind": kind}, {})


@screen.post("/treatments/{treatment_id}/explain", permission="stock.use")
async def explain(request: Request, who: Who, treatment_id: UUID) -> Response:
    """Keep why a difference is as it should be."""
    form = await form_of(request)
    given, errors = read_form(ExplainForm, form)
    if given is None:
        return _explain(request, who, treatment_id, form, errors)
    body = {"product_id": form.get("product_id"), "kind": form.get("kind"), "reason": given.reason}
    try:
        await who.gateway.post("stock", f"/v1/treatments/{treatment_id}:explain", body, form.get("key", ""))
    except Refused as no:
        return _explain(request, who, treatment_id, form, refused_fields(no, ("reason",)))
    return done(request, "Explained.", "/treatments/exceptions", stay=True, events=CHANGED)


def _explain(request: Request, who: Who, treatment_id: UUID, form: dict[str, str], errors: dict[str, str]) -> Response:
    word = KINDS.get(form.get("kind", ""), "Difference")
    context: dict[str, Any] = {"form": form, "errors": errors, "treatment_id": treatment_id, "word": word}
    status = 422 if errors else 200
    return page(
        request, who, "screens/treatment_explain.html", fragment="sheet", status=status, title="Explain", **context
    )
