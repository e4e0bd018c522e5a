"""The only home of beginning a recall: a letter is read into candidates, a person chooses, one action blocks."""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Shape
from lotwise.backoffice.pages import done, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import uuid7

screen = Screen()
FIELDS = ("title", "reason", "source", "severity")
SURE = 60


class CandidateLot(Shape):
    """A lot of ours that a number may mean."""

    lot_id: UUID
    lot_number: str
    product_id: UUID
    name: str
    unit: str = "piece"
    expires_on: date | None = None
    on_hand: str = "0"
    is_recalled: bool = False
    is_exact: bool = True
    confidence: int


class CandidateNumber(Shape):
    """A number that the letter names."""

    kind: str
    first: str
    last: str = ""
    expires_on: date | None = None
    confidence: int
    lots: tuple[CandidateLot, ...] = ()

    @property
    def value(self) -> str:
        """The number as the form carries it."""
        return f"{self.kind}|{self.first}|{self.last}"

    @property
    def text(self) -> str:
        """The number in words."""
        return f"{self.first} to {self.last}" if self.last else self.first


class CandidateProduct(Shape):
    """A product that it may be about."""

    product_id: UUID
    code: str = ""
    name: str
    confidence: int
    why: str = "words"


class Read(Shape):
    """What was read."""

    numbers: tuple[CandidateNumber, ...] = ()
    products: tuple[CandidateProduct, ...] = ()
    codes: tuple[str, ...] = ()
    expires_from: date | None = None
    expires_until: date | None = None
    is_all: bool = False


class RecallForm(BaseModel):
    """What a person says of the recall."""

    title: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=2000)
    source: str = Field(default="", max_length=200)
    severity: str = Field(default="", pattern="^(I|II|III|)$")


@screen.get("/recalls/new", permission="stock.recall")
async def new_recall(request: Request, who: Who) -> Response:
    """Paste the letter."""
    return _letter(request, who, "", "")


@screen.post("/recalls/read", permission="stock.recall")
async def read_letter(request: Request, who: Who) -> Response:
    """Show what the letter names: numbers, products, and lots of ours with how sure they are."""
    form = await request.form()
    text = str(form.get("text") or "").strip()
    if not text:
        return _letter(request, who, "", "Paste the text of the notice.")
    try:
        answer = await who.gateway.post("stock", "/v1/recalls:read", {"text": text}, str(uuid7()))
    except Refused as no:
        return _letter(request, who, text, no.detail)
    return _choose(request, who, Read.model_validate(answer), text, {"source": "Recall notice"}, {})


def _letter(request: Request, who: Who, text: str, wrong: str) -> Response:
    context: dict[str, Any] = {"text": text, "wrong": wrong, "title": "New recall"}
    return page(request, who, "screens/recall_new.html", status=422 if wrong else 200, **context)


@screen.post("/recalls", permission="stock.recall")
async def begin(request: Request, who: Who) -> Response:
    """Block what was chosen, at every site at once; what the lines mean is blocked when it arrives later too."""
    sent = await request.form()
    form = {
        name: str(sent.get(name) or "").strip() for name in (*FIELDS, "text", "key", "expires_from", "expires_until")
    }
    form |= {name: str(sent.get(name) or "") for name in ("numbers_typed", "serials_typed")}
    given, errors = read_form(RecallForm, {name: form[name] for name in FIELDS})
    products = [str(one) for one in sent.getlist("product") if one]
    lots = [str(one) for one in sent.getlist("lot") if one]
    numbers = [str(one) for one in sent.getlist("number")] + _typed(form["numbers_typed"])
    numbers += _typed(form["serials_typed"], serials=True)
    if not products and not lots:
        errors = errors | {"": "Choose the product it is about, or lots of ours."}
    if given is None or errors:
        return await _again(request, who, form, errors)
    body = given.model_dump() | {"recall_id": form["key"], "notice_text": form["text"], "lots": lots}
    body["lines"] = [line for product in products for line in _lines(product, numbers, form)]
    try:
        made = await who.gateway.post("stock", "/v1/recalls", body, form["key"])
    except Refused as no:
        return await _again(request, who, form, refused_fields(no, FIELDS))
    units = f" and {len(made['units'])} units" if made.get("units") else ""
    told = made["notices"].get("to_contact", 0)
    text = f"{len(made['lots'])} lots{units} are blocked at every site. Members to tell: {told}."
    return done(request, text, f"/recalls/{made['recall_id']}")


def _typed(text: str, *, serials: bool = False) -> list[str]:
    """Numbers that a person wrote, separated by commas or lines; `A to B` is a range."""
    found = []
    for part in text.replace("\n", ",").split(","):
        first, _, last = part.strip().partition(" to ")
        if first:
            kind = "serial" if serials else "range" if last else "lot"
            found.append(f"{kind}|{first.strip()}|{last.strip()}")
    return found


def _lines(product: str, numbers: list[str], form: dict[str, str]) -> list[dict[str, Any]]:
    """A line per number, or one of all lots; the window of expiries narrows each."""
    window = {name: form[name] for name in ("expires_from", "expires_until") if form[name]}
    base = {"product_id": product, **window}
    if not numbers:
        return [base | {"kind": "all"}]
    split = [one.split("|") for one in numbers]
    return [base | {"kind": kind, "first": first, "last": last} for kind, first, last in split]


async def _again(request: Request, who: Who, form: dict[str, str], errors: dict[str, str]) -> Response:
    """The form once more, with what is wrong; the letter is read anew."""
    text = form["text"]
    read = Read()
    if text:
        read = Read.model_validate(await who.gateway.post("stock", "/v1/recalls:read", {"text": text}, str(uuid7())))
    return _choose(request, who, read, text, form, errors)


def _choose(
    request: Request, who: Who, read: Read, text: str, form: dict[str, str], errors: dict[str, str]
) -> Response:
    context: dict[str, Any] = {"read": read, "text": text, "form": form, "errors": errors, "sure": SURE}
    context |= {"title": "Confirm recall", "recall_id": form.get("key") or str(uuid7())}
    return page(request, who, "screens/recall_confirm.html", status=422 if errors else 200, **context)
