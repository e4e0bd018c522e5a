"""The only home of bringing members in from a table: a dry run names each wrong row and who is new, then it is done."""

import csv
import io
from collections.abc import Sequence
from typing import Any, NamedTuple

from fastapi import Request
from starlette.responses import Response

from lotwise.backoffice.lists import safe
from lotwise.backoffice.pages import done, form_of, page, read_form
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.members import FIELDS, MemberForm
from lotwise.backoffice.session import Visitor, Who
from lotwise.contracts.ids import named_id

screen = Screen()
ROWS_MAX = 5000
PART = 1000
SHOWN_MAX = 100


class Read(NamedTuple):
    """A table that was read: members to bring in, and what is wrong in which line (the heads are line 1)."""

    rows: list[dict[str, Any]]
    wrong: list[tuple[int, str]]


def read_table(text: str) -> Read:
    """The members of a CSV with the heads name, phone, email, note, born_on and perhaps id, in any order.

    A row's id is made of its `id`, else of all that stands in it, so that the same table brings nobody in twice.
    """
    found, wrong = [], []
    table = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    heads = {(head or "").strip().lower() for head in table.fieldnames or ()}
    if "name" not in heads:
        return Read([], [(0, "The first row names the columns; one of them is called name.")])
    for count, cells in enumerate(table, 1):
        number = table.line_num
        if count > ROWS_MAX:
            wrong.append((number, f"At most {ROWS_MAX} rows at once; bring the rest in afterwards."))
            break
        row = {
            str(head).strip().lower(): (value or "").strip() for head, value in cells.items() if isinstance(value, str)
        }
        given, errors = read_form(MemberForm, {name: row.get(name, "") for name in FIELDS})
        if given is None:
            wrong.append((number, " ".join(f"{name}: {text}" for name, text in errors.items())))
            continue
        words = [row["id"]] if row.get("id") else [row.get(name, "") for name in FIELDS]
        found.append({"member_id": str(named_id("member", *words)), **given.model_dump(mode="json")})
    return Read(found, wrong)


@screen.get("/members/import", permission="member.write")
async def import_form(request: Request, who: Who) -> Response:
    """Ask for the table."""
    return _shown(request, who, "", Read([], []), None)


@screen.post("/members/import", permission="member.write")
async def bring_in(request: Request, who: Who) -> Response:
    """Look at the table (dry run); with `apply` bring in all rows that are right."""
    form = await form_of(request)
    text, sent = form.get("table", ""), (await request.form()).get("file")
    if sent is not None and not isinstance(sent, str):
        text = (await sent.read()).decode("utf-8", errors="replace") or text
    read = read_table(text)
    is_dry = "apply" not in form
    results: list[dict[str, Any]] = []
    for start in range(0, len(read.rows), PART):
        body = {"rows": read.rows[start : start + PART], "dry_run": is_dry}
        key = f"{form.get('key', '')}-{start}-{is_dry}"
        results += (await who.gateway.post("sales", "/v1/members:batch", body, key))["rows"]
    fresh = sum(one["outcome"] == "created" for one in results)
    if not is_dry:
        return done(request, f"{fresh} members were brought in, {len(results) - fresh} were here already.", "/members")
    return _shown(request, who, text, read, (fresh, len(results) - fresh))


def _csv(wrong: Sequence[tuple[int, str]]) -> str:
    """The rows that are left out, as a file to mend them by."""
    text = io.StringIO()
    csv.writer(text).writerows([("Row", "What is wrong"), *((number or "", safe(words)) for number, words in wrong)])
    return text.getvalue()


def _shown(request: Request, who: Visitor, text: str, read: Read, counts: Sequence[int] | None) -> Response:
    context: dict[str, Any] = {
        "text": text,
        "wrong": read.wrong[:SHOWN_MAX],
        "wrong_count": len(read.wrong),
        "wrong_csv": _csv(read.wrong),
        "shown_max": SHOWN_MAX,
        "counts": counts,
        "title": "Import members",
        "fixed_site": True,
    }
    status = 422 if counts is not None and read.wrong and not read.rows else 200
    return page(request, who, "screens/member_import.html", status=status, **context)
