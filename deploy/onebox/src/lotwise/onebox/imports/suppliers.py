"""The only home of `lotwise import suppliers`: vendors by name; a rerun finds them again."""

from collections.abc import Iterator
from typing import Any

from lotwise.contracts.ids import named_id
from lotwise.onebox.access import access
from lotwise.onebox.imports.bringing import Asked, bringing
from lotwise.onebox.imports.catalog_rows import Wanted
from lotwise.onebox.imports.doors import Batch, Door, post_all
from lotwise.onebox.imports.progress import Bar
from lotwise.onebox.imports.rejects import Rejects
from lotwise.onebox.imports.results import Outcome
from lotwise.onebox.imports.sheets import Column, Sheet

COLUMNS = (
    Column("name", ("supplier", "suppliername", "vendor", "vendorname", "company"), True),
    Column("contact", ("contactname", "contactperson", "person")),
    Column("email", ("mail", "emailaddress")),
    Column("phone", ("telephone", "tel")),
    Column("address", ("street", "addressline")),
    Column("payment_terms", ("terms", "payment")),
    Column("note", ("notes", "remark", "comment")),
    Column("lead_time_days", ("leadtime", "leaddays")),
)
ROWS_MAX, DAYS_MAX = 500, 3650


async def import_suppliers(asked: Asked) -> Outcome:
    """Bring suppliers in. Raises Refused when the file or the system does not allow it."""
    with bringing(asked, "Suppliers", COLUMNS) as work:
        rows = list(wanted_rows(work.sheet, work.rejects))
        work.outcome.totals = {"suppliers": {"rows": str(len(rows))}}
        if not asked.is_dry_run:
            await _post(rows, work.outcome, work.rejects, work.screen.bar("suppliers", len(rows)))
    return work.outcome


def wanted_rows(sheet: Sheet, rejects: Rejects) -> Iterator[Wanted]:
    """Rows as purchasing takes them; what cannot be read goes to the rejects."""
    seen: dict[str, int] = {}
    for row in sheet.rows():
        name, days = row["name"], row["lead_time_days"]
        if not name:
            rejects.add(row.line, "the name is empty")
        elif name.casefold() in seen:
            rejects.add(row.line, f"the name stands already in line {seen[name.casefold()]}", name)
        elif days and not (days.isdecimal() and int(days) <= DAYS_MAX):
            rejects.add(row.line, f"lead_time_days {days[:20]!r} is no number of days up to {DAYS_MAX}", name)
        else:
            seen[name.casefold()] = row.line
            yield Wanted(row.line, supplier_row({column.name: row[column.name] for column in COLUMNS}))


def supplier_row(texts: dict[str, str]) -> dict[str, Any]:
    """A supplier as purchasing takes it; empty fields are left out."""
    body: dict[str, Any] = {name: text for name, text in texts.items() if text}
    if "lead_time_days" in body:
        body["lead_time_days"] = int(body["lead_time_days"])
    return {"supplier_id": str(named_id("supplier", body["name"].casefold()))} | body


async def _post(rows: list[Wanted], outcome: Outcome, rejects: Rejects, bar: Bar) -> None:
    def note(batch: Batch, answer: Any) -> None:
        for result in answer["rows"]:
            outcome.count("suppliers", result["outcome"])
        bar.advance(len(batch.rows))

    def malformed(batch: Batch, reason: str) -> None:
        outcome.count("suppliers", "refused")
        rejects.add(batch.rows[0].line, reason, batch.rows[0].body["name"])
        bar.advance(1)

    parts = (rows[start : start + ROWS_MAX] for start in range(0, len(rows), ROWS_MAX))
    batches = (Batch("rows", [one.body for one in part], part) for part in parts)
    async with access("importer") as doors:
        await post_all(Door(doors["purchasing"], "/v1/suppliers:batch", note, malformed), batches)
